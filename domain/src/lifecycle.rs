//! The life of a conversion (domain rules, section 6): which status it has and how long it is held.

use chrono::{DateTime, Duration, Utc};

use crate::{conversion::ConversionType, words::words};

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
    fn only_leads_that_earn_nothing_are_approved_at_once() {
        assert_eq!(first_status(ConversionType::Lead, 0), Status::Approved);
        assert_eq!(first_status(ConversionType::Lead, 500), Status::Pending);
        assert_eq!(first_status(ConversionType::Sale, 0), Status::Pending);
    }
}
