//! What is cut off, stopped, started anew or forgotten.

use std::fmt::Write as _;

use chrono::Duration;
use domain::import::{ImportKind, ImportState};
use sqlx::{AssertSqlSafe, PgPool};
use store::{StoreError, audit::Actor, import::ImportError};

use super::{counts, many};
use crate::support::Shop;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_stopped_import_can_be_started_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let import = shop.upload(ImportKind::Sales, &many(5)).await;
    shop.start(&import, false).await;
    let (store, organization_id) = (&shop.store, shop.organization_id);
    let stop = async || {
        store
            .stop_import(Actor::System, organization_id, import.id)
            .await
    };
    stop().await.expect("stops");
    assert!(matches!(
        stop().await,
        Err(ImportError::CantStop(ImportState::Cancelled))
    ));
    assert_eq!(shop.to_the_end(&import).await.read, 0);
    shop.start(&import, false).await;
    assert_eq!(counts(&shop.to_the_end(&import).await), [5, 5, 0, 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rows_read_for_an_earlier_start_are_not_taken_in(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let import = shop.upload(ImportKind::Sales, &many(5)).await;
    shop.start(&import, false).await;
    // Its first batch waits for another sale of the organization.
    let mut before = shop.pool.begin().await.expect("begins");
    sqlx::query("select from organization_position for update")
        .execute(&mut *before)
        .await
        .expect("locks");
    let store = shop.store.clone();
    let running = tokio::spawn(async move { store.run_imports().await });
    let waiting = "select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting)
        .fetch_one(&shop.pool)
        .await
        .expect("looks")
    {
        tokio::task::yield_now().await;
    }
    let stopped = shop
        .store
        .stop_import(Actor::System, shop.organization_id, import.id)
        .await;
    stopped.expect("stops");
    shop.start(&import, true).await;
    before.rollback().await.expect("lets go");
    running.await.expect("ends").expect("runs");
    let tried = shop.to_the_end(&import).await;
    let told = (tried.state, counts(&tried));
    assert_eq!(told, (ImportState::Checked, [5, 5, 0, 0]));
    assert_eq!(shop.rows().await.len(), 0);
}

/// Has the database fail for a sale of this id, as `how` says.
async fn trouble(shop: &Shop, id: &str, how: &str) {
    let how = format!(
        "create sequence tries;
         create function trouble() returns trigger language plpgsql as $$ begin
             if new.external_event_id = '{id}' and {how} end if;
             return new;
         end $$;
         create trigger trouble before insert on conversion for each row execute function trouble()"
    );
    sqlx::raw_sql(AssertSqlSafe(how))
        .execute(&shop.pool)
        .await
        .expect("is made");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_databases_words_are_not_told(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let how =
        "true then raise check_violation using message = 'inner_words', constraint = 'inner_name';";
    trouble(&shop, "order_1", how).await;
    let import = shop.imported(ImportKind::Sales, &many(3)).await;
    let told = (import.state, counts(&import));
    assert_eq!(told, (ImportState::Done, [3, 2, 0, 1]));
    let errors = shop
        .store
        .import_errors(shop.organization_id, import.id, 0, 100)
        .await
        .expect("reads");
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.row, error.message.as_str()))
        .collect();
    assert_eq!(told, [(3, "it could not be stored: try this row again")]);
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_deadlock_is_tried_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    // Twice: for its batch, and once more.
    let how = "nextval('tries') <= 2 then raise deadlock_detected;";
    trouble(&shop, "order_1", how).await;
    let import = shop.upload(ImportKind::Sales, &many(3)).await;
    shop.start(&import, false).await;
    for _ in 0..2 {
        assert!(matches!(
            shop.store.run_imports().await,
            Err(StoreError::Unavailable(_))
        ));
        shop.clock.advance(Duration::seconds(31));
    }
    let done = shop.to_the_end(&import).await;
    assert_eq!(counts(&done), [3, 3, 0, 0]);
    shop.is_in_order().await;
}

/// How long 100,000 rows take and how much memory, printed. Not part of the other tests: run it with
/// `cargo test -p store -- --ignored a_hundred_thousand --nocapture`.
#[sqlx::test(migrator = "store::MIGRATOR")]
#[ignore = "measures"]
async fn a_hundred_thousand(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let mut affiliates = String::from("name,email,code\n");
    for row in 0..100_000 {
        writeln!(
            affiliates,
            "Affiliate {row},affiliate{row}@example.com,code-{row}"
        )
        .expect("writes");
    }
    for (kind, content) in [
        (ImportKind::Sales, many(100_000)),
        (ImportKind::Affiliates, affiliates),
    ] {
        let begun = std::time::Instant::now();
        let import = shop.imported(kind, &content).await;
        println!("{kind}: {:?} in {:?}", counts(&import), begun.elapsed());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
}
