//! What a conversion is worth and where it stands, computed anew from its facts (domain rules, sections
//! 2, 6 and 7). Every change goes through here, so the order in which facts arrive can't matter.

use chrono::{DateTime, Utc};

use crate::{
    commission::{Rate, Remaining},
    conversion::{CommissionState, Conversion},
    lifecycle::Status,
    money::{Money, MoneyError},
    refund::Back,
};

impl Conversion {
    /// The conversion as it is at `now`, after this much of its payment went back. The ledger is owed the
    /// difference between the two commissions.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the commission does not fit.
    pub fn settled(&self, back: Back, now: DateTime<Utc>) -> Result<Self, MoneyError> {
        let with_back = Self {
            refunded_minor: back.minor,
            is_disputed: back.is_disputed,
            ..self.clone()
        };
        with_back.restated(now)
    }

    /// The same without news of refunds: after a decision, a rate, or an earlier payment.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the commission does not fit.
    pub fn restated(&self, now: DateTime<Utc>) -> Result<Self, MoneyError> {
        let mut settled = self.clone();
        settled.status = self.standing();
        settled.refunded_at = match settled.status {
            Status::Refunded => Some(self.refunded_at.unwrap_or(now)),
            _ => None,
        };
        (settled.commission, settled.commission_state) = match settled.due()? {
            Some(due) => (due, CommissionState::Ready),
            None => (
                Money::zero(self.commission.currency),
                CommissionState::AwaitingRate,
            ),
        };
        Ok(settled)
    }

    /// A recruiter's share, following what it is a share of: its commission, and whether it was turned
    /// down or taken back.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the commission does not fit.
    pub fn following(&self, parent: &Self, now: DateTime<Utc>) -> Result<Self, MoneyError> {
        let mut share = Self {
            denied_at: parent.denied_at,
            cancelled_at: parent.cancelled_at,
            is_disputed: parent.is_disputed,
            approved_at: self.approved_at.or(parent.approved_at),
            kind: parent.kind,
            ..self.clone()
        };
        share.status = match parent.status {
            Status::Refunded => Status::Refunded,
            _ => share.standing(),
        };
        share.refunded_at = match share.status {
            Status::Refunded => Some(self.refunded_at.unwrap_or(now)),
            _ => None,
        };
        share.commission = match (share.status, self.plan.rate) {
            (Status::Refunded | Status::Denied, _) => Money::zero(parent.commission.currency),
            (_, Rate::Percent(points)) => points.of(parent.commission)?,
            (_, Rate::Fixed(minor)) => Money::new(minor, parent.commission.currency),
        };
        share.commission_state = parent.commission_state;
        Ok(share)
    }

    /// The status that the conversion's dates and refunds give.
    fn standing(&self) -> Status {
        let is_back = self.amount.minor > 0 && self.refunded_minor >= self.amount.minor;
        if is_back || self.cancelled_at.is_some() {
            Status::Refunded
        } else if self.denied_at.is_some() {
            Status::Denied
        } else if self.paid_at.is_some() {
            Status::Paid
        } else if self.approved_at.is_some() {
            Status::Approved
        } else {
            Status::Pending
        }
    }

    /// The commission that is due; `None` while the rate is awaited.
    fn due(&self) -> Result<Option<Money>, MoneyError> {
        let currency = self.commission.currency;
        if !self.is_covered || matches!(self.standing(), Status::Refunded | Status::Denied) {
            return Ok(Some(Money::zero(currency)));
        }
        let remaining = if self.amount.minor > 0 {
            Remaining {
                left: self.amount.minor - self.refunded_minor,
                of: self.amount.minor,
            }
        } else {
            // A lead has no payment that could go back.
            Remaining::ALL
        };
        let base = Money::new(self.base_minor, self.currency());
        self.plan.rate.due(base, remaining, currency, self.exchange)
    }
}
