//! Paddle's amounts: whole numbers in text, in the currency's lowest unit, which is ISO's minor unit
//! (none for JPY, KRW and the like).
//!
//! Owns the reading of them and the one rounding of a base. It must not know what is being paid.

use domain::money::{Currency, MAX_MINOR, Money, round_half_up};

use super::{Malformed, Object};

/// The currency of `object`.
pub(super) fn currency(object: Object<'_>) -> Result<Currency, Malformed> {
    let code = object.needed_word("currency_code")?;
    let unknown = |_| object.malformed("currency_code", "is not an ISO 4217 code");
    Currency::parse(&code).map_err(unknown)
}

/// The amount at `path`. Negative where Paddle owes the customer.
pub(super) fn needed(object: Object<'_>, path: &str) -> Result<i64, Malformed> {
    let amount = object.written_number(path)?;
    amount.ok_or_else(|| object.missing(path))
}

/// So much money, which was found at `path`.
pub(super) fn money(
    object: Object<'_>,
    path: &str,
    minor: i64,
    currency: Currency,
) -> Result<Money, Malformed> {
    if minor > MAX_MINOR {
        return Err(object.malformed(path, "is too large"));
    }
    Ok(Money::new(minor, currency))
}

/// The part of `paid` that earns: net of tax. Where the tax in it is not told, it is taken to be in it as it
/// is in the total before credits.
pub(super) fn base(transaction: Object<'_>, paid: i64) -> Result<i64, Malformed> {
    let number = |path: &str| transaction.written_number(path).map(|n| n.map(i128::from));
    let wide = i128::from(paid);
    if let Some(tax) = number("details.totals.grand_total_tax")? {
        return rounded(transaction, wide - tax, 1);
    }
    let total = number("details.totals.total")?.unwrap_or(wide);
    let tax = number("details.totals.tax")?.unwrap_or(0);
    if total <= 0 {
        // What was paid is an older debt.
        return Ok(0);
    }
    rounded(transaction, wide * (total - tax), total)
}

fn rounded(transaction: Object<'_>, numerator: i128, divisor: i128) -> Result<i64, Malformed> {
    let too_large = || transaction.malformed("details.totals.total", "is too large");
    round_half_up(numerator, divisor).ok_or_else(too_large)
}
