//! One sale, and whose it is.

use chrono::Duration;
use domain::{
    id::{CampaignId, ConversionId},
    sales::Filter,
};
use serde_json::json;
use sqlx::PgPool;
use store::sales::Totals;
use uuid::Uuid;

use super::{Books, start};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_sale_has_its_trail_and_its_names(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    let id = books
        .record(start(), json!({ "metadata": { "plan": "pro" } }))
        .await;
    let row = books
        .store
        .sale(books.organization_id, id)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(row.affiliate_name, "Affiliate 0");
    assert_eq!(row.affiliate_slug, "affiliate-0");
    assert_eq!(row.campaign_name, "Campaign 0");
    assert_eq!(row.conversion.metadata, r#"{"plan": "pro"}"#);
    assert_eq!(row.conversion.trail[0].text, "because");

    let listed = books.page(&Filter::default(), 1, None).await;
    assert!(listed.rows[0].conversion.trail.is_empty());
    let unknown = books
        .store
        .sale(books.organization_id, ConversionId(Uuid::nil()))
        .await;
    assert!(unknown.expect("read").is_none());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn organizations_see_only_their_own(pool: PgPool) {
    let ours = Books::open(pool.clone(), "ours").await;
    let theirs = Books::open(pool, "theirs").await;
    let id = theirs.record(start(), json!({})).await;
    assert!(
        ours.store
            .sale(ours.organization_id, id)
            .await
            .expect("read")
            .is_none()
    );
    let strangers = Filter {
        affiliate_id: Some(theirs.affiliates[0]),
        ..Filter::default()
    };
    for filter in [Filter::default(), strangers] {
        assert!(ours.page(&filter, 10, None).await.rows.is_empty());
        assert_eq!(ours.totals(&filter).await, Totals::default());
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_campaign_that_another_process_just_made_has_its_name(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    books.record(start(), json!({})).await;
    books.page(&Filter::default(), 10, None).await;
    let campaign_id = CampaignId(books.random.uuid_v7(start()));
    books.add_campaign(campaign_id, "Brand new").await;
    books
        .record(
            start() + Duration::seconds(1),
            json!({ "campaign_id": campaign_id }),
        )
        .await;
    let page = books.page(&Filter::default(), 10, None).await;
    assert_eq!(page.rows[0].campaign_name, "Brand new");
}
