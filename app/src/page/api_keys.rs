//! Keys to the API.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::api_key::LoadKeys, text::settings as words};

/// The page of keys.
#[component]
pub fn ApiKeys() -> impl IntoView {
    written(words::API_KEYS, |address| LoadKeys {
        add: address.get("add"),
        done: address.get("done"),
    })
}
