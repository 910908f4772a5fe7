//! Transfers at the stand-in: made once for each idempotency key, found by their group.

use std::{
    collections::{BTreeMap, HashMap},
    future::pending,
    sync::{Arc, Mutex},
};

use axum::{
    Json,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Account, Answer, Call, header, list, refusal};

/// How a call for a transfer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The transfer is made, and nobody ever hears of it.
    Lost,
    /// Nothing is made: Stripe fails.
    Broken,
    /// Nothing is made, for this reason.
    Refused(&'static str),
}

/// The transfers of an account, and how calls for more end.
#[derive(Default)]
pub(crate) struct Transfers {
    /// In the order in which they were made.
    pub(crate) made: Vec<Value>,
    /// How often one was asked for.
    pub(crate) asked: usize,
    /// How the next calls end; those after them succeed.
    pub(crate) endings: Vec<Ending>,
    /// What was answered to which key, for which body.
    answered: HashMap<String, (String, Value)>,
}

impl Transfers {
    /// As after a day: what was made stays, the keys are gone.
    pub(crate) fn forget_keys(&mut self) {
        self.answered.clear();
    }
}

/// `POST /v1/transfers`
pub(super) async fn make(
    State(account): State<Arc<Mutex<Account>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let body = String::from_utf8(body.to_vec()).expect("a form");
    let answer = {
        let mut account = account.lock().expect("nobody panicked with it");
        if header(&headers, "authorization") != format!("Bearer {}", account.key) {
            return refusal(StatusCode::UNAUTHORIZED, "invalid_request_error", "no key");
        }
        let key = header(&headers, "idempotency-key");
        assert!(!key.is_empty(), "who asks for money says so once");
        answered(&mut account.transfers, key, &body)
    };
    match answer {
        Some(answer) => answer,
        None => pending().await,
    }
}

/// `None`: it is never answered.
fn answered(transfers: &mut Transfers, key: &str, body: &str) -> Option<Answer> {
    transfers.asked += 1;
    if let Some((known, transfer)) = transfers.answered.get(key) {
        if known != body {
            let why = "Keys for idempotent requests can only be used with the same parameters.";
            return Some(refusal(StatusCode::BAD_REQUEST, "idempotency_error", why));
        }
        return Some((StatusCode::OK, Json(transfer.clone())));
    }
    let ending = (!transfers.endings.is_empty()).then(|| transfers.endings.remove(0));
    match ending {
        Some(Ending::Broken) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Some(refusal(status, "api_error", "down"));
        }
        Some(Ending::Refused(code)) => {
            let error = json!({"type": "invalid_request_error", "code": code, "message": "No."});
            return Some((StatusCode::BAD_REQUEST, Json(json!({"error": error}))));
        }
        Some(Ending::Lost) | None => {}
    }
    let transfer = transfer(transfers.made.len() + 1, body);
    transfers.made.push(transfer.clone());
    let kept = (body.to_owned(), transfer.clone());
    transfers.answered.insert(key.to_owned(), kept);
    (ending != Some(Ending::Lost)).then_some((StatusCode::OK, Json(transfer)))
}

fn transfer(number: usize, body: &str) -> Value {
    let fields: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let metadata: BTreeMap<&str, &String> = fields
        .iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
            Some((name, value))
        })
        .collect();
    let amount: i64 = fields["amount"].parse().expect("whole units");
    json!({
        "id": format!("tr_{number}"), "object": "transfer", "amount": amount, "amount_reversed": 0,
        "currency": fields["currency"], "destination": fields["destination"], "reversed": false,
        "metadata": metadata, "transfer_group": fields["transfer_group"], "livemode": false,
    })
}

/// `GET /v1/transfers`
pub(super) async fn find(
    State(account): State<Arc<Mutex<Account>>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let call = Call {
        path: "/v1/transfers".to_owned(),
        query: query.into_owned().collect(),
        version: String::new(),
    };
    let mut account = account.lock().expect("nobody panicked with it");
    account.calls.push(call.clone());
    let groups = call.values("transfer_group");
    assert_eq!(groups.len(), 1, "only a payout's own are asked for");
    let made = account.transfers.made.iter();
    let found: Vec<Value> = made
        .filter(|one| one["transfer_group"] == groups[0])
        .cloned()
        .collect();
    list(&found, false)
}
