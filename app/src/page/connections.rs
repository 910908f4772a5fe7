//! Connections: the processor accounts that tell us of payments.

use leptos::prelude::*;

use super::written::written;
use crate::{server_fn::connection::LoadConnections, text::connections as words};

/// The connections page.
#[component]
pub fn Connections() -> impl IntoView {
    written(words::TITLE, |address| LoadConnections {
        add: address.get("add"),
    })
}
