//! Amounts as people and programs write them, read without guessing.

use thiserror::Error;

use crate::money::{Currency, MAX_MINOR, Money};

/// Not an amount of that currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum NotAnAmount {
    #[error("an amount of {0} such as {example} is needed", example = Money::new(123_450, *.0).to_decimal())]
    Unreadable(Currency),
    #[error("it is in another currency than {0}: say in which column the currency is")]
    OtherCurrency(Currency),
    #[error("it can be read as thousands or as decimals: write it with both separators or none")]
    Ambiguous,
    #[error("a whole number of {0}'s smallest unit is needed, for example 1234")]
    NotWhole(Currency),
    #[error("it is too large")]
    TooLarge,
}

/// A decimal amount, with or without a currency sign and separators of thousands; never negative.
pub(super) fn decimal(text: &str, currency: Currency) -> Result<i64, NotAnAmount> {
    let unreadable = NotAnAmount::Unreadable(currency);
    let digits = digits_of(text, currency)?;
    let (last_dot, last_comma) = (digits.rfind('.'), digits.rfind(','));
    let plain = match (last_dot, last_comma) {
        (None, None) => digits,
        (Some(dot), Some(comma)) if dot > comma => without(&digits, ',', '.', unreadable)?,
        (Some(_), Some(_)) => without(&digits, '.', ',', unreadable)?.replace(',', "."),
        (Some(_), None) => one_kind(&digits, '.', currency)?,
        (None, Some(_)) => one_kind(&digits, ',', currency)?,
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    // More decimals than the currency has are fine as long as they say nothing.
    let places = usize::try_from(currency.exponent()).unwrap_or(2);
    let said = fraction.trim_end_matches('0');
    if said.len() > places {
        return Err(unreadable);
    }
    let money = Money::from_decimal(&format!("{whole}.{said}"), currency);
    let minor = money.map_err(|_| unreadable)?.minor;
    if minor < 0 {
        Err(unreadable)
    } else {
        Ok(minor)
    }
}

/// A whole number of minor units.
pub(super) fn minor(text: &str, currency: Currency) -> Result<i64, NotAnAmount> {
    let digits = text.strip_suffix(".0").unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotAnAmount::NotWhole(currency));
    }
    let minor: i64 = digits.parse().map_err(|_| NotAnAmount::TooLarge)?;
    if minor > MAX_MINOR {
        return Err(NotAnAmount::TooLarge);
    }
    Ok(minor)
}

/// Digits and separators, without the sign of the currency, which must be the right one.
fn digits_of(text: &str, currency: Currency) -> Result<String, NotAnAmount> {
    let is_blank = |c: char| c.is_whitespace() || c == '\'' || c == '’';
    let is_digit = |c: char| c.is_ascii_digit() || c == '.' || c == ',' || c == '-';
    let sign: String = text
        .chars()
        .filter(|c| !is_blank(*c) && !is_digit(*c))
        .collect();
    let symbol = currency.symbol();
    let is_own = sign.is_empty()
        || sign.eq_ignore_ascii_case(currency.code())
        || sign == symbol
        || (sign == "$" && symbol.ends_with('$'));
    if !is_own {
        let names_one = Currency::parse(&sign).is_ok() || !sign.chars().any(char::is_alphanumeric);
        return Err(if names_one {
            NotAnAmount::OtherCurrency(currency)
        } else {
            NotAnAmount::Unreadable(currency)
        });
    }
    Ok(text.chars().filter(|c| is_digit(*c)).collect())
}

/// Takes the separators of thousands out; there is one decimal separator behind them.
fn without(
    digits: &str,
    thousands: char,
    decimal: char,
    unreadable: NotAnAmount,
) -> Result<String, NotAnAmount> {
    let (whole, fraction) = digits.split_once(decimal).ok_or(unreadable)?;
    if fraction.contains(decimal) || fraction.contains(thousands) || !is_grouped(whole, thousands) {
        return Err(unreadable);
    }
    Ok(format!(
        "{}{decimal}{fraction}",
        whole.replace(thousands, "")
    ))
}

/// Only one kind of separator: several of it, or one with three digits behind, stand between thousands.
fn one_kind(digits: &str, separator: char, currency: Currency) -> Result<String, NotAnAmount> {
    let parts: Vec<&str> = digits.split(separator).collect();
    match parts.as_slice() {
        [whole, fraction] if fraction.len() != 3 => Ok(format!("{whole}.{fraction}")),
        // In a currency with three decimals it can be either, and so can a lone point.
        [_, _] if currency.exponent() == 3 || separator == '.' => Err(NotAnAmount::Ambiguous),
        _ if is_grouped(digits, separator) => Ok(digits.replace(separator, "")),
        _ => Err(NotAnAmount::Unreadable(currency)),
    }
}

fn is_grouped(whole: &str, separator: char) -> bool {
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or_default().trim_start_matches('-');
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
        || !whole.contains(separator)
}
