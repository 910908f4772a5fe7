//! Somebody's own account.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::account::LoadAccount, text::settings as words};

/// The page of one's own account.
#[component]
pub fn Account() -> impl IntoView {
    written(words::ACCOUNT, |address| LoadAccount {
        done: address.get("done"),
    })
}
