//! Clicks: one per visitor and link within half an hour, whoever writes them; and where links lead.

use chrono::Duration;
use domain::{
    affiliate::Affiliate,
    campaign::Campaign,
    id::{ClickId, OrganizationId},
    site::Site,
    slug::Slug,
};
use futures::future::join_all;
use sqlx::PgPool;
use store::{
    Store,
    audit::Actor,
    campaign::CampaignError,
    click::{Clicked, Visit, Visitor},
    link::Asked,
};
use uuid::Uuid;

use crate::support::{Shop, noon};

/// A visit of Sarah's link from this network.
fn visit(affiliate: &Affiliate, network: &str) -> Visit {
    Visit {
        affiliate_id: affiliate.id,
        campaign_id: affiliate.enrollments[0].campaign_id,
        network: network.to_owned(),
        visitor: None,
        page_url: Some("https://shop.example/".to_owned()),
        referrer: None,
    }
}

fn known(visit: &Visit, cookie: &str) -> Visit {
    Visit {
        visitor: Some(Visitor::Known(cookie.to_owned())),
        ..visit.clone()
    }
}

fn new(visit: &Visit, cookie: &str) -> Visit {
    Visit {
        visitor: Some(Visitor::New(cookie.to_owned())),
        ..visit.clone()
    }
}

async fn keep(shop: &Shop, visit: Visit) -> Clicked {
    keep_by(&shop.store, shop.organization_id, visit).await
}

async fn keep_by(store: &Store, organization_id: OrganizationId, visit: Visit) -> Clicked {
    store
        .record_click(organization_id, visit)
        .await
        .expect("kept")
}

async fn number(shop: &Shop, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(&shop.pool)
        .await
        .expect("a number")
}

async fn clicks(shop: &Shop) -> i64 {
    number(shop, "select count(*) from click").await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_visitor_is_one_click_for_half_an_hour(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let first = keep(&shop, visit(&sarah, "a")).await;
    assert!(matches!(first, Clicked::New(_)));
    assert_eq!(first.click().clicked_at, noon());
    shop.clock.advance(Duration::minutes(30));
    let again = keep(&shop, visit(&sarah, "a")).await;
    assert_eq!(again, Clicked::Existing(first.click()));
    shop.clock.advance(Duration::milliseconds(1));
    let later = keep(&shop, visit(&sarah, "a")).await;
    assert!(
        matches!(later, Clicked::New(_)),
        "counted from the click, not from the last visit"
    );
    assert_eq!(clicks(&shop).await, 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn another_link_network_or_organization_is_another_click(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (sarah, mia) = (shop.affiliate("sarah").await, shop.affiliate("mia").await);
    let other = shop.campaign("Other", |_| {}).await;
    let in_other = Visit {
        campaign_id: other,
        ..visit(&sarah, "a")
    };
    for visit in [
        visit(&sarah, "a"),
        visit(&mia, "a"),
        in_other,
        visit(&sarah, "b"),
    ] {
        assert!(matches!(keep(&shop, visit).await, Clicked::New(_)));
    }
    let elsewhere = OrganizationId(Uuid::from_u128(7));
    let clicked = keep_by(&shop.store, elsewhere, visit(&sarah, "a")).await;
    assert!(matches!(clicked, Clicked::New(_)));
    let hashes = number(&shop, "select count(distinct network) from click").await;
    assert_eq!(
        hashes, 3,
        "nobody can tell that one visitor came to two organizations"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_cookie_tells_more_than_a_network(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let first = keep(&shop, new(&visit(&sarah, "office"), "ann"))
        .await
        .click();
    let at_home = keep(&shop, known(&visit(&sarah, "home"), "ann")).await;
    assert_eq!(at_home, Clicked::Existing(first));
    let colleague = keep(&shop, known(&visit(&sarah, "office"), "ben")).await;
    assert!(
        matches!(colleague, Clicked::New(_)),
        "two cookies are two people"
    );
    // The loader's call brings no cookie, and a double click no cookie yet.
    for bare in [
        visit(&sarah, "office"),
        new(&visit(&sarah, "office"), "zoe"),
    ] {
        assert!(matches!(keep(&shop, bare).await, Clicked::Existing(_)));
    }
    assert_eq!(clicks(&shop).await, 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_batch_and_many_make_the_same_clicks(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let at_once = (0..100).map(|n| keep(&shop, visit(&sarah, &format!("network {}", n % 10))));
    let answers = join_all(at_once).await;
    let made = answers.iter().filter(|one| matches!(one, Clicked::New(_)));
    assert_eq!(made.count(), 10);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.click(), answers[number % 10].click());
    }
    for (n, first) in answers.iter().take(10).enumerate() {
        let again = keep(&shop, visit(&sarah, &format!("network {n}"))).await;
        assert_eq!(again, Clicked::Existing(first.click()));
    }
    assert_eq!(clicks(&shop).await, 10);
    assert_eq!(
        number(&shop, "select sum(clicks)::bigint from click_day").await,
        10
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn days_are_counted_as_they_are_recounted(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (sarah, mia) = (shop.affiliate("sarah").await, shop.affiliate("mia").await);
    let beside = shop.beside();
    for round in 0..5 {
        let ours = (0..8).map(|n| keep(&shop, visit(&sarah, &format!("{round} {n}"))));
        let theirs = (0..8).map(|n| {
            let affiliate = if n % 2 == 0 { &mia } else { &sarah };
            let visit = visit(affiliate, &format!("other {round} {n}"));
            keep_by(&beside, shop.organization_id, visit)
        });
        tokio::join!(join_all(ours), join_all(theirs));
        shop.clock.advance(Duration::hours(9));
    }
    let differing = number(
        &shop,
        "select count(*) from (select organization_id, affiliate_id, campaign_id, (clicked_at at time zone 'UTC')::date as day, traffic, count(*) as clicks
             from click group by 1, 2, 3, 4, 5) c
         full join click_day d using (organization_id, affiliate_id, campaign_id, day, traffic) where d.clicks is distinct from c.clicks",
    );
    assert_eq!(differing.await, 0);
    assert_eq!(clicks(&shop).await, 80);
    let wanted = [(sarah.id, shop.campaign_id), (mia.id, shop.campaign_id)];
    let totals = shop
        .store
        .affiliate_totals(shop.organization_id, &wanted)
        .await
        .expect("totals");
    assert_eq!((totals[&sarah.id].clicks, totals[&mia.id].clicks), (60, 20));
    assert_eq!(totals[&sarah.id].sales, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn clicks_lie_in_their_months_and_none_is_lost_without_one(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let mut tokens = Vec::new();
    for days in [0, 20, 400] {
        shop.clock.advance(Duration::days(days));
        tokens.push(keep(&shop, visit(&sarah, "a")).await.click());
    }
    let places = sqlx::query_scalar::<_, String>(
        "select tableoid::regclass::text from click order by click_id",
    );
    let places = places.fetch_all(&shop.pool).await.expect("places");
    assert_eq!(places, ["click_2026_11", "click_2026_12", "click_default"]);
    for click in tokens {
        let found = shop
            .store
            .click(shop.organization_id, click.id)
            .await
            .expect("reads");
        let (found, affiliate) = found.expect("is there");
        assert_eq!((found, affiliate.id), (click, sarah.id));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_is_its_organizations_alone(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let click = keep(&shop, visit(&sarah, "a")).await.click();
    let elsewhere = OrganizationId(Uuid::from_u128(7));
    assert!(
        shop.store
            .click(elsewhere, click.id)
            .await
            .expect("reads")
            .is_none()
    );
    let forged = ClickId(Uuid::from_u128(7));
    assert!(
        shop.store
            .click(shop.organization_id, forged)
            .await
            .expect("reads")
            .is_none()
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sites_follow_their_campaign(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let site = |text: &str| Site::parse(text).expect("a site");
    let id = shop
        .campaign("Shop", |terms| {
            terms.website = Some("https://www.shop.example/a".to_owned());
            terms.landing_page_url = Some("https://go.shop.example/".to_owned());
            terms.sites = vec![site("pay.example:8443")];
        })
        .await;
    let on = async |text: &str| {
        let found = shop.store.campaigns_on(&site(text)).await.expect("reads");
        found.iter().map(|one| one.campaign_id).collect::<Vec<_>>()
    };
    for text in [
        "shop.example",
        "a.b.shop.example",
        "go.shop.example",
        "pay.example:8443",
    ] {
        assert_eq!(on(text).await, [id], "{text}");
    }
    for text in [
        "pay.example",
        "example",
        "evilshop.example",
        "shop.example:81",
    ] {
        assert!(on(text).await.is_empty(), "{text}");
    }
    let change = |campaign: Campaign| {
        let mut campaign = campaign;
        campaign.terms.website = None;
        campaign.terms.sites.clear();
        Ok::<_, CampaignError>(campaign)
    };
    shop.store
        .change_campaign(Actor::System, shop.organization_id, id, change)
        .await
        .expect("changed");
    assert!(
        on("shop.example").await.is_empty(),
        "the old ones are forgotten at once"
    );
    assert_eq!(on("go.shop.example").await, [id]);
    let listed = number(&shop, "select count(*) from campaign_site").await;
    assert_eq!(listed, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_link_knows_at_once_what_has_changed(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let asked = |code: &str| Asked {
        organization_id: None,
        code: Some(Slug::parse(code).expect("a slug")),
    };
    let who = async |code: &str| {
        let link = shop
            .store
            .link(&asked(code))
            .await
            .expect("reads")
            .expect("an organization");
        assert_eq!(link.organization_id, shop.organization_id);
        link.affiliate.as_ref().map(|affiliate| affiliate.id)
    };
    assert_eq!(who("sarah").await, None);
    let sarah = shop.affiliate("sarah").await;
    assert_eq!(who("sarah").await, Some(sarah.id));
    let nobodys = Asked {
        organization_id: None,
        code: None,
    };
    assert!(
        shop.store
            .link(&nobodys)
            .await
            .expect("reads")
            .expect("the only organization")
            .affiliate
            .is_none()
    );
    let elsewhere = Asked {
        organization_id: Some(OrganizationId(Uuid::from_u128(7))),
        ..asked("sarah")
    };
    assert!(shop.store.link(&elsewhere).await.expect("reads").is_none());
    shop.pool.close().await;
    assert_eq!(
        who("sarah").await,
        Some(sarah.id),
        "the last one found, while the database is away"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn old_months_of_clicks_are_dropped_and_their_sums_stay(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let now = shop.store.now();
    for time in ["2024-09-30T23:59:59Z", "2024-10-01T00:00:00Z"] {
        let time: chrono::DateTime<chrono::Utc> = time.parse().expect("a time");
        shop.clock.advance(time - shop.store.now());
        shop.store.make_months().await.expect("months");
        keep(&shop, visit(&sarah, &time.to_string())).await;
    }
    shop.clock.advance(now - shop.store.now());
    let mut reader = shop.pool.begin().await.expect("begins");
    sqlx::query("select from click")
        .execute(&mut *reader)
        .await
        .expect("reads");
    let patience = std::time::Duration::from_secs(2);
    let refused = tokio::time::timeout(patience, shop.store.drop_old_clicks(25)).await;
    refused
        .expect("it gives way at once")
        .expect_err("somebody is reading");
    keep(&shop, visit(&sarah, "meanwhile")).await;
    reader.rollback().await.expect("ends");
    let dropped = shop.store.drop_old_clicks(25).await.expect("dropped");
    assert_eq!(dropped, ["click_2024_09"]);
    assert_eq!(clicks(&shop).await, 2);
    assert_eq!(
        number(&shop, "select sum(clicks)::bigint from click_day").await,
        3
    );
    let again = shop.store.drop_old_clicks(25).await.expect("dropped");
    assert_eq!(again, Vec::<String>::new());
}
