//! The audit log.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::audit::LoadAudit, text::settings as words};

/// A page of the log.
#[component]
pub fn Audit() -> impl IntoView {
    written(words::AUDIT, |address| LoadAudit {
        who: address.get("who"),
        about: address.get("about"),
        since: address.get("since"),
        to: address.get("to"),
        cursor: address.get("cursor"),
    })
}
