//! Payloads that Braintree made, not us. Their origins are in the README beside them.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    fact::Fact,
    refund::{BackKind, BackStatus},
};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::{Content, at, backs, payments, read};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/fixtures/braintree/", $name))
    };
}

fn facts_since(xml: &str, connected_at: &str) -> Vec<Fact> {
    let event = read(xml.trim().as_bytes(), at(connected_at)).expect("readable");
    match event.content {
        Content::Facts(facts) => facts,
        other => panic!("no facts: {other:?}"),
    }
}

fn content_of(xml: &str) -> Content {
    read(xml.trim().as_bytes(), at("2019-09-01T00:00:00Z"))
        .expect("readable")
        .content
}

#[test]
fn a_real_form_is_read_as_it_came() {
    let form: Value = serde_json::from_str(fixture!(
        "real__subscription_charged_successfully__form.json"
    ))
    .expect("JSON");
    let mut body = Serializer::new(String::new());
    for name in ["bt_signature", "bt_payload"] {
        body.append_pair(name, form[name].as_str().expect("text"));
    }
    let event = read(body.finish().as_bytes(), at("2019-09-01T00:00:00Z")).expect("readable");
    assert_eq!(event.kind, "subscription_charged_successfully");
    assert_eq!(event.occurred_at, Some(at("2019-09-06T19:28:24Z")));
    assert_eq!(event.mode, None);
    let xml = fixture!("real__subscription_charged_successfully.xml");
    let again = read(xml.as_bytes(), at("2019-09-01T00:00:00Z")).expect("readable");
    assert_eq!(
        (again.external_id, again.content),
        (event.external_id, event.content)
    );
    let payload = form["bt_payload"].as_str().expect("text");
    let wrapped = payload.lines().map(str::len).max();
    assert_eq!(wrapped, Some(60));
    assert!(STANDARD.decode(payload.replace('\n', "")).is_ok());
}

#[test]
fn of_ten_real_transactions_those_since_the_connection_count() {
    let xml = fixture!("real__subscription_charged_successfully.xml");
    for (connected_at, count) in [
        ("2019-09-06T19:28:24Z", 1),
        ("2019-08-01T00:00:00Z", 2),
        ("2018-01-01T00:00:00Z", 10),
    ] {
        let facts = facts_since(xml, connected_at);
        assert_eq!(payments(&facts).len(), count, "{connected_at}");
        assert!(backs(&facts).is_empty());
    }
    let facts = facts_since(xml, "2019-09-01T00:00:00Z");
    let payment = payments(&facts)[0];
    assert_eq!(payment.external_event_id, "17jt85d2");
    assert_eq!((payment.amount.minor, payment.base_minor), (1000, 1000));
    assert_eq!(payment.paid_at, at("2019-09-06T19:28:24Z"));
    assert_eq!(payment.ids.subscription.as_deref(), Some("f6rnpm"));
    assert_eq!(payment.ids.customer.as_deref(), Some("108696401"));
    assert_eq!(payment.email.as_deref(), Some("test@example.com"));
    assert_eq!(
        (payment.name.as_deref(), payment.metadata.as_str()),
        (None, "{}")
    );
}

#[test]
fn real_ends_and_trials() {
    let cancelled = fixture!("real__subscription_cancelled.xml");
    let facts = facts_since(cancelled, "2021-02-01T00:00:00Z");
    assert!(payments(&facts).is_empty());
    let Some(Fact::Ended(end)) = facts.last() else {
        panic!("{facts:?}")
    };
    assert_eq!(
        (end.subscription.as_str(), end.ended_at),
        ("358bw6", at("2021-02-15T18:13:22Z"))
    );
    assert_eq!(
        payments(&facts_since(cancelled, "2020-12-01T00:00:00Z")).len(),
        2
    );
    let trial = content_of(fixture!("real__subscription_trial_ended.xml"));
    assert_eq!(
        trial,
        Content::Ignored("nothing on the subscription names an affiliate".into())
    );
}

#[test]
fn the_sdks_samples() {
    let one_back = |xml: &str| {
        let facts = facts_since(xml, "2019-09-01T00:00:00Z");
        let back = backs(&facts)[0].clone();
        (back.kind, back.status, back.amount_minor)
    };
    for (xml, status) in [
        (fixture!("sdk_sample__dispute_opened.xml"), BackStatus::Open),
        (
            fixture!("sdk_sample__dispute_under_review.xml"),
            BackStatus::Open,
        ),
        (
            fixture!("sdk_sample__dispute_disputed.xml"),
            BackStatus::Open,
        ),
        (
            fixture!("sdk_sample__dispute_accepted.xml"),
            BackStatus::Lost,
        ),
        (
            fixture!("sdk_sample__dispute_auto_accepted.xml"),
            BackStatus::Lost,
        ),
        (
            fixture!("sdk_sample__dispute_expired.xml"),
            BackStatus::Lost,
        ),
        (fixture!("sdk_sample__dispute_lost.xml"), BackStatus::Lost),
    ] {
        assert_eq!(one_back(xml), (BackKind::Dispute, status, 25_000));
    }
    // 245 of 250 were won.
    let won = one_back(fixture!("sdk_sample__dispute_won.xml"));
    assert_eq!(won, (BackKind::Dispute, BackStatus::Lost, 500));
    let refund = |status, minor| (BackKind::Refund, status, minor);
    assert_eq!(
        one_back(fixture!("sdk_sample__refund_failed.xml")),
        refund(BackStatus::Failed, 0)
    );
    let declined = one_back(fixture!("sdk_sample__transaction_settlement_declined.xml"));
    assert_eq!(declined, refund(BackStatus::Succeeded, 10_000));
    let settled = facts_since(
        fixture!("sdk_sample__transaction_settled.xml"),
        "2019-09-01T00:00:00Z",
    );
    assert_eq!(payments(&settled)[0].amount.minor, 10_000);
    // The sample says neither type nor currency.
    let charged = content_of(fixture!(
        "sdk_sample__subscription_charged_successfully.xml"
    ));
    assert_eq!(
        charged,
        Content::Failed("transaction.type is missing".into())
    );
    assert!(
        matches!(content_of(fixture!("sdk_sample__check.xml")), Content::Ignored(why) if why.contains("check"))
    );
    for xml in [
        fixture!("sdk_sample__transaction_disbursed.xml"),
        fixture!("sdk_sample__transaction_retried.xml"),
        fixture!("sdk_sample__transaction_reviewed.xml"),
        fixture!("sdk_sample__local_payment_completed.xml"),
        fixture!("sdk_sample__local_payment_reversed.xml"),
    ] {
        assert!(matches!(content_of(xml), Content::Ignored(why) if why.ends_with("is not used")));
    }
}
