//! Outgoing webhooks: where programs of the merchant's are told what happens.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::webhook::LoadWebhooks, text::webhooks as words};

/// The page of webhooks.
#[component]
pub fn Webhooks() -> impl IntoView {
    written(words::TITLE, |address| LoadWebhooks {
        add: address.get("add"),
    })
}
