//! Money that went back (domain rules, section 7): refunds and disputes as facts, whatever the order,
//! repetition and company they come in.
//!
//! Nothing is added up as events arrive. Each refund or dispute is one fact with its newest status; what
//! went back is computed from all facts of a payment together.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{money::Currency, words::words};

mod back;
#[cfg(test)]
mod tests;

pub use back::{Back, Share, Whole};

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

words! {
    /// What keeps a payment's commission from approval and payout, the gravest first.
    HeldBy {
        /// The payer's bank has not decided.
        Dispute = "dispute" / "Disputed",
        /// The processor may still reject a refund.
        Refund = "refund" / "Refund not decided",
        /// A person has to look at a suspicion.
        Flag = "flag" / "Flagged",
        /// How much a refund is, is not known.
        UnknownAmount = "unknown_amount" / "Refund of unknown amount",
        /// A dispute may follow.
        Warning = "warning" / "Dispute warning",
    }
}

impl HeldBy {
    /// May a member approve all the same, with a reason? Nobody may ever hear more of a warning, or of how
    /// much a refund is; what is undecided is decided one day.
    pub fn is_released_by_approval(self) -> bool {
        matches!(self, Self::Warning | Self::UnknownAmount)
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

/// What the ids of imported totals begin with; the ids of callers have no line of their own that is empty.
const IMPORTED: &str = "import\n\n";

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
    /// How much of it is not tax, where that is told: then it takes that part of what earns, and else the part
    /// of the sale that it is.
    pub net_minor: Option<i64>,
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

    /// The id of what another platform says went back of a sale in all.
    pub fn imported_id(sale: &str) -> String {
        format!("{IMPORTED}{sale}")
    }

    /// Is it what another platform says went back in all? Processors tell of the same money.
    pub fn is_imported(&self) -> bool {
        self.external_id.starts_with(IMPORTED)
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
            let amount = (back.amount_minor, back.net_minor);
            (is_known(back), back.told_at, back.status.rank(), amount)
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
