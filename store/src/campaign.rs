//! Campaigns and their terms.

mod seen;
mod site;
mod tell;

use chrono::{DateTime, Utc};
use domain::{
    campaign::{AttributionModel, Campaign, CampaignStatus, Terms},
    cap::Caps,
    fraud::FlagRules,
    id::{CampaignId, OrganizationId},
    money::Currency,
    rate::BasisPoints,
    site::Site,
    slug::Slug,
    text::{Description, Name},
};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

pub(crate) use self::{seen::Noted, site::Listed};
pub use self::{seen::Seen, site::SiteOf};
use crate::{
    Store, StoreError,
    audit::{self, Actor, Allowed},
    error::{breaks, readable},
    outbox, pay_per_click,
    plan::PlanColumns,
    transaction::begin,
};

/// What a new campaign needs.
#[derive(Clone, Debug)]
pub struct NewCampaign {
    /// Shown in lists.
    pub name: Name,
    /// Its short name in links; made from the name when missing.
    pub slug: Option<Slug>,
    /// What an owner can set.
    pub terms: Terms,
}

/// Why a campaign can't be written.
#[derive(Debug, Error)]
pub enum CampaignError {
    /// Another campaign of the organization has this slug.
    #[error("another campaign already has the slug {0}: choose another")]
    SlugTaken(Slug),
    /// Anybody has sites under what is named as one of its own.
    #[error("anybody can have a site under {1}: name a host of your own, such as shop.{1}")]
    NotOwn(SiteOf, Site),
    /// There is no such campaign in the organization.
    #[error("there is no such campaign")]
    NotFound,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CampaignError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

#[expect(clippy::struct_excessive_bools, reason = "one field per column")]
struct CampaignRow {
    campaign_id: Uuid,
    name: String,
    slug: String,
    status: String,
    currency: String,
    plan_percent_bp: Option<i32>,
    plan_fixed_minor: Option<i64>,
    plan_duration: String,
    plan_months: Option<i32>,
    hold_days: i32,
    cookie_days: i32,
    attribution_model: String,
    coupons_override_clicks: bool,
    override_bp: i32,
    refund_on_cancel: bool,
    lead_commission_minor: i64,
    click_commission_minor: i64,
    lead_cap_day: Option<i32>,
    lead_cap_month: Option<i32>,
    click_cap_day: Option<i32>,
    click_cap_month: Option<i32>,
    payout_threshold_minor: i64,
    tracking_requires_consent: bool,
    website: Option<String>,
    landing_page_url: Option<String>,
    sites: Vec<String>,
    description: Option<String>,
    flag_self_referral: bool,
    flag_suspicious_activity: bool,
    flag_clicks_per_day: Option<i32>,
    flag_conversion_percent: Option<i32>,
    flag_review_from_minor: Option<i64>,
    created_at: DateTime<Utc>,
}

impl TryFrom<CampaignRow> for Campaign {
    type Error = StoreError;

    fn try_from(row: CampaignRow) -> Result<Self, StoreError> {
        const TABLE: &str = "campaign";
        let plan = PlanColumns {
            percent_bp: row.plan_percent_bp,
            fixed_minor: row.plan_fixed_minor,
            duration: Some(row.plan_duration),
            months: row.plan_months,
        };
        let small = |value: i32, column| readable(u16::try_from(value).ok(), TABLE, column);
        let cap = |value: Option<i32>| {
            let cap = value.map(u32::try_from).transpose();
            readable(cap.ok(), TABLE, "cap")
        };
        let caps = |day, month| {
            Ok::<_, StoreError>(Caps {
                per_day: cap(day)?,
                per_month: cap(month)?,
            })
        };
        let sites = row
            .sites
            .into_iter()
            .map(|text| readable(Site::parse(&text).ok(), TABLE, "sites"));
        let description = row
            .description
            .as_deref()
            .map(Description::parse)
            .transpose();
        let clicks = row.flag_clicks_per_day.map(u32::try_from).transpose();
        let percent = row.flag_conversion_percent.map(u16::try_from).transpose();
        let flags = FlagRules {
            self_referral: row.flag_self_referral,
            suspicious_activity: row.flag_suspicious_activity,
            clicks_per_day: readable(clicks.ok(), TABLE, "flag_clicks_per_day")?,
            conversion_percent: readable(percent.ok(), TABLE, "flag_conversion_percent")?,
            review_from_minor: row.flag_review_from_minor,
        };
        let share = BasisPoints::new(small(row.override_bp, "override_bp")?);
        let terms = Terms {
            currency: readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?,
            plan: readable(plan.read(TABLE)?, TABLE, "plan_duration")?,
            hold_days: small(row.hold_days, "hold_days")?,
            cookie_days: small(row.cookie_days, "cookie_days")?,
            attribution_model: readable(
                AttributionModel::parse(&row.attribution_model),
                TABLE,
                "attribution_model",
            )?,
            coupons_override_clicks: row.coupons_override_clicks,
            override_share: readable(share.ok(), TABLE, "override_bp")?,
            refund_on_cancel: row.refund_on_cancel,
            lead_commission_minor: row.lead_commission_minor,
            click_commission_minor: row.click_commission_minor,
            lead_caps: caps(row.lead_cap_day, row.lead_cap_month)?,
            click_caps: caps(row.click_cap_day, row.click_cap_month)?,
            payout_threshold_minor: row.payout_threshold_minor,
            tracking_requires_consent: row.tracking_requires_consent,
            website: row.website,
            landing_page_url: row.landing_page_url,
            sites: sites.collect::<Result<_, _>>()?,
            description: readable(description.ok(), TABLE, "description")?,
            flags,
        };
        Ok(Self {
            id: CampaignId(row.campaign_id),
            name: readable(Name::parse(&row.name).ok(), TABLE, "name")?,
            slug: readable(Slug::parse(&row.slug).ok(), TABLE, "slug")?,
            status: readable(CampaignStatus::parse(&row.status), TABLE, "status")?,
            terms,
            created_at: row.created_at,
        })
    }
}

/// Reads campaigns with all their columns.
macro_rules! campaigns {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            CampaignRow,
            "select campaign_id, name, slug, status, currency, plan_percent_bp, plan_fixed_minor, plan_duration,
                 plan_months, hold_days, cookie_days, attribution_model, coupons_override_clicks, override_bp,
                 refund_on_cancel, lead_commission_minor, click_commission_minor, payout_threshold_minor,
                 tracking_requires_consent, website, landing_page_url, sites, description, flag_self_referral,
                 flag_suspicious_activity, flag_clicks_per_day, flag_conversion_percent, flag_review_from_minor,
                 lead_cap_day, lead_cap_month, click_cap_day, click_cap_month, created_at
             from campaign where " + $rest,
            $($argument),+
        )
    };
}

/// All campaigns of an organization, oldest first.
pub(crate) async fn all_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Vec<Campaign>, StoreError> {
    let rows = campaigns!(
        "organization_id = $1 order by campaign_id",
        organization_id.0
    );
    let rows = rows.fetch_all(db).await?;
    rows.into_iter().map(Campaign::try_from).collect()
}

/// One campaign, which nobody else changes until the transaction ends. New sales don't wait for it.
async fn locked_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: CampaignId,
) -> Result<Campaign, CampaignError> {
    let row = campaigns!(
        "organization_id = $1 and campaign_id = $2 for no key update",
        organization_id.0,
        id.0,
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.ok_or(CampaignError::NotFound)?.try_into()?)
}

impl Store {
    /// All campaigns, oldest first: there are few.
    pub async fn campaigns(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<Campaign>, StoreError> {
        let mut db = self.pool.acquire().await?;
        all_in(&mut db, organization_id).await
    }

    /// One campaign.
    pub async fn campaign(
        &self,
        organization_id: OrganizationId,
        id: CampaignId,
    ) -> Result<Option<Campaign>, StoreError> {
        let campaigns = self.campaigns(organization_id).await?;
        Ok(campaigns.into_iter().find(|campaign| campaign.id == id))
    }

    /// Makes a campaign.
    pub async fn add_campaign(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        new: NewCampaign,
    ) -> Result<Campaign, CampaignError> {
        let mut tx = begin(&self.pool).await?;
        let campaign = self
            .add_campaign_in(&mut tx, actor, organization_id, new)
            .await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(campaign)
    }

    pub(crate) async fn add_campaign_in(
        &self,
        db: &mut PgConnection,
        actor: Actor,
        organization_id: OrganizationId,
        new: NewCampaign,
    ) -> Result<Campaign, CampaignError> {
        let (actor, now) = (actor.manages()?, self.now());
        site::check(&new.terms)?;
        let campaign = Campaign {
            id: CampaignId(self.new_id(now)),
            slug: new
                .slug
                .unwrap_or_else(|| Slug::from_name(new.name.as_str())),
            name: new.name,
            status: CampaignStatus::Active,
            terms: new.terms,
            created_at: now,
        };
        let terms = &campaign.terms;
        let plan = PlanColumns::from(&terms.plan);
        let inserted = sqlx::query!(
            "insert into campaign (organization_id, campaign_id, name, slug, status, currency, plan_percent_bp,
                 plan_fixed_minor, plan_duration, plan_months, hold_days, cookie_days, attribution_model,
                 coupons_override_clicks, override_bp, refund_on_cancel, lead_commission_minor,
                 click_commission_minor, payout_threshold_minor, tracking_requires_consent, website,
                 landing_page_url, sites, created_at, flag_self_referral, flag_suspicious_activity,
                 flag_clicks_per_day, flag_conversion_percent, flag_review_from_minor, lead_cap_day,
                 lead_cap_month, click_cap_day, click_cap_month, description)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                 $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)",
            organization_id.0,
            campaign.id.0,
            campaign.name.as_str(),
            campaign.slug.as_str(),
            campaign.status.as_str(),
            terms.currency.code(),
            plan.percent_bp,
            plan.fixed_minor,
            plan.duration,
            plan.months,
            i32::from(terms.hold_days),
            i32::from(terms.cookie_days),
            terms.attribution_model.as_str(),
            terms.coupons_override_clicks,
            i32::from(terms.override_share.get()),
            terms.refund_on_cancel,
            terms.lead_commission_minor,
            terms.click_commission_minor,
            terms.payout_threshold_minor,
            terms.tracking_requires_consent,
            terms.website,
            terms.landing_page_url,
            &site_texts(terms),
            now,
            terms.flags.self_referral,
            terms.flags.suspicious_activity,
            column(terms.flags.clicks_per_day),
            terms.flags.conversion_percent.map(i32::from),
            terms.flags.review_from_minor,
            column(terms.lead_caps.per_day),
            column(terms.lead_caps.per_month),
            column(terms.click_caps.per_day),
            column(terms.click_caps.per_month),
            terms.description.as_ref().map(Description::as_str),
        )
        .execute(&mut *db)
        .await;
        inserted.map_err(|error| slug_error(error, &campaign))?;
        site::keep_in(db, organization_id, &campaign).await?;
        pay_per_click::keep_in(db, organization_id, &campaign, now).await?;
        let entry = audit_entry(actor, &campaign, "created", campaign.name.as_str());
        audit::write_in(db, &self.random, organization_id, now, entry).await?;
        let told = [tell::of_created(&campaign)];
        outbox::tell_in(db, &self.random, organization_id, now, &told).await?;
        Ok(campaign)
    }

    /// Changes name, slug, status and terms of a campaign; it is returned as it is afterwards. What was
    /// credited before does not change; links that name the old slug name no campaign any more. `change` is given the campaign as it is, which nobody else
    /// changes meanwhile, so of changes at the same time none is lost.
    pub async fn change_campaign<E: From<CampaignError>>(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: CampaignId,
        change: impl FnOnce(Campaign) -> Result<Campaign, E> + Send,
    ) -> Result<Campaign, E> {
        let actor = actor.manages().map_err(CampaignError::from)?;
        let mut tx = begin(&self.pool).await.map_err(CampaignError::from)?;
        let old = locked_in(&mut tx, organization_id, id).await?;
        let campaign = change(old.clone())?;
        if campaign.terms != old.terms {
            site::check(&campaign.terms)?;
        }
        update_in(&mut tx, organization_id, &campaign).await?;
        pay_per_click::keep_in(&mut tx, organization_id, &campaign, self.now())
            .await
            .map_err(CampaignError::from)?;
        let detail = changed(&campaign, &old.slug);
        let entry = audit_entry(actor, &campaign, "changed", &detail);
        audit::write_in(&mut tx, &self.random, organization_id, self.now(), entry)
            .await
            .map_err(CampaignError::from)?;
        let told = tell::of_change(&old, &campaign);
        outbox::tell_in(&mut tx, &self.random, organization_id, self.now(), &told)
            .await
            .map_err(CampaignError::from)?;
        tx.commit().await.map_err(CampaignError::from)?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(campaign)
    }
}

async fn update_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    campaign: &Campaign,
) -> Result<(), CampaignError> {
    let terms = &campaign.terms;
    let plan = PlanColumns::from(&terms.plan);
    let updated = sqlx::query!(
        "update campaign set name = $3, status = $4, plan_percent_bp = $5, plan_fixed_minor = $6,
             plan_duration = $7, plan_months = $8, hold_days = $9, cookie_days = $10,
             attribution_model = $11, coupons_override_clicks = $12, override_bp = $13,
             refund_on_cancel = $14, lead_commission_minor = $15, click_commission_minor = $16,
             payout_threshold_minor = $17, tracking_requires_consent = $18, website = $19,
             landing_page_url = $20, sites = $21, flag_self_referral = $22, flag_suspicious_activity = $23,
             flag_clicks_per_day = $24, flag_conversion_percent = $25, flag_review_from_minor = $26,
             lead_cap_day = $27, lead_cap_month = $28, click_cap_day = $29, click_cap_month = $30, description = $32,
             slug = $31
         where organization_id = $1 and campaign_id = $2",
        organization_id.0,
        campaign.id.0,
        campaign.name.as_str(),
        campaign.status.as_str(),
        plan.percent_bp,
        plan.fixed_minor,
        plan.duration,
        plan.months,
        i32::from(terms.hold_days),
        i32::from(terms.cookie_days),
        terms.attribution_model.as_str(),
        terms.coupons_override_clicks,
        i32::from(terms.override_share.get()),
        terms.refund_on_cancel,
        terms.lead_commission_minor,
        terms.click_commission_minor,
        terms.payout_threshold_minor,
        terms.tracking_requires_consent,
        terms.website,
        terms.landing_page_url,
        &site_texts(terms),
        terms.flags.self_referral,
        terms.flags.suspicious_activity,
        column(terms.flags.clicks_per_day),
        terms.flags.conversion_percent.map(i32::from),
        terms.flags.review_from_minor,
        column(terms.lead_caps.per_day),
        column(terms.lead_caps.per_month),
        column(terms.click_caps.per_day),
        column(terms.click_caps.per_month),
        campaign.slug.as_str(),
        terms.description.as_ref().map(Description::as_str),
    )
    .execute(&mut *db)
    .await;
    updated.map_err(|error| slug_error(error, campaign))?;
    site::keep_in(db, organization_id, campaign).await?;
    Ok(())
}

fn slug_error(error: sqlx::Error, campaign: &Campaign) -> CampaignError {
    if breaks(&error, "campaign_slug") {
        CampaignError::SlugTaken(campaign.slug.clone())
    } else {
        error.into()
    }
}

/// A number as its column holds it; all of them are far below what that can.
fn column(number: Option<u32>) -> Option<i32> {
    number.map(|number| i32::try_from(number).unwrap_or(i32::MAX))
}

fn site_texts(terms: &Terms) -> Vec<String> {
    terms.sites.iter().map(ToString::to_string).collect()
}

/// What changed, in words: the campaign, and its slug if that did.
fn changed(campaign: &Campaign, old_slug: &Slug) -> String {
    if campaign.slug == *old_slug {
        campaign.name.to_string()
    } else {
        format!("{}: slug {old_slug} to {}", campaign.name, campaign.slug)
    }
}

fn audit_entry<'a>(
    actor: Allowed,
    campaign: &Campaign,
    action: &'static str,
    detail: &'a str,
) -> audit::Entry<'a> {
    audit::Entry {
        actor,
        subject: "campaign",
        subject_id: campaign.id.0,
        action,
        detail,
    }
}
