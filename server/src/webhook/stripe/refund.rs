//! Money that goes back: refunds, what a charge was refunded in all, disputes, voided invoices.
//!
//! Owns Stripe's words for where a refund or dispute stands. It must not know of sales: which one a
//! refund is of is found by the ids that name its payment.

use chrono::{DateTime, Utc};
use domain::{
    fact::Fact,
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{Content, Malformed, Object, amount::Unit, named_together};

/// `refund.created`, `refund.updated`, `refund.failed`, `charge.refund.updated`.
pub(super) fn told(refund: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let back = back_of(refund, at)?;
    Ok(Content::Facts(vec![Fact::Back(back)]))
}

/// `charge.refunded`: old versions list the single refunds, all of them tell the sum.
pub(super) fn charge(charge: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let id = charge.needed_id("id")?;
    let payment = payment_of(charge, Some(id.clone()))?;
    let mut facts = vec![named_together(&payment)];
    for refund in charge.items("refunds.data") {
        let mut back = back_of(refund, at)?;
        back.payment.clone_from(&payment);
        facts.push(Some(Fact::Back(back)));
    }
    let total = Unit::of(charge)?.money(charge, "amount_refunded")?;
    let total = MoneyBack {
        external_id: format!("refunded:{id}"),
        kind: BackKind::ChargeTotal,
        amount_minor: total.minor,
        net_minor: None,
        currency: Some(total.currency),
        status: BackStatus::Succeeded,
        occurred_at: charge.time("created")?.unwrap_or(at),
        told_at: at,
        failed_at: None,
        payment,
        reason: None,
    };
    facts.push((total.amount_minor > 0).then_some(Fact::Back(total)));
    Ok(Content::of(facts, "nothing was refunded"))
}

/// `charge.dispute.created`, `.updated`, `.closed`, `.funds_withdrawn`.
pub(super) fn dispute(dispute: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let status = dispute_status(&dispute.needed_word("status")?);
    disputed(dispute, at, status)
}

/// `charge.dispute.funds_reinstated`: the money is back, whatever the status says by then.
pub(super) fn reinstated(dispute: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    disputed(dispute, at, BackStatus::Won)
}

/// `invoice.voided`: nobody owes it any more, so a sale of it is taken back.
pub(super) fn voided(invoice: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let id = invoice.needed_id("id")?;
    // One that the merchant owes has a negative total.
    if invoice.needed_number("total")? <= 0 {
        return Ok(Content::Ignored(
            "an invoice of nothing was voided".to_owned(),
        ));
    }
    let amount = Unit::of(invoice)?.money(invoice, "total")?;
    Ok(Content::Facts(vec![Fact::Back(MoneyBack {
        external_id: MoneyBack::voided_id(&id),
        kind: BackKind::Refund,
        amount_minor: amount.minor,
        net_minor: None,
        currency: Some(amount.currency),
        status: BackStatus::Succeeded,
        occurred_at: at,
        told_at: at,
        failed_at: None,
        payment: vec![id],
        reason: Some("the invoice was voided".to_owned()),
    })]))
}

fn disputed(
    dispute: Object<'_>,
    at: DateTime<Utc>,
    status: BackStatus,
) -> Result<Content, Malformed> {
    let payment = payment_of(dispute, dispute.id(&["charge"])?)?;
    let linked = named_together(&payment);
    let amount = Unit::of(dispute)?.money(dispute, "amount")?;
    let back = MoneyBack {
        external_id: dispute.needed_id("id")?,
        kind: BackKind::Dispute,
        amount_minor: amount.minor,
        net_minor: None,
        currency: Some(amount.currency),
        status,
        occurred_at: dispute.time("created")?.unwrap_or(at),
        told_at: at,
        failed_at: None,
        payment,
        reason: dispute.text("reason"),
    };
    Ok(Content::of([linked, Some(Fact::Back(back))], ""))
}

fn back_of(refund: Object<'_>, at: DateTime<Utc>) -> Result<MoneyBack, Malformed> {
    let payment = payment_of(refund, refund.id(&["charge"])?)?;
    // Refunds of 2015 have no status: they were done at once.
    let status = refund.text("status").unwrap_or_default();
    let amount = Unit::of(refund)?.money(refund, "amount")?;
    Ok(MoneyBack {
        external_id: refund.needed_id("id")?,
        kind: BackKind::Refund,
        amount_minor: amount.minor,
        net_minor: None,
        currency: Some(amount.currency),
        status: refund_status(&status),
        occurred_at: refund.time("created")?.unwrap_or(at),
        told_at: at,
        failed_at: None,
        payment,
        reason: refund.text("reason"),
    })
}

/// The ids on a charge, refund or dispute that name its payment.
fn payment_of(object: Object<'_>, charge: Option<String>) -> Result<Vec<String>, Malformed> {
    let payment_intent = object.id(&["payment_intent"])?;
    let invoice = object.id(&["invoice"])?;
    Ok([charge, payment_intent, invoice]
        .into_iter()
        .flatten()
        .collect())
}

/// The set is open: an unknown word is taken for one more way of being under way.
fn refund_status(word: &str) -> BackStatus {
    match word {
        "" | "succeeded" => BackStatus::Succeeded,
        "failed" | "canceled" => BackStatus::Failed,
        _ => BackStatus::Pending,
    }
}

/// `warning_*` is an inquiry, without money moved; an appeal is made after the money was lost.
fn dispute_status(word: &str) -> BackStatus {
    match word {
        "lost" | "appeal_needs_response" | "appeal_under_review" => BackStatus::Lost,
        "won" | "warning_closed" | "prevented" | "charge_refunded" => BackStatus::Won,
        warning if warning.starts_with("warning_") => BackStatus::Inquiry,
        _ => BackStatus::Open,
    }
}
