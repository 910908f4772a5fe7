//! One affiliate: balances, sales, account.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::affiliate::one::LoadAffiliate, text::affiliate as words};

/// One affiliate at its own address.
#[component]
pub fn Affiliate() -> impl IntoView {
    written(words::ONE, |address| LoadAffiliate {
        id: address.get("id"),
        cursor: address.get("cursor"),
        edit: address.get("edit"),
        days: address.get("days"),
        ask: address.get("ask"),
        saved: address.get("saved"),
    })
}
