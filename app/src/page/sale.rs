//! One sale: a drawer over the list it was opened from, or a page of its own; and the page to enter one
//! by hand. Both are written by the server.

use leptos::{ev, html, prelude::*};
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::written::written;
use crate::{
    at_once::at_once,
    call::{Sending, ask, load},
    live::Pace,
    part::{
        icon::{Icon, icon},
        served::Served,
        state::{Awaited, shows},
    },
    server_fn::{
        Written,
        sale::{DecideSales, LoadEntry, LoadSale},
    },
    text::sale as words,
};

/// The story of one sale.
#[component]
pub fn Sale(
    /// Which one, as it stands in the address.
    id: String,
    /// How often sales have changed.
    changes: Signal<usize>,
    /// Where the list is, in the state it was left in.
    list: Signal<String>,
    /// Is it a page of its own?
    alone: bool,
) -> impl IntoView {
    let seen = changes.get_untracked();
    let asked = id.clone();
    let sale = load(Signal::stored(0), move || LoadSale { id: asked.clone() });
    let show = shows(move |sale: Written| {
        let id = id.clone();
        view! { <Told id sale changes seen/> }
    });
    let panel = NodeRef::<html::Aside>::new();
    if !alone {
        close_by_escape(list);
        Effect::new(move |_| {
            if let Some(panel) = panel.get() {
                drop(panel.show_popover());
                drop(panel.focus());
            }
        });
    }
    at_once(view! {
        {alone.then(|| view! { <Title text=words::TITLE/><h1 class="visually-hidden">{words::TITLE}</h1> })}
        <aside class=if alone { "sale" } else { "sale drawer" } popover=(!alone).then_some("manual")
            aria-label=words::TITLE tabindex="-1" node_ref=panel>
            <a class="btn quiet close" data-noscroll href=move || list.get()>{icon(Icon::Close)}<span>{words::ALL}</span></a>
            <Awaited answers=vec![sale] show/>
        </aside>
    })
}

/// The story as it is now, and the decisions about it.
#[component]
fn Told(id: String, sale: Written, changes: Signal<usize>, seen: usize) -> impl IntoView {
    let sending = Sending::to::<DecideSales>();
    let html = RwSignal::new(sale.html);
    let pace = Pace::default();
    let refresh = move || {
        let id = id.clone();
        async move {
            let answer = ask(LoadSale { id }).await.read::<Written>();
            // What has not changed stays as it is, with what is being typed in it.
            if let Ok(sale) = answer
                && html.try_with_untracked(|shown| *shown != sale.html) == Some(true)
            {
                html.set(sale.html);
            }
        }
    };
    Effect::new(move |_| {
        if changes.get() + sending.taken.get() > seen {
            pace.ask(refresh.clone());
        }
    });
    let failed = move || sending.error.get().map(|error| error.message());
    view! {
        <p class="form-error" role="alert">{failed}</p>
        <Served html sending/>
    }
}

fn close_by_escape(list: Signal<String>) {
    let navigate = use_navigate();
    let keys = window_event_listener(ev::keydown, move |event| {
        if event.key() == "Escape" {
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&list.get_untracked(), options);
        }
    });
    on_cleanup(move || keys.remove());
}

/// The page to enter a sale by hand.
#[component]
pub fn AddSale() -> impl IntoView {
    written(words::ADD, |_| LoadEntry {})
}
