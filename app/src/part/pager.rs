//! The way through the list, and how much of it is on a page.

use leptos::prelude::*;

use crate::{
    query::{SalesQuery, TAKES},
    shown::Summary,
    text::{TIMES_ARE_UTC, sales as words},
};

/// A step: its name, whether there is none, and where it leads.
type Link = (
    &'static str,
    fn(&SalesQuery, &Summary) -> bool,
    fn(&SalesQuery, &Summary) -> Option<String>,
);

/// Newest, Newer, Older, and the page size.
#[component]
pub fn Pager(
    /// The page's state.
    query: Memo<SalesQuery>,
    /// Where newer and older rows are.
    #[prop(into)]
    summary: Signal<Summary>,
) -> impl IntoView {
    let at = |query: &SalesQuery, cursor: Option<String>| {
        SalesQuery {
            cursor,
            ..query.clone()
        }
        .href()
    };
    let links: [Link; 3] = [
        (
            words::NEWEST,
            |query, _| query.cursor.is_none(),
            |_, _| None,
        ),
        (
            words::NEWER,
            |_, summary| summary.newer.is_none(),
            |_, summary| summary.newer.clone(),
        ),
        (
            words::OLDER,
            |_, summary| summary.older.is_none(),
            |_, summary| summary.older.clone(),
        ),
    ];
    let link = move |(name, is_end, cursor): Link| {
        view! {
            <a class="btn" hidden=move || is_end(&query.read(), &summary.read())
                href=move || at(&query.read(), cursor(&query.read(), &summary.read()))>{name}</a>
        }
    };
    let size = move |take: u16| {
        view! {
            <li>
                <a data-noscroll href=move || query.read().with(|query| query.take = take)
                    aria-current=move || (query.read().take == take).then_some("true")>{take}</a>
            </li>
        }
    };
    view! {
        <nav class="pager" aria-label=words::PAGES>
            <p>{words::NEWEST_FIRST}</p>
            <ul class="sizes" aria-label=words::PER_PAGE>{TAKES.map(size)}</ul>
            <p>{words::PER_PAGE}</p>
            <noscript><p>{TIMES_ARE_UTC}</p></noscript>
            <div class="steps-through">{links.map(link)}</div>
        </nav>
    }
}
