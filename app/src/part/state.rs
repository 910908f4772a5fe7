//! What a page shows when it has nothing to show: empty, failed, loading.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;
use serde::de::DeserializeOwned;

use crate::{
    at_once::at_once,
    call::{Answer, Loaded},
    error::AppError,
    text,
};

/// Shows what the server answers. Until then what was shown before stays, or rows that are on their
/// way. One component for all pages: what differs between them is only what is shown.
#[component]
pub fn Awaited(
    /// What is waited for.
    answers: Vec<Loaded>,
    /// Shows it.
    show: Arc<dyn Fn(Vec<Answer>) -> AnyView + Send + Sync>,
    /// Leaves the place empty meanwhile.
    #[prop(optional)]
    quiet: bool,
) -> impl IntoView {
    let shown = move || {
        let (answers, show) = (answers.clone(), Arc::clone(&show));
        Suspend::new(async move {
            let mut all = Vec::with_capacity(answers.len());
            for answer in answers {
                all.push(answer.await);
            }
            show(all)
        })
    };
    view! { <Transition fallback=move || (!quiet).then(|| view! { <Loading/> })>{shown}</Transition> }
}

/// Shows the one answer a page waits for, or why there is none.
pub fn shows<T, V>(
    view: impl Fn(T) -> V + Send + Sync + 'static,
) -> Arc<dyn Fn(Vec<Answer>) -> AnyView + Send + Sync>
where
    T: DeserializeOwned + 'static,
    V: IntoView + 'static,
{
    Arc::new(
        move |answers| match answers.into_iter().next().map(Answer::read::<T>) {
            Some(Ok(answer)) => at_once(view(answer)).into_any(),
            Some(Err(error)) => at_once(view! { <Failure error/> }).into_any(),
            None => ().into_any(),
        },
    )
}

/// Nothing here yet, and what to do about it.
#[component]
pub fn Empty<C: IntoView + 'static>(
    /// What is missing.
    title: &'static str,
    /// What to do.
    hint: &'static str,
    /// How to do it.
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <section class="empty">
            <h2>{title}</h2>
            <p>{hint}</p>
            {children.into_inner()()}
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
        None => {
            Either::Right(view! { <a class="btn" rel="external" href=again>{text::TRY_AGAIN}</a> })
        }
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
            <i></i><i></i><i></i><i></i><i></i><i></i><i></i><i></i>
        </div>
    }
}
