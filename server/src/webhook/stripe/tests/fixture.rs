//! Payloads that Stripe made, not us. Their origins are in the README beside them.

use super::{Content, Event, at, content, customer_seen, facts, money, payment, read_json, with};
use domain::{
    connection::Mode,
    fact::{Fact, SubjectKind},
    refund::BackKind,
};
use serde_json::{Value, json};

macro_rules! fixture {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!(
            "../../../../tests/fixtures/stripe/",
            $name
        )))
        .expect("JSON")
    };
}

fn facts_of(event: Event) -> Vec<Fact> {
    match event.content {
        Content::Facts(facts) => facts,
        other => panic!("no facts: {other:?}"),
    }
}

#[test]
fn real_basil_invoice() {
    let event = read_json(&fixture!("basil-2025-04-30__invoice.paid__zulip.json"));
    assert_eq!(event.external_id, "add_minimum_licenses--Event.list.3.json");
    assert_eq!(
        (event.kind.as_str(), event.mode == Some(Mode::Live)),
        ("invoice.paid", false)
    );
    assert_eq!(event.occurred_at, Some(at(1_000_000_000)));
    let payment = payment(&facts_of(event)).expect("a payment");
    assert_eq!(
        payment.external_event_id,
        "add_minimum_licenses--Event.list.2.json"
    );
    assert_eq!(
        (payment.amount, payment.base_minor),
        (money(100_000, "USD"), 100_000)
    );
    assert_eq!(payment.email.as_deref(), Some("hamlet@zulip.com"));
    assert_eq!((payment.ids.subscription, payment.clues), (None, vec![]));
    assert!(payment.metadata.contains(r#""licenses":"25""#));
}

#[test]
fn edited_2020_invoice() {
    let event = fixture!("2020-03-02__invoice_paid__sync-engine.json");
    let nothing = Content::Ignored("nothing was paid".into());
    assert_eq!(read_json(&event).content, nothing);
    let paid = with(
        event["data"]["object"].clone(),
        json!({"amount_paid": 900, "total": 1000, "tax": 100}),
    );
    let payment = payment(&facts("invoice.paid", &paid)).expect("a payment");
    assert_eq!((payment.amount.minor, payment.base_minor), (900, 810));
    assert_eq!(
        payment.ids.subscription.as_deref(),
        Some("sub_JsuPyCPhXWfZar")
    );
    assert_eq!(payment.paid_at, at(1_642_649_110));
}

#[test]
fn real_dual_shape_invoices() {
    for object in [
        fixture!("dual-shape__invoice.payment_failed__pay-rails.json"),
        fixture!("dual-shape__invoice.payment_action_required__pay-rails.json"),
    ] {
        let object = &object["object"];
        let due = object["amount_due"].clone();
        let paid = with(object.clone(), json!({"amount_paid": due}));
        let facts = facts("invoice.payment_succeeded", &paid);
        let payment = payment(&facts).expect("a payment");
        assert_eq!(json!(payment.base_minor), due);
        assert_eq!(payment.ids.subscription.as_deref(), Some("sub_1234"));
        let customer = customer_seen(&facts).expect("a customer");
        assert_eq!(customer.email.as_deref(), Some("customer@example.org"));
    }
}

#[test]
fn edited_2020_session_with_an_invoice() {
    let mut event = fixture!("2020-03-02__checkout_session_completed__sync-engine.json");
    let plain = facts_of(read_json(&event));
    assert_eq!((plain.len(), payment(&plain)), (2, None));
    event["data"]["object"]["client_reference_id"] = json!("sarah");
    let referral = super::referral(&facts_of(read_json(&event))).expect("a referral");
    let kinds: Vec<_> = referral
        .subjects
        .iter()
        .map(|subject| subject.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            SubjectKind::Invoice,
            SubjectKind::PaymentIntent,
            SubjectKind::Session
        ]
    );
}

#[test]
fn real_dual_shape_session() {
    let event = fixture!("dual-shape__checkout.session.completed__pay-rails.json");
    let facts = facts("checkout.session.completed", &event["object"]);
    let customer = customer_seen(&facts).expect("a customer");
    assert_eq!(
        (facts.len(), customer.email.as_deref()),
        (1, Some("chris@gorails.com"))
    );
}

#[test]
fn edited_2020_customer() {
    let event = read_json(&fixture!("2020-03-02__customer_updated__sync-engine.json"));
    let facts = facts_of(event);
    let customer = customer_seen(&facts).expect("a customer");
    assert_eq!((facts.len(), customer.name.as_deref()), (1, Some("Copple")));
    assert_eq!(customer.occurred_at, at(1_619_701_111));
}

#[test]
fn real_2020_refund_tells_the_refund_the_total_and_what_they_are_of() {
    let facts = facts_of(read_json(&fixture!(
        "2020-03-02__charge_refunded__sync-engine.json"
    )));
    let ids = [
        "ch_3Kl36gJDPojXS6LN0DCM4A8l",
        "pi_3Kl36gJDPojXS6LN02fQVtKR",
        "in_1KJdKkJDPojXS6LNSwSWkZSN",
    ]
    .map(str::to_owned)
    .to_vec();
    assert_eq!(facts[0], Fact::Linked { ids: ids.clone() });
    let backs: Vec<_> = facts[1..]
        .iter()
        .map(|fact| match fact {
            Fact::Back(back) => (
                back.external_id.as_str(),
                back.kind,
                back.amount_minor,
                back.payment == ids,
            ),
            other => panic!("not about a refund: {other:?}"),
        })
        .collect();
    assert_eq!(
        backs,
        [
            ("re_3Kl36gJDPojXS6LN0eP4yPDz", BackKind::Refund, 2500, true),
            (
                "refunded:ch_3Kl36gJDPojXS6LN0DCM4A8l",
                BackKind::ChargeTotal,
                2500,
                true
            ),
        ]
    );
}

#[test]
fn real_clover_invoice_payment_links_its_invoice() {
    let event = fixture!("clover-2025-11-17__invoice_payment.paid__zulip.json");
    let facts = facts_of(read_json(&event));
    assert!(matches!(
        facts.as_slice(),
        [Fact::Linked { ids }] if ids.len() == 2 && ids[0].starts_with("in_") && ids[1].starts_with("pi_")
    ));
}

#[test]
fn official_samples_have_the_shapes_we_read() {
    for (code, coupon) in [
        (
            fixture!("2020-08-27__promotion_code__openapi.json"),
            Some("25_5OFF"),
        ),
        (
            fixture!("2024-06-20__promotion_code__openapi.json"),
            Some("Z4OV52SU"),
        ),
        (
            fixture!("2026-07-29.dahlia__promotion_code__openapi.json"),
            None,
        ),
    ] {
        match &facts("promotion_code.created", &code)[..] {
            [Fact::PromotionCode(seen)] => {
                assert_eq!(
                    (seen.code.as_str(), seen.discount_id.as_deref()),
                    ("FALL20", coupon)
                );
            }
            other => panic!("{other:?}"),
        }
    }
    for customer in [
        fixture!("2020-08-27__customer__openapi.json"),
        fixture!("2024-06-20__customer__openapi.json"),
        fixture!("2026-07-29.dahlia__customer__openapi.json"),
    ] {
        assert!(customer_seen(&facts("customer.updated", &customer)).is_some());
    }
    let subscriptions = [
        (
            fixture!("2020-08-27__invoice__openapi.json"),
            Some("sub_HwdSaB2wMprHSM"),
        ),
        (fixture!("2024-06-20__invoice__openapi.json"), None),
        (
            fixture!("2026-07-29.dahlia__invoice__openapi.json"),
            Some("subscription"),
        ),
    ];
    for (invoice, subscription) in subscriptions {
        let paid = with(
            invoice,
            json!({"amount_paid": 2000, "total": 2000, "total_excluding_tax": 1800}),
        );
        let payment = payment(&facts("invoice.paid", &paid)).expect("a payment");
        assert_eq!((payment.amount.minor, payment.base_minor), (2000, 1800));
        assert_eq!(payment.ids.subscription.as_deref(), subscription);
    }
    for session in [
        fixture!("2024-06-20__checkout.session__openapi.json"),
        fixture!("2026-07-29.dahlia__checkout.session__openapi.json"),
    ] {
        assert!(!matches!(
            content("checkout.session.completed", &session),
            Content::Failed(_)
        ));
    }
}
