//! Coupons: codes that name an affiliate.

use leptos::prelude::*;

use super::written::written;
use crate::{
    server_fn::coupon::{ADDED, LoadCoupons},
    text::coupons as words,
};

/// The coupons page.
#[component]
pub fn Coupons() -> impl IntoView {
    written(words::TITLE, |address| LoadCoupons {
        typed: address.get("q"),
        state: address.get("state"),
        campaign: address.get("campaign"),
        cursor: address.get("cursor"),
        open: either(address.get("edit"), address.get("add")),
        affiliate: address.get("affiliate"),
        done: match address.get("added") {
            code if code.is_empty() => address.get("done"),
            code => format!("{ADDED}{code}"),
        },
    })
}

/// The first that says something.
fn either(one: String, other: String) -> String {
    if one.is_empty() { other } else { one }
}
