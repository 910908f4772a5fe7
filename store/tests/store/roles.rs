//! Who may change what: asked by every verb that changes something.

use crate::support::{Shop, percent};
use domain::{
    campaign::Terms,
    commission::{Duration, Plan},
    connection::{Mode, Processor},
    coupon::CouponCode,
    email::Email,
    id::{ApiKeyId, ConnectionId, CouponId, PersonId},
    member::Role,
    money::Currency,
    scope::Scope,
    text::Name,
};
use sqlx::PgPool;
use store::{
    StoreError,
    affiliate::{AffiliateChange, AffiliateError, NewAffiliate},
    audit::Actor,
    campaign::{CampaignError, NewCampaign},
    connection::{ConnectionChange, ConnectionError, NewConnection, Secrets},
    coupon::{CouponChange, CouponError, NewCoupon},
    organization::SettingsError,
};
use uuid::Uuid;

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// What a verb answers: was it forbidden?
macro_rules! forbidden {
    ($answer:expr) => {
        matches!($answer, Err(StoreError::Forbidden))
    };
    ($answer:expr, $error:ident) => {
        matches!($answer, Err($error::Store(StoreError::Forbidden)))
    };
}

/// The verbs that change affiliates, campaigns and coupons, and whether each was forbidden.
async fn managing(shop: &Shop, actor: Actor) -> [bool; 7] {
    let (store, organization) = (&shop.store, shop.organization_id);
    let sarah = shop.affiliate(&store.random_hex::<8>()).await;
    let affiliate = NewAffiliate {
        name: name("Jonas"),
        email: Email::parse("jonas@example.com").expect("an e-mail"),
        slug: Some(store.random_hex::<8>().parse().expect("a slug")),
        campaign_id: None,
        share: None,
        recruiter_id: None,
        stripe_account_id: None,
    };
    let plan = Plan {
        rate: percent(2000),
        duration: Duration::Recurring,
    };
    let campaign = NewCampaign {
        name: name("Partners"),
        slug: Some(store.random_hex::<8>().parse().expect("a slug")),
        terms: Terms::new(Currency::USD, plan),
    };
    let coupon = NewCoupon {
        code: CouponCode::parse(&store.random_hex::<8>()).expect("a code"),
        affiliate_id: sarah.id,
        campaign_id: shop.campaign_id,
        processor_discount_id: None,
        expires_at: None,
    };
    let change = AffiliateChange::default();
    let same = Ok::<_, CampaignError>;
    let nothing = CouponId(Uuid::nil());
    [
        forbidden!(
            store.add_affiliate(actor, organization, affiliate).await,
            AffiliateError
        ),
        forbidden!(
            store
                .change_affiliate(actor, organization, sarah.id, change)
                .await,
            AffiliateError
        ),
        forbidden!(
            store.add_campaign(actor, organization, campaign).await,
            CampaignError
        ),
        forbidden!(
            store
                .change_campaign(actor, organization, shop.campaign_id, same)
                .await,
            CampaignError
        ),
        forbidden!(
            store.add_coupon(actor, organization, coupon).await,
            CouponError
        ),
        forbidden!(
            store
                .change_coupon(actor, organization, nothing, CouponChange::default())
                .await,
            CouponError
        ),
        forbidden!(
            store.remove_coupon(actor, organization, nothing).await,
            CouponError
        ),
    ]
}

/// The verbs that change connections, keys and secrets, and whether each was forbidden.
async fn administering(shop: &Shop, actor: Actor) -> [bool; 7] {
    let (store, organization) = (&shop.store, shop.organization_id);
    let connection = NewConnection {
        processor: Processor::Stripe,
        mode: Mode::Test,
        name: name("Stripe"),
        campaign_id: None,
        secrets: Secrets {
            signing: vec!["whsec_0123456789".to_owned()],
            ..Secrets::default()
        },
    };
    let change = ConnectionChange::default();
    let nothing = ConnectionId(Uuid::nil());
    let scopes = [Scope::StatsRead];
    [
        forbidden!(
            store.add_connection(actor, organization, connection).await,
            ConnectionError
        ),
        forbidden!(
            store
                .change_connection(actor, organization, shop.connection.id, change)
                .await,
            ConnectionError
        ),
        forbidden!(
            store.remove_connection(actor, organization, nothing).await,
            ConnectionError
        ),
        forbidden!(
            store
                .add_api_key(actor, organization, &name("A key"), &scopes, None)
                .await
        ),
        forbidden!(
            store
                .revoke_api_key(actor, organization, ApiKeyId(Uuid::nil()))
                .await
        ),
        forbidden!(store.rotate_s2s_secret(actor, organization).await),
        forbidden!(
            store
                .change_settings(actor, organization, Ok::<_, SettingsError>)
                .await,
            SettingsError
        ),
    ]
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_change_asks_for_the_members_role(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let id = PersonId(Uuid::nil());
    for (role, may_manage, may_administer) in [
        (Role::Viewer, false, false),
        (Role::Manager, true, false),
        (Role::Admin, true, true),
        (Role::Owner, true, true),
    ] {
        let actor = Actor::Person { id, role };
        assert_eq!(managing(&shop, actor).await, [!may_manage; 7], "{role:?}");
        assert_eq!(
            administering(&shop, actor).await,
            [!may_administer; 7],
            "{role:?}"
        );
    }
    let by_key = Actor::Key(ApiKeyId(Uuid::nil()));
    assert_eq!(managing(&shop, by_key).await, [false; 7]);
    assert_eq!(administering(&shop, by_key).await, [false; 7]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_forbidden_changes_nothing(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let lines = async || -> i64 {
        let count =
            sqlx::query_scalar("select count(*) from audit_entry where actor_kind = 'person'");
        count.fetch_one(&pool).await.expect("counted")
    };
    let before = lines().await;
    let (id, role) = (PersonId(Uuid::nil()), Role::Viewer);
    managing(&shop, Actor::Person { id, role }).await;
    administering(&shop, Actor::Person { id, role }).await;
    assert_eq!(lines().await, before);
}
