//! Customers and promotion codes.

use super::{CREATED, at, clue, customer_seen, facts, failure, referral, signup, with, without};
use domain::fact::{ClueKind, Fact, PromotionCodeSeen, Subject, SubjectKind};
use serde_json::{Value, json};

fn customer(metadata: &Value) -> Value {
    json!({"id": "cus_1", "object": "customer", "email": "ann@example.com", "name": null, "metadata": metadata})
}

#[test]
fn a_new_customer_is_described_referred_and_signed_up() {
    let facts = facts("customer.created", &customer(&json!({"via": "sarah"})));
    assert_eq!(facts.len(), 3);
    let seen = customer_seen(&facts).expect("a customer");
    assert_eq!(
        (seen.external_id.as_str(), seen.email.as_deref()),
        ("cus_1", Some("ann@example.com"))
    );
    let referral = referral(&facts).expect("a referral");
    let subject = Subject {
        kind: SubjectKind::Customer,
        id: "cus_1".into(),
    };
    assert_eq!(referral.subjects, [subject]);
    let signup = signup(&facts).expect("a signup");
    assert_eq!(signup.external_event_id, None);
    assert_eq!(signup.ids.customer.as_deref(), Some("cus_1"));
    assert_eq!(
        signup.clues,
        [clue(
            ClueKind::Slug,
            "sarah",
            "metadata via of the customer"
        )]
    );
    assert_eq!(
        (signup.clues, signup.occurred_at),
        (referral.clues, at(CREATED))
    );
}

#[test]
fn a_changed_customer_does_not_sign_up_again() {
    let changed = facts("customer.updated", &customer(&json!({"via": "sarah"})));
    assert!(referral(&changed).is_some());
    assert_eq!(signup(&changed), None);
    let plain = facts("customer.updated", &customer(&json!({})));
    assert_eq!((plain.len(), referral(&plain)), (1, None));
}

#[test]
fn a_customer_that_can_be_recognised_by_nothing_is_only_described() {
    let known = facts("customer.created", &customer(&json!({})));
    assert!(signup(&known).is_some());
    let anonymous = facts("customer.created", &without(customer(&json!({})), "email"));
    assert_eq!((anonymous.len(), signup(&anonymous)), (1, None));
    assert_eq!(customer_seen(&anonymous).expect("a customer").email, None);
    let nameless = without(customer(&json!({})), "id");
    assert_eq!(
        failure("customer.created", &nameless),
        "customer.id is missing"
    );
}

#[test]
fn promotion_codes_are_the_same_in_every_version() {
    let code =
        json!({"id": "promo_1", "object": "promotion_code", "code": "SARAH20", "active": true});
    let expected = |discount_id: Option<&str>| {
        vec![Fact::PromotionCode(PromotionCodeSeen {
            external_id: "promo_1".into(),
            code: "SARAH20".into(),
            discount_id: discount_id.map(str::to_owned),
            occurred_at: at(CREATED),
        })]
    };
    for coupon in [
        json!({"coupon": {"id": "SPRING", "object": "coupon"}}),
        json!({"promotion": {"type": "coupon", "coupon": "SPRING"}}),
        json!({"promotion": {"type": "coupon", "coupon": {"id": "SPRING"}}}),
    ] {
        let code = with(code.clone(), coupon);
        assert_eq!(
            facts("promotion_code.created", &code),
            expected(Some("SPRING"))
        );
    }
    assert_eq!(facts("promotion_code.updated", &code), expected(None));
    let wordless = without(code, "code");
    assert_eq!(
        failure("promotion_code.updated", &wordless),
        "promotion_code.code is missing"
    );
}
