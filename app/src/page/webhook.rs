//! One outgoing webhook: its secret, what it is told, and what became of telling it.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::webhook::one::LoadWebhook, text::webhooks as words};

/// One webhook at its own address.
#[component]
pub fn Webhook() -> impl IntoView {
    written(words::ONE, |address| LoadWebhook {
        id: address.get("id"),
        done: address.get("done"),
        status: address.get("status"),
        cursor: address.get("cursor"),
    })
}
