//! First run: the organization and its owner.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::session::LoadSetup, text::setup as words};

/// Makes the first organization of an empty database.
#[component]
pub fn Setup() -> impl IntoView {
    written(words::TITLE, |_| LoadSetup {})
}
