//! Settings of the organization as a whole.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::settings::LoadSettings, text::settings as words};

/// The first page of settings.
#[component]
pub fn Settings() -> impl IntoView {
    written(words::TITLE, |address| LoadSettings {
        done: address.get("done"),
    })
}
