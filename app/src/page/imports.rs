//! Files of affiliates and sales from other platforms.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::import::LoadImports, text::imports as words};

/// The imports page.
#[component]
pub fn Imports() -> impl IntoView {
    written(words::TITLE, |address| LoadImports {
        add: address.get("add"),
        bad: address.get("bad"),
        row: address.get("row"),
    })
}
