//! What an invitation's link leads to.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::invitation::LoadInvitation, text::invite as words};

/// Joining an organization.
#[component]
pub fn Invite() -> impl IntoView {
    written(words::TITLE, |address| LoadInvitation {
        token: address.get("token"),
    })
}
