//! Signing in.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::session::LoadSignIn, text::sign_in as words};

/// E-mail and password.
#[component]
pub fn SignIn() -> impl IntoView {
    written(words::TITLE, |address| LoadSignIn {
        next: address.get("next"),
    })
}
