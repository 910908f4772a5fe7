//! `/api/v1/affiliates` and `/api/v1/programs/{id}/affiliates`: who earns.

mod body;
pub(super) mod list;
mod row;

use axum::{extract::State, response::Response};
use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    id::{AffiliateId, CampaignId, OrganizationId},
    scope::Scope,
};
use store::affiliate::{AffiliateChange, AffiliateError};

pub(super) use self::row::AffiliateFacts;
use self::{
    body::{ChangeBody, NewBody},
    row::{AffiliateRow, ProgramTotals},
};
use super::{Reply, conversions::DecisionBody, field::Id};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// What the dialect calls an active affiliate.
const APPROVED: &str = "approved";

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

/// Adds an affiliate.
///
/// To the program that is named, or to the oldest one that is open.
#[utoipa::path(
    post, path = "/affiliates", tag = "Affiliates",
    request_body = NewBody,
    responses((status = 201, body = AffiliateRow), (status = 404), (status = 409)),
    security(("key" = ["affiliates:manage"]))
)]
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

/// Shows an affiliate.
///
/// Totals and balances, which `include=stats` asks for, are always there.
#[utoipa::path(
    get, path = "/affiliates/{id}", tag = "Affiliates",
    params(("id" = AffiliateId, Path), ("include" = Option<String>, Query, pattern = "^(stats)$", description = "Totals and balances.")),
    responses((status = 200, body = AffiliateRow)),
    security(("key" = ["affiliates:read"]))
)]
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

/// Changes an affiliate.
///
/// What is left out stays as it is.
#[utoipa::path(
    patch, path = "/affiliates/{id}", tag = "Affiliates",
    params(("id" = AffiliateId, Path)),
    request_body = ChangeBody,
    responses((status = 200, body = AffiliateRow), (status = 409)),
    security(("key" = ["affiliates:manage"]))
)]
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

/// Blocks an affiliate.
///
/// He earns nothing new. Blocking who is blocked changes nothing.
#[utoipa::path(
    post, path = "/affiliates/{id}/block", tag = "Affiliates",
    params(("id" = AffiliateId, Path)),
    request_body = Option<DecisionBody>,
    responses((status = 200, body = AffiliateRow)),
    security(("key" = ["affiliates:manage"]))
)]
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

/// Unblocks an affiliate.
///
/// He earns again.
#[utoipa::path(
    post, path = "/affiliates/{id}/unblock", tag = "Affiliates",
    params(("id" = AffiliateId, Path)),
    request_body = Option<DecisionBody>,
    responses((status = 200, body = AffiliateRow)),
    security(("key" = ["affiliates:manage"]))
)]
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
