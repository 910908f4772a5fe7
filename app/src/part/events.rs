//! The inbox of events as markup. Written on the server only (see [`super::served`]).

use domain::connection::Mode;
use leptos::{either::Either, prelude::*};
use store::event::EventView;

use super::{badge::outcome_badge, served::short_moment, state::Empty, table::head};
use crate::{
    query::sale_path,
    server_fn::Choice,
    text::{TIMES_ARE_UTC, events as words, sales},
};

const HERE: &str = "/dashboard/events";

/// A filter: one of a list, or all.
#[derive(Clone)]
pub(crate) struct Filter {
    /// Its parameter in the address.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) label: &'static str,
    /// What can be chosen.
    pub(crate) choices: Vec<Choice>,
    /// What is chosen; empty is all.
    pub(crate) chosen: String,
}

/// What is told.
pub(crate) struct Told {
    /// Newest first.
    pub(crate) events: Vec<EventView>,
    pub(crate) filters: Vec<Filter>,
    /// The first and the last day that are chosen, as an address writes them; empty is any.
    pub(crate) days: [String; 2],
    /// Does a filter leave something out?
    pub(crate) is_filtered: bool,
    /// Where the newest rows, newer ones and older ones are.
    pub(crate) steps: [Option<String>; 3],
    /// When this is told, which decides how moments are written.
    pub(crate) now: crate::moment::Millis,
}

/// A page of the inbox.
pub(crate) fn told(page: Told) -> impl IntoView {
    let list = match (page.events.is_empty(), page.is_filtered) {
        (false, _) => Either::Left(view! { {table(&page)}{pager(page.steps)} }),
        (true, true) => Either::Right(Either::Left(view! {
            <Empty title=words::NOTHING_FITS hint=words::NOTHING_FITS_HINT>
                <a class="btn" href=HERE>{words::CLEAR_FILTERS}</a>
            </Empty>
        })),
        (true, false) => Either::Right(Either::Right(view! {
            <Empty title=words::EMPTY hint=words::EMPTY_HINT>
                <a class="btn" href="/dashboard/connections">{words::TO_CONNECTIONS}</a>
            </Empty>
        })),
    };
    // Going back, a browser would restore what was chosen on the page that was left.
    view! {
        <header class="head"><h1>{words::TITLE}</h1></header>
        <form class="selects" method="get" autocomplete="off" action=HERE aria-label=words::FILTERS>
            {page.filters.into_iter().map(select).collect_view()}
            {[("since", words::SINCE), ("to", words::TO)].into_iter().zip(page.days).map(day).collect_view()}
            <button type="submit" class="btn">{words::APPLY}</button>
        </form>
        {list}
    }
}

/// One of a list of filters.
pub(super) fn select(filter: Filter) -> impl IntoView {
    let Filter {
        name,
        label,
        choices,
        chosen,
    } = filter;
    let class = (!chosen.is_empty()).then_some("on");
    let option = |choice: Choice| {
        let is_chosen = choice.id == chosen;
        view! { <option value=choice.id selected=is_chosen>{choice.name}</option> }
    };
    view! {
        <label class=class>
            <span>{label}</span>
            <select name=name>{choices.into_iter().map(option).collect_view()}</select>
        </label>
    }
}

/// A first or last day.
pub(super) fn day(
    ((name, label), chosen): ((&'static str, &'static str), String),
) -> impl IntoView {
    let class = (!chosen.is_empty()).then_some("on");
    view! {
        <label class=class>
            <span>{label}</span>
            <input type="date" name=name value=chosen title=sales::UTC_DAYS/>
        </label>
    }
}

/// The way through the list.
pub(super) fn pager(steps: [Option<String>; 3]) -> impl IntoView {
    let names = [sales::NEWEST, sales::NEWER, sales::OLDER];
    let steps = names.into_iter().zip(steps);
    let steps: Vec<_> = steps
        .filter_map(|(name, href)| Some(view! { <a class="btn" href=href?>{name}</a> }))
        .collect();
    view! {
        <nav class="pager" aria-label=sales::PAGES>
            <noscript><p>{TIMES_ARE_UTC}</p></noscript>
            <div class="steps-through">{steps}</div>
        </nav>
    }
}

fn table(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::TYPE, ""),
        (words::OUTCOME, ""),
        (words::DETAIL, ""),
        (words::CONNECTION, ""),
        (words::RECEIVED, ""),
    ];
    let row = |event: &EventView| row(event, page.now);
    view! {
        <table role="table" class="plain inbox">
            {head(words::CAPTION, columns)}
            <tbody role="rowgroup">{page.events.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(event: &EventView, now: crate::moment::Millis) -> impl IntoView + use<> {
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who">
                <a class="name" href=format!("{HERE}/{}", event.id)>{event.kind.clone()}</a><small class="mono">{event.external_id.clone()}</small>
            </th>
            <td role="cell" data-label=words::OUTCOME>{outcome_badge(event.outcome)}</td>
            <td role="cell" data-label=words::DETAIL>{event.detail.clone()}" "{sale_link(event)}</td>
            <td role="cell" data-label=words::CONNECTION>{connection(event)}</td>
            <td role="cell" data-label=words::RECEIVED class="muted">{short_moment(event.received_at, now)}</td>
        </tr>
    }
}

/// The way to the sale that an event made or met.
pub(super) fn sale_link(event: &EventView) -> Option<impl IntoView + use<>> {
    let id = event.conversion_id?;
    Some(view! { <a class="link" href=sale_path(id)>{words::OPEN_SALE}</a> })
}

/// Through which account an event came, and that it is a test's.
pub(super) fn connection(event: &EventView) -> impl IntoView + use<> {
    let (name, processor) = (event.connection_name.clone(), event.processor.label());
    let processor = (processor != name).then(|| view! { <small>{processor}</small> });
    let test = (event.mode == Mode::Test)
        .then(|| view! { " "<span class="word test">{words::TEST}</span> });
    view! { {name}{test}{processor} }
}
