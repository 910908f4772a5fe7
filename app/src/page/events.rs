//! The inbox: what the processors told, what became of it, and taking it in again.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    at_once::at_once,
    call::{Answer, load},
    error::AppError,
    part::{
        badge::outcome_badge,
        select_form::SelectForm,
        state::{Awaited, Empty, Failure},
        table::head,
        time::Moment,
    },
    server_fn::event::{EventRow, EventsPage, LoadEvents},
    text::{TIMES_ARE_UTC, events as words, sales},
};

const HERE: &str = "/dashboard/events";

/// The inbox.
#[component]
pub fn Events() -> impl IntoView {
    let (params, location) = (use_query_map(), use_location());
    // The server reads the address; here it only says when to ask again.
    let again = Memo::new(move |asked: Option<&usize>| {
        // A memo that nobody reads does not notice changes.
        drop(location.search.read());
        let asked = asked.copied();
        // On the way to another page there is nothing to ask.
        let is_here = location.pathname.read().trim_end_matches('/') == HERE;
        asked.map_or(0, |asked| asked + usize::from(is_here))
    });
    let page = load(again.into(), move || {
        let param = |name| params.read_untracked().get(name).unwrap_or_default();
        LoadEvents {
            outcome: param("outcome"),
            kind: param("type"),
            connection: param("connection"),
            cursor: param("cursor"),
        }
    });
    let show = Arc::new(|answers: Vec<Answer>| {
        let page = answers.into_iter().next().map(Answer::read::<EventsPage>);
        let body = match page {
            Some(Ok(page)) => Either::Left(view! { <Screen page/> }),
            Some(Err(error)) => Either::Right(failure(error)),
            None => return ().into_any(),
        };
        at_once(view! { <header class="head"><h1>{words::TITLE}</h1></header>{body} }).into_any()
    });
    at_once(view! {
        <Title text=words::TITLE/>
        <Awaited answers=vec![page] show/>
    })
}

/// An address that is not understood is not tried again.
fn failure(error: AppError) -> impl IntoView {
    if matches!(error, AppError::Invalid(_)) {
        return Either::Left(
            view! { <Failure error><a class="btn" href=HERE>{words::CLEAR_FILTERS}</a></Failure> },
        );
    }
    Either::Right(view! { <Failure error/> })
}

#[component]
fn Screen(page: EventsPage) -> impl IntoView {
    let EventsPage {
        rows,
        filters,
        is_filtered,
        steps,
        now,
    } = page;
    let labels = [words::OUTCOME, words::TYPE, words::CONNECTION];
    let filters: Vec<_> = labels.into_iter().zip(filters).collect();
    let list = match (rows.is_empty(), is_filtered) {
        (false, _) => Either::Left(view! { <Table rows now/><Steps steps/> }),
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
    view! { <SelectForm path=HERE filters/>{list} }
}

/// The way through the list.
#[component]
fn Steps(steps: [Option<String>; 3]) -> impl IntoView {
    let names = [sales::NEWEST, sales::NEWER, sales::OLDER];
    let step = |(name, href): (&'static str, Option<String>)| {
        view! { <a class="btn" hidden=href.is_none() href=href>{name}</a> }
    };
    view! {
        <nav class="pager" aria-label=sales::PAGES>
            <noscript><p>{TIMES_ARE_UTC}</p></noscript>
            <div class="steps-through">{names.into_iter().zip(steps).map(step).collect_view()}</div>
        </nav>
    }
}

#[component]
fn Table(rows: Vec<EventRow>, now: i64) -> impl IntoView {
    let row = move |row: EventRow| {
        let sale = row.conversion_id.map(sale_link);
        view! {
            <tr role="row">
                <th role="rowheader" scope="row" class="who">
                    <a class="name" href=format!("{HERE}/{}", row.id)>{row.kind}</a><small class="mono">{row.external_id}</small>
                </th>
                <td role="cell" data-label=words::OUTCOME>{outcome_badge(row.outcome)}</td>
                <td role="cell" data-label=words::DETAIL>{row.detail}" "{sale}</td>
                <td role="cell" data-label=words::CONNECTION>{connection(row.connection, row.processor, row.is_test)}</td>
                <td role="cell" data-label=words::RECEIVED class="muted"><Moment at=row.received_at server_now=now/></td>
            </tr>
        }
    };
    let columns = vec![
        (words::TYPE, ""),
        (words::OUTCOME, ""),
        (words::DETAIL, ""),
        (words::CONNECTION, ""),
        (words::RECEIVED, ""),
    ];
    view! {
        <table role="table" class="plain inbox">
            {head(words::CAPTION, columns)}
            <tbody role="rowgroup">{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

/// The way to the sale that an event made or met.
pub(super) fn sale_link(id: domain::id::ConversionId) -> impl IntoView {
    view! { <a class="link" href=format!("/dashboard/sales/{id}")>{words::OPEN_SALE}</a> }
}

/// Through which account an event came, and that it is a test's.
pub(super) fn connection(name: String, processor: String, is_test: bool) -> impl IntoView {
    let processor = (processor != name).then(|| view! { <small>{processor}</small> });
    let test = is_test.then(|| view! { " "<span class="word test">{words::TEST}</span> });
    view! { {name}{test}{processor} }
}
