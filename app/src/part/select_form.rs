//! Filters picked from short lists, side by side: a form whose fields become the address. Without
//! JavaScript a button sends it; with JavaScript a change applies at once.

use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::HtmlFormElement;

use super::popover::form_of;
use crate::{
    call::fields,
    server_fn::{Choice, event::Filter},
    text::events as words,
};

/// The filters of a page.
#[component]
pub fn SelectForm(
    /// Where the page lives.
    path: &'static str,
    /// The filters and their labels.
    filters: Vec<(&'static str, Filter)>,
) -> impl IntoView {
    let hydrated = RwSignal::new(false);
    Effect::new(move |_| hydrated.set(true));
    let navigate = use_navigate();
    let apply = move |event: &ev::Event| {
        if let Some(query) = form_of(event).as_ref().and_then(read) {
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&format!("{path}?{query}"), options);
        }
    };
    let on_change = {
        let apply = apply.clone();
        move |event: ev::Event| apply(&event)
    };
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        apply(&event);
    };
    // Going back, a browser would restore what was chosen on the page that was left.
    view! {
        <form class="selects" method="get" autocomplete="off" action=path aria-label=words::FILTERS on:change=on_change on:submit=on_submit>
            {filters.into_iter().map(|(label, filter)| select(label, filter)).collect_view()}
            <button type="submit" class="btn" hidden=move || hydrated.get()>{words::APPLY}</button>
        </form>
    }
}

fn select(label: &'static str, filter: Filter) -> impl IntoView {
    let Filter {
        name,
        choices,
        chosen,
    } = filter;
    let (selected, is_on) = (chosen.clone(), !chosen.is_empty());
    let option = move |choice: Choice| {
        view! { <option value=choice.id.clone() selected=choice.id == selected>{choice.name}</option> }
    };
    view! {
        <label class:on=is_on>
            <span>{label}</span>
            <select name=name prop:value=chosen>{choices.into_iter().map(option).collect_view()}</select>
        </label>
    }
}

/// The query that a form asks for; what is empty is left out.
fn read(form: &HtmlFormElement) -> Option<String> {
    let text = String::from(fields(form)?.to_string());
    let given: Vec<&str> = text
        .split('&')
        .filter(|pair| !pair.ends_with('='))
        .collect();
    Some(given.join("&"))
}
