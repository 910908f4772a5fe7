//! `GET /dashboard/reports/report.csv`: a report as a file, a line for every day, week or month that the page
//! draws.

use app::report_query::{BadParameter, NotReported, ReportQuery};
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::money::{Currency, Money};
use store::report::{Report, Sums};

use crate::{caller::Reader, input::Query, problem::Problem, state::AppState};

const HEAD: [&str; 10] = [
    "from",
    "clicks",
    "leads",
    "sales",
    "first_payments",
    "currency",
    "revenue",
    "refunds",
    "commission_currency",
    "commission",
];

impl From<BadParameter> for Problem {
    fn from(BadParameter(name): BadParameter) -> Self {
        Self::invalid(
            name,
            format!("{name} is not understood: choose it on the page of reports"),
        )
    }
}

impl From<NotReported> for Problem {
    fn from(error: NotReported) -> Self {
        match error {
            NotReported::Span(_) => Self::invalid("since", error.to_string()),
            NotReported::Affiliate(_) => Self::invalid("affiliate", error.to_string()),
            NotReported::Store(error) => error.into(),
        }
    }
}

/// The report of the page with the same parameters.
pub(crate) async fn csv(
    State(state): State<AppState>,
    reader: Reader,
    mut query: Query,
) -> Result<Response, Problem> {
    let mut asked = ReportQuery::default();
    for name in ["period", "since", "to", "campaign", "affiliate", "currency"] {
        if let Some(value) = query.take(name) {
            asked.set(name, &value)?;
        }
    }
    query.done()?;
    let (store, organization_id) = (&state.store, reader.organization_id);
    let (filter, before) = asked.asked(store, organization_id).await?;
    let report = store.report(organization_id, &filter, before, asked.currency);
    let name = format!("attachment; filename=\"report-{}.csv\"", filter.span.last());
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    Ok((headers, lines(&report.await?)).into_response())
}

/// A line for each step and currency of commission; a step that earned nothing has one.
fn lines(report: &Report) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    // It writes into memory, which does not fail.
    let _ = writer.write_record(HEAD);
    for (start, sums) in &report.steps {
        let owed = match sums.commission.as_slice() {
            [] => vec![None],
            owed => owed.iter().copied().map(Some).collect(),
        };
        for (index, commission) in owed.into_iter().enumerate() {
            let _ = writer.write_record(line(
                &start.to_string(),
                sums,
                report.currency,
                commission,
                index == 0,
            ));
        }
    }
    writer.into_inner().unwrap_or_default()
}

/// Further lines of a step tell their commission alone, so that columns can be added up.
fn line(
    start: &str,
    sums: &Sums,
    currency: Option<Currency>,
    commission: Option<Money>,
    is_first: bool,
) -> [String; 10] {
    let count = |value: i64| {
        if is_first {
            value.to_string()
        } else {
            "0".to_owned()
        }
    };
    let money = |minor: i64| {
        let minor = if is_first { minor } else { 0 };
        currency.map_or_else(String::new, |currency| {
            Money::new(minor, currency).to_decimal()
        })
    };
    let code =
        |currency: Option<Currency>| currency.map_or_else(String::new, |one| one.code().to_owned());
    [
        start.to_owned(),
        count(sums.clicks),
        count(sums.leads),
        count(sums.sales),
        count(sums.customers),
        code(currency),
        money(sums.revenue_minor),
        money(sums.refunded_minor),
        code(commission.map(|money| money.currency)),
        commission.map_or_else(String::new, |money| money.to_decimal()),
    ]
}
