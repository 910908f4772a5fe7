//! Markup that the server has written whole. The browser shows it as it is and adds what only it can:
//! the viewer's zone, the clipboard, filters that apply at once, forms that don't leave the page. So what is long and hardly
//! changes costs its program next to nothing.

use std::time::Duration;

use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlFormElement};

use super::copy::write;
use crate::{
    call::{Sending, fields},
    moment::{Civil, Clock},
};

/// How long a copied value is marked.
const SHOWN_FOR: Duration = Duration::from_millis(1500);

/// How often a page is loaded again that tells of something under way.
const AGAIN: Duration = Duration::from_secs(2);

/// Shows markup of the server's; its forms go to `sending`.
#[component]
pub fn Served(
    /// The markup.
    html: RwSignal<String>,
    /// The form that is sent without leaving the page. Others are sent as by any browser.
    #[prop(optional)]
    sending: Option<Sending>,
) -> impl IntoView {
    let root = NodeRef::<html::Div>::new();
    let clock = expect_context::<Clock>();
    Effect::new(move |before: Option<String>| {
        let now = html.get();
        if let Some(root) = root.get() {
            if before.is_some_and(|before| before != now) {
                root.set_inner_html(&now);
            }
            root.set_class_name("served alive");
            tell_local_times(&root, clock);
            load_again(&root);
        }
        now
    });
    let on_submit = move |event: ev::SubmitEvent| {
        if let Some(sending) = sending {
            sending.take(&event);
        }
    };
    let on_click = move |event: ev::MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let button = target.and_then(|target| target.closest("[data-copy]").ok().flatten());
        if let Some(button) = button {
            copy_from(button);
        }
    };
    let navigate = use_navigate();
    let on_change = move |event: ev::Event| {
        if let Some(href) = filtered(&event) {
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&href, options);
        }
    };
    view! {
        <div class="served" node_ref=root inner_html=html.get_untracked() on:submit=on_submit on:click=on_click on:change=on_change></div>
    }
}

/// Where a form of filters leads after a change in it; what is empty is left out. Without JavaScript a
/// button sends it.
fn filtered(event: &ev::Event) -> Option<String> {
    let field = event.target()?.dyn_into::<Element>().ok()?;
    let form = field.closest("form.selects").ok()??;
    let form = form.dyn_into::<HtmlFormElement>().ok()?;
    let text = String::from(fields(&form)?.to_string());
    let given: Vec<&str> = text
        .split('&')
        .filter(|pair| !pair.ends_with('='))
        .collect();
    Some(format!(
        "{}?{}",
        form.get_attribute("action")?,
        given.join("&")
    ))
}

/// What a button copies: its own value, or else the text that is laid out beside it.
fn copied(button: &Element) -> Option<String> {
    let own = button.get_attribute("data-copy")?;
    if !own.is_empty() {
        return Some(own);
    }
    let around = button.closest(".laid-out").ok()??;
    around.query_selector("pre").ok()??.text_content()
}

/// Until then they are told in UTC.
fn tell_local_times(root: &Element, clock: Clock) {
    let times = root.get_elements_by_tag_name("time");
    for time in (0..times.length()).filter_map(|index| times.item(index)) {
        let at = time.get_attribute("data-at").and_then(|at| at.parse().ok());
        let told = match at {
            Some(at) if time.has_attribute("data-short") => clock.short_here(at),
            Some(at) => Some(Civil::local(at).plain()),
            None => None,
        };
        if told.is_some() {
            time.set_text_content(told.as_deref());
        }
    }
}

/// What says so is loaded again, as long as it is shown. Without JavaScript it says it to the browser.
fn load_again(root: &Element) {
    let Ok(Some(under_way)) = root.query_selector("[data-again]") else {
        return;
    };
    let again = move || {
        if under_way.is_connected() {
            drop(window().location().reload());
        }
    };
    set_timeout(again, AGAIN);
}

fn copy_from(button: Element) {
    if copied(&button).is_some_and(|value| write(&value)) {
        button.set_class_name("copy copied");
        set_timeout(move || button.set_class_name("copy"), SHOWN_FOR);
    }
}

#[cfg(feature = "ssr")]
pub(crate) use markup::{copy, copy_as, copy_text, moment, short_moment};

/// What [`Served`] gives life to.
#[cfg(feature = "ssr")]
mod markup {
    use chrono::{DateTime, Utc};
    use leptos::prelude::*;

    use crate::{
        moment::{Civil, Clock, Millis},
        part::icon::{Icon, icon},
        text,
    };

    /// A moment: in UTC at first, exact on hover.
    pub(crate) fn moment(at: DateTime<Utc>) -> impl IntoView {
        let at = at.timestamp_millis();
        let utc = Civil::utc(at);
        view! { <time datetime=utc.iso() data-at=at.to_string() title=utc.exact()>{utc.plain()}</time> }
    }

    /// A moment in a few characters, as of `now`.
    pub(crate) fn short_moment(at: DateTime<Utc>, now: Millis) -> impl IntoView {
        let at = at.timestamp_millis();
        let utc = Civil::utc(at);
        view! { <time datetime=utc.iso() data-at=at.to_string() data-short="" title=utc.exact()>{Clock::short_utc(at, now)}</time> }
    }

    /// A button that copies `value`.
    pub(crate) fn copy(value: &str) -> impl IntoView + use<> {
        button(value, value)
    }

    /// A button that copies `value`, which is called `name`.
    pub(crate) fn copy_as(name: &str, value: &str) -> impl IntoView + use<> {
        button(value, name)
    }

    /// A button that copies the text that is laid out beside it, inside the same `.laid-out`.
    pub(crate) fn copy_text(name: &str) -> impl IntoView + use<> {
        button("", name)
    }

    fn button(value: &str, name: &str) -> impl IntoView + use<> {
        view! {
            <button type="button" class="copy" data-copy=value.to_owned() aria-label=text::copy(name)>{icon(Icon::Copy)}</button>
        }
    }
}
