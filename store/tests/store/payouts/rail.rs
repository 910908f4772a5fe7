//! Payouts that Stripe makes: claimed by one at a time, tried again, settled once.

use chrono::Duration;
use domain::{
    affiliate::Affiliate,
    lifecycle::Status,
    payout::{Payout, PayoutMethod, PayoutRefusal, PayoutStatus},
};
use futures::future::join_all;
use sqlx::PgPool;
use store::{
    affiliate::AffiliateChange,
    audit::Actor,
    payout::{PayoutError, TransferFailure},
};

use super::{
    approved, balance, complete, fail, now, one, process, read, recounted, refund, stands,
};
use crate::support::Shop;

const LEASE: Duration = Duration::seconds(60);

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
    assert_eq!(
        shop.store.claim_transfers(9, LEASE).await.expect("asks"),
        []
    );
    process(shop, &payout).await.expect("processes");
    (sarah, payout)
}

async fn claimed(shop: &Shop) -> usize {
    let claimed = shop.store.claim_transfers(9, LEASE).await;
    claimed.expect("asks").len()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_server_has_a_transfer_until_it_is_not_heard_of_any_more(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (sarah, payout) = begun(&shop).await;
    let beside = shop.beside();
    let claims = (0..8).map(|number| {
        let store = if number % 2 == 0 {
            &shop.store
        } else {
            &beside
        };
        store.claim_transfers(9, LEASE)
    });
    let claims = join_all(claims).await;
    let claims: Vec<_> = claims
        .into_iter()
        .flat_map(|claim| claim.expect("asks"))
        .collect();
    assert_eq!(claims.len(), 1);
    assert_eq!(
        (claims[0].payout.id, claims[0].payout.attempts),
        (payout.id, 1)
    );
    shop.clock.advance(LEASE);
    assert_eq!(claimed(&shop).await, 1, "the lease is over");
    let made = || {
        let id = shop.organization_id;
        shop.store
            .transfer_made(id, payout.id, "tr_1", Actor::System)
    };
    made().await.expect("settled");
    made().await.expect("said again");
    let paid = read(&shop, &payout).await;
    assert_eq!(paid.status, PayoutStatus::Completed);
    assert_eq!(paid.transfer_id.as_deref(), Some("tr_1"));
    assert_eq!(now(&shop, "in_1").await.status, Status::Paid);
    assert_eq!(balance(&shop, &sarah).await, [0, 0, 6000, 0]);
    let found = shop
        .store
        .payout_of_transfer(shop.organization_id, "tr_1")
        .await;
    assert_eq!(found.expect("reads").map(|found| found.id), Some(payout.id));
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_stripe_refuses_is_tried_again_or_payable_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (_, payout) = begun(&shop).await;
    assert_eq!(claimed(&shop).await, 1);
    let failed = |retry_at| {
        let failure = TransferFailure {
            reason: "Stripe is away".to_owned(),
            retry_at,
        };
        let id = shop.organization_id;
        shop.store
            .transfer_failed(id, payout.id, failure, Actor::System)
    };
    let later = shop.store.now() + Duration::minutes(5);
    failed(Some(later)).await.expect("kept");
    let waits = read(&shop, &payout).await;
    assert_eq!(waits.failure.as_deref(), Some("Stripe is away"));
    assert_eq!(claimed(&shop).await, 0, "not yet");
    for step in [complete(&shop, &payout).await, fail(&shop, &payout).await] {
        let refused = step.expect_err("Stripe was asked");
        assert!(matches!(
            refused,
            PayoutError::Refused(PayoutRefusal::InTransfer)
        ));
    }
    shop.clock.advance(Duration::minutes(5));
    assert_eq!(claimed(&shop).await, 1);
    refund(&shop, "in_1", 15_000).await;
    failed(None).await.expect("kept");
    assert_eq!(stands(&shop, &payout).await, (PayoutStatus::Failed, 6000));
    assert_eq!(claimed(&shop).await, 0);
    let selection = domain::payout::Selection::default();
    let due = shop
        .store
        .preview_batch(shop.organization_id, &selection)
        .await;
    assert_eq!(due.expect("reads")[0].due.amount().minor, 3000);
    recounted(&shop).await;
}
