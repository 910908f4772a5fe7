//! Braintree: from signed forms to domain facts.
//!
//! Owns everything that is peculiar to Braintree: its signature, its XML, its words for where money is.
//! No type or word of Braintree's leaves this module, and it must not know about storage, HTTP or which
//! affiliate a clue belongs to.
//!
//! How to add a notification: write a function like [`dispute::told`] in the file of its object and name
//! it in [`READERS`]. Notifications have no id, and no time stamp is signed: one that comes again is
//! known by what it is about, and money by its transaction's id.

use std::borrow::Cow;

use chrono::{DateTime, Timelike, Utc};
use domain::{event::FOUND_IN_A_LIST, text::MAX_EXTERNAL_ID};
use sha2::{Digest, Sha256};

use super::{
    event::{Adapter, Content, Event, Malformed, Unreadable},
    xml::{Element, Node},
};

mod amount;
mod clue;
mod dispute;
mod form;
mod history;
mod refund;
mod signature;
mod subscription;
#[cfg(test)]
mod tests;
mod transaction;

pub(crate) use self::refund::found;

/// The largest body: a subscription's ten transactions are 80 kB of XML, and more as base64 in a form.
const MAX_FORM: usize = 4 * 1024 * 1024;

/// Braintree, for the intake.
pub(super) const ADAPTER: Adapter = Adapter {
    max_body: MAX_FORM,
    verify: |_, body, secrets, _| signature::verify(body, secrets.braintree.as_ref()),
    read,
    challenge: Some(|query, secrets| signature::prove(query, secrets.braintree.as_ref()?)),
    opened: readable,
};

/// When a notification was made, and when its connection was: what happened before is not its business.
#[derive(Clone, Copy)]
struct Told {
    at: DateTime<Utc>,
    connected_at: DateTime<Utc>,
}

/// Reads the body of a request that was verified, or what was found in Braintree's own lists.
fn read(body: &[u8], connected_at: DateTime<Utc>) -> Result<Event, Unreadable> {
    // Braintree tells whole seconds: what was paid in the connection's own may be after it.
    let connected_at = connected_at.with_nanosecond(0).unwrap_or(connected_at);
    let xml = form::xml(body)?;
    let document = Node::parse(&xml).map_err(Unreadable::NotReadable)?;
    if document.name() != "notification" {
        let problem = Malformed::new(format!("it is <{}>", amount::short(document.name())));
        return Err(Unreadable::NotAnEvent("Braintree", problem));
    }
    let notification = Element::new("notification", &document);
    let kind = notification.needed_word("kind");
    let kind = kind.map_err(|missing| Unreadable::NotAnEvent("Braintree", missing))?;
    let at = notification.time("timestamp");
    let at = at.and_then(|at| at.ok_or_else(|| notification.missing("timestamp")));
    Ok(Event {
        external_id: external_id(&kind, notification, &xml),
        content: content(&kind, notification, &at, connected_at),
        kind,
        occurred_at: at.ok(),
        // The account is of one mode, and so is its key.
        mode: None,
    })
}

/// The document in a stored body, to be read by people; `None`: there is none.
fn readable(body: &[u8]) -> Option<Cow<'_, str>> {
    form::xml(body).ok()
}

/// What a redelivery has in common with the first delivery, and with no other notification: its kind, what
/// it is about, where that stands, the newest transaction in it, when it was made.
fn external_id(kind: &str, notification: Element<'_>, xml: &str) -> String {
    let subject = subject(notification);
    let about = subject.and_then(|subject| subject.only());
    let word = |path| about.and_then(|about| about.text(path));
    let Some(id) = word("id") else {
        return hashed(kind, xml);
    };
    let at = notification.text("timestamp").unwrap_or_default();
    let newest = word("transactions.transaction.id");
    let parts = [Some(kind.to_owned()), Some(id), word("status"), newest];
    let parts: Vec<String> = parts.into_iter().flatten().chain([at]).collect();
    let whole = parts.join(":");
    if whole.len() > MAX_EXTERNAL_ID {
        return hashed(kind, &whole);
    }
    whole
}

fn hashed(kind: &str, text: &str) -> String {
    let kind: String = kind.chars().take(40).collect();
    format!("{kind}:{}", hex::encode(Sha256::digest(text)))
}

/// What a notification is about. An error of the API is told around it.
fn subject(notification: Element<'_>) -> Option<Element<'_>> {
    let subject = notification.at("subject")?;
    Some(subject.at("api_error_response").unwrap_or(subject))
}

fn content(
    kind: &str,
    notification: Element<'_>,
    at: &Result<DateTime<Utc>, Malformed>,
    connected_at: DateTime<Utc>,
) -> Content {
    if kind == "check" {
        return Content::Ignored("Braintree's check of this address: it works".to_owned());
    }
    let Some((name, read)) = reader(kind) else {
        return Content::Ignored(format!("{kind} is not used"));
    };
    let object = subject(notification).and_then(|subject| subject.at(name));
    let facts = match (object, at) {
        (Some(object), Ok(at)) => {
            let at = *at;
            read(object, Told { at, connected_at })
        }
        (None, _) => Err(notification.missing(&format!("subject.{name}"))),
        (_, Err(why)) => Err(why.clone()),
    };
    facts.unwrap_or_else(|why| Content::Failed(why.to_string()))
}

/// Turns the object of a notification into facts.
type Reader = fn(Element<'_>, Told) -> Result<Content, Malformed>;

/// The notifications in use: the name of their object, and who reads it.
const READERS: [(&str, &str, Reader); 20] = [
    (
        "subscription_charged_successfully",
        "subscription",
        subscription::charged,
    ),
    (
        "subscription_canceled",
        "subscription",
        subscription::canceled,
    ),
    (
        "subscription_went_active",
        "subscription",
        subscription::began,
    ),
    (
        "subscription_trial_ended",
        "subscription",
        subscription::began,
    ),
    // These bring no money, but repeat the transactions before: a delivery that was lost is made up for.
    (
        "subscription_charged_unsuccessfully",
        "subscription",
        |it, told| subscription::repeated(it, told, "the charge failed: nothing was paid"),
    ),
    ("subscription_went_past_due", "subscription", |it, told| {
        subscription::repeated(it, told, "a payment is overdue: nothing was paid")
    }),
    (
        "subscription_billing_skipped",
        "subscription",
        |it, told| subscription::repeated(it, told, "nothing was billed"),
    ),
    ("subscription_expired", "subscription", |it, told| {
        subscription::repeated(it, told, "it has run its course: what was paid stays")
    }),
    ("transaction_settled", "transaction", transaction::settled),
    (
        "transaction_settlement_declined",
        "transaction",
        transaction::declined,
    ),
    ("refund_failed", "transaction", refund::failed),
    // Not sent by Braintree, but found in its list of transactions.
    (FOUND_IN_A_LIST, "transaction", refund::listed),
    ("dispute_opened", "dispute", dispute::opened),
    ("dispute_under_review", "dispute", dispute::opened),
    ("dispute_disputed", "dispute", dispute::opened),
    ("dispute_accepted", "dispute", dispute::lost),
    ("dispute_auto_accepted", "dispute", dispute::lost),
    ("dispute_expired", "dispute", dispute::lost),
    ("dispute_lost", "dispute", dispute::lost),
    ("dispute_won", "dispute", dispute::won),
];

fn reader(kind: &str) -> Option<(&'static str, Reader)> {
    let found = READERS.iter().find(|(known, ..)| *known == kind);
    found.map(|(_, name, read)| (*name, *read))
}
