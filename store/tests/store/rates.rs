//! Sales in another currency than their campaign's.

use chrono::NaiveDate;
use domain::{
    conversion::CommissionState,
    email::Email,
    exchange::Quote,
    fact::{ClueKind, Fact},
    lifecycle::{Status, Transition},
    money::{Currency, Money},
    refund::{BackKind, BackStatus, MoneyBack},
};
use sqlx::PgPool;
use store::{audit::Actor, exchange::DayRate, intake::Decision, organization::NewOrganization};

use crate::support::{Shop, clue, name, noon, payment};

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
async fn a_thousand_sales_without_a_rate_keep_none_waiting_that_has_one(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    sale(&shop, "in_1", 4900, "EUR").await;
    sale(&shop, "in_2", 4900, "CHF").await;
    // As many again that were recorded before and after it, all of them paid later.
    let copies = "insert into conversion select (jsonb_populate_record(c, jsonb_build_object(
            'external_event_id', 'copy_' || n, 'occurred_at', c.occurred_at + interval '1 day',
            'conversion_id', lpad(n::text, 8, case when n % 2 = 0 then '0' else 'f' end) || '-0000-7000-8000-000000000000'))).*
        from conversion c, generate_series(1, 2200) n where c.external_event_id = 'in_2'";
    let made = sqlx::query(copies).execute(&pool).await.expect("copied");
    assert_eq!(made.rows_affected(), 2200);
    let eur = [rate("2026-11-19", "EUR", "USD", "1.0832")];
    shop.store.publish_rates(&eur).await.expect("kept");
    assert_eq!(shop.rows_of("in_1").await[0].commission.minor, 1062);
    let waiting = "select count(*) from conversion where commission_state = 'awaiting_rate'";
    let waiting: i64 = sqlx::query_scalar(waiting)
        .fetch_one(&pool)
        .await
        .expect("counts");
    assert_eq!(waiting, 2201);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn own_rates_compute_own_sales_at_once_and_leave_others_to_the_next_reading(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    sale(&shop, "in_1", 4900, "EUR").await;
    let new = NewOrganization {
        name: name("Other"),
        owner_email: Email::parse("other@example.com").expect("an e-mail"),
        owner_password: "correct-horse-battery".to_owned(),
        api_key: None,
    };
    let other = shop.store.create_organization(new).await.expect("created");
    let rates = [rate("2026-11-19", "EUR", "USD", "1.0832")];
    // Known, but not computed with yet.
    sqlx::query(
        "insert into fx_rate (organization_id, day, base, quote, digits, places, created_at)
         values ($1, '2026-11-19', 'EUR', 'USD', 2, 0, now())",
    )
    .bind(shop.organization_id.0)
    .execute(&pool)
    .await
    .expect("kept");
    let state = async || {
        let row = shop.rows_of("in_1").await.remove(0);
        (row.commission_state, row.commission.minor)
    };
    let set = async |organization_id| {
        let set = shop.store.set_rates(Actor::System, organization_id, &rates);
        set.await.expect("kept");
    };
    set(other.organization_id).await;
    assert_eq!(state().await, (CommissionState::AwaitingRate, 0));
    shop.store.price_awaiting().await.expect("looks");
    assert_eq!(state().await, (CommissionState::Ready, 1960));
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
        net_minor: None,
        currency: Some(currency("JPY")),
        status: BackStatus::Succeeded,
        occurred_at: noon(),
        told_at: noon(),
        failed_at: None,
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
