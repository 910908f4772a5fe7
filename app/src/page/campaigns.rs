//! Campaigns: the terms affiliates earn under.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::campaign::LoadCampaigns, text::campaigns as words};

/// The campaigns page.
#[component]
pub fn Campaigns() -> impl IntoView {
    written(words::TITLE, |address| LoadCampaigns {
        add: address.get("add"),
    })
}
