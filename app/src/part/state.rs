//! What a page shows when it has nothing to show: empty, failed, loading.

use leptos::prelude::*;
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
pub fn Failure(error: AppError) -> impl IntoView {
    let location = use_location();
    let again = move || format!("{}{}", location.pathname.get(), location.search.read().as_str()
        .is_empty().then(String::new).unwrap_or_else(|| format!("?{}", location.search.get())));
    view! {
        <section class="empty" role="alert">
            <h2>{text::error::TITLE}</h2>
            <p>{error.message()}</p>
            <a class="btn" rel="external" href=again>{text::TRY_AGAIN}</a>
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
