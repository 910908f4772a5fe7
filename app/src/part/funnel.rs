//! From click to lead to sale, as markup: numbers, rates, and bars that only repeat them. Of an affiliate or of a
//! campaign. Written on the server only (see [`super::served`]).

use chrono::{Days, NaiveDate};
use leptos::prelude::*;
use store::funnel::Funnel;

use crate::{
    error::AppError,
    text::{self, funnel as words, sales::bad_filter},
};

/// Of how many days, today included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Period {
    #[default]
    Month,
    Quarter,
    All,
}

impl Period {
    const EVERY: [Self; 3] = [Self::Month, Self::Quarter, Self::All];

    /// What the parameter `days` of a page's address says; nothing is a month.
    pub(crate) fn read(days: &str) -> Result<Self, AppError> {
        if days.is_empty() {
            return Ok(Self::default());
        }
        let known = Self::EVERY.into_iter().find(|period| period.word() == days);
        known.ok_or_else(|| AppError::invalid("", bad_filter("days")))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Month => "30",
            Self::Quarter => "90",
            Self::All => "all",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Month => words::MONTH,
            Self::Quarter => words::QUARTER,
            Self::All => words::ALL,
        }
    }

    /// Its first UTC day.
    pub(crate) fn since(self, today: NaiveDate) -> NaiveDate {
        let days = match self {
            Self::Month => 29,
            Self::Quarter => 89,
            Self::All => return NaiveDate::default(),
        };
        today.checked_sub_days(Days::new(days)).unwrap_or(today)
    }
}

/// The section, on the page at `path`.
pub(crate) fn funnel(counts: Funnel, period: Period, path: &str) -> impl IntoView + use<> {
    let Funnel {
        clicks,
        leads,
        sales,
    } = counts;
    let most = clicks.max(leads).max(sales);
    let ways = Period::EVERY.map(|other| {
        let href = format!("{path}?days={}#funnel", other.word());
        let here = (other == period).then_some("true");
        view! { <a href=href aria-current=here>{other.label()}</a> }
    });
    let steps = [
        step(words::CLICKS, clicks, most, vec![]),
        step(
            words::LEADS,
            leads,
            most,
            vec![words::of_clicks(leads, clicks)],
        ),
        step(
            words::SALES,
            sales,
            most,
            vec![
                words::of_clicks(sales, clicks),
                words::of_leads(sales, leads),
            ],
        ),
    ];
    view! {
        <section class="funnel" aria-labelledby="funnel">
            <header>
                <h2 id="funnel">{words::TITLE}</h2>
                <nav class="sizes" aria-label=words::PERIOD>{ways.collect_view()}</nav>
            </header>
            <ol>{steps.collect_view()}</ol>
            <p class="hint">{words::HINT}</p>
        </section>
    }
}

fn step(
    name: &'static str,
    count: i64,
    most: i64,
    rates: Vec<Option<String>>,
) -> impl IntoView + use<> {
    let rates: Vec<String> = rates.into_iter().flatten().collect();
    let rates = (!rates.is_empty()).then(|| view! { <small>{rates.join(", ")}</small> });
    let width = format!("{}%", words::tenths_of_percent(count, most) / 10);
    view! {
        <li>
            <span>{name}</span>
            <b>{text::grouped(count)}</b>
            <svg class="reach" aria-hidden="true"><rect width=width height="100%" rx="3"/></svg>
            {rates}
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_counts_today() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
        let since = |days| Period::read(days).map(|period| period.since(today).to_string());
        assert_eq!(since("").ok().as_deref(), Some("2026-10-22"));
        assert_eq!(since("90").ok().as_deref(), Some("2026-08-23"));
        assert_eq!(since("all").ok().as_deref(), Some("1970-01-01"));
        assert!(since("31").is_err());
    }
}
