//! The page of payouts as markup: what is payable, and what was paid. Written on the server only (see
//! [`super::served`]).

use domain::{
    id::{AffiliateId, PayoutId},
    money::Money,
    payout::{CarriedOver, Outcome},
};
use leptos::{either::Either, prelude::*};
use store::payout::{Payable, PayoutView};

use super::{
    badge::payout_badge,
    events::{Filter, day, pager, select},
    icon::{Icon, icon},
    served::short_moment,
    state::Empty,
    table::head,
};
use crate::{
    moment::Millis,
    query::{PAYOUTS_PATH as HERE, affiliate_path},
    text::{events, payouts as words},
};

/// What is told.
pub(crate) struct Told {
    /// The most first; `None`: not told here.
    pub(crate) owed: Option<Vec<Payable>>,
    /// Is that not all of it?
    pub(crate) owes_more: bool,
    /// Newest first.
    pub(crate) lines: Vec<PayoutView>,
    pub(crate) filters: Vec<Filter>,
    /// The first and the last day that are chosen, as an address writes them; empty is any.
    pub(crate) days: [String; 2],
    /// Does a filter leave something out?
    pub(crate) is_filtered: bool,
    /// What has no field of its own and stays when a filter is chosen.
    pub(crate) kept: Vec<(&'static str, String)>,
    /// Where the newest rows, newer ones and older ones are.
    pub(crate) steps: [Option<String>; 3],
    /// Where the list is as a file.
    pub(crate) export: String,
    /// How many payouts a run just made.
    pub(crate) made: Option<usize>,
    pub(crate) may_edit: bool,
    /// When this is told, which decides how moments are written.
    pub(crate) now: Millis,
}

/// Where a payout lives.
pub(crate) fn payout_path(id: PayoutId) -> String {
    format!("{HERE}/{id}")
}

/// The page of payouts.
pub(crate) fn told(page: Told) -> impl IntoView {
    let made = page
        .made
        .map(|count| view! { <p class="notice" role="status">{words::made(count)}</p> });
    let is_bare = page.lines.is_empty() && !page.is_filtered;
    let export = (!is_bare).then(|| {
        view! { <a class="btn" rel="external" href=page.export.clone()>{icon(Icon::Download)}<span>{words::EXPORT}</span></a> }
    });
    let run = page.may_edit.then(|| {
        view! { <a class="btn main" href=format!("{HERE}/new")>{icon(Icon::Plus)}<span>{words::RUN}</span></a> }
    });
    view! {
        <header class="head">
            <h1>{words::TITLE}</h1>
            <div class="push actions">{export}{run}</div>
        </header>
        {made}
        <div class="payouts">
            {page.owed.as_deref().map(|owed| payable(owed, page.owes_more))}
            <section aria-labelledby="history">
                <header><h2 id="history">{words::HISTORY}</h2></header>
                {history(page)}
            </section>
        </div>
    }
}

fn payable(owed: &[Payable], owes_more: bool) -> impl IntoView + use<> {
    let list = if owed.is_empty() {
        Either::Left(view! { <p class="none">{words::NOTHING_PAYABLE}</p> })
    } else {
        let all = owes_more.then(|| {
            view! { <p class="hint"><a class="link" href=format!("{HERE}/new")>{words::ALL_PAYABLE}</a></p> }
        });
        Either::Right(view! {
            {owed_table(words::PAYABLE_CAPTION, owed)}
            {all}
        })
    };
    view! {
        <section aria-labelledby="payable">
            <header><h2 id="payable">{words::PAYABLE}</h2></header>
            <p class="hint">{words::PAYABLE_HINT}</p>
            {list}
        </section>
    }
}

/// What is due to whom, and what a run makes of it.
pub(super) fn owed_table(caption: &'static str, lines: &[Payable]) -> impl IntoView + use<> {
    let columns = vec![
        (words::AFFILIATE, ""),
        (words::EARNED, "num"),
        (words::DEBT, "num"),
        (words::AMOUNT, "num"),
        (words::NEXT, ""),
    ];
    view! {
        <table role="table" class="plain accounts">
            {head(caption, columns)}
            <tbody role="rowgroup">{lines.iter().map(owed).collect_view()}</tbody>
        </table>
    }
}

fn owed(line: &Payable) -> impl IntoView + use<> {
    let due = &line.due;
    let money = |minor: i64| Money::new(minor, due.currency).to_string();
    let debt = (due.debt_minor > 0).then(|| money(due.debt_minor.saturating_neg()));
    let earned = (due.earned_minor > 0).then(|| money(due.earned_minor));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who"><a class="name" href=affiliate_path(due.affiliate_id)>{line.name.clone()}</a><small>{words::entries(due.rows())}</small></th>
            <td role="cell" data-label=words::EARNED class="num">{earned}</td>
            <td role="cell" data-label=words::DEBT class="num">{debt}</td>
            <td role="cell" data-label=words::AMOUNT class="num strong">{due.amount().to_string()}</td>
            <td role="cell" data-label=words::NEXT>{outcome(line)}</td>
        </tr>
    }
}

/// What becomes of it in a run: a shape and a word, and the reason.
fn outcome(line: &Payable) -> impl IntoView + use<> {
    let minimum = Money::new(line.due.threshold_minor, line.due.currency);
    let (shape, class, text) = match line.outcome {
        Outcome::Pays(method) => (
            Icon::Approved,
            "status approved",
            words::included(method).to_owned(),
        ),
        Outcome::Settles => (Icon::Paid, "status paid", words::SETTLES.to_owned()),
        Outcome::Carries(why) => {
            let (shape, class) = match why {
                CarriedOver::BelowThreshold | CarriedOver::NothingDue => {
                    (Icon::Pending, "status pending")
                }
                CarriedOver::InDebt => (Icon::Refunded, "status refunded"),
                CarriedOver::NoAccount | CarriedOver::NotActive => (Icon::Denied, "status denied"),
            };
            (shape, class, words::carried(why, minimum))
        }
    };
    view! { <span class=class>{icon(shape)}{text}</span> }
}

fn history(page: Told) -> impl IntoView {
    let kept = page
        .kept
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    let list = match (page.lines.is_empty(), page.is_filtered) {
        (false, _) => Either::Left(view! { {table(&page.lines, page.now)}{pager(page.steps)} }),
        (true, true) => Either::Right(Either::Left(view! {
            <Empty title=words::NOTHING_FITS hint=words::NOTHING_FITS_HINT>
                <a class="btn" href=HERE>{events::CLEAR_FILTERS}</a>
            </Empty>
        })),
        (true, false) => Either::Right(Either::Right(view! {
            <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty>
        })),
    };
    let days = [("since", words::SINCE), ("to", words::TO)]
        .into_iter()
        .zip(page.days);
    let clear = page
        .is_filtered
        .then(|| view! { <a class="btn quiet" href=HERE>{events::CLEAR_FILTERS}</a> });
    // Going back, a browser would restore what was chosen on the page that was left.
    view! {
        <form class="selects" method="get" autocomplete="off" action=HERE aria-label=words::FILTERS>
            {kept.collect_view()}
            {page.filters.into_iter().map(select).collect_view()}
            {days.map(day).collect_view()}
            <button type="submit" class="btn">{events::APPLY}</button>
            {clear}
        </form>
        {list}
    }
}

/// Payouts, one a row.
fn table(lines: &[PayoutView], now: Millis) -> impl IntoView + use<> {
    let columns = vec![
        (words::AFFILIATE, ""),
        (words::AMOUNT, "num"),
        (words::METHOD, ""),
        (words::STATUS, ""),
        (words::CREATED, ""),
    ];
    let row = |line: &PayoutView| row(line, now);
    view! {
        <table role="table" class="plain accounts">
            {head(words::CAPTION, columns)}
            <tbody role="rowgroup">{lines.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(line: &PayoutView, now: Millis) -> impl IntoView + use<> {
    let payout = &line.payout;
    let failure = payout
        .failure
        .as_deref()
        .map(|why| view! { <small>{crate::text::sentence(why)}</small> });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who"><a class="name" href=payout_path(payout.id)>{line.affiliate_name.clone()}</a></th>
            <td role="cell" data-label=words::AMOUNT class="num strong">{payout.amount.to_string()}</td>
            <td role="cell" data-label=words::METHOD>{words::method(payout.method)}</td>
            <td role="cell" data-label=words::STATUS>{payout_badge(payout.status)}{failure}</td>
            <td role="cell" data-label=words::CREATED class="muted">{short_moment(payout.created_at, now)}</td>
        </tr>
    }
}

/// The newest payouts of an affiliate, for his page.
pub(super) fn of_affiliate(
    id: AffiliateId,
    lines: &[PayoutView],
    now: Millis,
) -> impl IntoView + use<> {
    let title = view! { <h2 id="payouts">{words::TITLE}</h2> };
    if lines.is_empty() {
        return Either::Left(
            view! { <header>{title}</header><p class="none">{words::NONE_OF_HIS}</p> },
        );
    }
    let all = format!("{HERE}?affiliate={id}");
    Either::Right(view! {
        <header>{title}<a class="link" href=all>{words::ALL}</a></header>
        {table(lines, now)}
    })
}
