//! The tables of a report as markup: who brought most, and from where. Written on the server only (see
//! [`super::served`]).

use domain::money::Money;
use leptos::{either::Either, prelude::*};
use store::report::{Report, SourceSums, Sums, TopAffiliate, TrafficClicks};

use super::{
    badge::source_icon,
    icon::icon,
    report::{Told, amounts, money, sales_of},
    table::head,
};
use crate::{
    query::affiliate_path,
    text::{self, NOTHING, funnel::tenths_of_percent, reports as words},
};

/// Who brought most, with the way to each one's sales.
pub(super) fn affiliates(page: &Told) -> impl IntoView + use<> {
    let row = |one: &TopAffiliate| {
        let sales = sales_of(page).with(|query| query.affiliate = Some(one.affiliate.id));
        let sums = Sums {
            clicks: one.clicks,
            customers: one.customers,
            ..Sums::default()
        };
        let rate = sums
            .conversion_rate()
            .map_or_else(|| NOTHING.to_owned(), words::tenths);
        view! {
            <tr role="row">
                <th role="rowheader" scope="row" class="who">
                    <a class="name" href=affiliate_path(one.affiliate.id)>{one.affiliate.name.to_string()}</a>
                    <small class="mono">{one.affiliate.slug.to_string()}</small>
                </th>
                <td role="cell" data-label=words::CLICKS class="num">{text::grouped(one.clicks)}</td>
                <td role="cell" data-label=words::SALES class="num"><a class="link" href=sales>{text::grouped(one.sales)}</a></td>
                <td role="cell" data-label=words::RATE class="num">{rate}</td>
                <td role="cell" data-label=words::REVENUE class="num">{one.revenue.to_string()}</td>
                <td role="cell" data-label=words::COMMISSION class="num">{amounts(&one.commission)}</td>
            </tr>
        }
    };
    let columns = vec![
        (words::AFFILIATE, ""),
        (words::CLICKS, "num"),
        (words::SALES, "num"),
        (words::RATE, "num"),
        (words::REVENUE, "num"),
        (words::COMMISSION, "num"),
    ];
    let top = &page.report.affiliates;
    let table = if top.is_empty() {
        Either::Left(view! { <p class="hint">{words::NO_SALES}</p> })
    } else {
        Either::Right(view! {
            <table role="table" class="plain">
                {head(words::AFFILIATES, columns)}
                <tbody role="rowgroup">{top.iter().map(row).collect_view()}</tbody>
            </table>
        })
    };
    view! { <section class="told" aria-labelledby="top"><h2 id="top">{words::AFFILIATES}</h2>{table}</section> }
}

/// How sales were attributed, with the way to them.
pub(super) fn sources(page: &Told) -> impl IntoView + use<> {
    let report = &page.report;
    let most = report
        .sources
        .iter()
        .map(|one| one.revenue.minor)
        .max()
        .unwrap_or_default();
    let row = |one: &SourceSums| {
        let source = one.source;
        let sales = sales_of(page).with(|query| query.sources = vec![source]);
        view! {
            <li>
                <span class="source">{icon(source_icon(source))}{source.label()}</span>
                <b>{one.revenue.to_string()}</b>
                {reach(one.revenue.minor, most)}
                <small><a class="link" href=sales>{count_of_sales(one.sales)}</a>", "{words::COMMISSION.to_lowercase()}" "{one.commission.to_string()}</small>
            </li>
        }
    };
    let list = if report.sources.is_empty() {
        Either::Left(view! { <p class="hint">{words::NO_SALES}</p> })
    } else {
        Either::Right(
            view! { <ol class="reaches">{report.sources.iter().map(row).collect_view()}</ol> },
        )
    };
    view! {
        <section class="told" aria-labelledby="sources">
            <h2 id="sources">{words::SOURCES}</h2>
            <p class="hint">{words::SOURCES_HINT}</p>
            {list}
        </section>
    }
}

fn count_of_sales(count: i64) -> String {
    let noun = if count == 1 { "sale" } else { "sales" };
    format!("{} {noun}", text::grouped(count))
}

/// A bar that repeats a number beside the largest.
fn reach(value: i64, most: i64) -> impl IntoView + use<> {
    let width = format!("{}%", tenths_of_percent(value, most) / 10);
    view! { <svg class="reach" aria-hidden="true"><rect width=width height="100%" rx="3"/></svg> }
}

/// Where visits came from.
pub(super) fn traffic(report: &Report) -> impl IntoView + use<> {
    let all = report.sums.clicks;
    let most = report.traffic.first().map_or(0, |one| one.clicks);
    let row = |one: &TrafficClicks| {
        let share = words::tenths(tenths_of_percent(one.clicks, all));
        view! {
            <li>
                <span>{one.source.clone()}</span>
                <b>{text::grouped(one.clicks)}</b>
                {reach(one.clicks, most)}
                <small>{share}</small>
            </li>
        }
    };
    let list = if report.traffic.is_empty() {
        Either::Left(view! { <p class="hint">{words::NO_CLICKS}</p> })
    } else {
        Either::Right(
            view! { <ol class="reaches">{report.traffic.iter().map(row).collect_view()}</ol> },
        )
    };
    view! {
        <section class="told" aria-labelledby="traffic">
            <h2 id="traffic">{words::TRAFFIC}</h2>
            <p class="hint">{words::TRAFFIC_HINT}</p>
            {list}
        </section>
    }
}

/// Every number of the charts.
pub(super) fn behind(page: &Told) -> impl IntoView + use<> {
    let (report, step) = (&page.report, page.filter.span.step());
    let cell = |name: &'static str, told: String| {
        view! { <td role="cell" data-label=name class="num">{told}</td> }
    };
    let row = |(start, sums): &(chrono::NaiveDate, Sums)| {
        let owed: Vec<Money> = sums.commission.clone();
        view! {
            <tr role="row">
                <th role="rowheader" scope="row">{words::point(step, *start)}</th>
                {cell(words::CLICKS, text::grouped(sums.clicks))}
                {cell(words::LEADS, text::grouped(sums.leads))}
                {cell(words::SALES, text::grouped(sums.sales))}
                {cell(words::REVENUE, money(report, sums.revenue_minor))}
                {cell(words::REFUNDS, money(report, sums.refunded_minor))}
                {cell(words::COMMISSION, amounts(&owed))}
            </tr>
        }
    };
    let columns = vec![
        (words::STEP, ""),
        (words::CLICKS, "num"),
        (words::LEADS, "num"),
        (words::SALES, "num"),
        (words::REVENUE, "num"),
        (words::REFUNDS, "num"),
        (words::COMMISSION, "num"),
    ];
    // Newest first, as everywhere.
    let rows: Vec<_> = report.steps.iter().rev().map(row).collect();
    view! {
        <details class="behind">
            <summary>{words::BEHIND}</summary>
            <table role="table" class="plain">{head(words::BEHIND, columns)}<tbody role="rowgroup">{rows}</tbody></table>
        </details>
    }
}
