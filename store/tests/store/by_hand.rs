//! Sales entered by hand.

use chrono::TimeDelta;
use domain::{
    affiliate::Affiliate,
    commission::Duration,
    conversion::Source,
    event::Outcome,
    fact::{ClueKind, Fact},
    money::{Currency, Money},
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    intake::{IntakeError, ManualSale, Recorded},
};

use crate::support::{Shop, clue, noon, payment};

/// 100.00 USD by wire, for which Sarah gets her 20 %.
fn by_wire(shop: &Shop, sarah: &Affiliate) -> ManualSale {
    ManualSale {
        affiliate_id: sarah.id,
        campaign_id: shop.campaign_id,
        amount: Money::new(10_000, Currency::USD),
        paid_at: noon(),
        email: Some("Ann@example.com".to_owned()),
        external_event_id: Some("wire-1".to_owned()),
        note: "paid by wire".to_owned(),
        actor: Actor::System,
    }
}

async fn enter(shop: &Shop, sale: ManualSale) -> Result<Recorded, IntakeError> {
    shop.store.enter_sale(shop.organization_id, sale).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_sale_is_recorded_once_per_external_id(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let entered = by_wire(&shop, &sarah);
    let first = enter(&shop, entered.clone()).await;
    let Ok(Recorded::New(row)) = first else {
        panic!("not recorded: {first:?}");
    };
    assert_eq!(
        (row.conversion.commission.minor, row.conversion.source),
        (2000, Source::Manual)
    );
    assert!(matches!(
        enter(&shop, entered.clone()).await,
        Ok(Recorded::Existing(_))
    ));
    let other = shop.campaign("Another", |_| {}).await;
    let elsewhere = ManualSale {
        campaign_id: other,
        external_event_id: None,
        ..entered
    };
    assert!(matches!(
        enter(&shop, elsewhere).await,
        Err(IntakeError::NotEnrolled)
    ));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_payment_known_by_another_of_its_ids_is_no_second_sale(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let invoice = |id: &str| {
        let mut paid = payment(&format!("in_{id}"), None, 0);
        paid.ids.payment_intent = Some(format!("pi_{id}"));
        paid.clues = vec![clue(ClueKind::Slug, "sarah")];
        Fact::Payment(paid)
    };
    let by_intent = |id: &str| ManualSale {
        external_event_id: Some(format!("pi_{id}")),
        ..by_wire(&shop, &sarah)
    };
    shop.event("evt_a", vec![invoice("a")]).await;
    let entered = enter(&shop, by_intent("a")).await;
    assert!(matches!(entered, Ok(Recorded::Existing(_))), "{entered:?}");
    let entered = enter(&shop, by_intent("b")).await;
    assert!(matches!(entered, Ok(Recorded::New(_))), "{entered:?}");
    let told = shop.event("evt_b", vec![invoice("b")]).await;
    assert_eq!(told.outcome, Outcome::Deduped);
    assert_eq!(shop.rows().await.len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_payment_that_waited_is_entered_and_its_event_says_so(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    for id in ["in_1", "in_2"] {
        let paid = Fact::Payment(payment(id, None, 0));
        let told = shop.event(&format!("evt_{id}"), vec![paid]).await;
        assert_eq!(told.outcome, Outcome::Unattributed);
    }
    let entered = ManualSale {
        external_event_id: Some("in_1".to_owned()),
        ..by_wire(&shop, &sarah)
    };
    let entered = enter(&shop, entered).await;
    assert!(matches!(entered, Ok(Recorded::New(_))), "{entered:?}");
    let outcomes: Vec<String> = sqlx::query_scalar("select outcome from event order by event_id")
        .fetch_all(&pool)
        .await
        .expect("events");
    // The other one is of the same customer.
    assert_eq!(outcomes, ["recorded", "recorded"]);
    assert_eq!(shop.rows().await.len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn in_either_order_the_first_payment_earns_and_the_later_one_does_not(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let once = shop
        .campaign("Once", |terms| terms.plan.duration = Duration::OneTime)
        .await;
    let sarah = shop.affiliate_in("sarah", once).await;
    let told = |who: &str, days: i64| {
        let mut paid = payment(&format!("in_{who}"), None, days);
        paid.ids.customer = None;
        paid.email = Some(format!("{who}@example.com"));
        paid.clues = vec![clue(ClueKind::Slug, "sarah")];
        Fact::Payment(paid)
    };
    let by_hand = |who: &str| ManualSale {
        campaign_id: once,
        email: Some(format!("{who}@example.com")),
        external_event_id: Some(format!("wire-{who}")),
        ..by_wire(&shop, &sarah)
    };
    let earned = async |id: String| {
        let rows = shop.rows_of(&id).await;
        rows.iter().map(|row| row.commission.minor).sum::<i64>()
    };
    for (who, days, expected) in [("later", 5, (0, 2000)), ("before", -5, (980, 0))] {
        for is_told_first in [true, false] {
            let who = &format!("{who}-{is_told_first}");
            let entry = async || drop(enter(&shop, by_hand(who)).await);
            if is_told_first {
                shop.event(&format!("evt_{who}"), vec![told(who, days)])
                    .await;
                entry().await;
            } else {
                entry().await;
                shop.event(&format!("evt_{who}"), vec![told(who, days)])
                    .await;
            }
            let both = (
                earned(format!("in_{who}")).await,
                earned(format!("wire-{who}")).await,
            );
            assert_eq!(both, expected, "{who}");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_a_sale_that_is_known_may_lie_long_back(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let back = |days: i64| ManualSale {
        paid_at: noon() - TimeDelta::days(days),
        ..by_wire(&shop, &sarah)
    };
    let refused = enter(&shop, back(401)).await;
    assert!(matches!(refused, Err(IntakeError::TooLongAgo)));
    assert!(matches!(
        enter(&shop, back(400)).await,
        Ok(Recorded::New(_))
    ));
    assert!(matches!(
        enter(&shop, back(401)).await,
        Ok(Recorded::Existing(_))
    ));
}
