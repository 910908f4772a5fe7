//! Reports: what came in, against the time before.

use leptos::prelude::*;

use super::written::written;
use crate::server_fn::report::LoadReport;

/// The page of reports.
#[component]
pub fn Reports() -> impl IntoView {
    written(crate::text::reports::TITLE, |address| LoadReport {
        period: address.get("period"),
        since: address.get("since"),
        to: address.get("to"),
        campaign: address.get("campaign"),
        affiliate: address.get("affiliate"),
        currency: address.get("currency"),
    })
}
