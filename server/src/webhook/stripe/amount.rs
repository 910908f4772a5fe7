//! Stripe's amounts as ISO 4217 minor units.
//!
//! Owns the currencies that Stripe counts differently from ISO, and the one rounding of a base. It must
//! not know what is being paid. What a customer paid has to convert exactly; a base is a computed share
//! and is rounded, once.

use domain::money::{Currency, MAX_MINOR, Money, round_half_up};

use super::{Malformed, Object};

/// Decimals of Stripe's amounts where they are not two (docs.stripe.com/currencies). ISK and UGX, which
/// ISO counts in whole units, are written in hundredths "for backwards compatibility" and so are absent.
const NO_DECIMALS: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];
const THREE_DECIMALS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// What an object's amounts are counted in.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    currency: Currency,
    /// Stripe's unit is `numerator / denominator` ISO minor units; one of the two is 1.
    numerator: i128,
    denominator: i128,
}

impl Unit {
    /// Reads the currency of `object`.
    pub(super) fn of(object: Object<'_>) -> Result<Self, Malformed> {
        let code = object.needed_word("currency")?;
        let unknown = |_| object.malformed("currency", "is not an ISO 4217 code");
        Ok(Self::of_currency(Currency::parse(&code).map_err(unknown)?))
    }

    fn of_currency(currency: Currency) -> Self {
        let (stripe, iso) = (stripe_exponent(currency), currency.exponent());
        Self {
            currency,
            numerator: 10_i128.pow(iso.saturating_sub(stripe)),
            denominator: 10_i128.pow(stripe.saturating_sub(iso)),
        }
    }

    /// The amount at `path`, which must not be negative and must be whole in ISO's minor unit.
    pub(super) fn money(self, object: Object<'_>, path: &str) -> Result<Money, Malformed> {
        let amount = i128::from(object.needed_number(path)?) * self.numerator;
        if amount < 0 {
            return Err(object.malformed(path, "is negative"));
        }
        if amount % self.denominator != 0 {
            let problem = format!(
                "is not a multiple of {}, as amounts in {} are",
                self.denominator, self.currency
            );
            return Err(object.malformed(path, &problem));
        }
        match i64::try_from(amount / self.denominator) {
            Ok(minor) if minor <= MAX_MINOR => Ok(Money::new(minor, self.currency)),
            _ => Err(object.malformed(path, "is too large")),
        }
    }

    /// `amount / divisor` of Stripe's units in minor units, rounded half up. `None`: too large.
    pub(super) fn rounded(self, amount: i128, divisor: i128) -> Option<i64> {
        let numerator = amount.checked_mul(self.numerator)?;
        round_half_up(numerator, divisor.checked_mul(self.denominator)?)
    }
}

/// An amount as Stripe writes it. `None`: it has a fraction of Stripe's unit, or is too large.
pub(crate) fn units(amount: Money) -> Option<i64> {
    let unit = Unit::of_currency(amount.currency);
    let units = i128::from(amount.minor) * unit.denominator;
    (units % unit.numerator == 0).then_some(())?;
    i64::try_from(units / unit.numerator).ok()
}

fn stripe_exponent(currency: Currency) -> u32 {
    match currency.code() {
        code if NO_DECIMALS.contains(&code) => 0,
        code if THREE_DECIMALS.contains(&code) => 3,
        _ => 2,
    }
}
