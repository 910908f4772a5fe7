//! A screen's rows and sums are of one moment.

use std::time::Duration;

use crate::support::{Shop, clue, customer, payment};
use domain::{
    fact::{ClueKind, Fact},
    sales::Filter,
};
use sqlx::PgPool;

/// Longer than anything here takes; what waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

async fn somebody_waits(pool: &PgPool) -> bool {
    let count = "select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock')";
    let waiting = sqlx::query_scalar(count).fetch_one(pool).await;
    waiting.expect("asked")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_comes_between_rows_and_sums_is_in_neither(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let mut paid = payment("in_1", None, 0);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event("evt_1", vec![Fact::Payment(paid)]).await;

    // Whoever sums up has read the rows, and waits here.
    let mut between = pool.begin().await.expect("a transaction");
    sqlx::query("lock table conversion_day in access exclusive mode")
        .execute(&mut *between)
        .await
        .expect("locked");
    let (store, organization) = (shop.store.clone(), shop.organization_id);
    let asked = tokio::spawn(async move {
        let all = Filter::default();
        let view = store.sales_view(organization, &all, 50, None);
        view.await.expect("read")
    });
    let waits = async { while !somebody_waits(&pool).await {} };
    tokio::time::timeout(PATIENCE, waits).await.expect("waits");
    sqlx::query("update conversion_day set conversions = conversions + 1")
        .execute(&mut *between)
        .await
        .expect("another sale");
    between.commit().await.expect("committed");

    let (page, totals) = asked.await.expect("no panic");
    assert_eq!((page.rows.len(), totals.chips.all), (1, 1));
    assert_eq!(page.rows[0].affiliate_name, "sarah");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_address_that_comes_late_changes_the_list(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let mut paid = payment("in_1", None, 0);
    paid.email = None;
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event("evt_1", vec![Fact::Payment(paid)]).await;
    let mark = async || {
        let mark = shop.store.sales_mark(shop.organization_id).await;
        mark.expect("a mark")
    };
    let before = mark().await;
    let named = vec![customer("cus_1", "ann@example.com")];
    shop.event("evt_2", named.clone()).await;
    let sale = shop.rows_of("in_1").await.remove(0);
    assert_eq!(sale.customer_email.as_deref(), Some("ann@example.com"));
    let after = mark().await;
    assert_ne!(after, before, "whoever kept the list reads it again");
    shop.event("evt_3", named).await;
    assert_eq!(mark().await, after);
    let recount = shop.store.recount().await.expect("counts");
    assert_eq!(recount.differences, Vec::<String>::new());
}
