//! Where the loader was seen at work.

use chrono::{DateTime, Duration, Utc};
use domain::{id::CampaignId, site::Site};
use sqlx::PgPool;
use store::link::OnSite;

use crate::support::{Shop, noon};

fn site(text: &str) -> Site {
    Site::parse(text).expect("a site")
}

/// Sites with when they were seen first and last, once there are `count`.
async fn seen(
    shop: &Shop,
    id: CampaignId,
    count: usize,
) -> Vec<(String, DateTime<Utc>, DateTime<Utc>)> {
    for _ in 0..500 {
        let seen = shop.store.seen_sites(shop.organization_id, id).await;
        let seen = seen.expect("reads");
        if seen.len() == count {
            let told = |one: &store::campaign::Seen| {
                (one.site.to_string(), one.first_seen_at, one.last_seen_at)
            };
            return seen.iter().map(told).collect();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never {count}")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_site_is_noted_as_it_is_listed_and_once_an_hour(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let id = shop
        .campaign("Shop", |terms| {
            terms.website = Some("https://shop.example".to_owned());
            terms.sites = vec![site("pay.example")];
        })
        .await;
    let page = site("www.shop.example");
    let on_site = shop.store.campaigns_on(&page).await.expect("reads");
    assert!(
        !shop
            .store
            .is_loader_seen(shop.organization_id)
            .await
            .expect("reads")
    );
    shop.store.note_seen(&on_site, &page);
    let first = ("shop.example".to_owned(), noon(), noon());
    assert_eq!(seen(&shop, id, 1).await, std::slice::from_ref(&first));
    assert!(
        shop.store
            .is_loader_seen(shop.organization_id)
            .await
            .expect("reads")
    );

    // Within the hour nothing is written; what is noted after it tells that it was not.
    shop.clock.advance(Duration::minutes(59));
    shop.store.note_seen(&on_site, &page);
    let other = site("pay.example");
    let on_other = shop.store.campaigns_on(&other).await.expect("reads");
    shop.store.note_seen(&on_other, &other);
    let later = noon() + Duration::minutes(59);
    let pay = ("pay.example".to_owned(), later, later);
    assert_eq!(seen(&shop, id, 2).await, [pay.clone(), first]);
    shop.clock.advance(Duration::minutes(2));
    shop.store.note_seen(&on_site, &page);
    let last = noon() + Duration::minutes(61);
    for _ in 0..500 {
        if seen(&shop, id, 2).await[0].2 == last {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let again = ("shop.example".to_owned(), noon(), last);
    assert_eq!(seen(&shop, id, 2).await, [again, pay]);

    // Within the hour subdomains tell nothing new, however many there are.
    let before = seen(&shop, id, 2).await;
    for number in 0..3 {
        let page = site(&format!("{number}.shop.example"));
        let on_site = shop.store.campaigns_on(&page).await.expect("reads");
        assert_eq!(on_site.len(), 1);
        shop.clock.advance(Duration::minutes(1));
        shop.store.note_seen(&on_site, &page);
    }
    assert_eq!(seen(&shop, id, 2).await, before);

    // A campaign that does not list the site is not noted, whoever says so.
    let other = OnSite {
        organization_id: shop.organization_id,
        campaign_id: shop.campaign_id,
    };
    shop.store.note_seen(&[other], &page);
    assert!(seen(&shop, shop.campaign_id, 0).await.is_empty());
}
