//! Reports: what came in over a span of days, against the one before, from the days' roll-ups.

use chrono::TimeDelta;
use domain::{
    affiliate::Affiliate,
    conversion::Source,
    fact::{ClueKind, Fact},
    lifecycle::Transition,
    money::{Currency, Money},
    rate::BasisPoints,
    report::Span,
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    click::Visit,
    intake::Decision,
    report::{Report, ReportFilter, Sums},
};

use crate::support::{Shop, clue, noon, payment};

async fn click(shop: &Shop, affiliate: &Affiliate, network: &str, referrer: Option<&str>) {
    let visit = Visit {
        affiliate_id: affiliate.id,
        campaign_id: affiliate.enrollments[0].campaign_id,
        network: network.to_owned(),
        visitor: None,
        page_url: None,
        referrer: referrer.map(str::to_owned),
    };
    let kept = shop.store.record_click(shop.organization_id, visit).await;
    kept.expect("kept");
}

async fn pay(shop: &Shop, id: &str, slug: &str, amount: Money) {
    let mut paid = payment(id, None, 0);
    paid.ids.customer = Some(format!("cus_{id}"));
    paid.email = Some(format!("{id}@example.com"));
    paid.amount = amount;
    paid.base_minor = amount.minor;
    paid.clues = vec![clue(ClueKind::Slug, slug)];
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
}

async fn deny(shop: &Shop, id: &str) {
    let sale = shop.rows_of(id).await.remove(0);
    let decision = Decision {
        conversion_ids: vec![sale.id],
        step: Transition::Deny,
        actor: Actor::System,
        reason: Some("because".to_owned()),
    };
    let denied = shop.store.decide(shop.organization_id, decision).await;
    denied.expect("denied");
}

fn latest(days: u32) -> ReportFilter {
    ReportFilter {
        span: Span::latest(noon().date_naive() + TimeDelta::days(1), days),
        campaign_id: None,
        affiliate_id: None,
    }
}

async fn report(shop: &Shop, filter: ReportFilter, currency: Option<Currency>) -> Report {
    let told = shop.store.report(
        shop.organization_id,
        &filter,
        filter.span.before(),
        currency,
    );
    told.await.expect("told")
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_report_tells_two_spans_and_what_the_first_one_is_made_of(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let campaign = shop
        .campaign("Pro", |terms| {
            terms.override_share = BasisPoints::new(1000).expect("a share");
        })
        .await;
    let rita = shop.affiliate_in("rita", campaign).await;
    let sarah = shop.affiliate_in("sarah", campaign).await;
    let mia = shop.affiliate("mia").await;
    shop.recruit(&sarah, &rita).await;
    // Yesterday.
    click(&shop, &sarah, "a", Some("https://www.blog.example/post")).await;
    pay(&shop, "in_1", "sarah", usd(10_000)).await;
    // Today.
    shop.clock.advance(TimeDelta::days(1));
    click(&shop, &sarah, "b", Some("https://www.blog.example/other")).await;
    click(&shop, &sarah, "c", None).await;
    click(&shop, &mia, "d", Some("https://blog.example/")).await;
    pay(&shop, "in_2", "sarah", usd(20_000)).await;
    pay(&shop, "in_3", "mia", usd(4900)).await;
    pay(&shop, "in_4", "mia", usd(99_900)).await;
    deny(&shop, "in_4").await;
    let euros = Money::new(5000, Currency::parse("EUR").expect("a currency"));
    pay(&shop, "in_5", "mia", euros).await;

    let today = report(&shop, latest(1), None).await;
    assert_eq!(today.currencies, [Currency::USD, euros.currency]);
    let sums = Sums {
        clicks: 3,
        leads: 0,
        sales: 3,
        customers: 3,
        revenue_minor: 24_900,
        refunded_minor: 0,
        // 20 % of each, and Rita's tenth of Sarah's.
        commission: vec![usd(4000 + 980 + 400)],
    };
    assert_eq!(today.sums, sums);
    let yesterday = Sums {
        clicks: 1,
        leads: 0,
        sales: 1,
        customers: 1,
        revenue_minor: 10_000,
        refunded_minor: 0,
        commission: vec![usd(2000 + 200)],
    };
    assert_eq!(today.before, Some(yesterday.clone()));
    assert_eq!(today.days_before, [yesterday]);
    let by_source: Vec<_> = today
        .sources
        .iter()
        .map(|one| (one.source, one.sales, one.revenue.minor))
        .collect();
    assert_eq!(
        by_source,
        [(Source::Link, 2, 24_900), (Source::Override, 0, 0)]
    );
    let top: Vec<_> = today
        .affiliates
        .iter()
        .map(|one| (one.affiliate.id, one.clicks, one.sales, one.revenue.minor))
        .collect();
    assert_eq!(top, [(sarah.id, 2, 1, 20_000), (mia.id, 1, 1, 4900)]);
    let traffic: Vec<_> = today
        .traffic
        .iter()
        .map(|one| (one.source.as_str(), one.clicks))
        .collect();
    assert_eq!(traffic, [("blog.example", 2), ("direct", 1)]);

    let both = report(&shop, latest(2), Some(euros.currency)).await;
    assert_eq!((both.sums.sales, both.sums.revenue_minor), (4, 5000));
    let days: Vec<_> = both.steps.iter().map(|(_, sums)| sums.sales).collect();
    assert_eq!(days, [1, 3]);
    assert_eq!(both.affiliates.len(), 1);
    let recount = shop.store.recount().await.expect("counts");
    assert_eq!(recount.differences, Vec::<String>::new());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_report_is_of_one_affiliate_or_campaign_and_of_one_organization(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let campaign = shop.campaign("Pro", |_| {}).await;
    let sarah = shop.affiliate_in("sarah", campaign).await;
    let mia = shop.affiliate("mia").await;
    for (affiliate, slug, id) in [(&sarah, "sarah", "in_1"), (&mia, "mia", "in_2")] {
        click(&shop, affiliate, slug, None).await;
        pay(&shop, id, slug, usd(1000)).await;
    }
    let all = latest(7);
    let of_sarah = ReportFilter {
        affiliate_id: Some(sarah.id),
        ..all
    };
    let of_pro = ReportFilter {
        campaign_id: Some(campaign),
        ..all
    };
    let told = |report: Report| {
        let named = report.affiliates.iter().map(|one| one.affiliate.id);
        let named: Vec<_> = named.collect();
        (report.sums.clicks, report.sums.sales, named)
    };
    assert_eq!(
        told(report(&shop, of_sarah, None).await),
        (1, 1, vec![sarah.id])
    );
    assert_eq!(
        told(report(&shop, of_pro, None).await),
        (1, 1, vec![sarah.id])
    );
    assert_eq!(told(report(&shop, all, None).await).0, 2);
    let stranger = domain::id::OrganizationId(uuid::Uuid::from_u128(7));
    let empty = shop
        .store
        .report(stranger, &of_sarah, None, None)
        .await
        .expect("told");
    assert_eq!((empty.sums, empty.currency), (Sums::default(), None));
    let first = shop.store.first_report_day(stranger).await.expect("told");
    assert_eq!(first, None);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn clicks_that_the_days_do_not_count_are_found(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    click(&shop, &sarah, "a", None).await;
    sqlx::query("update click_day set clicks = 2")
        .execute(&pool)
        .await
        .expect("changed");
    let recount = shop.store.recount().await.expect("counts");
    assert_eq!(recount.differences.len(), 1, "{:?}", recount.differences);
    assert!(recount.differences[0].contains("clicks from direct"));
}
