//! Money: an integer of minor units with its currency beside it (domain rules, section 2).
//!
//! There is no float and no bare amount. Arithmetic is checked, refuses to mix currencies, and the
//! one rounding rule of the system, [`round_half_up`], is here.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The largest amount accepted from outside, in minor units (10^15).
pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// What can be wrong with an amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Not a code of ISO 4217, or one without minor units (such as gold, `XAU`).
    #[error("the currency is not an ISO 4217 code of money, such as USD")]
    UnknownCurrency,
    /// Two currencies met in one sum.
    #[error("amounts in different currencies can't be added")]
    CurrencyMismatch,
    /// The result does not fit, or the amount is above [`MAX_MINOR`].
    #[error("the amount is too large: at most 10^15 minor units")]
    Overflow,
    /// Text that is no decimal amount of that currency.
    #[error("not a decimal amount with at most the currency's number of decimals")]
    NotAnAmount,
}

impl Currency {
    /// United States dollar, the default of a new campaign.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Reads an ISO 4217 code in any case.
    ///
    /// Codes that have no minor unit (precious metals, testing codes) are refused: nobody is paid in them.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        let upper = code.to_ascii_uppercase();
        let currency =
            iso_currency::Currency::from_code(&upper).ok_or(MoneyError::UnknownCurrency)?;
        if upper == "XXX" || upper == "XTS" || currency.exponent().is_none() {
            return Err(MoneyError::UnknownCurrency);
        }
        Ok(Self(currency))
    }

    /// The three capital letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Number of decimals, ISO 4217: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(2))
    }

    /// The same as a length of text.
    fn places(self) -> usize {
        usize::from(self.0.exponent().unwrap_or(2))
    }

    /// The sign people know it by (`$`, `€`, `¥`), else its code and a no-break space.
    pub fn symbol(self) -> &'static str {
        match self.code() {
            "USD" => "$",
            "EUR" => "€",
            "GBP" => "£",
            "JPY" => "¥",
            "INR" => "₹",
            "KRW" => "₩",
            "ILS" => "₪",
            "VND" => "₫",
            "UAH" => "₴",
            "NGN" => "₦",
            "PHP" => "₱",
            "AUD" => "A$",
            "CAD" => "CA$",
            "NZD" => "NZ$",
            "BRL" => "R$",
            "MXN" => "MX$",
            _ => "",
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::parse(code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&code).map_err(serde::de::Error::custom)
    }
}

/// A signed amount in the minor unit of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units: cents for USD, yen for JPY, fils for KWD. Negative when money goes back.
    pub minor: i64,
    /// What the amount is in.
    pub currency: Currency,
}

impl Money {
    /// An amount of `minor` units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The sum. Fails on different currencies and on overflow.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// Plain decimal text with the currency's decimals and no grouping: `49.00`, `-20.00`, `1580`.
    pub fn to_decimal(self) -> String {
        decimal(self, "")
    }

    /// Reads plain decimal text (`49`, `49.5`, `49.00`) as an amount of `currency`.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let places = currency.places();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let missing = places.checked_sub(fraction.len());
        let zeros = "0".repeat(missing.ok_or(MoneyError::NotAnAmount)?);
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyError::NotAnAmount);
        }
        let minor: i64 = format!("{whole}{fraction}{zeros}")
            .parse()
            .map_err(|_| MoneyError::Overflow)?;
        if minor > MAX_MINOR {
            return Err(MoneyError::Overflow);
        }
        Ok(Self::new(if negative { -minor } else { minor }, currency))
    }
}

/// For people: `$1,250.00`, `-€30.00`, `¥15,800`, `CHF 12.50`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = decimal(*self, ",");
        let digits = digits.trim_start_matches('-');
        match self.currency.symbol() {
            "" => write!(f, "{sign}{}\u{a0}{digits}", self.currency.code()),
            symbol => write!(f, "{sign}{symbol}{digits}"),
        }
    }
}

fn decimal(amount: Money, group: &str) -> String {
    let places = amount.currency.places();
    let sign = if amount.minor < 0 { "-" } else { "" };
    let digits = format!(
        "{:0>width$}",
        amount.minor.unsigned_abs(),
        width = places + 1
    );
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let mut grouped = String::with_capacity(digits.len() + 8);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push_str(group);
        }
        grouped.push(digit);
    }
    if places == 0 {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{fraction}")
    }
}

/// `numerator / denominator` to the nearest integer, halves away from zero: the one rounding rule
/// (domain rules, section 2). `None` when the denominator is not positive or the result does not fit.
pub fn round_half_up(numerator: i128, denominator: i128) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let magnitude = numerator
        .unsigned_abs()
        .checked_mul(2)?
        .checked_add(denominator.unsigned_abs())?
        / denominator.unsigned_abs().checked_mul(2)?;
    let rounded = i64::try_from(magnitude).ok()?;
    Some(if numerator < 0 { -rounded } else { rounded })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::parse(code).expect("a currency"))
    }

    #[test]
    fn exponents_follow_iso_4217() {
        for (code, exponent) in [("USD", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0), ("eur", 2)] {
            assert_eq!(Currency::parse(code).map(Currency::exponent), Ok(exponent));
        }
        for code in ["", "US", "USDX", "XXX", "XAU", "ZZZ", "💶"] {
            assert_eq!(
                Currency::parse(code),
                Err(MoneyError::UnknownCurrency),
                "{code}"
            );
        }
    }

    #[test]
    fn people_read_grouped_amounts_with_a_sign_first() {
        assert_eq!(money(125_000, "USD").to_string(), "$1,250.00");
        assert_eq!(money(-3000, "EUR").to_string(), "-€30.00");
        assert_eq!(money(15_800, "JPY").to_string(), "¥15,800");
        assert_eq!(money(1250, "CHF").to_string(), "CHF\u{a0}12.50");
        assert_eq!(money(5, "KWD").to_string(), "KWD\u{a0}0.005");
    }

    #[test]
    fn programs_read_plain_decimals() {
        assert_eq!(money(4900, "USD").to_decimal(), "49.00");
        assert_eq!(money(-2000, "USD").to_decimal(), "-20.00");
        assert_eq!(money(1580, "JPY").to_decimal(), "1580");
        assert_eq!(money(-1, "USD").to_decimal(), "-0.01");
    }

    #[test]
    fn currencies_are_never_added_to_each_other() {
        let sum = money(1, "USD").checked_add(money(1, "EUR"));
        assert_eq!(sum, Err(MoneyError::CurrencyMismatch));
        let sum = money(i64::MAX, "USD").checked_add(money(1, "USD"));
        assert_eq!(sum, Err(MoneyError::Overflow));
    }

    #[test]
    fn halves_round_away_from_zero() {
        for (numerator, expected) in [(5, 1), (4, 0), (-5, -1), (-4, 0), (15, 2), (25, 3)] {
            assert_eq!(round_half_up(numerator, 10), Some(expected), "{numerator}");
        }
        assert_eq!(round_half_up(1, 0), None);
        assert_eq!(round_half_up(i128::from(i64::MAX) * 4, 2), None);
    }

    #[test]
    fn text_that_is_no_amount_is_refused() {
        let usd = Currency::USD;
        for text in [
            "", "-", ".5", "1.234", "1,0", "1e3", " 1", "+1", "٣", "--1", "0x1",
        ] {
            assert_eq!(
                Money::from_decimal(text, usd),
                Err(MoneyError::NotAnAmount),
                "{text}"
            );
        }
        assert_eq!(
            Money::from_decimal("99999999999999999999", usd),
            Err(MoneyError::Overflow)
        );
    }

    proptest! {
        #[test]
        fn decimals_are_read_back(minor in -MAX_MINOR..=MAX_MINOR, code in "(USD|JPY|KWD)") {
            let amount = money(minor, &code);
            prop_assert_eq!(Money::from_decimal(&amount.to_decimal(), amount.currency), Ok(amount));
        }

        #[test]
        fn rounding_is_within_half_a_unit(numerator in -1_000_000i128..1_000_000, denominator in 1i128..10_000) {
            let rounded = i128::from(round_half_up(numerator, denominator).expect("small"));
            prop_assert!((rounded * denominator - numerator).abs() * 2 <= denominator);
        }
    }
}
