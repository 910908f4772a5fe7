//! Payouts that Stripe makes: claimed by one at a time, tried again, settled once, and what comes back of them.

use chrono::Duration;
use domain::{
    affiliate::Affiliate,
    event::Outcome,
    fact::Fact,
    lifecycle::Status,
    money::{Currency, Money},
    payout::{Payout, PayoutMethod, PayoutRefusal, PayoutStatus},
    transfer::TransferSeen,
};
use futures::future::join_all;
use sqlx::PgPool;
use store::{
    affiliate::AffiliateChange,
    audit::Actor,
    connection::ConnectionChange,
    payout::{DueTransfer, Ending, PayoutError},
};

use super::{
    approved, balance, complete, fail, now, one, process, read, recounted, refund, stands,
};
use crate::support::Shop;

/// How long whoever claimed a transfer is waited for.
const LEASE: Duration = Duration::minutes(2);

/// A payout of 60.00 to Sarah's account at Stripe, which is being paid.
async fn begun(shop: &Shop) -> (Affiliate, Payout) {
    let sarah = shop.affiliate("sarah").await;
    let change = AffiliateChange {
        stripe_account_id: Some(Some("acct_1".to_owned())),
        ..AffiliateChange::default()
    };
    let changed =
        shop.store
            .change_affiliate(Actor::System, shop.organization_id, sarah.id, change);
    changed.await.expect("changed");
    approved(shop, "in_1", &sarah, 30_000).await;
    let payout = one(shop).await;
    assert_eq!(payout.method, PayoutMethod::Stripe);
    assert_eq!(payout.account.as_deref(), Some("acct_1"));
    assert_eq!(shop.store.claim_transfers(9).await.expect("asks"), []);
    process(shop, &payout).await.expect("processes");
    (sarah, payout)
}

/// The shop's connection may be asked for transfers from now on.
async fn keyed(shop: &Shop) {
    let change = ConnectionChange {
        api_key: Some("rk_test_0123456789".to_owned()),
        ..ConnectionChange::default()
    };
    let (id, connection) = (shop.organization_id, shop.connection.id);
    let changed = shop
        .store
        .change_connection(Actor::System, id, connection, change);
    changed.await.expect("changed");
}

async fn claimed(shop: &Shop) -> Vec<DueTransfer> {
    shop.store.claim_transfers(9).await.expect("asks")
}

fn transfer(payout: &Payout, reversed_minor: i64) -> TransferSeen {
    TransferSeen {
        transfer_id: "tr_1".to_owned(),
        payout_id: Some(payout.id),
        amount: payout.amount,
        reversed_minor,
    }
}

async fn seen(shop: &Shop, transfer: TransferSeen) {
    let seen = shop.store.transfer_seen(shop.organization_id, transfer);
    seen.await.expect("kept");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_server_has_a_transfer_until_it_is_not_heard_of_any_more(pool: PgPool) {
    let shop = Shop::open(pool).await;
    keyed(&shop).await;
    let (sarah, payout) = begun(&shop).await;
    let beside = shop.beside();
    let claims = (0..8).map(|number| {
        let store = if number % 2 == 0 {
            &shop.store
        } else {
            &beside
        };
        store.claim_transfers(9)
    });
    let claims = join_all(claims).await;
    let claims: Vec<_> = claims
        .into_iter()
        .flat_map(|claim| claim.expect("asks"))
        .collect();
    assert_eq!(claims.len(), 1);
    let first = &claims[0];
    assert_eq!((first.payout.id, first.payout.attempts), (payout.id, 1));
    assert_eq!(first.payout.connection_id, Some(shop.connection.id));
    assert!(!first.was_asked);
    shop.clock.advance(LEASE);
    let again = claimed(&shop).await;
    assert!(again[0].was_asked, "who claimed it first may have asked");
    for _ in 0..2 {
        seen(&shop, transfer(&payout, 0)).await;
    }
    let paid = read(&shop, &payout).await;
    assert_eq!(paid.status, PayoutStatus::Completed);
    assert_eq!(paid.transfer_id.as_deref(), Some("tr_1"));
    assert_eq!(now(&shop, "in_1").await.status, Status::Paid);
    assert_eq!(balance(&shop, &sarah).await, [0, 0, 6000, 0]);
    // Whoever is late changes nothing.
    let late = Ending::Refused("no".to_owned());
    shop.store
        .transfer_ended(first, late)
        .await
        .expect("ignored");
    assert_eq!(stands(&shop, &payout).await.0, PayoutStatus::Completed);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_stripe_refuses_is_tried_again_or_payable_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    keyed(&shop).await;
    let (_, payout) = begun(&shop).await;
    let due = claimed(&shop).await;
    let away = Ending::Unknown("Stripe is away".to_owned());
    shop.store
        .transfer_ended(&due[0], away)
        .await
        .expect("kept");
    let waits = read(&shop, &payout).await;
    assert_eq!(waits.failure.as_deref(), Some("Stripe is away"));
    assert_eq!(claimed(&shop).await, [], "not yet");
    for step in [complete(&shop, &payout).await, fail(&shop, &payout).await] {
        let refused = step.expect_err("Stripe was asked");
        assert!(matches!(
            refused,
            PayoutError::Refused(PayoutRefusal::InTransfer)
        ));
    }
    shop.clock.advance(Duration::seconds(5));
    let due = claimed(&shop).await;
    refund(&shop, "in_1", 15_000).await;
    let refused = Ending::Refused("no such account".to_owned());
    let ended = shop.store.transfer_ended(&due[0], refused);
    ended.await.expect("kept");
    assert_eq!(stands(&shop, &payout).await, (PayoutStatus::Failed, 6000));
    assert_eq!(claimed(&shop).await, []);
    let selection = domain::payout::Selection::default();
    let due = shop
        .store
        .preview_batch(shop.organization_id, &selection)
        .await;
    assert_eq!(due.expect("reads")[0].due.amount().minor, 3000);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_person_decides_where_nobody_was_or_can_be_asked(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (_, payout) = begun(&shop).await;
    let due = claimed(&shop).await;
    assert_eq!(due[0].payout.connection_id, None, "there is no key");
    let missing = Ending::Unknown("there is no key".to_owned());
    let ended = shop.store.transfer_ended(&due[0], missing);
    ended.await.expect("kept");
    keyed(&shop).await;
    shop.clock.advance(Duration::seconds(5));
    let due = claimed(&shop).await;
    assert!(!due[0].was_asked && due[0].payout.connection_id.is_some());
    let gone = Ending::GivenUp("the key is gone".to_owned());
    shop.store
        .transfer_ended(&due[0], gone)
        .await
        .expect("kept");
    shop.clock.advance(Duration::days(9));
    assert_eq!(claimed(&shop).await, []);
    fail(&shop, &payout).await.expect("a person found out");
    // He was wrong: the money had gone, and it is not paid again.
    seen(&shop, transfer(&payout, 0)).await;
    let selection = domain::payout::Selection::default();
    let due = shop
        .store
        .preview_batch(shop.organization_id, &selection)
        .await;
    assert_eq!(due.expect("reads")[0].due.amount().minor, 0);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn events_complete_a_payout_and_give_back_what_came_back(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (sarah, payout) = begun(&shop).await;
    let tell = async |id: &str, transfer: TransferSeen| {
        let told = shop.event(id, vec![Fact::Transfer(transfer)]);
        told.await.outcome
    };
    let other = TransferSeen {
        amount: Money::new(5999, Currency::USD),
        ..transfer(&payout, 0)
    };
    assert_eq!(tell("evt_0", other).await, Outcome::Ignored);
    let whole = transfer(&payout, 0);
    assert_eq!(tell("evt_1", whole.clone()).await, Outcome::Recorded);
    assert_eq!(stands(&shop, &payout).await.0, PayoutStatus::Completed);
    assert_eq!(now(&shop, "in_1").await.status, Status::Paid);
    assert_eq!(tell("evt_2", whole).await, Outcome::Deduped);
    for (id, reversed, outcome) in [
        ("evt_3", 2500, Outcome::Recorded),
        ("evt_4", 2500, Outcome::Deduped),
        ("evt_5", 6000, Outcome::Recorded),
        ("evt_6", 2500, Outcome::Deduped),
    ] {
        let told = tell(id, transfer(&payout, reversed)).await;
        assert_eq!(told, outcome, "{id}");
    }
    assert_eq!(stands(&shop, &payout).await.0, PayoutStatus::Completed);
    assert_eq!(balance(&shop, &sarah).await, [0, 6000, 6000, 0]);
    let next = one(&shop).await;
    assert_eq!(next.amount.minor, 6000);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_transfer_that_came_back_whole_fails_its_payout(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (sarah, payout) = begun(&shop).await;
    seen(&shop, transfer(&payout, 6000)).await;
    assert_eq!(stands(&shop, &payout).await, (PayoutStatus::Failed, 6000));
    assert_eq!(now(&shop, "in_1").await.status, Status::Approved);
    seen(&shop, transfer(&payout, 6000)).await;
    assert_eq!(balance(&shop, &sarah).await, [0, 6000, 0, 0]);
    recounted(&shop).await;
}
