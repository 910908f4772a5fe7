//! `/api/v1/affiliates` and `/api/v1/programs/{id}/affiliates`: who earns.

mod body;
mod list;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    affiliate::{Affiliate, AffiliateStatus, Enrollment},
    commission::Rate,
    id::{AffiliateId, CampaignId, OrganizationId},
    ledger::Balance,
    money::Currency,
    scope::Scope,
};
use serde::Serialize;
use serde_json::Number;
use store::affiliate::{AffiliateChange, AffiliateError, AffiliateTotals};

use self::body::{ChangeBody, NewBody};
pub(super) use self::list::{list, list_of_program};
use super::{
    Reply,
    conversions::DecisionBody,
    field::{Id, percent_number},
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// What the dialect calls an active affiliate.
const APPROVED: &str = "approved";

/// An affiliate as this dialect shows one: in one program.
#[derive(Serialize)]
struct AffiliateRow<'a> {
    #[serde(flatten)]
    facts: AffiliateFacts<'a>,
    #[serde(flatten)]
    totals: ProgramTotals,
    /// By currency, over all programs.
    balances: Vec<BalanceRow>,
}

/// The same without what he has earned.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AffiliateFacts<'a> {
    id: AffiliateId,
    /// The dialect tells the person from the membership; here both are one.
    user_id: AffiliateId,
    /// The program asked about, else the primary one.
    program_id: Option<CampaignId>,
    program_ids: Vec<CampaignId>,
    name: &'a str,
    email: &'a str,
    code: &'a str,
    status: &'static str,
    recruiter_id: Option<AffiliateId>,
    /// A commission of one's own in that program.
    commission_percent: Option<Number>,
    stripe_account_id: Option<&'a str>,
    created_at: DateTime<Utc>,
}

/// What an affiliate has brought in that program.
#[derive(Serialize, Default)]
struct ProgramTotals {
    /// Visits through his links, bots not counted.
    #[serde(rename = "totalClicks")]
    clicks: i64,
    /// Sales and recurring payments.
    #[serde(rename = "totalConversions")]
    conversions: i64,
    /// Commission due now, whatever its status, in minor units.
    #[serde(rename = "totalEarnings")]
    earnings: i64,
}

impl From<AffiliateTotals> for ProgramTotals {
    fn from(totals: AffiliateTotals) -> Self {
        Self {
            clicks: totals.clicks,
            conversions: totals.sales,
            earnings: totals.commission_minor,
        }
    }
}

/// What an affiliate has in one currency, in minor units.
#[derive(Serialize)]
struct BalanceRow {
    currency: Currency,
    pending: i64,
    /// Payable.
    approved: i64,
    paid: i64,
    debt: i64,
}

impl From<Balance> for BalanceRow {
    fn from(balance: Balance) -> Self {
        Self {
            currency: balance.currency,
            pending: balance.pending_minor,
            approved: balance.approved_minor,
            paid: balance.paid_minor,
            debt: balance.debt_minor,
        }
    }
}

impl<'a> AffiliateRow<'a> {
    fn new(
        affiliate: &'a Affiliate,
        program_id: Option<CampaignId>,
        totals: ProgramTotals,
        balances: Vec<Balance>,
    ) -> Self {
        Self {
            facts: AffiliateFacts::new(affiliate, program_id),
            totals,
            balances: balances.into_iter().map(BalanceRow::from).collect(),
        }
    }
}

impl<'a> AffiliateFacts<'a> {
    pub(super) fn new(affiliate: &'a Affiliate, program_id: Option<CampaignId>) -> Self {
        let own = program_id
            .and_then(|id| affiliate.enrollment(id))
            .and_then(own_percent);
        Self {
            id: affiliate.id,
            user_id: affiliate.id,
            program_id,
            program_ids: affiliate
                .enrollments
                .iter()
                .map(|joined| joined.campaign_id)
                .collect(),
            name: affiliate.name.as_str(),
            email: affiliate.email.as_str(),
            code: affiliate.slug.as_str(),
            status: match affiliate.status {
                AffiliateStatus::Active => APPROVED,
                other => other.as_str(),
            },
            recruiter_id: affiliate.recruiter_id,
            commission_percent: own,
            stripe_account_id: affiliate.stripe_account_id.as_deref(),
            created_at: affiliate.created_at,
        }
    }
}

fn own_percent(enrollment: &Enrollment) -> Option<Number> {
    match enrollment.plan?.rate {
        Rate::Percent(share) => Some(percent_number(share)),
        Rate::Fixed(_) => None,
    }
}

impl From<AffiliateError> for Problem {
    fn from(error: AffiliateError) -> Self {
        match error {
            AffiliateError::SlugTaken(_) => Self::conflict("code_taken", error.to_string()),
            AffiliateError::NoCampaign => Self::not_found_in("programId", "program"),
            AffiliateError::NotOpen => Self::invalid("programId", error.to_string()),
            AffiliateError::NoRecruiter => Self::not_found_in("recruiterId", "affiliate"),
            AffiliateError::OwnRecruiter | AffiliateError::EachOther(_) => {
                Self::invalid("recruiterId", error.to_string())
            }
            AffiliateError::NotFound => Self::not_found("affiliate"),
            AffiliateError::Store(error) => error.into(),
        }
    }
}

/// `POST /affiliates`
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::AffiliatesManage)?;
    let new = body.read()?;
    let affiliate = state
        .store
        .add_affiliate(caller.actor(), organization_id, new)
        .await?;
    let primary = affiliate.primary_campaign();
    Ok(reply.created(AffiliateRow::new(
        &affiliate,
        primary,
        ProgramTotals::default(),
        Vec::new(),
    )))
}

/// `GET /affiliates/{id}`. Totals and balances, which `include=stats` asks for, are always there.
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<AffiliateId>,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::AffiliatesRead)?;
    query.parsed("include", "stats", |text| (text == "stats").then_some(()))?;
    query.done()?;
    let affiliate = find(&state, organization_id, id).await?;
    Ok(reply.ok(row(&state, organization_id, &affiliate, None).await?))
}

/// `PATCH /affiliates/{id}`
pub(super) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<AffiliateId>,
    Json(body): Json<ChangeBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::AffiliatesManage)?;
    let change = body.read()?;
    let program_id = change.campaign_id;
    let affiliate = state
        .store
        .change_affiliate(caller.actor(), organization_id, id, change)
        .await?;
    Ok(reply.ok(row(&state, organization_id, &affiliate, program_id).await?))
}

/// `POST /affiliates/{id}/block`, with or without a reason: earns nothing new.
pub(super) async fn block(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<AffiliateId>,
    body: DecisionBody,
) -> Result<Response, Problem> {
    turn(
        &state,
        &caller,
        reply,
        id,
        (AffiliateStatus::Blocked, &body),
    )
    .await
}

/// `POST /affiliates/{id}/unblock`, with or without a reason: earns again.
pub(super) async fn unblock(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<AffiliateId>,
    body: DecisionBody,
) -> Result<Response, Problem> {
    turn(&state, &caller, reply, id, (AffiliateStatus::Active, &body)).await
}

/// Blocks or unblocks; who is so already stays as he is. Who was paused or removed is not let in again by the way.
async fn turn(
    state: &AppState,
    caller: &Caller,
    reply: Reply,
    id: AffiliateId,
    (to, body): (AffiliateStatus, &DecisionBody),
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::AffiliatesManage)?;
    let reason = body.read()?;
    let mut affiliate = find(state, organization_id, id).await?;
    let (status, blocks) = (affiliate.status, to == AffiliateStatus::Blocked);
    if status != to {
        let is_possible = match status {
            AffiliateStatus::Active => true,
            AffiliateStatus::Paused => blocks,
            AffiliateStatus::Blocked => !blocks,
            AffiliateStatus::Removed => false,
        };
        if !is_possible {
            return Err(stays(status));
        }
        let change = AffiliateChange {
            status: Some(to),
            reason,
            ..AffiliateChange::default()
        };
        let changing = state
            .store
            .change_affiliate(caller.actor(), organization_id, id, change);
        affiliate = changing.await?;
    }
    Ok(reply.ok(row(state, organization_id, &affiliate, None).await?))
}

fn stays(status: AffiliateStatus) -> Problem {
    let status = status.label().to_lowercase();
    let message = format!("this affiliate is {status}: change the status with PATCH");
    Problem::conflict("status_conflict", message)
}

async fn find(
    state: &AppState,
    organization_id: OrganizationId,
    id: AffiliateId,
) -> Result<Affiliate, Problem> {
    let affiliate = state.store.affiliate(organization_id, id).await?;
    affiliate.ok_or_else(|| Problem::not_found("affiliate"))
}

/// An affiliate with his balances, and his totals in `program_id` or in his primary program.
async fn row<'a>(
    state: &AppState,
    organization_id: OrganizationId,
    affiliate: &'a Affiliate,
    program_id: Option<CampaignId>,
) -> Result<AffiliateRow<'a>, Problem> {
    let one = std::slice::from_ref(affiliate);
    let rows = rows(state, organization_id, one, program_id).await?;
    let row = rows.into_iter().next();
    row.ok_or_else(|| Problem::not_found("affiliate"))
}

/// Affiliates with their balances, and their totals in `program_id` or each in his primary program.
async fn rows<'a>(
    state: &AppState,
    organization_id: OrganizationId,
    affiliates: &'a [Affiliate],
    program_id: Option<CampaignId>,
) -> Result<Vec<AffiliateRow<'a>>, Problem> {
    let shown = |affiliate: &Affiliate| program_id.or(affiliate.primary_campaign());
    let wanted: Vec<_> = affiliates
        .iter()
        .filter_map(|affiliate| Some((affiliate.id, shown(affiliate)?)))
        .collect();
    let mut totals = state
        .store
        .affiliate_totals(organization_id, &wanted)
        .await?;
    let ids: Vec<_> = affiliates.iter().map(|affiliate| affiliate.id).collect();
    let mut balances = state.store.balances(organization_id, &ids).await?;
    let row = |affiliate: &'a Affiliate| {
        let totals = totals.remove(&affiliate.id).unwrap_or_default();
        let balances = balances.remove(&affiliate.id).unwrap_or_default();
        AffiliateRow::new(affiliate, shown(affiliate), totals.into(), balances)
    };
    Ok(affiliates.iter().map(row).collect())
}
