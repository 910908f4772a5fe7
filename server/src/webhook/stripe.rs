//! Stripe: from signed bytes to domain facts.
//!
//! Owns everything that is peculiar to Stripe: its signature, where its API versions keep what, its
//! currencies. No type or word of Stripe's leaves this module, and it must not know about storage,
//! HTTP or which affiliate a clue belongs to.
//!
//! How to add an event: write a function like [`customer::updated`] in the file of its object and name
//! it in [`READERS`]. The payload is never read by its `api_version`: what Stripe adds shows up in every
//! version and what it removes stays in old ones, so each value is looked for at its new place, then
//! at its old one.

use chrono::{DateTime, Utc};
use domain::connection::Mode;
use serde_json::Value;

use super::{
    event::{Adapter, Content, Event, Malformed, Unreadable, named_together},
    json::{Object, Reader, read_object},
    signature::Signed,
};
use crate::{input::MAX_BODY, stamped::Scheme};

mod amount;
mod clue;
mod customer;
mod invoice;
mod link;
mod promotion_code;
mod refund;
mod session;
mod subscription;
#[cfg(test)]
mod tests;
mod transfer;

pub(crate) use self::{
    amount::units,
    transfer::{PAYOUT, read as transfer},
};

/// Stripe, for the intake.
pub(super) const ADAPTER: Adapter = Adapter {
    max_body: MAX_BODY,
    verify: |headers, body, secrets, now| SIGNED.verify(headers, body, &secrets.signing, now),
    read: |body, _| read(body),
    challenge: None,
    opened: |_| None,
};

const SIGNED: Signed = Signed {
    header: "Stripe-Signature",
    scheme: Scheme::STRIPE,
    secret: "the endpoint's signing secret (whsec_...) from Stripe",
};

/// Reads the body of a request that was verified.
pub(crate) fn read(body: &[u8]) -> Result<Event, Unreadable> {
    let json: Value = serde_json::from_slice(body).map_err(|_| Unreadable::NotReadable("JSON"))?;
    let event = Object::new("event", &json);
    let needed = |field| {
        let missing = |what| Unreadable::NotAnEvent("Stripe", what);
        event.needed_word(field).map_err(missing)
    };
    let (external_id, kind) = (needed("id")?, needed("type")?);
    let occurred_at = occurred_at(event);
    let is_live = event.at("livemode").and_then(Value::as_bool) == Some(true);
    Ok(Event {
        content: content(&kind, event, &occurred_at),
        external_id,
        kind,
        occurred_at: occurred_at.ok(),
        // An event that does not say so is taken for a test.
        mode: Some(if is_live { Mode::Live } else { Mode::Test }),
    })
}

/// Snapshot events carry Unix seconds, thin ones RFC 3339.
fn occurred_at(event: Object<'_>) -> Result<DateTime<Utc>, Malformed> {
    let written = event.at("created").and_then(Value::as_str);
    match written.map(DateTime::parse_from_rfc3339) {
        Some(Ok(at)) => Ok(at.to_utc()),
        _ => event.needed_time("created"),
    }
}

fn content(kind: &str, event: Object<'_>, at: &Result<DateTime<Utc>, Malformed>) -> Content {
    if is_thin(event) {
        let why = "a thin event carries no object: set the endpoint to snapshot payloads";
        return Content::Ignored(why.to_owned());
    }
    if kind.starts_with("transfer.") && event.text("account").is_some() {
        let why = "it is of a connected account: payouts are paid from the merchant's own";
        return Content::Ignored(why.to_owned());
    }
    let read = read_object(&READERS, kind, (event, "data.object"), at);
    read.unwrap_or_else(|| Content::Ignored(format!("{kind} is not used")))
}

fn is_thin(event: Object<'_>) -> bool {
    let object = event.text("object").unwrap_or_default();
    object.starts_with("v2.core.event")
}

/// The events in use.
const READERS: [(&str, &str, Reader); 31] = [
    // Merchants report one or the other missing, so both are taken; the invoice id makes them one.
    ("invoice.paid", "invoice", invoice::paid),
    ("invoice.payment_succeeded", "invoice", invoice::paid),
    ("checkout.session.completed", "session", session::finished),
    (
        "checkout.session.async_payment_succeeded",
        "session",
        session::finished,
    ),
    ("customer.created", "customer", customer::created),
    ("customer.updated", "customer", customer::updated),
    (
        "customer.subscription.created",
        "subscription",
        subscription::created,
    ),
    (
        "customer.subscription.deleted",
        "subscription",
        subscription::ended,
    ),
    (
        "customer.discount.created",
        "discount",
        subscription::discounted,
    ),
    (
        "promotion_code.created",
        "promotion_code",
        promotion_code::described,
    ),
    (
        "promotion_code.updated",
        "promotion_code",
        promotion_code::described,
    ),
    (
        "invoice_payment.paid",
        "invoice_payment",
        link::invoice_payment,
    ),
    (
        "payment_intent.succeeded",
        "payment_intent",
        link::payment_intent,
    ),
    ("charge.succeeded", "charge", link::charge),
    ("credit_note.created", "credit_note", link::credit_note),
    ("charge.refunded", "charge", refund::charge),
    ("refund.created", "refund", refund::told),
    ("refund.updated", "refund", refund::told),
    ("refund.failed", "refund", refund::told),
    ("charge.refund.updated", "refund", refund::told),
    ("charge.dispute.created", "dispute", refund::dispute),
    ("charge.dispute.updated", "dispute", refund::dispute),
    ("charge.dispute.closed", "dispute", refund::dispute),
    ("charge.dispute.funds_withdrawn", "dispute", refund::dispute),
    (
        "charge.dispute.funds_reinstated",
        "dispute",
        refund::reinstated,
    ),
    ("invoice.voided", "invoice", refund::voided),
    ("transfer.created", "transfer", transfer::told),
    ("transfer.updated", "transfer", transfer::told),
    ("transfer.reversed", "transfer", transfer::told),
    // Accounts with versions older than 2017-04-06.
    ("transfer.paid", "transfer", transfer::told),
    ("transfer.failed", "transfer", transfer::failed),
];

/// The kinds of events in use.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    READERS.iter().map(|(kind, ..)| *kind)
}
