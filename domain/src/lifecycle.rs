//! The life of a conversion (domain rules, section 6): which status it has and how long it is held.

use chrono::{DateTime, Duration, Utc};
use thiserror::Error;

use crate::{
    conversion::{CommissionState, Conversion, ConversionType},
    words::words,
};

words! {
    /// Where a conversion stands.
    Status {
        /// In the refund hold, not payable.
        Pending = "pending" / "Pending",
        /// The hold has passed; payable.
        Approved = "approved" / "Approved",
        /// Part of a settled payout.
        Paid = "paid" / "Paid",
        /// The money went back; nothing is due.
        Refunded = "refunded" / "Refunded",
        /// Turned down by a member or a flag; nothing is due.
        Denied = "denied" / "Denied",
    }
}

/// The longest hold a campaign can ask for, in days.
pub const MAX_HOLD_DAYS: u16 = 365;

/// When the refund window closes: the time the money was paid plus the campaign's hold days.
pub fn hold_until(paid_at: DateTime<Utc>, hold_days: u16) -> DateTime<Utc> {
    paid_at
        .checked_add_signed(Duration::days(i64::from(hold_days)))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The status a new conversion starts with: a lead that earns nothing has nothing to hold and is
/// approved at once, everything else waits.
pub fn first_status(kind: ConversionType, commission_minor: i64) -> Status {
    if kind == ConversionType::Lead && commission_minor == 0 {
        Status::Approved
    } else {
        Status::Pending
    }
}

/// A step in the life of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The hold has passed.
    HoldPassed,
    /// A member approves before that.
    ApproveEarly,
    /// A member or a flag turns it down.
    Deny,
    /// A member takes a denial back.
    Restore,
}

words! {
    /// What a member or a program can ask for.
    Action {
        /// To pay it.
        Approve = "approve" / "Approve",
        /// Not to pay it.
        Deny = "deny" / "Deny",
        /// To take a denial back.
        Restore = "restore" / "Restore",
    }
}

/// A denial that nobody explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a reason is needed to deny a sale")]
pub struct DenialNeedsReason;

/// What [`Refusal::InHold`] says to who could give a reason.
pub const EARLY_NEEDS_REASON: &str = "a reason is needed to approve a sale before its hold ends";

impl Action {
    /// The step that is asked for. A denial needs a reason, and so does an approval before the hold ends:
    /// without one, only what has passed its hold is approved.
    ///
    /// # Errors
    /// [`DenialNeedsReason`] when a denial has none.
    pub fn step(self, has_reason: bool) -> Result<Transition, DenialNeedsReason> {
        match self {
            Self::Approve if has_reason => Ok(Transition::ApproveEarly),
            Self::Approve => Ok(Transition::HoldPassed),
            Self::Deny if has_reason => Ok(Transition::Deny),
            Self::Deny => Err(DenialNeedsReason),
            Self::Restore => Ok(Transition::Restore),
        }
    }
}

/// Why a step can't be taken. The text tells the reader what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Only pending conversions are approved.
    #[error("only a pending sale can be approved; this one is {}", .0.label().to_lowercase())]
    NotPending(Status),
    /// The hold goes on.
    #[error("the hold has not passed yet")]
    InHold,
    /// Nobody knows yet how much it is.
    #[error("its commission waits for an exchange rate: add the rate of its day, then approve")]
    AwaitsRate,
    /// The payer's bank has not decided.
    #[error("an open dispute keeps it from approval: wait until the dispute is closed")]
    Disputed,
    /// Its payout was made.
    #[error(
        "it was paid out and can't be denied: a refund at the processor takes the commission back"
    )]
    PaidOut,
    /// The money went back already.
    #[error("its money went back already: nothing is left to deny")]
    WasRefunded,
    /// Denied once is enough.
    #[error("it is denied already")]
    WasDenied,
    /// A recruiter's share is not decided about by itself.
    #[error("a recruiter's share follows its sale: decide about the sale")]
    FollowsItsSale,
    /// Only a denial can be taken back.
    #[error("only a denied sale can be restored; this one is {}", .0.label().to_lowercase())]
    NotDenied(Status),
}

impl Conversion {
    /// The conversion after this step. Its commission is to be computed anew with
    /// [`Conversion::restated`].
    ///
    /// # Errors
    /// A [`Refusal`] when the step can't be taken from where the conversion stands.
    pub fn after(&self, step: Transition, now: DateTime<Utc>) -> Result<Self, Refusal> {
        if self.parent_conversion_id.is_some() {
            return Err(Refusal::FollowsItsSale);
        }
        let mut next = self.clone();
        match step {
            Transition::HoldPassed if self.hold_until > now => return Err(Refusal::InHold),
            Transition::HoldPassed | Transition::ApproveEarly => {
                self.can_be_approved()?;
                next.approved_at = Some(now);
            }
            Transition::Deny => {
                match self.status {
                    Status::Paid => return Err(Refusal::PaidOut),
                    Status::Refunded => return Err(Refusal::WasRefunded),
                    Status::Denied => return Err(Refusal::WasDenied),
                    Status::Pending | Status::Approved => {}
                }
                next.denied_at = Some(now);
            }
            Transition::Restore => {
                if self.status != Status::Denied {
                    return Err(Refusal::NotDenied(self.status));
                }
                next.denied_at = None;
            }
        }
        Ok(next)
    }

    fn can_be_approved(&self) -> Result<(), Refusal> {
        if self.status != Status::Pending {
            return Err(Refusal::NotPending(self.status));
        }
        if self.is_disputed {
            return Err(Refusal::Disputed);
        }
        if self.commission_state == CommissionState::AwaitingRate {
            return Err(Refusal::AwaitsRate);
        }
        Ok(())
    }

    /// Does the end of its subscription at `ended_at` take it back? Only what was pending then: inside
    /// the hold, and not approved or denied by a member before (domain rules, section 6).
    pub fn is_cancelled_by_end(&self, ended_at: DateTime<Utc>) -> bool {
        let decided = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= ended_at);
        self.occurred_at <= ended_at
            && ended_at < self.hold_until
            && self.paid_at.is_none()
            && !decided(self.approved_at)
            && !decided(self.denied_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hold_counts_from_the_payment() {
        let paid = DateTime::from_timestamp(1_700_000_000, 0).expect("in range");
        assert_eq!((hold_until(paid, 30) - paid).num_days(), 30);
        assert_eq!(hold_until(paid, 0), paid);
    }

    #[test]
    fn without_a_reason_nothing_is_denied_and_nothing_approved_early() {
        use Transition::{ApproveEarly, Deny, HoldPassed, Restore};
        assert_eq!(Action::Approve.step(true), Ok(ApproveEarly));
        assert_eq!(Action::Approve.step(false), Ok(HoldPassed));
        assert_eq!(Action::Deny.step(true), Ok(Deny));
        assert_eq!(Action::Deny.step(false), Err(DenialNeedsReason));
        assert_eq!(Action::Restore.step(false), Ok(Restore));
    }

    #[test]
    fn only_leads_that_earn_nothing_are_approved_at_once() {
        assert_eq!(first_status(ConversionType::Lead, 0), Status::Approved);
        assert_eq!(first_status(ConversionType::Lead, 500), Status::Pending);
        assert_eq!(first_status(ConversionType::Sale, 0), Status::Pending);
    }
}
