//! What becomes of telling an endpoint something.

use chrono::TimeDelta;
use domain::webhook::{ATTEMPTS, DeliveryStatus, EndpointStatus, GIVEN_UP_AFTER, Topic};
use sqlx::PgPool;
use store::{
    audit::Actor,
    webhook::{DeliveryView, EndpointChange, EndpointError},
};

use super::{asking_for, claim, endpoint, now_of, refused, sell, sent_to, taken};
use crate::support::Shop;

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
async fn many_answers_that_it_is_gone_are_in_nobodys_way(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    for _ in 0..5 {
        let books = endpoint(&shop, &[Topic::ConversionCreated]).await;
        for _ in 0..8 {
            let test = store.test_webhook_endpoint(Actor::System, organization, books.id);
            test.await.expect("a test");
        }
        let due = claim(store, organization, books.id).await;
        let gone = refused(410);
        let all = due.iter().map(|one| store.webhook_attempted(one, &gone));
        for put in futures::future::join_all(all).await {
            put.expect("put down");
        }
        let sent = sent_to(&shop, books.id).await;
        let failed = |one: &DeliveryView| one.status == DeliveryStatus::Failed;
        assert!(sent.deliveries.iter().all(failed));
    }
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
