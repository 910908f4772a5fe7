//! Whether what is shown is live: a word and a shape.

use leptos::prelude::*;

use crate::{live::Link, text::sales as words};

/// Says "Live" or "Reconnecting…"; nothing where no stream is open.
#[component]
pub fn LiveMark(link: ReadSignal<Link>) -> impl IntoView {
    let class = move || match link.get() {
        Link::Waiting => "live",
        Link::Live => "live on",
        Link::Lost => "live lost",
    };
    let word = move || match link.get() {
        Link::Waiting => "",
        Link::Live => words::LIVE,
        Link::Lost => words::RECONNECTING,
    };
    view! { <span class=class role="status"><i aria-hidden="true"></i>{word}</span> }
}
