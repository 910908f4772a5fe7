//! What waits: payments for somebody to credit, and everything for its turn to be written.

use domain::{
    affiliate::AffiliateStatus,
    conversion::Source,
    event::Outcome,
    fact::{ClueKind, Fact, PromotionCodeSeen},
};
use sqlx::PgPool;
use store::intake::ServerLead;

use crate::support::{Shop, clue, customer, noon, payment, signup};

/// Keeps everybody from writing for an organization until the transaction ends.
async fn hold(pool: &PgPool) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut tx = pool.begin().await.expect("a transaction");
    sqlx::query("select position from organization_position for update")
        .execute(&mut *tx)
        .await
        .expect("the lock");
    tx
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_waits_to_be_written_is_bounded_and_what_was_taken_is_written(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let held = hold(&pool).await;
    let mut taken = tokio::task::JoinSet::new();
    let mut refused = 0;
    // Large enough that 64 of them fill the room.
    let payload = bytes::Bytes::from(vec![b' '; 1024 * 1024]);
    for number in 0..70 {
        let (store, event) = (
            shop.store.clone(),
            shop.incoming(&format!("evt_{number}"), payload.clone()),
        );
        taken.spawn(async move { store.receive_event(event).await.is_ok() });
        // Each is handed over before the next one is made.
        tokio::task::yield_now().await;
    }
    while refused < 6 {
        match taken
            .join_next()
            .await
            .expect("those beyond the bound are answered at once")
        {
            Ok(false) => refused += 1,
            other => panic!("nothing can be written yet: {other:?}"),
        }
    }
    held.rollback().await.expect("the lock is given back");
    while let Some(written) = taken.join_next().await {
        assert!(written.expect("runs"), "what was taken is written");
    }
    let stored: i64 = sqlx::query_scalar("select count(*) from event")
        .fetch_one(&pool)
        .await
        .expect("counts");
    assert_eq!(stored, 64);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_promotion_code_told_later_reaches_a_payment_that_carries_its_id(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    shop.coupon(&sarah, "SARAH20", None).await;
    let mut paid = payment("pi_1", None, 0);
    paid.clues = vec![clue(ClueKind::PromotionCode, "promo_9")];
    shop.event("evt_1", vec![Fact::Payment(paid)]).await;
    assert!(shop.rows().await.is_empty());
    let seen = PromotionCodeSeen {
        external_id: "promo_9".to_owned(),
        code: "SARAH20".to_owned(),
        discount_id: None,
        occurred_at: noon(),
    };
    shop.event("evt_2", vec![Fact::PromotionCode(seen)]).await;
    let rows = shop.rows().await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].conversion.source, Source::Coupon);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_payment_without_email_meets_the_lead_of_its_described_customer(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let mut paid = payment("in_1", None, 0);
    (paid.ids.customer, paid.email) = (Some("cus_1".to_owned()), None);
    shop.event("evt_1", vec![Fact::Payment(paid)]).await;
    shop.event("evt_2", vec![customer("cus_1", "ann@example.com")])
        .await;
    assert!(shop.rows().await.is_empty());
    let signup = signup("Ann@example.com", vec![clue(ClueKind::Slug, "sarah")]);
    shop.store
        .record_lead(
            shop.organization_id,
            ServerLead {
                signup,
                campaign_id: None,
            },
        )
        .await
        .expect("a lead");
    let sources: Vec<Source> = shop
        .rows()
        .await
        .iter()
        .map(|row| row.conversion.source)
        .collect();
    assert_eq!(sources.len(), 2, "the lead and the payment: {sources:?}");
    assert!(sources.contains(&Source::CustomerMatch));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_paid_while_its_affiliate_was_paused_stays_nobodys(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    let mut first = payment("in_1", Some("sub_1"), -40);
    first.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event("evt_1", vec![Fact::Payment(first)]).await;
    shop.set_status(&sarah, AffiliateStatus::Paused).await;
    let paused = shop
        .event(
            "evt_2",
            vec![Fact::Payment(payment("in_2", Some("sub_1"), -10))],
        )
        .await;
    assert_eq!(paused.outcome, Outcome::Unattributed);
    shop.set_status(&sarah, AffiliateStatus::Active).await;
    shop.event(
        "evt_3",
        vec![Fact::Payment(payment("in_3", Some("sub_1"), 0))],
    )
    .await;
    let ids: Vec<_> = shop
        .rows()
        .await
        .iter()
        .filter_map(|row| row.conversion.external_event_id.clone())
        .collect();
    assert_eq!(ids, ["in_3", "in_1"]);
}
