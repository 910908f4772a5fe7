//! Flags: what is suspicious, and what people make of it.

use leptos::prelude::*;

use super::written::written;
use crate::server_fn::flag::LoadFlags;

/// The page of flags.
#[component]
pub fn Flags() -> impl IntoView {
    written(crate::text::nav::FLAGS, |address| LoadFlags {
        status: address.get("status"),
        kind: address.get("type"),
        sale: address.get("sale"),
        cursor: address.get("cursor"),
        resolved: address.get("resolved"),
    })
}
