//! Exchange rates (domain rules, section 2): exact fractions, never floats, never silently 1:1.

use std::{collections::BTreeMap, fmt};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::Currency;

/// The day of a rate, such as 2026-11-20. No currency is quoted against the euro before it began, and
/// years beyond four digits are no days of this calendar.
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(1999, 1, 1)?;
    let day: NaiveDate = text.parse().ok()?;
    (text.len() == 10 && day >= first).then_some(day)
}

/// How many days older than the sale the newest rate may be: reference rates skip weekends and holidays.
pub const MAX_AGE_DAYS: u64 = 7;

/// The most digits a rate may have, before and after the point together.
const MAX_DIGITS: usize = 15;

/// A rate as published: 1 unit of the base currency is so many units of the quote currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The decimal without its point: 10832 for 1.0832.
    pub digits: i64,
    /// How many of the digits come after the point: 4 for 1.0832.
    pub places: u32,
}

/// Text that is no positive decimal of at most 15 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a rate is a positive decimal number with at most 15 digits, such as 1.0832")]
pub struct NotARate;

impl Quote {
    /// A currency against itself.
    const ONE: Self = Self {
        digits: 1,
        places: 0,
    };

    /// Reads plain decimal text: `1.0832`, `163`, `0.0061`.
    pub fn parse(text: &str) -> Result<Self, NotARate> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}");
        let is_decimal = !whole.is_empty()
            && (fraction.is_empty() != text.contains('.'))
            && digits.len() <= MAX_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = digits.parse().map_err(|_| NotARate)?;
        if !is_decimal || number == 0 {
            return Err(NotARate);
        }
        let places = u32::try_from(fraction.len()).map_err(|_| NotARate)?;
        Ok(Self {
            digits: number,
            places,
        })
    }
}

/// As it was published: `1.0832`.
impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::try_from(self.places).unwrap_or(0);
        let digits = format!("{:0width$}", self.digits, width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        if fraction.is_empty() {
            return f.write_str(whole);
        }
        write!(f, "{whole}.{fraction}")
    }
}

/// What one unit of a sale's currency was in a campaign's currency on a day: an exact fraction of whole
/// units, kept on the conversion and used again for its refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRate {
    /// Units of the campaign's currency ...
    pub numerator: i64,
    /// ... for so many units of the sale's currency.
    pub denominator: i64,
    /// The day of the rate.
    pub day: NaiveDate,
}

impl ExchangeRate {
    /// The rate between two currencies that are both quoted against the same base: `to` / `from`.
    /// `None` when the fraction does not fit.
    pub fn cross(from: Quote, to: Quote, day: NaiveDate) -> Option<Self> {
        let scale = |places: u32| 10_i128.checked_pow(places);
        let numerator = i128::from(to.digits).checked_mul(scale(from.places)?)?;
        let denominator = i128::from(from.digits).checked_mul(scale(to.places)?)?;
        let common = gcd(numerator, denominator);
        Some(Self {
            numerator: i64::try_from(numerator.checked_div(common)?).ok()?,
            denominator: i64::try_from(denominator.checked_div(common)?).ok()?,
            day,
        })
    }

    /// May a rate of `rate_day` be used for a sale of `sale_day`? Not a later one, and none too old.
    pub fn is_usable(rate_day: NaiveDate, sale_day: NaiveDate) -> bool {
        let oldest = sale_day.checked_sub_days(Days::new(MAX_AGE_DAYS));
        rate_day <= sale_day && oldest.is_none_or(|oldest| rate_day >= oldest)
    }
}

/// A rate of a day: 1 unit of `base` was so many units of `quote`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// One unit of this ...
    pub base: Currency,
    /// ... in units of this.
    pub quote: Currency,
    /// How many.
    pub rate: Quote,
    /// Did the organization set it itself? Its own rates go before the published ones of the same day.
    pub is_own: bool,
}

/// Rates by day.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    by_day: BTreeMap<NaiveDate, Vec<Published>>,
}

impl Rates {
    /// One more rate.
    pub fn add(&mut self, day: NaiveDate, published: Published) {
        self.by_day.entry(day).or_default().push(published);
    }

    /// The newest rate from one currency to another that a sale of this day may use: of a pair itself,
    /// of the pair turned round, or of two currencies that are quoted against the same base.
    pub fn find(&self, from: Currency, to: Currency, sale_day: NaiveDate) -> Option<ExchangeRate> {
        let usable = self
            .by_day
            .range(..=sale_day)
            .rev()
            .take_while(|(day, _)| ExchangeRate::is_usable(**day, sale_day));
        let mut rates = usable.flat_map(|(day, published)| {
            [true, false].map(|is_own| {
                let of_source = published.iter().filter(|one| one.is_own == is_own);
                of_day(&of_source.copied().collect::<Vec<_>>(), from, to, *day)
            })
        });
        rates.find_map(|rate| rate)
    }
}

fn of_day(
    published: &[Published],
    from: Currency,
    to: Currency,
    day: NaiveDate,
) -> Option<ExchangeRate> {
    let quoted = |base: Currency, quote: Currency| {
        if base == quote {
            return Some(Quote::ONE);
        }
        let pair = published
            .iter()
            .find(|one| one.base == base && one.quote == quote);
        pair.map(|one| one.rate)
    };
    let bases = [from, to]
        .into_iter()
        .chain(published.iter().map(|one| one.base));
    bases
        .filter_map(|base| Some((quoted(base, from)?, quoted(base, to)?)))
        .find_map(|(from, to)| ExchangeRate::cross(from, to, day))
}

/// An exact fraction in the making of one amount of money; reduced at every step so that it fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fraction {
    pub(crate) numerator: i128,
    pub(crate) denominator: i128,
}

impl Fraction {
    pub(crate) fn whole(number: i64) -> Self {
        Self {
            numerator: i128::from(number),
            denominator: 1,
        }
    }

    /// Times `numerator / denominator`; `None` when it does not fit or is divided by nothing.
    pub(crate) fn times(self, numerator: i64, denominator: i64) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
        // Across, because each side alone is reduced already.
        let (first, second) = (
            gcd(self.numerator, denominator),
            gcd(numerator, self.denominator),
        );
        Some(Self {
            numerator: (self.numerator / first).checked_mul(numerator / second)?,
            denominator: (self.denominator / second).checked_mul(denominator / first)?,
        })
    }

    /// From minor units of one currency to minor units of another, at this rate of whole units.
    pub(crate) fn exchanged(
        self,
        rate: ExchangeRate,
        from: Currency,
        to: Currency,
    ) -> Option<Self> {
        let scale = |currency: Currency| 10_i64.checked_pow(currency.exponent());
        self.times(rate.numerator, rate.denominator)?
            .times(scale(to)?, scale(from)?)
    }
}

/// The greatest common divisor; 1 where there is none.
fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn quotes_are_plain_positive_decimals() {
        let quote = |digits, places| Ok(Quote { digits, places });
        assert_eq!(Quote::parse("1.0832"), quote(10832, 4));
        assert_eq!(Quote::parse("163"), quote(163, 0));
        assert_eq!(Quote::parse("0.0061"), quote(61, 4));
        for text in ["1.0832", "163", "0.0061"] {
            let read = Quote::parse(text).map(|quote| quote.to_string());
            assert_eq!(read.as_deref(), Ok(text));
        }
        for text in [
            "",
            "0",
            "0.00",
            "-1",
            "1.",
            ".5",
            "1,5",
            "1e3",
            "1234567890.123456",
        ] {
            assert_eq!(Quote::parse(text), Err(NotARate), "{text}");
        }
    }

    #[test]
    fn a_cross_rate_is_exact_and_reduced() {
        let quote = |text| Quote::parse(text).expect("a rate");
        let rate = ExchangeRate::cross(quote("1.25"), quote("0.85"), day("2026-11-20"));
        let rate = rate.expect("fits");
        assert_eq!((rate.numerator, rate.denominator), (17, 25));
    }

    #[test]
    fn the_newest_usable_rate_is_found_directly_turned_round_or_across() {
        let currency = |code| Currency::parse(code).expect("a currency");
        let (usd, eur, gbp) = (currency("USD"), currency("EUR"), currency("GBP"));
        let mut rates = Rates::default();
        let published = |base, quote, rate: &str, is_own| Published {
            base,
            quote,
            rate: Quote::parse(rate).expect("a rate"),
            is_own,
        };
        rates.add(day("2026-11-18"), published(eur, usd, "1.25", false));
        rates.add(day("2026-11-19"), published(eur, usd, "1.20", false));
        rates.add(day("2026-11-19"), published(eur, gbp, "0.80", false));
        let found = |rates: &Rates, from, to, at: &str| {
            let rate = rates.find(from, to, day(at));
            rate.map(|rate| (rate.numerator, rate.denominator))
        };
        assert_eq!(found(&rates, eur, usd, "2026-11-18"), Some((5, 4)));
        assert_eq!(found(&rates, usd, eur, "2026-11-20"), Some((5, 6)));
        assert_eq!(found(&rates, gbp, usd, "2026-11-20"), Some((3, 2)));
        assert_eq!(found(&rates, gbp, usd, "2026-11-18"), None, "no later rate");
        assert_eq!(found(&rates, eur, usd, "2026-11-27"), None, "too old");
        rates.add(day("2026-11-19"), published(eur, usd, "1.5", true));
        let own = rates.find(eur, usd, day("2026-11-20")).expect("a rate");
        assert_eq!(
            (own.numerator, own.denominator),
            (3, 2),
            "one's own goes first"
        );
    }

    #[test]
    fn a_rate_is_at_most_seven_days_old_and_never_later_than_the_sale() {
        let sale = day("2026-11-20");
        for (rate, usable) in [
            ("2026-11-20", true),
            ("2026-11-13", true),
            ("2026-11-12", false),
            ("2026-11-21", false),
        ] {
            assert_eq!(ExchangeRate::is_usable(day(rate), sale), usable, "{rate}");
        }
    }

    const CODES: [&str; 4] = ["USD", "EUR", "GBP", "JPY"];

    prop_compose! {
        /// A rate of one of twelve days: day, base, quote, thousandths, whose.
        fn any_rate()(
            day in 0..12_i64, base in select(&CODES[..]), quote in select(&CODES[..]),
            digits in 1..5000_i64, is_own in any::<bool>(),
        ) -> (i64, Published) {
            let currency = |code| Currency::parse(code).expect("a currency");
            let rate = Quote { digits, places: 3 };
            (day, Published { base: currency(base), quote: currency(quote), rate, is_own })
        }
    }

    fn at_day(number: i64) -> NaiveDate {
        day("2026-11-01") + chrono::Duration::days(number)
    }

    /// Everything that one unit of `from` may be worth in `to` by these rates of one day and source.
    fn worth(rates: &[&Published], from: Currency, to: Currency) -> Vec<(i128, i128)> {
        let of = |base: Currency, quote: Currency| {
            let one = (base == quote).then_some(1000);
            let told = rates
                .iter()
                .filter(move |one| one.base == base && one.quote == quote);
            let told: Vec<i128> = one
                .into_iter()
                .chain(told.map(|one| i128::from(one.rate.digits)))
                .collect();
            told
        };
        let mut found = Vec::new();
        for base in CODES.map(|code| Currency::parse(code).expect("a currency")) {
            for below in of(base, from) {
                found.extend(of(base, to).into_iter().map(|above| (above, below)));
            }
        }
        found
    }

    proptest! {
        #[test]
        fn the_rate_is_of_the_newest_usable_day_and_of_its_rates(
            published in vec(any_rate(), 0..12), sale in 0..20_i64,
            (from, to) in (select(&CODES[..]), select(&CODES[..])),
        ) {
            let (from, to) = (Currency::parse(from).expect("one"), Currency::parse(to).expect("one"));
            if from == to {
                return Ok(());
            }
            let published: Vec<_> = published.into_iter().filter(|(_, one)| one.base != one.quote).collect();
            let mut rates = Rates::default();
            for (number, one) in &published {
                rates.add(at_day(*number), *one);
            }
            let found = rates.find(from, to, at_day(sale));
            // Day by day back from the sale, the organization's own first.
            let expected = (sale - 7..=sale).rev().flat_map(|number| [(number, true), (number, false)]).find_map(
                |(number, is_own)| {
                    let of_it = published.iter().filter(|(day, one)| *day == number && one.is_own == is_own);
                    let of_it: Vec<&Published> = of_it.map(|(_, one)| one).collect();
                    let worth = worth(&of_it, from, to);
                    (!worth.is_empty()).then_some((number, worth))
                },
            );
            prop_assert_eq!(found.is_some(), expected.is_some());
            if let (Some(rate), Some((number, worth))) = (found, expected) {
                prop_assert_eq!(rate.day, at_day(number));
                let is = |(above, below): &(i128, i128)| {
                    i128::from(rate.numerator) * below == i128::from(rate.denominator) * above
                };
                prop_assert!(worth.iter().any(is), "{:?} is none of {:?}", rate, worth);
            }
        }

        #[test]
        fn a_rate_and_its_reverse_are_exactly_one(one in 1..1_000_000_i64, other in 1..1_000_000_i64, places in 0..5_u32) {
            let (one, other) = (Quote { digits: one, places }, Quote { digits: other, places: 2 });
            let there = ExchangeRate::cross(one, other, day("2026-11-20")).expect("fits");
            let back = ExchangeRate::cross(other, one, day("2026-11-20")).expect("fits");
            prop_assert_eq!((there.numerator, there.denominator), (back.denominator, back.numerator));
        }
    }
}
