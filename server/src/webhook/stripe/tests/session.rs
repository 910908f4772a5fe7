//! Checkout sessions: subscriptions, one-off payments, slow payments, free ones.

use super::{
    CREATED, Content, at, clue, content, customer_seen, facts, failure, money, payment, referral,
    signup, with, without,
};
use domain::fact::{Clue, ClueKind, Fact, Referral, SubjectKind};
use serde_json::{Value, json};

const COMPLETED: &str = "checkout.session.completed";
const SLOW: &str = "checkout.session.async_payment_succeeded";

fn session(changes: Value) -> Value {
    let session = json!({
        "id": "cs_1", "object": "checkout.session", "client_reference_id": "sarah", "currency": "usd",
        "amount_subtotal": 2000, "amount_total": 2200, "total_details": {"amount_tax": 200},
        "customer": "cus_1", "customer_email": null, "metadata": {"plan": "pro"},
        "customer_details": {"email": "ann@example.com", "name": "Ann"}, "payment_status": "paid",
        "subscription": null, "invoice": null, "payment_intent": null, "custom_fields": [],
    });
    with(session, changes)
}

fn subscription() -> Value {
    session(json!({"mode": "subscription", "subscription": "sub_1", "invoice": "in_1"}))
}

fn one_off() -> Value {
    session(json!({"mode": "payment", "payment_intent": "pi_1"}))
}

fn sarah() -> Vec<Clue> {
    let place = "client_reference_id of the checkout session";
    vec![clue(ClueKind::Slug, "sarah", place)]
}

fn subjects(referral: Option<Referral>) -> Vec<(SubjectKind, String)> {
    let subjects = referral.expect("a referral").subjects.into_iter();
    subjects.map(|subject| (subject.kind, subject.id)).collect()
}

fn linked(ids: &[&str]) -> Fact {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    Fact::Linked { ids }
}

fn clues(extra: Value) -> Vec<Clue> {
    let session = with(
        with(subscription(), json!({"client_reference_id": null})),
        extra,
    );
    referral(&facts(COMPLETED, &session))
        .expect("a referral")
        .clues
}

#[test]
fn a_subscription_brings_its_referral_but_no_money() {
    let facts = facts(COMPLETED, &subscription());
    assert_eq!(facts.len(), 3);
    assert!(facts.contains(&linked(&["in_1", "cs_1"])));
    let customer = customer_seen(&facts).expect("a customer");
    assert_eq!(customer.email.as_deref(), Some("ann@example.com"));
    let referral = referral(&facts).expect("a referral");
    assert_eq!(
        (&referral.clues, referral.occurred_at),
        (&sarah(), at(CREATED))
    );
    let expected = [
        (SubjectKind::Subscription, "sub_1".to_owned()),
        (SubjectKind::Invoice, "in_1".to_owned()),
        (SubjectKind::Session, "cs_1".to_owned()),
    ];
    assert_eq!(subjects(Some(referral)), expected);
}

#[test]
fn without_clues_there_is_no_referral() {
    let plain = with(subscription(), json!({"client_reference_id": null}));
    assert_eq!(referral(&facts(COMPLETED, &plain)), None);
    let nobody = with(plain, json!({"customer": null}));
    let only = [linked(&["in_1", "cs_1"])];
    assert_eq!(facts(COMPLETED, &nobody), only, "for refunds to come");
}

#[test]
fn a_trial_is_a_signup() {
    let trial = with(
        subscription(),
        json!({"payment_status": "no_payment_required", "amount_total": 0}),
    );
    let facts = facts(COMPLETED, &trial);
    assert!(referral(&facts).is_some());
    let signup = signup(&facts).expect("a signup");
    assert_eq!(signup.external_event_id.as_deref(), Some("cs_1"));
    assert_eq!(signup.ids.subscription.as_deref(), Some("sub_1"));
    assert_eq!(signup.ids.session.as_deref(), Some("cs_1"));
    assert_eq!(signup.email.as_deref(), Some("ann@example.com"));
    assert_eq!(signup.clues, sarah());
    assert_eq!(signup.metadata, r#"{"plan":"pro"}"#);
}

#[test]
fn a_one_off_payment_is_a_sale_net_of_tax() {
    let facts = facts(COMPLETED, &one_off());
    assert_eq!(facts.len(), 3);
    assert!(facts.contains(&linked(&["pi_1", "cs_1"])));
    let payment = payment(&facts).expect("a payment");
    assert_eq!(payment.external_event_id, "pi_1");
    assert_eq!(
        (payment.amount, payment.base_minor),
        (money(2200, "USD"), 2000)
    );
    assert_eq!(payment.paid_at, at(CREATED));
    assert_eq!(payment.clues, sarah());
    assert_eq!(payment.ids.session.as_deref(), Some("cs_1"));
    assert_eq!(payment.name.as_deref(), Some("Ann"));
}

#[test]
fn a_sale_without_payment_intent_is_known_by_its_session() {
    let facts = facts(COMPLETED, &without(one_off(), "payment_intent"));
    let payment = payment(&facts).expect("a payment");
    assert_eq!(payment.external_event_id, "cs_1");
}

#[test]
fn when_there_is_an_invoice_that_is_the_sale() {
    let facts = facts(
        COMPLETED,
        &with(one_off(), json!({"invoice": {"id": "in_1"}})),
    );
    assert_eq!(payment(&facts), None);
    let expected = [
        (SubjectKind::Invoice, "in_1".to_owned()),
        (SubjectKind::PaymentIntent, "pi_1".to_owned()),
        (SubjectKind::Session, "cs_1".to_owned()),
    ];
    assert_eq!(subjects(referral(&facts)), expected);
}

#[test]
fn a_slow_payment_is_a_sale_when_it_arrives() {
    let unpaid = facts(
        COMPLETED,
        &with(one_off(), json!({"payment_status": "unpaid"})),
    );
    assert_eq!(payment(&unpaid), None);
    assert_eq!(signup(&unpaid), None);
    assert!(customer_seen(&unpaid).is_some());
    let expected = [
        (SubjectKind::PaymentIntent, "pi_1".to_owned()),
        (SubjectKind::Session, "cs_1".to_owned()),
    ];
    assert_eq!(subjects(referral(&unpaid)), expected);
    assert_eq!(facts(SLOW, &one_off()), facts(COMPLETED, &one_off()));
    // A status that nobody knows yet is no payment either.
    let odd = facts(
        COMPLETED,
        &with(one_off(), json!({"payment_status": "half_paid"})),
    );
    assert_eq!(odd, unpaid);
}

#[test]
fn a_free_one_off_is_a_signup() {
    for free in [
        json!({"payment_status": "no_payment_required"}),
        json!({"amount_total": 0}),
    ] {
        let facts = facts(COMPLETED, &with(one_off(), free));
        assert_eq!(payment(&facts), None);
        assert!(signup(&facts).is_some());
    }
}

#[test]
fn all_tax_is_no_sale() {
    let facts = facts(
        COMPLETED,
        &with(one_off(), json!({"total_details": {"amount_tax": 2200}})),
    );
    assert_eq!(payment(&facts), None);
    assert_eq!(signup(&facts), None);
}

#[test]
fn setting_up_a_card_sells_nothing() {
    for mode in ["setup", "something_new"] {
        let ignored = Content::Ignored(format!("a checkout in {mode} mode sells nothing"));
        assert_eq!(content(COMPLETED, &session(json!({"mode": mode}))), ignored);
    }
}

#[test]
fn missing_and_malformed_fields_are_named() {
    for (field, why) in [
        ("mode", "session.mode is missing"),
        ("id", "session.id is missing"),
        ("payment_status", "session.payment_status is missing"),
        ("amount_total", "session.amount_total is missing"),
        ("currency", "session.currency is missing"),
    ] {
        assert_eq!(failure(COMPLETED, &without(one_off(), field)), why);
    }
    for (change, why) in [
        (
            json!({"amount_total": -5}),
            "session.amount_total is negative",
        ),
        (
            json!({"amount_total": "5"}),
            "session.amount_total is not a whole number",
        ),
        (
            json!({"payment_intent": []}),
            "session.payment_intent is not an id",
        ),
        (
            json!({"currency": "isk", "amount_total": 101}),
            "session.amount_total is not a multiple of 100, as amounts in ISK are",
        ),
    ] {
        assert_eq!(failure(COMPLETED, &with(one_off(), change)), why);
    }
    // What is not needed may be missing.
    for field in [
        "total_details",
        "customer",
        "customer_details",
        "metadata",
        "custom_fields",
    ] {
        assert!(payment(&facts(COMPLETED, &without(one_off(), field))).is_some());
    }
}

#[test]
fn the_address_given_beforehand_will_do() {
    let known = with(
        one_off(),
        json!({"customer_details": null, "customer_email": "bo@example.com"}),
    );
    let customer = customer_seen(&facts(COMPLETED, &known)).expect("a customer");
    assert_eq!(
        (customer.email.as_deref(), customer.name),
        (Some("bo@example.com"), None)
    );
}

#[test]
fn a_reference_that_looks_like_a_click_token_is_one() {
    let token = "0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000";
    let place = "client_reference_id of the checkout session";
    let found = clues(json!({"client_reference_id": token}));
    assert_eq!(found, [clue(ClueKind::Click, token, place)]);
    let bare = token.replace('-', "");
    let found = clues(json!({"client_reference_id": bare}));
    assert_eq!(found, [clue(ClueKind::Slug, &bare, place)]);
}

#[test]
fn metadata_custom_fields_and_discounts_are_read_in_that_order() {
    let found = clues(json!({
        "metadata": {"via": "meta", "tributary_click": "click-1"},
        "custom_fields": [
            {"key": "colour", "type": "text", "text": {"value": "red"}},
            {"key": "ref", "type": "dropdown", "dropdown": {"value": "dropped"}},
            {"key": "tributaryref", "type": "text", "text": {"value": "typed"}},
            {"key": "via", "type": "text", "text": {"value": null}},
        ],
        "discounts": [{"promotion_code": "promo_1", "coupon": null}, {"promotion_code": null, "coupon": "SPRING"}],
    }));
    let discount = "discount of the checkout session";
    assert_eq!(
        found,
        [
            clue(
                ClueKind::Click,
                "click-1",
                "metadata tributary_click of the checkout session"
            ),
            clue(
                ClueKind::Slug,
                "meta",
                "metadata via of the checkout session"
            ),
            clue(
                ClueKind::Slug,
                "typed",
                "custom field tributaryref of the checkout session"
            ),
            clue(
                ClueKind::Slug,
                "dropped",
                "custom field ref of the checkout session"
            ),
            clue(ClueKind::PromotionCode, "promo_1", discount),
            clue(ClueKind::Discount, "SPRING", discount),
        ]
    );
}
