//! The inbox: its list, failed events that are tried again, and replays.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use domain::{
    connection::Processor,
    event::{MAX_FAILED_COUNT, Outcome, RETRY_DELAYS},
    fact::{ClueKind, Fact, Payment},
    id::{EventId, OrganizationId, PersonId},
    member::Role,
    refund::{BackKind, BackStatus, MoneyBack},
};
use sqlx::PgPool;
use store::{
    StoreError,
    audit::Actor,
    event::{EventCursor, EventFilter, EventStart, EventView, Reading, StoredEvent},
    intake::{Content, EventReceipt, IncomingEvent, IntakeError},
};
use uuid::Uuid;

use crate::support::{Shop, clue, noon, payment};

/// A reader of this version: what the payload says is the invoice that sarah's link led to.
fn reads(stored: &StoredEvent) -> Content {
    let text = String::from_utf8_lossy(&stored.payload).into_owned();
    Content::Facts(vec![Fact::Payment(paid(&text))])
}

/// A reader that still can't read it.
fn fails(_: &StoredEvent) -> Content {
    Content::Failed("the invoice has no currency".to_owned())
}

fn paid(id: &str) -> Payment {
    let mut paid = payment(id, Some("sub_1"), 0);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    paid
}

/// A refund of a sale that is not known.
fn refund() -> Fact {
    Fact::Back(MoneyBack {
        external_id: "re_1".to_owned(),
        kind: BackKind::Refund,
        amount_minor: 1000,
        net_minor: None,
        currency: None,
        status: BackStatus::Succeeded,
        occurred_at: noon(),
        told_at: noon(),
        failed_at: None,
        payment: vec!["in_1".to_owned()],
        reason: None,
    })
}

/// A payment that nobody is credited for.
fn nobodys_payment() -> Fact {
    Fact::Payment(payment("in_2", None, 0))
}

fn everything() -> EventFilter {
    EventFilter::default()
}

impl Shop {
    /// Delivers an event of a kind, `seconds` after noon.
    async fn deliver(&self, id: &str, kind: &str, seconds: i64, content: Content) -> EventReceipt {
        self.turn(noon() + Duration::seconds(seconds));
        let event = IncomingEvent {
            kind: kind.to_owned(),
            content,
            ..self.incoming(id, Bytes::copy_from_slice(b"in_1"))
        };
        self.store.receive_event(event).await.expect("received")
    }

    /// Delivers an event that can't be read.
    async fn failed(&self, id: &str) -> EventReceipt {
        let why = Content::Failed("the invoice has no amount".to_owned());
        self.deliver(id, "invoice.paid", 0, why).await
    }

    /// Turns the clock to a time.
    fn turn(&self, to: DateTime<Utc>) {
        self.clock.advance(to - self.clock.now());
    }

    async fn seen(&self, id: EventId) -> EventView {
        let stored = self.store.event(self.organization_id, id).await;
        stored.expect("reads").expect("is there").view
    }

    async fn page(&self, filter: &EventFilter, start: EventStart, limit: i64) -> Page {
        let page = self
            .store
            .events(self.organization_id, filter, start, limit)
            .await
            .expect("a page");
        Page {
            ids: page.events.into_iter().map(|one| one.external_id).collect(),
            older: page.older,
            newer: page.newer,
        }
    }

    async fn replay(&self, id: EventId) -> EventReceipt {
        let replayed = self
            .store
            .replay_event(Actor::System, self.organization_id, id, reads)
            .await;
        replayed.expect("replayed").expect("is there")
    }

    /// Everything that the ledger holds, to be compared.
    async fn ledger(&self) -> (Vec<String>, i64, i64) {
        let rows = self.rows().await;
        let rows = rows.iter().map(|row| format!("{:?}", row.conversion));
        let count = |sql: &'static str| sqlx::query_scalar(sql).fetch_one(&self.pool);
        let entries = count("select count(*) from ledger_entry").await;
        let notes =
            count("select count(*) from audit_entry where subject_kind = 'conversion'").await;
        (
            rows.collect(),
            entries.expect("counts"),
            notes.expect("counts"),
        )
    }
}

#[derive(Debug)]
struct Page {
    ids: Vec<String>,
    older: Option<EventCursor>,
    newer: Option<EventCursor>,
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_inbox_is_newest_first_and_pages_stay_put(pool: PgPool) {
    let shop = Shop::open(pool).await;
    for number in 0..7 {
        let nothing = Content::Ignored("not used".to_owned());
        // Three by three they come in at one time.
        shop.deliver(&format!("evt_{number}"), "test", number / 3, nothing)
            .await;
    }
    let first = shop.page(&everything(), EventStart::Offset(0), 3).await;
    assert_eq!(first.ids[0], "evt_6");
    assert_eq!((first.ids.len(), first.newer), (3, None));
    shop.deliver("evt_late", "test", 9, Content::Ignored(String::new()))
        .await;
    let mut seen = first.ids.clone();
    let mut older = first.older;
    let mut last = None;
    while let Some(cursor) = older {
        assert_eq!(usize::try_from(cursor.seen), Ok(seen.len()));
        let page = shop
            .page(&everything(), EventStart::Beside(cursor), 3)
            .await;
        seen.extend(page.ids);
        (older, last) = (page.older, page.newer);
    }
    let mut all: Vec<_> = (0..7).map(|number| format!("evt_{number}")).collect();
    seen.sort();
    all.sort();
    assert_eq!(seen, all, "none twice, none left out, none that came later");
    let back = last.expect("there are newer ones");
    let page = shop.page(&everything(), EventStart::Beside(back), 3).await;
    assert_eq!(page.ids.len(), 3);
    let top = page.newer.expect("there are newer ones");
    let page = shop.page(&everything(), EventStart::Beside(top), 3).await;
    assert_eq!(page.ids, first.ids);
    let top = page.newer.expect("what came later");
    let page = shop.page(&everything(), EventStart::Beside(top), 3).await;
    assert_eq!((page.ids, page.newer), (vec!["evt_late".to_owned()], None));
    let offset = shop.page(&everything(), EventStart::Offset(7), 3).await;
    assert_eq!((offset.ids.len(), offset.older), (1, None));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_filter_lets_its_own_through(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let ignored = || Content::Ignored("not used".to_owned());
    shop.deliver("evt_1", "charge.failed", 0, ignored()).await;
    shop.deliver(
        "evt_2",
        "invoice.paid",
        60,
        Content::Failed("no".to_owned()),
    )
    .await;
    shop.deliver("evt_3", "invoice.paid", 120, ignored()).await;
    let minute = |minute| Some(noon() + Duration::minutes(minute));
    let connection_id = Some(shop.connection.id);
    let of = |change: fn(&mut EventFilter)| {
        let mut filter = everything();
        change(&mut filter);
        filter
    };
    let since = EventFilter {
        since: minute(1),
        ..everything()
    };
    let until = EventFilter {
        until: minute(1),
        ..everything()
    };
    let both = EventFilter {
        connection_id,
        kind: Some("invoice.paid".to_owned()),
        outcome: Some(Outcome::Ignored),
        ..everything()
    };
    let connection = EventFilter {
        connection_id,
        ..everything()
    };
    for (filter, expected) in [
        (of(|it| it.outcome = Some(Outcome::Failed)), &["evt_2"][..]),
        (
            of(|it| it.kind = Some("invoice.paid".to_owned())),
            &["evt_3", "evt_2"],
        ),
        (of(|it| it.kind = Some("invoice".to_owned())), &[]),
        (
            of(|it| it.processor = Some(Processor::Stripe)),
            &["evt_3", "evt_2", "evt_1"],
        ),
        (of(|it| it.processor = Some(Processor::Server)), &[]),
        (connection, &["evt_3", "evt_2", "evt_1"]),
        (since, &["evt_3", "evt_2"]),
        (until, &["evt_1"]),
        (both, &["evt_3"]),
    ] {
        let page = shop.page(&filter, EventStart::Offset(0), 10).await;
        assert_eq!(page.ids, expected, "{filter:?}");
        let total = shop.store.count_events(shop.organization_id, &filter).await;
        assert_eq!(usize::try_from(total.expect("counts")), Ok(expected.len()));
    }
    let kinds = shop.store.event_kinds(shop.organization_id).await;
    assert_eq!(kinds.expect("reads"), ["charge.failed", "invoice.paid"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn failed_ones_are_counted_by_the_index_and_not_beyond_a_bound(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let count = async || {
        let count = shop.store.failed_events(shop.organization_id).await;
        count.expect("counts")
    };
    assert_eq!(count().await, 0);
    shop.failed("evt_1").await;
    assert_eq!(count().await, 1);
    sqlx::query(
        "insert into event (organization_id, event_id, connection_id, external_id, kind, occurred_at,
             received_at, payload, outcome, detail, attempts)
         select organization_id, gen_random_uuid(), connection_id, n::text, kind, occurred_at, received_at,
             payload, outcome, detail, attempts
         from event, generate_series(1, 150) n",
    )
    .execute(&pool)
    .await
    .expect("many more");
    assert_eq!(count().await, MAX_FAILED_COUNT);
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select count(*) from (
             select from event where organization_id = gen_random_uuid() and outcome = 'failed' limit 100) failed",
    )
    .fetch_all(&pool)
    .await
    .expect("a plan");
    let plan = plan.join("\n");
    assert!(!plan.contains("Filter: (outcome"), "{plan}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_failed_event_is_taken_in_when_it_can_be_read_and_then_nothing_changes(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let failed = shop.failed("evt_1").await;
    assert_eq!(failed.outcome, Outcome::Failed);
    let replayed = shop.replay(failed.event_id).await;
    assert_eq!(replayed.event_id, failed.event_id);
    assert_eq!(replayed.outcome, Outcome::Recorded);
    let view = shop.seen(failed.event_id).await;
    assert_eq!(
        (view.outcome, view.attempts, view.next_attempt_at),
        (Outcome::Recorded, 2, None)
    );
    assert_eq!(view.detail, "recorded in_1");
    let rows = shop.rows().await;
    assert_eq!(view.conversion_id, Some(rows[0].conversion.id));

    let before = shop.ledger().await;
    assert_eq!(shop.replay(failed.event_id).await, replayed);
    assert_eq!(shop.ledger().await, before);
    let again = shop.seen(failed.event_id).await;
    assert_eq!((again.detail, again.attempts), (view.detail, 3));
    let redelivered = shop.failed("evt_1").await;
    assert_eq!(
        redelivered, replayed,
        "the processor is told what became of it"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_event_is_taken_in_once_however_many_replay_it_at_a_time(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let failed = shop.failed("evt_1").await;
    let shop = Arc::new(shop);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let shop = Arc::clone(&shop);
        all.spawn(async move { shop.replay(failed.event_id).await });
    }
    while let Some(one) = all.join_next().await {
        assert_eq!(one.expect("runs").outcome, Outcome::Recorded);
    }
    assert_eq!(shop.rows().await.len(), 1);
    assert_eq!(shop.seen(failed.event_id).await.attempts, 21);
    let lines: i64 = sqlx::query_scalar(
        "select count(*) from audit_entry where subject_kind = 'event' and action = 'replayed'",
    )
    .fetch_one(&pool)
    .await
    .expect("counts");
    assert_eq!(lines, 20, "everybody who asked is in the audit log");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_failed_event_is_tried_again_less_and_less_often_and_then_no_more(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let failed = shop.failed("evt_1").await;
    let mut now: DateTime<Utc> = noon();
    for (tried, delay) in RETRY_DELAYS.into_iter().enumerate() {
        let view = shop.seen(failed.event_id).await;
        assert_eq!(usize::try_from(view.attempts), Ok(tried + 1));
        assert_eq!(view.next_attempt_at, Some(now + delay));
        shop.turn(now + delay - Duration::milliseconds(1));
        assert_eq!(shop.store.retry_events(fails).await.expect("runs"), 0);
        now += delay;
        shop.turn(now);
        assert_eq!(shop.store.retry_events(fails).await.expect("runs"), 1);
        assert_eq!(shop.store.retry_events(fails).await.expect("runs"), 0);
    }
    let view = shop.seen(failed.event_id).await;
    assert_eq!(
        (view.outcome, view.next_attempt_at),
        (Outcome::Failed, None)
    );
    assert_eq!(view.detail, "the invoice has no currency");
    shop.turn(now + Duration::days(30));
    assert_eq!(shop.store.retry_events(reads).await.expect("runs"), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn several_servers_retry_a_failed_event_once(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let failed = shop.failed("evt_1").await;
    shop.turn(noon() + RETRY_DELAYS[0]);
    // Nobody can write until all of them have found it due.
    let mut held = pool.begin().await.expect("a transaction");
    sqlx::query("select position from organization_position for update")
        .execute(&mut *held)
        .await
        .expect("the lock");
    let mut servers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let server = shop.beside();
        servers.spawn(async move { server.retry_events(reads).await });
    }
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_locks l join pg_database d on d.oid = l.database or l.database is null
             where not l.granted and d.datname = current_database()",
        )
        .fetch_one(&pool)
        .await
        .expect("counts");
        if waiting >= 3 {
            break;
        }
        tokio::task::yield_now().await;
    }
    held.rollback().await.expect("the lock is given back");
    while let Some(server) = servers.join_next().await {
        assert_eq!(server.expect("runs").expect("retries"), 1, "all found it");
    }
    let view = shop.seen(failed.event_id).await;
    assert_eq!((view.outcome, view.attempts), (Outcome::Recorded, 2));
    assert_eq!(shop.rows().await.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_waits_does_not_wait_twice(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let parked = shop.event("evt_1", vec![refund()]).await;
    let nobodys = shop.event("evt_2", vec![nobodys_payment()]).await;
    let reads_refund: Reading = |_| Content::Facts(vec![refund()]);
    let reads_payment: Reading = |_| Content::Facts(vec![nobodys_payment()]);
    let replay = async |id, read| {
        let replayed = shop
            .store
            .replay_event(Actor::System, shop.organization_id, id, read)
            .await;
        replayed.expect("replayed").expect("is there").outcome
    };
    assert_eq!(replay(parked.event_id, reads_refund).await, Outcome::Parked);
    assert_eq!(
        replay(nobodys.event_id, reads_payment).await,
        Outcome::Unattributed
    );
    let told: Vec<i32> = sqlx::query_scalar(
        "select cardinality(event_ids) from refund
         union all select cardinality(event_ids) from unattributed_payment",
    )
    .fetch_all(&pool)
    .await
    .expect("reads");
    assert_eq!(told, [1, 1]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_managers_replay_and_only_their_own_events(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let failed = shop.failed("evt_1").await;
    let viewer = Actor::Person {
        id: PersonId(Uuid::nil()),
        role: Role::Viewer,
    };
    let refused = shop
        .store
        .replay_event(viewer, shop.organization_id, failed.event_id, reads)
        .await;
    assert!(matches!(
        refused,
        Err(IntakeError::Store(StoreError::Forbidden))
    ));
    let stranger = OrganizationId(Uuid::from_u128(9));
    let other = shop
        .store
        .replay_event(Actor::System, stranger, failed.event_id, reads)
        .await;
    assert!(other.expect("looks").is_none());
    let unseen = shop.store.event(stranger, failed.event_id).await;
    assert!(unseen.expect("looks").is_none());
    let page = shop
        .store
        .events(stranger, &everything(), EventStart::Offset(0), 10)
        .await;
    assert!(page.expect("a page").events.is_empty());
    assert_eq!(shop.seen(failed.event_id).await.attempts, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_event_of_a_removed_connection_can_still_be_read_and_replayed(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let failed = shop.failed("evt_1").await;
    shop.store
        .remove_connection(Actor::System, shop.organization_id, shop.connection.id)
        .await
        .expect("removed");
    assert_eq!(
        shop.replay(failed.event_id).await.outcome,
        Outcome::Recorded
    );
}
