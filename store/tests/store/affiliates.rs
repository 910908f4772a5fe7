//! Affiliates: what they join, and on which terms.

use crate::support::{Shop, percent};
use chrono::TimeDelta;
use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    campaign::{Campaign, CampaignStatus},
    commission::{Duration, Plan, Rate},
    email::Email,
    id::CampaignId,
    rate::BasisPoints,
    slug::Slug,
    text::Name,
};
use sqlx::PgPool;
use store::{
    affiliate::{AffiliateChange, AffiliateError, NewAffiliate},
    audit::Actor,
    campaign::CampaignError,
    link::Asked,
};
use tokio::sync::oneshot;

const THIRD: u16 = 3333;
/// Far more than a notice takes, far less than the age at which entries are dropped.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_never_recruit_each_other_not_even_at_the_same_time(pool: PgPool) {
    let shop = Shop::open(pool).await;
    for round in 0..5 {
        let one = shop.affiliate(&format!("one-{round}")).await;
        let two = shop.affiliate(&format!("two-{round}")).await;
        let recruited_by = async |of: &Affiliate, by: &Affiliate| {
            let change = AffiliateChange {
                recruiter_id: Some(Some(by.id)),
                ..AffiliateChange::default()
            };
            let (store, organization_id) = (&shop.store, shop.organization_id);
            store
                .change_affiliate(Actor::System, organization_id, of.id, change)
                .await
        };
        let (first, second) = futures::join!(recruited_by(&one, &two), recruited_by(&two, &one));
        let refused = [first, second].into_iter().filter_map(Result::err);
        let refused: Vec<AffiliateError> = refused.collect();
        assert!(
            matches!(refused[..], [AffiliateError::EachOther(_)]),
            "{refused:?}"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_is_audited_in_words_and_none_is_not(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let change = AffiliateChange {
        slug: Some(Slug::parse("sarah-2").expect("a slug")),
        status: Some(AffiliateStatus::Blocked),
        ..AffiliateChange::default()
    };
    for _ in 0..2 {
        shop.store
            .change_affiliate(
                Actor::System,
                shop.organization_id,
                sarah.id,
                change.clone(),
            )
            .await
            .expect("changed");
    }
    let audited: Vec<String> =
        sqlx::query_scalar("select detail from audit_entry where action = 'changed'")
            .fetch_all(&shop.pool)
            .await
            .expect("lines");
    assert_eq!(audited, ["sarah: Active to Blocked, code sarah to sarah-2"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn another_server_learns_of_a_new_code_and_status_without_being_asked(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let beside = shop.beside();
    let (stop, stopped) = oneshot::channel::<()>();
    let listening = beside.clone();
    let task = tokio::spawn(async move { listening.listen(async { drop(stopped.await) }).await });
    let who = async |code: &str| {
        let asked = Asked {
            organization_id: None,
            code: Some(Slug::parse(code).expect("a slug")),
        };
        let link = beside.link(&asked).await.expect("reads").expect("ours");
        link.affiliate.as_ref().map(|one| one.status)
    };
    // It listens from some moment on; until then changes may pass it by.
    let mut round = 0;
    let told = async {
        loop {
            round += 1;
            let (old, new) = (format!("code-{round}"), format!("code-{}", round + 1));
            let statuses = [AffiliateStatus::Paused, AffiliateStatus::Active];
            let change = |code: &str, status| AffiliateChange {
                slug: Some(Slug::parse(code).expect("a slug")),
                status: Some(status),
                ..AffiliateChange::default()
            };
            for (code, status) in [&old, &new].into_iter().zip(statuses) {
                who(&old).await;
                who(&new).await;
                shop.store
                    .change_affiliate(
                        Actor::System,
                        shop.organization_id,
                        sarah.id,
                        change(code, status),
                    )
                    .await
                    .expect("changed");
            }
            let is_told = async || {
                who(&old).await.is_none() && who(&new).await == Some(AffiliateStatus::Active)
            };
            for _ in 0..200 {
                if is_told().await {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, told)
        .await
        .expect("far sooner than entries age");
    drop(stop);
    task.await.expect("no panic");
}
