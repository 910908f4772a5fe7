//! A stand-in for Stripe's API: lists events by page, newest first, knows payments, and makes transfers.

mod transfers;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use url::form_urlencoded;

pub(crate) use self::transfers::Ending;
use self::transfers::Transfers;

/// What it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) version: String,
}

impl Call {
    /// The values of a parameter.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let given = self.query.iter().filter(|(own, _)| own == name);
        given.map(|(_, value)| value.as_str()).collect()
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.values(name).first()?.parse().ok()
    }
}

/// What it knows and how it behaves; tests set it as they like.
#[derive(Default)]
pub(crate) struct Account {
    /// The key it takes.
    pub(crate) key: String,
    /// In any order.
    pub(crate) events: Vec<Value>,
    /// The most events of a page.
    pub(crate) page: usize,
    /// Invoices by payment intent.
    pub(crate) invoices: HashMap<String, String>,
    /// Charges by id.
    pub(crate) charges: HashMap<String, Value>,
    /// Answers 500 to pages that begin after an event.
    pub(crate) breaks_at_second_page: bool,
    /// Answers 500 to everything.
    pub(crate) is_down: bool,
    pub(crate) transfers: Transfers,
    pub(crate) calls: Vec<Call>,
}

/// Serves on a free port: its address, and what serves.
pub(super) async fn serve(app: Router) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move {
        axum::serve(listener, app).await.expect("serves");
    });
    (format!("http://{address}"), serving)
}

/// The server; it is gone when it is dropped.
pub(crate) struct StandIn {
    account: Arc<Mutex<Account>>,
    pub(crate) base_url: String,
    serving: JoinHandle<()>,
}

impl StandIn {
    /// Starts it for an account with this key.
    pub(crate) async fn start(key: &str) -> Self {
        let account = Account {
            key: key.to_owned(),
            page: 100,
            ..Account::default()
        };
        let account = Arc::new(Mutex::new(account));
        let app = Router::new()
            .route("/v1/transfers", get(transfers::find).post(transfers::make))
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

    /// How often this path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let account = self.account();
        account
            .calls
            .iter()
            .filter(|call| call.path == path)
            .count()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Answer = (StatusCode, Json<Value>);

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name);
    value.map_or("", |value| value.to_str().expect("text"))
}

async fn answer(
    State(account): State<Arc<Mutex<Account>>>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let call = Call {
        path: uri.path().to_owned(),
        query: query.into_owned().collect(),
        version: header(&headers, "stripe-version").to_owned(),
    };
    let mut account = account.lock().expect("nobody panicked with it");
    account.calls.push(call.clone());
    let given = header(&headers, "authorization").trim_start_matches("Bearer ");
    if given != account.key {
        // Stripe shows parts of the key; here all of it, to see that it is not repeated.
        let message = format!("Invalid API Key provided: {given}");
        return refusal(StatusCode::UNAUTHORIZED, "invalid_request_error", &message);
    }
    if account.is_down {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "down");
    }
    match call.path.strip_prefix("/v1/").unwrap_or_default() {
        "events" => events(&account, &call),
        "invoice_payments" => invoice_payments(&account, &call),
        path => charge(
            &account,
            &call,
            path.strip_prefix("charges/").unwrap_or_default(),
        ),
    }
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Answer {
    (
        status,
        Json(json!({"error": {"type": kind, "message": message}})),
    )
}

fn list(data: &[Value], has_more: bool) -> Answer {
    let list = json!({"object": "list", "data": data, "has_more": has_more, "url": "/v1/x"});
    (StatusCode::OK, Json(list))
}

fn events(account: &Account, call: &Call) -> Answer {
    let kinds = call.values("types[]");
    if kinds.len() > 20 {
        return refusal(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "too many types",
        );
    }
    let created = |event: &Value| event["created"].as_i64().expect("a time");
    let since = call.number("created[gte]").unwrap_or(i64::MIN);
    let until = call.number("created[lt]").unwrap_or(i64::MAX);
    let is_meant = |event: &&Value| {
        let kind = event["type"].as_str().expect("a type");
        (since..until).contains(&created(event)) && (kinds.is_empty() || kinds.contains(&kind))
    };
    let mut found: Vec<Value> = account.events.iter().filter(is_meant).cloned().collect();
    found.sort_by_key(|event| -created(event));
    if let Some(after) = call.values("starting_after").first() {
        if account.breaks_at_second_page {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "down");
        }
        let place = found.iter().position(|event| event["id"] == **after);
        found.drain(..=place.expect("an event of the list"));
    }
    let limit = call
        .number("limit")
        .and_then(|limit| usize::try_from(limit).ok());
    let size = limit.unwrap_or(10).min(account.page).min(found.len());
    list(&found[..size], size < found.len())
}

fn invoice_payments(account: &Account, call: &Call) -> Answer {
    if call.version.as_str() < "2025-03-31.basil" {
        return refusal(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            "unknown URL",
        );
    }
    assert_eq!(call.values("payment[type]"), ["payment_intent"]);
    let id = call.values("payment[payment_intent]")[0];
    let payment = account.invoices.get(id).map(|invoice| {
        json!({"object": "invoice_payment", "invoice": invoice, "status": "paid",
            "payment": {"type": "payment_intent", "payment_intent": id}})
    });
    list(payment.as_slice(), false)
}

fn charge(account: &Account, call: &Call, id: &str) -> Answer {
    let Some(charge) = account.charges.get(id) else {
        return refusal(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            "no such charge",
        );
    };
    let mut charge = charge.clone();
    if call.version.as_str() >= "2025-03-31.basil" {
        charge.as_object_mut().expect("an object").remove("invoice");
    }
    (StatusCode::OK, Json(charge))
}
