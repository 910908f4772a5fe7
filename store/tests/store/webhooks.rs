//! Outgoing webhooks: who is told what, and what becomes of telling.

use chrono::TimeDelta;
use domain::{
    affiliate::AffiliateStatus,
    campaign::{Campaign, CampaignStatus},
    event::Outcome,
    fact::{ClueKind, Fact},
    id::{OrganizationId, PersonId, WebhookEndpointId},
    lifecycle::Transition,
    member::Role,
    refund::{BackStatus, MoneyBack},
    target::{Surroundings, Target},
    webhook::{ATTEMPTS, DeliveryStatus, EndpointStatus, GIVEN_UP_AFTER, MAX_ENDPOINTS, Topic},
};
use sqlx::PgPool;
use store::{
    Store, StoreError,
    audit::Actor,
    campaign::CampaignError,
    intake::Decision,
    webhook::{
        Attempt, DeliveryFilter, DeliveryPage, DeliveryStart, DueDelivery, Endpoint,
        EndpointChange, EndpointError, NewEndpoint, Snapshot,
    },
};
use uuid::Uuid;

use crate::{
    refunds::back,
    support::{Shop, clue, name, payment},
};

fn target(host: &str) -> Target {
    let url = format!("https://{host}/hooks");
    Target::parse(&url, Surroundings::Production).expect("a target")
}

fn asking_for(topics: &[Topic]) -> NewEndpoint {
    NewEndpoint {
        name: name("Books"),
        target: target("books.example.com"),
        campaign_id: None,
        topics: topics.to_vec(),
    }
}

async fn add(shop: &Shop, new: NewEndpoint) -> Endpoint {
    let added = shop
        .store
        .add_webhook_endpoint(Actor::System, shop.organization_id, new);
    added.await.expect("added").0
}

async fn endpoint(shop: &Shop, topics: &[Topic]) -> Endpoint {
    add(shop, asking_for(topics)).await
}

async fn sell(shop: &Shop, id: &str) {
    let mut paid = payment(id, None, 0);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    let event = format!("evt_{id}");
    let told = shop.event(&event, vec![Fact::Payment(paid)]).await;
    assert_eq!(told.outcome, Outcome::Recorded);
}

async fn sent_to(shop: &Shop, id: WebhookEndpointId) -> DeliveryPage {
    let filter = DeliveryFilter {
        endpoint_id: id,
        status: None,
        topic: None,
    };
    let start = DeliveryStart::Offset(0);
    let sent = shop
        .store
        .webhook_deliveries(shop.organization_id, filter, start, 100);
    sent.await.expect("a page")
}

/// Messages of one millisecond are in no order.
fn tick(shop: &Shop) {
    shop.clock.advance(TimeDelta::seconds(1));
}

/// What an endpoint was told, oldest first.
async fn told(shop: &Shop, id: WebhookEndpointId) -> Vec<Topic> {
    let page = sent_to(shop, id).await;
    let topics = page.deliveries.iter().rev().map(|one| one.topic);
    topics.collect()
}

async fn claim(
    store: &Store,
    organization_id: OrganizationId,
    id: WebhookEndpointId,
) -> Vec<DueDelivery> {
    let claimed = store.claim_webhook_deliveries(organization_id, id, 10);
    claimed.await.expect("claimed")
}

fn refused(status: u16) -> Attempt {
    Attempt {
        status: Some(status),
        error: Some(format!("it answered {status}")),
        answer: Some("no".to_owned()),
        duration_ms: 5,
    }
}

fn taken() -> Attempt {
    Attempt {
        status: Some(200),
        ..Attempt::default()
    }
}

async fn now_of(shop: &Shop, id: WebhookEndpointId) -> Endpoint {
    let found = shop.store.webhook_endpoint(shop.organization_id, id).await;
    found.expect("reads").expect("is there")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_sale_is_told_as_it_was_at_every_step(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    sell(&shop, "before").await;
    let all: Vec<Topic> = Topic::to_ask_for().collect();
    let books = endpoint(&shop, &all).await;
    sell(&shop, "in_1").await;
    assert_eq!(told(&shop, books.id).await, [Topic::ConversionCreated]);
    let id = shop.rows_of("in_1").await[0].id;
    let part = MoneyBack {
        payment: vec!["in_1".to_owned()],
        ..back("re_1", 1000, BackStatus::Succeeded, 2)
    };
    tick(&shop);
    shop.event("evt_back", vec![Fact::Back(part)]).await;
    for step in [
        Transition::Deny,
        Transition::Restore,
        Transition::ApproveEarly,
    ] {
        tick(&shop);
        let decision = Decision {
            conversion_ids: vec![id],
            step,
            reason: Some("because".to_owned()),
            actor: Actor::System,
        };
        let decided = shop.store.decide(shop.organization_id, decision).await;
        decided.expect("decided");
    }
    let expected = [
        Topic::ConversionCreated,
        Topic::ConversionUpdated,
        Topic::ConversionRefunded,
        Topic::ConversionUpdated,
        Topic::ConversionDenied,
        Topic::ConversionUpdated,
        Topic::ConversionUpdated,
        Topic::ConversionApproved,
    ];
    assert_eq!(told(&shop, books.id).await, expected);
    let due = claim(&shop.store, shop.organization_id, books.id).await;
    let Snapshot::Sale { row, before } = &due[2].message.snapshot else {
        panic!("a sale");
    };
    let refunds = before.as_ref().map(|before| before.refunded_minor);
    assert_eq!((row.conversion.refunded_minor, refunds), (1000, Some(0)));
    assert_eq!(row.affiliate_name, "sarah");
    assert!(row.conversion.trail.is_empty());
    assert_eq!(due[2].message.campaign_id, Some(shop.campaign_id));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_what_is_asked_for_is_told_and_only_of_the_campaign(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let partners = shop.campaign("Partners", |_| {}).await;
    let leads = endpoint(&shop, &[Topic::AffiliateJoined]).await;
    let others = NewEndpoint {
        campaign_id: Some(partners),
        ..asking_for(&[Topic::ConversionCreated, Topic::AffiliateJoined])
    };
    let others = add(&shop, others).await;
    sell(&shop, "in_1").await;
    shop.affiliate_in("jonas", partners).await;
    shop.affiliate("maria").await;
    assert_eq!(told(&shop, leads.id).await, [Topic::AffiliateJoined; 2]);
    assert_eq!(told(&shop, others.id).await, [Topic::AffiliateJoined]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_server_tells_an_endpoint_from_the_moment_it_is_there(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let other = shop.beside();
    // The other server has looked, and keeps what it has seen.
    let first = endpoint(&shop, &[Topic::FlagResolved]).await;
    for round in 0..5 {
        let added = other.add_webhook_endpoint(
            Actor::System,
            shop.organization_id,
            asking_for(&[Topic::ConversionCreated]),
        );
        let (added, _) = added.await.expect("added");
        sell(&shop, &format!("in_{round}")).await;
        assert_eq!(told(&shop, added.id).await, [Topic::ConversionCreated]);
        let gone = other.remove_webhook_endpoint(Actor::System, shop.organization_id, added.id);
        gone.await.expect("removed");
        sell(&shop, &format!("later_{round}")).await;
        assert_eq!(told(&shop, added.id).await.len(), 1);
    }
    assert_eq!(told(&shop, first.id).await, []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn affiliates_and_campaigns_are_told_of(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let all: Vec<Topic> = Topic::to_ask_for().collect();
    let books = endpoint(&shop, &all).await;
    let sarah = shop.affiliate("sarah").await;
    for status in [
        AffiliateStatus::Paused,
        AffiliateStatus::Blocked,
        AffiliateStatus::Active,
        AffiliateStatus::Active,
    ] {
        tick(&shop);
        shop.set_status(&sarah, status).await;
    }
    tick(&shop);
    let partners = shop.campaign("Partners", |_| {}).await;
    for status in [CampaignStatus::Archived, CampaignStatus::Archived] {
        tick(&shop);
        let change = |old| Ok::<_, CampaignError>(Campaign { status, ..old });
        let changed =
            shop.store
                .change_campaign(Actor::System, shop.organization_id, partners, change);
        changed.await.expect("changed");
    }
    let expected = [
        Topic::AffiliateJoined,
        Topic::AffiliateApproved,
        Topic::AffiliateUpdated,
        Topic::AffiliateUpdated,
        Topic::AffiliateBlocked,
        Topic::AffiliateUpdated,
        Topic::AffiliateUnblocked,
        Topic::ProgramCreated,
        Topic::ProgramUpdated,
        Topic::ProgramArchived,
    ];
    assert_eq!(told(&shop, books.id).await, expected);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_not_taken_is_tried_nine_times_and_then_fails(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let books = endpoint(&shop, &[Topic::ConversionCreated]).await;
    sell(&shop, "in_1").await;
    let store = &shop.store;
    let mut waited = TimeDelta::zero();
    for (number, offset) in ATTEMPTS.into_iter().enumerate() {
        if offset > waited {
            shop.clock.advance(offset - waited - TimeDelta::seconds(1));
            assert_eq!(store.due_webhook_endpoints().await.expect("asked"), []);
            shop.clock.advance(TimeDelta::seconds(1));
            waited = offset;
        }
        let due = store.due_webhook_endpoints().await.expect("asked");
        assert_eq!(due, [(shop.organization_id, books.id)], "{number}");
        let due = claim(store, shop.organization_id, books.id).await;
        assert_eq!(due.len(), 1, "{number}");
        store
            .webhook_attempted(&due[0], &refused(500))
            .await
            .expect("put down");
    }
    let sent = sent_to(&shop, books.id).await;
    let one = &sent.deliveries[0];
    assert_eq!((one.status, one.attempts), (DeliveryStatus::Failed, 9));
    assert_eq!((one.answer_status, one.next_attempt_at), (Some(500), None));
    assert_eq!(one.error.as_deref(), Some("it answered 500"));

    let again =
        store.replay_webhook_delivery(Actor::System, shop.organization_id, books.id, one.id);
    assert_eq!(again.await.expect("again").status, DeliveryStatus::Pending);
    let due = claim(store, shop.organization_id, books.id).await;
    assert_eq!(due[0].message.id, one.message_id);
    store
        .webhook_attempted(&due[0], &taken())
        .await
        .expect("put down");
    let one = &sent_to(&shop, books.id).await.deliveries[0];
    assert_eq!((one.status, one.attempts), (DeliveryStatus::Delivered, 1));
    assert_eq!(now_of(&shop, books.id).await.failing_since, None);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_servers_never_send_the_same_thing_at_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let books = endpoint(&shop, &[Topic::ConversionCreated]).await;
    for number in 0..10 {
        sell(&shop, &format!("in_{number}")).await;
    }
    let (other, organization) = (shop.beside(), shop.organization_id);
    let (one, two) = futures::join!(
        claim(&shop.store, organization, books.id),
        claim(&other, organization, books.id)
    );
    let mut ids: Vec<_> = one.iter().chain(&two).map(|due| due.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), one.len() + two.len()), (10, 10));
    assert!(claim(&other, organization, books.id).await.is_empty());
    // A server that ended in the middle: another one has it after a while, and the first one's word counts no more.
    shop.clock.advance(TimeDelta::minutes(2));
    let again = claim(&other, organization, books.id).await;
    assert_eq!(again.len(), 10);
    for late in one.iter().chain(&two) {
        shop.store
            .webhook_attempted(late, &refused(500))
            .await
            .expect("put down");
    }
    for due in &again {
        other
            .webhook_attempted(due, &taken())
            .await
            .expect("put down");
    }
    let sent = sent_to(&shop, books.id).await;
    let all_there = |status| sent.deliveries.iter().all(|one| one.status == status);
    assert!(all_there(DeliveryStatus::Delivered));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_that_takes_nothing_for_days_is_disabled_until_somebody_enables_it(
    pool: PgPool,
) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let books = endpoint(&shop, &[Topic::ConversionCreated]).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let mut number = 0;
    for day in 0..=GIVEN_UP_AFTER.num_days() {
        assert_eq!(
            now_of(&shop, books.id).await.status(),
            EndpointStatus::Active,
            "{day}"
        );
        number += 1;
        sell(&shop, &format!("in_{number}")).await;
        for due in claim(store, organization, books.id).await {
            store
                .webhook_attempted(&due, &refused(503))
                .await
                .expect("put down");
        }
        shop.clock.advance(TimeDelta::days(1));
    }
    let disabled = now_of(&shop, books.id).await;
    assert_eq!(disabled.status(), EndpointStatus::Disabled);
    let reason = disabled.disabled_reason.expect("a reason");
    assert!(
        reason.contains("5 days") && reason.contains("503"),
        "{reason}"
    );
    let sent = sent_to(&shop, books.id).await;
    assert!(
        sent.deliveries
            .iter()
            .all(|one| one.status == DeliveryStatus::Failed)
    );
    sell(&shop, "unheard").await;
    assert_eq!(sent_to(&shop, books.id).await.total, sent.total);
    let id = sent.deliveries[0].id;
    let again = store.replay_webhook_delivery(Actor::System, organization, books.id, id);
    assert!(matches!(again.await, Err(EndpointError::Disabled)));
    let test = store.test_webhook_endpoint(Actor::System, organization, books.id);
    assert!(matches!(test.await, Err(EndpointError::Disabled)));

    let enable = EndpointChange {
        is_active: Some(true),
        ..EndpointChange::default()
    };
    let enabled = store.change_webhook_endpoint(Actor::System, organization, books.id, enable);
    let enabled = enabled.await.expect("enabled");
    assert_eq!(
        (enabled.status(), enabled.failing_since),
        (EndpointStatus::Active, None)
    );
    sell(&shop, "heard").await;
    assert_eq!(sent_to(&shop, books.id).await.total, sent.total + 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_that_says_it_is_gone_is_disabled_at_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let books = endpoint(&shop, &[Topic::ConversionCreated]).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let test = store.test_webhook_endpoint(Actor::System, organization, books.id);
    assert_eq!(test.await.expect("a test").topic, Topic::Test);
    let due = claim(store, organization, books.id).await;
    store
        .webhook_attempted(&due[0], &refused(410))
        .await
        .expect("put down");
    let gone = now_of(&shop, books.id).await;
    assert!(gone.disabled_reason.expect("a reason").contains("410 Gone"));
    assert_eq!(
        sent_to(&shop, books.id).await.deliveries[0].status,
        DeliveryStatus::Failed
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_secret_signs_beside_the_one_before_it_for_a_day(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let added = store.add_webhook_endpoint(
        Actor::System,
        organization,
        asking_for(&[Topic::ConversionCreated]),
    );
    let (books, first) = added.await.expect("added");
    let signing = async || {
        let test = store.test_webhook_endpoint(Actor::System, organization, books.id);
        test.await.expect("a test");
        let due = claim(store, organization, books.id).await;
        due.last().expect("is due").secrets.clone()
    };
    assert_eq!(signing().await, [first.as_str()]);
    let rotated = store.rotate_webhook_secret(Actor::System, organization, books.id);
    let (shown, second) = rotated.await.expect("rotated");
    assert!(second.ends_with(&shown.secret_hint) && first != second);
    assert_eq!(signing().await, [second.as_str(), first.as_str()]);
    shop.clock.advance(TimeDelta::hours(24));
    assert_eq!(signing().await, [second.as_str()]);
    let sealed: Vec<u8> = sqlx::query_scalar("select secrets_sealed from webhook_endpoint")
        .fetch_one(&shop.pool)
        .await
        .expect("sealed");
    let text = String::from_utf8_lossy(&sealed);
    assert!(!text.contains(second.trim_start_matches("whsec_")));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_can_not_be_is_refused(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let add = async |new| {
        store
            .add_webhook_endpoint(Actor::System, organization, new)
            .await
    };
    for topics in [&[][..], &[Topic::Test], &[Topic::Test, Topic::FlagCreated]] {
        let refused = add(asking_for(topics)).await;
        assert!(
            matches!(refused, Err(EndpointError::NoTopics)),
            "{topics:?}"
        );
    }
    let nowhere = NewEndpoint {
        campaign_id: Some(Uuid::nil().into()),
        ..asking_for(&[Topic::FlagCreated])
    };
    assert!(matches!(add(nowhere).await, Err(EndpointError::NoCampaign)));
    for _ in 0..MAX_ENDPOINTS {
        add(asking_for(&[Topic::FlagCreated])).await.expect("added");
    }
    let one_more = add(asking_for(&[Topic::FlagCreated])).await;
    assert!(matches!(one_more, Err(EndpointError::TooMany)));
    let known = store.webhook_endpoints(organization).await.expect("known");
    assert_eq!(known.len(), MAX_ENDPOINTS);

    let id = PersonId(Uuid::nil());
    for role in [Role::Viewer, Role::Manager] {
        let actor = Actor::Person { id, role };
        let change = EndpointChange::default();
        let own = known[0].id;
        let refusals = [
            store
                .add_webhook_endpoint(actor, organization, asking_for(&[Topic::FlagCreated]))
                .await
                .err(),
            store
                .change_webhook_endpoint(actor, organization, own, change)
                .await
                .err(),
            store
                .rotate_webhook_secret(actor, organization, own)
                .await
                .err(),
            store
                .test_webhook_endpoint(actor, organization, own)
                .await
                .err(),
            store
                .replay_webhook_delivery(actor, organization, own, Uuid::nil().into())
                .await
                .err(),
            store
                .remove_webhook_endpoint(actor, organization, own)
                .await
                .err(),
        ];
        let forbidden = |one: &Option<EndpointError>| {
            matches!(one, Some(EndpointError::Store(StoreError::Forbidden)))
        };
        assert!(refusals.iter().all(forbidden), "{refusals:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn old_messages_are_forgotten_and_those_under_way_are_not(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let books = endpoint(&shop, &[Topic::ConversionCreated]).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    for _ in 0..2 {
        let test = store.test_webhook_endpoint(Actor::System, organization, books.id);
        test.await.expect("a test");
    }
    let due = claim(store, organization, books.id).await;
    store
        .webhook_attempted(&due[0], &taken())
        .await
        .expect("put down");
    store.tidy_webhooks().await.expect("tidied");
    assert_eq!(sent_to(&shop, books.id).await.total, 2);
    shop.clock.advance(TimeDelta::days(31));
    store.tidy_webhooks().await.expect("tidied");
    let left = sent_to(&shop, books.id).await;
    let left: Vec<_> = left.deliveries.iter().map(|one| one.id).collect();
    assert_eq!(left, [due[1].id]);
}
