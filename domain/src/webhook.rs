//! Outgoing webhooks: what can be told, when it is tried again, and when an endpoint is given up.

use chrono::{DateTime, TimeDelta, Utc};

use crate::words::words;

words! {
    /// What a merchant's own program can be told of.
    Topic {
        /// Something was credited.
        ConversionCreated = "conversion.created" / "Sale recorded",
        /// Anything about it changed.
        ConversionUpdated = "conversion.updated" / "Sale changed",
        /// It may be paid out.
        ConversionApproved = "conversion.approved" / "Sale approved",
        /// Money went back, a part of it or all.
        ConversionRefunded = "conversion.refunded" / "Sale refunded",
        /// It was turned down.
        ConversionDenied = "conversion.denied" / "Sale denied",
        /// A payout was made, and waits.
        PayoutCreated = "payout.created" / "Payout made",
        /// It is on its way.
        PayoutProcessing = "payout.processing" / "Payout on its way",
        /// It arrived.
        PayoutCompleted = "payout.completed" / "Payout completed",
        /// It did not; what was in it is payable again.
        PayoutFailed = "payout.failed" / "Payout failed",
        /// An affiliate is in one more campaign.
        AffiliateJoined = "affiliate.joined" / "Affiliate joined",
        /// An affiliate may earn: here everybody at once.
        AffiliateApproved = "affiliate.approved" / "Affiliate approved",
        /// Anything about an affiliate changed.
        AffiliateUpdated = "affiliate.updated" / "Affiliate changed",
        /// An affiliate was turned away.
        AffiliateBlocked = "affiliate.blocked" / "Affiliate blocked",
        /// An affiliate may earn again.
        AffiliateUnblocked = "affiliate.unblocked" / "Affiliate unblocked",
        /// There is a new campaign.
        ProgramCreated = "program.created" / "Campaign created",
        /// Anything about a campaign changed.
        ProgramUpdated = "program.updated" / "Campaign changed",
        /// A campaign was closed to new customers.
        ProgramArchived = "program.archived" / "Campaign archived",
        /// A sale looks suspicious.
        FlagCreated = "flag.created" / "Flag raised",
        /// Somebody has looked.
        FlagResolved = "flag.resolved" / "Flag resolved",
        /// Somebody tries the endpoint. Nobody asks for it: it goes to the endpoint that is tried.
        Test = "webhook.test" / "Test",
    }
}

impl Topic {
    /// Those an endpoint can ask for, in the order people read them.
    pub fn to_ask_for() -> impl Iterator<Item = Self> {
        let all = Self::ALL.iter().copied();
        all.filter(|topic| *topic != Self::Test)
    }
}

words! {
    /// Is an endpoint told anything?
    EndpointStatus {
        /// Yes.
        Active = "active" / "Active",
        /// No: a person said so, or it did not answer for too long.
        Disabled = "disabled" / "Disabled",
    }
}

words! {
    /// What became of telling one endpoint one thing.
    DeliveryStatus {
        /// Not there yet: it is tried, or tried again.
        Pending = "pending" / "Pending",
        /// The endpoint took it.
        Delivered = "delivered" / "Delivered",
        /// Given up; a person can send it again.
        Failed = "failed" / "Failed",
    }
}

/// How long after the first attempt each of them is due.
pub const ATTEMPTS: [TimeDelta; 9] = [
    TimeDelta::zero(),
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::hours(1),
    TimeDelta::hours(3),
    TimeDelta::hours(6),
    TimeDelta::hours(12),
    TimeDelta::hours(24),
];

/// The shortest time between two attempts, also when the first came late.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// An endpoint that has taken nothing for so long is disabled.
pub const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(5);

/// For how long a replaced secret signs beside the new one.
pub const SECRET_OVERLAP: TimeDelta = TimeDelta::hours(24);

/// The most endpoints of an organization: each of them is told everything it asks for.
pub const MAX_ENDPOINTS: usize = 20;

/// When something that was first due at `first` and has failed `attempts` times by `now` is tried again;
/// `None`: never, it has failed.
pub fn next_attempt(
    attempts: usize,
    first: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let due = first.checked_add_signed(*ATTEMPTS.get(attempts)?)?;
    Some(due.max(now.checked_add_signed(PAUSE)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_attempts_are_made_within_a_day() {
        let first = DateTime::UNIX_EPOCH;
        let minutes = |attempts: usize| {
            let now = first + ATTEMPTS[attempts - 1];
            next_attempt(attempts, first, now).map(|at| (at - first).num_minutes())
        };
        let due: Vec<_> = (1..=9).map(minutes).collect();
        let expected = [1, 5, 15, 60, 180, 360, 720, 1440].map(Some);
        assert_eq!(due[..8], expected);
        assert_eq!(due[8], None);
        assert_eq!(next_attempt(usize::MAX, first, first), None);
    }

    #[test]
    fn attempts_that_come_late_keep_apart() {
        let first = DateTime::UNIX_EPOCH;
        let late = first + TimeDelta::hours(2);
        assert_eq!(next_attempt(1, first, late), Some(late + PAUSE));
        let slow = first + TimeDelta::seconds(45);
        assert_eq!(next_attempt(1, first, slow), Some(slow + PAUSE));
    }

    #[test]
    fn a_test_is_nothing_to_ask_for() {
        assert!(Topic::to_ask_for().all(|topic| topic != Topic::Test));
        assert_eq!(Topic::to_ask_for().count() + 1, Topic::ALL.len());
    }
}
