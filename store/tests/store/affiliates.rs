//! Affiliates: what they join, and on which terms.

use crate::support::{Shop, percent};
use chrono::TimeDelta;
use domain::{
    campaign::{Campaign, CampaignStatus},
    commission::{Duration, Plan, Rate},
    email::Email,
    id::CampaignId,
    rate::BasisPoints,
    text::Name,
};
use sqlx::PgPool;
use store::{
    affiliate::{AffiliateChange, AffiliateError, NewAffiliate},
    audit::Actor,
    campaign::CampaignError,
};

const THIRD: u16 = 3333;

fn with_a_third(campaign_id: Option<CampaignId>) -> NewAffiliate {
    NewAffiliate {
        name: Name::parse("Sarah").expect("a name"),
        email: Email::parse("sarah@example.com").expect("an e-mail"),
        slug: None,
        campaign_id,
        share: Some(BasisPoints::new(THIRD).expect("a share")),
        recruiter_id: None,
        stripe_account_id: None,
    }
}

async fn archive(shop: &Shop, id: CampaignId) {
    let archived = |old| {
        Ok::<_, CampaignError>(Campaign {
            status: CampaignStatus::Archived,
            ..old
        })
    };
    let (store, organization_id) = (&shop.store, shop.organization_id);
    store
        .change_campaign(Actor::System, organization_id, id, archived)
        .await
        .expect("archived");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_share_of_ones_own_is_for_the_payments_for_which_the_joined_campaign_pays(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let once = shop
        .campaign("Once", |terms| terms.plan.duration = Duration::OneTime)
        .await;
    shop.clock.advance(TimeDelta::seconds(1));
    let limited = Duration::RecurringLimited(3);
    let months = shop
        .campaign("Months", |terms| terms.plan.duration = limited)
        .await;
    // The oldest campaign, which pays for every payment, can't be joined any more.
    archive(&shop, shop.campaign_id).await;
    let made = shop
        .store
        .add_affiliate(Actor::System, shop.organization_id, with_a_third(None))
        .await
        .expect("added");
    let own = |duration| {
        Some(Plan {
            rate: percent(THIRD),
            duration,
        })
    };
    let terms: Vec<_> = made
        .enrollments
        .iter()
        .map(|joined| (joined.campaign_id, joined.plan))
        .collect();
    assert_eq!(terms, [(once, own(Duration::OneTime))]);

    let change = AffiliateChange {
        campaign_id: Some(months),
        share: Some(Some(BasisPoints::new(THIRD).expect("a share"))),
        ..AffiliateChange::default()
    };
    let changed = shop
        .store
        .change_affiliate(Actor::System, shop.organization_id, made.id, change)
        .await
        .expect("changed");
    let joined = changed.enrollment(months).expect("joined");
    assert_eq!(joined.plan, own(limited));
    assert!(matches!(
        joined.plan.expect("a plan").rate,
        Rate::Percent(_)
    ));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_archived_is_not_joined(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization_id) = (&shop.store, shop.organization_id);
    archive(&shop, shop.campaign_id).await;
    for wanted in [None, Some(shop.campaign_id)] {
        let refused = store
            .add_affiliate(Actor::System, organization_id, with_a_third(wanted))
            .await;
        assert!(
            matches!(refused, Err(AffiliateError::NotOpen)),
            "{wanted:?}"
        );
    }
}
