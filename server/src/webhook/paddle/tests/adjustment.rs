//! What an adjustment takes back, and whether it does.

use domain::{
    fact::Fact,
    money::{Currency, MAX_MINOR, Money},
    refund::{Back, BackKind, BackStatus, HeldBy, MoneyBack, Whole},
};
use serde_json::{Value, json};

use super::{AT, adjustment, content, event, facts, failure, ignored, read_json, time, with};
use crate::webhook::event::Content;

const TOLD: &str = "adjustment.updated";

fn back(adjustment: &Value) -> MoneyBack {
    match facts(TOLD, adjustment).as_slice() {
        [Fact::Back(back)] => back.clone(),
        other => panic!("nothing went back: {other:?}"),
    }
}

fn of(action: &str, status: &str) -> Value {
    with(
        adjustment(),
        &[("/action", json!(action)), ("/status", json!(status))],
    )
}

/// One whose items are these: type, net, tax.
fn of_items(items: &[(&str, i64, i64)]) -> Value {
    let text = |number: i64| json!(number.to_string());
    let items: Vec<Value> = items
        .iter()
        .map(|(kind, net, tax)| {
            json!({"type": kind, "amount": null, "totals": {"subtotal": text(*net), "tax": text(*tax),
                "total": text(net + tax)}})
        })
        .collect();
    with(adjustment(), &[("/items", json!(items))])
}

#[test]
fn a_refund_names_its_transaction_and_what_goes_back() {
    for kind in ["adjustment.created", "adjustment.updated"] {
        let expected = MoneyBack {
            external_id: "adj_1".into(),
            kind: BackKind::Refund,
            amount_minor: 1100,
            net_minor: Some(1000),
            currency: Some(Currency::USD),
            status: BackStatus::Succeeded,
            occurred_at: time("2025-10-09T08:53:19Z"),
            told_at: time(AT),
            failed_at: None,
            payment: vec!["txn_1".into()],
            reason: Some("error".into()),
        };
        let told = facts(kind, &of("refund", "approved"));
        assert_eq!(told, [Fact::Back(expected)], "{kind}");
    }
    for zero in [json!("0001-01-01T00:00:00Z"), json!(null)] {
        let data = with(adjustment(), &[("/created_at", zero)]);
        assert_eq!(back(&data).occurred_at, time(AT));
    }
}

#[test]
fn action_and_status_say_where_it_stands() {
    use BackKind::{Dispute, DisputeReversal, Refund, Warning, WarningReversal};
    use BackStatus::{Failed, Lost, Open, Pending, Succeeded, Won};
    let statuses = [
        "pending_approval",
        "approved",
        "rejected",
        "reversed",
        "something_new",
    ];
    for (action, kind, stands) in [
        ("refund", Refund, [Open, Succeeded, Failed, Failed, Open]),
        ("chargeback", Dispute, [Open, Lost, Failed, Won, Open]),
        (
            "chargeback_reverse",
            DisputeReversal,
            [Pending, Succeeded, Failed, Failed, Pending],
        ),
        (
            "chargeback_warning",
            Warning,
            [Open, Open, Failed, Won, Open],
        ),
        (
            "chargeback_warning_reverse",
            WarningReversal,
            [Pending, Succeeded, Failed, Failed, Pending],
        ),
    ] {
        for (status, stands) in statuses.into_iter().zip(stands) {
            let back = back(&of(action, status));
            assert_eq!(
                (back.kind, back.status),
                (kind, stands),
                "{action} {status}"
            );
        }
    }
}

#[test]
fn a_refund_that_waits_for_approval_takes_nothing_and_holds() {
    let asked = back(&of("refund", "pending_approval"));
    let paid = Whole {
        amount: Money::new(4400, Currency::USD),
        base_minor: 4000,
    };
    let held = Back {
        minor: 0,
        held_by: Some(HeldBy::Refund),
    };
    assert_eq!(Back::of(paid, [&asked]), held);
    let approved = back(&of("refund", "approved"));
    let gone = Back {
        minor: 1100,
        held_by: None,
    };
    assert_eq!(Back::of(paid, [&approved]), gone);
    // Told at the same instant, and in either order.
    assert!(approved.supersedes(&asked) && !asked.supersedes(&approved));
    let rejected = back(&of("refund", "rejected"));
    assert_eq!(Back::of(paid, [&rejected]), Back::default());
    assert!(rejected.supersedes(&asked) && !asked.supersedes(&rejected));
}

#[test]
fn tellings_are_compared_to_the_microsecond_that_can_be_kept() {
    let told = |occurred_at: &str, status| {
        let told = event(TOLD, &of("refund", status));
        let told = with(told, &[("/occurred_at", json!(occurred_at))]);
        match read_json(&told).content {
            Content::Facts(facts) => match facts.as_slice() {
                [Fact::Back(back)] => back.clone(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let asked = told("2025-10-09T08:53:20.123456789Z", "pending_approval");
    let approved = told("2025-10-09T08:53:20.123456Z", "approved");
    assert!(approved.supersedes(&asked) && !asked.supersedes(&approved));
}

#[test]
fn tax_alone_changes_nothing() {
    let why = "nothing but tax was adjusted, which earned nothing";
    for items in [
        &[("tax", 0, 400)][..],
        &[("tax", 0, 400), ("tax", 0, 5)],
        // Called partial, and yet all of it is tax.
        &[("partial", 0, 400)],
    ] {
        assert_eq!(ignored(TOLD, &of_items(items)), why);
    }
    let unlisted = with(
        adjustment(),
        &[("/items", json!(null)), ("/totals/subtotal", json!("0"))],
    );
    assert_eq!(ignored(TOLD, &unlisted), why);
}

#[test]
fn what_is_not_of_tax_alone_goes_back_and_how_much_of_it_is_net() {
    for (items, minor, net) in [
        (&[("full", 4000, 400)][..], 4400, 4000),
        (&[("partial", 1000, 100), ("full", 500, 0)], 1600, 1500),
        (&[("partial", 1000, 100), ("tax", 0, 300)], 1100, 1000),
        (&[("proration", 700, 70)], 770, 700),
        (&[("something_new", 700, 70)], 770, 700),
        (&[("partial", -1000, -100)], 1100, 1000),
        (&[("full", 4000, 0)], 4000, 4000),
    ] {
        let back = back(&of_items(items));
        let told = (back.amount_minor, back.net_minor);
        assert_eq!(told, (minor, Some(net)), "{items:?}");
    }
}

#[test]
fn where_the_items_do_not_say_the_whole_does() {
    for items in [
        json!(null),
        json!([]),
        json!([{"type": "full"}]),
        json!([{"type": "tax"}, {}]),
    ] {
        let data = with(adjustment(), &[("/items", items)]);
        let back = back(&data);
        assert_eq!((back.amount_minor, back.net_minor), (1100, Some(1000)));
    }
    let data = with(adjustment(), &[("/items/0/totals", json!(null))]);
    let data = with(data, &[("/items/0/amount", json!("900"))]);
    let back = back(&data);
    assert_eq!((back.amount_minor, back.net_minor), (900, None));
}

#[test]
fn credits_and_unknown_actions_are_ignored() {
    for action in ["credit", "credit_reverse"] {
        let why = ignored(TOLD, &of(action, "approved"));
        assert!(
            why.starts_with(&format!("a {action} moves no money back")),
            "{why}"
        );
    }
    let why = ignored(TOLD, &of("chargeback_appeal", "approved"));
    assert_eq!(
        why,
        "adjustments of the kind chargeback_appeal are not known"
    );
}

#[test]
fn fields_fail_by_name() {
    for (place, value, why) in [
        ("/id", json!(null), "adjustment.id is missing"),
        ("/action", json!(null), "adjustment.action is missing"),
        (
            "/action",
            json!(5),
            "adjustment.action is not text of 1 to 255 bytes",
        ),
        ("/status", json!(null), "adjustment.status is missing"),
        (
            "/transaction_id",
            json!(null),
            "adjustment.transaction_id is missing",
        ),
        (
            "/currency_code",
            json!("doubloons"),
            "adjustment.currency_code is not an ISO 4217 code",
        ),
        (
            "/items/0/totals/total",
            json!("11.00"),
            "items.totals.total is not a whole number",
        ),
        (
            "/items/0/totals/total",
            json!((MAX_MINOR + 1).to_string()),
            "adjustment.totals.total is too large",
        ),
        (
            "/items/0/totals/total",
            json!(i64::MIN),
            "adjustment.totals.total is too large",
        ),
        (
            "/created_at",
            json!("today"),
            "adjustment.created_at is not a time in RFC 3339",
        ),
    ] {
        assert_eq!(failure(TOLD, &with(adjustment(), &[(place, value)])), why);
    }
    let unsaid = with(
        adjustment(),
        &[("/items", json!([])), ("/totals", json!(null))],
    );
    assert_eq!(failure(TOLD, &unsaid), "adjustment.totals.total is missing");
    let unknown = with(adjustment(), &[("/type", json!("most_of_it"))]);
    assert!(matches!(content(TOLD, &unknown), Content::Facts(_)));
}
