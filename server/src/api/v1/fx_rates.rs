//! `/api/v1/fx-rates`: the exchange rates that commissions are computed with.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    response::Response,
};
use chrono::{Days, NaiveDate};
use domain::{
    exchange::{Quote, parse_day},
    money::Currency,
    scope::Scope,
};
use serde::{Deserialize, Serialize};
use store::exchange::DayRate;
use utoipa::ToSchema;

use super::Reply;
use crate::{
    caller::Caller,
    input::{MAX_BODY, Query, parse, read_body, require_json},
    problem::Problem,
    rates,
    state::AppState,
};

/// How many days are listed when the caller names none.
const DEFAULT_DAYS: u64 = 30;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExchangeRate)]
struct RateRow {
    date: NaiveDate,
    base: &'static str,
    quote: &'static str,
    #[schema(example = "1.0832")]
    rate: String,
    /// `own`, or `published` for everybody.
    #[schema(pattern = "^(own|published)$")]
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

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewExchangeRate)]
struct NewBody {
    #[schema(value_type = NaiveDate)]
    date: String,
    base: Currency,
    quote: Currency,
    #[schema(pattern = r"^[0-9]+(\.[0-9]+)?$", max_length = 16, example = "1.0832")]
    rate: String,
}

impl NewBody {
    fn read(self) -> Result<DayRate, Problem> {
        if self.base == self.quote {
            let problem = "another currency than the base is needed";
            return Err(Problem::invalid("quote", problem));
        }
        let day = parse_day(&self.date);
        let no_day = || Problem::invalid("date", "a day such as 2026-11-20 is needed");
        let rate = Quote::parse(&self.rate);
        Ok(DayRate {
            day: day.ok_or_else(no_day)?,
            base: self.base,
            quote: self.quote,
            rate: rate.map_err(|error| Problem::invalid("rate", error.to_string()))?,
        })
    }
}

/// How many rates a file brought.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportedRates)]
struct Brought {
    rates: usize,
}

/// What was set: the rate, or how many there were in the file.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum SetRates {
    One(RateRow),
    Many(Brought),
}

/// Lists exchange rates.
///
/// Newest first, your own before the published ones. The last 30 days, when no dates are named.
#[utoipa::path(
    get, path = "/fx-rates", tag = "Exchange rates",
    params(("since" = Option<NaiveDate>, Query, description = "The first day."), ("until" = Option<NaiveDate>, Query, description = "The last day.")),
    responses((status = 200, body = Vec<RateRow>)),
    security(("key" = ["merchant:manage"]))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let mut day = |name: &str| query.parsed(name, "a day such as 2026-11-20", parse_day);
    let (since, until) = (day("since")?, day("until")?);
    query.done()?;
    let until = until.unwrap_or(state.store.now().date_naive());
    let before = until.checked_sub_days(Days::new(DEFAULT_DAYS));
    let since = since.or(before).unwrap_or(until);
    let rates = state.store.rates(organization_id, since, until).await?;
    let rows: Vec<RateRow> = rates.iter().map(RateRow::new).collect();
    Ok(reply.ok(&rows))
}

/// Sets exchange rates of your own.
///
/// One as JSON, or many as CSV with the columns `date,base,quote,rate`. Sales that waited for them are
/// computed.
#[utoipa::path(
    post, path = "/fx-rates", tag = "Exchange rates",
    request_body(content((NewBody = "application/json"), (String = "text/csv"))),
    responses((status = 201, body = SetRates)),
    security(("key" = ["merchant:manage"]))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    request: Request,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let (parts, body) = request.into_parts();
    let is_csv = is_csv(&parts.headers);
    if !is_csv {
        require_json(&parts.headers)?;
    }
    let body = read_body(body, MAX_BODY).await?;
    let own = if is_csv {
        of_csv(&body)?
    } else {
        vec![parse::<NewBody>(&body)?.read()?]
    };
    not_ahead(&own, state.store.now().date_naive())?;
    let (store, actor) = (&state.store, caller.actor());
    store.set_rates(actor, organization_id, &own).await?;
    Ok(reply.created(match own.as_slice() {
        [one] if !is_csv => SetRates::One(RateRow::new(&(*one, true))),
        many => SetRates::Many(Brought { rates: many.len() }),
    }))
}

fn is_csv(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("text/csv")
}

fn of_csv(body: &[u8]) -> Result<Vec<DayRate>, Problem> {
    let text = str::from_utf8(body).map_err(|_| Problem::invalid("body", "it is not UTF-8"))?;
    rates::of_csv(text).map_err(|error| Problem::invalid("body", error.to_string()))
}

/// Nobody knows rates of days to come; east of here tomorrow has begun.
fn not_ahead(rates: &[DayRate], today: NaiveDate) -> Result<(), Problem> {
    let tomorrow = today.succ_opt().unwrap_or(today);
    match rates.iter().find(|rate| rate.day > tomorrow) {
        None => Ok(()),
        Some(rate) => {
            let problem = format!("{} has not come yet", rate.day);
            Err(Problem::invalid("date", problem))
        }
    }
}
