//! Markup that the server has written whole. The browser shows it as it is and adds what only it can:
//! the viewer's zone, the clipboard, forms that don't leave the page. So what is long and hardly
//! changes costs its program next to nothing.

use std::time::Duration;

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::copy::write;
use crate::{call::Sending, moment::Civil};

/// How long a copied value is marked.
const SHOWN_FOR: Duration = Duration::from_millis(1500);

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
    Effect::new(move |before: Option<String>| {
        let now = html.get();
        if let Some(root) = root.get() {
            if before.is_some_and(|before| before != now) {
                root.set_inner_html(&now);
            }
            tell_local_times(&root);
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
    view! { <div class="served" node_ref=root inner_html=html.get_untracked() on:submit=on_submit on:click=on_click></div> }
}

/// Until then they are told in UTC.
fn tell_local_times(root: &Element) {
    let times = root.get_elements_by_tag_name("time");
    for time in (0..times.length()).filter_map(|index| times.item(index)) {
        let at = time.get_attribute("data-at").and_then(|at| at.parse().ok());
        if let Some(at) = at {
            time.set_text_content(Some(&Civil::local(at).plain()));
        }
    }
}

fn copy_from(button: Element) {
    if write(&button.get_attribute("data-copy").unwrap_or_default()) {
        button.set_class_name("copy copied");
        set_timeout(move || button.set_class_name("copy"), SHOWN_FOR);
    }
}

#[cfg(feature = "ssr")]
pub(crate) use markup::{copy, moment};

/// What [`Served`] gives life to.
#[cfg(feature = "ssr")]
mod markup {
    use chrono::{DateTime, Utc};
    use leptos::prelude::*;

    use crate::{
        moment::Civil,
        part::icon::{Icon, icon},
        text,
    };

    /// A moment: in UTC at first, exact on hover.
    pub(crate) fn moment(at: DateTime<Utc>) -> impl IntoView {
        let at = at.timestamp_millis();
        let utc = Civil::utc(at);
        view! { <time datetime=utc.iso() data-at=at.to_string() title=utc.exact()>{utc.plain()}</time> }
    }

    /// A button that copies `value`.
    pub(crate) fn copy(value: &str) -> impl IntoView + use<> {
        view! {
            <button type="button" class="copy" data-copy=value.to_owned() aria-label=text::copy(value)>{icon(Icon::Copy)}</button>
        }
    }
}
