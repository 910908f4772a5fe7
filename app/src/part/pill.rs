//! A quiet notice of what came in while one was reading.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::text;

/// "3 new sales"; a click shows them.
#[component]
pub fn Pill(
    /// How many; nothing is shown at zero.
    #[prop(into)]
    count: Signal<usize>,
    /// Shows them.
    on_click: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <div class="pill" role="status">
            <button type="button" class="btn main" hidden=move || count.get() == 0 on:click=move |_| on_click()>
                {icon(Icon::Up)}
                {move || text::sales::new_sales(count.get())}
            </button>
        </div>
    }
}
