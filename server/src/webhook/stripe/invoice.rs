//! Paid invoices: the sales of subscriptions, and of checkouts that make an invoice.
//!
//! Owns the reading of Stripe's invoice object in all its shapes. It must not know whether a sale is
//! the first of its subscription: that is decided by what is already stored, not by `billing_reason`.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{Clue, Fact, Payment},
};

use super::{Content, Malformed, Object, amount::Unit, clue::Clues, customer};

/// `invoice.paid` and `invoice.payment_succeeded`.
pub(super) fn paid(invoice: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let ids = ids(invoice)?;
    let customer = customer(invoice, &ids, at);
    if is_partly_paid(invoice) {
        return Ok(Content::of(
            [customer],
            "the invoice is only partly paid yet",
        ));
    }
    let payment = payment(invoice, ids, at)?.map(Fact::Payment);
    Ok(Content::of([customer, payment], "nothing was paid"))
}

/// The address on an invoice is frozen when it is finalized, which may be weeks before it is paid.
fn customer(invoice: Object<'_>, ids: &ProcessorIds, at: DateTime<Utc>) -> Option<Fact> {
    let finalized_at = invoice.time("status_transitions.finalized_at").ok();
    let (email, name) = (
        invoice.text("customer_email"),
        invoice.text("customer_name"),
    );
    let seen_at = finalized_at.flatten().unwrap_or(at);
    customer::seen_with(
        ids.customer.as_ref(),
        email.as_ref(),
        name.as_ref(),
        seen_at,
    )
}

/// A sale is recorded once, under the invoice's id, and would otherwise be recorded too small when an
/// invoice is paid in several payments.
fn is_partly_paid(invoice: Object<'_>) -> bool {
    let amount = |path| invoice.number(path).ok().flatten();
    let amounts = amount("amount_paid").zip(amount("amount_due"));
    invoice.text("status").as_deref() == Some("open")
        && amounts.is_some_and(|(paid, due)| 0 < paid && paid < due)
}

/// `None` when nothing was paid, or nothing that earns.
fn payment(
    invoice: Object<'_>,
    ids: ProcessorIds,
    at: DateTime<Utc>,
) -> Result<Option<Payment>, Malformed> {
    if invoice.needed_number("amount_paid")? == 0 {
        return Ok(None);
    }
    let unit = Unit::of(invoice)?;
    let amount = unit.money(invoice, "amount_paid")?;
    // More can't earn than was paid, whatever negative taxes make of the net.
    let base_minor = base_minor(invoice, unit)?.min(amount.minor);
    if base_minor <= 0 {
        return Ok(None);
    }
    let paid_at = invoice.time("status_transitions.paid_at")?.unwrap_or(at);
    Ok(Some(Payment {
        external_event_id: invoice.needed_id("id")?,
        amount,
        base_minor,
        paid_at,
        ids,
        email: invoice.text("customer_email"),
        name: invoice.text("customer_name"),
        clues: clues(invoice),
        metadata: invoice.attached("metadata"),
    }))
}

/// The part of what was paid that earns: net of tax, after discounts. When the customer's balance or
/// credit took a part of the total, the net is taken in the same proportion.
fn base_minor(invoice: Object<'_>, unit: Unit) -> Result<i64, Malformed> {
    let paid = i128::from(invoice.needed_number("amount_paid")?);
    let total = i128::from(invoice.needed_number("total")?);
    if total <= 0 {
        // What was paid is an older debt, not this invoice.
        return Ok(0);
    }
    let net = match invoice.number("total_excluding_tax")? {
        Some(net) => i128::from(net),
        None => total - tax(invoice)?,
    };
    let base = if paid == total {
        unit.rounded(net, 1)
    } else {
        paid.checked_mul(net)
            .and_then(|share| unit.rounded(share, total))
    };
    base.ok_or_else(|| invoice.malformed("total", "is too large"))
}

/// All tax inside the total, inclusive and exclusive: from the newest place that says anything.
fn tax(invoice: Object<'_>) -> Result<i128, Malformed> {
    for list in ["total_taxes", "total_tax_amounts"] {
        let amounts = invoice.items(list).map(|tax| tax.needed_number("amount"));
        let amounts: Vec<i64> = amounts.collect::<Result<_, _>>()?;
        if !amounts.is_empty() {
            return Ok(amounts.into_iter().map(i128::from).sum());
        }
    }
    Ok(i128::from(invoice.number("tax")?.unwrap_or(0)))
}

fn ids(invoice: Object<'_>) -> Result<ProcessorIds, Malformed> {
    let own_or_payments = |own: &str, of_payment: &str| match invoice.id(&[own])? {
        None => invoice.id_of_items("payments.data", &[of_payment]),
        found => Ok(found),
    };
    Ok(ProcessorIds {
        customer: invoice.id(&["customer"])?,
        subscription: subscription(invoice)?,
        invoice: Some(invoice.needed_id("id")?),
        payment_intent: own_or_payments("payment_intent", "payment.payment_intent")?,
        charge: own_or_payments("charge", "payment.charge")?,
        session: None,
    })
}

fn subscription(invoice: Object<'_>) -> Result<Option<String>, Malformed> {
    let own = ["parent.subscription_details.subscription", "subscription"];
    let of_line = [
        "parent.subscription_item_details.subscription",
        "parent.invoice_item_details.subscription",
        "subscription",
    ];
    match invoice.id(&own)? {
        None => invoice.id_of_items("lines.data", &of_line),
        found => Ok(found),
    }
}

fn clues(invoice: Object<'_>) -> Vec<Clue> {
    let mut clues = Clues::default();
    let owner = "the subscription";
    clues.metadata(invoice, "parent.subscription_details.metadata", owner);
    clues.metadata(invoice, "subscription_details.metadata", owner);
    // The only copy of the subscription's metadata that every version has.
    for line in invoice.items("lines.data") {
        clues.metadata(line, "metadata", "an invoice line");
    }
    clues.metadata(invoice, "metadata", "the invoice");
    if let Some(discount) = invoice.at("discount") {
        clues.discount(Object::new("discount", discount), "the invoice");
    }
    for discount in invoice.items("discounts") {
        clues.discount(discount, "the invoice");
    }
    for line in invoice.items("lines.data") {
        for discount in line.items("discounts") {
            clues.discount(discount, "an invoice line");
        }
    }
    clues.into_vec()
}
