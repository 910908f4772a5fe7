//! Coupons: which count, what the trail says of those that don't, and their list.

use chrono::{DateTime, Duration, Utc};
use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    conversion::Source,
    coupon::{CouponCode, CouponState},
    fact::ClueKind,
    id::{CouponId, OrganizationId},
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    coupon::{CouponChange, CouponError, CouponFilter, CouponPage, NewCoupon},
    intake::{Recorded, ServerSale},
};
use uuid::Uuid;

use crate::support::{Shop, clue, noon, payment};

fn new(
    affiliate: &Affiliate,
    code: &str,
    discount: Option<&str>,
    ends: Option<DateTime<Utc>>,
) -> NewCoupon {
    NewCoupon {
        code: CouponCode::parse(code).expect("a code"),
        affiliate_id: affiliate.id,
        campaign_id: affiliate.enrollments[0].campaign_id,
        processor_discount_id: discount.map(str::to_owned),
        expires_at: ends,
    }
}

async fn add(shop: &Shop, new: NewCoupon) -> Result<CouponId, CouponError> {
    let made = shop
        .store
        .add_coupon(Actor::System, shop.organization_id, new);
    made.await.map(|coupon| coupon.id)
}

/// Who is credited for a payment of `days` from now on with these clues besides Sarah's referral, and the trail.
async fn credited(
    shop: &Shop,
    id: &str,
    days: i64,
    clues: &[(ClueKind, &str)],
) -> (Source, Vec<String>) {
    let mut paid = payment(id, None, days);
    paid.ids.customer = None;
    paid.email = None;
    paid.clues = clues
        .iter()
        .map(|(kind, value)| clue(*kind, value))
        .collect();
    paid.clues.push(clue(ClueKind::Slug, "sarah"));
    let sale = ServerSale {
        payment: paid,
        kind: None,
        campaign_id: None,
    };
    let recorded = shop.store.record_sale(shop.organization_id, sale).await;
    let Ok(Recorded::New(row)) = recorded else {
        panic!("{id} is new: {recorded:?}")
    };
    let id = row.conversion.id;
    let told = shop.store.sale(shop.organization_id, id).await;
    let conversion = told.expect("reads").expect("is there").conversion;
    let trail = conversion.trail.into_iter().map(|step| step.text).collect();
    (conversion.source, trail)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_trail_says_which_coupons_were_passed_over_and_why(pool: PgPool) {
    use ClueKind::{CouponCode, PromotionCode};
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let jonas = shop.affiliate("jonas").await;
    let ends = Some(noon() + Duration::days(10));
    let gone = add(&shop, new(&jonas, "Gone", Some("promo_gone"), None)).await;
    add(&shop, new(&jonas, "Spring", Some("promo_spring"), ends))
        .await
        .expect("added");
    let (source, trail) = credited(&shop, "o1", 0, &[(CouponCode, " gONE ")]).await;
    assert_eq!(source, Source::Coupon, "while it is there: {trail:?}");
    let end = "The referral of sarah was passed over: in that campaign a coupon beats a referral";
    assert_eq!(trail.last().map(String::as_str), Some(end));
    let (source, _) = credited(&shop, "o2", 9, &[(CouponCode, "SPRING")]).await;
    assert_eq!(source, Source::Coupon, "paid before its end");

    shop.clock.advance(Duration::hours(1));
    shop.store
        .remove_coupon(Actor::System, shop.organization_id, gone.expect("added"))
        .await
        .expect("removed");
    shop.set_status(&jonas, AffiliateStatus::Active).await;
    for (id, days, clue, text) in [
        (
            "o3",
            0,
            (CouponCode, "SUMMER"),
            "Coupon SUMMER (a test) is not an affiliate's coupon",
        ),
        (
            "o4",
            10,
            (CouponCode, "spring"),
            "Coupon Spring of jonas expired on 2026-11-30 12:00 UTC, before the payment",
        ),
        (
            "o5",
            11,
            (PromotionCode, "promo_spring"),
            "Coupon Spring of jonas expired on 2026-11-30 12:00 UTC, before the payment",
        ),
        (
            "o6",
            0,
            (CouponCode, "gone"),
            "Coupon Gone of jonas was removed on 2026-11-20 13:00 UTC",
        ),
        (
            "o7",
            0,
            (PromotionCode, "promo_gone"),
            "Coupon Gone of jonas was removed on 2026-11-20 13:00 UTC",
        ),
    ] {
        let (source, trail) = credited(&shop, id, days, &[clue]).await;
        assert_eq!(source, Source::Server, "{id}: {trail:?}");
        assert_eq!(trail[0], text, "{id}");
    }
    shop.set_status(&jonas, AffiliateStatus::Paused).await;
    let (source, trail) = credited(&shop, "o8", 0, &[(CouponCode, "spring")]).await;
    assert_eq!(source, Source::Server);
    assert_eq!(
        trail[0],
        "Coupon Spring: jonas is paused and gets no new credit"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn where_clicks_win_the_trail_says_whose_coupon_was_passed_over(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let quiet = shop.campaign("Quiet", |terms| terms.coupons_override_clicks = false);
    let jonas = shop.affiliate_in("jonas", quiet.await).await;
    shop.affiliate("sarah").await;
    add(&shop, new(&jonas, "JONAS", None, None))
        .await
        .expect("added");
    let (source, trail) = credited(&shop, "o1", 0, &[(ClueKind::CouponCode, "jonas")]).await;
    assert_eq!(source, Source::Server);
    let text = "Coupon JONAS of jonas was passed over: in that campaign a referral beats a coupon";
    assert!(trail.contains(&text.to_owned()), "{trail:?}");
}

/// The code and the processor's id of one that was removed may be another's now.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_removed_coupon_stands_in_nobodys_way(pool: PgPool) {
    use ClueKind::{CouponCode, PromotionCode};
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let jonas = shop.affiliate("jonas").await;
    for _ in 0..2 {
        let old = add(&shop, new(&jonas, "AGAIN", Some("promo_1"), None)).await;
        shop.store
            .remove_coupon(Actor::System, shop.organization_id, old.expect("added"))
            .await
            .expect("removed");
    }
    add(&shop, new(&jonas, "Again", None, None))
        .await
        .expect("free again");
    add(&shop, new(&jonas, "OTHER", Some("promo_1"), None))
        .await
        .expect("free again");
    for (id, clue) in [
        ("o1", (CouponCode, "again")),
        ("o2", (PromotionCode, "promo_1")),
    ] {
        // Once from the database and once from what is kept in the process.
        for round in ["a", "b"] {
            let (source, trail) = credited(&shop, &format!("{id}{round}"), 0, &[clue]).await;
            assert_eq!(source, Source::Coupon, "{id}{round}: {trail:?}");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_coupons_end_and_discount_can_change(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let id = add(&shop, new(&sarah, "SARAH20", Some("promo_1"), None))
        .await
        .expect("added");
    add(&shop, new(&sarah, "OTHER", Some("promo_2"), None))
        .await
        .expect("added");
    let change = async |change: CouponChange| {
        shop.store
            .change_coupon(Actor::System, shop.organization_id, id, change)
            .await
    };
    let ended = CouponChange {
        expires_at: Some(Some(noon() - Duration::days(1))),
        ..CouponChange::default()
    };
    let coupon = change(ended).await.expect("ended");
    assert_eq!(coupon.state(noon()), CouponState::Expired);
    assert_eq!(coupon.processor_discount_id.as_deref(), Some("promo_1"));
    let taken = CouponChange {
        processor_discount_id: Some(Some("promo_2".to_owned())),
        ..CouponChange::default()
    };
    assert!(matches!(
        change(taken).await,
        Err(CouponError::DiscountTaken)
    ));
    let open = CouponChange {
        expires_at: Some(None),
        processor_discount_id: Some(None),
    };
    let coupon = change(open).await.expect("changed");
    assert_eq!(
        (coupon.processor_discount_id, coupon.expires_at),
        (None, None)
    );

    let elsewhere = OrganizationId(Uuid::from_u128(1));
    let change = CouponChange::default();
    let theirs = shop
        .store
        .change_coupon(Actor::System, elsewhere, id, change)
        .await;
    assert!(matches!(theirs, Err(CouponError::NotFound)));
    let seen = shop.store.coupon(elsewhere, id).await.expect("reads");
    assert_eq!(seen, None);
}

fn codes(page: &CouponPage) -> Vec<&str> {
    page.coupons
        .iter()
        .map(|listed| listed.coupon.code.as_str())
        .collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_list_is_paged_by_what_was_seen_and_searched_by_beginnings(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (sarah, jonas) = (shop.affiliate("sarah").await, shop.affiliate("jonas").await);
    let ends = Some(noon() + Duration::days(1));
    for (affiliate, code, discount, ends) in [
        (&sarah, "A1", Some("promo_X"), None),
        (&sarah, "B_1", None, ends),
        (&jonas, "C1", None, None),
        (&jonas, "D1", None, None),
        (&jonas, "E1", None, None),
    ] {
        shop.clock.advance(Duration::seconds(1));
        let made = add(&shop, new(affiliate, code, discount, ends)).await;
        if code == "C1" {
            let id = made.expect("added");
            let removed = shop
                .store
                .remove_coupon(Actor::System, shop.organization_id, id);
            removed.await.expect("removed");
        }
    }
    let list = async |filter: &CouponFilter, start| {
        shop.store
            .coupon_page(shop.organization_id, filter, start, 2)
            .await
            .expect("reads")
    };
    let all = CouponFilter::default();
    let first = list(&all, None).await;
    assert_eq!((codes(&first), first.newer), (vec!["E1", "D1"], None));
    assert_eq!(first.coupons[0].affiliate_slug.as_str(), "jonas");
    // What is added meanwhile moves nothing.
    shop.clock.advance(Duration::seconds(1));
    add(&shop, new(&sarah, "F1", None, None))
        .await
        .expect("added");
    let second = list(&all, first.older).await;
    assert_eq!((codes(&second), second.older), (vec!["B_1", "A1"], None));
    let back = list(&all, second.newer).await;
    assert_eq!(codes(&back), ["E1", "D1"]);
    let newest = list(&all, back.newer).await;
    assert_eq!((codes(&newest), newest.newer), (vec!["F1"], None));

    shop.clock.advance(Duration::days(2));
    let found = async |typed: &str, state| {
        let filter = CouponFilter {
            typed: Some(typed.to_owned()),
            state,
            ..CouponFilter::default()
        };
        let page = list(&filter, None).await;
        codes(&page).join(" ")
    };
    assert_eq!(found(" d", None).await, "D1");
    assert_eq!(found("PROMO_x", None).await, "A1");
    assert_eq!(found("Jonas@", None).await, "E1 D1");
    assert_eq!(found("b_", None).await, "B_1");
    assert_eq!(found("", Some(CouponState::Removed)).await, "C1");
    assert_eq!(found("", Some(CouponState::Expired)).await, "B_1");
    assert_eq!(found("sa", Some(CouponState::Active)).await, "F1 A1");
    for strange in ["%", "_1", "\\", "a\0", "\u{10FFFF}"] {
        assert_eq!(
            found(strange, None).await,
            if strange == "a\0" { "A1" } else { "" },
            "{strange:?}"
        );
    }

    let sealed = |filter: &CouponFilter| {
        let cursor = first.older.expect("a place");
        shop.store
            .seal_coupon_cursor(shop.organization_id, filter, cursor)
    };
    let open = |text: &str| {
        shop.store
            .open_coupon_cursor(shop.organization_id, &all, text)
    };
    assert_eq!(open(&sealed(&all)).ok(), first.older);
    let other = CouponFilter {
        affiliate_id: Some(sarah.id),
        ..CouponFilter::default()
    };
    assert!(open(&sealed(&other)).is_err() && open("x").is_err());
}
