//! Lists of affiliates: what they hold, page by page both ways, from indexes.

use chrono::TimeDelta;
use domain::{affiliate::AffiliateStatus, id::OrganizationId};
use sqlx::{AssertSqlSafe, PgPool};
use store::affiliate::{AffiliateCursor, AffiliateFilter, AffiliatePage, Start};
use uuid::Uuid;

use crate::support::Shop;

async fn read(shop: &Shop, filter: &AffiliateFilter, start: Start, limit: i64) -> AffiliatePage {
    let page = shop
        .store
        .affiliates(shop.organization_id, filter, start, limit);
    page.await.expect("a page")
}

fn slugs(page: &AffiliatePage) -> Vec<&str> {
    let rows = page.affiliates.iter();
    rows.map(|affiliate| affiliate.slug.as_str()).collect()
}

async fn listed(shop: &Shop, filter: AffiliateFilter) -> Vec<String> {
    let page = read(shop, &filter, Start::Offset(0), 20).await;
    let count = shop.store.count_affiliates(shop.organization_id, &filter);
    let count = usize::try_from(count.await.expect("counts")).expect("few");
    assert_eq!(count, page.affiliates.len(), "{filter:?}");
    slugs(&page).into_iter().map(str::to_owned).collect()
}

async fn open(pool: PgPool, names: &[&str]) -> Shop {
    let shop = Shop::open(pool).await;
    for name in names {
        shop.affiliate(name).await;
        shop.clock.advance(TimeDelta::seconds(1));
    }
    shop
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_list_is_found_by_beginnings_status_and_campaign(pool: PgPool) {
    let shop = open(pool, &["anna", "sarah", "sarah-two", "tom"]).await;
    let other = shop.campaign("Other", |_| {}).await;
    shop.affiliate_in("anton", other).await;
    let all = AffiliateFilter::default();
    let page = read(&shop, &all, Start::Offset(0), 20).await;
    let [_, tom, _, _, anna] = &page.affiliates[..] else {
        unreachable!("five")
    };
    shop.set_status(tom, AffiliateStatus::Paused).await;
    shop.set_status(anna, AffiliateStatus::Removed).await;
    let begins = |typed: &str| AffiliateFilter {
        typed: typed.to_owned(),
        ..AffiliateFilter::default()
    };
    for (filter, found) in [
        (all, vec!["anton", "tom", "sarah-two", "sarah", "anna"]),
        (
            AffiliateFilter {
                without_removed: true,
                ..AffiliateFilter::default()
            },
            vec!["anton", "tom", "sarah-two", "sarah"],
        ),
        (
            AffiliateFilter {
                status: Some(AffiliateStatus::Paused),
                ..AffiliateFilter::default()
            },
            vec!["tom"],
        ),
        (
            AffiliateFilter {
                campaign_id: Some(other),
                ..AffiliateFilter::default()
            },
            vec!["anton"],
        ),
        (begins(" AN"), vec!["anton", "anna"]),
        (begins("sarah@aff"), vec!["sarah"]),
        (begins("arah"), vec![]),
        (begins("sarah%"), vec![]),
        (
            AffiliateFilter {
                without_removed: true,
                ..begins("an")
            },
            vec!["anton"],
        ),
    ] {
        assert_eq!(listed(&shop, filter.clone()).await, found, "{filter:?}");
    }
    let strangers = OrganizationId(Uuid::nil());
    let all = AffiliateFilter::default();
    let theirs = shop.store.affiliates(strangers, &all, Start::Offset(0), 9);
    assert!(theirs.await.expect("a page").affiliates.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn pages_lead_both_ways_and_new_ones_push_nobody(pool: PgPool) {
    let shop = open(pool, &["one", "two", "three", "four", "five"]).await;
    let all = AffiliateFilter::default();
    let step = async |cursor: Option<AffiliateCursor>| {
        let cursor = cursor.expect("the list goes on");
        let text = shop
            .store
            .seal_affiliate_cursor(shop.organization_id, &all, cursor);
        let cursor = shop
            .store
            .open_affiliate_cursor(shop.organization_id, &all, &text);
        read(&shop, &all, Start::Beside(cursor.expect("ours")), 2).await
    };
    let first = read(&shop, &all, Start::Offset(0), 2).await;
    assert_eq!((slugs(&first), first.newer), (vec!["five", "four"], None));
    shop.affiliate("six").await;
    let second = step(first.older).await;
    assert_eq!(slugs(&second), ["three", "two"]);
    assert_eq!(second.older.expect("more").seen, 4);
    let third = step(second.older).await;
    assert_eq!((slugs(&third), third.older), (vec!["one"], None));
    let back = step(third.newer).await;
    assert_eq!(slugs(&back), ["three", "two"]);
    let top = step(back.newer).await;
    assert_eq!(slugs(&top), ["five", "four"]);
    let newest = step(top.newer).await;
    assert_eq!((slugs(&newest), newest.newer), (vec!["six"], None));
    let offset = read(&shop, &all, Start::Offset(4), 2).await;
    assert_eq!((slugs(&offset), offset.older), (vec!["two", "one"], None));

    let other = AffiliateFilter {
        without_removed: true,
        ..AffiliateFilter::default()
    };
    let text =
        shop.store
            .seal_affiliate_cursor(shop.organization_id, &all, second.older.expect("more"));
    let elsewhere = shop
        .store
        .open_affiliate_cursor(shop.organization_id, &other, &text);
    assert!(elsewhere.is_err(), "a place in another list");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_filtered_list_comes_from_indexes(pool: PgPool) {
    let shop = open(pool.clone(), &["sarah"]).await;
    for sql in [
        "insert into affiliate
         select a.organization_id, gen_random_uuid(), md5(n::text), md5(n::text) || '@example.com', md5(n::text),
             a.status, null, null, a.created_at from affiliate a cross join generate_series(1, 20000) n",
        "insert into affiliate_day
         select a.organization_id, a.affiliate_id, '2026-11-20', c.campaign_id, 'sale', 'link', 'pending', 'USD',
             'USD', 1, 100, 0, 20 from affiliate a, campaign c",
        "analyze affiliate",
        "analyze affiliate_day",
    ] {
        sqlx::query(sql).execute(&pool).await.expect("done");
    }
    for (from, index) in [
        (
            "affiliate a where organization_id = $1 and status = 'paused' order by affiliate_id desc
             limit 51",
            "affiliate_by_status",
        ),
        (
            "affiliate a where organization_id = $1 and status <> 'removed' order by affiliate_id desc limit 51",
            "affiliate_pkey",
        ),
        (
            "affiliate_day where organization_id = $1 and affiliate_id = any(array(
                 select affiliate_id from affiliate limit 50))",
            "affiliate_day_pkey",
        ),
    ] {
        let sql = format!("explain select affiliate_id from {from}");
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(shop.organization_id.0)
            .fetch_all(&pool)
            .await
            .expect("explained");
        let plan = plan.join("\n");
        assert!(plan.contains(&format!(" {index}")), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
    }
}
