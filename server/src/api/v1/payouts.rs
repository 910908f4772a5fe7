//! `/api/v1/payouts`: what is due, runs that pay it, and what becomes of each payout.

mod body;
mod row;

use axum::{extract::State, response::Response};
use chrono::NaiveTime;
use domain::{
    id::{AffiliateId, CampaignId, OrganizationId, PayoutBatchId, PayoutId},
    money::Currency,
    payout::{PayoutMethod, PayoutStatus},
    sales::parse_instant,
    scope::Scope,
};
use store::payout::{PayoutCursor, PayoutError, PayoutFilter, PayoutStart, PayoutView};

pub(super) use self::row::PayoutRow;
use self::{
    body::{BatchBody, NewBody, StepBody},
    row::{BatchRow, EntryRow, PendingRow, StatsRow},
};
use super::{
    Reply,
    conversions::list::{either, end},
    field::Id,
    page::{Page, not_ours},
    stats::period,
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// Takes the filters out of a query.
fn filter(query: &mut Query) -> Result<PayoutFilter, Problem> {
    let statuses = "pending, processing, completed or failed";
    Ok(PayoutFilter {
        status: query.parsed("status", statuses, PayoutStatus::parse)?,
        affiliate_id: query.parsed("affiliateId", "an affiliate's id (a UUID)", |text| {
            text.parse().ok()
        })?,
        campaign_id: program(query)?,
        batch_id: query.parsed("batchId", "a batch's id (a UUID)", |text| text.parse().ok())?,
        currency: query.parsed("currency", "an ISO 4217 code", |text| {
            Currency::parse(text).ok()
        })?,
        method: query.parsed("method", "stripe or manual", PayoutMethod::parse)?,
        since: either(query, "startDate", "from", parse_instant)?,
        until: either(query, "endDate", "to", end)?,
    })
}

fn program(query: &mut Query) -> Result<Option<CampaignId>, Problem> {
    query.parsed("programId", "a program's id (a UUID)", |text| {
        text.parse().ok()
    })
}

/// Lists payouts.
///
/// Newest first.
#[utoipa::path(
    get, path = "/payouts", tag = "Payouts",
    params(Page, ("status" = Option<PayoutStatus>, Query, description = "Only those that stand so."), ("affiliateId" = Option<AffiliateId>, Query, description = "Only of this affiliate."), ("programId" = Option<CampaignId>, Query, description = "Only those of this program alone."), ("batchId" = Option<PayoutBatchId>, Query, description = "Only those of this run."), ("currency" = Option<Currency>, Query, description = "Only in this currency."), ("method" = Option<PayoutMethod>, Query, description = "Only those that are paid so."), ("startDate" = Option<String>, Query, description = "Made at or after: a date or an RFC 3339 time."), ("from" = Option<String>, Query, description = "Another name of `startDate`."), ("endDate" = Option<String>, Query, description = "A date, which is in it to its end, or an RFC 3339 time, which is not."), ("to" = Option<String>, Query, description = "Another name of `endDate`.")),
    responses((status = 200, body = Vec<PayoutRow>)),
    security(("key" = ["payouts:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsRead)?;
    let sealed = query.take("cursor");
    let page = Page::take(&mut query)?;
    let filter = filter(&mut query)?;
    query.done()?;
    let store = &state.store;
    let opened = |text: String| {
        let cursor = store.open_payout_cursor(organization_id, filter, &text);
        cursor.map(PayoutStart::After).map_err(|_| not_ours())
    };
    let start = sealed.map_or(Ok(PayoutStart::Offset(page.start())), opened)?;
    let found = store
        .payouts(organization_id, filter, start, page.size())
        .await?;
    let seal = |next: PayoutCursor| store.seal_payout_cursor(organization_id, filter, next);
    let rows: Vec<_> = found.payouts.iter().map(PayoutRow::from).collect();
    let next = found.next.map(seal);
    Ok(reply.part(&page.from(start.seen()), found.total, next, &rows))
}

/// Lists what is due.
///
/// In each program, to those who earned something in it: what a payout would pay now.
#[utoipa::path(
    get, path = "/payouts/pending", tag = "Payouts",
    params(Page, ("programId" = Option<CampaignId>, Query, description = "Only of this program.")),
    responses((status = 200, body = Vec<PendingRow>), (status = 404)),
    security(("key" = ["payouts:read"]))
)]
pub(super) async fn pending(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsRead)?;
    let page = Page::take(&mut query)?;
    let program_id = program(&mut query)?;
    query.done()?;
    let store = &state.store;
    let due = store.payable_by_campaign(organization_id, program_id).await;
    let (total, due) = page.cut(due.map_err(in_query)?);
    let campaigns = store.campaigns(organization_id).await?;
    let rows: Vec<_> = due
        .iter()
        .filter_map(|one| PendingRow::of(one, &campaigns))
        .collect();
    Ok(reply.list(&page, total, &rows))
}

/// Sums up payouts.
///
/// What was paid and what is about to be, of payouts made in the period; those that failed are left out.
#[utoipa::path(
    get, path = "/payouts/stats", tag = "Payouts",
    params(("period" = Option<String>, Query, pattern = "^(7d|30d|90d|all)$", description = "Whole UTC days, today among them; 30d when left out."), ("programId" = Option<CampaignId>, Query, description = "Only of this program.")),
    responses((status = 200, body = StatsRow), (status = 404)),
    security(("key" = ["stats:read"]))
)]
pub(super) async fn stats(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::StatsRead)?;
    let program_id = program(&mut query)?;
    let store = &state.store;
    let first = period(&mut query, store.now())?;
    query.done()?;
    let since = first.map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let campaigns = store.campaigns(organization_id).await?;
    let named = match program_id {
        Some(id) => campaigns.iter().find(|one| one.id == id),
        None => campaigns.first(),
    };
    let own = named.ok_or_else(|| Problem::not_found_in("programId", "program"))?;
    let sums = store
        .payout_stats(organization_id, program_id, since)
        .await?;
    Ok(reply.ok(StatsRow::of(&sums, own.terms.currency)))
}

/// Shows a payout.
#[utoipa::path(
    get, path = "/payouts/{id}", tag = "Payouts",
    params(("id" = PayoutId, Path)),
    responses((status = 200, body = PayoutRow)),
    security(("key" = ["payouts:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<PayoutId>,
    query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsRead)?;
    query.done()?;
    let view = found(&state, organization_id, id).await?;
    Ok(reply.ok(PayoutRow::from(&view)))
}

/// Lists what a payout pays.
///
/// Entries of the ledger, oldest first.
#[utoipa::path(
    get, path = "/payouts/{id}/entries", tag = "Payouts",
    params(("id" = PayoutId, Path), Page),
    responses((status = 200, body = Vec<EntryRow>)),
    security(("key" = ["payouts:read"]))
)]
pub(super) async fn entries(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<PayoutId>,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsRead)?;
    let page = Page::take(&mut query)?;
    query.done()?;
    found(&state, organization_id, id).await?;
    let store = &state.store;
    let part = store
        .payout_rows(organization_id, id, page.start(), page.size())
        .await?;
    let rows: Vec<_> = part.rows.iter().map(EntryRow::from).collect();
    Ok(reply.list(&page, part.total, &rows))
}

async fn found(
    state: &AppState,
    organization_id: OrganizationId,
    id: PayoutId,
) -> Result<PayoutView, Problem> {
    let view = state.store.payout(organization_id, id).await?;
    view.ok_or_else(|| Problem::not_found("payout"))
}

/// Makes a payout.
///
/// For one affiliate of one program: pending, until it is processed. What he owes in other programs is taken from it.
/// Below the threshold, or when nothing is due: 409.
#[utoipa::path(
    post, path = "/payouts", tag = "Payouts",
    request_body = NewBody,
    responses((status = 201, body = PayoutRow), (status = 404)),
    security(("key" = ["payouts:write"]))
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsWrite)?;
    let order = body.read(caller.actor())?;
    let made = state.store.create_payout(organization_id, order).await;
    let made = made.map_err(|error| match error {
        PayoutError::NoAffiliate(_) => Problem::not_found_in("affiliateId", "affiliate"),
        other => in_query(other),
    })?;
    Ok(reply.created(PayoutRow::from(&made)))
}

/// Runs payouts.
///
/// One for each affiliate and currency; everybody else is carried over, with the reason. With `dryRun` nothing is made, and
/// the answer says what a run would do now.
#[utoipa::path(
    post, path = "/payouts/batches", tag = "Payouts",
    request_body = BatchBody,
    responses((status = 201, body = BatchRow), (status = 200, body = BatchRow, description = "A dry run."), (status = 404)),
    security(("key" = ["payouts:write"]))
)]
pub(super) async fn batch(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<BatchBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsWrite)?;
    let selection = body.read()?;
    let store = &state.store;
    if body.is_dry_run() {
        let payable = store.preview_batch(organization_id, &selection).await;
        let payable = payable.map_err(in_batch)?;
        return Ok(reply.ok(BatchRow::tried(&payable)));
    }
    let made = store
        .open_batch(organization_id, &selection, caller.actor())
        .await;
    Ok(reply.created(BatchRow::made(&made.map_err(in_batch)?)))
}

/// Begins to pay a payout.
///
/// From now on nothing changes in it. One that Stripe pays is transferred now.
#[utoipa::path(
    post, path = "/payouts/{id}/process", tag = "Payouts",
    params(("id" = PayoutId, Path)),
    request_body = Option<StepBody>,
    responses((status = 200, body = PayoutRow)),
    security(("key" = ["payouts:write"]))
)]
pub(super) async fn process(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<PayoutId>,
    body: StepBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsWrite)?;
    let decision = body.read(id, caller.actor())?;
    let view = state
        .store
        .process_payout(organization_id, decision)
        .await?;
    Ok(reply.ok(PayoutRow::from(&view)))
}

/// Completes a payout.
///
/// It is paid: its conversions are.
#[utoipa::path(
    post, path = "/payouts/{id}/complete", tag = "Payouts",
    params(("id" = PayoutId, Path)),
    request_body = Option<StepBody>,
    responses((status = 200, body = PayoutRow)),
    security(("key" = ["payouts:write"]))
)]
pub(super) async fn complete(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<PayoutId>,
    body: StepBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsWrite)?;
    let decision = body.read(id, caller.actor())?;
    let view = state
        .store
        .complete_payout(organization_id, decision)
        .await?;
    Ok(reply.ok(PayoutRow::from(&view)))
}

/// Fails a payout.
///
/// It is not paid: what it took is payable again.
#[utoipa::path(
    post, path = "/payouts/{id}/fail", tag = "Payouts",
    params(("id" = PayoutId, Path)),
    request_body = Option<StepBody>,
    responses((status = 200, body = PayoutRow)),
    security(("key" = ["payouts:write"]))
)]
pub(super) async fn fail(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<PayoutId>,
    body: StepBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::PayoutsWrite)?;
    let decision = body.read(id, caller.actor())?;
    let view = state.store.fail_payout(organization_id, decision).await?;
    Ok(reply.ok(PayoutRow::from(&view)))
}

/// What is wrong with a run, in the names of its body.
fn in_batch(error: PayoutError) -> Problem {
    match error {
        PayoutError::NoAffiliate(id) => {
            Problem::not_found_in("affiliateIds", &format!("affiliate: {id}"))
        }
        other => in_query(other),
    }
}

fn in_query(error: PayoutError) -> Problem {
    match error {
        PayoutError::NoCampaign => Problem::not_found_in("programId", "program"),
        other => other.into(),
    }
}
