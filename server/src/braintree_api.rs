//! Braintree's API, as far as it is asked: which refunds were made, and where one stands.
//!
//! A thin client with limits on everything. It only reads, and it must not know about storage. The
//! private key goes into one header and nowhere else: neither errors nor logs carry it, nor Braintree's
//! own words.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::connection::Mode;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use store::connection::{BraintreeKeys, KeyPair};
use thiserror::Error;
use url::Url;

use crate::{
    outgoing,
    webhook::xml::{Element, MAX_XML, Node, outermost},
};

const PRODUCTION: &str = "https://api.braintreegateway.com";
const SANDBOX: &str = "https://api.sandbox.braintreegateway.com";
/// The version whose shape is read.
const VERSION: &str = "6";
/// The most transactions that are asked for at once; Braintree gives no more.
const PAGE: usize = 50;
/// The most refunds of one span of time.
const MAX_IDS: usize = 2000;

/// Why Braintree could not be asked.
#[derive(Debug, Error)]
pub(crate) enum BraintreeApiError {
    #[error("Braintree can't be reached: {0}")]
    Unreachable(String),
    #[error(
        "Braintree refuses the key pair ({0}): merchant id, public and private key must be of one account, in the connection's mode"
    )]
    Key(u16),
    #[error(
        "Braintree knows no merchant of this id (404): it is that of the account, not of a merchant account inside it, and in the connection's mode"
    )]
    Merchant,
    #[error("Braintree has no such object")]
    Missing,
    #[error("Braintree answers {0}")]
    Refused(u16),
    #[error("Braintree's answer is larger than {} MiB", MAX_XML / 1024 / 1024)]
    TooLarge,
    #[error("Braintree's answer can't be read")]
    Unreadable,
    #[error("no key pair is set")]
    NoKeys,
    #[error("more than {MAX_IDS} refunds at once")]
    TooMany,
}

impl BraintreeApiError {
    /// Is it about the one object that was asked for, so that others may well be told?
    pub(crate) fn is_of_one(&self) -> bool {
        match self {
            Self::Missing | Self::TooLarge | Self::Unreadable => true,
            // All would be refused now: too many calls, or Braintree is away.
            Self::Refused(status) => ![429, 503].contains(status),
            _ => false,
        }
    }
}

/// Whose transactions are asked for.
#[derive(Clone, Copy)]
pub(crate) struct Account<'a> {
    keys: &'a BraintreeKeys,
    pair: &'a KeyPair,
    mode: Mode,
}

impl<'a> Account<'a> {
    /// The account of these keys, asked with the newest pair.
    pub(crate) fn new(
        keys: Option<&'a BraintreeKeys>,
        mode: Mode,
    ) -> Result<Self, BraintreeApiError> {
        let keys = keys.ok_or(BraintreeApiError::NoKeys)?;
        let pair = keys.pairs.first().ok_or(BraintreeApiError::NoKeys)?;
        Ok(Self { keys, pair, mode })
    }
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub(crate) struct BraintreeApi {
    http: Client,
    /// Instead of Braintree's own two addresses.
    base: Option<Arc<str>>,
}

impl BraintreeApi {
    /// A client of the Braintree at this address; `None`: of production and sandbox, as a connection's
    /// mode says.
    pub(crate) fn new(base: Option<&str>) -> Self {
        Self {
            http: outgoing::client(),
            base: base.map(Into::into),
        }
    }

    /// The refunds that were made from `since` to `until`, each as its `<transaction>`.
    ///
    /// # Errors
    /// [`BraintreeApiError::TooMany`] for a span that holds more than can be read at once.
    pub(crate) async fn refunds(
        &self,
        account: Account<'_>,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<String>, BraintreeApiError> {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut search = json!({
            "type": ["credit"], "refund": true,
            "created_at": {"min": time(since), "max": time(until)},
        });
        let path = ["transactions", "advanced_search_ids"];
        let (ids, page) = listed(&self.search(account, &path, &search).await?)?;
        if ids.len() > MAX_IDS {
            return Err(BraintreeApiError::TooMany);
        }
        let mut found = Vec::new();
        for ids in ids.chunks(page.clamp(1, PAGE)) {
            search["ids"] = json!(ids);
            let path = ["transactions", "advanced_search"];
            found.extend(transactions(&self.search(account, &path, &search).await?)?);
        }
        Ok(found)
    }

    /// A transaction as it stands now.
    ///
    /// # Errors
    /// [`BraintreeApiError::Missing`]: there is no such one.
    pub(crate) async fn transaction(
        &self,
        account: Account<'_>,
        id: &str,
    ) -> Result<String, BraintreeApiError> {
        let path = ["transactions", id];
        let xml = self.ask(account, Method::GET, &path, None).await?;
        transactions(&xml)?.pop().ok_or(BraintreeApiError::Missing)
    }

    async fn search(
        &self,
        account: Account<'_>,
        path: &[&str],
        search: &Value,
    ) -> Result<String, BraintreeApiError> {
        let body = json!({"search": search});
        let found = self.ask(account, Method::POST, path, Some(&body)).await;
        found.map_err(|error| match error {
            // There is always a place to search in.
            BraintreeApiError::Missing => BraintreeApiError::Merchant,
            other => other,
        })
    }

    fn url(&self, account: Account<'_>, path: &[&str]) -> Result<Url, BraintreeApiError> {
        let own = match account.mode {
            Mode::Live => PRODUCTION,
            Mode::Test => SANDBOX,
        };
        let url = Url::parse(self.base.as_deref().unwrap_or(own));
        let mut url = url.map_err(|_| BraintreeApiError::Missing)?;
        if let Ok(mut segments) = url.path_segments_mut() {
            let merchant = ["merchants", &account.keys.merchant_id];
            segments.pop_if_empty().extend(merchant).extend(path);
        }
        Ok(url)
    }

    async fn ask(
        &self,
        account: Account<'_>,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<String, BraintreeApiError> {
        let url = self.url(account, path)?;
        let pair = account.pair;
        let request = self.http.request(method, url);
        let request = request
            .basic_auth(&pair.public, Some(&pair.private))
            .header("x-apiversion", VERSION)
            .header("accept", "application/xml");
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = whole(answer).await?;
        if !status.is_success() {
            return Err(refused(status));
        }
        String::from_utf8(body.into()).map_err(|_| BraintreeApiError::Unreadable)
    }
}

/// The ids that a search found, and how many transactions of them to ask for at once.
fn listed(xml: &str) -> Result<(Vec<String>, usize), BraintreeApiError> {
    let unreadable = |_| BraintreeApiError::Unreadable;
    let document = Node::parse(xml).map_err(unreadable)?;
    if document.name() != "search_results" {
        return Err(BraintreeApiError::Unreadable);
    }
    let results = Element::new("search_results", &document);
    let page = results.text("page_size");
    let page = page.and_then(|size| size.parse().ok()).unwrap_or(PAGE);
    let ids = results.words("ids");
    Ok((ids.map_err(|_| BraintreeApiError::Unreadable)?, page))
}

fn transactions(xml: &str) -> Result<Vec<String>, BraintreeApiError> {
    let found = outermost(xml, "transaction").map_err(|_| BraintreeApiError::Unreadable)?;
    Ok(found.into_iter().map(str::to_owned).collect())
}

async fn whole(mut answer: Response) -> Result<Bytes, BraintreeApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_XML {
            return Err(BraintreeApiError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn unreachable(error: reqwest::Error) -> BraintreeApiError {
    BraintreeApiError::Unreachable(outgoing::in_words(error))
}

/// Braintree's message is left out: it may repeat what it was asked with.
fn refused(status: StatusCode) -> BraintreeApiError {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => BraintreeApiError::Key(status.as_u16()),
        StatusCode::NOT_FOUND => BraintreeApiError::Missing,
        _ => BraintreeApiError::Refused(status.as_u16()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connections_mode_says_where_its_account_is_and_ids_stay_inside_their_place() {
        let pair = KeyPair {
            public: "public".to_owned(),
            private: "private".to_owned(),
        };
        let keys = BraintreeKeys {
            merchant_id: "shop/1".to_owned(),
            pairs: vec![pair],
        };
        let url = |base, mode, id| {
            let account = Account::new(Some(&keys), mode).expect("keys");
            let url = BraintreeApi::new(base).url(account, &["transactions", id]);
            url.expect("an address").to_string()
        };
        assert_eq!(
            url(None, Mode::Live, "t1"),
            "https://api.braintreegateway.com/merchants/shop%2F1/transactions/t1"
        );
        assert_eq!(
            url(None, Mode::Test, "../t1?x=#y"),
            "https://api.sandbox.braintreegateway.com/merchants/shop%2F1/transactions/..%2Ft1%3Fx=%23y"
        );
        assert_eq!(
            url(Some("http://127.0.0.1:9/braintree/"), Mode::Live, "t1"),
            "http://127.0.0.1:9/braintree/merchants/shop%2F1/transactions/t1"
        );
        assert!(Account::new(None, Mode::Live).is_err());
    }
}
