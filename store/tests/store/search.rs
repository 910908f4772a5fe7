//! Finding affiliates by what is typed.

use crate::support::Shop;
use chrono::TimeDelta;
use domain::id::OrganizationId;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

async fn found(shop: &Shop, typed: &str, limit: i64) -> Vec<String> {
    let found = shop
        .store
        .find_affiliates(shop.organization_id, typed, limit)
        .await
        .expect("looked for");
    found.iter().map(|named| named.slug.to_string()).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn beginnings_come_first_and_case_does_not_matter(pool: PgPool) {
    let shop = Shop::open(pool).await;
    for slug in ["sarah-one", "anna-sarah", "sarah-two", "tom"] {
        shop.affiliate(slug).await;
        shop.clock.advance(TimeDelta::seconds(1));
    }
    let sarahs = ["sarah-one", "sarah-two", "anna-sarah"];
    assert_eq!(found(&shop, " SARAH", 20).await, sarahs);
    assert_eq!(found(&shop, "sarah", 2).await, sarahs[..2]);
    assert_eq!(
        found(&shop, "tom@affiliate", 20).await,
        ["tom"],
        "by e-mail"
    );
    assert_eq!(
        found(&shop, "", 2).await,
        ["tom", "sarah-two"],
        "the newest"
    );
    // Nothing that is typed is a pattern, and nothing is too strange.
    for strange in ["%", "_", "sarah%", "sa\\", "tom\0tom", "\u{10FFFF}"] {
        assert!(found(&shop, strange, 20).await.is_empty(), "{strange:?}");
    }
    let strangers = OrganizationId(Uuid::nil());
    let theirs = shop.store.find_affiliates(strangers, "sarah", 20).await;
    assert!(theirs.expect("looked for").is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn beginnings_come_from_indexes(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let many = "insert into affiliate
        select a.organization_id, gen_random_uuid(), md5(n::text), md5(n::text) || '@example.com', md5(n::text),
            a.status, null, null, a.created_at from affiliate a cross join generate_series(1, 20000) n";
    for sql in [many, "analyze affiliate"] {
        sqlx::query(sql).execute(&pool).await.expect("done");
    }
    for (column, index) in [
        ("lower(name)", "affiliate_name_begins"),
        ("slug", "affiliate_slug_begins"),
        ("email", "affiliate_email"),
    ] {
        let sql = format!(
            "explain select affiliate_id from affiliate where organization_id = $1
                 and {column} ~>=~ lower($2) and {column} ~<~ lower($3) order by {column} using ~<~ limit 20"
        );
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(shop.organization_id.0)
            .bind("a")
            .bind("a\u{10FFFF}")
            .fetch_all(&pool)
            .await
            .expect("explained");
        assert!(plan[1].contains(&format!("using {index} ")), "{plan:#?}");
    }
}
