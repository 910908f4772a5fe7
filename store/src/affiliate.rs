//! Affiliates and the campaigns they are in.

mod list;
mod order;
mod search;
mod tell;
mod totals;
mod write;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    affiliate::{Affiliate, AffiliateStatus, Enrollment},
    email::Email,
    id::{AffiliateId, CampaignId, OrganizationId},
    rate::BasisPoints,
    slug::Slug,
    text::{Name, Reason},
};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

pub(crate) use self::tell::tell_blocked_in;
pub use self::{
    list::{AffiliateCursor, AffiliateFilter, AffiliatePage, Start},
    order::{Order, SortBy},
    search::Named,
    totals::AffiliateTotals,
};
use crate::{Store, StoreError, error::readable, plan::PlanColumns};

const TABLE: &str = "affiliate";

/// What a new affiliate needs.
#[derive(Clone, Debug)]
pub struct NewAffiliate {
    /// Shown in lists.
    pub name: Name,
    /// To write to, and to recognise self-referrals.
    pub email: Email,
    /// The referral code; made from the name when missing.
    pub slug: Option<Slug>,
    /// The campaign to join; the organization's oldest open one when missing.
    pub campaign_id: Option<CampaignId>,
    /// A share of one's own, for the payments for which that campaign pays.
    pub share: Option<BasisPoints>,
    /// Who recruited the affiliate.
    pub recruiter_id: Option<AffiliateId>,
    /// The Stripe account payouts go to.
    pub stripe_account_id: Option<String>,
}

/// What can be changed about an affiliate; `None` leaves it, `Some(None)` takes it away.
#[derive(Clone, Debug, Default)]
pub struct AffiliateChange {
    /// Shown in lists.
    pub name: Option<Name>,
    /// To write to, and to recognise self-referrals.
    pub email: Option<Email>,
    /// The referral code.
    pub slug: Option<Slug>,
    /// Whether new credit is given.
    pub status: Option<AffiliateStatus>,
    /// Who recruited the affiliate.
    pub recruiter_id: Option<Option<AffiliateId>>,
    /// The Stripe account payouts go to.
    pub stripe_account_id: Option<Option<String>>,
    /// The campaign that `share` is about, joined if need be; the primary one when missing.
    pub campaign_id: Option<CampaignId>,
    /// A share of one's own, for the payments for which that campaign pays.
    pub share: Option<Option<BasisPoints>>,
    /// Why, for the audit log.
    pub reason: Option<Reason>,
}

/// Why an affiliate can't be written.
#[derive(Debug, Error)]
pub enum AffiliateError {
    /// Another affiliate of the organization has this referral code.
    #[error("another affiliate already has the referral code {0}: choose another")]
    SlugTaken(Slug),
    /// There is no such campaign in the organization.
    #[error("there is no such campaign")]
    NoCampaign,
    /// The campaign is archived, or none is open.
    #[error("nobody can join an archived campaign: choose one that is open")]
    NotOpen,
    /// There is no such affiliate to be the recruiter.
    #[error("there is no such affiliate to be the recruiter")]
    NoRecruiter,
    /// The recruiter would be the affiliate itself.
    #[error("nobody is his own recruiter: choose another affiliate")]
    OwnRecruiter,
    /// The recruiter was recruited by the affiliate.
    #[error("{0} was recruited by this affiliate, and two can't have recruited each other")]
    EachOther(Name),
    /// There is no such affiliate in the organization.
    #[error("there is no such affiliate")]
    NotFound,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AffiliateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

struct AffiliateRow {
    affiliate_id: Uuid,
    name: String,
    email: String,
    slug: String,
    status: String,
    recruiter_id: Option<Uuid>,
    stripe_account_id: Option<String>,
    created_at: DateTime<Utc>,
}

impl AffiliateRow {
    fn read(self, enrollments: Vec<Enrollment>) -> Result<Affiliate, StoreError> {
        Ok(Affiliate {
            id: AffiliateId(self.affiliate_id),
            name: readable(Name::parse(&self.name).ok(), TABLE, "name")?,
            email: readable(Email::parse(&self.email).ok(), TABLE, "email")?,
            slug: readable(Slug::parse(&self.slug).ok(), TABLE, "slug")?,
            status: readable(AffiliateStatus::parse(&self.status), TABLE, "status")?,
            recruiter_id: self.recruiter_id.map(AffiliateId),
            stripe_account_id: self.stripe_account_id,
            enrollments,
            created_at: self.created_at,
        })
    }
}

/// The affiliates with these ids; unknown ids are left out.
pub(crate) async fn by_ids_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<Vec<Affiliate>, StoreError> {
    let rows = sqlx::query_as!(
        AffiliateRow,
        "select affiliate_id, name, email, slug, status, recruiter_id, stripe_account_id, created_at
         from affiliate where organization_id = $1 and affiliate_id = any($2)",
        organization_id.0,
        ids,
    )
    .fetch_all(&mut *db)
    .await?;
    with_enrollments(db, organization_id, rows).await
}

/// These affiliates, whom nobody else changes until the transaction ends. New sales don't wait for it. Locked in the
/// order of their ids, so that two changes never wait for each other.
async fn locked_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<Vec<Affiliate>, StoreError> {
    let rows = sqlx::query_as!(
        AffiliateRow,
        "select affiliate_id, name, email, slug, status, recruiter_id, stripe_account_id, created_at
         from affiliate where organization_id = $1 and affiliate_id = any($2)
         order by affiliate_id for no key update",
        organization_id.0,
        ids,
    )
    .fetch_all(&mut *db)
    .await?;
    with_enrollments(db, organization_id, rows).await
}

async fn with_enrollments(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    rows: Vec<AffiliateRow>,
) -> Result<Vec<Affiliate>, StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.affiliate_id).collect();
    let joined = sqlx::query!(
        "select affiliate_id, campaign_id, plan_percent_bp, plan_fixed_minor, plan_duration, plan_months
         from enrollment where organization_id = $1 and affiliate_id = any($2)
         order by created_at, campaign_id",
        organization_id.0,
        &ids,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut enrollments: HashMap<Uuid, Vec<Enrollment>> = HashMap::new();
    for row in joined {
        let plan = PlanColumns {
            percent_bp: row.plan_percent_bp,
            fixed_minor: row.plan_fixed_minor,
            duration: row.plan_duration,
            months: row.plan_months,
        };
        let enrollment = Enrollment {
            campaign_id: CampaignId(row.campaign_id),
            plan: plan.read("enrollment")?,
        };
        enrollments
            .entry(row.affiliate_id)
            .or_default()
            .push(enrollment);
    }
    rows.into_iter()
        .map(|row| {
            let own = enrollments.remove(&row.affiliate_id).unwrap_or_default();
            row.read(own)
        })
        .collect()
}

/// Whose referral codes these are.
pub(crate) async fn by_slugs_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    slugs: &[String],
) -> Result<HashMap<Slug, AffiliateId>, StoreError> {
    let rows = sqlx::query!(
        "select slug, affiliate_id from affiliate where organization_id = $1 and slug = any($2)",
        organization_id.0,
        slugs,
    )
    .fetch_all(db)
    .await?;
    let read = |slug: &str| readable(Slug::parse(slug).ok(), TABLE, "slug");
    rows.into_iter()
        .map(|row| Ok((read(&row.slug)?, AffiliateId(row.affiliate_id))))
        .collect()
}

impl Store {
    /// Who has this code.
    pub async fn affiliate_of_code(
        &self,
        organization_id: OrganizationId,
        code: &Slug,
    ) -> Result<Option<AffiliateId>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let codes = [code.as_str().to_owned()];
        let found = by_slugs_in(&mut db, organization_id, &codes).await?;
        Ok(found.into_iter().next().map(|one| one.1))
    }

    /// One affiliate.
    pub async fn affiliate(
        &self,
        organization_id: OrganizationId,
        id: AffiliateId,
    ) -> Result<Option<Affiliate>, StoreError> {
        let mut db = self.pool.acquire().await?;
        Ok(by_ids_in(&mut db, organization_id, &[id.0]).await?.pop())
    }
}
