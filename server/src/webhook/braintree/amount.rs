//! Braintree's amounts: decimal text with the currency's own decimals, never a float.

use domain::money::{Currency, Money};

use super::{Element, Malformed};

/// The longest word of others that is repeated in a refusal.
const MAX_REPEATED: usize = 60;

/// The currency of a transaction or dispute.
pub(super) fn currency(object: Element<'_>) -> Result<Currency, Malformed> {
    let code = object.needed_word("currency_iso_code")?;
    let unknown = |_| object.malformed("currency_iso_code", "is not an ISO 4217 code");
    Currency::parse(&code).map_err(unknown)
}

/// The amount at `path`, zero or more.
pub(super) fn money(
    object: Element<'_>,
    path: &str,
    currency: Currency,
) -> Result<Option<Money>, Malformed> {
    let Some(text) = object.word(path)? else {
        return Ok(None);
    };
    let wrong = |error| object.malformed(path, &format!("of {currency}: {error}"));
    let amount = Money::from_decimal(without_zeros(&text, currency), currency).map_err(wrong)?;
    if amount.minor < 0 {
        return Err(object.malformed(path, "is negative"));
    }
    Ok(Some(amount))
}

/// The same for an amount that can't be done without.
pub(super) fn needed_money(
    object: Element<'_>,
    path: &str,
    currency: Currency,
) -> Result<Money, Malformed> {
    money(object, path, currency)?.ok_or_else(|| object.missing(path))
}

/// Decimals that the currency does not have say nothing when they are zeros: `1580.00` yen.
fn without_zeros(text: &str, currency: Currency) -> &str {
    let places = usize::try_from(currency.exponent()).unwrap_or_default();
    let Some((whole, fraction)) = text.split_once('.') else {
        return text;
    };
    match fraction.split_at_checked(places) {
        Some((_, zeros)) if !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0') => {
            let kept = whole.len() + 1 + places;
            text.get(..kept).unwrap_or(text).trim_end_matches('.')
        }
        _ => text,
    }
}

/// What others wrote, fit to be repeated: without control characters, and not long.
pub(super) fn short(text: &str) -> String {
    let visible = text.chars().filter(|letter| !letter.is_control());
    visible.take(MAX_REPEATED).collect()
}
