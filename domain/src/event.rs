//! What became of a message from a processor, and when it is tried again.

use chrono::{DateTime, TimeDelta, Utc};

use crate::words::words;

/// The kind of events that no processor sends: what was found in its own list of transactions. They are no
/// sign that deliveries arrive.
pub const FOUND_IN_A_LIST: &str = "transaction_search";

words! {
    /// The outcome of one event, as answered to the processor and shown in the inbox.
    Outcome {
        /// A conversion was recorded, or the event taught us something that we keep.
        Recorded = "recorded" / "Recorded",
        /// The payment it names was credited before; nothing new.
        Deduped = "deduped" / "Deduped",
        /// A payment that nobody is credited for, yet.
        Unattributed = "unattributed" / "Unattributed",
        /// Waits for the fact that it belongs to.
        Parked = "parked" / "Parked",
        /// Of no concern: another type, version or mode.
        Ignored = "ignored" / "Ignored",
        /// Known, but could not be processed; kept and tried again.
        Failed = "failed" / "Failed",
        /// Kept as received; nothing to credit in it.
        Stored = "stored" / "Stored",
    }
}

/// Failed events are counted up to here: more of them are told as "this many or more".
pub const MAX_FAILED_COUNT: i64 = 100;

/// A failed event is tried again so long after it failed: after the first time, the second, and so on.
/// When all of them have passed it stays failed until a person replays it.
pub const RETRY_DELAYS: [TimeDelta; 6] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(12),
    TimeDelta::hours(24),
];

/// When an event that has failed `attempts` times by `now` is tried again; `None`: not by itself.
pub fn next_attempt(attempts: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let passed = usize::try_from(attempts.max(1) - 1).ok()?;
    RETRY_DELAYS
        .get(passed)
        .and_then(|delay| now.checked_add_signed(*delay))
}

impl Outcome {
    /// Does an event that is taken in again keep what it said before, although it would say `again` now?
    ///
    /// What was recorded stays so: its facts are known the second time, and nobody would learn any more
    /// that they came by this event.
    #[must_use]
    pub fn outlasts(self, again: Self) -> bool {
        self == Self::Recorded && again != Self::Recorded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_end() {
        let now = DateTime::UNIX_EPOCH;
        let minutes = |attempts| next_attempt(attempts, now).map(|at| (at - now).num_minutes());
        let delays: Vec<_> = (1..=7).map(minutes).collect();
        let expected = [1, 5, 30, 120, 720, 1440].map(Some);
        assert_eq!(delays[..6], expected);
        assert_eq!(delays[6], None);
        assert_eq!(next_attempt(u32::MAX, now), None);
    }

    #[test]
    fn what_was_recorded_stays_recorded() {
        assert!(Outcome::Recorded.outlasts(Outcome::Deduped));
        assert!(Outcome::Recorded.outlasts(Outcome::Failed));
        assert!(!Outcome::Recorded.outlasts(Outcome::Recorded));
        assert!(!Outcome::Failed.outlasts(Outcome::Ignored));
    }
}
