//! The page of reports as markup. Written on the server only (see [`super::served`]).

use domain::{
    conversion::Source,
    lifecycle::Status,
    money::{Currency, Money},
    report::{Span, change},
};
use leptos::{either::Either, prelude::*};
use store::report::{Report, ReportFilter, Sums};

use super::{
    chart::{Chart, chart},
    events::{Filter, select},
    icon::{Icon, icon},
    report_tables::{affiliates, behind, sources, traffic},
    state::Empty,
};
use crate::{
    query::{Kind, REPORTS_PATH, SalesQuery},
    text::{self, NOTHING, reports as words},
};

/// What is told.
pub(crate) struct Told {
    pub(crate) report: Report,
    pub(crate) filter: ReportFilter,
    /// What it is compared with.
    pub(crate) before: Option<Span>,
    pub(crate) filters: Vec<Filter>,
    /// The code of the affiliate, as typed.
    pub(crate) affiliate: String,
    /// The first and last day, where they are one's own.
    pub(crate) days: Option<[String; 2]>,
    /// Where the same is as CSV.
    pub(crate) export: String,
    /// The address without a currency, and that of everything.
    pub(crate) here: String,
}

/// The page of reports.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let report = &page.report;
    let is_empty = report.sums == Sums::default()
        && report
            .before
            .as_ref()
            .is_none_or(|before| *before == Sums::default());
    let body = if is_empty {
        Either::Left(view! {
            <Empty title=words::EMPTY hint=words::EMPTY_HINT>
                <a class="btn" href=format!("{REPORTS_PATH}?period=all")>{words::ALL_TIME}</a>
            </Empty>
        })
    } else {
        Either::Right(view! {
            {figures(report)}
            {charts(page)}
            {affiliates(page)}
            <div class="halves">{sources(page)}{traffic(report)}</div>
            {behind(page)}
            <p class="hint">{words::UTC_HINT}</p>
        })
    };
    view! {
        <header class="head">
            <h1>{words::TITLE}</h1>
            <a class="btn" href=page.export.clone() download>{icon(Icon::Download)}{words::EXPORT}</a>
        </header>
        <form class="selects" method="get" autocomplete="off" action=REPORTS_PATH aria-label=words::FILTERS>
            {filters(page)}
            <button type="submit" class="btn">{words::SHOW}</button>
        </form>
        <div class="span">
            <p class="muted">{words::spans(page.filter.span, page.before)}</p>
            {currencies(page)}
        </div>
        {body}
    }
}

fn filters(page: &Told) -> impl IntoView + use<> {
    let selects = page.filters.iter().cloned();
    let class = |typed: &str| (!typed.is_empty()).then_some("on");
    let day = |(name, label, chosen): (&'static str, &'static str, String)| {
        let class = class(&chosen);
        view! {
            <label class=class><span>{label}</span><input type="date" name=name value=chosen/></label>
        }
    };
    let days = page.days.clone().map(|[since, to]| {
        let days = [("since", words::SINCE, since), ("to", words::TO, to)];
        days.map(day).collect_view()
    });
    let affiliate = page.affiliate.clone();
    let of_affiliate = class(&affiliate);
    view! {
        {selects.map(select).collect_view()}
        <label class=of_affiliate>
            <span>{words::AFFILIATE}</span>
            <input name="affiliate" value=affiliate placeholder=words::AFFILIATE_HINT maxlength="64" autocapitalize="none" spellcheck="false"/>
        </label>
        {days}
    }
}

fn currencies(page: &Told) -> Option<impl IntoView + use<>> {
    let here = page.here.clone();
    let shown = page.report.currency;
    let switch = |currency: &Currency| {
        let mark = if here.contains('?') { '&' } else { '?' };
        let href = format!("{here}{mark}currency={}", currency.code());
        let current = (shown == Some(*currency)).then_some("true");
        view! { <li><a href=href aria-current=current>{currency.code()}</a></li> }
    };
    let links = page.report.currencies.iter().map(switch).collect_view();
    (page.report.currencies.len() > 1)
        .then(|| view! { <ul class="currencies" aria-label=words::CURRENCY>{links}</ul> })
}

/// The sales of the report in the list of sales: the same filters and the same count.
pub(super) fn sales_of(page: &Told) -> SalesQuery {
    let filter = page.filter;
    let without = |left_out: Status| {
        Status::ALL
            .iter()
            .copied()
            .filter(move |one| *one != left_out)
    };
    SalesQuery {
        kind: Kind::Sales,
        statuses: without(Status::Denied).collect(),
        sources: Source::ALL
            .iter()
            .copied()
            .filter(|one| *one != Source::Override)
            .collect(),
        affiliate: filter.affiliate_id,
        campaign: filter.campaign_id,
        since: Some(filter.span.first()),
        until: Some(filter.span.end()),
        currency: page.report.currency,
        ..SalesQuery::default()
    }
}

/// An amount in the report's currency.
pub(super) fn money(report: &Report, minor: i64) -> String {
    report.currency.map_or_else(
        || NOTHING.to_owned(),
        |currency| Money::new(minor, currency).to_string(),
    )
}

/// Amounts of several currencies.
pub(super) fn amounts(all: &[Money]) -> String {
    let told: Vec<String> = all.iter().map(ToString::to_string).collect();
    if told.is_empty() {
        NOTHING.to_owned()
    } else {
        told.join(" + ")
    }
}

fn rate(sums: &Sums) -> String {
    sums.conversion_rate()
        .map_or_else(|| NOTHING.to_owned(), words::tenths)
}

/// A name, what it means where that needs words, its number, and how the number is made.
type Figure<'a> = (&'static str, &'static str, String, &'a dyn Fn(&Sums) -> i64);

fn figures(report: &Report) -> impl IntoView + use<> {
    let owed = report.sums.commission.first().map(|money| money.currency);
    let owed_minor = |sums: &Sums| owed.map_or(0, |currency| sums.commission_in(currency));
    let now = &report.sums;
    let figures: [Figure<'_>; 7] = [
        (words::CLICKS, "", text::grouped(now.clicks), &|sums| {
            sums.clicks
        }),
        (words::LEADS, "", text::grouped(now.leads), &|sums| {
            sums.leads
        }),
        (words::SALES, "", text::grouped(now.sales), &|sums| {
            sums.sales
        }),
        (words::RATE, words::RATE_HINT, rate(now), &|sums| {
            sums.conversion_rate().unwrap_or_default()
        }),
        (
            words::REVENUE,
            words::REVENUE_HINT,
            money(report, now.revenue_minor),
            &|sums| sums.revenue_minor,
        ),
        (
            words::REFUNDS,
            "",
            money(report, now.refunded_minor),
            &|sums| sums.refunded_minor,
        ),
        (
            words::COMMISSION,
            words::COMMISSION_HINT,
            amounts(&now.commission),
            &owed_minor,
        ),
    ];
    let figure = |(name, hint, told, value): Figure<'_>| {
        let before = report
            .before
            .as_ref()
            .map(|before| changed(value(now), value(before)));
        let title = (!hint.is_empty()).then_some(hint);
        view! { <div><dt title=title>{name}</dt><dd>{told}{before}</dd></div> }
    };
    view! {
        <section class="figures" aria-label=words::FIGURES><dl>{figures.map(figure).collect_view()}</dl></section>
    }
}

/// More or less than before: an arrow and a number, and words for who can't see the arrow.
fn changed(now: i64, before: i64) -> impl IntoView + use<> {
    let (arrow, shown, said) = match change(now, before) {
        None if now > 0 => ("", words::NEW.to_owned(), None),
        None | Some(0) => ("", words::SAME.to_owned(), None),
        Some(tenths) => {
            let told = words::tenths(tenths);
            let (arrow, said) = if tenths > 0 {
                ("▲", words::more(&told))
            } else {
                ("▼", words::less(&told))
            };
            (arrow, told, Some(said))
        }
    };
    match said {
        Some(said) => Either::Left(view! {
            <small><span aria-hidden="true">{arrow}" "{shown}</span><span class="visually-hidden">{said}</span></small>
        }),
        None => Either::Right(view! { <small>{shown}</small> }),
    }
}

fn charts(page: &Told) -> impl IntoView + use<> {
    let report = &page.report;
    let owed = report.sums.commission.first().map(|money| money.currency);
    let count = |value: i64| text::grouped(value);
    let paid = |value: i64| money(report, value);
    let earned = |value: i64| {
        owed.map_or_else(
            || NOTHING.to_owned(),
            |currency| Money::new(value, currency).to_string(),
        )
    };
    let owed_minor = |sums: &Sums| owed.map_or(0, |currency| sums.commission_in(currency));
    let charts = [
        drawn(page, words::CLICKS, &|sums| sums.clicks, &count),
        drawn(page, words::SALES, &|sums| sums.sales, &count),
        drawn(page, words::REVENUE, &|sums| sums.revenue_minor, &paid),
        drawn(page, words::COMMISSION, &owed_minor, &earned),
    ];
    view! { <section class="charts" aria-label=words::CHARTS>{charts.map(chart).collect_view()}</section> }
}

fn drawn(
    page: &Told,
    name: &'static str,
    value: &dyn Fn(&Sums) -> i64,
    told: &dyn Fn(i64) -> String,
) -> Chart {
    let (report, step) = (&page.report, page.filter.span.step());
    let point = |start| words::point(step, start);
    let most = report.steps.iter().max_by_key(|(_, sums)| value(sums));
    let (at, most) = most
        .map(|(start, sums)| (point(*start), told(value(sums))))
        .unwrap_or_default();
    let bar = |(start, sums): &(chrono::NaiveDate, Sums)| {
        let value = value(sums);
        (value, format!("{}: {}", point(*start), told(value)))
    };
    let end = |place: Option<&(chrono::NaiveDate, Sums)>| {
        place.map(|(start, _)| point(*start)).unwrap_or_default()
    };
    Chart {
        name,
        told: words::chart(name, step, &most, &at),
        whole: told(value(&report.sums)),
        most,
        bars: report.steps.iter().map(bar).collect(),
        before: report.days_before.iter().map(value).collect(),
        ends: [end(report.steps.first()), end(report.steps.last())],
    }
}
