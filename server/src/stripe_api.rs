//! Stripe's API, as far as it is asked: what happened, which invoice a payment is of, and transfers of
//! payouts, the only thing that it writes.
//!
//! A thin client with limits on everything. It must not know about storage. The API key goes into one
//! header and nowhere else: neither errors nor logs carry it, nor Stripe's own words about it.

mod transfer;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use reqwest::{Client, Response, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use thiserror::Error;
use url::Url;

pub(crate) use self::transfer::{Transfer, TransferError};
use crate::{outgoing, webhook::event::Listed};

/// Where Stripe is.
pub(crate) const STRIPE: &str = "https://api.stripe.com";
/// The first version that lists payments of invoices. Events are not rendered anew for it.
const VERSION: &str = "2025-03-31.basil";
/// The last version whose charges name their invoice.
const OLD_VERSION: &str = "2024-09-30.acacia";
/// The most events of one page; Stripe gives no more.
const PAGE: usize = 100;
/// The most pages of one span of time.
const MAX_PAGES: usize = 20;
/// The most kinds of events that one list may ask for, by Stripe's rule.
const MAX_KINDS: usize = 20;
/// The most that one answer may hold: a page of large invoices.
const MAX_ANSWER: usize = 32 * 1024 * 1024;
/// The longest error code that is repeated.
const MAX_CODE: usize = 60;

/// Why Stripe could not be asked.
#[derive(Debug, Error)]
pub(crate) enum StripeApiError {
    #[error("Stripe can't be reached: {0}")]
    Unreachable(String),
    #[error(
        "Stripe refuses the API key ({0}): it needs the right to read events, invoices and charges"
    )]
    Key(u16),
    #[error("Stripe has no such object")]
    Missing,
    #[error("Stripe answers {0}{1}")]
    Refused(u16, String),
    #[error("Stripe's answer is larger than {} MiB", MAX_ANSWER / 1024 / 1024)]
    TooLarge,
    #[error("Stripe's answer can't be read")]
    Unreadable,
    #[error("more than {} events at once", PAGE * MAX_PAGES)]
    TooMany,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub(crate) struct StripeApi {
    http: Client,
    base: Arc<str>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Box<RawValue>>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    created: i64,
}

#[derive(Deserialize)]
struct InvoicePayments {
    data: Vec<InvoicePayment>,
}

#[derive(Deserialize)]
struct InvoicePayment {
    invoice: Option<Reference>,
}

#[derive(Deserialize)]
struct Charge {
    payment_intent: Option<Reference>,
    invoice: Option<Reference>,
}

/// An id, or the object that has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Id(String),
    Object { id: String },
}

impl Reference {
    fn id(self) -> String {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: Cause,
}

#[derive(Deserialize)]
struct Cause {
    code: Option<String>,
    r#type: Option<String>,
}

impl StripeApi {
    /// A client of the Stripe at this address.
    pub(crate) fn new(base: &str) -> Self {
        Self {
            http: outgoing::client(),
            base: base.into(),
        }
    }

    /// The events of these kinds that happened from `since` on and before `until` (Unix seconds), oldest
    /// first.
    ///
    /// # Errors
    /// [`StripeApiError::TooMany`] for a span that holds more than can be read at once.
    pub(crate) async fn events(
        &self,
        key: &str,
        kinds: &[&str],
        since: i64,
        until: i64,
    ) -> Result<Vec<Listed>, StripeApiError> {
        let mut events = Vec::new();
        for kinds in kinds.chunks(MAX_KINDS) {
            events.extend(self.events_of(key, kinds, since, until).await?);
        }
        events.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        Ok(events)
    }

    /// The same for as many kinds as one list may ask for; newest first, as Stripe lists them.
    async fn events_of(
        &self,
        key: &str,
        kinds: &[&str],
        since: i64,
        until: i64,
    ) -> Result<Vec<Listed>, StripeApiError> {
        let mut query = vec![
            ("limit", PAGE.to_string()),
            ("created[gte]", since.to_string()),
            ("created[lt]", until.to_string()),
        ];
        query.extend(kinds.iter().map(|kind| ("types[]", (*kind).to_owned())));
        let mut events: Vec<Listed> = Vec::new();
        for _ in 0..MAX_PAGES {
            let mut query = query.clone();
            query.extend(events.last().map(|one| ("starting_after", one.id.clone())));
            let page: Page = self.get(key, VERSION, &["events"], &query).await?;
            let read = page.data.into_iter().map(listed);
            let read: Vec<Listed> = read.collect::<Result<_, _>>()?;
            let is_last = !page.has_more;
            if read.is_empty() && !is_last {
                return Err(StripeApiError::Unreadable);
            }
            events.extend(read);
            if is_last {
                return Ok(events);
            }
        }
        Err(StripeApiError::TooMany)
    }

    /// What Stripe knows of a payment that some of these ids name: ids that are of one payment, none
    /// when it knows nothing new. A payment whose invoice is among them is not asked for.
    pub(crate) async fn same_payment(
        &self,
        key: &str,
        ids: &[String],
    ) -> Result<Vec<String>, StripeApiError> {
        let of = |prefixes: &[&str]| {
            let mut named = ids.iter();
            named.find(|id| prefixes.iter().any(|prefix| id.starts_with(prefix)))
        };
        if of(&["in_"]).is_some() {
            return Ok(Vec::new());
        }
        let payment_intent = of(&["pi_"]).cloned();
        if let Some(id) = &payment_intent
            && let Some(invoice) = self.invoice_of(key, id).await?
        {
            return Ok(vec![id.clone(), invoice]);
        }
        // Payments other than by card have charges of this other name.
        let Some(id) = of(&["ch_", "py_"]) else {
            return Ok(Vec::new());
        };
        let path = ["charges", id.as_str()];
        let charge = self.get::<Charge>(key, OLD_VERSION, &path, &[]).await;
        let Some(charge) = known(charge)? else {
            return Ok(Vec::new());
        };
        let learned = charge.payment_intent.map(Reference::id);
        let mut invoice = charge.invoice.map(Reference::id);
        if let (Some(id), None, None) = (&learned, &invoice, &payment_intent) {
            invoice = self.invoice_of(key, id).await?;
        }
        let found = [Some(id.clone()), learned, invoice];
        let found: Vec<String> = found.into_iter().flatten().collect();
        Ok(if found.len() > 1 { found } else { Vec::new() })
    }

    /// The one invoice that a payment intent paid.
    async fn invoice_of(
        &self,
        key: &str,
        payment_intent: &str,
    ) -> Result<Option<String>, StripeApiError> {
        let query = [
            ("payment[type]", "payment_intent".to_owned()),
            ("payment[payment_intent]", payment_intent.to_owned()),
        ];
        let list = self.get::<InvoicePayments>(key, VERSION, &["invoice_payments"], &query);
        let Some(list) = known(list.await)? else {
            return Ok(None);
        };
        let invoices = list.data.into_iter().filter_map(|one| one.invoice);
        let mut invoices: Vec<String> = invoices.map(Reference::id).collect();
        invoices.dedup();
        // Of several, nobody can tell which one it is of.
        Ok(invoices.pop().filter(|_| invoices.is_empty()))
    }

    fn url(&self, path: &[&str]) -> Result<Url, StripeApiError> {
        let mut url = Url::parse(&self.base).map_err(|_| StripeApiError::Missing)?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path);
        }
        Ok(url)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        key: &str,
        version: &str,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, StripeApiError> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.get(url).bearer_auth(key);
        let answer = request.header("stripe-version", version).send().await;
        let answer = answer.map_err(unreachable)?;
        let status = answer.status();
        let body = whole(answer).await?;
        if status != StatusCode::OK {
            return Err(refused(status, &body));
        }
        serde_json::from_slice(&body).map_err(|_| StripeApiError::Unreadable)
    }
}

/// `None` for what Stripe does not have: an id of another account, or of a version too old for it.
fn known<T>(answer: Result<T, StripeApiError>) -> Result<Option<T>, StripeApiError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(StripeApiError::Missing) => Ok(None),
        Err(error) => Err(error),
    }
}

fn listed(event: Box<RawValue>) -> Result<Listed, StripeApiError> {
    let head: Head = serde_json::from_str(event.get()).map_err(|_| StripeApiError::Unreadable)?;
    let text: Box<str> = event.into();
    Ok(Listed {
        id: head.id,
        created: head.created,
        body: Bytes::from(text.into_string()),
    })
}

async fn whole(mut answer: Response) -> Result<Bytes, StripeApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(StripeApiError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn unreachable(error: reqwest::Error) -> StripeApiError {
    StripeApiError::Unreachable(outgoing::in_words(error))
}

/// Stripe's message is left out: it repeats parts of the key.
fn refused(status: StatusCode, body: &[u8]) -> StripeApiError {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => StripeApiError::Key(status.as_u16()),
        StatusCode::NOT_FOUND => StripeApiError::Missing,
        _ => {
            let cause = serde_json::from_slice::<Refusal>(body).ok();
            let code = cause.and_then(|refusal| refusal.error.code.or(refusal.error.r#type));
            // How it answers when an id of a query is nobody's; only of a path's it says 404.
            if code.as_deref() == Some("resource_missing") {
                return StripeApiError::Missing;
            }
            let is_code = |text: &String| {
                text.len() <= MAX_CODE && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            };
            let code = code.filter(is_code).map(|code| format!(" ({code})"));
            StripeApiError::Refused(status.as_u16(), code.unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_nobody_has_is_missing_however_stripe_says_so() {
        let missing =
            br#"{"error": {"code": "resource_missing", "type": "invalid_request_error"}}"#;
        for status in [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST] {
            let error = refused(status, missing);
            assert!(matches!(error, StripeApiError::Missing), "{error}");
        }
        let other = refused(
            StatusCode::BAD_REQUEST,
            br#"{"error": {"code": "rate_limit"}}"#,
        );
        assert_eq!(other.to_string(), "Stripe answers 400 (rate_limit)");
    }
}
