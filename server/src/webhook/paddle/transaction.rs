//! Completed transactions: the sales, first and later ones, one-off and of subscriptions.
//!
//! Owns the reading of Paddle's transaction object. It must not know whether a sale is the first of its
//! subscription: that is decided by what is already stored, not by `origin`.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{Clue, Fact, Payment, Signup},
};

use super::{Content, Malformed, Object, amount, clue::Clues, is_imported};

/// What the customer owed after credits, and has paid once the transaction is completed.
const PAID: &str = "details.totals.grand_total";

/// `transaction.completed`. Before it, `transaction.paid` has the money too, but may lack the
/// subscription.
pub(super) fn completed(transaction: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let ignored = |why: &str| Ok(Content::Ignored(why.to_owned()));
    if is_imported(transaction) {
        return ignored("an imported transaction was sold elsewhere");
    }
    let id = transaction.needed_id("id")?;
    let paid = amount::needed(transaction, PAID)?;
    if paid == 0 && is_free_checkout(transaction)? {
        return Ok(Content::Facts(vec![signup(transaction, id, at)?]));
    }
    if paid <= 0 {
        return ignored(why_nothing(transaction, paid));
    }
    let amount = amount::money(transaction, PAID, paid, amount::currency(transaction)?)?;
    // More can't earn than was paid, whatever negative taxes make of the net.
    let base_minor = amount::base(transaction, paid)?.min(paid);
    if base_minor <= 0 {
        return ignored("all of what was paid is tax or an older debt");
    }
    Ok(Content::Facts(vec![Fact::Payment(Payment {
        amount,
        base_minor,
        paid_at: paid_at(transaction, at)?,
        ids: ids(transaction, &id)?,
        external_event_id: id,
        // Customers have one, transactions don't.
        email: None,
        name: None,
        clues: clues(transaction),
        metadata: transaction.attached("custom_data"),
    })]))
}

fn why_nothing(transaction: Object<'_>, paid: i64) -> &'static str {
    match transaction.text("origin").as_deref() {
        _ if paid < 0 => "the total is negative: nothing was paid",
        Some("subscription_payment_method_change") => {
            "nothing was paid: the payment method was changed"
        }
        _ => "nothing was paid",
    }
}

/// A trial, or a discount of 100 %; not a bill that was paid with credit, nor a renewal.
fn is_free_checkout(transaction: Object<'_>) -> Result<bool, Malformed> {
    let origin = transaction.text("origin");
    let is_checkout = matches!(origin.as_deref(), Some("web" | "api"));
    let total = transaction.written_number("details.totals.total")?;
    Ok(is_checkout && total.unwrap_or(0) == 0)
}

/// When the last part of the money was captured. `billed_at` will not do: an invoice is billed weeks
/// before it is paid. Where no capture is told, completion is the next best.
fn paid_at(transaction: Object<'_>, at: DateTime<Utc>) -> Result<DateTime<Utc>, Malformed> {
    let payments = transaction.items("payments");
    let captured = payments.map(|payment| payment.instant("captured_at"));
    let captured: Vec<_> = captured.collect::<Result<_, _>>()?;
    Ok(captured.into_iter().flatten().max().unwrap_or(at))
}

fn ids(transaction: Object<'_>, id: &str) -> Result<ProcessorIds, Malformed> {
    Ok(ProcessorIds {
        customer: transaction.id(&["customer_id"])?,
        subscription: transaction.id(&["subscription_id"])?,
        // Not `invoice_number`, which is unique to one account only.
        invoice: transaction.id(&["invoice_id"])?,
        // What a subscription calls the transaction that made it: clues may be kept for it.
        payment_intent: Some(id.to_owned()),
        charge: None,
        session: None,
    })
}

fn clues(transaction: Object<'_>) -> Vec<Clue> {
    let mut clues = Clues::default();
    clues.custom_data(transaction, "the transaction");
    let discount = ["discount_id", "discount.id"];
    clues.discount_id(transaction, &discount, "the transaction");
    clues.into_vec()
}

fn signup(transaction: Object<'_>, id: String, at: DateTime<Utc>) -> Result<Fact, Malformed> {
    Ok(Fact::Signup(Signup {
        occurred_at: at,
        ids: ids(transaction, &id)?,
        external_event_id: Some(id),
        email: None,
        name: None,
        clues: clues(transaction),
        metadata: transaction.attached("custom_data"),
    }))
}
