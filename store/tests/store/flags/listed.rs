//! The list of flags.

use chrono::Duration;
use domain::{
    fraud::{FlagRule, FlagStatus, Resolution},
    id::CampaignId,
};
use sqlx::PgPool;
use store::flag::{FlagFilter, FlagStart};
use uuid::Uuid;

use super::{OWN, resolve, sale, to};
use crate::support::Shop;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn flags_are_listed_newest_first_by_what_is_asked_for(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    for number in 1..=5 {
        shop.clock.advance(Duration::seconds(1));
        sale(&shop, &format!("in_{number}"), OWN).await;
    }
    let all = async |filter, start, limit| {
        let page = shop
            .store
            .flags(shop.organization_id, filter, start, limit)
            .await;
        page.expect("a page")
    };
    let any = FlagFilter::default();
    let first = all(any, FlagStart::Offset(0), 2).await;
    assert_eq!((first.flags.len(), first.total), (2, 5));
    let next = first.next.expect("goes on");
    sale(&shop, "in_6", OWN).await;
    let sealed = shop.store.seal_flag_cursor(shop.organization_id, any, next);
    let opened = shop
        .store
        .open_flag_cursor(shop.organization_id, any, &sealed);
    assert_eq!(opened, Ok(next));
    let open = FlagFilter {
        status: Some(FlagStatus::Open),
        ..any
    };
    assert!(
        shop.store
            .open_flag_cursor(shop.organization_id, open, &sealed)
            .is_err()
    );
    let rest = all(any, FlagStart::After(next), 9).await;
    let names: Vec<_> = rest
        .flags
        .iter()
        .filter_map(|view| view.row.conversion.external_event_id.clone())
        .collect();
    assert_eq!(names, ["in_3", "in_2", "in_1"]);
    assert!(rest.next.is_none());

    resolve(&shop, to(Resolution::Reviewed, first.flags[0].flag.id))
        .await
        .expect("reviewed");
    resolve(&shop, to(Resolution::Confirmed, first.flags[1].flag.id))
        .await
        .expect("confirmed");
    let counted = async |filter| all(filter, FlagStart::Offset(0), 1).await.total;
    assert_eq!(counted(open).await, 4);
    assert_eq!(
        counted(FlagFilter {
            is_resolved: true,
            ..any
        })
        .await,
        2
    );
    assert_eq!(
        counted(FlagFilter {
            rule: Some(FlagRule::SelfReferral),
            ..any
        })
        .await,
        6
    );
    assert_eq!(
        counted(FlagFilter {
            rule: Some(FlagRule::ManualReview),
            ..any
        })
        .await,
        0
    );
    assert_eq!(
        counted(FlagFilter {
            affiliate_id: Some(sarah.id),
            ..any
        })
        .await,
        6
    );
    assert_eq!(
        counted(FlagFilter {
            campaign_id: Some(shop.campaign_id),
            ..any
        })
        .await,
        6
    );
    assert_eq!(
        counted(FlagFilter {
            campaign_id: Some(CampaignId(Uuid::nil())),
            ..any
        })
        .await,
        0
    );
    let counts = shop
        .store
        .flag_counts(shop.organization_id, None)
        .await
        .expect("counts");
    assert_eq!(
        (
            counts.open,
            counts.reviewed,
            counts.confirmed,
            counts.total()
        ),
        (4, 1, 1, 6)
    );
}
