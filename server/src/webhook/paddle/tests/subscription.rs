//! Who brought a subscription, whether it is a trial, and when it ended.

use domain::fact::{ClueKind, Fact, Referral, Subject, SubjectKind, SubscriptionEnd};
use serde_json::json;

use super::{AT, clue, facts, failure, ignored, subscription, time, with};

#[test]
fn clues_are_kept_for_the_subscription_and_the_transaction_that_made_it() {
    let data = with(
        subscription(),
        &[
            ("/custom_data", json!({"via": "sarah"})),
            (
                "/discount",
                json!({"id": "dsc_1", "starts_at": null, "ends_at": null}),
            ),
        ],
    );
    let subject = |kind, id: &str| Subject {
        kind,
        id: id.into(),
    };
    let expected = Referral {
        subjects: vec![
            subject(SubjectKind::Subscription, "sub_1"),
            subject(SubjectKind::PaymentIntent, "txn_1"),
        ],
        clues: vec![
            clue(
                ClueKind::Slug,
                "sarah",
                "custom data via of the subscription",
            ),
            clue(
                ClueKind::PromotionCode,
                "dsc_1",
                "discount of the subscription",
            ),
        ],
        occurred_at: time(AT),
    };
    assert_eq!(
        facts("subscription.created", &data),
        [Fact::Referral(expected.clone())]
    );
    // Later events don't name the transaction.
    let later = with(data, &[("/transaction_id", json!(null))]);
    let expected = Referral {
        subjects: expected.subjects[..1].to_vec(),
        ..expected
    };
    let told = facts("subscription.created", &later);
    assert_eq!(told, [Fact::Referral(expected)]);
}

#[test]
fn a_trial_is_a_signup() {
    for kind in ["subscription.created", "subscription.trialing"] {
        let trial = with(subscription(), &[("/status", json!("trialing"))]);
        let told = facts(kind, &trial);
        let [Fact::Signup(signup)] = told.as_slice() else {
            panic!("no signup: {told:?}");
        };
        assert_eq!(signup.ids.customer.as_deref(), Some("ctm_1"));
        assert_eq!(signup.ids.subscription.as_deref(), Some("sub_1"));
        assert_eq!(signup.external_event_id, None);
        let named = with(trial, &[("/custom_data", json!({"via": "sarah"}))]);
        let told = facts(kind, &named);
        let [Fact::Referral(_), Fact::Signup(signup)] = told.as_slice() else {
            panic!("no signup: {told:?}");
        };
        assert_eq!(signup.clues.len(), 1);
    }
    for status in [json!("active"), json!("something_new"), json!(null)] {
        let plain = with(subscription(), &[("/status", status)]);
        let why = ignored("subscription.created", &plain);
        assert_eq!(why, "nothing on the subscription names an affiliate");
    }
}

#[test]
fn an_imported_subscription_is_nobodys() {
    let meta = json!({"imported_from": "billing_platform"});
    let data = with(subscription(), &[("/import_meta", meta)]);
    let why = "an imported subscription was sold elsewhere";
    assert_eq!(ignored("subscription.created", &data), why);
    let why = "subscription.imported is not used: what is imported was sold elsewhere";
    assert_eq!(ignored("subscription.imported", &subscription()), why);
}

#[test]
fn a_canceled_subscription_has_ended() {
    for (canceled_at, ended_at) in [
        (
            json!("2025-10-01T00:00:00.787929969Z"),
            "2025-10-01T00:00:00.787929Z",
        ),
        (json!(null), AT),
        (json!("0001-01-01T00:00:00Z"), AT),
    ] {
        let data = with(subscription(), &[("/canceled_at", canceled_at)]);
        let expected = SubscriptionEnd {
            subscription: "sub_1".into(),
            ended_at: time(ended_at),
        };
        assert_eq!(
            facts("subscription.canceled", &data),
            [Fact::Ended(expected)]
        );
    }
}

#[test]
fn fields_fail_by_name() {
    for (kind, place, value, why) in [
        (
            "subscription.created",
            "/id",
            json!(null),
            "subscription.id is missing",
        ),
        (
            "subscription.canceled",
            "/id",
            json!(null),
            "subscription.id is missing",
        ),
        (
            "subscription.created",
            "/transaction_id",
            json!(7),
            "subscription.transaction_id is not an id",
        ),
        (
            "subscription.canceled",
            "/canceled_at",
            json!(1),
            "subscription.canceled_at is not a time in RFC 3339",
        ),
    ] {
        assert_eq!(failure(kind, &with(subscription(), &[(place, value)])), why);
    }
}
