//! Changes reach everybody who watches, through whichever process they were made.

use std::{sync::Arc, time::Duration};

use domain::{
    id::{ConversionId, OrganizationId},
    sales::Filter,
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool, postgres::PgPoolOptions};
use store::{
    Clock, Random, Store, Vault,
    live::{Change, ChangeKind, SaleChange, Subscription},
};
use tokio::{sync::oneshot, task::JoinHandle};
use uuid::Uuid;

use crate::support::organization;

/// Longer than anything here takes; what waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);
/// An interval that never ends within a test: whatever arrives did not come by comparing.
const NEVER: Duration = Duration::from_hours(1);
const OFTEN: Duration = Duration::from_millis(20);

fn organization_id() -> OrganizationId {
    OrganizationId(Uuid::from_u128(1))
}

/// A server process of its own on the same database.
struct Process {
    store: Store,
    pool: PgPool,
    listening: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Process {
    async fn start(database: &PgPool) -> Self {
        let options = database.connect_options().as_ref().clone();
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .expect("connected");
        let store = Store::new(
            pool.clone(),
            Clock::System,
            Random::seeded(7),
            Vault::new(&[7; 32]),
        );
        Self {
            store,
            pool,
            listening: None,
        }
    }

    fn listen(&mut self, compare_every: Duration) {
        let (stop, stopped) = oneshot::channel::<()>();
        let store = self.store.clone();
        let task = tokio::spawn(async move {
            store
                .listen_and_compare(compare_every, async { drop(stopped.await) })
                .await;
        });
        self.listening = Some((stop, task));
    }

    async fn subscribe(&self) -> Subscription {
        self.store
            .subscribe(organization_id())
            .await
            .expect("subscribed")
    }

    async fn stop(self) {
        if let Some((stop, task)) = self.listening {
            drop(stop);
            tokio::time::timeout(PATIENCE, task)
                .await
                .expect("in time")
                .expect("no panic");
        }
        self.pool.close().await;
    }
}

async fn insert(db: &mut PgConnection, table: &str, mut row: Value) {
    row["organization_id"] = json!(organization_id());
    row["created_at"] = json!("2026-11-20T10:00:00Z");
    let sql = format!("insert into {table} select * from jsonb_populate_record(null::{table}, $1)");
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(row)
        .execute(db)
        .await
        .expect("inserted");
}

async fn set_up(pool: &PgPool) {
    let db = &mut *pool.acquire().await.expect("connected");
    insert(db, "organization", organization("A")).await;
    let position = json!({ "position": 0, "webhook_version": 0 });
    insert(db, "organization_position", position).await;
    let campaign = json!({
        "campaign_id": Uuid::nil(), "name": "Default", "slug": "default", "status": "active",
        "currency": "USD", "plan_percent_bp": 2000, "plan_duration": "recurring", "hold_days": 30,
        "cookie_days": 60, "attribution_model": "last_touch", "coupons_override_clicks": true,
        "override_bp": 0, "refund_on_cancel": true, "lead_commission_minor": 0, "click_commission_minor": 0,
        "payout_threshold_minor": 5000, "tracking_requires_consent": false, "sites": [],
            "flag_self_referral": true, "flag_suspicious_activity": true,
    });
    insert(db, "campaign", campaign).await;
    let affiliate = json!({
        "affiliate_id": Uuid::nil(), "name": "Sarah", "email": "sarah@example.com", "slug": "sarah",
        "status": "active",
    });
    insert(db, "affiliate", affiliate).await;
}

/// The first statement of a transaction that changes conversions, as the ledger does it.
async fn next_position(db: &mut PgConnection) -> i64 {
    let bump = "update organization_position set position = position + 1 returning position";
    sqlx::query_scalar(bump)
        .fetch_one(db)
        .await
        .expect("bumped")
}

/// Records a sale and tells nobody.
async fn record(pool: &PgPool) -> SaleChange {
    let mut tx = pool.begin().await.expect("begun");
    let position = next_position(&mut tx).await;
    let id = Uuid::from_u128(u128::try_from(position).expect("positive"));
    let at = "2026-11-20T10:00:00Z";
    let row = json!({
        "conversion_id": id, "occurred_at": at, "kind": "sale", "source": "link", "status": "pending",
        "affiliate_id": Uuid::nil(), "campaign_id": Uuid::nil(), "amount_minor": 4900, "base_minor": 4900,
        "refunded_minor": 0, "currency": "USD", "commission_minor": 980, "commission_currency": "USD",
        "commission_state": "ready", "plan_percent_bp": 2000, "plan_duration": "recurring", "is_covered": true, "is_flagged": false, "external_event_id": id.to_string(), "processor": "server", "hold_until": at, "metadata": {},
        "trail": [], "change_position": position, "revision": 1, "settled_minor": 0,
    });
    insert(&mut tx, "conversion", row).await;
    tx.commit().await.expect("committed");
    SaleChange {
        id: ConversionId(id),
        kind: ChangeKind::Created,
        position,
    }
}

/// Changes a sale and tells nobody.
async fn change(pool: &PgPool, sale: SaleChange) -> SaleChange {
    let mut tx = pool.begin().await.expect("begun");
    let position = next_position(&mut tx).await;
    sqlx::query("update conversion set change_position = $1, revision = revision + 1 where conversion_id = $2")
        .bind(position)
        .bind(sale.id.0)
        .execute(&mut *tx)
        .await
        .expect("changed");
    tx.commit().await.expect("committed");
    SaleChange {
        kind: ChangeKind::Updated,
        position,
        ..sale
    }
}

fn sales(changes: &[SaleChange]) -> Change {
    let position = changes.last().expect("a change").position;
    Change::Sales {
        position,
        changes: changes.into(),
    }
}

async fn next(subscription: &mut Subscription) -> Change {
    tokio::time::timeout(PATIENCE, subscription.next())
        .await
        .expect("told in time")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_through_one_process_reaches_watchers_of_another(pool: PgPool) {
    set_up(&pool).await;
    let here = Process::start(&pool).await;
    let mut there = Process::start(&pool).await;
    let mut watcher = there.subscribe().await;
    there.listen(NEVER);

    let created = record(&pool).await;
    here.store.tell_changed(organization_id(), created.position);
    assert_eq!(next(&mut watcher).await, sales(&[created]));
    let updated = change(&pool, created).await;
    here.store.tell_changed(organization_id(), updated.position);
    assert_eq!(next(&mut watcher).await, sales(&[updated]));

    here.stop().await;
    there.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn ones_own_notice_tells_nothing_twice(pool: PgPool) {
    set_up(&pool).await;
    let mut here = Process::start(&pool).await;
    here.listen(OFTEN);
    let mut watcher = here.subscribe().await;
    for _ in 0..5 {
        let created = record(&pool).await;
        here.store.tell_changed(organization_id(), created.position);
        assert_eq!(next(&mut watcher).await, sales(&[created]));
    }
    here.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_lost_notice_is_caught_up_with(pool: PgPool) {
    set_up(&pool).await;
    let mut here = Process::start(&pool).await;
    here.listen(OFTEN);
    let mut watcher = here.subscribe().await;
    let created = record(&pool).await;
    assert_eq!(next(&mut watcher).await, sales(&[created]));
    here.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_lost_connection_is_caught_up_with(pool: PgPool) {
    set_up(&pool).await;
    let there = Process::start(&pool).await;
    let mut here = Process::start(&pool).await;
    let mut watcher = here.subscribe().await;
    here.listen(NEVER);
    let first = record(&pool).await;
    there.store.tell_changed(organization_id(), first.position);
    assert_eq!(next(&mut watcher).await, sales(&[first]), "it listens");

    // Whatever is not told reaches nobody before the connection has been made again.
    let second = record(&pool).await;
    let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and query like 'LISTEN%'";
    let count: i64 = sqlx::query_scalar(cut).fetch_one(&pool).await.expect("cut");
    assert_eq!(count, 1);
    assert_eq!(next(&mut watcher).await, sales(&[second]));
    here.stop().await;
    there.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn all_watchers_share_one_reading(pool: PgPool) {
    set_up(&pool).await;
    let here = Process::start(&pool).await;
    let mut watchers = Vec::new();
    for _ in 0..50 {
        watchers.push(here.subscribe().await);
    }
    let created = record(&pool).await;
    here.store.tell_changed(organization_id(), created.position);
    let mut told = Vec::new();
    for watcher in &mut watchers {
        let Change::Sales { changes, .. } = next(watcher).await else {
            panic!("too much")
        };
        told.push(changes);
    }
    assert!(told.iter().all(|changes| Arc::ptr_eq(changes, &told[0])));
    here.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn more_than_five_hundred_changes_are_not_listed(pool: PgPool) {
    set_up(&pool).await;
    let here = Process::start(&pool).await;
    let mut watcher = here.subscribe().await;
    let first = record(&pool).await;
    let copies = "insert into conversion
        select copy.* from conversion c cross join generate_series(1, $1) number
            cross join lateral jsonb_populate_record(c, jsonb_build_object(
                'conversion_id', gen_random_uuid(), 'external_event_id', number::text)) copy";
    sqlx::query(copies)
        .bind(499)
        .execute(&pool)
        .await
        .expect("copied");
    let Ok(Change::Sales { changes, .. }) = here.store.changes_since(organization_id(), 0).await
    else {
        panic!("500 can be listed");
    };
    assert_eq!(changes.len(), 500);

    record(&pool).await;
    here.store
        .tell_changed(organization_id(), first.position + 1);
    assert_eq!(
        next(&mut watcher).await,
        Change::Resync {
            position: first.position + 1
        }
    );
    here.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_interrupted_stream_goes_on_where_it_was(pool: PgPool) {
    set_up(&pool).await;
    let here = Process::start(&pool).await;
    let first = record(&pool).await;
    let second = record(&pool).await;
    let first_again = change(&pool, first).await;
    assert_eq!(
        here.store.position(organization_id()).await.expect("read"),
        first_again.position
    );

    let mut watcher = here
        .store
        .subscribe_after(organization_id(), first.position)
        .await
        .expect("subscribed");
    assert_eq!(next(&mut watcher).await, sales(&[second, first_again]));
    let third = record(&pool).await;
    here.store.tell_changed(organization_id(), third.position);
    assert_eq!(next(&mut watcher).await, sales(&[third]));

    // The hub knows less than somebody who was told by another process.
    let fourth = record(&pool).await;
    let mut ahead = here
        .store
        .subscribe_after(organization_id(), fourth.position)
        .await
        .expect("subscribed");
    let fifth = record(&pool).await;
    here.store.tell_changed(organization_id(), fifth.position);
    assert_eq!(next(&mut ahead).await, sales(&[fifth]));
    assert_eq!(next(&mut watcher).await, sales(&[fourth, fifth]));

    let mut stranger = here
        .store
        .subscribe_after(organization_id(), 1_000)
        .await
        .expect("subscribed");
    assert_eq!(
        next(&mut stranger).await,
        Change::Resync {
            position: fifth.position
        }
    );
    here.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn watching_can_end_and_begin_again(pool: PgPool) {
    set_up(&pool).await;
    let here = Process::start(&pool).await;
    for _ in 0..3 {
        let mut watcher = here.subscribe().await;
        let created = record(&pool).await;
        here.store.tell_changed(organization_id(), created.position);
        assert_eq!(next(&mut watcher).await, sales(&[created]));
        drop(watcher);
        record(&pool).await;
    }
    here.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn set_up_changed_by_another_process_is_read_again(pool: PgPool) {
    set_up(&pool).await;
    record(&pool).await;
    let mut here = Process::start(&pool).await;
    here.listen(NEVER);
    let name = async || {
        let page = here
            .store
            .sales_page(organization_id(), &Filter::default(), 1, None)
            .await;
        page.expect("a page").rows[0].affiliate_name.clone()
    };
    assert_eq!(name().await, "Sarah");
    sqlx::query("update affiliate set name = 'Sarah Lind'")
        .execute(&pool)
        .await
        .expect("renamed");
    let renamed = async {
        while name().await != "Sarah Lind" {
            let notice = "select pg_notify('tributary_directory', $1)";
            sqlx::query(notice)
                .bind(organization_id().to_string())
                .execute(&pool)
                .await
                .expect("told");
        }
    };
    tokio::time::timeout(PATIENCE, renamed)
        .await
        .expect("read again");
    here.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn listening_ends_with_the_pool(pool: PgPool) {
    set_up(&pool).await;
    let mut here = Process::start(&pool).await;
    here.listen(OFTEN);
    let mut watcher = here.subscribe().await;
    let created = record(&pool).await;
    assert_eq!(next(&mut watcher).await, sales(&[created]), "it listens");
    here.pool.close().await;
    let (_stop, task) = here.listening.expect("listening");
    tokio::time::timeout(PATIENCE, task)
        .await
        .expect("in time")
        .expect("no panic");
}
