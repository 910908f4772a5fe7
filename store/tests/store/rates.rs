//! Sales in another currency than their campaign's.

use chrono::NaiveDate;
use domain::{
    conversion::CommissionState,
    exchange::Quote,
    fact::{ClueKind, Fact},
    lifecycle::{Status, Transition},
    money::{Currency, Money},
    refund::{BackKind, BackStatus, MoneyBack},
};
use sqlx::PgPool;
use store::{audit::Actor, exchange::DayRate, intake::Decision};

use crate::support::{Shop, clue, noon, payment};

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn rate(at: &str, base: &str, quote: &str, rate: &str) -> DayRate {
    DayRate {
        day: day(at),
        base: currency(base),
        quote: currency(quote),
        rate: Quote::parse(rate).expect("a rate"),
    }
}

/// A sale of Sarah's in another currency, on 20 November 2026; 20 % of it in USD.
async fn sale(shop: &Shop, id: &str, minor: i64, code: &str) {
    let mut paid = payment(id, None, 0);
    paid.amount = Money::new(minor, currency(code));
    paid.base_minor = minor;
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
}

async fn ledger(pool: &PgPool) -> Vec<(String, i64)> {
    sqlx::query_as("select kind, amount_minor from ledger_entry order by ledger_entry_id")
        .fetch_all(pool)
        .await
        .expect("the ledger")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_commission_that_waits_is_computed_when_its_rate_comes(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    sale(&shop, "in_1", 4900, "EUR").await;
    let waits = shop.rows_of("in_1").await.remove(0);
    assert_eq!(
        (waits.commission_state, waits.commission.minor),
        (CommissionState::AwaitingRate, 0)
    );
    shop.clock.advance(chrono::Duration::days(31));
    shop.store.approve_due().await.expect("looks");
    assert_eq!(
        shop.rows_of("in_1").await[0].status,
        Status::Pending,
        "held while it waits"
    );
    let too_late = [
        rate("2026-11-21", "EUR", "USD", "9"),
        rate("2026-11-12", "EUR", "USD", "8"),
    ];
    shop.store.publish_rates(&too_late).await.expect("kept");
    assert_eq!(
        shop.rows_of("in_1").await[0].commission_state,
        CommissionState::AwaitingRate
    );
    shop.store
        .publish_rates(&[rate("2026-11-19", "EUR", "USD", "1.0832")])
        .await
        .expect("kept");
    let priced = shop.rows_of("in_1").await.remove(0);
    // 49.00 EUR x 1.0832 x 20 % = 10.61536 USD.
    assert_eq!(
        (priced.commission_state, priced.commission.minor),
        (CommissionState::Ready, 1062)
    );
    assert_eq!(ledger(&pool).await, [("accrual".to_owned(), 1062)]);
    shop.store.approve_due().await.expect("looks");
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Approved);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_restored_sale_gets_the_rate_that_came_while_it_was_denied(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    sale(&shop, "in_1", 4900, "EUR").await;
    let made = shop.rows_of("in_1").await.remove(0).id;
    let decide = async |step| {
        let decision = Decision {
            conversion_ids: vec![made],
            step,
            actor: Actor::System,
            reason: Some("because".to_owned()),
        };
        let decided = shop.store.decide(shop.organization_id, decision).await;
        let row = decided.expect("decided").remove(0).conversion;
        (row.status, row.commission_state, row.commission.minor)
    };
    let denied = decide(Transition::Deny).await;
    assert_eq!(denied, (Status::Denied, CommissionState::Ready, 0));
    shop.store
        .publish_rates(&[rate("2026-11-19", "EUR", "USD", "1.0832")])
        .await
        .expect("kept");
    let restored = decide(Transition::Restore).await;
    assert_eq!(restored, (Status::Pending, CommissionState::Ready, 1062));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_rate_of_a_sale_is_used_again_for_its_refunds(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let cross = [
        rate("2026-11-20", "EUR", "USD", "1.25"),
        rate("2026-11-20", "EUR", "JPY", "160"),
    ];
    shop.store.publish_rates(&cross).await.expect("kept");
    sale(&shop, "in_1", 16_000, "JPY").await;
    // 16,000 yen are 100 EUR are 125 USD.
    assert_eq!(shop.rows_of("in_1").await[0].commission.minor, 2500);
    shop.store
        .publish_rates(&[rate("2026-11-20", "EUR", "USD", "2.5")])
        .await
        .expect("kept");
    let half = MoneyBack {
        external_id: "re_1".to_owned(),
        kind: BackKind::Refund,
        amount_minor: 8000,
        currency: Some(currency("JPY")),
        status: BackStatus::Succeeded,
        occurred_at: noon(),
        told_at: noon(),
        payment: vec!["in_1".to_owned()],
        reason: None,
    };
    shop.event("evt_half", vec![Fact::Back(half)]).await;
    assert_eq!(shop.rows_of("in_1").await[0].commission.minor, 1250);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_organizations_own_rate_goes_before_the_published_one(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let published = [rate("2026-11-20", "KWD", "USD", "3")];
    shop.store.publish_rates(&published).await.expect("kept");
    let own = [rate("2026-11-20", "KWD", "USD", "3.25")];
    shop.store
        .set_rates(Actor::System, shop.organization_id, &own)
        .await
        .expect("kept");
    sale(&shop, "in_1", 10_000, "KWD").await;
    // 10.000 dinars are 32.50 USD.
    assert_eq!(shop.rows_of("in_1").await[0].commission.minor, 650);
    let listed = shop
        .store
        .rates(shop.organization_id, day("2026-11-01"), day("2026-11-30"))
        .await
        .expect("reads");
    assert_eq!(listed, [(own[0], true), (published[0], false)]);
}
