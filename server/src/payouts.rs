//! Payouts as a file: what a bank, or an accountant, is given. The filters are those of the page.

use std::pin::Pin;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::{
    id::OrganizationId,
    money::Currency,
    payout::{PayoutMethod, PayoutStatus},
    sales::parse_instant,
};
use futures::Stream;
use store::{
    Store, StoreError,
    payout::{PayoutFilter, PayoutStart, PayoutView},
};

use crate::{caller, imports::unformulated, input::Query, problem::Problem, state::AppState};

/// How many payouts are read at a time.
const AT_A_TIME: i64 = 500;

const PAGE: &str = "/dashboard/payouts";

/// The first line: what a bank needs comes first.
const HEADER: &[u8] = b"name,email,amount,currency,reference,status,method,stripe_account,transfer_id,campaign,batch,created_at,completed_at,failed_at,failure,note\r\n";

/// `GET /dashboard/payouts/export`
pub(crate) async fn export(
    State(state): State<AppState>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let Some(viewer) = caller::viewer(&headers, &state).await? else {
        return Ok(Redirect::to(&format!("/sign-in?next={PAGE}")).into_response());
    };
    let filter = filter(query)?;
    let lines = lines(state.store.clone(), viewer.organization_id, filter);
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    let day = state.store.now().date_naive();
    let name = format!("attachment; filename=\"payouts-{day}.csv\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// A last day ends with it.
fn filter(mut query: Query) -> Result<PayoutFilter, Problem> {
    let day = "a date such as 2026-11-20";
    let id = "an id (a UUID)";
    let until = |text: &str| parse_instant(text)?.checked_add_signed(TimeDelta::days(1));
    let filter = PayoutFilter {
        status: query.parsed(
            "status",
            "pending, processing, completed or failed",
            PayoutStatus::parse,
        )?,
        method: query.parsed("method", "stripe or manual", PayoutMethod::parse)?,
        currency: query.parsed("currency", "a currency such as USD", |text| {
            Currency::parse(text).ok()
        })?,
        affiliate_id: query.parsed("affiliate", id, |text| text.parse().ok())?,
        campaign_id: query.parsed("campaign", id, |text| text.parse().ok())?,
        batch_id: query.parsed("batch", id, |text| text.parse().ok())?,
        since: query.parsed("since", day, parse_instant)?,
        until: query.parsed("to", day, until)?,
    };
    query.done()?;
    Ok(filter)
}

type Lines = Pin<Box<dyn Stream<Item = Result<Bytes, StoreError>> + Send>>;

/// Newest first, some at a time, each part from where the one before ended.
fn lines(store: Store, organization_id: OrganizationId, filter: PayoutFilter) -> Lines {
    Box::pin(async_stream::try_stream! {
        yield Bytes::from_static(HEADER);
        let mut start = PayoutStart::Offset(0);
        loop {
            let page = store.payouts(organization_id, filter, start, AT_A_TIME).await?;
            yield lines_of(&page.payouts);
            let Some(next) = page.next else { break };
            start = PayoutStart::After(next);
        }
    })
}

fn lines_of(payouts: &[PayoutView]) -> Bytes {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for view in payouts {
        // It writes into memory, which does not fail.
        let _ = writer.write_record(cells(view));
    }
    Bytes::from(writer.into_inner().unwrap_or_default())
}

fn cells(view: &PayoutView) -> [String; 16] {
    let payout = &view.payout;
    let text = |text: Option<&str>| unformulated(text.unwrap_or_default());
    [
        unformulated(&view.affiliate_name),
        unformulated(&view.affiliate_email),
        payout.amount.to_decimal(),
        payout.amount.currency.to_string(),
        payout.id.to_string(),
        payout.status.as_str().to_owned(),
        payout.method.as_str().to_owned(),
        text(payout.account.as_deref()),
        text(payout.transfer_id.as_deref()),
        text(view.campaign_name.as_deref()),
        payout.batch_id.map(|id| id.to_string()).unwrap_or_default(),
        time(Some(payout.created_at)),
        time(payout.completed_at),
        time(payout.failed_at),
        text(payout.failure.as_deref()),
        text(payout.note.as_deref()),
    ]
}

fn time(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
        .unwrap_or_default()
}
