//! Affiliates: who earns, with their referral codes and coupons.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::affiliate::LoadAffiliates, text::affiliates as words};

/// The affiliates page.
#[component]
pub fn Affiliates() -> impl IntoView {
    written(words::TITLE, |address| LoadAffiliates {
        add: address.get("add"),
        added: address.get("added"),
        q: address.get("q"),
        status: address.get("status"),
        cursor: address.get("cursor"),
    })
}
