//! What Stripe sends, and the facts that must come of it.
//!
//! Owns the builders that compose payloads; each file below tests one object. The files in
//! `server/tests/fixtures/stripe` are real or official, the composed ones follow
//! `reference/stripe-fields.txt`.

use chrono::{DateTime, Utc};
use domain::{
    fact::{Clue, ClueKind, CustomerSeen, Fact, Payment, Referral, Signup},
    money::{Currency, Money},
};
use serde_json::{Value, json};

use super::{Content, Event, read};

mod amount;
mod back;
mod customer;
mod fixture;
mod garbage;
mod invoice;
mod session;
mod signature;
mod story;
mod transfer;

/// When the composed events happen; nothing in them happens at another time unless it says so.
const CREATED: i64 = 1_760_000_000;

fn at(unix: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix, 0).expect("in range")
}

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::parse(code).expect("a currency"))
}

fn event(kind: &str, object: &Value) -> Value {
    json!({
        "id": "evt_1", "object": "event", "api_version": null, "created": CREATED, "livemode": true,
        "type": kind, "data": {"object": object},
    })
}

fn read_json(event: &Value) -> Event {
    read(event.to_string().as_bytes()).expect("an event")
}

fn content(kind: &str, object: &Value) -> Content {
    read_json(&event(kind, object)).content
}

fn facts(kind: &str, object: &Value) -> Vec<Fact> {
    match content(kind, object) {
        Content::Facts(facts) => facts,
        other => panic!("no facts: {other:?}"),
    }
}

fn failure(kind: &str, object: &Value) -> String {
    match content(kind, object) {
        Content::Failed(why) => why,
        other => panic!("did not fail: {other:?}"),
    }
}

/// The facts of one kind.
macro_rules! pick {
    ($name:ident, $variant:ident, $fact:ty) => {
        fn $name(facts: &[Fact]) -> Option<$fact> {
            let mut found = facts.iter().filter_map(|fact| match fact {
                Fact::$variant(fact) => Some(fact.clone()),
                _ => None,
            });
            let first = found.next();
            assert_eq!(found.next(), None, "two of a kind");
            first
        }
    };
}
pick!(payment, Payment, Payment);
pick!(signup, Signup, Signup);
pick!(referral, Referral, Referral);
pick!(customer_seen, Customer, CustomerSeen);

fn clue(kind: ClueKind, value: &str, place: &str) -> Clue {
    Clue {
        kind,
        value: value.to_owned(),
        place: place.to_owned(),
    }
}

/// `object` with the members of `changes` put over its own.
fn with(mut object: Value, changes: Value) -> Value {
    if let (Value::Object(object), Value::Object(changes)) = (&mut object, changes) {
        object.extend(changes);
    }
    object
}

/// `object` without one member.
fn without(mut object: Value, key: &str) -> Value {
    if let Value::Object(object) = &mut object {
        object.remove(key);
    }
    object
}
