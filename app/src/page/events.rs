//! The inbox: what the processors told, what became of it, and taking it in again.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::event::LoadEvents, text::events as words};

/// The inbox.
#[component]
pub fn Events() -> impl IntoView {
    written(words::TITLE, |address| LoadEvents {
        outcome: address.get("outcome"),
        kind: address.get("type"),
        connection: address.get("connection"),
        since: address.get("since"),
        to: address.get("to"),
        cursor: address.get("cursor"),
    })
}
