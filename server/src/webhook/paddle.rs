//! Paddle Billing: from signed bytes to domain facts.
//!
//! Owns everything that is peculiar to Paddle: its signature, its words, its amounts in text. No type or
//! word of Paddle's leaves this module, and it must not know about storage, HTTP or which affiliate a
//! clue belongs to.
//!
//! How to add an event: write a function like [`customer::updated`] in the file of its object and name
//! it in [`READERS`]. A transaction is told many times while it becomes a payment; only its completion
//! counts, and carries everything the earlier tellings do.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    event::{Adapter, Content, Event, Malformed, Unreadable},
    json::{Object, Reader, read_object},
    signature::Signed,
};
use crate::{input::MAX_BODY, stamped::Scheme};

mod adjustment;
mod amount;
mod clue;
mod customer;
mod discount;
mod subscription;
#[cfg(test)]
mod tests;
mod transaction;

/// Paddle, for the intake.
pub(super) const ADAPTER: Adapter = Adapter {
    max_body: MAX_BODY,
    verify: |headers, body, secrets, now| SIGNED.verify(headers, body, &secrets.signing, now),
    read: |body, _| read(body),
    challenge: None,
    opened: |_| None,
};

const SIGNED: Signed = Signed {
    header: "Paddle-Signature",
    scheme: Scheme::PADDLE,
    secret: "the destination's secret key (pdl_ntfset_...) from Paddle",
};

/// Reads the body of a request that was verified.
fn read(body: &[u8]) -> Result<Event, Unreadable> {
    let json: Value = serde_json::from_slice(body).map_err(|_| Unreadable::NotReadable("JSON"))?;
    let event = Object::new("event", &json);
    let needed = |field| {
        let missing = |what| Unreadable::NotAnEvent("Paddle", what);
        event.needed_word(field).map_err(missing)
    };
    // A replay has another notification_id and the same event_id.
    let (external_id, kind) = (needed("event_id")?, needed("event_type")?);
    let occurred_at = occurred_at(event);
    Ok(Event {
        content: content(&kind, event, &occurred_at),
        external_id,
        kind,
        occurred_at: occurred_at.ok(),
        // Sandbox and live are two accounts with two secrets; an event does not say which.
        mode: None,
    })
}

fn occurred_at(event: Object<'_>) -> Result<DateTime<Utc>, Malformed> {
    let said = event.instant("occurred_at")?;
    said.ok_or_else(|| event.missing("occurred_at"))
}

fn content(kind: &str, event: Object<'_>, at: &Result<DateTime<Utc>, Malformed>) -> Content {
    let read = read_object(&READERS, kind, (event, "data"), at);
    read.unwrap_or_else(|| Content::Ignored(why_unused(kind)))
}

fn why_unused(kind: &str) -> String {
    match kind.split_once('.') {
        Some((_, "imported")) => format!("{kind} is not used: what is imported was sold elsewhere"),
        Some(("transaction", _)) => {
            format!("{kind} is not used: a transaction counts when it is completed")
        }
        _ => format!("{kind} is not used"),
    }
}

/// Was it brought to Paddle from elsewhere? Nothing is due for what was not sold there.
fn is_imported(object: Object<'_>) -> bool {
    let origin = object.text("origin").unwrap_or_default();
    object.at("import_meta").is_some() || origin.contains("import")
}

/// The events in use.
const READERS: [(&str, &str, Reader); 12] = [
    (
        "transaction.completed",
        "transaction",
        transaction::completed,
    ),
    ("adjustment.created", "adjustment", adjustment::told),
    ("adjustment.updated", "adjustment", adjustment::told),
    ("customer.created", "customer", customer::created),
    ("customer.updated", "customer", customer::updated),
    ("customer.imported", "customer", customer::imported),
    (
        "subscription.created",
        "subscription",
        subscription::created,
    ),
    (
        "subscription.trialing",
        "subscription",
        subscription::created,
    ),
    ("subscription.canceled", "subscription", subscription::ended),
    ("discount.created", "discount", discount::described),
    ("discount.updated", "discount", discount::described),
    ("discount.imported", "discount", discount::described),
];
