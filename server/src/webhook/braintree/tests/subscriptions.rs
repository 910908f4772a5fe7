//! Transactions of subscriptions, clues on them, trials and ends.

use domain::fact::{Clue, ClueKind, Fact};

use super::{
    Content, at, backs, credit, event, facts, failed, ignored, notification, payments, read, sale,
    subscription,
};

const CHARGED: &str = "subscription_charged_successfully";

fn made(at: &str) -> String {
    format!("<created-at type=\"datetime\">{at}</created-at>")
}

fn clue(kind: ClueKind, value: &str, place: &str) -> Clue {
    Clue {
        kind,
        value: value.to_owned(),
        place: place.to_owned(),
    }
}

#[test]
fn every_sale_since_the_connection_is_a_payment_and_the_oldest_comes_first() {
    let transactions = [
        sale("t3", &made("2026-10-01T10:00:00Z")),
        sale("t2", &made("2026-09-01T10:00:00Z")),
        sale("t1", &made("2026-01-01T00:00:00Z")),
        sale("t0", &made("2025-12-31T23:59:59Z")),
    ];
    let facts = facts(CHARGED, &subscription("", &transactions));
    let payments = payments(&facts);
    let ids: Vec<&str> = payments
        .iter()
        .map(|one| one.external_event_id.as_str())
        .collect();
    assert_eq!(ids, ["t1", "t2", "t3"]);
    let first = payments[0];
    assert_eq!(first.paid_at, at("2026-01-01T00:00:00Z"));
    assert_eq!((first.amount.minor, first.base_minor), (4900, 4900));
    assert_eq!(first.ids.subscription.as_deref(), Some("s1"));
    assert_eq!(first.ids.customer.as_deref(), Some("108"));
    assert_eq!(first.email.as_deref(), Some("ann@example.com"));
    assert_eq!(first.name.as_deref(), Some("Ann Lee"));
    assert!(first.clues.is_empty());
    let Some(Fact::Customer(seen)) = facts.first() else {
        panic!("{facts:?}")
    };
    assert_eq!(seen.occurred_at, at("2026-10-01T10:00:00Z"), "the newest");
    let old = [sale("t0", &made("2025-12-31T23:59:59Z"))];
    let why = ignored(CHARGED, &subscription("", &old));
    assert_eq!(why, "paid before this connection was made");
    assert_eq!(ignored(CHARGED, &subscription("", &[])), "nothing was paid");
}

#[test]
fn what_went_back_of_a_sale_from_before_the_connection_is_told() {
    let old = made("2025-12-31T23:59:59Z");
    let ids = format!("{old}<refund-ids type=\"array\"><item>r1</item></refund-ids>");
    let transactions = [
        credit("r2", &old),
        sale("t2", &format!("{old}<status>voided</status>")),
        sale("t1", &ids),
    ];
    let told = [
        facts(CHARGED, &subscription("", &transactions)),
        transactions
            .iter()
            .flat_map(|one| super::facts("transaction_settled", one))
            .collect(),
    ];
    for facts in told {
        assert!(payments(&facts).is_empty(), "{facts:?}");
        let mut ids: Vec<_> = backs(&facts)
            .iter()
            .map(|back| &*back.external_id)
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, ["r1", "r2", "voided:t2"]);
    }
}

#[test]
fn what_was_paid_in_the_second_of_the_connection_counts() {
    let xml = notification(CHARGED, &subscription("", &[sale("t1", "")]));
    for (connected_at, expected) in [
        ("2026-10-01T10:00:00.9Z", true),
        ("2026-10-01T10:00:01Z", false),
    ] {
        let event = read(xml.as_bytes(), at(connected_at)).expect("readable");
        let counted = matches!(event.content, Content::Facts(_));
        assert_eq!(counted, expected, "{connected_at}");
    }
}

#[test]
fn only_what_is_paid_or_about_to_be_counts() {
    let all = [
        ("authorized", 1, 0),
        ("submitted_for_settlement", 1, 0),
        ("settling", 1, 0),
        ("settled", 1, 0),
        ("settlement_pending", 1, 0),
        ("settlement_confirmed", 1, 0),
        ("voided", 0, 1),
        ("settlement_declined", 0, 1),
        ("failed", 0, 1),
        ("authorization_expired", 0, 1),
        ("authorizing", 0, 0),
        ("processor_declined", 0, 0),
        ("gateway_rejected", 0, 0),
        ("a_new_word", 0, 0),
    ];
    for (status, paid, back) in all {
        let one = [
            sale("t2", &format!("<status>{status}</status>")),
            sale("t1", ""),
        ];
        let facts = facts(CHARGED, &subscription("", &one));
        let found = (payments(&facts).len() - 1, backs(&facts).len());
        assert_eq!(found, (paid, back), "{status}");
        for back in backs(&facts) {
            assert_eq!(back.external_id, "voided:t2");
            assert_eq!(
                (back.amount_minor, &back.payment),
                (4900, &vec!["t2".to_owned()])
            );
            assert!(back.status.counts());
        }
    }
    let unknown = sale("t1", "<type>gift</type>");
    let why = failed(CHARGED, &subscription("", &[unknown]));
    assert_eq!(why, "transaction.type is neither sale nor credit");
    let untyped = sale("t1", "").replace("<type>sale</type>", "");
    let why = failed(CHARGED, &subscription("", &[untyped]));
    assert_eq!(why, "transaction.type is missing");
}

#[test]
fn custom_fields_name_an_affiliate_and_so_does_a_click_token_as_order_id() {
    let token = "0190d4e5-7a4b-7c3d-8e5f-112233445566";
    let more = format!(
        "<custom-fields><tributary-ref>sarah</tributary-ref><via>tom</via><size>xl</size></custom-fields>\
         <order-id>{token}</order-id><customer><id>108</id><email>ann@example.com</email>\
         <custom_fields><tributary_ref>ben</tributary_ref></custom_fields></customer>"
    );
    let facts = facts(CHARGED, &subscription("", &[sale("t1", &more)]));
    let expected = [
        clue(
            ClueKind::Slug,
            "sarah",
            "custom field tributary_ref of the transaction",
        ),
        clue(ClueKind::Slug, "tom", "custom field via of the transaction"),
        clue(
            ClueKind::Slug,
            "ben",
            "custom field tributary_ref of the customer",
        ),
        clue(ClueKind::Click, token, "order id of the transaction"),
    ];
    let payment = payments(&facts)[0];
    assert_eq!(payment.clues, expected);
    assert!(
        payment.metadata.contains(r#""size":"xl""#),
        "{}",
        payment.metadata
    );
    let kept = facts.iter().find_map(|fact| match fact {
        Fact::Referral(referral) => Some(referral),
        _ => None,
    });
    assert_eq!(kept.expect("kept for renewals").clues, expected);
    let numbered = sale("t1", "<order-id>sarah</order-id>");
    let facts = super::facts(CHARGED, &subscription("", &[numbered]));
    assert!(
        payments(&facts)[0].clues.is_empty(),
        "an order's number is no code"
    );
}

#[test]
fn what_the_first_transaction_says_is_kept_also_when_it_is_too_old_to_count() {
    let first = sale(
        "t0",
        &format!(
            "{}<custom-fields><via>sarah</via></custom-fields>",
            made("2025-06-01T00:00:00Z")
        ),
    );
    let facts = facts(CHARGED, &subscription("", &[sale("t1", ""), first]));
    let referrals: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Referral(referral) => Some((
                referral.subjects[0].id.as_str(),
                referral.clues[0].value.as_str(),
            )),
            _ => None,
        })
        .collect();
    assert_eq!(referrals, [("s1", "sarah")]);
    assert_eq!(payments(&facts).len(), 1);
}

#[test]
fn discounts_are_coupons() {
    let discount = |id| {
        format!(
            "<discounts type=\"array\"><discount><id>{id}</id><amount>5.00</amount></discount></discounts>"
        )
    };
    let one = sale("t1", &discount("SARAH20"));
    let facts = facts(CHARGED, &subscription(&discount("TOM"), &[one]));
    let of = |id: &str, place| {
        [
            clue(ClueKind::CouponCode, id, place),
            clue(ClueKind::Discount, id, place),
        ]
    };
    let expected = [
        of("SARAH20", "discount of the transaction"),
        of("TOM", "discount of the subscription"),
    ];
    assert_eq!(payments(&facts)[0].clues, expected.concat());
}

#[test]
fn a_trial_is_a_lead_when_something_names_an_affiliate_or_the_customer_is_known() {
    let trial = "<trial-period type=\"boolean\">true</trial-period>";
    let discount = "<discounts type=\"array\"><discount><id>SARAH20</id></discount></discounts>";
    for kind in ["subscription_trial_ended", "subscription_went_active"] {
        let facts = facts(kind, &subscription(&format!("{trial}{discount}"), &[]));
        let signup = facts.iter().find_map(|fact| match fact {
            Fact::Signup(signup) => Some(signup),
            _ => None,
        });
        let signup = signup.expect("a signup");
        assert_eq!(signup.external_event_id.as_deref(), Some("trial:s1"));
        assert_eq!(signup.clues.len(), 2);
        let why = ignored(kind, &subscription(trial, &[]));
        assert_eq!(why, "nothing on the subscription names an affiliate");
    }
    let paid = subscription(&format!("{trial}{discount}"), &[sale("t1", "")]);
    let facts = facts("subscription_trial_ended", &paid);
    assert!(
        !facts.iter().any(|fact| matches!(fact, Fact::Signup(_))),
        "a sale already"
    );
    let paid_before = sale("t1", &made("2025-12-31T23:59:59Z"));
    let before = subscription(&format!("{trial}{discount}"), &[paid_before]);
    let facts = super::facts("subscription_trial_ended", &before);
    assert!(
        !facts.iter().any(|fact| matches!(fact, Fact::Signup(_))),
        "who has paid is no lead"
    );
    let failed = sale("t1", "<status>processor_declined</status>");
    let facts = super::facts("subscription_trial_ended", &subscription(trial, &[failed]));
    let known = facts
        .iter()
        .any(|fact| matches!(fact, Fact::Signup(signup) if signup.email.is_some()));
    assert!(known, "{facts:?}");
}

#[test]
fn a_cancelled_subscription_ends_and_an_expired_one_does_not() {
    let canceled = facts(
        "subscription_canceled",
        &subscription("", &[sale("t1", "")]),
    );
    assert_eq!(
        payments(&canceled).len(),
        1,
        "a charge whose delivery was lost"
    );
    let Some(Fact::Ended(end)) = canceled.last() else {
        panic!("{canceled:?}")
    };
    assert_eq!(
        (end.subscription.as_str(), end.ended_at),
        ("s1", at("2026-11-01T12:00:00Z"))
    );
    for (kind, why) in [
        (
            "subscription_expired",
            "it has run its course: what was paid stays",
        ),
        (
            "subscription_charged_unsuccessfully",
            "the charge failed: nothing was paid",
        ),
        (
            "subscription_went_past_due",
            "a payment is overdue: nothing was paid",
        ),
        ("subscription_billing_skipped", "nothing was billed"),
    ] {
        assert_eq!(ignored(kind, &subscription("", &[])), why);
        let facts = facts(kind, &subscription("", &[sale("t1", "")]));
        assert_eq!(
            payments(&facts).len(),
            1,
            "{kind} makes up for a lost delivery"
        );
        assert!(!facts.iter().any(|fact| matches!(fact, Fact::Ended(_))));
    }
}

#[test]
fn a_redelivery_is_known_and_everything_else_is_not() {
    let id = |kind: &str, subject: &str| event(&notification(kind, subject)).external_id;
    let one = subscription("", &[sale("t2", ""), sale("t1", "")]);
    assert_eq!(
        id(CHARGED, &one),
        "subscription_charged_successfully:s1:Active:t2:2026-11-01T12:00:00Z"
    );
    let other = [
        id("subscription_canceled", &one),
        id(
            CHARGED,
            &subscription("", &[sale("t3", ""), sale("t2", "")]),
        ),
        id(CHARGED, &subscription("<id>s2</id>", &[])),
        event(&notification(CHARGED, &one).replace("12:00:00", "12:00:01")).external_id,
    ];
    assert!(
        other.iter().all(|other| *other != id(CHARGED, &one)),
        "{other:?}"
    );
    let long = format!("<id>{}</id>", "x".repeat(250));
    let long = id(CHARGED, &subscription(&long, &[]));
    assert!(long.len() <= 255 && long.starts_with(CHARGED), "{long}");
    let check = id("check", "<check type=\"boolean\">true</check>");
    assert_eq!(check.len(), "check:".len() + 64);
}
