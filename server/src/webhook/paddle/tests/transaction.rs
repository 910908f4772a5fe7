//! How much was paid, how much of it earns, when, and what names an affiliate.

use domain::{
    conversion::ProcessorIds,
    fact::{ClueKind, Fact, Payment, Signup},
    money::MAX_MINOR,
};
use serde_json::{Value, json};

use super::{AT, clue, facts, failure, ignored, money, time, transaction, with};

const COMPLETED: &str = "transaction.completed";

fn payment(transaction: &Value) -> Payment {
    match facts(COMPLETED, transaction).as_slice() {
        [Fact::Payment(payment)] => payment.clone(),
        other => panic!("no payment: {other:?}"),
    }
}

fn totals(changes: Value) -> Value {
    let mut transaction = transaction();
    let totals = transaction["details"]["totals"].as_object_mut();
    let changes = changes.as_object().expect("an object").clone();
    totals.expect("an object").extend(changes);
    transaction
}

/// Amount and base.
fn sums(transaction: &Value) -> (i64, i64) {
    let payment = payment(transaction);
    (payment.amount.minor, payment.base_minor)
}

#[test]
fn a_completed_transaction_is_a_payment() {
    let data = with(
        transaction(),
        &[
            ("/custom_data", json!({"tributary_ref": "sarah", "n": 7})),
            ("/discount_id", json!("dsc_1")),
        ],
    );
    let expected = Payment {
        external_event_id: "txn_1".into(),
        amount: money(4400, "USD"),
        base_minor: 4000,
        paid_at: time("2025-10-09T08:53:17.5Z"),
        ids: ProcessorIds {
            customer: Some("ctm_1".into()),
            subscription: Some("sub_1".into()),
            invoice: Some("inv_1".into()),
            payment_intent: Some("txn_1".into()),
            ..ProcessorIds::default()
        },
        email: None,
        name: None,
        clues: vec![
            clue(
                ClueKind::Slug,
                "sarah",
                "custom data tributary_ref of the transaction",
            ),
            clue(
                ClueKind::PromotionCode,
                "dsc_1",
                "discount of the transaction",
            ),
        ],
        metadata: r#"{"tributary_ref":"sarah"}"#.into(),
    };
    assert_eq!(payment(&data), expected);
}

#[test]
fn every_key_of_custom_data_names_an_affiliate() {
    for key in [
        "tributary_ref",
        "rekomi_ref",
        "agentref_cid",
        "referral",
        "via",
        "ref",
    ] {
        let data = with(transaction(), &[("/custom_data", json!({key: " Sarah "}))]);
        let place = format!("custom data {key} of the transaction");
        assert_eq!(
            payment(&data).clues,
            [clue(ClueKind::Slug, "Sarah", &place)]
        );
    }
    let click = json!({"tributary_click": "clk"});
    let data = with(transaction(), &[("/custom_data", click)]);
    assert_eq!(payment(&data).clues[0].kind, ClueKind::Click);
    for nothing in [
        json!([]),
        json!("sarah"),
        json!({"via": 7}),
        json!({"via": ""}),
    ] {
        let data = with(transaction(), &[("/custom_data", nothing)]);
        assert_eq!(payment(&data).clues, []);
    }
}

#[test]
fn a_discount_without_id_is_nobodys() {
    for discount in [json!(null), json!(7), json!("")] {
        let data = with(transaction(), &[("/discount_id", discount)]);
        assert_eq!(payment(&data).clues, []);
    }
    let inline = json!({"description": "10 % off", "type": "percentage", "amount": "10"});
    let data = with(transaction(), &[("/discount", inline)]);
    assert_eq!(payment(&data).clues, []);
}

#[test]
fn what_is_left_after_credit_is_paid_and_earns_net_of_the_tax_in_it() {
    // 44.00 with 4.00 tax, of which credit paid 14.00: 30.00 with 2.73 tax.
    let told = json!({"credit": "1400", "grand_total": "3000", "grand_total_tax": "273"});
    assert_eq!(sums(&totals(told)), (3000, 2727));
    // 30.00 * 40 / 44 = 27.2727
    let untold = json!({"credit": "1400", "grand_total": "3000", "grand_total_tax": null});
    assert_eq!(sums(&totals(untold)), (3000, 2727));
    // Half a cent goes up, once: 1.01 * 1 / 2.
    let half = json!({"total": "200", "tax": "100", "grand_total": "101", "grand_total_tax": null});
    assert_eq!(sums(&totals(half)), (101, 51));
    let no_tax = json!({"tax": null, "grand_total_tax": null});
    assert_eq!(sums(&totals(no_tax)), (4400, 4400));
    let negative_tax = json!({"grand_total_tax": "-50"});
    assert_eq!(sums(&totals(negative_tax)), (4400, 4400));
}

#[test]
fn amounts_are_text_or_numbers_in_the_minor_units_of_iso() {
    let numbers = json!({"grand_total": 4400, "grand_total_tax": 400});
    assert_eq!(sums(&totals(numbers)), (4400, 4000));
    for (currency, minor) in [("JPY", "1738"), ("KRW", "44000"), ("EUR", "4400")] {
        let data = totals(json!({"grand_total": minor, "grand_total_tax": "158"}));
        let data = with(data, &[("/currency_code", json!(currency))]);
        let paid = payment(&data);
        let minor: i64 = minor.parse().expect("a number");
        assert_eq!(
            (paid.amount, paid.base_minor),
            (money(minor, currency), minor - 158)
        );
    }
    let most = json!({"grand_total": MAX_MINOR.to_string(), "grand_total_tax": "0"});
    assert_eq!(sums(&totals(most)), (MAX_MINOR, MAX_MINOR));
}

#[test]
fn amounts_that_are_no_money_fail_by_name() {
    const PLACE: &str = "transaction.details.totals.grand_total";
    for wrong in [
        json!("44.00"),
        json!(44.5),
        json!("4,400"),
        json!(""),
        json!("4400 USD"),
        json!(true),
        json!(u64::MAX),
        json!("9223372036854775808"),
    ] {
        let why = failure(COMPLETED, &totals(json!({"grand_total": wrong})));
        assert_eq!(why, format!("{PLACE} is not a whole number"));
    }
    let missing = failure(COMPLETED, &totals(json!({"grand_total": null})));
    assert_eq!(missing, format!("{PLACE} is missing"));
    let huge = json!({"grand_total": (MAX_MINOR + 1).to_string()});
    let huge = failure(COMPLETED, &totals(huge));
    assert_eq!(huge, format!("{PLACE} is too large"));
    let tax = failure(COMPLETED, &totals(json!({"grand_total_tax": "4.00"})));
    assert_eq!(tax, format!("{PLACE}_tax is not a whole number"));
}

#[test]
fn other_fields_fail_by_name() {
    for (place, value, why) in [
        ("/id", json!(null), "transaction.id is missing"),
        ("/id", json!(7), "transaction.id is not an id"),
        (
            "/customer_id",
            json!(["x"]),
            "transaction.customer_id is not an id",
        ),
        (
            "/subscription_id",
            json!(7),
            "transaction.subscription_id is not an id",
        ),
        (
            "/currency_code",
            json!(null),
            "transaction.currency_code is missing",
        ),
        (
            "/currency_code",
            json!("XAU"),
            "transaction.currency_code is not an ISO 4217 code",
        ),
        (
            "/payments/0/captured_at",
            json!("yesterday"),
            "payments.captured_at is not a time in RFC 3339",
        ),
    ] {
        assert_eq!(
            failure(COMPLETED, &with(transaction(), &[(place, value)])),
            why
        );
    }
}

#[test]
fn it_was_paid_when_its_last_part_was_captured() {
    let paid_at = |payments: Value| {
        let data = with(
            transaction(),
            &[
                ("/payments", payments),
                ("/billed_at", json!("2025-09-01T00:00:00Z")),
            ],
        );
        payment(&data).paid_at
    };
    let parts = json!([
        {"amount": "2000", "captured_at": "2025-10-01T10:00:00Z"},
        {"amount": "2400", "captured_at": "2025-10-03T12:00:00+02:00"},
        {"amount": "2400", "captured_at": "0001-01-01T00:00:00Z", "status": "error"},
    ]);
    assert_eq!(paid_at(parts), time("2025-10-03T10:00:00Z"));
    for nothing in [
        json!([]),
        json!(null),
        json!([{"captured_at": null}]),
        json!("x"),
    ] {
        assert_eq!(paid_at(nothing), time(AT), "completed, as far as is known");
    }
}

#[test]
fn nothing_paid_is_no_payment_and_says_why() {
    let zero = json!({"total": "0", "tax": "0", "grand_total": "0", "grand_total_tax": "0"});
    let from =
        |origin: &str, sums: &Value| with(totals(sums.clone()), &[("/origin", json!(origin))]);
    let why = |origin, sums: &Value| ignored(COMPLETED, &from(origin, sums));
    assert_eq!(
        why("subscription_payment_method_change", &zero),
        "nothing was paid: the payment method was changed"
    );
    assert_eq!(why("subscription_recurring", &zero), "nothing was paid");
    // A bill that was paid with credit.
    let credit = json!({"credit": "4400", "grand_total": "0", "grand_total_tax": "0"});
    assert_eq!(why("web", &credit), "nothing was paid");
    let negative =
        json!({"total": "-1200", "tax": "-100", "grand_total": "-1200", "grand_total_tax": "-100"});
    for origin in ["subscription_update", "web"] {
        let why = why(origin, &negative);
        assert_eq!(why, "the total is negative: nothing was paid");
    }
    let tax = "all of what was paid is tax or an older debt";
    assert_eq!(why("web", &json!({"grand_total_tax": "4400"})), tax);
    assert_eq!(why("web", &json!({"grand_total_tax": "5000"})), tax);
    assert_eq!(
        why("web", &json!({"grand_total_tax": null, "total": "-5"})),
        tax
    );
}

#[test]
fn a_free_checkout_is_a_signup() {
    let zero = json!({"total": "0", "tax": "0", "grand_total": "0", "grand_total_tax": "0"});
    for origin in ["web", "api"] {
        let data = with(
            totals(zero.clone()),
            &[
                ("/origin", json!(origin)),
                ("/custom_data", json!({"via": "sarah"})),
            ],
        );
        let facts = facts(COMPLETED, &data);
        let [
            Fact::Signup(Signup {
                external_event_id,
                occurred_at,
                ids,
                clues,
                ..
            }),
        ] = facts.as_slice()
        else {
            panic!("no signup: {facts:?}");
        };
        assert_eq!(external_event_id.as_deref(), Some("txn_1"));
        assert_eq!(*occurred_at, time(AT));
        assert_eq!(ids.customer.as_deref(), Some("ctm_1"));
        assert_eq!(clues.len(), 1);
    }
}

#[test]
fn what_was_imported_pays_nothing() {
    for (place, value) in [
        ("/origin", json!("import")),
        ("/origin", json!("subscription_imported")),
        ("/import_meta", json!({"imported_from": "billing_platform"})),
    ] {
        let why = ignored(COMPLETED, &with(transaction(), &[(place, value)]));
        assert_eq!(why, "an imported transaction was sold elsewhere");
    }
}

#[test]
fn every_other_origin_is_a_payment() {
    for origin in [
        json!("subscription_recurring"),
        json!("subscription_charge"),
        json!("subscription_update"),
        json!("subscription_payment_method_change"),
        json!("something_new"),
        json!(null),
    ] {
        let data = with(transaction(), &[("/origin", origin)]);
        assert_eq!(sums(&data), (4400, 4000));
    }
}

#[test]
fn only_completion_counts() {
    for word in [
        "created",
        "ready",
        "billed",
        "paid",
        "updated",
        "canceled",
        "past_due",
        "payment_failed",
        "revised",
        "something_new",
    ] {
        let kind = format!("transaction.{word}");
        let why = format!("{kind} is not used: a transaction counts when it is completed");
        assert_eq!(ignored(&kind, &transaction()), why);
    }
    let imported = "transaction.imported is not used: what is imported was sold elsewhere";
    assert_eq!(ignored("transaction.imported", &transaction()), imported);
}
