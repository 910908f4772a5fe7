//! How many clicks or leads a campaign pays an affiliate for (domain rules, section 5).
//!
//! A cap counts what is paid for, not money: it stays right when the campaign changes what one earns, and
//! "100 a day" is what a merchant can explain to an affiliate. Days and months are those of UTC.

use serde::{Deserialize, Serialize};

/// The highest cap.
pub const MAX_CAP: u32 = 1_000_000;

/// At most so many are paid for, per affiliate in the campaign; `None`: as many as come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// Per day of UTC, 1 to [`MAX_CAP`].
    pub per_day: Option<u32>,
    /// Per calendar month of UTC, 1 to [`MAX_CAP`].
    pub per_month: Option<u32>,
}

/// What was paid for already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// On the same day.
    pub day: u32,
    /// In the same month.
    pub month: u32,
}

/// How many of those that came are paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capped {
    /// So many.
    pub paid: u32,
    /// The cap that left some out, such as "100 per day".
    pub by: Option<Cap>,
}

/// One cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// So many per day.
    PerDay(u32),
    /// So many per month.
    PerMonth(u32),
}

impl std::fmt::Display for Cap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PerDay(most) => write!(f, "{most} per day"),
            Self::PerMonth(most) => write!(f, "{most} per month"),
        }
    }
}

impl Caps {
    /// How many of `came` are paid for after those that were.
    pub fn allow(self, came: u32, used: Used) -> Capped {
        let day = self
            .per_day
            .map(|most| (most.saturating_sub(used.day), Cap::PerDay(most)));
        let month = self
            .per_month
            .map(|most| (most.saturating_sub(used.month), Cap::PerMonth(most)));
        let tightest = day.into_iter().chain(month).min_by_key(|(left, _)| *left);
        match tightest {
            Some((left, cap)) if left < came => Capped {
                paid: left,
                by: Some(cap),
            },
            _ => Capped {
                paid: came,
                by: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(per_day: Option<u32>, per_month: Option<u32>, used: (u32, u32)) -> (u32, String) {
        let used = Used {
            day: used.0,
            month: used.1,
        };
        let capped = Caps { per_day, per_month }.allow(120, used);
        let by = capped.by.map(|cap| cap.to_string());
        (capped.paid, by.unwrap_or_default())
    }

    #[test]
    fn the_tighter_cap_decides_and_is_named() {
        let free = (120, String::new());
        assert_eq!(allowed(None, None, (0, 0)), free);
        assert_eq!(allowed(Some(120), Some(120), (0, 0)), free);
        assert_eq!(
            allowed(Some(100), None, (0, 0)),
            (100, "100 per day".to_owned())
        );
        assert_eq!(
            allowed(Some(100), None, (70, 70)),
            (30, "100 per day".to_owned())
        );
        assert_eq!(
            allowed(Some(100), Some(1000), (0, 990)),
            (10, "1000 per month".to_owned())
        );
    }

    #[test]
    fn a_cap_that_was_lowered_since_pays_nothing_more() {
        assert_eq!(
            allowed(Some(10), None, (50, 50)),
            (0, "10 per day".to_owned())
        );
    }
}
