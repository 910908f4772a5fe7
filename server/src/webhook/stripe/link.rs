//! Events that name two ids of one payment, without which a refund would not find its invoice: since
//! 2025-03-31 no charge, refund or dispute names one.

use chrono::{DateTime, Utc};
use domain::fact::{Fact, refund_id};

use super::{Content, Malformed, Object, named_together};

const NOTHING: &str = "names no two ids of one payment";

/// `invoice_payment.paid`.
pub(super) fn invoice_payment(object: Object<'_>, _: DateTime<Utc>) -> Result<Content, Malformed> {
    Ok(together(&[
        object.id(&["invoice"])?,
        object.id(&["payment.payment_intent"])?,
        object.id(&["payment.charge"])?,
    ]))
}

/// `payment_intent.succeeded`: the invoice is named in old versions. Since late 2025 payments that are for
/// one have it as their order reference; but that is the merchant's to write, so it is no more than a hint.
pub(super) fn payment_intent(object: Object<'_>, _: DateTime<Utc>) -> Result<Content, Malformed> {
    let id = object.needed_id("id")?;
    let invoice = object.id(&["invoice"])?;
    let reference = object.text("payment_details.order_reference");
    let hint = reference.filter(|to| to.starts_with("in_") && invoice.is_none());
    let ids = [Some(id.clone()), invoice, object.id(&["latest_charge"])?];
    let ids: Vec<String> = ids.into_iter().flatten().collect();
    let refers = hint.map(|to| Fact::Refers { id, to });
    Ok(Content::of([named_together(&ids), refers], NOTHING))
}

/// `charge.succeeded`.
pub(super) fn charge(object: Object<'_>, _: DateTime<Utc>) -> Result<Content, Malformed> {
    Ok(together(&[
        Some(object.needed_id("id")?),
        object.id(&["payment_intent"])?,
        object.id(&["invoice"])?,
    ]))
}

/// `credit_note.created`: the refunds it made, and the invoice they are of.
pub(super) fn credit_note(object: Object<'_>, _: DateTime<Utc>) -> Result<Content, Malformed> {
    let mut refunds = vec![object.id(&["refund"])?];
    for refund in object.items("refunds") {
        refunds.push(refund.id(&["refund"])?);
    }
    let mut ids = vec![object.id(&["invoice"])?];
    ids.extend(refunds.into_iter().map(|id| id.map(|id| refund_id(&id))));
    Ok(together(&ids))
}

fn together(ids: &[Option<String>]) -> Content {
    let ids: Vec<String> = ids.iter().flatten().cloned().collect();
    Content::of([named_together(&ids)], NOTHING)
}
