//! `/api/v1/programs`: campaigns and their terms.

mod body;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    campaign::{AttributionModel, Campaign, CampaignStatus},
    commission::{Duration, Rate},
    id::{CampaignId, OrganizationId},
    money::Currency,
    rate::BasisPoints,
    scope::Scope,
    site::Site,
    text::Description,
};
use serde::Serialize;
use serde_json::Number;
use store::campaign::{CampaignError, SiteOf};
use utoipa::ToSchema;

use self::body::{CommissionModel, CommissionType, ProgramBody};
use super::{
    Reply,
    field::{Id, percent_number},
    page::Page,
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// The statuses a list can be asked for. Nothing is ever paused here.
const STATUSES: [&str; 3] = ["active", "paused", "archived"];

/// A program as this dialect shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "one field per setting")]
pub(super) struct Program<'a> {
    id: CampaignId,
    merchant_id: OrganizationId,
    name: &'a str,
    description: Option<&'a str>,
    slug: &'a str,
    status: CampaignStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^(ready|partial|setup)$")]
    readiness: Option<&'static str>,
    currency: Currency,
    commission_type: CommissionType,
    commission_model: CommissionModel,
    /// 0 when the commission is a fixed amount: the clients' models ask for a number.
    #[schema(value_type = f64, example = 20)]
    commission_percent: Number,
    commission_amount_cents: Option<i64>,
    commission_limit_months: Option<u16>,
    commission_hold_days: u16,
    lead_commission_cents: i64,
    click_commission_cents: i64,
    lead_cap_per_day: Option<u32>,
    lead_cap_per_month: Option<u32>,
    click_cap_per_day: Option<u32>,
    click_cap_per_month: Option<u32>,
    cookie_duration: u16,
    attribution_model: AttributionModel,
    coupons_override_clicks: bool,
    #[schema(value_type = f64, example = 20)]
    override_percent: Number,
    refund_on_cancel: bool,
    payout_threshold: i64,
    tracking_requires_consent: bool,
    website: Option<&'a str>,
    landing_page_url: Option<&'a str>,
    /// Further hosts of the merchant's.
    sites: &'a [Site],
    flag_self_referral: bool,
    flag_suspicious_activity: bool,
    flag_clicks_per_day: Option<u32>,
    flag_conversion_percent: Option<u16>,
    flag_review_from_cents: Option<i64>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(flatten)]
    constants: Constants,
}

impl<'a> Program<'a> {
    pub(super) fn new(organization_id: OrganizationId, campaign: &'a Campaign) -> Self {
        let terms = &campaign.terms;
        let (share, amount) = match terms.plan.rate {
            Rate::Percent(share) => (share, None),
            Rate::Fixed(minor) => (BasisPoints::default(), Some(minor)),
        };
        Self {
            id: campaign.id,
            merchant_id: organization_id,
            name: campaign.name.as_str(),
            description: terms.description.as_ref().map(Description::as_str),
            slug: campaign.slug.as_str(),
            status: campaign.status,
            readiness: None,
            currency: terms.currency,
            commission_type: terms.plan.duration.into(),
            commission_model: terms.plan.rate.into(),
            commission_percent: percent_number(share),
            commission_amount_cents: amount,
            commission_limit_months: match terms.plan.duration {
                Duration::RecurringLimited(months) => Some(months),
                Duration::OneTime | Duration::Recurring => None,
            },
            commission_hold_days: terms.hold_days,
            lead_commission_cents: terms.lead_commission_minor,
            click_commission_cents: terms.click_commission_minor,
            lead_cap_per_day: terms.lead_caps.per_day,
            lead_cap_per_month: terms.lead_caps.per_month,
            click_cap_per_day: terms.click_caps.per_day,
            click_cap_per_month: terms.click_caps.per_month,
            cookie_duration: terms.cookie_days,
            attribution_model: terms.attribution_model,
            coupons_override_clicks: terms.coupons_override_clicks,
            override_percent: percent_number(terms.override_share),
            refund_on_cancel: terms.refund_on_cancel,
            payout_threshold: terms.payout_threshold_minor,
            tracking_requires_consent: terms.tracking_requires_consent,
            website: terms.website.as_deref(),
            landing_page_url: terms.landing_page_url.as_deref(),
            sites: &terms.sites,
            flag_self_referral: terms.flags.self_referral,
            flag_suspicious_activity: terms.flags.suspicious_activity,
            flag_clicks_per_day: terms.flags.clicks_per_day,
            flag_conversion_percent: terms.flags.conversion_percent,
            flag_review_from_cents: terms.flags.review_from_minor,
            created_at: campaign.created_at,
            updated_at: campaign.created_at,
            constants: Constants::default(),
        }
    }
}

/// What the dialect's programs have and ours do not.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProgramConstants)]
struct Constants {
    portal_slug: Option<&'static str>,
    marketplace_status: &'static str,
    marketplace_category: Option<&'static str>,
    marketplace_description: Option<&'static str>,
    marketplace_logo_url: Option<&'static str>,
    application_access: &'static str,
    auto_approve_affiliates: bool,
    tracking_param_aliases: [&'static str; 0],
    terms_url: Option<&'static str>,
    stripe_account_id: Option<&'static str>,
    stripe_connected_at: Option<&'static str>,
}

impl Default for Constants {
    fn default() -> Self {
        Self {
            portal_slug: None,
            marketplace_status: "private",
            marketplace_category: None,
            marketplace_description: None,
            marketplace_logo_url: None,
            application_access: "invite_only",
            auto_approve_affiliates: true,
            tracking_param_aliases: [],
            terms_url: None,
            stripe_account_id: None,
            stripe_connected_at: None,
        }
    }
}

impl From<CampaignError> for Problem {
    fn from(error: CampaignError) -> Self {
        match error {
            CampaignError::SlugTaken(_) => Self::conflict("slug_taken", error.to_string()),
            CampaignError::NotOwn(of, _) => {
                let field = match of {
                    SiteOf::Website => "website",
                    SiteOf::LandingPage => "landingPageUrl",
                    SiteOf::Sites => "sites",
                };
                Self::invalid(field, error.to_string())
            }
            CampaignError::NotFound => Self::not_found("program"),
            CampaignError::Store(error) => error.into(),
        }
    }
}

/// Lists programs.
///
/// Oldest first.
#[utoipa::path(
    get, path = "/programs", tag = "Programs",
    params(Page, ("status" = Option<String>, Query, pattern = "^(active|paused|archived)$", description = "Only those that stand so. Nothing is ever paused here.")),
    responses((status = 200, body = Vec<Program>)),
    security(("key" = ["programs:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ProgramsRead)?;
    let page = Page::take(&mut query)?;
    let known = |text: &str| STATUSES.into_iter().find(|status| *status == text);
    let status = query.parsed("status", "active, paused or archived", known)?;
    query.done()?;
    let mut campaigns = state.store.campaigns(organization_id).await?;
    campaigns.retain(|campaign| status.is_none_or(|status| campaign.status.as_str() == status));
    let (total, campaigns) = page.cut(campaigns);
    let rows: Vec<_> = campaigns
        .iter()
        .map(|campaign| Program::new(organization_id, campaign))
        .collect();
    Ok(reply.list(&page, total, &rows))
}

/// Makes a program.
///
/// `name`, `commissionType` and either `commissionPercent` or, with the `commissionModel` `fixed`,
/// `commissionAmountCents` are needed.
#[utoipa::path(
    post, path = "/programs", tag = "Programs",
    request_body = ProgramBody,
    responses((status = 201, body = Program), (status = 409)),
    security(("key" = ["programs:write"]))
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<ProgramBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ProgramsWrite)?;
    let organization = state.store.organization(organization_id).await?;
    let new = body.create(&organization.settings.defaults)?;
    let campaign = state
        .store
        .add_campaign(caller.actor(), organization_id, new)
        .await?;
    Ok(reply.created(Program::new(organization_id, &campaign)))
}

/// Shows a program.
///
/// With how far it is from being ready to sell.
#[utoipa::path(
    get, path = "/programs/{id}", tag = "Programs",
    params(("id" = CampaignId, Path)),
    responses((status = 200, body = Program)),
    security(("key" = ["programs:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<CampaignId>,
    query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ProgramsRead)?;
    query.done()?;
    let campaign = find(&state, organization_id, id).await?;
    let connected = !state.store.connections(organization_id).await?.is_empty();
    let readiness = Some(readiness(&campaign, connected));
    Ok(reply.ok(Program {
        readiness,
        ..Program::new(organization_id, &campaign)
    }))
}

/// Changes a program.
///
/// What is left out stays as it is. Sales that were recorded keep the terms they were recorded under.
#[utoipa::path(
    patch, path = "/programs/{id}", tag = "Programs",
    params(("id" = CampaignId, Path)),
    request_body = ProgramBody,
    responses((status = 200, body = Program), (status = 409)),
    security(("key" = ["programs:write"]))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<CampaignId>,
    Json(body): Json<ProgramBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ProgramsWrite)?;
    let campaign = state
        .store
        .change_campaign(caller.actor(), organization_id, id, |old| body.change(old))
        .await?;
    Ok(reply.ok(Program::new(organization_id, &campaign)))
}

/// Archives a program.
///
/// It gives no new credit and stays to be read. The answer shows it as it is then.
#[utoipa::path(
    delete, path = "/programs/{id}", tag = "Programs",
    params(("id" = CampaignId, Path)),
    responses((status = 200, body = Program)),
    security(("key" = ["programs:write"]))
)]
pub(super) async fn archive(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<CampaignId>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ProgramsWrite)?;
    let archived = |old| {
        Ok::<_, Problem>(Campaign {
            status: CampaignStatus::Archived,
            ..old
        })
    };
    let campaign = state
        .store
        .change_campaign(caller.actor(), organization_id, id, archived)
        .await?;
    Ok(reply.ok(Program::new(organization_id, &campaign)))
}

/// The organization's program with that id, or 404.
pub(super) async fn find(
    state: &AppState,
    organization_id: OrganizationId,
    id: CampaignId,
) -> Result<Campaign, Problem> {
    let campaign = state.store.campaign(organization_id, id).await?;
    campaign.ok_or_else(|| Problem::not_found("program"))
}

/// How far the merchant is: it takes a place to send visitors to, and a way to learn of payments.
fn readiness(campaign: &Campaign, connected: bool) -> &'static str {
    let terms = &campaign.terms;
    let site = terms.website.is_some() || terms.landing_page_url.is_some();
    match (site, connected) {
        (true, true) => "ready",
        (false, false) => "setup",
        _ => "partial",
    }
}
