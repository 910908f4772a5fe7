//! One event: what it did, the payload as received, and taking it in again.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::event::LoadEvent, text::events as words};

/// One event at its own address.
#[component]
pub fn Event() -> impl IntoView {
    written(words::ONE, |address| LoadEvent {
        id: address.get("id"),
        replayed: address.get("replayed"),
    })
}
