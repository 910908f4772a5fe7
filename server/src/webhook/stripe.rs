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
use domain::fact::Fact;
use serde_json::Value;
use thiserror::Error;

use payload::{Malformed, Object};

mod amount;
mod clue;
mod customer;
mod invoice;
mod link;
mod payload;
mod promotion_code;
mod refund;
mod session;
mod signature;
mod subscription;
#[cfg(test)]
mod tests;

pub(crate) use signature::verify;

/// One event, as far as this program is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StripeEvent {
    /// Stripe's id of the event (`evt_...`); 1 to 255 bytes.
    pub(crate) external_id: String,
    /// Stripe's name of what happened, such as `invoice.paid`; 1 to 255 bytes.
    pub(crate) kind: String,
    /// When it happened. `None` when the event does not say so readably; such an event has no facts.
    pub(crate) occurred_at: Option<DateTime<Utc>>,
    /// Real money? An event that does not say so is taken for a test.
    pub(crate) livemode: bool,
    /// What it tells us.
    pub(crate) content: Content,
}

/// What an event tells us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// In the order they should be taken in; never empty.
    Facts(Vec<Fact>),
    /// Nothing, and why, in words.
    Ignored(String),
    /// An event of a known kind without what it must have: what is wrong, in words.
    Failed(String),
}

impl Content {
    /// The facts that there are; when there are none, ignored for this reason.
    fn of(facts: impl IntoIterator<Item = Option<Fact>>, or_else: &str) -> Self {
        let facts: Vec<Fact> = facts.into_iter().flatten().collect();
        if facts.is_empty() {
            Self::Ignored(or_else.to_owned())
        } else {
            Self::Facts(facts)
        }
    }
}

/// The body is no event at all.
#[derive(Debug, Error)]
pub(crate) enum Unreadable {
    /// Not JSON, or nested too deeply.
    #[error("the body is not readable JSON")]
    NotJson,
    /// JSON without an id or a type.
    #[error("the body is not a Stripe event: {0}")]
    NotAnEvent(Malformed),
}

/// Reads the body of a request that [`verify`] accepted.
pub(crate) fn read(body: &[u8]) -> Result<StripeEvent, Unreadable> {
    let json: Value = serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)?;
    let event = Object::new("event", &json);
    let needed = |field| event.needed_word(field).map_err(Unreadable::NotAnEvent);
    let (external_id, kind) = (needed("id")?, needed("type")?);
    let occurred_at = occurred_at(event);
    Ok(StripeEvent {
        content: content(&kind, event, &occurred_at),
        external_id,
        kind,
        occurred_at: occurred_at.ok(),
        livemode: event.at("livemode").and_then(Value::as_bool) == Some(true),
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
    let Some((name, read)) = reader(kind) else {
        return Content::Ignored(format!("{kind} is not used"));
    };
    let facts = match (event.at("data.object"), at) {
        (Some(object), Ok(at)) => read(Object::new(name, object), *at),
        (None, _) => Err(event.missing("data.object")),
        (_, Err(why)) => Err(why.clone()),
    };
    facts.unwrap_or_else(|why| Content::Failed(why.to_string()))
}

fn is_thin(event: Object<'_>) -> bool {
    let object = event.text("object").unwrap_or_default();
    object.starts_with("v2.core.event")
}

/// Turns the object of an event, and when the event happened, into facts.
type Reader = fn(Object<'_>, DateTime<Utc>) -> Result<Content, Malformed>;

/// The events in use: what their object is called in error messages, and who reads it.
const READERS: [(&str, &str, Reader); 26] = [
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
];

fn reader(kind: &str) -> Option<(&'static str, Reader)> {
    let found = READERS.iter().find(|(known, ..)| *known == kind);
    found.map(|(_, name, read)| (*name, *read))
}

/// The kinds of events in use.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    READERS.iter().map(|(kind, ..)| *kind)
}
