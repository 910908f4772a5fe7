//! One payout: where it stands, what it pays, what happened.

use leptos::prelude::*;

use super::written::written;
use crate::server_fn::payout::LoadPayout;

/// The page of a payout.
#[component]
pub fn Payout() -> impl IntoView {
    written(crate::text::payouts::ONE, |address| LoadPayout {
        id: address.get("id"),
        saved: address.get("saved"),
    })
}
