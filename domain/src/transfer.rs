//! Transfers: how a payout's money reaches its affiliate where a processor carries it (domain rules,
//! section 8). What is seen of a transfer decides what becomes of its payout, however often and in
//! whatever order it is told.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::PayoutId, money::Money, payout::PayoutStatus};

/// A transfer as its processor tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferSeen {
    /// The processor's id of it.
    pub transfer_id: String,
    /// The payout it says it is of; `None`: it says nothing of ours.
    pub payout_id: Option<PayoutId>,
    /// How much was sent.
    pub amount: Money,
    /// How much of it came back, in minor units of the same currency. It never gets less.
    pub reversed_minor: i64,
}

/// What a payout knows of its transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Where the payout stands.
    pub status: PayoutStatus,
    /// What it is to pay.
    pub amount: Money,
    /// The transfer that was seen before, if any.
    pub transfer_id: Option<String>,
    /// How much of it has come back, in minor units.
    pub reversed_minor: i64,
}

/// What follows from a transfer that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is not the payout's: why, in words.
    Foreign(&'static str),
    /// Nothing that was not known.
    Known,
    /// The payout was under way: now it is completed.
    Completes {
        /// Came back in the meantime: owed to the affiliate again, minor units.
        adjustment_minor: i64,
    },
    /// The payout was under way, and all of it came back: it has failed.
    Fails,
    /// The payout was over: what the affiliate is owed changes by so much.
    Adjusts {
        /// Minor units. Positive: the money came back. Negative: it was sent though the payout had failed.
        adjustment_minor: i64,
    },
}

impl Carried {
    /// Takes in what was seen of a transfer, and tells what that means for the payout.
    ///
    /// A payout that is completed or has failed stays so: what money did later is an entry of its own.
    pub fn take(&mut self, seen: &TransferSeen) -> Arrival {
        if let Some(why) = self.foreign(seen) {
            return Arrival::Foreign(why);
        }
        let amount = self.amount.minor;
        let (was_seen, was_reversed) = (self.transfer_id.is_some(), self.reversed_minor);
        // Older tellings come late too.
        let reversed = seen
            .reversed_minor
            .clamp(was_reversed, amount.max(was_reversed));
        self.transfer_id = Some(seen.transfer_id.clone());
        self.reversed_minor = reversed;
        let moved = match self.status {
            PayoutStatus::Pending | PayoutStatus::Processing if reversed >= amount => {
                self.status = PayoutStatus::Failed;
                return Arrival::Fails;
            }
            PayoutStatus::Pending | PayoutStatus::Processing => {
                self.status = PayoutStatus::Completed;
                return Arrival::Completes {
                    adjustment_minor: reversed,
                };
            }
            PayoutStatus::Failed if !was_seen => reversed - amount,
            PayoutStatus::Completed | PayoutStatus::Failed => reversed - was_reversed,
        };
        match moved {
            0 => Arrival::Known,
            adjustment_minor => Arrival::Adjusts { adjustment_minor },
        }
    }

    /// Why it can't be the payout's.
    fn foreign(&self, seen: &TransferSeen) -> Option<&'static str> {
        let is_other = |id: &String| *id != seen.transfer_id;
        if self.status == PayoutStatus::Pending {
            Some("the payout is not being paid yet")
        } else if seen.amount != self.amount {
            Some("the transfer is of another amount than its payout")
        } else if self.transfer_id.as_ref().is_some_and(is_other) {
            Some("the payout has another transfer")
        } else {
            None
        }
    }
}

/// A transfer of which nobody knows is asked for again so long after the first time, the second, and so
/// on; the last one goes on for ever, until it is known or a person decides.
const RETRY_DELAYS: [TimeDelta; 6] = [
    TimeDelta::seconds(5),
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(10),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
];

/// When a transfer that was asked for `attempts` times by `now` is asked for again.
pub fn next_attempt(attempts: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    let passed = usize::try_from(attempts.max(1) - 1).unwrap_or(usize::MAX);
    let last = RETRY_DELAYS.len() - 1;
    let delay = RETRY_DELAYS.get(passed.min(last));
    delay
        .and_then(|delay| now.checked_add_signed(*delay))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::Currency;

    fn seen(reversed_minor: i64) -> TransferSeen {
        TransferSeen {
            transfer_id: "tr_1".to_owned(),
            payout_id: None,
            amount: Money::new(5000, Currency::USD),
            reversed_minor,
        }
    }

    fn carried(status: PayoutStatus) -> Carried {
        Carried {
            status,
            amount: Money::new(5000, Currency::USD),
            transfer_id: None,
            reversed_minor: 0,
        }
    }

    fn adjusts(adjustment_minor: i64) -> Arrival {
        Arrival::Adjusts { adjustment_minor }
    }

    #[test]
    fn a_transfer_completes_the_payout_that_waits_for_it() {
        let met = |status, reversed| carried(status).take(&seen(reversed));
        let completes = |adjustment_minor| Arrival::Completes { adjustment_minor };
        let waits = PayoutStatus::Processing;
        assert_eq!(met(waits, 0), completes(0));
        assert_eq!(met(waits, 1200), completes(1200));
        assert_eq!(met(waits, 5000), Arrival::Fails);
        assert!(matches!(met(PayoutStatus::Pending, 0), Arrival::Foreign(_)));
    }

    #[test]
    fn money_that_comes_back_later_is_owed_again_once() {
        let mut done = carried(PayoutStatus::Completed);
        for (reversed, expected) in [
            (0, Arrival::Known),
            (1200, adjusts(1200)),
            (1200, Arrival::Known),
            (5000, adjusts(3800)),
            // Told late.
            (0, Arrival::Known),
        ] {
            assert_eq!(done.take(&seen(reversed)), expected, "{reversed}");
        }
    }

    #[test]
    fn money_that_was_sent_for_a_failed_payout_is_owed_no_more() {
        let failed = || carried(PayoutStatus::Failed);
        assert_eq!(failed().take(&seen(5000)), Arrival::Known);
        let mut failed = failed();
        assert_eq!(failed.take(&seen(0)), adjusts(-5000));
        assert_eq!(failed.take(&seen(0)), Arrival::Known);
        assert_eq!(failed.take(&seen(5000)), adjusts(5000));
    }

    #[test]
    fn another_amount_or_another_transfer_is_not_its() {
        let mut waits = carried(PayoutStatus::Processing);
        waits.amount.minor = 4999;
        let before = waits.clone();
        assert!(matches!(waits.take(&seen(0)), Arrival::Foreign(_)));
        assert_eq!(waits, before);
        let mut other = Carried {
            transfer_id: Some("tr_0".to_owned()),
            ..carried(PayoutStatus::Completed)
        };
        assert!(matches!(other.take(&seen(100)), Arrival::Foreign(_)));
    }

    #[test]
    fn delays_grow_and_never_end() {
        let now = DateTime::UNIX_EPOCH;
        let seconds = |attempts| (next_attempt(attempts, now) - now).num_seconds();
        let delays: Vec<i64> = (1..=8).map(seconds).collect();
        assert_eq!(delays, [5, 30, 120, 600, 1800, 7200, 7200, 7200]);
        assert_eq!(seconds(u32::MAX), 7200);
    }

    proptest! {
        /// Whatever is told how often in whatever order, what the affiliate is owed after a payout was
        /// sent is what came back of it.
        #[test]
        fn what_is_owed_is_what_came_back(
            told in proptest::collection::vec(0i64..=5000, 1..8),
            fails in any::<bool>(),
        ) {
            let mut known = carried(if fails { PayoutStatus::Failed } else { PayoutStatus::Processing });
            // A failed payout is owed whole; one that is under way is not.
            let mut owed = if fails { 5000 } else { 0 };
            for reversed in &told {
                match known.take(&seen(*reversed)) {
                    Arrival::Fails => owed = 5000,
                    Arrival::Completes { adjustment_minor } | Arrival::Adjusts { adjustment_minor } => {
                        owed += adjustment_minor;
                    }
                    Arrival::Known | Arrival::Foreign(_) => {}
                }
            }
            let came_back = told.iter().copied().max().unwrap_or_default();
            prop_assert_eq!(owed, came_back);
        }
    }
}
