//! What the pages share that the server writes whole: asking for them, and again when their part of the
//! address changes.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::{
    hooks::{use_location, use_params_map, use_query_map},
    params::ParamsMap,
};
use std::sync::Arc;

use crate::{
    at_once::at_once,
    call::{Answer, Asked, Question, ask, load_boxed},
    error::AppError,
    part::{
        served::Served,
        state::{Awaited, Failure},
    },
    server_fn::Written,
    text,
};

/// What stands in the address of a page.
#[derive(Clone, Copy)]
pub(super) struct Address {
    path: Memo<ParamsMap>,
    query: Memo<ParamsMap>,
}

impl Address {
    /// A named part of the path, or a parameter; empty when it is missing.
    pub(super) fn get(self, name: &str) -> String {
        let of = |params: Memo<ParamsMap>| params.read_untracked().get(name);
        of(self.path).or_else(|| of(self.query)).unwrap_or_default()
    }

    /// All parameters, escaped, without the question mark.
    pub(super) fn query(self) -> String {
        let query = self.query.read_untracked().to_query_string();
        query.trim_start_matches('?').to_owned()
    }
}

/// A page that the server writes.
pub(super) fn written<Q: Question>(
    title: &'static str,
    question: impl Fn(Address) -> Q + Send + Sync + 'static,
) -> impl IntoView {
    page(title, Box::new(move |address| ask(question(address))))
}

fn page(title: &'static str, ask: Box<dyn Fn(Address) -> Asked + Send + Sync>) -> impl IntoView {
    let address = Address {
        path: use_params_map(),
        query: use_query_map(),
    };
    let page = load_boxed(asked_again(address), Box::new(move || ask(address)));
    let show = Arc::new(move |answers: Vec<Answer>| {
        match answers.into_iter().next().map(Answer::read::<Written>) {
            Some(Ok(page)) => at_once(view! { <Served html=RwSignal::new(page.html)/> }).into_any(),
            Some(Err(error)) => at_once(failure(title, error)).into_any(),
            None => ().into_any(),
        }
    });
    // What people have named is not in the title, where leptos_meta escapes nothing on the server.
    at_once(view! {
        <Title text=title/>
        <Awaited answers=vec![page] show/>
    })
}

/// How often the page's part of the address has changed.
fn asked_again(address: Address) -> Signal<usize> {
    let location = use_location();
    let here = location.pathname.get_untracked();
    let again = Memo::new(move |asked: Option<&usize>| {
        // A memo that nobody reads does not notice changes.
        drop((address.path.read(), location.search.read()));
        let (path, id) = (location.pathname.read(), address.get("id"));
        // On the way to another page there is nothing to ask.
        let is_here = *path == here || (!id.is_empty() && path.ends_with(&id));
        asked.map_or(0, |asked| asked + usize::from(is_here))
    });
    again.into()
}

/// An address that is not understood is not tried again.
fn failure(title: &'static str, error: AppError) -> impl IntoView {
    let path = use_location().pathname;
    let failure = if matches!(error, AppError::Invalid(_)) {
        Either::Left(view! {
            <Failure error><a class="btn" href=move || path.get()>{text::events::CLEAR_FILTERS}</a></Failure>
        })
    } else {
        Either::Right(view! { <Failure error/> })
    };
    view! { <header class="head"><h1>{title}</h1></header>{failure} }
}
