//! Members of the organization.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::member::LoadMembers, text::settings as words};

/// The page of members.
#[component]
pub fn Members() -> impl IntoView {
    written(words::MEMBERS, |address| LoadMembers {
        open: address.get("open"),
        done: address.get("done"),
    })
}
