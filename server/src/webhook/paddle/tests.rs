//! What Paddle sends, and the facts that must come of it.
//!
//! Owns the builders that compose payloads; each file below tests one object. The files in
//! `server/tests/fixtures/paddle` are official samples, the composed ones have their shape.

use chrono::{DateTime, Utc};
use domain::{
    fact::{Clue, ClueKind, Fact},
    money::{Currency, Money},
};
use serde_json::{Value, json};

use super::{Content, Event, Unreadable, read};

mod adjustment;
mod customer;
mod fixture;
mod garbage;
mod page;
mod signature;
mod subscription;
mod transaction;

/// When the composed events happen.
const AT: &str = "2025-10-09T08:53:20.123456Z";

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::parse(code).expect("a currency"))
}

fn event(kind: &str, data: &Value) -> Value {
    json!({
        "event_id": "evt_1", "event_type": kind, "occurred_at": AT, "notification_id": "ntf_1", "data": data,
    })
}

fn read_json(event: &Value) -> Event {
    read(event.to_string().as_bytes()).expect("an event")
}

fn content(kind: &str, data: &Value) -> Content {
    read_json(&event(kind, data)).content
}

fn facts(kind: &str, data: &Value) -> Vec<Fact> {
    match content(kind, data) {
        Content::Facts(facts) => facts,
        other => panic!("no facts: {other:?}"),
    }
}

fn ignored(kind: &str, data: &Value) -> String {
    match content(kind, data) {
        Content::Ignored(why) => why,
        other => panic!("not ignored: {other:?}"),
    }
}

fn failure(kind: &str, data: &Value) -> String {
    match content(kind, data) {
        Content::Failed(why) => why,
        other => panic!("did not fail: {other:?}"),
    }
}

fn clue(kind: ClueKind, value: &str, place: &str) -> Clue {
    Clue {
        kind,
        value: value.to_owned(),
        place: place.to_owned(),
    }
}

/// `value` with what is at a JSON pointer replaced, or put there.
fn with(mut value: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, change) in changes {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = value.pointer_mut(parent).expect("a place");
        match parent {
            Value::Array(items) => items[key.parse::<usize>().expect("an index")] = change.clone(),
            other => other[key] = change.clone(),
        }
    }
    value
}

/// 44.00 with 4.00 tax, by card, on a subscription.
fn transaction() -> Value {
    json!({
        "id": "txn_1", "status": "completed", "origin": "web", "collection_mode": "automatic",
        "customer_id": "ctm_1", "subscription_id": "sub_1", "discount_id": null, "invoice_id": "inv_1",
        "invoice_number": "325-10566", "currency_code": "USD", "custom_data": null,
        "billed_at": "2025-10-09T08:53:19Z", "created_at": "2025-10-09T08:50:00Z",
        "details": {"totals": {
            "subtotal": "4000", "discount": "0", "tax": "400", "total": "4400", "credit": "0", "balance": "0",
            "credit_to_balance": "0", "grand_total": "4400", "grand_total_tax": "400", "currency_code": "USD",
        }},
        "payments": [
            {"amount": "4400", "status": "captured", "captured_at": "2025-10-09T08:53:17.5Z"},
            {"amount": "4400", "status": "error", "captured_at": null},
        ],
    })
}

/// A refund of 11.00 with 1.00 tax, as it was asked for.
fn adjustment() -> Value {
    json!({
        "id": "adj_1", "action": "refund", "type": "partial", "reason": "error", "status": "pending_approval",
        "transaction_id": "txn_1", "subscription_id": "sub_1", "customer_id": "ctm_1", "currency_code": "USD",
        "items": [{"id": "adjitm_1", "item_id": "txnitm_1", "type": "partial", "amount": "1100",
            "totals": {"subtotal": "1000", "tax": "100", "total": "1100"}, "proration": null}],
        "totals": {"subtotal": "1000", "tax": "100", "total": "1100", "fee": "50", "earnings": "950",
            "currency_code": "USD"},
        "created_at": "2025-10-09T08:53:19Z", "updated_at": "0001-01-01T00:00:00Z",
    })
}

fn customer() -> Value {
    json!({
        "id": "ctm_1", "name": "Ann", "email": "Ann@Example.com", "locale": "en", "status": "active",
        "custom_data": null, "import_meta": null,
    })
}

fn subscription() -> Value {
    json!({
        "id": "sub_1", "status": "active", "customer_id": "ctm_1", "transaction_id": "txn_1",
        "custom_data": null, "discount": null, "canceled_at": null,
    })
}

fn discount() -> Value {
    json!({"id": "dsc_1", "status": "active", "code": "SARAH20", "import_meta": null})
}
