//! What a page shows when it has nothing to show: empty, failed, loading.

use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;

use crate::{error::AppError, text};

/// Nothing here yet, and what to do about it.
#[component]
pub fn Empty(
    /// What is missing.
    title: &'static str,
    /// What to do.
    hint: &'static str,
    /// How to do it.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="empty">
            <h2>{title}</h2>
            <p>{hint}</p>
            {children()}
        </section>
    }
}

/// The page could not be loaded. The link loads it again, with JavaScript or without.
#[component]
pub fn Failure(
    /// Why.
    error: AppError,
    /// A better way on than trying again.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let location = use_location();
    let again = move || match location.search.get() {
        search if search.is_empty() => location.pathname.get(),
        search => format!("{}?{search}", location.pathname.get()),
    };
    let way_on = match children {
        Some(children) => Either::Left(children()),
        None => Either::Right(view! { <a class="btn" rel="external" href=again>{text::TRY_AGAIN}</a> }),
    };
    view! {
        <section class="empty" role="alert">
            <h2>{text::error::TITLE}</h2>
            <p>{error.message()}</p>
            {way_on}
        </section>
    }
}

/// Rows that are on their way, in the place they will take.
#[component]
pub fn Loading() -> impl IntoView {
    view! {
        <div class="loading" role="status">
            <span class="visually-hidden">{text::sales::LOADING}</span>
            {(0..8).map(|_| view! { <i></i> }).collect_view()}
        </div>
    }
}
