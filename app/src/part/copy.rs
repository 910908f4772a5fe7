//! A button that copies a value. Hidden where there is no JavaScript to do it.

use std::time::Duration;

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::text;

const SHOWN_FOR: Duration = Duration::from_millis(1500);

/// Copies `value`; `what` names it to screen readers.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    value: String,
    /// What it is called.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let name = text::copy(&what);
    let copy = move |_| {
        if write(&value) {
            copied.set(true);
            set_timeout(move || _ = copied.try_set(false), SHOWN_FOR);
        }
    };
    view! {
        <button type="button" class="copy" class:copied=move || copied.get() on:click=copy
            aria-label=move || if copied.get() { text::COPIED.to_owned() } else { name.clone() }>
            {move || if copied.get() { icon(Icon::Check) } else { icon(Icon::Copy) }}
        </button>
    }
}

/// Puts text on the clipboard. Browsers offer it only in secure contexts: HTTPS or this machine.
pub(super) fn write(value: &str) -> bool {
    if !window().is_secure_context() {
        return false;
    }
    drop(window().navigator().clipboard().write_text(value));
    true
}
