//! From click to lead to sale: what counts, and since when; and the sums per affiliate and day behind it.

use chrono::{NaiveDate, TimeDelta};
use domain::{
    affiliate::Affiliate,
    conversion::ConversionType,
    fact::{ClueKind, Fact},
    lifecycle::Transition,
    rate::BasisPoints,
};
use sqlx::PgPool;
use store::{audit::Actor, click::Visit, funnel::Funnel, intake::Decision};

use crate::support::{Shop, clue, noon, payment, signup};

fn today() -> NaiveDate {
    noon().date_naive()
}

async fn click(shop: &Shop, affiliate: &Affiliate, network: &str) {
    let visit = Visit {
        affiliate_id: affiliate.id,
        campaign_id: affiliate.enrollments[0].campaign_id,
        network: network.to_owned(),
        visitor: None,
        page_url: None,
        referrer: None,
    };
    let kept = shop.store.record_click(shop.organization_id, visit).await;
    kept.expect("kept");
}

async fn pay(shop: &Shop, id: &str, customer: &str) {
    let mut paid = payment(id, Some(&format!("sub_{customer}")), 0);
    paid.ids.customer = Some(customer.to_owned());
    paid.email = Some(format!("{customer}@example.com"));
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
}

async fn of(shop: &Shop, affiliate: &Affiliate, since: NaiveDate) -> Funnel {
    let funnel = shop
        .store
        .affiliate_funnel(shop.organization_id, affiliate.id, since);
    funnel.await.expect("counted")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_funnel_counts_visits_signups_and_first_payments(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let campaign = shop
        .campaign("Pro", |terms| {
            terms.override_share = BasisPoints::new(1000).expect("a share");
        })
        .await;
    let rita = shop.affiliate_in("rita", campaign).await;
    let sarah = shop.affiliate_in("sarah", campaign).await;
    shop.recruit(&sarah, &rita).await;
    for network in ["a", "b", "c"] {
        click(&shop, &sarah, network).await;
    }
    let lead = signup("ann@example.com", vec![clue(ClueKind::Slug, "sarah")]);
    shop.event("evt_lead", vec![Fact::Signup(lead)]).await;
    pay(&shop, "in_first", "cus_1").await;
    shop.clock.advance(TimeDelta::days(1));
    pay(&shop, "in_later", "cus_1").await;
    click(&shop, &sarah, "a").await;

    let three = Funnel {
        clicks: 4,
        leads: 1,
        sales: 1,
    };
    assert_eq!(of(&shop, &sarah, today()).await, three);
    let tomorrow = Funnel {
        clicks: 1,
        ..Funnel::default()
    };
    assert_eq!(
        of(&shop, &sarah, today() + TimeDelta::days(1)).await,
        tomorrow
    );
    assert_eq!(
        of(&shop, &rita, today()).await,
        Funnel::default(),
        "a share of others' sales"
    );
    let whole = shop
        .store
        .campaign_funnel(shop.organization_id, campaign, today());
    assert_eq!(whole.await.expect("counted"), three);
    let other = shop
        .store
        .campaign_funnel(shop.organization_id, shop.campaign_id, today());
    assert_eq!(other.await.expect("counted"), Funnel::default());

    let wanted = [(sarah.id, campaign), (rita.id, campaign)];
    let totals = shop
        .store
        .affiliate_totals(shop.organization_id, &wanted)
        .await
        .expect("summed");
    let told = |affiliate: &Affiliate| {
        let own = totals[&affiliate.id];
        (own.clicks, own.sales, own.commission_minor)
    };
    assert_eq!(told(&sarah), (4, 2, 2 * 980));
    assert_eq!(told(&rita), (0, 0, 2 * 98), "shares are no sales");

    let first = shop.rows().await.into_iter().find(|row| {
        row.conversion.kind == ConversionType::Sale && row.conversion.affiliate_id == sarah.id
    });
    let denial = Decision {
        conversion_ids: vec![first.expect("a first payment").conversion.id],
        step: Transition::Deny,
        actor: Actor::System,
        reason: Some("a test".to_owned()),
    };
    let denied = shop.store.decide(shop.organization_id, denial).await;
    denied.expect("denied");
    let wanted = [(sarah.id, campaign)];
    let totals = shop
        .store
        .affiliate_totals(shop.organization_id, &wanted)
        .await
        .expect("summed");
    let standings = shop
        .store
        .standings(shop.organization_id, &[sarah.id, rita.id])
        .await
        .expect("summed");
    assert_eq!(of(&shop, &sarah, today()).await.sales, 0);
    assert_eq!(
        (totals[&sarah.id].sales, standings[&sarah.id].sales),
        (1, 1)
    );
    assert_eq!(standings[&rita.id].sales, 0);
    let recount = shop.store.recount().await.expect("counts");
    assert_eq!(recount.differences, Vec::<String>::new());
}
