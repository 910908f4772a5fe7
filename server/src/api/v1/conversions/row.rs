//! A sale as this dialect shows it: under the names of its published clients, and with everything that
//! dialect A shows.

use domain::{
    commission::Duration,
    conversion::{Conversion, Source},
    id::{CampaignId, PayoutId},
    lifecycle::Status,
};
use serde::Serialize;
use store::sales::Row;
use utoipa::ToSchema;

use crate::api::conversions::SaleFacts;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Conversion)]
pub(in crate::api::v1) struct ConversionRow<'a> {
    #[serde(flatten)]
    facts: SaleFacts<'a>,
    program_id: CampaignId,
    amount: i64,
    commission: i64,
    #[schema(pattern = "^(one_time|recurring|recurring_limited)$")]
    commission_type: &'static str,
    /// What the dialect's clients know; the exact one is in `lifecycle`.
    #[schema(pattern = "^(pending|approved|rejected|refunded|partially_refunded)$")]
    status: &'static str,
    lifecycle: Status,
    #[schema(pattern = "^(cookie|coupon|metadata)$")]
    method: &'static str,
    stripe_session_id: Option<&'a str>,
    /// The payout that paid it.
    payout_id: Option<PayoutId>,
}

impl<'a> From<&'a Row> for ConversionRow<'a> {
    fn from(row: &'a Row) -> Self {
        let sale = &row.conversion;
        Self {
            facts: SaleFacts::from(row),
            program_id: sale.campaign_id,
            amount: sale.amount.minor,
            commission: sale.commission.minor,
            commission_type: commission_type(sale.plan.duration),
            status: status(sale),
            lifecycle: sale.status,
            method: method(sale.source),
            stripe_session_id: sale.ids.session.as_deref(),
            payout_id: sale.payout_id,
        }
    }
}

/// The answer to a call that may have come before.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordedConversion)]
pub(super) struct RecordedRow<'a> {
    #[serde(flatten)]
    pub(super) row: ConversionRow<'a>,
    pub(super) deduped: bool,
}

fn commission_type(duration: Duration) -> &'static str {
    match duration {
        Duration::OneTime => "one_time",
        Duration::Recurring => "recurring",
        Duration::RecurringLimited(_) => "recurring_limited",
    }
}

/// A paid one reads `approved`: the clients' model knows no `paid`.
fn status(sale: &Conversion) -> &'static str {
    match sale.status {
        Status::Refunded => "refunded",
        Status::Denied => "rejected",
        _ if sale.refunded_minor > 0 => "partially_refunded",
        Status::Pending => "pending",
        Status::Approved | Status::Paid => "approved",
    }
}

/// How it was credited in the three words of the clients' model: a coupon, a visit, or what somebody
/// said.
fn method(source: Source) -> &'static str {
    match source {
        Source::Coupon => "coupon",
        Source::Link | Source::Click | Source::Lead | Source::CustomerMatch => "cookie",
        Source::Server | Source::Override | Source::Imported | Source::Manual => "metadata",
    }
}
