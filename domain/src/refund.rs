//! Money that went back (domain rules, section 7): refunds and disputes as facts, whatever the order,
//! repetition and company they come in.
//!
//! Nothing is added up as events arrive. Each refund or dispute is one fact with its newest status; what
//! went back is computed from all facts of a payment together.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    money::{Currency, Money},
    words::words,
};

#[cfg(test)]
mod tests;

words! {
    /// What kind of fact it is.
    BackKind {
        /// The merchant gave money back.
        Refund = "refund" / "Refund",
        /// The payer's bank takes money back.
        Dispute = "dispute" / "Dispute",
        /// How much of a charge was refunded in all, where single refunds are not told.
        ChargeTotal = "charge_total" / "Refunded on the charge",
        /// An early warning of a dispute, which may be taken back.
        Warning = "warning" / "Dispute warning",
        /// Disputes were given back to the merchant, where not told of a single one.
        DisputeReversal = "dispute_reversal" / "Dispute reversal",
        /// Warnings were taken back, where not told of a single one.
        WarningReversal = "warning_reversal" / "Warning taken back",
    }
}

words! {
    /// Where a refund or dispute stands.
    BackStatus {
        /// A refund whose amount is not known yet: keeps the conversion from approval and payout.
        Announced = "announced" / "Amount not known yet",
        /// On its way; counts.
        Pending = "pending" / "Pending",
        /// Done; counts.
        Succeeded = "succeeded" / "Succeeded",
        /// Did not happen: failed, cancelled or rejected. The merchant has the money again.
        Failed = "failed" / "Failed",
        /// A question of the bank; no money has moved.
        Inquiry = "inquiry" / "Inquiry",
        /// Not decided, a dispute or a refund that the processor may reject: keeps the conversion from
        /// approval and payout.
        Open = "open" / "Open",
        /// A dispute that the merchant lost; counts.
        Lost = "lost" / "Lost",
        /// A dispute that the merchant won, or that was withdrawn.
        Won = "won" / "Won",
    }
}

impl BackStatus {
    /// Is the money of this fact gone?
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Succeeded | Self::Lost)
    }

    /// Later in a life; decides between two messages of the same instant.
    fn rank(self) -> u8 {
        match self {
            Self::Announced | Self::Inquiry => 0,
            Self::Pending | Self::Open => 1,
            Self::Succeeded | Self::Lost => 2,
            Self::Failed | Self::Won => 3,
        }
    }
}

/// What the ids of voided invoices begin with.
const VOIDED: &str = "voided:";

/// A refund or dispute as last told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyBack {
    /// The processor's id of it, or [`MoneyBack::callers_id`]; unique in the organization.
    pub external_id: String,
    /// What kind of fact it is.
    pub kind: BackKind,
    /// How much, in minor units of `currency`.
    pub amount_minor: i64,
    /// In what it was given back; `None`: in the sale's currency, whatever that is.
    pub currency: Option<Currency>,
    /// Where it stands.
    pub status: BackStatus,
    /// When it was made at the processor.
    pub occurred_at: DateTime<Utc>,
    /// When its status was told; an older telling never replaces a newer one.
    pub told_at: DateTime<Utc>,
    /// When it was first told that it had failed. One message alone leaves it out: it may tell again
    /// what was known.
    pub failed_at: Option<DateTime<Utc>>,
    /// Ids that name the payment: charge, payment intent, invoice, the sale's external id.
    pub payment: Vec<String>,
    /// The processor's or caller's word for why, if any.
    pub reason: Option<String>,
}

impl MoneyBack {
    /// The id of a refund that the merchant's server tells. Callers number the refunds of each sale anew,
    /// so the sale is part of it, after a line break: no id of a caller has one.
    pub fn callers_id(sale: &str, refund: &str) -> String {
        format!("{refund}\n{sale}")
    }

    /// The id of what a voided invoice takes back, if it was ever paid.
    pub fn voided_id(invoice: &str) -> String {
        format!("{VOIDED}{invoice}")
    }

    /// Is it of a voided invoice? Mostly such was never paid, and nothing will come of it.
    pub fn is_voided(&self) -> bool {
        self.external_id.starts_with(VOIDED)
    }

    /// What who told of it calls it.
    pub fn name(&self) -> &str {
        let id = &self.external_id;
        id.split_once('\n').map_or(id, |(name, _)| name)
    }

    /// Does it say how much of a payment in this currency went back?
    pub fn is_in(&self, currency: Currency) -> bool {
        self.currency.is_none_or(|own| own == currency)
    }

    /// Is this the better knowledge of the same refund or dispute?
    pub fn supersedes(&self, other: &Self) -> bool {
        // That there is a refund is no news once it is known how much it is.
        let is_known = |back: &Self| back.status != BackStatus::Announced;
        let rank = |back: &Self| {
            let told = (back.told_at, back.status.rank(), back.amount_minor);
            (is_known(back), told)
        };
        rank(self) > rank(other)
    }

    /// All that two tellings of the same refund or dispute say, in whatever order they come: how it
    /// stands, the better knowledge; since when it has failed, the earlier; which payment it is of, both.
    #[must_use]
    pub fn and(&self, told: &Self) -> Self {
        let better = if told.supersedes(self) { told } else { self };
        let more = told.payment.iter().filter(|id| !self.payment.contains(id));
        Self {
            failed_at: self
                .failed_since()
                .into_iter()
                .chain(told.failed_since())
                .min(),
            payment: self.payment.iter().chain(more).cloned().collect(),
            ..better.clone()
        }
    }

    /// Since when it is known to have failed, if ever.
    fn failed_since(&self) -> Option<DateTime<Utc>> {
        let now = (self.status == BackStatus::Failed).then_some(self.told_at);
        self.failed_at.or(now)
    }
}

/// What all facts of one payment come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// What went back, in minor units of the payment's currency; never more than was paid.
    pub minor: i64,
    /// Is a dispute or a refund undecided, or the amount of a refund unknown?
    pub is_disputed: bool,
}

impl Back {
    /// From the newest telling of each fact. Facts in another currency than the payment's say nothing
    /// about how much of it went back and are left out.
    pub fn of<'a>(paid: Money, facts: impl IntoIterator<Item = &'a MoneyBack>) -> Self {
        let facts: Vec<&MoneyBack> = facts.into_iter().collect();
        let same_currency = facts
            .iter()
            .copied()
            .filter(|fact| fact.is_in(paid.currency));
        let (totals, single): (Vec<_>, Vec<_>) =
            same_currency.partition(|fact| fact.kind == BackKind::ChargeTotal);
        let is_reversal =
            |kind| matches!(kind, BackKind::DisputeReversal | BackKind::WarningReversal);
        let counting = single
            .iter()
            .filter(|fact| fact.status.counts() && !is_reversal(fact.kind));
        let told: i128 = counting.map(|fact| i128::from(fact.amount_minor)).sum();
        let is_only = totals.len() == 1;
        let untold: i128 = totals
            .iter()
            .map(|total| untold_of(total, &single, is_only))
            .sum();
        let reversed = reversed_of(BackKind::Dispute, BackKind::DisputeReversal, &single);
        let lost = sum_of(BackKind::Dispute, BackStatus::Lost, &single);
        let minor = (told + untold - reversed.min(lost)).clamp(0, i128::from(paid.minor.max(0)));
        let warned = sum_of(BackKind::Warning, BackStatus::Open, &single)
            > reversed_of(BackKind::Warning, BackKind::WarningReversal, &single);
        let is_undecided = |fact: &&MoneyBack| match fact.status {
            BackStatus::Open => fact.kind != BackKind::Warning || !fact.is_in(paid.currency),
            status => status == BackStatus::Announced,
        };
        Self {
            minor: i64::try_from(minor).unwrap_or(paid.minor),
            is_disputed: warned || facts.iter().any(is_undecided),
        }
    }
}

/// What one fact says of a payment, where several tell of the same money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How much of what went back it alone tells, in minor units of its currency; of a fact that does not
    /// count, what it is about.
    pub minor: i64,
    /// Is it part of [`Back::minor`]?
    pub is_counted: bool,
}

impl Back {
    /// Of each of these facts what is to be shown of it; `None`: others tell all that it does. A charge's
    /// total is what no single refund tells. A caller's refund of all that was left is what was left by the
    /// facts that a processor told and by his own before it, in this order.
    pub fn shares(paid: Money, facts: &[&MoneyBack]) -> Vec<Option<Share>> {
        let is_single =
            |fact: &&&MoneyBack| fact.is_in(paid.currency) && fact.kind != BackKind::ChargeTotal;
        let single: Vec<&MoneyBack> = facts.iter().filter(is_single).copied().collect();
        let in_currency = facts.iter().filter(|fact| fact.is_in(paid.currency));
        let is_only = in_currency.count() - single.len() == 1;
        let counts = |fact: &MoneyBack| fact.is_in(paid.currency) && fact.status.counts();
        let told = |fact: &MoneyBack| match fact.kind {
            BackKind::ChargeTotal => untold_of(fact, &single, is_only),
            _ => i128::from(fact.amount_minor),
        };
        let is_callers = |fact: &MoneyBack| fact.currency.is_none() && counts(fact);
        let whole = i128::from(paid.minor.max(0));
        let others = facts
            .iter()
            .filter(|fact| counts(fact) && !is_callers(fact));
        let mut left = whole - others.map(|fact| told(fact)).sum::<i128>();
        let share = |fact: &&MoneyBack| {
            let mut minor = told(fact);
            if fact.is_in(paid.currency) {
                minor = minor.min(whole);
            }
            if is_callers(fact) {
                minor = minor.min(left).max(0);
                left -= minor;
            }
            let is_told = fact.kind == BackKind::ChargeTotal && counts(fact) && minor == 0;
            (!is_told).then_some(Share {
                minor: i64::try_from(minor).unwrap_or(paid.minor),
                is_counted: counts(fact),
            })
        };
        facts.iter().map(share).collect()
    }
}

fn sum_of(kind: BackKind, status: BackStatus, facts: &[&MoneyBack]) -> i128 {
    let such = facts
        .iter()
        .filter(|fact| fact.kind == kind && fact.status == status);
    such.map(|fact| i128::from(fact.amount_minor)).sum()
}

/// What reversals gave back that is not told of single disputes as well: the same reversal may be told as
/// a fact of its own, by what it reverses, or both.
fn reversed_of(kind: BackKind, reversal: BackKind, facts: &[&MoneyBack]) -> i128 {
    let reversed = sum_of(reversal, BackStatus::Succeeded, facts);
    (reversed - sum_of(kind, BackStatus::Won, facts)).max(0)
}

/// The part of a charge's refunded total that no single refund accounts for. A refund is inside the
/// total when it was made before the total was told and had not failed before that second, whenever it was told
/// again: that a refund fails at once is likelier than that one of which nobody tells was made in the same
/// second. Of which charge it is matters only where a payment had several.
fn untold_of(total: &MoneyBack, single: &[&MoneyBack], is_only: bool) -> i128 {
    let inside = single.iter().filter(|fact| {
        fact.kind == BackKind::Refund
            && fact.occurred_at <= total.told_at
            && (fact.status.counts() || fact.failed_since() >= Some(total.told_at))
            && (is_only || fact.payment.iter().any(|id| total.payment.contains(id)))
    });
    let inside: i128 = inside.map(|fact| i128::from(fact.amount_minor)).sum();
    (i128::from(total.amount_minor) - inside).max(0)
}
