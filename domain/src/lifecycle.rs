//! The life of a conversion (domain rules, section 6): which status it has and how long it is held.

use chrono::{DateTime, Duration, Utc};
use thiserror::Error;

use crate::{
    conversion::{CommissionState, Conversion, ConversionType, Source},
    refund::HeldBy,
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
    /// Money may go back of it.
    #[error("{}", held_words(*.0))]
    Held(HeldBy),
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

fn held_words(why: HeldBy) -> &'static str {
    match why {
        HeldBy::Dispute => {
            "an open dispute keeps it from approval: wait until the dispute is closed"
        }
        HeldBy::Refund => {
            "a refund that the processor has not decided about keeps it from approval: wait until it is approved or rejected"
        }
        HeldBy::Flag => "an open flag keeps it from approval: resolve the flag first",
        HeldBy::UnknownAmount => {
            "a refund whose amount is not known yet keeps it from approval: wait until the processor tells it, or approve with a reason"
        }
        HeldBy::Warning => {
            "a warning of a dispute keeps it from approval: wait until it is taken back, or approve with a reason"
        }
    }
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
                self.can_be_approved(step)?;
                next.approved_at = self.approved_at.or(Some(now));
                if next.held_by.take().is_some() {
                    next.released_at = Some(now);
                }
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

    fn can_be_approved(&self, step: Transition) -> Result<(), Refusal> {
        let is_explained = step == Transition::ApproveEarly;
        let holds = |why: &HeldBy| !(is_explained && why.is_released_by_approval());
        let is_released = self.held_by.is_some_and(|why| !holds(&why));
        match self.status {
            Status::Pending => {}
            // Approved before it was held: it can't be paid out until it is released.
            Status::Approved if is_released => {}
            other => return Err(Refusal::NotPending(other)),
        }
        if let Some(why) = self.held_by.filter(holds) {
            return Err(Refusal::Held(why));
        }
        if self.commission_state == CommissionState::AwaitingRate {
            return Err(Refusal::AwaitsRate);
        }
        Ok(())
    }

    /// Does the end of its subscription at `ended_at` take it back? Only what was pending then: inside
    /// the hold, and not approved or denied by a member before (domain rules, section 6), nor on the platform
    /// that it was imported from: when that was is not known.
    pub fn is_cancelled_by_end(&self, ended_at: DateTime<Utc>) -> bool {
        let elsewhere = |at| self.source == Source::Imported && at <= self.created_at;
        let decided =
            |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= ended_at || elsewhere(at));
        self.occurred_at <= ended_at
            && ended_at < self.hold_until
            && self.paid_at.is_none()
            && !decided(self.approved_at)
            && !decided(self.denied_at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;
    use crate::{conversion::example::sale, refund::Back};

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

    /// Where a sale stands, by what was done to it: the picture of section 6, without its dates.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[expect(
        clippy::struct_excessive_bools,
        reason = "each is a thing that was done"
    )]
    struct Place {
        is_approved: bool,
        is_denied: bool,
        is_back: bool,
        is_released: bool,
        held_by: Option<HeldBy>,
    }

    impl Place {
        fn status(self) -> Status {
            match self {
                Self { is_back: true, .. } => Status::Refunded,
                Self {
                    is_denied: true, ..
                } => Status::Denied,
                Self {
                    is_approved: true, ..
                } => Status::Approved,
                _ => Status::Pending,
            }
        }

        /// `None` where the picture has no such arrow.
        fn after(mut self, step: Transition, hold_passed: bool) -> Option<Self> {
            let is_pending = self.status() == Status::Pending;
            let is_due = is_pending && self.held_by.is_none();
            let may_be_back = matches!(
                self.held_by,
                Some(HeldBy::Dispute | HeldBy::Refund | HeldBy::Flag)
            );
            match step {
                Transition::HoldPassed if is_due && hold_passed => self.is_approved = true,
                Transition::ApproveEarly
                    if !may_be_back
                        && (is_pending
                            || self.status() == Status::Approved && self.held_by.is_some()) =>
                {
                    self.is_approved = true;
                    self.is_released |= self.held_by.take().is_some();
                }
                Transition::Deny if matches!(self.status(), Status::Pending | Status::Approved) => {
                    self.is_denied = true;
                }
                Transition::Restore if self.status() == Status::Denied => self.is_denied = false,
                _ => return None,
            }
            Some(self)
        }
    }

    /// What happens next: a step at a day, or money that goes back or comes again.
    #[derive(Clone, Debug)]
    enum Happens {
        Step(Transition, i64),
        Back(i64, Option<HeldBy>),
        Flagged(bool),
    }

    fn happens() -> impl Strategy<Value = Happens> {
        use Transition::{ApproveEarly, Deny, HoldPassed, Restore};
        let step = proptest::sample::select(vec![HoldPassed, ApproveEarly, Deny, Restore]);
        let told = HeldBy::ALL.iter().filter(|why| **why != HeldBy::Flag);
        let held = proptest::sample::select(told.copied().collect::<Vec<_>>());
        let minor = prop_oneof![Just(0), Just(5390), 1..5390_i64];
        prop_oneof![
            3 => (step, 0..60_i64).prop_map(|(step, day)| Happens::Step(step, day)),
            1 => (minor, option::of(held)).prop_map(|(minor, held_by)| Happens::Back(minor, held_by)),
            1 => any::<bool>().prop_map(Happens::Flagged),
        ]
    }

    /// 20 % of the part of 49.00 that remains of 53.90; of the last cents that is nothing.
    fn due_of(sale: &Conversion) -> i64 {
        let half_up = |part: i64, whole: i64| (2 * part + whole) / (2 * whole);
        half_up(half_up(4900 * (5390 - sale.refunded_minor), 5390), 5)
    }

    proptest! {
        #[test]
        fn a_sale_goes_only_where_the_picture_has_an_arrow(history in vec(happens(), 0..12)) {
            let start = DateTime::UNIX_EPOCH;
            let mut sale = Conversion { hold_until: hold_until(start, 30), ..sale() };
            let mut place = Place { is_approved: false, is_denied: false, is_back: false, is_released: false, held_by: None };
            let mut back = Back::default();
            for happens in history {
                match happens {
                    Happens::Back(minor, held_by) => back = Back { minor, held_by },
                    Happens::Flagged(is_flagged) => sale.is_flagged = is_flagged,
                    Happens::Step(..) => {}
                }
                match happens {
                    Happens::Back(..) | Happens::Flagged(_) => {
                        sale = sale.settled(back, start).expect("fits");
                        let is_grave = |why: &HeldBy| matches!(why, HeldBy::Dispute | HeldBy::Refund);
                        let told = back.held_by.filter(|why| !place.is_released || is_grave(why));
                        let held_by = match told {
                            Some(why) if is_grave(&why) => Some(why),
                            _ if sale.is_flagged => Some(HeldBy::Flag),
                            other => other,
                        };
                        place = Place { is_back: back.minor == 5390, held_by, ..place };
                    }
                    Happens::Step(step, day) => {
                        let now = start + Duration::days(day);
                        let taken = sale.after(step, now).ok();
                        let expected = place.after(step, day >= 30);
                        prop_assert_eq!(taken.is_some(), expected.is_some(), "{:?} on day {}", step, day);
                        if let (Some(next), Some(there)) = (taken, expected) {
                            sale = next.restated(now).expect("fits");
                            place = there;
                        }
                    }
                }
                prop_assert_eq!((sale.status, sale.held_by), (place.status(), place.held_by));
                let earns = matches!(sale.status, Status::Pending | Status::Approved);
                let due = if earns { due_of(&sale) } else { 0 };
                prop_assert_eq!(sale.commission.minor, due);
            }
        }

        #[test]
        fn the_end_of_a_subscription_takes_back_what_was_pending_inside_the_hold(
            paid in 0..50_i64, ended in 0..90_i64,
            approved in option::of(0..90_i64), denied in option::of(0..90_i64), is_paid_out in any::<bool>(),
        ) {
            let at = |day| DateTime::UNIX_EPOCH + Duration::days(day);
            let sale = Conversion {
                occurred_at: at(paid),
                hold_until: hold_until(at(paid), 30),
                approved_at: approved.map(at),
                denied_at: denied.map(at),
                paid_at: is_paid_out.then_some(at(89)),
                ..sale()
            };
            let was_pending = [approved, denied].into_iter().flatten().all(|day| day > ended);
            let expected = (paid..paid + 30).contains(&ended) && was_pending && !is_paid_out;
            prop_assert_eq!(sale.is_cancelled_by_end(at(ended)), expected);
            // What was decided before it was imported is decided, whenever that was.
            let imported = Conversion { source: Source::Imported, created_at: at(90), ..sale };
            let was_decided = approved.or(denied).is_some();
            prop_assert_eq!(imported.is_cancelled_by_end(at(ended)), expected && !was_decided);
        }
    }
}
