//! A run of payouts before it is made, as markup: every line of it, and the button. Written on the server only
//! (see [`super::served`]).

use domain::money::Money;
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use store::payout::Payable;

use super::{
    events::{Filter, select},
    fields::Refused,
    payouts::owed_table,
};
use crate::{
    query::PAYOUTS_PATH,
    server_fn::payout::RunPayouts,
    text::{self, events, payouts as words},
};

/// Where the page lives.
pub(crate) const HERE: &str = "/dashboard/payouts/new";

/// What is told.
pub(crate) struct Told {
    /// What the run would do, those who are paid first.
    pub(crate) lines: Vec<Payable>,
    pub(crate) totals: Vec<Money>,
    pub(crate) filters: Vec<Filter>,
    /// Why it was not made.
    pub(crate) refused: Refused,
    pub(crate) may_edit: bool,
}

/// The run.
pub(crate) fn told(page: Told) -> impl IntoView {
    let (paid, left): (Vec<Payable>, Vec<Payable>) = page
        .lines
        .into_iter()
        .partition(|line| line.carried_over().is_none());
    let failed = page
        .refused
        .failed
        .clone()
        .map(|why| view! { <p class="form-error" role="alert">{why}</p> });
    let hidden: Vec<_> = page
        .filters
        .iter()
        .map(|filter| (format!("form[{}]", filter.name), filter.chosen.clone()))
        .collect();
    let run = if paid.is_empty() {
        Either::Left(view! {
            <section class="empty small">
                <h2>{words::NOTHING_TO_RUN}</h2>
                <p>{if left.is_empty() { words::NOBODY_OWED } else { words::NOTHING_TO_RUN_HINT }}</p>
            </section>
        })
    } else {
        Either::Right(view! {
            {sums(&page.totals, paid.len())}
            {page.may_edit.then(|| button(hidden))}
            <section aria-labelledby="lines">
                <header><h2 id="lines">{words::LINES}</h2></header>
                {owed_table(words::LINES, &paid)}
            </section>
        })
    };
    let left = (!left.is_empty()).then(|| {
        view! {
            <section aria-labelledby="left">
                <header><h2 id="left">{words::LEFT_OUT}</h2></header>
                <p class="hint">{words::LEFT_OUT_HINT}</p>
                {owed_table(words::LEFT_OUT, &left)}
            </section>
        }
    });
    view! {
        <p class="back"><a class="link" href=PAYOUTS_PATH>{words::ALL}</a></p>
        <header class="head"><h1>{words::RUN_TITLE}</h1></header>
        <p class="muted lead">{words::RUN_HINT}</p>
        {failed}
        <form class="selects" method="get" autocomplete="off" action=HERE aria-label=words::FILTERS>
            {page.filters.into_iter().map(select).collect_view()}
            <button type="submit" class="btn">{events::APPLY}</button>
        </form>
        <div class="payouts">{run}{left}</div>
    }
}

/// Currencies are never added to each other: each has its own.
fn sums(totals: &[Money], count: usize) -> impl IntoView + use<> {
    let sum = |total: &Money| {
        let name = words::to_send(total.currency);
        view! { <div><dt>{name}</dt><dd>{total.to_string()}</dd></div> }
    };
    view! {
        <div class="totals" role="group" aria-label=words::TOTALS>
            <dl>
                <div><dt>{words::TITLE}</dt><dd>{text::grouped(i64::try_from(count).unwrap_or(i64::MAX))}</dd></div>
                {totals.iter().map(sum).collect_view()}
            </dl>
        </div>
    }
}

fn button(hidden: Vec<(String, String)>) -> impl IntoView {
    let hidden = hidden
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    view! {
        <form method="post" action=RunPayouts::PATH class="go">
            {hidden.collect_view()}
            <button type="submit" class="btn main">{words::GO}</button>
        </form>
    }
}
