//! Transactions found in Braintree's own lists become events like others.

use domain::{fact::Fact, refund::BackStatus};

use super::{Content, at, backs, credit, event};
use crate::webhook::braintree::found;

fn history(steps: &[(&str, &str)]) -> String {
    let steps = steps.iter().map(|(status, at)| {
        format!("<status-event><timestamp type=\"datetime\">{at}</timestamp><status>{status}</status></status-event>")
    });
    format!(
        "<status-history type=\"array\">{}</status-history>",
        steps.collect::<String>()
    )
}

#[test]
fn where_a_refund_stands_is_one_event_however_often_it_is_found() {
    let steps = history(&[
        ("submitted_for_settlement", "2026-10-05T10:00:00Z"),
        ("settled", "2026-10-07T08:00:00Z"),
    ]);
    let xml = credit("r1", &steps);
    let listed = found(&xml).expect("readable");
    assert_eq!(
        listed.id,
        "transaction_search:r1:settled:2026-10-07T08:00:00Z"
    );
    assert_eq!(listed.created, at("2026-10-07T08:00:00Z").timestamp());
    let updated = credit(
        "r1",
        &format!("{steps}<updated-at>2026-12-01T00:00:00Z</updated-at>"),
    );
    assert_eq!(found(&updated).expect("readable").id, listed.id);
    let read = event(str::from_utf8(&listed.body).expect("text"));
    assert_eq!(
        (read.external_id, read.kind.as_str()),
        (listed.id, "transaction_search")
    );
    let Content::Facts(facts) = read.content else {
        panic!("no facts")
    };
    let back = backs(&facts)[0];
    assert_eq!(
        (back.amount_minor, back.status),
        (1000, BackStatus::Succeeded)
    );
    assert_eq!(back.told_at, at("2026-10-07T08:00:00Z"));
    assert!(matches!(facts[..], [Fact::Back(_)]));
}

#[test]
fn every_status_of_a_refund_has_a_meaning() {
    use BackStatus::{Failed, Pending, Succeeded};
    for (status, expected) in [
        ("submitted_for_settlement", Pending),
        ("settlement_pending", Pending),
        ("authorized", Pending),
        ("a_new_word", Pending),
        ("settling", Succeeded),
        ("settled", Succeeded),
        ("settlement_declined", Failed),
        ("failed", Failed),
        ("processor_declined", Failed),
        ("voided", Failed),
    ] {
        let listed = found(&credit("r1", &format!("<status>{status}</status>"))).expect("readable");
        assert!(listed.id.contains(status));
        // Without a history, what is known of its time is when it was made.
        assert_eq!(listed.created, at("2026-10-05T10:00:00Z").timestamp());
        let Content::Facts(facts) = event(str::from_utf8(&listed.body).expect("text")).content
        else {
            panic!("{status}")
        };
        assert_eq!(backs(&facts)[0].status, expected, "{status}");
    }
}

#[test]
fn fractions_of_seconds_make_no_second_event() {
    let steps = history(&[("settled", "2026-10-07T08:00:00.123456789Z")]);
    let listed = found(&credit("r1", &steps)).expect("readable");
    let read = event(str::from_utf8(&listed.body).expect("text"));
    let known = read.occurred_at.expect("a time");
    assert_eq!(known, at("2026-10-07T08:00:00Z"));
    assert_eq!(listed.created, known.timestamp());
}

#[test]
fn a_refund_that_names_no_sale_is_known_by_its_id() {
    let nameless = credit("r1", "<refunded-transaction-id nil=\"true\"/>")
        .replace("<refunded-transaction-id>t1</refunded-transaction-id>", "");
    let listed = found(&nameless).expect("readable");
    let Content::Facts(facts) = event(str::from_utf8(&listed.body).expect("text")).content else {
        panic!("no facts")
    };
    let back = backs(&facts)[0];
    assert_eq!((back.amount_minor, back.external_id.as_str()), (1000, "r1"));
    assert!(back.payment.is_empty());
}

#[test]
fn what_is_no_transaction_is_told() {
    for (xml, why) in [
        ("<transaction", "transaction is not XML"),
        ("<transaction/>", "transaction.status is missing"),
        (
            "<transaction><status>settled</status></transaction>",
            "transaction.created_at is missing",
        ),
        (
            "<transaction><id>r1</id></transaction>",
            "r1: transaction.status is missing",
        ),
    ] {
        assert_eq!(found(xml).expect_err("unreadable").to_string(), why);
    }
    let sale = super::sale("t1", "");
    let listed = found(&sale).expect("readable");
    let read = event(str::from_utf8(&listed.body).expect("text"));
    assert_eq!(
        read.content,
        Content::Ignored("a sale is no refund".to_owned())
    );
}
