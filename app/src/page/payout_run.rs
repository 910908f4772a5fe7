//! A run of payouts, to be seen before it is made.

use leptos::prelude::*;

use super::written::written;
use crate::server_fn::payout::LoadRun;

/// The page of a run.
#[component]
pub fn PayoutRun() -> impl IntoView {
    written(crate::text::payouts::RUN_TITLE, |address| LoadRun {
        campaign: address.get("campaign"),
        currency: address.get("currency"),
        method: address.get("method"),
    })
}
