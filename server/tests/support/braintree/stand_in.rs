//! A stand-in for Braintree's API, in the shape that its SDK expects: searches by time and by id, and single
//! transactions.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{MERCHANT, PRIVATE, PUBLIC, Transaction};
use crate::support::stand_in::serve;

/// What it knows and how it behaves; tests set it as they like.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) transactions: Vec<Transaction>,
    /// The most transactions of a page.
    pub(crate) page: usize,
    /// Answers 500 to pages of transactions.
    pub(crate) breaks_at_pages: bool,
    /// Answers 500 to who asks for this transaction.
    pub(crate) breaks_at: Option<String>,
    /// Answers with this instead of what is asked for.
    pub(crate) instead: Option<(u16, String)>,
    /// Paths and bodies, in the order they were asked.
    pub(crate) calls: Vec<(String, Value)>,
}

/// The server; it is gone when it is dropped.
pub(crate) struct BraintreeStandIn {
    account: Arc<Mutex<Account>>,
    pub(crate) base_url: String,
    serving: JoinHandle<()>,
}

impl BraintreeStandIn {
    pub(crate) async fn start() -> Self {
        let account = Account {
            page: 50,
            ..Account::default()
        };
        let account = Arc::new(Mutex::new(account));
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&account));
        let (base_url, serving) = serve(app).await;
        Self {
            account,
            base_url,
            serving,
        }
    }

    /// What it knows, to be read or changed.
    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().expect("nobody panicked with it")
    }

    /// How often paths that end so were asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let account = self.account();
        let asked = account.calls.iter().filter(|(own, _)| own.ends_with(path));
        asked.count()
    }
}

impl Drop for BraintreeStandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Answer = (StatusCode, String);

async fn answer(
    State(account): State<Arc<Mutex<Account>>>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let header = |name| headers.get(name).map(|value| value.to_str().expect("text"));
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut account = account.lock().expect("nobody panicked with it");
    account.calls.push((uri.path().to_owned(), body.clone()));
    assert_eq!(header("x-apiversion"), Some("6"));
    assert_eq!(header("accept"), Some("application/xml"));
    let pair = STANDARD.encode(format!("{PUBLIC}:{PRIVATE}"));
    if header("authorization") != Some(&format!("Basic {pair}")) {
        // To see that what it was asked with is not repeated.
        let given = header("authorization").unwrap_or_default();
        return (StatusCode::UNAUTHORIZED, format!("<a>hush {given}</a>"));
    }
    if let Some((status, body)) = &account.instead {
        let status = StatusCode::from_u16(*status).expect("a status");
        return (status, body.clone());
    }
    let base = format!("/merchants/{MERCHANT}/transactions/");
    match (method, uri.path().strip_prefix(&base)) {
        (Method::POST, Some("advanced_search_ids")) => ids(&account, &body["search"]),
        (Method::POST, Some("advanced_search")) => page(&account, &body["search"]),
        (Method::GET, Some(id)) => one(&account, id),
        _ => (StatusCode::NOT_FOUND, String::new()),
    }
}

fn is_found(transaction: &Transaction, search: &Value) -> bool {
    assert_eq!(search["type"][0], "credit");
    assert_eq!(search["refund"], true);
    let limit = |name: &str| {
        let text = search["created_at"][name].as_str().expect("a time");
        DateTime::parse_from_rfc3339(text)
            .expect("a time")
            .timestamp()
    };
    let is_in = (limit("min")..=limit("max")).contains(&transaction.created);
    is_in && transaction.kind == "credit" && transaction.refunds.is_some()
}

fn ids(account: &Account, search: &Value) -> Answer {
    let found = account
        .transactions
        .iter()
        .filter(|one| is_found(one, search));
    let mut items = String::new();
    for one in found {
        write!(items, "<item>{}</item>", one.id).expect("written");
    }
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<search-results>\n  <page-size type=\"integer\">{}</page-size>\n  \
         <ids type=\"array\">{items}</ids>\n</search-results>\n",
        account.page
    );
    (StatusCode::OK, body)
}

fn page(account: &Account, search: &Value) -> Answer {
    if account.breaks_at_pages {
        return (StatusCode::INTERNAL_SERVER_ERROR, String::new());
    }
    let by_id: BTreeMap<&str, &Transaction> = account
        .transactions
        .iter()
        .map(|one| (one.id.as_str(), one))
        .collect();
    let ids = search["ids"].as_array().expect("ids");
    assert!(!ids.is_empty() && ids.len() <= account.page, "{ids:?}");
    let found = ids.iter().filter_map(|id| by_id.get(id.as_str()?));
    let found: String = found.map(|one| one.xml()).collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<credit-card-transactions type=\"collection\">\n  \
         <current-page-number type=\"integer\">1</current-page-number>\n  <page-size type=\"integer\">{}</page-size>\n  \
         <total-items type=\"integer\">{}</total-items>{found}</credit-card-transactions>\n",
        account.page,
        ids.len()
    );
    (StatusCode::OK, body)
}

fn one(account: &Account, id: &str) -> Answer {
    if account.breaks_at.as_deref() == Some(id) {
        return (StatusCode::INTERNAL_SERVER_ERROR, String::new());
    }
    match account.transactions.iter().find(|one| one.id == id) {
        Some(one) => (
            StatusCode::OK,
            format!("<?xml version=\"1.0\"?>\n{}", one.xml()),
        ),
        None => (StatusCode::NOT_FOUND, String::new()),
    }
}
