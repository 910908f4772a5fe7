//! Transfers: only those of payouts are told, with what came back of them.

use domain::{id::PayoutId, transfer::TransferSeen};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{Content, units},
    Fact, content, facts, failure, money, with,
};

const PAYOUT: &str = "018f0000-0000-7000-8000-000000000001";

fn transfer(more: Value) -> Value {
    let transfer = json!({
        "id": "tr_1", "object": "transfer", "amount": 5000, "amount_reversed": 0, "currency": "usd",
        "destination": "acct_1", "reversed": false, "transfer_group": format!("tributary_{PAYOUT}"),
        "metadata": {"tributary_payout": PAYOUT},
    });
    with(transfer, more)
}

fn seen(reversed_minor: i64) -> Vec<Fact> {
    vec![Fact::Transfer(TransferSeen {
        transfer_id: "tr_1".to_owned(),
        payout_id: Some(PayoutId(Uuid::parse_str(PAYOUT).expect("an id"))),
        amount: money(5000, "USD"),
        reversed_minor,
    })]
}

#[test]
fn a_payouts_transfer_is_told_with_what_came_back() {
    for kind in ["transfer.created", "transfer.updated", "transfer.paid"] {
        assert_eq!(facts(kind, &transfer(json!({}))), seen(0), "{kind}");
    }
    let part = transfer(json!({"amount_reversed": 1200}));
    assert_eq!(facts("transfer.reversed", &part), seen(1200));
    // Old versions have no word for it.
    let old = transfer(json!({"amount_reversed": null}));
    assert_eq!(facts("transfer.created", &old), seen(0));
}

#[test]
fn a_failed_transfer_came_back_whole() {
    assert_eq!(facts("transfer.failed", &transfer(json!({}))), seen(5000));
}

#[test]
fn other_transfers_of_the_account_are_its_own_business() {
    for metadata in [json!({}), json!({"tributary_payout": "5"}), Value::Null] {
        let other = transfer(json!({"metadata": metadata}));
        let told = content("transfer.created", &other);
        assert!(matches!(told, Content::Ignored(_)), "{told:?}");
    }
    let bank = content("payout.paid", &json!({"id": "po_1", "object": "payout"}));
    let ignored = Content::Ignored("payout.paid is not used".to_owned());
    assert_eq!(bank, ignored);
}

#[test]
fn a_transfer_without_its_amount_fails() {
    let why = failure("transfer.created", &transfer(json!({"amount": null})));
    assert_eq!(why, "transfer.amount is missing");
}

#[test]
fn amounts_are_written_as_they_are_read() {
    for (minor, code, expected) in [
        (4900, "USD", Some(4900)),
        (1580, "JPY", Some(1580)),
        (1580, "ISK", Some(158_000)),
        (3000, "KWD", Some(3000)),
        (i64::MAX, "ISK", None),
    ] {
        assert_eq!(units(money(minor, code)), expected, "{minor} {code}");
    }
    for code in ["USD", "JPY", "ISK", "UGX", "KWD", "MGA", "LYD"] {
        let Some(amount) = units(money(7000, code)) else {
            continue;
        };
        let told = facts(
            "transfer.created",
            &transfer(json!({"amount": amount, "currency": code.to_ascii_lowercase()})),
        );
        let Some(Fact::Transfer(seen)) = told.first() else {
            panic!("a transfer: {told:?}");
        };
        assert_eq!(seen.amount, money(7000, code));
    }
}
