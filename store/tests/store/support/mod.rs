//! What store tests share: a store on a fresh database with an organization, and short ways to say
//! what happened.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    campaign::Terms,
    commission::{self, Plan, Rate},
    connection::{Mode, Processor},
    conversion::{Conversion, ProcessorIds},
    coupon::CouponCode,
    email::Email,
    fact::{Clue, ClueKind, CustomerSeen, Fact, Payment, Referral, Signup, Subject, SubjectKind},
    id::{CampaignId, ConversionId, OrganizationId},
    money::{Currency, Money},
    rate::BasisPoints,
    sales::Filter,
    slug::Slug,
    text::Name,
};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sqlx::PgPool;
use store::{
    Clock, Random, Store, Vault,
    affiliate::{AffiliateChange, NewAffiliate},
    audit::Actor,
    campaign::NewCampaign,
    connection::{Connection, NewConnection, Secrets},
    coupon::NewCoupon,
    intake::{Content, EventReceipt, IncomingEvent},
    organization::NewOrganization,
    sales::Row,
};

/// Random histories and orders, the same every time; others with `TRIBUTARY_TEST_SEED`, any number.
pub(crate) fn runner() -> TestRunner {
    let seed = std::env::var("TRIBUTARY_TEST_SEED").ok();
    let Some(seed) = seed.map(|text| text.parse::<u64>().expect("a number")) else {
        return TestRunner::deterministic();
    };
    println!("TRIBUTARY_TEST_SEED={seed}");
    let bytes: Vec<u8> = seed.to_le_bytes().repeat(4);
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config::default(), random)
}

/// A merchant with a Stripe connection on a clock that stands at 20 November 2026, noon.
pub(crate) struct Shop {
    pub(crate) pool: PgPool,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) organization_id: OrganizationId,
    pub(crate) connection: Arc<Connection>,
    pub(crate) campaign_id: CampaignId,
}

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

pub(crate) fn percent(points: u16) -> Rate {
    Rate::Percent(BasisPoints::new(points).expect("a share"))
}

impl Shop {
    pub(crate) async fn open(pool: PgPool) -> Self {
        let clock = Clock::manual(noon());
        let store = Store::new(
            pool.clone(),
            clock.clone(),
            Random::seeded(7),
            Vault::new(&[1; 32]),
        );
        store.make_months().await.expect("months");
        let new = NewOrganization {
            name: name("Acme"),
            owner_email: Email::parse("owner@example.com").expect("an e-mail"),
            owner_password: "correct-horse-battery".to_owned(),
            api_key: None,
        };
        let organization_id = store.set_up(new).await.expect("set up").organization_id;
        let campaign_id = store.campaigns(organization_id).await.expect("campaigns")[0].id;
        let new = NewConnection {
            processor: Processor::Stripe,
            mode: Mode::Test,
            name: name("Stripe"),
            campaign_id: None,
            secrets: Secrets {
                signing: vec!["whsec_test_secret".to_owned()],
                ..Secrets::default()
            },
        };
        let view = store
            .add_connection(Actor::System, organization_id, new)
            .await
            .expect("connection");
        let connection = store
            .connection(view.id)
            .await
            .expect("reads")
            .expect("is there");
        Self {
            pool,
            store,
            clock,
            organization_id,
            connection,
            campaign_id,
        }
    }

    /// The store of another server on the same database.
    pub(crate) fn beside(&self) -> Store {
        Store::new(
            self.pool.clone(),
            self.clock.clone(),
            Random::seeded(8),
            Vault::new(&[1; 32]),
        )
    }

    pub(crate) async fn affiliate(&self, slug: &str) -> Affiliate {
        self.affiliate_in(slug, self.campaign_id).await
    }

    pub(crate) async fn affiliate_in(&self, slug: &str, campaign_id: CampaignId) -> Affiliate {
        let new = NewAffiliate {
            name: name(slug),
            email: Email::parse(&format!("{slug}@affiliate.example")).expect("an e-mail"),
            slug: Some(Slug::parse(slug).expect("a slug")),
            campaign_id: Some(campaign_id),
            share: None,
            recruiter_id: None,
            stripe_account_id: None,
        };
        self.store
            .add_affiliate(Actor::System, self.organization_id, new)
            .await
            .expect("affiliate")
    }

    pub(crate) async fn campaign(
        &self,
        campaign: &str,
        change: impl FnOnce(&mut Terms),
    ) -> CampaignId {
        let plan = Plan {
            rate: percent(2000),
            duration: commission::Duration::Recurring,
        };
        let mut terms = Terms::new(Currency::USD, plan);
        change(&mut terms);
        let new = NewCampaign {
            name: name(campaign),
            slug: None,
            terms,
        };
        let made = self
            .store
            .add_campaign(Actor::System, self.organization_id, new)
            .await;
        made.expect("campaign").id
    }

    pub(crate) async fn coupon(&self, affiliate: &Affiliate, code: &str, discount: Option<&str>) {
        let new = NewCoupon {
            code: CouponCode::parse(code).expect("a code"),
            affiliate_id: affiliate.id,
            campaign_id: affiliate.enrollments[0].campaign_id,
            processor_discount_id: discount.map(str::to_owned),
            expires_at: None,
        };
        self.store
            .add_coupon(Actor::System, self.organization_id, new)
            .await
            .expect("coupon");
    }

    /// An event with these bytes that says nothing.
    pub(crate) fn incoming(&self, id: &str, payload: Bytes) -> IncomingEvent {
        IncomingEvent {
            connection: Arc::clone(&self.connection),
            external_id: id.to_owned(),
            kind: "test".to_owned(),
            occurred_at: noon(),
            payload,
            content: Content::Facts(Vec::new()),
        }
    }

    /// Pauses an affiliate, or lets him earn again.
    pub(crate) async fn set_status(&self, affiliate: &Affiliate, status: AffiliateStatus) {
        let change = AffiliateChange {
            status: Some(status),
            ..AffiliateChange::default()
        };
        self.store
            .change_affiliate(Actor::System, self.organization_id, affiliate.id, change)
            .await
            .expect("changed");
    }

    /// Makes one affiliate the recruiter of another.
    pub(crate) async fn recruit(&self, affiliate: &Affiliate, recruiter: &Affiliate) {
        let change = AffiliateChange {
            recruiter_id: Some(Some(recruiter.id)),
            ..AffiliateChange::default()
        };
        self.store
            .change_affiliate(Actor::System, self.organization_id, affiliate.id, change)
            .await
            .expect("changed");
    }

    /// Delivers an event that holds these facts.
    pub(crate) async fn event(&self, id: &str, facts: Vec<Fact>) -> EventReceipt {
        let event = IncomingEvent {
            content: Content::Facts(facts),
            ..self.incoming(id, Bytes::from_static(b"{}"))
        };
        self.store.receive_event(event).await.expect("received")
    }

    /// The conversions with this external id: the sale, then its recruiter's share.
    pub(crate) async fn rows_of(&self, external_id: &str) -> Vec<Conversion> {
        let ids: Vec<uuid::Uuid> =
            sqlx::query_scalar("select conversion_id from conversion where external_event_id = $1 order by parent_conversion_id is not null")
                .bind(external_id)
                .fetch_all(&self.pool)
                .await
                .expect("ids");
        let mut rows = Vec::new();
        for id in ids {
            let row = self
                .store
                .sale(self.organization_id, ConversionId(id))
                .await;
            rows.extend(row.expect("reads").map(|row| row.conversion));
        }
        rows
    }

    pub(crate) async fn rows(&self) -> Vec<Row> {
        let page = self
            .store
            .sales_page(self.organization_id, &Filter::default(), 200, None)
            .await;
        page.expect("a page").rows
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// A payment of 49.00 USD, `days` after noon, on a subscription of a customer.
/// The row of an organization that is put into its table as it is, except for its id and time.
pub(crate) fn organization(name: &str) -> serde_json::Value {
    serde_json::json!({
        "name": name, "time_zone": "UTC", "default_hold_days": 30, "default_cookie_days": 60,
        "default_payout_threshold": 5000, "default_requires_consent": false,
    })
}

pub(crate) fn payment(id: &str, subscription: Option<&str>, days: i64) -> Payment {
    Payment {
        external_event_id: id.to_owned(),
        amount: Money::new(4900, Currency::USD),
        base_minor: 4900,
        paid_at: noon() + Duration::days(days),
        ids: ProcessorIds {
            customer: Some("cus_1".to_owned()),
            subscription: subscription.map(str::to_owned),
            invoice: Some(id.to_owned()),
            ..ProcessorIds::default()
        },
        email: Some("ann@example.com".to_owned()),
        name: None,
        clues: Vec::new(),
        metadata: "{}".to_owned(),
    }
}

pub(crate) fn clue(kind: ClueKind, value: &str) -> Clue {
    Clue {
        kind,
        value: value.to_owned(),
        place: "a test".to_owned(),
    }
}

/// A checkout session that brought `clues` for a subscription.
pub(crate) fn session(subscription: &str, clues: Vec<Clue>) -> Fact {
    let subject = |kind, id: &str| Subject {
        kind,
        id: id.to_owned(),
    };
    Fact::Referral(Referral {
        subjects: vec![
            subject(SubjectKind::Subscription, subscription),
            subject(SubjectKind::Session, "cs_1"),
        ],
        clues,
        occurred_at: noon(),
    })
}

pub(crate) fn customer(id: &str, email: &str) -> Fact {
    Fact::Customer(CustomerSeen {
        external_id: id.to_owned(),
        email: Some(email.to_owned()),
        name: None,
        occurred_at: noon(),
    })
}

pub(crate) fn signup(email: &str, clues: Vec<Clue>) -> Signup {
    Signup {
        external_event_id: None,
        occurred_at: noon(),
        ids: ProcessorIds::default(),
        email: Some(email.to_owned()),
        name: None,
        clues,
        metadata: "{}".to_owned(),
    }
}
