//! Refunds and disputes, whichever way they are told.

use domain::{
    money::Currency,
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{
    Content, at, backs, content, credit, facts, failed, ignored, payments, sale, subscription,
};

fn back(kind: &str, subject: &str) -> MoneyBack {
    let facts = facts(kind, subject);
    let backs = backs(&facts);
    assert_eq!(backs.len(), 1, "{facts:?}");
    backs[0].clone()
}

#[test]
fn a_settled_bank_debit_is_a_sale_and_a_settled_credit_its_refund() {
    let paid = facts("transaction_settled", &sale("t1", ""));
    assert_eq!(payments(&paid)[0].external_event_id, "t1");
    assert_eq!(payments(&paid)[0].ids.subscription, None);
    let refund = back("transaction_settled", &credit("r1", ""));
    let expected = MoneyBack {
        external_id: "r1".to_owned(),
        kind: BackKind::Refund,
        amount_minor: 1000,
        net_minor: None,
        currency: Some(Currency::USD),
        status: BackStatus::Succeeded,
        occurred_at: at("2026-10-05T10:00:00Z"),
        told_at: at("2026-11-01T12:00:00Z"),
        failed_at: None,
        payment: vec!["t1".to_owned()],
        reason: None,
    };
    assert_eq!(refund, expected);
    let old = sale("t1", "<created-at>2025-12-31T00:00:00Z</created-at>");
    assert_eq!(
        ignored("transaction_settled", &old),
        "made before this connection was"
    );
    let gift = credit("r1", "<refunded-transaction-id nil=\"true\"/>")
        .replace("<refunded-transaction-id>t1</refunded-transaction-id>", "");
    assert_eq!(
        ignored("transaction_settled", &gift),
        "a credit that is of no sale"
    );
}

#[test]
fn a_declined_settlement_takes_a_sale_back_and_a_refund_too() {
    let undone = back(
        "transaction_settlement_declined",
        &sale("t1", "<status>settlement_declined</status>"),
    );
    assert_eq!(
        (undone.external_id.as_str(), undone.amount_minor),
        ("voided:t1", 4900)
    );
    assert_eq!(
        (undone.status, undone.payment),
        (BackStatus::Succeeded, vec!["t1".to_owned()])
    );
    assert_eq!(
        undone.reason.as_deref(),
        Some("the transaction is settlement declined")
    );
    let kept = back(
        "transaction_settlement_declined",
        &credit("r1", "<status>settlement_declined</status>"),
    );
    assert_eq!(
        (kept.external_id.as_str(), kept.status),
        ("r1", BackStatus::Failed)
    );
}

#[test]
fn a_failed_refund_names_its_sale_in_another_word_and_no_currency() {
    let failed = "<transaction><id>r1</id><amount>100</amount><status>processor_declined</status>\
                  <refunded-transaction-fk>t1</refunded-transaction-fk></transaction>";
    let failed = back("refund_failed", failed);
    assert_eq!((failed.status, failed.currency), (BackStatus::Failed, None));
    assert_eq!(failed.payment, ["t1"]);
    let whole = back("refund_failed", &credit("r1", "<status>failed</status>"));
    assert_eq!(
        (whole.status, whole.amount_minor),
        (BackStatus::Failed, 1000)
    );
}

#[test]
fn ids_of_refunds_announce_them_unless_the_list_tells_more() {
    let ids = "<refund-id>r2</refund-id><refund-ids type=\"array\"><item>r1</item><item>r2</item></refund-ids>";
    let facts = facts(
        "subscription_charged_successfully",
        &subscription("", &[sale("t1", ids)]),
    );
    let backs = backs(&facts);
    let announced: Vec<_> = backs
        .iter()
        .map(|back| (back.external_id.as_str(), back.status))
        .collect();
    assert_eq!(
        announced,
        [("r1", BackStatus::Announced), ("r2", BackStatus::Announced)]
    );
    assert!(
        backs
            .iter()
            .all(|back| back.payment == ["t1"] && back.currency.is_none())
    );
    let both = subscription("", &[credit("r1", ""), sale("t1", ids)]);
    let facts = super::facts("subscription_charged_successfully", &both);
    let backs = super::backs(&facts);
    let told: Vec<_> = backs
        .iter()
        .map(|back| (back.external_id.as_str(), back.status))
        .collect();
    assert_eq!(
        told,
        [("r2", BackStatus::Announced), ("r1", BackStatus::Succeeded)]
    );
    let known = (backs[1].clone(), backs[0].clone());
    assert!(known.0.amount_minor == 1000 && known.1.amount_minor == 0);
}

fn dispute(kind: &str) -> String {
    format!(
        "<dispute><amount>250.00</amount><amount-disputed>25.0</amount-disputed><amount-won>0.00</amount-won>\
         <currency-iso-code>USD</currency-iso-code><kind>{kind}</kind><status>open</status><reason>fraud</reason>\
         <id>d1</id><transaction><id>t1</id><amount>250.00</amount></transaction></dispute>"
    )
}

#[test]
fn disputes_are_open_lost_or_won_and_questions_cost_nothing() {
    use BackStatus::{Inquiry, Lost, Open, Won};
    for (kind, chargeback, retrieval) in [
        ("dispute_opened", Open, Inquiry),
        ("dispute_under_review", Open, Inquiry),
        ("dispute_disputed", Open, Inquiry),
        ("dispute_accepted", Lost, Inquiry),
        ("dispute_auto_accepted", Lost, Inquiry),
        ("dispute_expired", Lost, Inquiry),
        ("dispute_lost", Lost, Inquiry),
        ("dispute_won", Won, Won),
    ] {
        for (dispute_kind, status) in [
            ("chargeback", chargeback),
            ("pre_arbitration", chargeback),
            ("a_new_word", chargeback),
            ("retrieval", retrieval),
        ] {
            let back = back(kind, &dispute(dispute_kind));
            assert_eq!(back.status, status, "{kind} {dispute_kind}");
            assert_eq!((back.kind, back.amount_minor), (BackKind::Dispute, 2500));
            assert_eq!(
                (back.external_id.as_str(), back.payment),
                ("d1", vec!["t1".to_owned()])
            );
        }
    }
    let whole = dispute("chargeback").replace("<amount-disputed>25.0</amount-disputed>", "");
    assert_eq!(back("dispute_opened", &whole).amount_minor, 25_000);
    let of_nothing = dispute("chargeback").replace("<transaction><id>t1</id>", "<transaction>");
    assert_eq!(
        failed("dispute_lost", &of_nothing),
        "dispute.transaction.id is missing"
    );
}

fn history(inner: &str, steps: &[(&str, &str)]) -> String {
    let steps = steps.iter().map(|(status, at)| {
        format!("<{inner}><timestamp type=\"datetime\">{at}</timestamp><status>{status}</status></{inner}>")
    });
    let steps: String = steps.collect();
    format!("<status-history type=\"array\">{steps}</status-history>")
}

#[test]
fn what_is_told_again_with_a_later_time_is_no_newer() {
    use BackStatus::{Failed, Succeeded};
    let [opened_at, lost_at, won_at] = [10, 11, 12].map(|day| format!("2026-10-{day}T08:00:00Z"));
    let made = format!("<created-at>{opened_at}</created-at>");
    let steps = [
        ("open", opened_at.as_str()),
        ("lost", lost_at.as_str()),
        ("won", won_at.as_str()),
    ];
    let told = |kind: &str, more: &str| {
        let xml = dispute("chargeback").replacen("<dispute>", &format!("<dispute>{more}"), 1);
        back(kind, &xml).told_at
    };
    let whole = history("status-history", &steps);
    assert_eq!(told("dispute_opened", &made), at(&opened_at));
    assert_eq!(told("dispute_disputed", &whole), at(&opened_at));
    assert_eq!(told("dispute_opened", ""), at(super::CONNECTED));
    assert_eq!(told("dispute_lost", &whole), at(&lost_at));
    assert_eq!(told("dispute_won", &whole), at(&won_at));
    let notified = at("2026-11-01T12:00:00Z");
    assert_eq!(told("dispute_lost", &made), notified);
    let settled = history(
        "status-event",
        &[("settling", &opened_at), ("settled", &lost_at)],
    );
    let settled = back("transaction_settled", &credit("r1", &settled));
    assert_eq!((settled.status, settled.told_at), (Succeeded, at(&lost_at)));
    let steps = [("settled", lost_at.as_str()), ("failed", won_at.as_str())];
    let failed = format!("<status>failed</status>{}", history("status-event", &steps));
    for kind in ["refund_failed", "transaction_settled"] {
        let failed = back(kind, &credit("r1", &failed));
        assert_eq!(
            (failed.status, failed.told_at),
            (Failed, at(&won_at)),
            "{kind}"
        );
        assert!(failed.supersedes(&settled));
    }
}

#[test]
fn a_dispute_won_in_part_is_lost_for_the_rest() {
    use BackStatus::{Lost, Open, Won};
    for (kind, won, status, minor) in [
        ("dispute_won", "10.00", Lost, 1500),
        ("dispute_lost", "10.00", Lost, 2500),
        ("dispute_won", "25.00", Won, 2500),
        ("dispute_won", "0.00", Won, 2500),
        ("dispute_opened", "10.00", Open, 2500),
    ] {
        let won = format!("<amount-won>{won}</amount-won>");
        let xml = dispute("chargeback").replace("<amount-won>0.00</amount-won>", &won);
        let back = back(kind, &xml);
        assert_eq!(
            (back.status, back.amount_minor),
            (status, minor),
            "{kind} {won}"
        );
    }
}

#[test]
fn an_error_of_the_api_is_looked_through() {
    let inside = format!(
        "<api-error-response><errors/>{}</api-error-response>",
        credit("r1", "")
    );
    assert_eq!(back("transaction_settled", &inside).external_id, "r1");
    let Content::Failed(why) = content("transaction_settled", "<api-error-response/>") else {
        panic!("not failed")
    };
    assert_eq!(why, "notification.subject.transaction is missing");
}
