//! Bodies that are no notification, and anything at all in the place of anything.

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use serde_json::Value;

use super::super::{Unreadable, form};
use super::{
    CONNECTED, Content, at, content, credit, event, notification, read, sale, subscription,
};

fn unreadable(body: &str) -> String {
    read(body.as_bytes(), at(CONNECTED))
        .expect_err("unreadable")
        .to_string()
}

fn in_form(xml: &[u8]) -> String {
    format!("bt_payload={}", STANDARD.encode(xml).replace('+', "%2B"))
}

#[test]
fn what_is_no_notification_is_unreadable() {
    for (body, why) in [
        ("", "the body is not readable form: bt_payload is missing"),
        (
            "a=b",
            "the body is not readable form: bt_payload is missing",
        ),
        (
            "bt_payload=%25",
            "the body is not readable base64 in bt_payload",
        ),
        ("<a", "the body is not readable XML"),
        ("<a/>", "the body is not a Braintree event: it is <a>"),
        (
            "<notification/>",
            "the body is not a Braintree event: notification.kind is missing",
        ),
    ] {
        assert_eq!(unreadable(body), why, "{body}");
    }
    assert_eq!(
        unreadable(&in_form(&[0xff, 0xfe])),
        "the body is not readable XML"
    );
    assert!(matches!(
        read(b"<\xff>", at(CONNECTED)),
        Err(Unreadable::NotReadable("XML"))
    ));
    let bomb = format!(
        "<!DOCTYPE a [<!ENTITY l \"lol\">]>{}",
        notification("check", "&l;")
    );
    assert_eq!(
        unreadable(&bomb),
        "the body is not readable XML: document types are refused"
    );
    assert_eq!(
        unreadable(&in_form(bomb.as_bytes())),
        "the body is not readable XML: document types are refused"
    );
    let deep = notification("check", &"<a>".repeat(100_000));
    assert_eq!(
        unreadable(&in_form(deep.as_bytes())),
        "the body is not readable XML: it is nested too deeply"
    );
}

#[test]
fn a_form_is_never_taken_for_a_document() {
    // Whoever sends a signed form again can't put a document before it.
    let payload = in_form(notification("check", "<check/>").as_bytes());
    let body = format!("a=<notification><kind>x</kind></notification>&{payload}");
    assert_eq!(event_of(&body), "check");
    let first = format!("{payload}&bt_payload=YQ%3D%3D");
    assert_eq!(event_of(&first), "check");
    assert!(form::is_document(b"<a/>&bt_payload=x") && !form::is_document(body.as_bytes()));
}

fn event_of(body: &str) -> String {
    read(body.as_bytes(), at(CONNECTED)).expect("readable").kind
}

#[test]
fn kinds_without_use_are_ignored_by_name() {
    for kind in [
        "disbursement",
        "a_new_kind",
        "SUBSCRIPTION_CANCELED",
        "постоянный",
    ] {
        assert_eq!(
            content(kind, "<x/>"),
            Content::Ignored(format!("{kind} is not used"))
        );
    }
    let timeless =
        notification("dispute_lost", "<dispute/>").replace("2026-11-01T12:00:00Z", "yesterday");
    let timeless = event(&timeless);
    assert_eq!(timeless.occurred_at, None);
    assert!(
        matches!(timeless.content, Content::Failed(why) if why.starts_with("notification.timestamp is not a time"))
    );
    let without = content("dispute_lost", "<subscription/>");
    assert_eq!(
        without,
        Content::Failed("notification.subject.dispute is missing".into())
    );
}

/// One of each notification, with everything in it that is read.
fn samples() -> Vec<String> {
    let discount = "<discounts type=\"array\"><discount><id>SARAH20</id></discount></discounts>";
    let rich = sale(
        "t1",
        &format!(
            "{discount}<custom-fields><via>sarah</via></custom-fields><tax-amount>1.00</tax-amount>\
             <refund-ids type=\"array\"><item>r9</item></refund-ids>"
        ),
    );
    let dispute = "<dispute><amount>250.00</amount><currency-iso-code>JPY</currency-iso-code><kind>chargeback</kind>\
                   <id>d1</id><transaction><id>t1</id></transaction></dispute>";
    let list = subscription(
        discount,
        &[
            rich.clone(),
            credit("r1", ""),
            sale("t0", "<status>voided</status>"),
        ],
    );
    let all = [
        ("subscription_charged_successfully", list.clone()),
        ("subscription_canceled", list.clone()),
        ("subscription_trial_ended", list),
        ("transaction_settled", rich),
        ("transaction_settlement_declined", sale("t1", "")),
        ("refund_failed", credit("r1", "")),
        ("transaction_search", credit("r1", "")),
        ("dispute_lost", dispute.to_owned()),
    ];
    all.iter()
        .map(|(kind, subject)| notification(kind, subject))
        .collect()
}

/// What can stand in the place of a text between two tags.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("<x><y>1</y></x>".to_owned()),
        Just("-1".to_owned()),
        Just("1e400".to_owned()),
        Just("9".repeat(40)),
        Just("x".repeat(3000)),
        Just("credit".to_owned()),
        Just("0001-01-01T00:00:00Z".to_owned()),
        Just("99999-12-31T23:59:59Z".to_owned()),
        Just("&#0;&#x10FFFF;".to_owned()),
        "[^<&]{0,40}",
    ]
}

/// Texts between tags, by where they are.
fn places(xml: &str) -> Vec<(usize, usize)> {
    let begins = xml.match_indices('>').map(|(at, _)| at + 1);
    let places = begins.filter_map(|begin| Some((begin, begin + xml[begin..].find('<')?)));
    places.collect()
}

/// Postgres has no NUL.
fn is_storable(told: &Value) -> bool {
    match told {
        Value::String(text) => !text.contains('\0'),
        Value::Array(all) => all.iter().all(is_storable),
        Value::Object(all) => all.values().all(is_storable),
        _ => true,
    }
}

fn check(event: &super::Event) {
    assert!((1..=255).contains(&event.external_id.len()) && !event.external_id.contains('\0'));
    assert!((1..=255).contains(&event.kind.len()) && !event.kind.contains('\0'));
    if let Content::Facts(facts) = &event.content {
        assert!(!facts.is_empty() && event.occurred_at.is_some());
        for payment in super::payments(facts) {
            assert!(0 < payment.base_minor && payment.base_minor <= payment.amount.minor);
            assert!((1..=255).contains(&payment.external_event_id.len()));
        }
        for back in super::backs(facts) {
            assert!(back.amount_minor >= 0 && (1..=262).contains(&back.external_id.len()));
        }
        let told = serde_json::to_value(facts).expect("JSON");
        assert!(is_storable(&told), "{told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_may_be_anything(sample in 0..8_usize, place in any::<prop::sample::Index>(), instead in anything()) {
        let xml = samples().swap_remove(sample);
        let places = places(&xml);
        let (begin, end) = places[place.index(places.len())];
        let changed = format!("{}{instead}{}", &xml[..begin], &xml[end..]);
        if let Ok(event) = read(changed.as_bytes(), at(CONNECTED)) {
            check(&event);
        }
    }

    #[test]
    fn any_part_may_be_missing(sample in 0..8_usize, from in any::<prop::sample::Index>(), length in 0..200_usize) {
        let mut xml = samples().swap_remove(sample);
        let from = from.index(xml.len());
        xml.replace_range(from..(from + length).min(xml.len()), "");
        if let Ok(event) = read(xml.as_bytes(), at(CONNECTED)) {
            check(&event);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&body, at(CONNECTED));
    }
}
