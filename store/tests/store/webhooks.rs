//! Outgoing webhooks: who is told what, and what becomes of telling.

mod sending;

use chrono::TimeDelta;
use domain::{
    affiliate::AffiliateStatus,
    campaign::{Campaign, CampaignStatus},
    event::Outcome,
    fact::{ClueKind, Fact},
    id::{OrganizationId, PersonId, WebhookEndpointId},
    lifecycle::Transition,
    member::Role,
    payout::Selection,
    refund::{BackStatus, MoneyBack},
    target::{Surroundings, Target},
    webhook::{MAX_ENDPOINTS, Topic},
};
use sqlx::PgPool;
use store::{
    Store, StoreError,
    audit::Actor,
    campaign::CampaignError,
    intake::Decision,
    payout::PayoutDecision,
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
async fn payouts_are_told_of_with_the_sales_they_pay(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let free = shop.campaign("Free", |terms| terms.payout_threshold_minor = 0);
    shop.affiliate_in("sarah", free.await).await;
    let all: Vec<Topic> = Topic::to_ask_for().collect();
    let mut ids = Vec::new();
    for id in ["in_1", "in_2"] {
        sell(&shop, id).await;
        ids.push(shop.rows_of(id).await[0].id);
    }
    let approval = Decision {
        conversion_ids: ids,
        step: Transition::ApproveEarly,
        reason: Some("because".to_owned()),
        actor: Actor::System,
    };
    let (store, organization) = (&shop.store, shop.organization_id);
    store
        .decide(organization, approval)
        .await
        .expect("approved");
    let books = endpoint(&shop, &all).await;
    let selection = Selection::default();
    let made = async || {
        tick(&shop);
        let run = store
            .open_batch(organization, &selection, Actor::System)
            .await;
        PayoutDecision {
            payout_id: run.expect("a run").payouts[0].payout.id,
            reason: None,
            note: None,
            actor: Actor::System,
        }
    };
    let first = made().await;
    tick(&shop);
    store
        .fail_payout(organization, first)
        .await
        .expect("failed");
    let second = made().await;
    tick(&shop);
    let begun = store.process_payout(organization, second.clone()).await;
    begun.expect("begun");
    tick(&shop);
    let paid = store.complete_payout(organization, second).await;
    paid.expect("paid");
    let expected = [
        Topic::PayoutCreated,
        Topic::PayoutFailed,
        Topic::PayoutCreated,
        Topic::PayoutProcessing,
        Topic::PayoutCompleted,
        Topic::ConversionUpdated,
        Topic::ConversionUpdated,
    ];
    let mut told = told(&shop, books.id).await;
    // The completed payout and its sales are of one millisecond.
    told.sort_by_key(|topic| {
        expected
            .iter()
            .position(|one| one == topic)
            .filter(|at| *at > 3)
    });
    assert_eq!(told, expected);
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
