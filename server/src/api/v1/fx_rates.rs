//! `/api/v1/fx-rates`: the exchange rates that commissions are computed with.

use axum::{extract::State, response::Response};
use chrono::{Days, NaiveDate};
use domain::{exchange::Quote, money::Currency, scope::Scope};
use serde::{Deserialize, Serialize};
use store::exchange::DayRate;

use super::Reply;
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// How many days are listed when the caller names none.
const DEFAULT_DAYS: u64 = 30;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RateRow {
    date: NaiveDate,
    base: &'static str,
    quote: &'static str,
    rate: String,
    /// `own`, or `published` for everybody.
    source: &'static str,
}

impl RateRow {
    fn new((one, is_own): &(DayRate, bool)) -> Self {
        Self {
            date: one.day,
            base: one.base.code(),
            quote: one.quote.code(),
            rate: one.rate.to_string(),
            source: if *is_own { "own" } else { "published" },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewBody {
    date: NaiveDate,
    base: Currency,
    quote: Currency,
    rate: String,
}

/// `GET /api/v1/fx-rates`: newest first, the caller's own before the published ones.
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let mut day = |name: &str| {
        query.parsed(name, "a day such as 2026-11-20 is needed", |text| {
            text.parse::<NaiveDate>().ok()
        })
    };
    let (since, until) = (day("since")?, day("until")?);
    query.done()?;
    let until = until.unwrap_or(state.store.now().date_naive());
    let before = until.checked_sub_days(Days::new(DEFAULT_DAYS));
    let since = since.or(before).unwrap_or(until);
    let rates = state.store.rates(organization_id, since, until).await?;
    let rows: Vec<RateRow> = rates.iter().map(RateRow::new).collect();
    Ok(reply.ok(&rows))
}

/// `POST /api/v1/fx-rates`: sets the caller's own rate of a day; sales that waited for it are computed.
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    if body.base == body.quote {
        return Err(Problem::invalid(
            "quote",
            "another currency than the base is needed",
        ));
    }
    let rate = Quote::parse(&body.rate);
    let rate = DayRate {
        day: body.date,
        base: body.base,
        quote: body.quote,
        rate: rate.map_err(|error| Problem::invalid("rate", error.to_string()))?,
    };
    state
        .store
        .set_rates(caller.actor(), organization_id, &[rate])
        .await?;
    Ok(reply.created(RateRow::new(&(rate, true))))
}
