//! One import: what its columns mean, how far it is, what came of it.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::import::LoadImport, text::imports as words};

/// One import at its own address.
#[component]
pub fn Import() -> impl IntoView {
    written(words::ONE, |address| LoadImport {
        id: address.get("id"),
        platform: address.get("platform"),
    })
}
