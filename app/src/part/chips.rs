//! All, Sales, Leads, with how many there are of each.

use domain::sales::ChipCounts;
use leptos::prelude::*;

use crate::{
    query::{Kind, SalesQuery},
    text,
};

/// The type chips.
#[component]
pub fn Chips(
    /// The page's state.
    query: Memo<SalesQuery>,
    /// How many each stands for.
    #[prop(into)]
    counts: Signal<ChipCounts>,
) -> impl IntoView {
    let chip = move |kind: Kind| {
        view! {
            <li>
                <a data-noscroll href=move || query.read().with(|query| query.kind = kind)
                    aria-current=move || (query.read().kind == kind).then_some("true")>
                    {text::sales::kind(kind)}
                    <b>{move || text::grouped(kind.count(counts.get()))}</b>
                </a>
            </li>
        }
    };
    view! { <ul class="chips" aria-label=text::sales::TYPES>{Kind::ALL.map(chip)}</ul> }
}
