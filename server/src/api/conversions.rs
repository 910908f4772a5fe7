//! `GET /api/conversions` and its CSV: the list of sales as programs read it.

pub(crate) mod first_page;

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::{
    connection::Processor,
    conversion::{ConversionType, Source},
    id::{AffiliateId, CampaignId, ConversionId},
    lifecycle::Status,
    sales::{DEFAULT_TAKE, Filter, MAX_TAKE, parse_instant},
};
use futures::{Stream, TryStreamExt};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use store::{
    export::{ExportError, MAX_PICKED},
    sales::{Cursor, Row},
};
use utoipa::{IntoParams, ToSchema};

use self::first_page::Asked;
use crate::{
    caller::Reader,
    input::{MAX_BODY, Query, read_body},
    problem::Problem,
    state::AppState,
};

/// The filters of the list and of the CSV.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "`filter` reads them; this is for the document")]
struct SalesFilter {
    /// Only those of this affiliate.
    affiliate_id: Option<AffiliateId>,
    /// Only those of this campaign.
    campaign_id: Option<CampaignId>,
    /// Only those that stand so: Pending, Approved, Paid, Refunded, Denied; several with commas between.
    #[param(example = "Pending,Approved")]
    status: Option<String>,
    /// Only these types: Sale, Recurring, Lead; several with commas between.
    #[param(rename = "type", example = "Sale")]
    kind: Option<String>,
    /// Only what was attributed so, such as Coupon or Link; several with commas between.
    #[param(example = "Coupon")]
    source: Option<String>,
    /// By creation: a date or an RFC 3339 time; inclusive.
    #[param(example = "2026-11-01")]
    since: Option<String>,
    /// By creation: a date or an RFC 3339 time; exclusive.
    #[param(example = "2026-12-01")]
    until: Option<String>,
}

/// A sale as dialect A shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sale<'a> {
    #[serde(flatten)]
    facts: SaleFacts<'a>,
    #[schema(pattern = "^(Pending|Approved|Paid|Refunded|Denied)$")]
    status: &'static str,
}

/// What both dialects show of a sale under the same names: all but its status, which dialect B words
/// differently.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SaleFacts<'a> {
    id: uuid::Uuid,
    #[serde(serialize_with = "time")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "time")]
    occurred_at: DateTime<Utc>,
    #[serde(rename = "type")]
    #[schema(pattern = "^(Sale|Recurring|Lead)$")]
    kind: &'static str,
    source: &'static str,
    #[schema(value_type = Source)]
    attribution_method: &'static str,
    coupon_code: Option<&'a str>,
    #[serde(serialize_with = "time")]
    hold_until: DateTime<Utc>,
    #[serde(serialize_with = "optional_time")]
    approved_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "optional_time")]
    paid_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "optional_time")]
    refunded_at: Option<DateTime<Utc>>,
    affiliate_id: uuid::Uuid,
    affiliate_name: &'a str,
    affiliate_slug: &'a str,
    campaign_id: uuid::Uuid,
    campaign_name: &'a str,
    #[schema(example = 4900)]
    amount_cents: i64,
    refunded_cents: i64,
    #[schema(example = "USD")]
    currency: &'static str,
    #[schema(example = 980)]
    commission_cents: i64,
    #[schema(example = "USD")]
    commission_currency: &'static str,
    external_event_id: Option<&'a str>,
    #[schema(value_type = Processor)]
    processor: &'static str,
    subscription_id: Option<&'a str>,
    customer_id: Option<&'a str>,
    invoice_id: Option<&'a str>,
    charge_id: Option<&'a str>,
    customer_email: Option<&'a str>,
    parent_conversion_id: Option<uuid::Uuid>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<&'a RawValue>,
}

impl<'a> From<&'a Row> for Sale<'a> {
    fn from(row: &'a Row) -> Self {
        Self {
            facts: SaleFacts::from(row),
            status: row.conversion.status.label(),
        }
    }
}

impl<'a> From<&'a Row> for SaleFacts<'a> {
    fn from(row: &'a Row) -> Self {
        let sale = &row.conversion;
        Self {
            id: sale.id.0,
            created_at: sale.created_at,
            occurred_at: sale.occurred_at,
            kind: sale.kind.label(),
            source: sale.source.label(),
            attribution_method: sale.source.as_str(),
            coupon_code: sale.coupon_code.as_deref(),
            hold_until: sale.hold_until,
            approved_at: sale.approved_at,
            paid_at: sale.paid_at,
            refunded_at: sale.refunded_at,
            affiliate_id: sale.affiliate_id.0,
            affiliate_name: &row.affiliate_name,
            affiliate_slug: &row.affiliate_slug,
            campaign_id: sale.campaign_id.0,
            campaign_name: &row.campaign_name,
            amount_cents: sale.amount.minor,
            refunded_cents: sale.refunded_minor,
            currency: sale.amount.currency.code(),
            commission_cents: sale.commission.minor,
            commission_currency: sale.commission.currency.code(),
            external_event_id: sale.external_event_id.as_deref(),
            processor: sale.processor.as_str(),
            subscription_id: sale.ids.subscription.as_deref(),
            customer_id: sale.ids.customer.as_deref(),
            invoice_id: sale.ids.invoice.as_deref(),
            charge_id: sale.ids.charge.as_deref(),
            customer_email: sale.customer_email.as_deref(),
            parent_conversion_id: sale.parent_conversion_id.map(|id| id.0),
            metadata: serde_json::from_str(&sale.metadata).ok(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SalesList<'a> {
    data: Vec<Sale<'a>>,
    next_cursor: Option<String>,
}

/// About how many bytes a row takes: a page is written into as much room as it will need.
const ROW_BYTES: usize = 1024;

/// Lists sales.
///
/// Newest first, by cursor: sales that arrive while paging are neither repeated nor push others out.
#[utoipa::path(
    get, path = "/api/conversions", tag = "Sales",
    params(
        SalesFilter,
        ("take" = Option<usize>, Query, minimum = 1, description = "How many, 50 when left out; above 200 is served as 200."),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the page before, with the same filters."),
    ),
    responses((status = 200, body = SalesList)),
    security(("key" = ["conversions:read"]), ("session" = []))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    reader: Reader,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = reader.organization_id;
    let take = take(&mut query)?;
    let cursor = query.take("cursor");
    let filter = filter(query)?;
    let asked = Asked {
        organization_id,
        filter,
        take,
    };
    let body = match cursor {
        None => first_page(&state, asked).await?,
        Some(text) => {
            let cursor = open_cursor(&state, &reader, &asked.filter, &text)?;
            page(&state, &asked, Some(cursor)).await?
        }
    };
    let json = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    Ok((json, body).into_response())
}

/// The page that was sent last, if nothing has changed since.
async fn first_page(state: &AppState, asked: Asked) -> Result<Bytes, Problem> {
    let mark = state.store.sales_mark(asked.organization_id).await?;
    if let Some(body) = state.first_pages.get(&asked, mark) {
        return Ok(body);
    }
    let body = page(state, &asked, None).await?;
    state.first_pages.keep(asked, mark, body.clone());
    Ok(body)
}

async fn page(state: &AppState, asked: &Asked, cursor: Option<Cursor>) -> Result<Bytes, Problem> {
    let (organization_id, filter) = (asked.organization_id, &asked.filter);
    let page = state
        .store
        .sales_page(organization_id, filter, asked.take, cursor)
        .await?;
    let next = |cursor: &Cursor| state.store.seal_cursor(organization_id, filter, cursor);
    let list = SalesList {
        data: page.rows.iter().map(Sale::from).collect(),
        next_cursor: page.older.as_ref().map(next),
    };
    let mut body = Vec::with_capacity((page.rows.len() + 1) * ROW_BYTES);
    serde_json::to_writer(&mut body, &list).map_err(|error| Problem::internal(&error))?;
    Ok(body.into())
}

/// Seconds after which an export may be tried again while too many are running.
const EXPORT_RETRY_AFTER: u64 = 10;

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Full => Self::busy(error.to_string(), EXPORT_RETRY_AFTER),
            ExportError::Stalled | ExportError::Stopped => Self::unavailable(),
            ExportError::Store(error) => error.into(),
        }
    }
}

/// Exports sales as CSV.
///
/// All that the same filters let through, however many; header first, RFC 4180.
#[utoipa::path(
    get, path = "/api/conversions/export", tag = "Sales",
    params(SalesFilter),
    responses((status = 200, body = String, content_type = "text/csv")),
    security(("key" = ["conversions:read"]), ("session" = []))
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    reader: Reader,
    query: Query,
) -> Result<Response, Problem> {
    let filter = filter(query)?;
    let rows = state
        .store
        .export_sales(reader.organization_id, &filter)
        .await?;
    Ok(csv(&state, rows))
}

/// The name under which the sales page sends each sale that is ticked.
const TICKED: &str = "form[ids][]";

/// The sales that are ticked on the page as CSV: its form, so that it works without JavaScript, and is
/// not limited by how long an address may be.
pub(crate) async fn export_picked(
    State(state): State<AppState>,
    reader: Reader,
    form: Request,
) -> Result<Response, Problem> {
    let body = read_body(form.into_body(), MAX_BODY).await?;
    let rows = state
        .store
        .export_picked_sales(reader.organization_id, &picked(&body)?)
        .await?;
    Ok(csv(&state, rows))
}

fn picked(form: &[u8]) -> Result<Vec<ConversionId>, Problem> {
    let ticked = url::form_urlencoded::parse(form).filter(|(name, _)| name == TICKED);
    let ids: Option<Vec<ConversionId>> = ticked.map(|(_, id)| id.parse().ok()).collect();
    let fits = ids.filter(|ids| (1..=MAX_PICKED).contains(&ids.len()));
    fits.ok_or_else(|| Problem::invalid("ids", format!("1 to {MAX_PICKED} ids are needed")))
}

/// The answer that hands an export over as a file.
fn csv(
    state: &AppState,
    rows: impl Stream<Item = Result<Bytes, ExportError>> + Send + 'static,
) -> Response {
    let rows = rows.inspect_err(|error| tracing::error!(%error, "an export broke off"));
    let mut response = Body::from_stream(rows).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    let name = format!(
        "attachment; filename=\"sales-{}.csv\"",
        state.store.now().date_naive()
    );
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

fn open_cursor(
    state: &AppState,
    reader: &Reader,
    filter: &Filter,
    text: &str,
) -> Result<Cursor, Problem> {
    let opened = state
        .store
        .open_cursor(reader.organization_id, filter, text);
    opened.map_err(|_| {
        let message = "this cursor is not from a list with these filters: start without a cursor";
        Problem::bad_request("invalid_cursor", message)
    })
}

fn take(query: &mut Query) -> Result<u16, Problem> {
    let read = |text: &str| text.parse::<u64>().ok().filter(|take| *take > 0);
    let take = query.parsed("take", "a number from 1 to 200", read)?;
    Ok(take.map_or(DEFAULT_TAKE, |take| {
        u16::try_from(take).unwrap_or(MAX_TAKE).min(MAX_TAKE)
    }))
}

fn filter(mut query: Query) -> Result<Filter, Problem> {
    let day = "a date such as 2026-11-20 or an RFC 3339 time";
    let filter = Filter {
        affiliate_id: query.parsed("affiliateId", "an affiliate's id (a UUID)", |text| {
            text.parse().ok()
        })?,
        campaign_id: query.parsed("campaignId", "a campaign's id (a UUID)", |text| {
            text.parse().ok()
        })?,
        statuses: query.list(
            "status",
            "Pending, Approved, Paid, Refunded or Denied",
            Status::parse,
        )?,
        kinds: query.list("type", "Sale, Recurring or Lead", ConversionType::parse)?,
        sources: query.list(
            "source",
            "a source such as Coupon, Link or Server",
            Source::parse,
        )?,
        since: query.parsed("since", day, parse_instant)?,
        until: query.parsed("until", day, parse_instant)?,
        partly_refunded: None,
    };
    query.done()?;
    Ok(filter)
}

fn time<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[expect(clippy::ref_option, reason = "the form serde asks for")]
fn optional_time<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}
