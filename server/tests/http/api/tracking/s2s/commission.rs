//! What a sale earns under its plan, and that the ledger says the same.

use serde_json::{Value, json};

use super::at;
use crate::support::{Answer, TestServer, now};

/// A server with one affiliate `sarah` in a campaign of these terms.
async fn under(mut terms: Value) -> TestServer {
    let server = TestServer::start().await;
    terms["name"] = json!("Terms");
    let campaign = server.campaign(terms).await;
    server
        .affiliate_named("Sarah", "sarah", json!({"programId": campaign}))
        .await;
    server
}

fn percent(share: Value) -> Value {
    json!({"commissionType": "recurring", "commissionPercent": share})
}

fn earned(answer: &Answer) -> (i64, &str) {
    assert_eq!(answer.status, 201, "{}", answer.text);
    (
        answer.json["commissionCents"].as_i64().expect("an integer"),
        answer.word("commissionCurrency"),
    )
}

async fn assert_ledger_equals_commissions(server: &TestServer) {
    let difference = "select count(*) from conversion c where c.commission_minor <>
        (select coalesce(sum(l.amount_minor), 0) from ledger_entry l where l.organization_id = c.organization_id
            and l.conversion_id = c.conversion_id and l.currency = c.commission_currency
            and l.affiliate_id = c.affiliate_id)";
    assert_eq!(server.database().number(difference).await, 0);
    let stray = "select count(*) from ledger_entry where conversion_id is null or amount_minor = 0";
    assert_eq!(server.database().number(stray).await, 0);
}

#[tokio::test]
async fn a_share_is_of_the_amount_without_tax_rounded_half_up_once() {
    let server = under(percent(json!(33.33))).await;
    for (number, (amount, tax, commission)) in [
        (100, 0, 33),
        (101, 0, 34),
        (150, 0, 50),
        (1, 0, 0),
        (2, 0, 1),
        (4900, 900, 1333),
        (1_000_000_000_000_000_i64, 0, 333_300_000_000_000_i64),
    ]
    .into_iter()
    .enumerate()
    {
        let made = server
            .sale(
                &format!("e{number}"),
                "sarah",
                json!({"amountCents": amount, "taxCents": tax}),
            )
            .await;
        assert_eq!(earned(&made), (commission, "USD"), "{amount} - {tax}");
        assert_eq!(
            made.json["amountCents"], amount,
            "the amount is what the customer paid"
        );
    }
    assert_ledger_equals_commissions(&server).await;
}

#[tokio::test]
async fn half_a_cent_is_rounded_up() {
    let server = under(percent(json!(50))).await;
    for (amount, commission) in [(1, 1), (3, 2), (5, 3), (2, 1)] {
        let made = server
            .sale(
                &format!("e{amount}"),
                "sarah",
                json!({"amountCents": amount}),
            )
            .await;
        assert_eq!(earned(&made).0, commission, "{amount}");
    }
}

#[tokio::test]
async fn a_share_of_nothing_is_listed_and_a_share_of_all_is_all() {
    let server = under(percent(json!(0))).await;
    assert_eq!(earned(&server.sale("a", "sarah", json!({})).await).0, 0);
    assert_eq!(server.sales("").await.len(), 1);
    assert_eq!(
        server.database().count("ledger_entry").await,
        0,
        "an entry of nothing says nothing"
    );
    let all = server
        .campaign(json!({"name": "All", "commissionType": "recurring", "commissionPercent": 100}))
        .await;
    server
        .affiliate_named("Mia", "mia", json!({"programId": all}))
        .await;
    assert_eq!(earned(&server.sale("b", "mia", json!({})).await).0, 4900);
}

#[tokio::test]
async fn a_fixed_amount_is_paid_per_payment_whatever_its_size_and_currency() {
    let server = under(json!({"commissionType": "recurring", "commissionModel": "fixed", "commissionAmountCents": 500})).await;
    for (number, (amount, currency)) in [(4900, "USD"), (1, "USD"), (4900, "EUR"), (1580, "JPY")]
        .into_iter()
        .enumerate()
    {
        let made = server
            .sale(
                &format!("e{number}"),
                "sarah",
                json!({"amountCents": amount, "currency": currency}),
            )
            .await;
        assert_eq!(earned(&made), (500, "USD"), "{amount} {currency}");
    }
    assert_ledger_equals_commissions(&server).await;
}

#[tokio::test]
async fn currencies_without_or_with_three_decimals_stay_in_their_minor_unit() {
    for (currency, amount, commission) in [
        ("JPY", 1580, 316),
        ("KWD", 3000, 600),
        ("ISK", 990, 198),
        ("CLP", 4990, 998),
    ] {
        let mut terms = percent(json!(20));
        terms["currency"] = json!(currency);
        let server = under(terms).await;
        let made = server
            .sale(
                "a",
                "sarah",
                json!({"amountCents": amount, "currency": currency}),
            )
            .await;
        assert_eq!(earned(&made), (commission, currency));
        assert_eq!(
            (made.word("currency"), &made.json["amountCents"]),
            (currency, &json!(amount))
        );
        assert_ledger_equals_commissions(&server).await;
    }
}

#[tokio::test]
async fn a_share_of_another_currency_waits_for_its_rate_and_is_never_one_to_one() {
    let server = under(percent(json!(20))).await;
    let made = server.sale("a", "sarah", json!({"currency": "EUR"})).await;
    assert_eq!(earned(&made), (0, "USD"));
    assert_eq!(
        (made.word("currency"), made.word("status")),
        ("EUR", "Pending")
    );
    let state = server
        .database()
        .text("select commission_state from conversion")
        .await;
    assert_eq!(state, "awaiting_rate");
    assert_eq!(server.database().count("ledger_entry").await, 0);
}

#[tokio::test]
async fn a_commission_of_ones_own_beats_the_campaigns() {
    let server = TestServer::start().await;
    server
        .affiliate_named("Sarah", "sarah", json!({"commissionPercent": 30.5}))
        .await;
    server.affiliate("mia").await;
    assert_eq!(earned(&server.sale("a", "sarah", json!({})).await).0, 1495);
    assert_eq!(earned(&server.sale("b", "mia", json!({})).await).0, 980);
}

#[tokio::test]
async fn changing_a_plan_changes_no_sale_that_exists() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let campaign = server.default_campaign().await;
    server.sale("a", "sarah", json!({})).await.expect(201);
    server
        .patch(
            &format!("/api/v1/programs/{campaign}"),
            json!({"commissionPercent": 50}),
        )
        .await
        .expect(200);
    server.sale("b", "sarah", json!({})).await.expect(201);
    assert_eq!(
        server.sale_of("a").await.expect("a sale")["commissionCents"],
        980
    );
    assert_eq!(
        server.sale_of("b").await.expect("a sale")["commissionCents"],
        2450
    );
    assert_ledger_equals_commissions(&server).await;
}

#[tokio::test]
async fn a_one_time_plan_pays_a_customers_first_payment_only() {
    let server = under(json!({"commissionType": "one_time", "commissionPercent": 20})).await;
    let by = |email: &str, days: i64| json!({"customerEmail": email, "occurredAt": at(now() - days * 86_400)});
    assert_eq!(
        earned(&server.sale("a", "sarah", by("ann@example.com", 30)).await).0,
        980
    );
    let later = server
        .sale("b", "sarah", by("Ann@Example.com", 1))
        .await
        .expect(409);
    assert_eq!(later.error(), "commission_not_due");
    assert_eq!(
        earned(&server.sale("c", "sarah", by("ben@example.com", 1)).await).0,
        980,
        "another customer"
    );
    assert_eq!(server.sales("").await.len(), 2);
    assert_ledger_equals_commissions(&server).await;
}

#[tokio::test]
async fn a_limited_plan_ends_calendar_months_after_the_first_payment() {
    let server = under(json!({"commissionType": "recurring_limited", "commissionPercent": 20, "commissionLimitMonths": 2})).await;
    let first = chrono::DateTime::from_timestamp(now() - 70 * 86_400, 0).expect("in range");
    let end = first + chrono::Months::new(2);
    let paid = |at: chrono::DateTime<chrono::Utc>| json!({"customerExternalId": "cus_1", "occurredAt": at.to_rfc3339()});
    server.sale("first", "sarah", paid(first)).await.expect(201);
    server
        .sale("last", "sarah", paid(end - chrono::Duration::seconds(1)))
        .await
        .expect(201);
    let late = server.sale("late", "sarah", paid(end)).await.expect(409);
    assert_eq!(late.error(), "commission_not_due");
    assert_eq!(server.sales("").await.len(), 2);
}
