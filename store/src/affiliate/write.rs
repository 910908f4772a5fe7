//! Adding and changing affiliates.

use chrono::{DateTime, Utc};
use domain::{
    affiliate::{Affiliate, AffiliateStatus, Enrollment},
    campaign::{Campaign, CampaignStatus},
    id::{AffiliateId, CampaignId, OrganizationId},
    slug::Slug,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AffiliateChange, AffiliateError, NewAffiliate, TABLE, by_ids_in, locked_in, tell};
use crate::{
    Store,
    audit::{self, Actor, Allowed},
    campaign,
    error::breaks,
    outbox,
    plan::PlanColumns,
    transaction::begin,
};

/// How the audit log calls what there is none of.
const NONE: &str = "none";

impl Store {
    /// Adds an affiliate and his first enrollment.
    pub async fn add_affiliate(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        new: NewAffiliate,
    ) -> Result<Affiliate, AffiliateError> {
        let (actor, now) = (actor.manages()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let campaigns = campaign::all_in(&mut tx, organization_id).await?;
        let campaign = to_join(&campaigns, new.campaign_id)?;
        check_recruiter_in(&mut tx, organization_id, new.recruiter_id).await?;
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
                campaign_id: campaign.id,
                plan: new.share.map(|share| campaign.terms.plan.with_share(share)),
            }],
            created_at: now,
        };
        insert_in(&mut tx, organization_id, &affiliate).await?;
        enroll_in(&mut tx, organization_id, &affiliate, now).await?;
        let entry = audit_entry(actor, affiliate.id, "created", affiliate.name.as_str());
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        let told = tell::of_created(&affiliate);
        outbox::tell_in(&mut tx, &self.random, organization_id, now, &told).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(affiliate)
    }

    /// Changes an affiliate; he is returned as he is afterwards. Of changes at the same time none is lost.
    pub async fn change_affiliate(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: AffiliateId,
        change: AffiliateChange,
    ) -> Result<Affiliate, AffiliateError> {
        let (actor, now) = (actor.manages()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let recruiter = change.recruiter_id.flatten();
        let ids: Vec<Uuid> = recruiter.into_iter().chain([id]).map(|id| id.0).collect();
        let locked = locked_in(&mut tx, organization_id, &ids).await?;
        let find = |id| locked.iter().find(|one| one.id == id);
        let old = find(id).cloned().ok_or(AffiliateError::NotFound)?;
        if let Some(recruiter) = recruiter {
            check_recruiter(&old, find(recruiter))?;
        }
        let campaigns = campaign::all_in(&mut tx, organization_id).await?;
        let reason = change.reason.clone().map(String::from);
        let affiliate = change.applied_to(old.clone(), &campaigns)?;
        if affiliate == old {
            return Ok(affiliate);
        }
        update_in(&mut tx, organization_id, &affiliate).await?;
        enroll_in(&mut tx, organization_id, &affiliate, now).await?;
        let mut detail = difference(&old, &affiliate, &campaigns);
        if let Some(reason) = reason {
            detail = format!("{detail} ({reason})");
        }
        let entry = audit_entry(actor, id, "changed", &detail);
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        let told = tell::of_change(&old, &affiliate);
        outbox::tell_in(&mut tx, &self.random, organization_id, now, &told).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(affiliate)
    }
}

/// Nobody recruits himself, and no two recruit each other. Longer rings do no harm: a share is paid for one tier.
fn check_recruiter(
    recruited: &Affiliate,
    recruiter: Option<&Affiliate>,
) -> Result<(), AffiliateError> {
    let recruiter = recruiter.ok_or(AffiliateError::NoRecruiter)?;
    if recruiter.id == recruited.id {
        return Err(AffiliateError::OwnRecruiter);
    }
    if recruiter.recruiter_id == Some(recruited.id) {
        return Err(AffiliateError::EachOther(recruiter.name.clone()));
    }
    Ok(())
}

impl AffiliateChange {
    /// The affiliate as he is after the change.
    fn applied_to(
        self,
        old: Affiliate,
        campaigns: &[Campaign],
    ) -> Result<Affiliate, AffiliateError> {
        Ok(Affiliate {
            enrollments: self.enrollments(&old, campaigns)?,
            id: old.id,
            name: self.name.unwrap_or(old.name),
            email: self.email.unwrap_or(old.email),
            slug: self.slug.unwrap_or(old.slug),
            status: self.status.unwrap_or(old.status),
            recruiter_id: self.recruiter_id.unwrap_or(old.recruiter_id),
            stripe_account_id: self.stripe_account_id.unwrap_or(old.stripe_account_id),
            created_at: old.created_at,
        })
    }

    fn enrollments(
        &self,
        old: &Affiliate,
        campaigns: &[Campaign],
    ) -> Result<Vec<Enrollment>, AffiliateError> {
        let mut enrollments = old.enrollments.clone();
        let Some(id) = self.campaign_id.or(old.primary_campaign()) else {
            return Ok(enrollments);
        };
        let campaign = if old.enrollment(id).is_some() {
            find(campaigns, id)?
        } else {
            enrollments.push(Enrollment {
                campaign_id: id,
                plan: None,
            });
            to_join(campaigns, Some(id))?
        };
        let joined = enrollments
            .iter_mut()
            .find(|joined| joined.campaign_id == id);
        if let (Some(joined), Some(share)) = (joined, self.share) {
            joined.plan = share.map(|share| campaign.terms.plan.with_share(share));
        }
        Ok(enrollments)
    }
}

fn find(campaigns: &[Campaign], id: CampaignId) -> Result<&Campaign, AffiliateError> {
    let campaign = campaigns.iter().find(|campaign| campaign.id == id);
    campaign.ok_or(AffiliateError::NoCampaign)
}

/// The wanted campaign if it is open, else the oldest open one.
fn to_join(
    campaigns: &[Campaign],
    wanted: Option<CampaignId>,
) -> Result<&Campaign, AffiliateError> {
    let is_open = |campaign: &&Campaign| campaign.status == CampaignStatus::Active;
    let campaign = match wanted {
        Some(id) => Some(find(campaigns, id)?).filter(is_open),
        None => campaigns.iter().find(is_open),
    };
    campaign.ok_or(AffiliateError::NotOpen)
}

async fn check_recruiter_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recruiter: Option<AffiliateId>,
) -> Result<(), AffiliateError> {
    let Some(id) = recruiter else { return Ok(()) };
    let known = by_ids_in(db, organization_id, &[id.0]).await?;
    if known.is_empty() {
        return Err(AffiliateError::NoRecruiter);
    }
    Ok(())
}

async fn update_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    affiliate: &Affiliate,
) -> Result<(), AffiliateError> {
    sqlx::query!(
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
    .execute(db)
    .await
    .map_err(|error| slug_error(error, affiliate))?;
    Ok(())
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

/// What changed, in words: "Sarah Lind: Active to Paused, code sarah to sarah-2".
fn difference(old: &Affiliate, new: &Affiliate, campaigns: &[Campaign]) -> String {
    let mut changes = Vec::new();
    let mut note = |what: &str, old: &str, new: &str| {
        if old != new {
            changes.push(format!("{what}{old} to {new}"));
        }
    };
    note("", old.status.label(), new.status.label());
    note("name ", old.name.as_str(), new.name.as_str());
    note("e-mail ", old.email.as_str(), new.email.as_str());
    note("code ", old.slug.as_str(), new.slug.as_str());
    let id = |id: Option<AffiliateId>| id.map_or_else(|| NONE.to_owned(), |id| id.to_string());
    note("recruiter ", &id(old.recruiter_id), &id(new.recruiter_id));
    let account = |one: &Affiliate| one.stripe_account_id.clone().unwrap_or(NONE.to_owned());
    note("Stripe account ", &account(old), &account(new));
    for joined in &new.enrollments {
        let before = old.enrollment(joined.campaign_id);
        let campaign = campaigns.iter().find(|one| one.id == joined.campaign_id);
        let name = campaign.map_or("a campaign", |campaign| campaign.name.as_str());
        match before {
            None => changes.push(format!("joined {name}")),
            Some(before) if before.plan != joined.plan => {
                changes.push(format!("own commission in {name}"));
            }
            Some(_) => {}
        }
    }
    format!("{}: {}", new.name, changes.join(", "))
}

fn audit_entry<'a>(
    actor: Allowed,
    id: AffiliateId,
    action: &'static str,
    detail: &'a str,
) -> audit::Entry<'a> {
    audit::Entry {
        actor,
        subject: TABLE,
        subject_id: id.0,
        action,
        detail,
    }
}
