//! Paddle's own samples, unchanged, and what each of them tells.

use domain::{
    fact::Fact,
    refund::{BackKind, BackStatus},
};
use serde_json::Value;

use super::{Content, money, read_json, time};

macro_rules! fixture {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!(
            "../../../../tests/fixtures/paddle/",
            $name,
            ".json"
        )))
        .expect("JSON")
    };
}

fn facts(sample: &Value) -> Vec<Fact> {
    match read_json(sample).content {
        Content::Facts(facts) => facts,
        other => panic!("no facts: {other:?}"),
    }
}

#[test]
fn the_envelope() {
    let event = read_json(&fixture!("transaction.completed"));
    assert_eq!(event.external_id, "evt_01h8e1jxjnw9ra6zarhnz1a7y1");
    assert_eq!(event.kind, "transaction.completed");
    assert_eq!(event.occurred_at, Some(time("2023-08-22T07:15:45.366122Z")));
    assert_eq!(event.mode, None);
}

#[test]
fn a_completed_transaction() {
    let facts = facts(&fixture!("transaction.completed"));
    let [Fact::Payment(payment)] = facts.as_slice() else {
        panic!("no payment: {facts:?}");
    };
    assert_eq!(payment.external_event_id, "txn_01h8dzxgkvdwemdhbpcapj2tbj");
    assert_eq!(
        (payment.amount, payment.base_minor),
        (money(65_215, "USD"), 59_900)
    );
    assert_eq!(payment.paid_at, time("2023-08-22T07:15:43.792797Z"));
    assert_eq!(
        payment.ids.customer.as_deref(),
        Some("ctm_01h8e18bxp9hby49dnm8ewf0m0")
    );
    assert_eq!((&payment.ids.subscription, payment.clues.len()), (&None, 0));
}

#[test]
fn a_refund_that_is_asked_for_and_approved() {
    for (sample, status, told_at) in [
        (
            fixture!("adjustment.created"),
            BackStatus::Open,
            "2023-08-21T14:08:43.786457Z",
        ),
        (
            fixture!("adjustment.updated"),
            BackStatus::Succeeded,
            "2023-08-21T14:10:08.650443Z",
        ),
    ] {
        let facts = facts(&sample);
        let [Fact::Back(back)] = facts.as_slice() else {
            panic!("nothing went back: {facts:?}");
        };
        assert_eq!(back.external_id, "adj_01h8c6tbrkpdd7vx61w7b1r0ap");
        assert_eq!((back.kind, back.status), (BackKind::Refund, status));
        assert_eq!((back.amount_minor, back.told_at), (100, time(told_at)));
        assert_eq!(back.payment, ["txn_01h8bxpvx398a7zbawb77y0kp5"]);
    }
}

#[test]
fn customers_and_discounts() {
    let customer = facts(&fixture!("customer.created"));
    assert!(matches!(
        customer.as_slice(),
        [Fact::Customer(seen), Fact::Signup(_)] if seen.email.as_deref() == Some("sam@example.com")
    ));
    for (sample, email) in [
        (fixture!("customer.updated"), "alex@example.com"),
        (fixture!("customer.imported"), "sam@example.com"),
    ] {
        let facts = facts(&sample);
        assert!(
            matches!(facts.as_slice(), [Fact::Customer(seen)] if seen.email.as_deref() == Some(email)),
            "{facts:?}"
        );
    }
    for (sample, code) in [
        (fixture!("discount.created"), "SG6JNMJQ3D"),
        (fixture!("discount.imported"), "ZJFYC3K9KT"),
    ] {
        let facts = facts(&sample);
        assert!(matches!(facts.as_slice(), [Fact::PromotionCode(seen)] if seen.code == code));
    }
}

#[test]
fn subscriptions() {
    let trial = facts(&fixture!("subscription.trialing"));
    assert!(matches!(
        trial.as_slice(),
        [Fact::Signup(signup)] if signup.ids.subscription.as_deref() == Some("sub_01h84ck8sg4ebkpzqb9x2mtjjf")
    ));
    let ended = facts(&fixture!("subscription.canceled"));
    assert!(matches!(
        ended.as_slice(),
        [Fact::Ended(end)] if end.ended_at == time("2024-01-11T08:34:01.787929Z")
    ));
}
