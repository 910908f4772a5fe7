//! Bodies that are no event, events of no use, and anything at all in the place of anything.

use chrono::DateTime;
use domain::{fact::Fact, money::MAX_MINOR};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Content, Unreadable, adjustment, customer, discount, event, read, read_json, subscription,
    transaction, with,
};

#[test]
fn what_is_no_event_is_unreadable() {
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "{",
        "\u{feff}{}",
        "{\"event_id\":\"\\ud800\"}",
        deep.as_str(),
    ] {
        let read = read(body.as_bytes());
        assert!(
            matches!(read, Err(Unreadable::NotReadable("JSON"))),
            "{body:.40}"
        );
    }
    for body in [
        "null",
        "[]",
        "{}",
        r#"{"event_id":"evt_1"}"#,
        r#"{"event_type":"ping"}"#,
        r#"{"id":"evt_1","type":"ping"}"#,
        r#"{"event_id":5,"event_type":"ping"}"#,
        r#"{"event_id":"","event_type":"ping"}"#,
    ] {
        let error = read(body.as_bytes()).expect_err("no event").to_string();
        assert!(
            error.starts_with("the body is not a Paddle event: event.event_"),
            "{error}"
        );
    }
}

#[test]
fn an_event_without_time_or_data_fails_by_name() {
    let whole = event("customer.updated", &customer());
    for (place, value, why) in [
        ("/occurred_at", json!(null), "event.occurred_at is missing"),
        (
            "/occurred_at",
            json!("0001-01-01T00:00:00Z"),
            "event.occurred_at is missing",
        ),
        (
            "/occurred_at",
            json!(1_760_000_000),
            "event.occurred_at is not a time in RFC 3339",
        ),
        (
            "/occurred_at",
            json!("1969-12-31T23:59:59Z"),
            "event.occurred_at is not a time in RFC 3339",
        ),
        ("/data", json!(null), "event.data is missing"),
        ("/data", json!("ctm_1"), "customer.id is missing"),
        ("/data", json!([]), "customer.id is missing"),
    ] {
        let event = read_json(&with(whole.clone(), &[(place, value)]));
        assert_eq!(event.content, Content::Failed(why.into()));
    }
}

#[test]
fn events_of_no_use_are_ignored_whatever_is_in_them() {
    for kind in [
        "subscription.activated",
        "subscription.updated",
        "discount_group.created",
        "address.imported",
        "payout.paid",
        "x",
        ".",
        "TRANSACTION.COMPLETED",
    ] {
        let event = with(event(kind, &json!(null)), &[("/occurred_at", json!(null))]);
        let content = read_json(&event).content;
        assert!(
            matches!(&content, Content::Ignored(why) if why.starts_with(&format!("{kind} is not used"))),
            "{content:?}"
        );
    }
}

/// One of each event, with everything in it that is read.
fn samples() -> Vec<Value> {
    let custom = json!({"via": "sarah", "tributary_click": "clk"});
    let named = |value: Value| with(value, &[("/custom_data", custom.clone())]);
    let free = with(
        transaction(),
        &[
            ("/details/totals/grand_total", json!("0")),
            ("/details/totals/total", json!("0")),
        ],
    );
    let credit = with(
        transaction(),
        &[
            ("/details/totals/grand_total", json!("3000")),
            ("/details/totals/grand_total_tax", json!(null)),
        ],
    );
    let trial = with(
        subscription(),
        &[
            ("/status", json!("trialing")),
            ("/discount", json!({"id": "dsc_1"})),
        ],
    );
    let refund = with(adjustment(), &[("/status", json!("approved"))]);
    vec![
        event("transaction.completed", &named(transaction())),
        event("transaction.completed", &named(free)),
        event("transaction.completed", &credit),
        event("adjustment.updated", &refund),
        event("customer.created", &named(customer())),
        event("subscription.created", &named(trial)),
        event("subscription.canceled", &subscription()),
        event("discount.created", &discount()),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i64>().prop_map(|number| Value::from(number.to_string())),
        prop::sample::select(vec![0, 1, -1, MAX_MINOR, MAX_MINOR + 1, i64::MAX, i64::MIN])
            .prop_map(|number| Value::from(number.to_string())),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "JPY",
            "web",
            "tax",
            "chargeback",
            "reversed",
            "\u{0}",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:60Z",
            "2025-10-09T08:53:20.999999999+23:59",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("id|via|totals|total|[a-z]{1,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                places(value, &format!("{here}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &format!("{here}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Whatever is read must be fit to be stored.
fn check(content: &Content) {
    let Content::Facts(facts) = content else {
        return;
    };
    assert!(!facts.is_empty());
    for fact in facts {
        let json = serde_json::to_string(fact).expect("JSON");
        assert!(!json.contains("\\u0000"), "{json}");
        match fact {
            Fact::Payment(payment) => {
                let amount = payment.amount.minor;
                assert!((1..=MAX_MINOR).contains(&amount));
                assert!((1..=amount).contains(&payment.base_minor));
                assert!(payment.paid_at >= DateTime::UNIX_EPOCH);
            }
            Fact::Back(back) => assert!((1..=MAX_MINOR).contains(&back.amount_minor)),
            _ => {}
        }
    }
}

#[test]
fn the_samples_are_whole() {
    for sample in samples() {
        let content = read_json(&sample).content;
        assert!(matches!(content, Content::Facts(_)), "{content:?}");
    }
}

proptest! {
    #[test]
    fn anything_in_the_place_of_anything_is_survived(
        sample in 0_usize..8,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..4),
    ) {
        let mut event = samples().swap_remove(sample);
        for (index, value) in changes {
            let mut found = Vec::new();
            places(&event, "", &mut found);
            let place = index.get(&found);
            if let Some(old) = event.pointer_mut(place) {
                *old = value;
            }
        }
        if let Ok(event) = read(event.to_string().as_bytes()) {
            check(&event.content);
        }
    }

    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200), header in ".*") {
        let _ = read(&body);
        let _ = super::super::SIGNED.check(Some(&header), &body, &["s".to_owned()], DateTime::UNIX_EPOCH);
    }
}
