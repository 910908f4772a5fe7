//! Customers and discounts: who somebody is, and which words stand for which id.

use domain::fact::{
    ClueKind, CustomerSeen, Fact, PromotionCodeSeen, Referral, Subject, SubjectKind,
};
use serde_json::{Value, json};

use super::{AT, clue, customer, discount, facts, failure, ignored, time, with};

fn seen() -> CustomerSeen {
    CustomerSeen {
        external_id: "ctm_1".into(),
        email: Some("Ann@Example.com".into()),
        name: Some("Ann".into()),
        occurred_at: time(AT),
    }
}

/// Which facts there are.
fn kinds(kind: &str, customer: &Value) -> Vec<&'static str> {
    let name = |fact: &Fact| match fact {
        Fact::Customer(_) => "customer",
        Fact::Referral(_) => "referral",
        Fact::Signup(_) => "signup",
        _ => "another",
    };
    facts(kind, customer).iter().map(name).collect()
}

#[test]
fn a_customer_is_described_and_a_new_one_signs_up() {
    let named = with(customer(), &[("/custom_data", json!({"ref": "sarah"}))]);
    let created = facts("customer.created", &named);
    let place = "custom data ref of the customer";
    let clues = vec![clue(ClueKind::Slug, "sarah", place)];
    let referral = Referral {
        subjects: vec![Subject {
            kind: SubjectKind::Customer,
            id: "ctm_1".into(),
        }],
        clues: clues.clone(),
        occurred_at: time(AT),
    };
    assert_eq!(
        created[..2],
        [Fact::Customer(seen()), Fact::Referral(referral)]
    );
    let Fact::Signup(signup) = &created[2] else {
        panic!("no signup: {created:?}");
    };
    assert_eq!((&signup.email, &signup.clues), (&seen().email, &clues));
    assert_eq!(signup.ids.customer.as_deref(), Some("ctm_1"));
    assert_eq!(kinds("customer.updated", &named), ["customer", "referral"]);
    assert_eq!(
        kinds("customer.created", &customer()),
        ["customer", "signup"]
    );
    let bare = with(customer(), &[("/email", json!(null))]);
    assert_eq!(kinds("customer.created", &bare), ["customer"]);
}

#[test]
fn an_imported_customer_is_known_and_nobodys_lead() {
    let named = with(customer(), &[("/custom_data", json!({"ref": "sarah"}))]);
    assert_eq!(facts("customer.imported", &named), [Fact::Customer(seen())]);
    let meta = json!({"imported_from": "billing_platform", "external_id": "x"});
    let imported = with(named, &[("/import_meta", meta)]);
    assert_eq!(
        facts("customer.created", &imported),
        [Fact::Customer(seen())]
    );
}

#[test]
fn a_customer_without_id_fails() {
    for kind in ["customer.created", "customer.updated", "customer.imported"] {
        let why = failure(kind, &with(customer(), &[("/id", json!(null))]));
        assert_eq!(why, "customer.id is missing");
    }
}

#[test]
fn a_discount_tells_its_words() {
    for kind in ["discount.created", "discount.updated", "discount.imported"] {
        let expected = PromotionCodeSeen {
            external_id: "dsc_1".into(),
            code: "SARAH20".into(),
            discount_id: None,
            occurred_at: time(AT),
        };
        assert_eq!(facts(kind, &discount()), [Fact::PromotionCode(expected)]);
        let silent = with(discount(), &[("/code", json!(null))]);
        let why = "the discount has no code that could be an affiliate's";
        assert_eq!(ignored(kind, &silent), why);
    }
    let wrong = with(discount(), &[("/code", json!(20))]);
    let why = failure("discount.created", &wrong);
    assert_eq!(why, "discount.code is not text of 1 to 255 bytes");
}
