//! What an organization sets about itself: its name, where its days begin, and what new campaigns start with.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    campaign::{MAX_COOKIE_DAYS, Terms},
    commission::Plan,
    lifecycle::MAX_HOLD_DAYS,
    money::Currency,
    text::Name,
};

/// The largest payout threshold that campaigns can start with, in hundredths of a currency's unit.
pub const MAX_DEFAULT_THRESHOLD: i64 = 1_000_000_000_000;

/// The longest name of a time zone, in bytes.
const MAX_ZONE: usize = 64;

/// Everything that an organization sets about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The merchant's name.
    pub name: Name,
    /// Where the merchant's people are.
    pub time_zone: TimeZone,
    /// What new campaigns start with.
    pub defaults: Defaults,
}

/// What a campaign starts with where nothing is said about it. Changing it changes no campaign there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Days from payment to approval, 0 to [`MAX_HOLD_DAYS`].
    pub hold_days: u16,
    /// Days a click counts, 1 to [`MAX_COOKIE_DAYS`].
    pub cookie_days: u16,
    /// The smallest payout, in hundredths of the campaign's currency's unit, 0 to
    /// [`MAX_DEFAULT_THRESHOLD`]: 5000 is 50.00 USD and 50 JPY.
    pub payout_threshold_hundredths: i64,
    /// Must a visitor agree before a click is kept?
    pub requires_consent: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            hold_days: 30,
            cookie_days: 60,
            payout_threshold_hundredths: 5000,
            requires_consent: false,
        }
    }
}

impl Defaults {
    /// The terms of a campaign about which only currency and plan are known.
    pub fn terms(&self, currency: Currency, plan: Plan) -> Terms {
        let unit = 10_i64.pow(currency.exponent());
        Terms {
            hold_days: self.hold_days.min(MAX_HOLD_DAYS),
            cookie_days: self.cookie_days.clamp(1, MAX_COOKIE_DAYS),
            payout_threshold_minor: self.payout_threshold_hundredths.saturating_mul(unit) / 100,
            tracking_requires_consent: self.requires_consent,
            ..Terms::new(currency, plan)
        }
    }
}

/// The name of a time zone of the IANA database, such as `Europe/Berlin`. Which there are, the database knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(String);

/// Text that is no time zone's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the name of a time zone such as Europe/Berlin or UTC is needed")]
pub struct NotATimeZone;

impl TimeZone {
    /// Reads what looks like a name.
    pub fn parse(text: &str) -> Result<Self, NotATimeZone> {
        let name = text.trim();
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "/_+-".contains(letter);
        let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if begins && name.len() <= MAX_ZONE && name.chars().all(fits) {
            Ok(Self(name.to_owned()))
        } else {
            Err(NotATimeZone)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TimeZone {
    type Error = NotATimeZone;
    fn try_from(text: String) -> Result<Self, NotATimeZone> {
        Self::parse(&text)
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commission::{Duration, Rate},
        rate::BasisPoints,
    };

    #[test]
    fn what_is_set_at_first_is_what_terms_are_without_it() {
        let plan = Plan {
            rate: Rate::Percent(BasisPoints::default()),
            duration: Duration::OneTime,
        };
        for code in ["USD", "JPY", "KWD"] {
            let currency = Currency::parse(code).expect("a currency");
            assert_eq!(
                Defaults::default().terms(currency, plan),
                Terms::new(currency, plan)
            );
        }
        let largest = Defaults {
            payout_threshold_hundredths: MAX_DEFAULT_THRESHOLD,
            ..Defaults::default()
        };
        let kuwait = Currency::parse("KWD").expect("a currency");
        let minor = largest.terms(kuwait, plan).payout_threshold_minor;
        assert_eq!(minor, MAX_DEFAULT_THRESHOLD * 10);
    }

    #[test]
    fn time_zones_look_like_names() {
        for text in [
            "UTC",
            " Europe/Berlin ",
            "America/Port-au-Prince",
            "Etc/GMT+3",
        ] {
            let zone = TimeZone::parse(text).map(String::from);
            assert_eq!(zone.as_deref(), Ok(text.trim()));
        }
        let long = "x".repeat(MAX_ZONE + 1);
        for text in [
            "",
            " ",
            "+02:00",
            "/etc/passwd",
            "Europe/Berlin'",
            "a b",
            &long,
        ] {
            assert_eq!(TimeZone::parse(text), Err(NotATimeZone), "{text:?}");
        }
    }
}
