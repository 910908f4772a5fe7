//! `GET /conversions` and `/conversions/recent`: the list of sales in the words of this dialect.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::{
    id::{AffiliateId, CampaignId, OrganizationId},
    lifecycle::Status,
    sales::{Filter, parse_instant},
    scope::Scope,
};
use store::sales::{Page as Rows, Totals};
use utoipa::IntoParams;

use super::row::ConversionRow;
use crate::{
    api::v1::{
        Reply,
        page::{Page, not_ours},
    },
    caller::Caller,
    input::Query,
    problem::Problem,
    state::AppState,
};

/// The largest number of rows that a page may lie behind the newest, when it is told by its number: they are
/// walked over. Cursors lead on from there.
const MAX_SKIP: u32 = 100_000;
/// How many recent ones are told, and how many can be.
const RECENT: u16 = 5;
const MAX_RECENT: u16 = 20;

/// Lists conversions.
///
/// Newest first.
#[utoipa::path(
    get, path = "/conversions", tag = "Conversions",
    params(Page, ListFilter),
    responses((status = 200, body = Vec<ConversionRow>)),
    security(("key" = ["conversions:read"]))
)]
pub(in crate::api::v1) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ConversionsRead)?;
    let cursor = query.take("cursor");
    let page = Page::take(&mut query)?;
    let filter = filter(&mut query)?;
    query.done()?;
    let (page, found, totals) = match cursor {
        Some(text) => beside(&state, organization_id, &filter, page, &text).await?,
        None => numbered(&state, organization_id, &filter, page).await?,
    };
    let sealed = |place| state.store.seal_cursor(organization_id, &filter, place);
    let end = page.end(found.rows.len());
    let next = found.older.as_ref().map(sealed);
    let next = next.map(|sealed| format!("{end}{COUNTED}{sealed}"));
    let rows: Vec<_> = found.rows.iter().map(ConversionRow::from).collect();
    Ok(reply.part(&page, totals.chips.all, next, &rows))
}

/// Lists the newest conversions.
///
/// Without a page around them.
#[utoipa::path(
    get, path = "/conversions/recent", tag = "Conversions",
    params(("limit" = Option<u16>, Query, minimum = 1, maximum = 20, description = "How many, 5 when left out.")),
    responses((status = 200, body = Vec<ConversionRow>)),
    security(("key" = ["conversions:read"]))
)]
pub(in crate::api::v1) async fn recent(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ConversionsRead)?;
    let fits = |limit: &u16| (1..=MAX_RECENT).contains(limit);
    let needs = format!("a whole number from 1 to {MAX_RECENT}");
    let limit = query.parsed("limit", &needs, |text| text.parse().ok().filter(fits))?;
    query.done()?;
    let (filter, limit) = (Filter::default(), limit.unwrap_or(RECENT));
    let newest = state
        .store
        .sales_page(organization_id, &filter, limit, None)
        .await?;
    let rows: Vec<_> = newest.rows.iter().map(ConversionRow::from).collect();
    Ok(reply.ok(rows))
}

type Found = (Page, Rows, Totals);

/// What stands in a cursor between the number of rows before it and the list's own cursor.
const COUNTED: char = '.';

/// The page that a cursor leads to.
async fn beside(
    state: &AppState,
    organization_id: OrganizationId,
    filter: &Filter,
    page: Page,
    text: &str,
) -> Result<Found, Problem> {
    let counted = text.split_once(COUNTED).ok_or_else(not_ours)?;
    let seen = counted.0.parse::<u32>().map_err(|_| not_ours())?;
    let opened = state.store.open_cursor(organization_id, filter, counted.1);
    let cursor = opened.map_err(|_| not_ours())?;
    let (found, totals) = state
        .store
        .sales_view(organization_id, filter, page.take_size(), Some(cursor))
        .await?;
    Ok((page.from(seen.into()), found, totals))
}

/// The page that begins after so many rows. One behind the end is empty, wherever it is.
async fn numbered(
    state: &AppState,
    organization_id: OrganizationId,
    filter: &Filter,
    page: Page,
) -> Result<Found, Problem> {
    let near = u32::try_from(page.start()).ok();
    if let Some(skip) = near.filter(|skip| *skip <= MAX_SKIP) {
        let (found, totals) = state
            .store
            .sales_view_at(organization_id, filter, page.take_size(), skip)
            .await?;
        return Ok((page, found, totals));
    }
    let totals = state.store.sales_totals(organization_id, filter).await?;
    if page.start() < totals.chips.all {
        let message = format!(
            "a page at most {MAX_SKIP} rows from the newest is needed: go on with a cursor"
        );
        return Err(Problem::invalid("offset", message));
    }
    let nothing = Rows {
        rows: Vec::new(),
        older: None,
        newer: None,
    };
    Ok((page, nothing, totals))
}

/// Which of them are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "`filter` reads them; this is for the document")]
struct ListFilter {
    /// Only those that stand so. Rows show `paid` as `approved`.
    #[param(pattern = "^(pending|approved|paid|rejected|refunded|partially_refunded)$")]
    status: Option<String>,
    /// Only those of this affiliate.
    affiliate_id: Option<AffiliateId>,
    /// Only those of this program.
    program_id: Option<CampaignId>,
    /// By creation: a date or an RFC 3339 time; inclusive.
    #[param(example = "2026-11-01")]
    start_date: Option<String>,
    /// Another name of `startDate`.
    #[param(example = "2026-11-01")]
    from: Option<String>,
    /// By creation: a date, which is in it to its end, or an RFC 3339 time, which is not.
    #[param(example = "2026-11-30")]
    end_date: Option<String>,
    /// Another name of `endDate`.
    #[param(example = "2026-11-30")]
    to: Option<String>,
}

/// Takes the filters out of a query.
fn filter(query: &mut Query) -> Result<Filter, Problem> {
    let standing = query.parsed(
        "status",
        "pending, approved, paid, rejected, refunded or partially_refunded",
        standing,
    )?;
    let (statuses, partly_refunded) = standing.unwrap_or_default();
    Ok(Filter {
        affiliate_id: query.parsed("affiliateId", "an affiliate's id (a UUID)", |text| {
            text.parse().ok()
        })?,
        campaign_id: query.parsed("programId", "a program's id (a UUID)", |text| {
            text.parse().ok()
        })?,
        statuses,
        since: either(query, "startDate", "from", parse_instant)?,
        until: either(query, "endDate", "to", end)?,
        partly_refunded,
        ..Filter::default()
    })
}

/// What a word lets through: each row fits exactly one of them, the one it shows; except `paid`, which rows show as
/// `approved`.
fn standing(word: &str) -> Option<(Vec<Status>, Option<bool>)> {
    Some(match word {
        "pending" => (vec![Status::Pending], Some(false)),
        "approved" => (vec![Status::Approved], Some(false)),
        "paid" => (vec![Status::Paid], Some(false)),
        "rejected" => (vec![Status::Denied], None),
        "refunded" => (vec![Status::Refunded], None),
        "partially_refunded" => (Vec::new(), Some(true)),
        _ => return None,
    })
}

/// A time under one of its two names.
pub(in crate::api::v1) fn either(
    query: &mut Query,
    name: &str,
    other: &str,
    read: fn(&str) -> Option<DateTime<Utc>>,
) -> Result<Option<DateTime<Utc>>, Problem> {
    let day = "a date such as 2026-11-20 or an RFC 3339 time";
    let (one, two) = (
        query.parsed(name, day, read)?,
        query.parsed(other, day, read)?,
    );
    if one.is_some() && two.is_some() {
        let message = format!("{name} and {other} are the same: give one of them");
        return Err(Problem::invalid(other, message));
    }
    Ok(one.or(two))
}

/// The end of a range: a day is in it to its end, a time is not.
pub(in crate::api::v1) fn end(text: &str) -> Option<DateTime<Utc>> {
    let at = parse_instant(text)?;
    if text.parse::<NaiveDate>().is_ok() {
        return at.checked_add_days(Days::new(1));
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_in_the_range_it_ends() {
        assert_eq!(end("2026-11-20"), parse_instant("2026-11-21"));
        let time = "2026-11-20T00:00:00Z";
        assert_eq!(end(time), parse_instant(time));
        assert_eq!(end("tomorrow"), None);
    }
}
