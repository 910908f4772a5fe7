//! One campaign: its terms, its snippet, its affiliates' links.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::campaign::one::LoadCampaign, text::campaign as words};

/// One campaign at its own address.
#[component]
pub fn Campaign() -> impl IntoView {
    written(words::ONE, |address| LoadCampaign {
        id: address.get("id"),
        cursor: address.get("cursor"),
        days: address.get("days"),
        done: address.get("done"),
    })
}
