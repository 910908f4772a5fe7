//! Payouts as this dialect shows them.

use chrono::{DateTime, Utc};
use domain::{
    campaign::Campaign,
    id::{AffiliateId, CampaignId, ConversionId, LedgerEntryId, PayoutBatchId, PayoutId},
    ledger::EntryKind,
    money::Currency,
    payout::{CarriedOver, Outcome, PayoutMethod, PayoutStatus},
};
use serde::Serialize;
use store::payout::{Batch, PaidRow, Payable, PayoutSums, PayoutView};
use utoipa::ToSchema;

/// A payout.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payout)]
pub(crate) struct PayoutRow<'a> {
    /// None in a dry run.
    id: Option<PayoutId>,
    batch_id: Option<PayoutBatchId>,
    affiliate_id: AffiliateId,
    affiliate_name: &'a str,
    affiliate_code: &'a str,
    program_id: Option<CampaignId>,
    program_name: Option<&'a str>,
    amount: i64,
    amount_cents: i64,
    currency: Currency,
    status: PayoutStatus,
    method: PayoutMethod,
    stripe_account_id: Option<&'a str>,
    transfer_id: Option<&'a str>,
    failure_reason: Option<&'a str>,
    notes: Option<&'a str>,
    created_at: Option<DateTime<Utc>>,
    processing_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
}

impl<'a> From<&'a PayoutView> for PayoutRow<'a> {
    fn from(view: &'a PayoutView) -> Self {
        let payout = &view.payout;
        Self {
            id: Some(payout.id),
            batch_id: payout.batch_id,
            affiliate_id: payout.affiliate_id,
            affiliate_name: &view.affiliate_name,
            affiliate_code: &view.affiliate_slug,
            program_id: payout.campaign_id,
            program_name: view.campaign_name.as_deref(),
            amount: payout.amount.minor,
            amount_cents: payout.amount.minor,
            currency: payout.amount.currency,
            status: payout.status,
            method: payout.method,
            stripe_account_id: payout.account.as_deref(),
            transfer_id: payout.transfer_id.as_deref(),
            failure_reason: payout.failure.as_deref(),
            notes: payout.note.as_deref(),
            created_at: Some(payout.created_at),
            processing_at: payout.processing_at,
            completed_at: payout.completed_at,
            failed_at: payout.failed_at,
        }
    }
}

impl<'a> PayoutRow<'a> {
    /// The payout that a run would make; `None` where it would make none.
    fn tried(one: &'a Payable) -> Option<Self> {
        let (status, method) = match one.outcome {
            Outcome::Pays(method) => (PayoutStatus::Pending, method),
            Outcome::Settles => (PayoutStatus::Completed, PayoutMethod::Manual),
            Outcome::Carries(_) => return None,
        };
        let amount = one.due.amount();
        let account = one.due.account.as_deref();
        Some(Self {
            id: None,
            batch_id: None,
            affiliate_id: one.due.affiliate_id,
            affiliate_name: &one.name,
            affiliate_code: &one.slug,
            program_id: one.due.campaign_id,
            program_name: None,
            amount: amount.minor,
            amount_cents: amount.minor,
            currency: amount.currency,
            status,
            method,
            stripe_account_id: account.filter(|_| method == PayoutMethod::Stripe),
            transfer_id: None,
            failure_reason: None,
            notes: None,
            created_at: None,
            processing_at: None,
            completed_at: None,
            failed_at: None,
        })
    }
}

/// What a run did, or would do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PayoutBatch)]
pub(crate) struct BatchRow<'a> {
    /// None in a dry run.
    id: Option<PayoutBatchId>,
    dry_run: bool,
    payouts: Vec<PayoutRow<'a>>,
    carried_over: Vec<CarriedRow<'a>>,
}

impl<'a> BatchRow<'a> {
    pub(super) fn made(batch: &'a Batch) -> Self {
        Self {
            id: Some(batch.id),
            dry_run: false,
            payouts: batch.payouts.iter().map(PayoutRow::from).collect(),
            carried_over: carried(&batch.carried_over),
        }
    }

    pub(super) fn tried(payable: &'a [Payable]) -> Self {
        Self {
            id: None,
            dry_run: true,
            payouts: payable.iter().filter_map(PayoutRow::tried).collect(),
            carried_over: carried(payable),
        }
    }
}

fn carried(payable: &[Payable]) -> Vec<CarriedRow<'_>> {
    payable.iter().filter_map(CarriedRow::of).collect()
}

/// Who is not paid, and why.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CarriedOverPayout)]
pub(crate) struct CarriedRow<'a> {
    affiliate_id: AffiliateId,
    affiliate_name: &'a str,
    affiliate_code: &'a str,
    reason: CarriedOver,
    /// Below zero: what he owes.
    amount_cents: i64,
    earned_cents: i64,
    debt_cents: i64,
    threshold_cents: i64,
    currency: Currency,
}

impl<'a> CarriedRow<'a> {
    fn of(one: &'a Payable) -> Option<Self> {
        let due = &one.due;
        Some(Self {
            affiliate_id: due.affiliate_id,
            affiliate_name: &one.name,
            affiliate_code: &one.slug,
            reason: one.carried_over()?,
            amount_cents: due.amount().minor,
            earned_cents: due.earned_minor,
            debt_cents: due.debt_minor,
            threshold_cents: due.threshold_minor,
            currency: due.currency,
        })
    }
}

/// What is due to an affiliate in a program. Of how he is paid outside Stripe nothing is known here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PendingPayout)]
pub(crate) struct PendingRow<'a> {
    affiliate_id: AffiliateId,
    email: &'a str,
    name: &'a str,
    code: &'a str,
    program_id: CampaignId,
    program_name: &'a str,
    payout_method: PayoutMethod,
    paypal_email: Option<&'a str>,
    bank_iban: Option<&'a str>,
    stripe_account_id: Option<&'a str>,
    /// What a payout would pay now, debts taken off.
    pending_amount: i64,
    earned_cents: i64,
    debt_cents: i64,
    currency: Currency,
    threshold: i64,
    meets_threshold: bool,
    commission_count: i64,
    has_payout_method: bool,
    /// Why a run would pay nothing.
    carried_over: Option<CarriedOver>,
}

impl<'a> PendingRow<'a> {
    pub(super) fn of(one: &'a Payable, campaigns: &'a [Campaign]) -> Option<Self> {
        let due = &one.due;
        let campaign = campaigns
            .iter()
            .find(|campaign| Some(campaign.id) == due.campaign_id)?;
        let pending = due.amount().minor;
        Some(Self {
            affiliate_id: due.affiliate_id,
            email: &one.email,
            name: &one.name,
            code: &one.slug,
            program_id: campaign.id,
            program_name: campaign.name.as_str(),
            payout_method: match due.account {
                Some(_) => PayoutMethod::Stripe,
                None => PayoutMethod::Manual,
            },
            paypal_email: None,
            bank_iban: None,
            stripe_account_id: due.account.as_deref(),
            pending_amount: pending,
            earned_cents: due.earned_minor,
            debt_cents: due.debt_minor,
            currency: due.currency,
            threshold: due.threshold_minor,
            meets_threshold: pending > 0 && pending >= due.threshold_minor,
            commission_count: due.rows(),
            // By hand everybody can be paid.
            has_payout_method: true,
            carried_over: one.carried_over(),
        })
    }
}

/// An entry that a payout takes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PayoutEntry)]
pub(crate) struct EntryRow<'a> {
    id: LedgerEntryId,
    conversion_id: Option<ConversionId>,
    external_event_id: Option<&'a str>,
    kind: EntryKind,
    amount_cents: i64,
    currency: Currency,
    reason: &'a str,
    created_at: DateTime<Utc>,
}

impl<'a> From<&'a PaidRow> for EntryRow<'a> {
    fn from(entry: &'a PaidRow) -> Self {
        let sale = entry.row.as_ref().map(|row| &row.conversion);
        Self {
            id: entry.entry_id,
            conversion_id: sale.map(|sale| sale.id),
            external_event_id: sale.and_then(|sale| sale.external_event_id.as_deref()),
            kind: entry.kind,
            amount_cents: entry.amount.minor,
            currency: entry.amount.currency,
            reason: &entry.reason,
            created_at: entry.created_at,
        }
    }
}

/// What payouts add up to: in the program's currency, or the first program's, and in all of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PayoutStats)]
pub(crate) struct StatsRow {
    total_paid: i64,
    total_pending: i64,
    count: i64,
    currency: Currency,
    by_currency: Vec<CurrencyRow>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PayoutCurrencyTotals)]
struct CurrencyRow {
    currency: Currency,
    total_paid: i64,
    total_pending: i64,
    count: i64,
}

impl StatsRow {
    pub(super) fn of(sums: &[PayoutSums], currency: Currency) -> Self {
        let row = |sum: &PayoutSums| CurrencyRow {
            currency: sum.paid.currency,
            total_paid: sum.paid.minor,
            total_pending: sum.pending.minor,
            count: sum.count,
        };
        let by_currency: Vec<_> = sums.iter().map(row).collect();
        let own = by_currency.iter().find(|row| row.currency == currency);
        Self {
            total_paid: own.map_or(0, |row| row.total_paid),
            total_pending: own.map_or(0, |row| row.total_pending),
            count: own.map_or(0, |row| row.count),
            currency,
            by_currency,
        }
    }
}
