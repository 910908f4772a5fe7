//! A moment: short to read, exact in UTC on hover and for machines.

use leptos::prelude::*;

use crate::{
    moment::{Civil, Clock, Millis},
    text,
};

/// A moment in the viewer's zone.
#[component]
pub fn Moment(
    /// When.
    at: Millis,
    /// When the server answered.
    server_now: Millis,
    /// A second moment for the tooltip: when the money was paid.
    #[prop(optional)]
    paid_at: Option<Millis>,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let exact = Civil::utc(at).exact();
    let title = match paid_at {
        Some(paid) if paid.abs_diff(at) >= 60_000 => {
            text::sales::recorded_and_paid(&exact, &Civil::utc(paid).exact())
        }
        Some(_) => text::sales::recorded(&exact),
        None => exact,
    };
    view! {
        <time datetime=Civil::utc(at).iso() title=title>{move || clock.short(at, server_now)}</time>
    }
}
