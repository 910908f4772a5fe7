//! `/api/v1/programs`: campaigns and their terms.

mod body;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    campaign::{AttributionModel, Campaign, CampaignStatus, Terms},
    commission::{Duration, Rate},
    id::{CampaignId, OrganizationId},
    money::Currency,
    scope::Scope,
};
use serde::Serialize;
use serde_json::Number;
use store::campaign::CampaignError;

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
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Program<'a> {
    id: CampaignId,
    merchant_id: OrganizationId,
    name: &'a str,
    slug: &'a str,
    status: CampaignStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    readiness: Option<&'static str>,
    currency: Currency,
    commission_type: CommissionType,
    commission_model: CommissionModel,
    /// 0 when the commission is a fixed amount: the clients' models require a number.
    commission_percent: Number,
    commission_amount_cents: Option<i64>,
    commission_limit_months: Option<u16>,
    commission_hold_days: u16,
    lead_commission_cents: i64,
    click_commission_cents: i64,
    cookie_duration: u16,
    attribution_model: AttributionModel,
    coupons_override_clicks: bool,
    override_percent: Number,
    refund_on_cancel: bool,
    payout_threshold: i64,
    tracking_requires_consent: bool,
    website: Option<&'a str>,
    landing_page_url: Option<&'a str>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(flatten)]
    constants: Constants,
}

/// What the dialect's programs have and ours do not.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Constants {
    description: Option<()>,
    portal_slug: Option<()>,
    marketplace_status: Private,
    application_access: InviteOnly,
    marketplace_category: Option<()>,
    marketplace_description: Option<()>,
    marketplace_logo_url: Option<()>,
    tracking_param_aliases: [(); 0],
    auto_approve_affiliates: True,
    terms_url: Option<()>,
    stripe_account_id: Option<()>,
    stripe_connected_at: Option<()>,
}
