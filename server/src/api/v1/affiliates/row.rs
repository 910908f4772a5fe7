//! An affiliate as this dialect shows one.

use chrono::{DateTime, Utc};
use domain::{
    affiliate::{Affiliate, AffiliateStatus, Enrollment},
    commission::Rate,
    id::{AffiliateId, CampaignId},
    ledger::Balance,
    money::Currency,
};
use serde::Serialize;
use serde_json::Number;
use store::affiliate::AffiliateTotals;
use utoipa::ToSchema;

use super::APPROVED;
use crate::api::v1::field::percent_number;

/// An affiliate as this dialect shows one: in one program.
#[derive(Serialize, ToSchema)]
#[schema(as = Affiliate)]
pub(super) struct AffiliateRow<'a> {
    #[serde(flatten)]
    facts: AffiliateFacts<'a>,
    #[serde(flatten)]
    totals: ProgramTotals,
    /// By currency, over all programs.
    balances: Vec<BalanceRow>,
}

/// The same without what he has earned.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api::v1) struct AffiliateFacts<'a> {
    id: AffiliateId,
    /// The dialect tells the person from the membership; here both are one.
    user_id: AffiliateId,
    /// The program asked about, else the primary one.
    program_id: Option<CampaignId>,
    program_ids: Vec<CampaignId>,
    name: &'a str,
    email: &'a str,
    code: &'a str,
    #[schema(pattern = "^(approved|paused|blocked|removed)$")]
    status: &'static str,
    recruiter_id: Option<AffiliateId>,
    /// A commission of one's own in that program.
    #[schema(value_type = Option<f64>, example = 25)]
    commission_percent: Option<Number>,
    stripe_account_id: Option<&'a str>,
    created_at: DateTime<Utc>,
}

/// What an affiliate has brought in that program.
#[derive(Serialize, Default, ToSchema)]
#[schema(as = AffiliateTotals)]
pub(super) struct ProgramTotals {
    /// Visits through his links, bots not counted.
    #[serde(rename = "totalClicks")]
    clicks: i64,
    /// Sales and recurring payments; neither denied ones nor shares of others' sales.
    #[serde(rename = "totalConversions")]
    conversions: i64,
    /// Commission due now, whatever its status, in minor units.
    #[serde(rename = "totalEarnings")]
    earnings: i64,
}

impl From<AffiliateTotals> for ProgramTotals {
    fn from(totals: AffiliateTotals) -> Self {
        Self {
            clicks: totals.clicks,
            conversions: totals.sales,
            earnings: totals.commission_minor,
        }
    }
}

/// What an affiliate has in one currency, in minor units.
#[derive(Serialize, ToSchema)]
#[schema(as = Balance)]
struct BalanceRow {
    currency: Currency,
    pending: i64,
    /// Payable.
    approved: i64,
    paid: i64,
    debt: i64,
}

impl From<Balance> for BalanceRow {
    fn from(balance: Balance) -> Self {
        Self {
            currency: balance.currency,
            pending: balance.pending_minor,
            approved: balance.approved_minor,
            paid: balance.paid_minor,
            debt: balance.debt_minor,
        }
    }
}

impl<'a> AffiliateRow<'a> {
    pub(super) fn new(
        affiliate: &'a Affiliate,
        program_id: Option<CampaignId>,
        totals: ProgramTotals,
        balances: Vec<Balance>,
    ) -> Self {
        Self {
            facts: AffiliateFacts::new(affiliate, program_id),
            totals,
            balances: balances.into_iter().map(BalanceRow::from).collect(),
        }
    }
}

impl<'a> AffiliateFacts<'a> {
    pub(in crate::api::v1) fn new(
        affiliate: &'a Affiliate,
        program_id: Option<CampaignId>,
    ) -> Self {
        let own = program_id
            .and_then(|id| affiliate.enrollment(id))
            .and_then(own_percent);
        Self {
            id: affiliate.id,
            user_id: affiliate.id,
            program_id,
            program_ids: affiliate
                .enrollments
                .iter()
                .map(|joined| joined.campaign_id)
                .collect(),
            name: affiliate.name.as_str(),
            email: affiliate.email.as_str(),
            code: affiliate.slug.as_str(),
            status: match affiliate.status {
                AffiliateStatus::Active => APPROVED,
                other => other.as_str(),
            },
            recruiter_id: affiliate.recruiter_id,
            commission_percent: own,
            stripe_account_id: affiliate.stripe_account_id.as_deref(),
            created_at: affiliate.created_at,
        }
    }
}

fn own_percent(enrollment: &Enrollment) -> Option<Number> {
    match enrollment.plan?.rate {
        Rate::Percent(share) => Some(percent_number(share)),
        Rate::Fixed(_) => None,
    }
}
