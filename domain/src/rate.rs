//! Shares as basis points: 2000 is 20 %, 10000 is all of it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::{Money, MoneyError, round_half_up};

/// How many basis points make a whole.
pub const WHOLE: u16 = 10_000;

/// A share of an amount, from 0 % to 100 % in steps of 0.01 %.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "u16", into = "u16")]
pub struct BasisPoints(u16);

/// A share above the whole, or not in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a percentage from 0 to 100 with at most two decimals is needed")]
pub struct NotAShare;

impl BasisPoints {
    /// All of it.
    pub const ALL: Self = Self(WHOLE);

    /// `points` basis points; fails above [`WHOLE`].
    pub fn new(points: u16) -> Result<Self, NotAShare> {
        if points > WHOLE {
            return Err(NotAShare);
        }
        Ok(Self(points))
    }

    /// Reads a percentage with at most two decimals: `20`, `7.5`, `12.25`.
    pub fn from_percent(text: &str) -> Result<Self, NotAShare> {
        // A percentage has two decimals, as dollars do: one parser serves both.
        let points =
            Money::from_decimal(text, crate::money::Currency::USD).map_err(|_| NotAShare)?;
        Self::new(u16::try_from(points.minor).map_err(|_| NotAShare)?)
    }

    /// Basis points, 0 to 10000.
    pub fn get(self) -> u16 {
        self.0
    }

    /// The share of `amount`, rounded once, half up.
    pub fn of(self, amount: Money) -> Result<Money, MoneyError> {
        let product = i128::from(amount.minor) * i128::from(self.0);
        let minor = round_half_up(product, i128::from(WHOLE)).ok_or(MoneyError::Overflow)?;
        Ok(Money::new(minor, amount.currency))
    }

    /// Percent text without needless zeros: `20`, `7.5`, `12.25`.
    pub fn to_percent(self) -> String {
        let text = format!("{}.{:02}", self.0 / 100, self.0 % 100);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl TryFrom<u16> for BasisPoints {
    type Error = NotAShare;
    fn try_from(points: u16) -> Result<Self, Self::Error> {
        Self::new(points)
    }
}

impl From<BasisPoints> for u16 {
    fn from(points: BasisPoints) -> Self {
        points.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn percentages_are_read_and_written() {
        for (text, points, written) in [
            ("20", 2000, "20"),
            ("7.5", 750, "7.5"),
            ("12.25", 1225, "12.25"),
            ("0", 0, "0"),
            ("100.00", 10_000, "100"),
        ] {
            let share = BasisPoints::from_percent(text).expect(text);
            assert_eq!(
                (share.get(), share.to_percent().as_str()),
                (points, written)
            );
        }
        for text in ["100.01", "-1", "1.234", "twenty", ""] {
            assert_eq!(BasisPoints::from_percent(text), Err(NotAShare), "{text}");
        }
    }

    #[test]
    fn a_share_is_rounded_half_up_once() {
        let share = BasisPoints::new(2050).expect("a share");
        assert_eq!(
            share.of(Money::new(4900, Currency::USD)).map(|m| m.minor),
            Ok(1005)
        ); // 1004.5
        assert!(share.of(Money::new(i64::MAX, Currency::USD)).is_ok());
    }
}
