//! `/api/v1/conversions`: the list, one sale with its whole story, decisions about sales, sales entered by hand.

mod body;
pub(super) mod list;
mod row;
mod story;

use axum::{extract::State, http::StatusCode, response::Response};
use domain::{
    id::{ConversionId, OrganizationId},
    lifecycle::{Action, EARLY_NEEDS_REASON, Refusal, Transition},
    scope::Scope,
    text::Reason,
};
use store::intake::{Decision, IntakeError, Recorded};

pub(super) use self::{body::DecisionBody, row::ConversionRow};
use self::{
    body::{BulkBody, NewBody},
    row::RecordedRow,
    story::WholeStory,
};
use super::{Reply, field::Id};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// Tells the whole story of a conversion.
///
/// How it was credited and computed, what came back, and who changed it.
#[utoipa::path(
    get, path = "/conversions/{id}", tag = "Conversions",
    params(("id" = ConversionId, Path)),
    responses((status = 200, body = WholeStory)),
    security(("key" = ["conversions:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ConversionId>,
    query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ConversionsRead)?;
    query.done()?;
    let story = state.store.story(organization_id, id).await?;
    let story = story.ok_or_else(|| Problem::not_found("conversion"))?;
    Ok(reply.ok(WholeStory::from(&story)))
}

/// Enters a sale by hand.
///
/// The same `externalEventId` again is the first sale: 200 with `deduped` true.
#[utoipa::path(
    post, path = "/conversions", tag = "Conversions",
    request_body = NewBody,
    responses((status = 201, body = RecordedRow), (status = 200, body = RecordedRow), (status = 404), (status = 409)),
    security(("key" = ["conversions:write"]))
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ConversionsWrite)?;
    let sale = body.read(caller.actor(), state.store.now())?;
    let recorded = state.store.enter_sale(organization_id, sale).await;
    let (status, row, deduped) = match recorded.map_err(entry_problem)? {
        Recorded::New(row) => (StatusCode::CREATED, row, false),
        Recorded::Existing(row) => (StatusCode::OK, row, true),
    };
    let row = RecordedRow {
        row: ConversionRow::from(row.as_ref()),
        deduped,
    };
    Ok(reply.answer(status, row))
}

/// What is wrong with a sale entered by hand, in the names of this dialect.
fn entry_problem(error: IntakeError) -> Problem {
    match error {
        IntakeError::NoAffiliate => Problem::not_found_in("affiliateId", "affiliate"),
        IntakeError::NoCampaign => Problem::not_found_in("programId", "program"),
        IntakeError::Money(error) => Problem::invalid("amount", error.to_string()),
        other => other.into(),
    }
}

/// Approves a conversion.
///
/// Before its hold ends only with a reason.
#[utoipa::path(
    post, path = "/conversions/{id}/approve", tag = "Conversions",
    params(("id" = ConversionId, Path)),
    request_body = Option<DecisionBody>,
    responses((status = 200, body = ConversionRow)),
    security(("key" = ["conversions:write"]))
)]
pub(super) async fn approve(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ConversionId>,
    body: DecisionBody,
) -> Result<Response, Problem> {
    decide_one(&state, &caller, reply, id, Action::Approve, body).await
}

/// Denies a conversion.
///
/// A reason is needed.
#[utoipa::path(
    post, path = "/conversions/{id}/deny", tag = "Conversions",
    params(("id" = ConversionId, Path)),
    request_body = Option<DecisionBody>,
    responses((status = 200, body = ConversionRow)),
    security(("key" = ["conversions:write"]))
)]
pub(super) async fn deny(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ConversionId>,
    body: DecisionBody,
) -> Result<Response, Problem> {
    decide_one(&state, &caller, reply, id, Action::Deny, body).await
}

/// Takes a denial back.
#[utoipa::path(
    post, path = "/conversions/{id}/restore", tag = "Conversions",
    params(("id" = ConversionId, Path)),
    request_body = Option<DecisionBody>,
    responses((status = 200, body = ConversionRow)),
    security(("key" = ["conversions:write"]))
)]
pub(super) async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ConversionId>,
    body: DecisionBody,
) -> Result<Response, Problem> {
    decide_one(&state, &caller, reply, id, Action::Restore, body).await
}

/// Decides about several conversions.
///
/// For all of them or, when one refuses, for none; the refusal names each that is in the way.
#[utoipa::path(
    post, path = "/conversions/bulk", tag = "Conversions",
    request_body = BulkBody,
    responses((status = 200, body = Vec<ConversionRow>), (status = 404)),
    security(("key" = ["conversions:write"]))
)]
pub(super) async fn bulk(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<BulkBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ConversionsWrite)?;
    let (ids, action, reason) = body.read()?;
    let decision = decision(&caller, ids, action, reason)?;
    let (ids, step) = (decision.conversion_ids.clone(), decision.step);
    match state.store.decide(organization_id, decision).await {
        Ok(rows) => Ok(reply.ok(rows.iter().map(ConversionRow::from).collect::<Vec<_>>())),
        Err(IntakeError::NoConversion(_) | IntakeError::Refused { .. }) => {
            Err(in_the_way(&state, organization_id, &ids, step).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn decide_one(
    state: &AppState,
    caller: &Caller,
    reply: Reply,
    id: ConversionId,
    action: Action,
    body: DecisionBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ConversionsWrite)?;
    let decision = decision(caller, vec![id], action, body.read()?)?;
    let decided = state.store.decide(organization_id, decision).await;
    let rows = decided.map_err(|error| match error {
        IntakeError::NoConversion(_) => Problem::not_found("conversion"),
        IntakeError::Refused {
            refusal: Refusal::InHold,
            ..
        } => Problem::invalid("reason", EARLY_NEEDS_REASON),
        other => other.into(),
    })?;
    let row = rows.first().map(ConversionRow::from);
    Ok(reply.ok(row))
}

fn decision(
    caller: &Caller,
    conversion_ids: Vec<ConversionId>,
    action: Action,
    reason: Option<Reason>,
) -> Result<Decision, Problem> {
    let step = action.step(reason.is_some());
    Ok(Decision {
        conversion_ids,
        step: step.map_err(|error| Problem::invalid("reason", error.to_string()))?,
        actor: caller.actor(),
        reason: reason.map(String::from),
    })
}

/// Everything that keeps a selection from a step, not only the first of it.
async fn in_the_way(
    state: &AppState,
    organization_id: OrganizationId,
    ids: &[ConversionId],
    step: Transition,
) -> Result<Problem, Problem> {
    let found = state.store.obstacles(organization_id, ids, step).await?;
    if !found.unknown.is_empty() {
        let named = |id: &ConversionId| (id.0, "there is no such conversion".to_owned());
        let unknown = found.unknown.iter().map(named).collect();
        return Ok(Problem::not_found_in("ids", "conversion").because_of(unknown));
    }
    let in_hold = |(_, refusal): &(ConversionId, Refusal)| *refusal == Refusal::InHold;
    let early = !found.refused.is_empty() && found.refused.iter().all(in_hold);
    let named = |(id, refusal): &(ConversionId, Refusal)| (id.0, refusal.to_string());
    let refused = found.refused.iter().map(named).collect();
    let problem = if early {
        Problem::invalid("reason", EARLY_NEEDS_REASON)
    } else {
        let message = "nothing was changed, because some of these conversions can't take this step";
        Problem::conflict("status_conflict", message)
    };
    Ok(problem.because_of(refused))
}
