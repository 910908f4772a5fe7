//! Payouts (domain rules, section 8): what one takes, and how it ends.
//!
//! What is settled is entries of the ledger, a conversion's always together: what counts is the sum of those that no
//! payout has taken. Of a conversion that earned 9.80, was paid out and then refunded that is -9.80, a debit.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    id::{AffiliateId, CampaignId, ConnectionId, PayoutBatchId, PayoutId},
    money::{Money, MoneyError},
    words::words,
};

mod due;

pub use self::due::{Due, Outcome, Payee, Selection, Unsettled};

words! {
    /// Where a payout stands.
    PayoutStatus {
        /// Made; nobody has paid it yet. What goes back meanwhile makes it smaller.
        Pending = "pending" / "Pending",
        /// Being paid: nothing changes in it any more.
        Processing = "processing" / "Processing",
        /// Paid; what it took is settled.
        Completed = "completed" / "Completed",
        /// Not paid; what it took is payable again.
        Failed = "failed" / "Failed",
    }
}

words! {
    /// How the money goes.
    PayoutMethod {
        /// By a transfer to the affiliate's Stripe account.
        Stripe = "stripe" / "Stripe",
        /// By the merchant himself, who says when it is done.
        Manual = "manual" / "Manual",
    }
}

words! {
    /// Why a run pays somebody nothing: it stays for the next one.
    CarriedOver {
        /// Less than the campaign's smallest payout.
        BelowThreshold = "below_threshold" / "Below the smallest payout",
        /// More was taken back than earned.
        InDebt = "in_debt" / "In debt",
        /// There is nothing that no payout has taken.
        NothingDue = "nothing_due" / "Nothing is due",
        /// To be paid by Stripe, but without an account there.
        NoAccount = "no_account" / "No Stripe account",
        /// Blocked or removed: paid when named only.
        NotActive = "not_active" / "Blocked or removed",
    }
}

/// One payment to one affiliate, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// Which; lists are ordered by it.
    pub id: PayoutId,
    /// The run that made it, when one did.
    pub batch_id: Option<PayoutBatchId>,
    /// Who is paid.
    pub affiliate_id: AffiliateId,
    /// What it was earned in; `None`: in several campaigns.
    pub campaign_id: Option<CampaignId>,
    /// What its entries add up to. Of one that failed, what they did.
    pub amount: Money,
    /// Where it stands.
    pub status: PayoutStatus,
    /// How the money goes.
    pub method: PayoutMethod,
    /// The Stripe account that it goes to.
    pub account: Option<String>,
    /// The connection whose account was asked for the transfer; none before that.
    pub connection_id: Option<ConnectionId>,
    /// Stripe's id of the transfer.
    pub transfer_id: Option<String>,
    /// Why it failed; before that, why the last try did.
    pub failure: Option<String>,
    /// What people say of it.
    pub note: Option<String>,
    /// How often a transfer was tried.
    pub attempts: i32,
    /// When a transfer is tried next; while one is, when it is given up as lost. Only of one that Stripe pays.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was made; the instant inside `id`.
    pub created_at: DateTime<Utc>,
    /// When paying it began.
    pub processing_at: Option<DateTime<Utc>>,
    /// When it was paid.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it failed.
    pub failed_at: Option<DateTime<Utc>>,
}

/// Why a payout can't take a step. The text tells the reader what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayoutRefusal {
    /// Paying begins once.
    #[error("only a pending payout can be processed; this one is {}", .0.label().to_lowercase())]
    NotPending(PayoutStatus),
    /// It has come to its end.
    #[error("this payout is {} already, which is final", .0.label().to_lowercase())]
    Over(PayoutStatus),
    /// Stripe has been asked for the money.
    #[error("its transfer is under way: Stripe says what becomes of it")]
    InTransfer,
}

impl Payout {
    /// The payout once paying it has begun.
    ///
    /// # Errors
    /// [`PayoutRefusal::NotPending`].
    pub fn processed(self, now: DateTime<Utc>) -> Result<Self, PayoutRefusal> {
        match self.status {
            PayoutStatus::Pending => Ok(Self {
                status: PayoutStatus::Processing,
                processing_at: Some(now),
                next_attempt_at: (self.method == PayoutMethod::Stripe).then_some(now),
                ..self
            }),
            other => Err(PayoutRefusal::NotPending(other)),
        }
    }

    /// The payout once it is paid. One that nobody began to pay was paid at once.
    ///
    /// # Errors
    /// [`PayoutRefusal::Over`].
    pub fn completed(self, now: DateTime<Utc>) -> Result<Self, PayoutRefusal> {
        self.goes_on()?;
        Ok(Self {
            status: PayoutStatus::Completed,
            processing_at: self.processing_at.or(Some(now)),
            completed_at: Some(now),
            next_attempt_at: None,
            failure: None,
            ..self
        })
    }

    /// The payout once it is known that it is not paid, and why.
    ///
    /// # Errors
    /// [`PayoutRefusal::Over`].
    pub fn failed(self, reason: Option<String>, now: DateTime<Utc>) -> Result<Self, PayoutRefusal> {
        self.goes_on()?;
        Ok(Self {
            status: PayoutStatus::Failed,
            failed_at: Some(now),
            next_attempt_at: None,
            failure: reason.or(self.failure),
            ..self
        })
    }

    /// May a person or a program say what became of it? Not once Stripe was asked for the money, unless nobody
    /// asks any more.
    ///
    /// # Errors
    /// [`PayoutRefusal::InTransfer`].
    pub fn by_hand(self) -> Result<Self, PayoutRefusal> {
        let is_asked = self.connection_id.is_some() && self.next_attempt_at.is_some();
        if is_asked && self.status == PayoutStatus::Processing {
            return Err(PayoutRefusal::InTransfer);
        }
        Ok(self)
    }

    fn goes_on(&self) -> Result<(), PayoutRefusal> {
        match self.status {
            PayoutStatus::Pending | PayoutStatus::Processing => Ok(()),
            over => Err(PayoutRefusal::Over(over)),
        }
    }
}

/// Sums by currency, each once, in the order of their codes.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn totals(amounts: impl IntoIterator<Item = Money>) -> Result<Vec<Money>, MoneyError> {
    let mut totals = BTreeMap::<&str, Money>::new();
    for amount in amounts {
        let code = amount.currency.code();
        let sum = totals.get(code).copied();
        let sum = sum.unwrap_or(Money::zero(amount.currency));
        totals.insert(code, sum.checked_add(amount)?);
    }
    Ok(totals.into_values().collect())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use uuid::Uuid;

    use super::*;
    use crate::money::Currency;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn payout(method: PayoutMethod, attempts: i32) -> Payout {
        Payout {
            id: PayoutId(Uuid::from_u128(1)),
            batch_id: None,
            affiliate_id: AffiliateId(Uuid::from_u128(2)),
            campaign_id: None,
            amount: Money::new(5000, Currency::USD),
            status: PayoutStatus::Pending,
            method,
            account: None,
            connection_id: None,
            transfer_id: None,
            failure: None,
            note: None,
            attempts,
            next_attempt_at: None,
            created_at: NOW,
            processing_at: None,
            completed_at: None,
            failed_at: None,
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Process,
        Complete,
        Fail,
    }

    proptest! {
        #[test]
        fn a_payout_ends_once_and_begins_once(
            steps in vec(proptest::sample::select(vec![Step::Process, Step::Complete, Step::Fail]), 0..6),
        ) {
            let mut now = payout(PayoutMethod::Manual, 0);
            for step in steps {
                let before = now.clone();
                let done = match step {
                    Step::Process => now.processed(NOW),
                    Step::Complete => now.completed(NOW),
                    Step::Fail => now.failed(Some("no".to_owned()), NOW),
                };
                let may = match before.status {
                    PayoutStatus::Pending => true,
                    PayoutStatus::Processing => !matches!(step, Step::Process),
                    PayoutStatus::Completed | PayoutStatus::Failed => false,
                };
                prop_assert_eq!(done.is_ok(), may, "{:?} of {:?}", step, before.status);
                now = done.unwrap_or(before);
                prop_assert_eq!(now.completed_at.is_some(), now.status == PayoutStatus::Completed);
                prop_assert_eq!(now.failed_at.is_some(), now.status == PayoutStatus::Failed);
                prop_assert!(now.processing_at.is_some() || now.status != PayoutStatus::Completed);
            }
        }
    }

    #[test]
    fn nobody_ends_by_hand_what_stripe_was_asked_for() {
        let begun = payout(PayoutMethod::Stripe, 1).processed(NOW);
        let begun = begun.expect("it was pending");
        assert!(begun.clone().by_hand().is_ok(), "no account was asked");
        let asked = Payout {
            connection_id: Some(ConnectionId(Uuid::from_u128(3))),
            ..begun
        };
        assert_eq!(asked.clone().by_hand(), Err(PayoutRefusal::InTransfer));
        let given_up = Payout {
            next_attempt_at: None,
            ..asked
        };
        assert!(given_up.by_hand().is_ok());
        let by_hand = payout(PayoutMethod::Manual, 0).processed(NOW);
        assert!(by_hand.expect("it was pending").by_hand().is_ok());
    }

    #[test]
    fn currencies_are_added_apart() {
        let eur = Currency::parse("EUR").expect("EUR");
        let sums = totals([
            Money::new(5, Currency::USD),
            Money::new(7, eur),
            Money::new(2, Currency::USD),
        ]);
        assert_eq!(
            sums,
            Ok(vec![Money::new(7, eur), Money::new(7, Currency::USD)])
        );
    }
}
