//! The way through the list, and how much of it is on a page.

use leptos::prelude::*;

use crate::{
    query::{SalesQuery, TAKES},
    shown::Summary,
    text::{TIMES_ARE_UTC, sales as words},
};

/// Newer, Older, and the page size.
#[component]
pub fn Pager(
    /// The page's state.
    query: Memo<SalesQuery>,
    /// Where newer and older rows are.
    #[prop(into)]
    summary: Signal<Summary>,
) -> impl IntoView {
    let at = move |cursor: &str| {
        SalesQuery {
            cursor: Some(cursor.to_owned()),
            ..query.get()
        }
        .href()
    };
    let newest = move || {
        query.read().cursor.is_some().then(|| {
            view! {
                <a class="btn quiet" href=query.read().with(|_| ())>{words::NEWEST}</a>
            }
        })
    };
    let newer =
        move || {
            summary.read().newer.as_deref().map(
                |cursor| view! { <a class="btn" rel="prev" href=at(cursor)>{words::NEWER}</a> },
            )
        };
    let older =
        move || {
            summary.read().older.as_deref().map(
                |cursor| view! { <a class="btn" rel="next" href=at(cursor)>{words::OLDER}</a> },
            )
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
            <div class="steps-through">{newest}{newer}{older}</div>
        </nav>
    }
}
