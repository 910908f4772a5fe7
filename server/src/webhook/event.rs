//! An event in our words, whichever processor it is of, and what the intake must know of a processor.

use std::borrow::Cow;

use axum::http::HeaderMap;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{connection::Mode, fact::Fact};
use sha2::{Digest, Sha256};
use store::connection::Secrets;
use thiserror::Error;

/// One event, as far as this program is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// The processor's id of the event, or one that a redelivery has too; 1 to 255 bytes.
    pub(crate) external_id: String,
    /// The processor's name of what happened, such as `invoice.paid`; 1 to 255 bytes.
    pub(crate) kind: String,
    /// When it happened. `None` when the event does not say so readably; such an event has no facts.
    pub(crate) occurred_at: Option<DateTime<Utc>>,
    /// Real money? `None` when events do not tell, only the account they are of.
    pub(crate) mode: Option<Mode>,
    /// What it tells us.
    pub(crate) content: Content,
}

impl Event {
    /// A body that was signed but is no event, kept so that somebody sees it. The same body again is the
    /// same event.
    pub(super) fn unreadable(body: &[u8], why: &Unreadable) -> Self {
        Self {
            external_id: format!("unreadable:{}", hex::encode(Sha256::digest(body))),
            kind: "unreadable".to_owned(),
            occurred_at: None,
            mode: None,
            content: Content::Failed(why.to_string()),
        }
    }
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
    pub(super) fn of(facts: impl IntoIterator<Item = Option<Fact>>, or_else: &str) -> Self {
        let facts: Vec<Fact> = facts.into_iter().flatten().collect();
        if facts.is_empty() {
            Self::Ignored(or_else.to_owned())
        } else {
            Self::Facts(facts)
        }
    }
}

/// A field that is missing or unreadable, in words: "invoice.total is missing".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct Malformed(String);

impl Malformed {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}

/// The body is no event at all.
#[derive(Debug, Error)]
pub(crate) enum Unreadable {
    /// Not JSON or XML, or nested too deeply.
    #[error("the body is not readable {0}")]
    NotReadable(&'static str),
    /// Readable, but without what every event has: whose event, and what is missing.
    #[error("the body is not a {0} event: {1}")]
    NotAnEvent(&'static str, Malformed),
}

/// An event as a processor's own list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The processor's id of the event.
    pub(crate) id: String,
    /// When it happened, in Unix seconds.
    pub(crate) created: i64,
    /// The event as the processor would deliver it.
    pub(crate) body: Bytes,
}

/// The fact that these ids are of one payment, when there are two or more.
pub(super) fn named_together(ids: &[String]) -> Option<Fact> {
    (ids.len() > 1).then(|| Fact::Linked { ids: ids.to_vec() })
}

/// Headers, body, secrets and the time now: signed, or why not.
type Verify = fn(&HeaderMap, &[u8], &Secrets, DateTime<Utc>) -> Result<(), String>;

/// A processor, as the intake sees it.
pub(super) struct Adapter {
    /// The largest body that is read, in bytes.
    pub(super) max_body: usize,
    /// Did the processor send these bytes? If not: why, in words that say what to do.
    pub(super) verify: Verify,
    /// Reads the body of a request that was verified, or of one that was stored. Told when the
    /// connection was made: processors that list what was before must not count it.
    pub(super) read: fn(&[u8], DateTime<Utc>) -> Result<Event, Unreadable>,
    /// What an address answers when the processor asks for proof that it is ours (the question of the
    /// query); `None`: the processor does not ask.
    pub(super) challenge: Option<fn(&str, &Secrets) -> Option<String>>,
    /// A stored body as people read it, when that is not the body itself.
    pub(super) opened: fn(&[u8]) -> Option<Cow<'_, str>>,
}
