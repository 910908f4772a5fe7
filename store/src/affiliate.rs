//! Affiliates and the campaigns they are in.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    affiliate::{Affiliate, AffiliateStatus, Enrollment},
    commission::Plan,
    email::Email,
    id::{AffiliateId, CampaignId, OrganizationId},
    slug::Slug,
    text::Name,
};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Actor},
    error::{breaks, readable},
    plan::PlanColumns,
};

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
    /// A commission of one's own.
    pub plan: Option<Plan>,
    /// Who recruited the affiliate.
    pub recruiter_id: Option<AffiliateId>,
    /// The Stripe account payouts go to.
    pub stripe_account_id: Option<String>,
}

/// Why an affiliate can't be written.
#[derive(Debug, Error)]
pub enum AffiliateError {
    /// Another affiliate of the organization has this referral code.
    #[error("another affiliate already has the referral code {0}: choose another")]
    SlugTaken(Slug),
    /// There is no such campaign, or it is archived.
    #[error("there is no such open campaign")]
    NoCampaign,
    /// There is no such recruiter, or it would be the affiliate itself.
    #[error("there is no such affiliate to be the recruiter")]
    NoRecruiter,
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

/// A page of affiliates, newest first.
#[derive(Clone, Debug)]
pub struct AffiliatePage {
    /// The affiliates.
    pub affiliates: Vec<Affiliate>,
    /// How many there are in all.
    pub total: i64,
}

/// Which affiliates to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct AffiliateFilter {
    /// Only those in this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only those of this status.
    pub status: Option<AffiliateStatus>,
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
    /// Affiliates, newest first, `limit` of them from `offset` on.
    pub async fn affiliates(
        &self,
        organization_id: OrganizationId,
        filter: AffiliateFilter,
        offset: i64,
        limit: i64,
    ) -> Result<AffiliatePage, StoreError> {
        let mut db = self.pool.acquire().await?;
        let campaign = filter.campaign_id.map(|id| id.0);
        let status = filter.status.map(AffiliateStatus::as_str);
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from affiliate a
               where organization_id = $1 and ($2::text is null or status = $2)
                 and ($3::uuid is null or exists (select from enrollment e where e.organization_id = $1
                     and e.affiliate_id = a.affiliate_id and e.campaign_id = $3))"#,
            organization_id.0,
            status,
            campaign,
        )
        .fetch_one(&mut *db)
        .await?;
        let rows = sqlx::query_as!(
            AffiliateRow,
            "select affiliate_id, name, email, slug, status, recruiter_id, stripe_account_id, created_at
             from affiliate a
             where organization_id = $1 and ($2::text is null or status = $2)
               and ($3::uuid is null or exists (select from enrollment e where e.organization_id = $1
                   and e.affiliate_id = a.affiliate_id and e.campaign_id = $3))
             order by affiliate_id desc offset $4 limit $5",
            organization_id.0,
            status,
            campaign,
            offset,
            limit,
        )
        .fetch_all(&mut *db)
        .await?;
        let affiliates = with_enrollments(&mut db, organization_id, rows).await?;
        Ok(AffiliatePage { affiliates, total })
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

    /// Adds an affiliate and his first enrollment.
    pub async fn add_affiliate(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        new: NewAffiliate,
    ) -> Result<Affiliate, AffiliateError> {
        let now = self.now();
        let mut tx = self.pool.begin().await?;
        let campaign_id = self
            .open_campaign_in(&mut tx, organization_id, new.campaign_id)
            .await?;
        if let Some(recruiter) = new.recruiter_id
            && by_ids_in(&mut tx, organization_id, &[recruiter.0])
                .await?
                .is_empty()
        {
            return Err(AffiliateError::NoRecruiter);
        }
        let affiliate = Affiliate {
            id: AffiliateId(self.new_id(now)),
            slug: new
                .slug
                .unwrap_or_else(|| Slug::from_name(new.name.as_str())),
            name: new.name,
            email: new.email,
            status: AffiliateStatus::Active,
            recruiter_id: new.recruiter_id,
            stripe_account_id: new.stripe_account_id,
            enrollments: vec![Enrollment {
                campaign_id,
                plan: new.plan,
            }],
            created_at: now,
        };
        insert_in(&mut tx, organization_id, &affiliate).await?;
        enroll_in(&mut tx, organization_id, &affiliate, now).await?;
        let entry = audit_entry(actor, &affiliate, "created");
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(affiliate)
    }

    /// Replaces name, e-mail, slug, status, recruiter, Stripe account and enrollments. An enrollment
    /// that is not listed stays as it is; a new one is added behind the others.
    pub async fn change_affiliate(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        affiliate: &Affiliate,
    ) -> Result<(), AffiliateError> {
        let now = self.now();
        let mut tx = self.pool.begin().await?;
        if let Some(recruiter) = affiliate.recruiter_id {
            let known = by_ids_in(&mut tx, organization_id, &[recruiter.0]).await?;
            if known.is_empty() || recruiter == affiliate.id {
                return Err(AffiliateError::NoRecruiter);
            }
        }
        let changed = sqlx::query!(
            "update affiliate set name = $3, email = $4, slug = $5, status = $6, recruiter_id = $7,
                 stripe_account_id = $8
             where organization_id = $1 and affiliate_id = $2",
            organization_id.0,
            affiliate.id.0,
            affiliate.name.as_str(),
            affiliate.email.as_str(),
            affiliate.slug.as_str(),
            affiliate.status.as_str(),
            affiliate.recruiter_id.map(|id| id.0),
            affiliate.stripe_account_id,
        )
        .execute(&mut *tx)
        .await
        .map_err(|error| slug_error(error, affiliate))?;
        if changed.rows_affected() == 0 {
            return Err(AffiliateError::NotFound);
        }
        for enrollment in &affiliate.enrollments {
            self.open_or_joined_in(
                &mut tx,
                organization_id,
                affiliate.id,
                enrollment.campaign_id,
            )
            .await?;
        }
        enroll_in(&mut tx, organization_id, affiliate, now).await?;
        let entry = audit_entry(actor, affiliate, "changed");
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(())
    }

    async fn open_or_joined_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        affiliate_id: AffiliateId,
        campaign_id: CampaignId,
    ) -> Result<(), AffiliateError> {
        let joined = sqlx::query_scalar!(
            "select 1 from enrollment where organization_id = $1 and affiliate_id = $2 and campaign_id = $3",
            organization_id.0,
            affiliate_id.0,
            campaign_id.0,
        )
        .fetch_optional(&mut *db)
        .await?;
        if joined.is_none() {
            self.open_campaign_in(db, organization_id, Some(campaign_id))
                .await?;
        }
        Ok(())
    }

    /// The wanted campaign if it is open, else the oldest open one.
    async fn open_campaign_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        wanted: Option<CampaignId>,
    ) -> Result<CampaignId, AffiliateError> {
        let open = sqlx::query_scalar!(
            "select campaign_id from campaign
             where organization_id = $1 and status = 'active' and ($2::uuid is null or campaign_id = $2)
             order by campaign_id limit 1",
            organization_id.0,
            wanted.map(|id| id.0),
        )
        .fetch_optional(db)
        .await?;
        open.map(CampaignId).ok_or(AffiliateError::NoCampaign)
    }
}

async fn insert_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    affiliate: &Affiliate,
) -> Result<(), AffiliateError> {
    sqlx::query!(
        "insert into affiliate (organization_id, affiliate_id, name, email, slug, status, recruiter_id,
             stripe_account_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        organization_id.0,
        affiliate.id.0,
        affiliate.name.as_str(),
        affiliate.email.as_str(),
        affiliate.slug.as_str(),
        affiliate.status.as_str(),
        affiliate.recruiter_id.map(|id| id.0),
        affiliate.stripe_account_id,
        affiliate.created_at,
    )
    .execute(db)
    .await
    .map_err(|error| slug_error(error, affiliate))?;
    Ok(())
}

async fn enroll_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    affiliate: &Affiliate,
    now: DateTime<Utc>,
) -> Result<(), AffiliateError> {
    for enrollment in &affiliate.enrollments {
        let plan = enrollment
            .plan
            .as_ref()
            .map(PlanColumns::from)
            .unwrap_or_default();
        sqlx::query!(
            "insert into enrollment (organization_id, affiliate_id, campaign_id, plan_percent_bp,
                 plan_fixed_minor, plan_duration, plan_months, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (organization_id, affiliate_id, campaign_id) do update
             set plan_percent_bp = excluded.plan_percent_bp, plan_fixed_minor = excluded.plan_fixed_minor,
                 plan_duration = excluded.plan_duration, plan_months = excluded.plan_months",
            organization_id.0,
            affiliate.id.0,
            enrollment.campaign_id.0,
            plan.percent_bp,
            plan.fixed_minor,
            plan.duration,
            plan.months,
            now,
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

fn slug_error(error: sqlx::Error, affiliate: &Affiliate) -> AffiliateError {
    if breaks(&error, "affiliate_slug") {
        AffiliateError::SlugTaken(affiliate.slug.clone())
    } else {
        AffiliateError::Store(error.into())
    }
}

fn audit_entry<'a>(
    actor: Actor,
    affiliate: &'a Affiliate,
    action: &'static str,
) -> audit::Entry<'a> {
    audit::Entry {
        actor,
        subject: TABLE,
        subject_id: affiliate.id.0,
        action,
        detail: affiliate.name.as_str(),
    }
}
