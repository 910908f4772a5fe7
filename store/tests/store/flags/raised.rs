//! What raises flags: clicks, sales, amounts and addresses.

use chrono::Duration;
use domain::{
    affiliate::Affiliate,
    fact::{ClueKind, Fact},
    fraud::FlagRule,
    id::CampaignId,
};
use sqlx::PgPool;
use store::click::Visit;

use super::{differences, paid_by, rules_of};
use crate::support::{Shop, clue, payment};

async fn campaign(
    shop: &Shop,
    name: &str,
    change: impl FnOnce(&mut domain::fraud::FlagRules),
) -> (CampaignId, Affiliate) {
    let id = shop.campaign(name, |terms| change(&mut terms.flags)).await;
    (id, shop.affiliate_in(name, id).await)
}

/// A click through an affiliate's link from a network of its own.
async fn click(shop: &Shop, affiliate: &Affiliate, network: &str) -> String {
    let visit = Visit {
        affiliate_id: affiliate.id,
        campaign_id: affiliate.enrollments[0].campaign_id,
        network: network.to_owned(),
        visitor: None,
        page_url: None,
        referrer: None,
    };
    let clicked = shop.store.record_click(shop.organization_id, visit).await;
    clicked.expect("kept").click().id.to_string()
}

async fn brought(shop: &Shop, id: &str, token: &str) -> Vec<FlagRule> {
    let mut paid = payment(id, None, 0);
    paid.paid_at = shop.clock.now();
    paid.ids.customer = Some(format!("cus_{id}"));
    paid.email = Some(format!("{id}@example.com"));
    paid.clues = vec![clue(ClueKind::Click, token)];
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
    let row = shop.rows_of(id).await.remove(0);
    rules_of(shop, row.id).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn too_many_clicks_or_sales_of_them_are_flagged_where_the_campaign_says_so(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (_, many) = campaign(&shop, "many", |rules| rules.clicks_per_day = Some(3)).await;
    let mut token = String::new();
    for number in 1..=3 {
        token = click(&shop, &many, &format!("net_{number}")).await;
        let found = brought(&shop, &format!("in_{number}"), &token).await;
        let expected: &[FlagRule] = if number < 3 {
            &[]
        } else {
            &[FlagRule::HighClickFrequency]
        };
        assert_eq!(found, expected, "after {number} clicks");
    }
    // The day after they still count, later no more.
    shop.clock.advance(Duration::days(1));
    assert_eq!(
        brought(&shop, "next", &token).await,
        [FlagRule::HighClickFrequency]
    );
    shop.clock.advance(Duration::days(1));
    assert_eq!(brought(&shop, "later", &token).await, []);

    let (_, eager) = campaign(&shop, "eager", |rules| rules.conversion_percent = Some(500)).await;
    let token = click(&shop, &eager, "net").await;
    for number in 1..=10 {
        let found = brought(&shop, &format!("eager_{number}"), &token).await;
        let expected: &[FlagRule] = if number < 10 {
            &[]
        } else {
            &[FlagRule::ConversionAnomaly]
        };
        assert_eq!(found, expected, "sale {number}");
    }
    let (_, quiet) = campaign(&shop, "quiet", |rules| {
        (rules.clicks_per_day, rules.conversion_percent) = (None, None);
    })
    .await;
    let token = click(&shop, &quiet, "net").await;
    for number in 1..=11 {
        assert_eq!(brought(&shop, &format!("quiet_{number}"), &token).await, []);
    }
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sales_are_measured_by_the_clicks_of_the_same_days(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (_, trial) = campaign(&shop, "trial", |rules| rules.conversion_percent = Some(50)).await;
    let mut old = Vec::new();
    for number in 1..=12 {
        old.push(click(&shop, &trial, &format!("net_{number}")).await);
    }
    shop.clock.advance(Duration::days(14));
    let fresh = click(&shop, &trial, "net").await;
    for (number, token) in old.iter().enumerate() {
        assert_eq!(
            brought(&shop, &format!("trial_{number}"), token).await,
            [],
            "first payments after a trial"
        );
    }
    for number in 1..=10 {
        let found = brought(&shop, &format!("fresh_{number}"), &fresh).await;
        let is_last = number == 10;
        assert_eq!(found == [FlagRule::ConversionAnomaly], is_last, "{number}");
    }
    let found = brought(&shop, "trial_last", &old[0]).await;
    assert_eq!(found, [], "an old click is not held for what new ones do");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn great_amounts_and_thrown_away_addresses_are_flagged_where_the_campaign_says_so(
    pool: PgPool,
) {
    let shop = Shop::open(pool).await;
    let (_, _) = campaign(&shop, "strict", |rules| {
        rules.review_from_minor = Some(4900)
    })
    .await;
    let (_, _) = campaign(&shop, "lenient", |rules| {
        (rules.self_referral, rules.suspicious_activity) = (false, false);
    })
    .await;
    for (slug, email, expected) in [
        ("strict", "ann@example.com", vec![FlagRule::ManualReview]),
        (
            "strict",
            "ann@mailinator.com",
            vec![FlagRule::ManualReview, FlagRule::SuspiciousActivity],
        ),
        ("lenient", "bob@mailinator.com", vec![]),
        ("lenient", "lenient@affiliate.example", vec![]),
    ] {
        let id = format!("in_{slug}_{email}");
        let mut paid = paid_by(&id, email);
        paid.ids.customer = None;
        paid.clues = vec![clue(ClueKind::Slug, slug)];
        shop.event(&id, vec![Fact::Payment(paid)]).await;
        let row = shop.rows_of(&id).await.remove(0);
        let mut found = rules_of(&shop, row.id).await;
        found.sort_by_key(|rule| rule.as_str());
        assert_eq!(found, expected, "{id}");
        assert_eq!(row.held_by.is_some(), !expected.is_empty(), "{id}");
    }
    assert_eq!(differences(&shop).await, [""; 0]);
}
