//! `GET /affiliates` and `/programs/{id}/affiliates`: newest first, or in an order of their own.

use axum::{extract::State, response::Response};
use domain::{
    affiliate::AffiliateStatus,
    id::{CampaignId, OrganizationId},
    scope::Scope,
};
use store::affiliate::{AffiliateFilter, Order, SortBy, Start};
use utoipa::IntoParams;

use super::{body::read_status, row::AffiliateRow, rows};
use crate::{
    api::v1::{
        Reply,
        field::Id,
        page::{Page, not_ours},
        programs,
    },
    caller::Caller,
    input::Query,
    problem::Problem,
    state::AppState,
};

/// A status of the dialect that nobody has here: affiliates are approved when they are added.
const PENDING: &str = "pending";
/// The longest text that is searched for, in characters.
const MAX_SEARCHED: usize = 100;

/// Lists affiliates.
///
/// Newest first, or in an order of their own.
#[utoipa::path(
    get, path = "/affiliates", tag = "Affiliates",
    params(Page, ListFilter, ("programId" = Option<CampaignId>, Query, description = "Only those who are in this program.")),
    responses((status = 200, body = Vec<AffiliateRow>)),
    security(("key" = ["affiliates:read"]))
)]
pub(in crate::api::v1) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::AffiliatesRead)?;
    let program = query.parsed("programId", "a program's id (a UUID)", |text| {
        text.parse().ok()
    })?;
    listed(&state, organization_id, program, query, reply).await
}

/// Lists the affiliates of a program.
///
/// Newest first.
#[utoipa::path(
    get, path = "/programs/{id}/affiliates", tag = "Affiliates",
    params(("id" = CampaignId, Path), Page, ListFilter),
    responses((status = 200, body = Vec<AffiliateRow>)),
    security(("key" = ["affiliates:read"]))
)]
pub(in crate::api::v1) async fn list_of_program(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<CampaignId>,
    query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::AffiliatesRead)?;
    let campaign = programs::find(&state, organization_id, id).await?;
    listed(&state, organization_id, Some(campaign.id), query, reply).await
}

async fn listed(
    state: &AppState,
    organization_id: OrganizationId,
    campaign_id: Option<CampaignId>,
    mut query: Query,
    reply: Reply,
) -> Result<Response, Problem> {
    let order = order(&mut query)?;
    // Where rows change their places, a cursor is the number of rows before it.
    let sealed = order.is_none().then(|| query.take("cursor")).flatten();
    let page = Page::take(&mut query)?;
    let wanted = wanted_status(&mut query)?;
    let typed = query.parsed("search", "1 to 100 characters", searched)?;
    query.done()?;
    let Wanted::Status(status) = wanted else {
        return Ok(reply.list(&page, 0, &[(); 0]));
    };
    let filter = AffiliateFilter {
        campaign_id,
        status,
        typed: typed.unwrap_or_default(),
        ..AffiliateFilter::default()
    };
    match order {
        Some(order) => sorted(state, organization_id, &filter, order, &page, reply).await,
        None => newest(state, organization_id, &filter, sealed, &page, reply).await,
    }
}

async fn newest(
    state: &AppState,
    organization_id: OrganizationId,
    filter: &AffiliateFilter,
    sealed: Option<String>,
    page: &Page,
    reply: Reply,
) -> Result<Response, Problem> {
    let store = &state.store;
    let start = match sealed {
        Some(text) => Start::Beside(
            store
                .open_affiliate_cursor(organization_id, filter, &text)
                .map_err(|_| not_ours())?,
        ),
        None => Start::Offset(page.start()),
    };
    let found = store
        .affiliates(organization_id, filter, start, page.size())
        .await?;
    let total = store.count_affiliates(organization_id, filter).await?;
    let next = found
        .older
        .map(|next| store.seal_affiliate_cursor(organization_id, filter, next));
    let rows = rows(
        state,
        organization_id,
        &found.affiliates,
        filter.campaign_id,
    )
    .await?;
    Ok(reply.part(&page.from(start.seen()), total, next, &rows))
}

async fn sorted(
    state: &AppState,
    organization_id: OrganizationId,
    filter: &AffiliateFilter,
    order: Order,
    page: &Page,
    reply: Reply,
) -> Result<Response, Problem> {
    let (skip, limit) = (page.start(), page.size());
    let found = state
        .store
        .affiliates_in_order(organization_id, filter, order, skip, limit)
        .await?;
    let total = state
        .store
        .count_affiliates(organization_id, filter)
        .await?;
    let rows = rows(state, organization_id, &found, filter.campaign_id).await?;
    Ok(reply.list(page, total, &rows))
}

/// Takes `sortBy` and `sortOrder` out of a query; newest first is no order of its own.
fn order(query: &mut Query) -> Result<Option<Order>, Problem> {
    let by = |text: &str| match text {
        "createdAt" => Some(SortBy::Created),
        "name" => Some(SortBy::Name),
        "totalClicks" => Some(SortBy::Clicks),
        "totalRevenue" => Some(SortBy::Revenue),
        _ => None,
    };
    let by = query.parsed("sortBy", "createdAt, name, totalClicks or totalRevenue", by)?;
    let ascending = |text: &str| match text {
        "asc" => Some(true),
        "desc" => Some(false),
        _ => None,
    };
    let ascending = query.parsed("sortOrder", "asc or desc", ascending)?;
    let order = Order {
        by: by.unwrap_or(SortBy::Created),
        ascending: ascending.unwrap_or(false),
    };
    let newest_first = Order {
        by: SortBy::Created,
        ascending: false,
    };
    Ok(Some(order).filter(|order| *order != newest_first))
}

fn searched(text: &str) -> Option<String> {
    let fits = !text.trim().is_empty() && text.chars().count() <= MAX_SEARCHED;
    fits.then(|| text.to_owned())
}

/// Who of them is listed, and in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "`listed` reads them; this is for the document")]
struct ListFilter {
    /// Only those that stand so. Nobody is ever pending here.
    #[param(pattern = "^(approved|pending|paused|blocked|removed)$")]
    status: Option<String>,
    /// `false` leaves out who does not earn, unless `status` asks for him.
    include_blocked: Option<bool>,
    /// Only those in whose name, e-mail or code this is.
    #[param(min_length = 1, max_length = 100, example = "sarah")]
    search: Option<String>,
    /// What they are ordered by; the revenue and clicks are those in the program.
    #[param(pattern = "^(createdAt|name|totalClicks|totalRevenue)$")]
    sort_by: Option<String>,
    /// Which way; `desc` when left out.
    #[param(pattern = "^(asc|desc)$")]
    sort_order: Option<String>,
}

enum Wanted {
    Status(Option<AffiliateStatus>),
    Nobody,
}

/// Takes `status` and `includeBlocked` out of a query. Without them everybody is listed.
fn wanted_status(query: &mut Query) -> Result<Wanted, Problem> {
    let read = |text: &str| match text {
        PENDING => Some(Wanted::Nobody),
        text => read_status(text).map(|status| Wanted::Status(Some(status))),
    };
    let status = query.parsed(
        "status",
        "approved, pending, paused, blocked or removed",
        read,
    )?;
    let blocked_too = query.parsed("includeBlocked", "true or false", |text| text.parse().ok())?;
    let only_active = blocked_too == Some(false);
    Ok(status.unwrap_or(Wanted::Status(
        only_active.then_some(AffiliateStatus::Active),
    )))
}
