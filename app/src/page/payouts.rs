//! Payouts: what is payable, and what was paid.

use leptos::prelude::*;

use super::written::written;
use crate::server_fn::payout::LoadPayouts;

/// The page of payouts.
#[component]
pub fn Payouts() -> impl IntoView {
    written(crate::text::payouts::TITLE, |address| LoadPayouts {
        asked: address.query(),
    })
}
