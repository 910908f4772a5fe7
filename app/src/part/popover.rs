//! A filter that opens below its button, and the form in it. Native elements: without JavaScript the
//! button opens it and Apply sends it; with JavaScript a change applies at once.

use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlFormElement, Node};

use super::icon::{Icon, icon};
use crate::{
    call::fields,
    query::{SALES_PATH, SalesQuery},
    text,
};

/// A filter's button with what it is set to, the way to clear it, and what opens below.
#[component]
pub fn Popover<C: IntoView + 'static>(
    /// What it filters by.
    label: &'static str,
    /// What it is set to.
    #[prop(into)]
    value: Signal<Option<String>>,
    /// The address without it.
    #[prop(into)]
    cleared: Signal<String>,
    /// What opens.
    children: TypedChildren<C>,
) -> impl IntoView {
    let details = NodeRef::new();
    close_from_outside(details);
    view! {
        <div class="filter" class:on=move || value.read().is_some()>
            <details name="filter" node_ref=details>
                <summary>
                    <span>{label}</span>
                    <b hidden=move || value.read().is_none()>{move || value.get().unwrap_or_default()}</b>
                    {icon(Icon::Chevron)}
                </summary>
                <div class="drop">{children.into_inner()()}</div>
            </details>
            <a class="clear" data-noscroll hidden=move || value.read().is_none() href=move || cleared.get()
                aria-label=text::sales::clear(label)>{icon(Icon::Close)}</a>
        </div>
    }
}

/// A click elsewhere and the Escape key close it.
fn close_from_outside(details: NodeRef<leptos::html::Details>) {
    let clicks = window_event_listener(ev::click, move |event| {
        let Some(details) = details.get_untracked() else {
            return;
        };
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Node>().ok());
        if details.open() && !details.contains(target.as_ref()) {
            details.set_open(false);
        }
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        let Some(details) = details.get_untracked() else {
            return;
        };
        if event.key() == "Escape" && details.open() {
            details.set_open(false);
            let button = details
                .first_element_child()
                .and_then(|summary| summary.dyn_into::<HtmlElement>().ok());
            drop(button.map(|button| button.focus()));
        }
    });
    on_cleanup(move || {
        clicks.remove();
        keys.remove();
    });
}

/// A form whose fields become part of the address; the other parts stay as they are.
#[component]
pub fn FilterForm<C: IntoView + 'static>(
    /// The page's state.
    query: Memo<SalesQuery>,
    /// The parameters that its fields stand for.
    names: &'static [&'static str],
    /// Keeps the Apply button: what is typed bit by bit does not apply by itself.
    #[prop(optional)]
    by_button: bool,
    /// The fields.
    children: TypedChildren<C>,
) -> impl IntoView {
    let hydrated = RwSignal::new(false);
    Effect::new(move |_| hydrated.set(true));
    let navigate = use_navigate();
    let apply = move |form: &HtmlFormElement| {
        if let Some(wanted) = read(form).filter(|wanted| wanted != &*query.read_untracked()) {
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&wanted.href(), options);
        }
    };
    let on_change = {
        let apply = apply.clone();
        move |event: ev::Event| {
            if let Some(form) = form_of(&event).filter(|_| !by_button) {
                apply(&form);
            }
        }
    };
    let on_submit = move |event: ev::SubmitEvent| {
        if let Some(form) = form_of(&event) {
            event.prevent_default();
            apply(&form);
        }
    };
    let others = move || {
        let query = query.read();
        let kept = query
            .pairs()
            .into_iter()
            .filter(|(name, _)| *name != "cursor" && !names.contains(name));
        kept.flat_map(|(name, values)| {
            values
                .split(',')
                .map(|value| (name, value.to_owned()))
                .collect::<Vec<_>>()
        })
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
    };
    view! {
        <form method="get" action=SALES_PATH on:change=on_change on:submit=on_submit>
            {others}
            {children.into_inner()()}
            <button type="submit" class="btn apply" hidden=move || hydrated.get() && !by_button>{text::sales::APPLY}</button>
        </form>
    }
}

/// The form that listens to the event, whichever of its fields it comes from.
pub(super) fn form_of(event: &ev::Event) -> Option<HtmlFormElement> {
    event.current_target()?.dyn_into().ok()
}

/// The state a form asks for.
fn read(form: &HtmlFormElement) -> Option<SalesQuery> {
    SalesQuery::try_from(String::from(fields(form)?.to_string())).ok()
}
