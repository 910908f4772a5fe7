//! Bodies that are no event, events of no use, and anything at all in the place of anything.

use super::super::Unreadable;
use super::{Content, Value, at, event, read, read_json, with, without};
use domain::{connection::Mode, money::MAX_MINOR};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn what_is_no_event_is_unreadable() {
    for body in [
        "",
        "{",
        "null junk",
        "\u{feff}{}",
        "{\"id\":\"\\ud800\",\"type\":\"x\"}",
        "{\"id\":1e999}",
    ] {
        assert!(
            matches!(read(body.as_bytes()), Err(Unreadable::NotReadable("JSON"))),
            "{body}"
        );
    }
    assert!(matches!(
        read(&[0xff, 0xfe]),
        Err(Unreadable::NotReadable("JSON"))
    ));
    let deep = "[".repeat(100_000);
    assert!(matches!(
        read(deep.as_bytes()),
        Err(Unreadable::NotReadable("JSON"))
    ));
    for body in [
        "null",
        "[]",
        "5",
        "\"evt_1\"",
        "{}",
        r#"{"id":"evt_1"}"#,
        r#"{"type":"ping"}"#,
    ] {
        assert!(
            matches!(read(body.as_bytes()), Err(Unreadable::NotAnEvent(..))),
            "{body}"
        );
    }
    for id in [
        json!(""),
        json!(5),
        json!("a\u{0}"),
        json!("x".repeat(256)),
        json!({"id": "evt_1"}),
    ] {
        let error =
            read(json!({"id": id, "type": "ping"}).to_string().as_bytes()).expect_err("unreadable");
        assert!(
            error
                .to_string()
                .starts_with("the body is not a Stripe event: event.id is"),
            "{error}"
        );
    }
}

#[test]
fn events_of_no_use_are_ignored_with_the_reason() {
    let event = read_json(&event("invoice.something_new", &json!({})));
    assert_eq!(
        event.content,
        Content::Ignored("invoice.something_new is not used".into())
    );
    assert_eq!(event.mode, Some(Mode::Live));
}

#[test]
fn thin_events_are_ignored() {
    let thin = json!({
        "id": "evt_1", "object": "v2.core.event", "type": "v1.invoice.paid", "livemode": false,
        "created": "2026-11-20T10:00:00.000Z", "related_object": {"id": "in_1", "type": "invoice"},
    });
    let event = read_json(&thin);
    assert!(matches!(event.content, Content::Ignored(why) if why.contains("thin event")));
    assert_eq!(event.occurred_at, Some(at(1_795_168_800)));
    // Also when it is called like an event that is in use.
    let event = read_json(&with(thin, json!({"type": "invoice.paid", "data": {}})));
    assert!(matches!(event.content, Content::Ignored(_)));
}

#[test]
fn an_event_without_time_or_object_fails_by_name() {
    let whole = event("customer.updated", &json!({"id": "cus_1"}));
    for (change, why) in [
        (json!({"created": null}), "event.created is missing"),
        (
            json!({"created": "yesterday"}),
            "event.created is not a time in Unix seconds",
        ),
        (
            json!({"created": i64::MAX}),
            "event.created is not a time in Unix seconds",
        ),
        (
            json!({"created": -1}),
            "event.created is not a time in Unix seconds",
        ),
        (json!({"data": {}}), "event.data.object is missing"),
        (json!({"data": null}), "event.data.object is missing"),
        (
            json!({"data": {"object": "cus_1"}}),
            "customer.id is missing",
        ),
    ] {
        let event = read_json(&with(whole.clone(), change));
        assert_eq!(event.content, Content::Failed(why.into()));
    }
    let unsaid = read_json(&without(whole, "livemode"));
    assert_eq!(unsaid.mode, Some(Mode::Test));
}

/// One of each event, with everything in it that is read.
fn samples() -> Vec<Value> {
    let discount = json!({"id": "di_1", "promotion_code": "promo_1", "coupon": {"id": "c"}, "source": {"coupon": "c"}});
    let line = json!({
        "subscription": "sub_1", "metadata": {"via": "a"}, "discounts": [discount],
        "parent": {"subscription_item_details": {"subscription": "sub_1"}},
    });
    let invoice = json!({
        "id": "in_1", "customer": "cus_1", "currency": "isk", "customer_email": "a@example.com",
        "customer_name": "A", "amount_paid": 3000, "amount_due": 3000, "total": 4400, "status": "open",
        "total_excluding_tax": null, "total_taxes": [{"amount": 400}], "total_tax_amounts": [], "tax": 1,
        "status_transitions": {"paid_at": 1, "finalized_at": 1}, "metadata": {"ref": "b"},
        "parent": {"subscription_details": {"subscription": "sub_1", "metadata": {"via": "a"}}},
        "subscription_details": {"metadata": {}}, "discount": discount, "discounts": [discount],
        "lines": {"data": [line]}, "payments": {"data": [{"payment": {"payment_intent": "pi_1"}}]},
    });
    let session = json!({
        "id": "cs_1", "mode": "payment", "payment_status": "paid", "currency": "kwd", "amount_total": 5,
        "total_details": {"amount_tax": 1}, "customer": "cus_1", "customer_details": {"email": "a@b.c"},
        "payment_intent": "pi_1", "client_reference_id": "a", "metadata": {"via": "a"},
        "custom_fields": [{"key": "ref", "text": {"value": "a"}}], "discounts": [discount],
    });
    let code = json!({"id": "promo_1", "code": "A", "promotion": {"coupon": "c"}});
    vec![
        event("invoice.paid", &invoice),
        event("checkout.session.completed", &session),
        event(
            "customer.created",
            &json!({"id": "cus_1", "email": "a@b.c", "metadata": {"via": "a"}}),
        ),
        event("promotion_code.created", &code),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![0, 1, -1, MAX_MINOR, MAX_MINOR + 1, i64::MAX, i64::MIN])
            .prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec!["", "usd", "isk", "subscription", "payment", "\u{0}"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("id|via|coupon|data|[a-z]{1,3}", inner, 0..4)
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
        if let domain::fact::Fact::Payment(payment) = fact {
            let amount = payment.amount.minor;
            assert!((1..=MAX_MINOR).contains(&amount));
            assert!((1..=amount).contains(&payment.base_minor));
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
        sample in 0_usize..4,
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
        let _ = super::super::SIGNED.check(Some(&header), &body, &["whsec_1".to_owned()], at(0));
    }
}
