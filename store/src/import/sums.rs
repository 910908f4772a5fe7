//! What the sales of an import come to, by currency.

use std::collections::BTreeMap;

use domain::money::Currency;
use serde::{Deserialize, Serialize};

use super::Made;

/// What the sales that an import created, or would have, come to in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrencySum {
    /// Which.
    pub currency: Currency,
    /// What customers paid in it, in minor units; refunds not subtracted.
    pub amount_minor: i64,
    /// What affiliates have earned in it, in minor units, less what refunds took of it.
    pub commission_minor: i64,
}

/// The sums with further sales, by the currencies' codes.
pub(super) fn with<'a>(
    sums: &[CurrencySum],
    made: impl Iterator<Item = &'a Made>,
) -> Vec<CurrencySum> {
    let mut all: BTreeMap<&'static str, CurrencySum> =
        sums.iter().map(|sum| (sum.currency.code(), *sum)).collect();
    for one in made {
        let paid = of(&mut all, one.amount.currency);
        paid.amount_minor = paid.amount_minor.saturating_add(one.amount.minor);
        let earned = of(&mut all, one.commission.currency);
        earned.commission_minor = earned.commission_minor.saturating_add(one.commission.minor);
    }
    all.into_values().collect()
}

fn of<'a>(
    all: &'a mut BTreeMap<&'static str, CurrencySum>,
    currency: Currency,
) -> &'a mut CurrencySum {
    all.entry(currency.code()).or_insert(CurrencySum {
        currency,
        amount_minor: 0,
        commission_minor: 0,
    })
}

#[cfg(test)]
mod tests {
    use domain::{lifecycle::Status, money::Money};

    use super::*;

    #[test]
    fn currencies_are_never_added_to_each_other() {
        let eur = Currency::parse("EUR").expect("a currency");
        let made = |amount, commission| Made {
            status: Status::Pending,
            amount,
            commission,
        };
        let usd = |minor| Money::new(minor, Currency::USD);
        let first = [
            made(usd(4900), usd(980)),
            made(Money::new(1000, eur), usd(220)),
        ];
        let sum = |currency, amount_minor, commission_minor| CurrencySum {
            currency,
            amount_minor,
            commission_minor,
        };
        let sums = with(&[], first.iter());
        assert_eq!(sums, [sum(eur, 1000, 0), sum(Currency::USD, 4900, 1200)]);
        let second = [made(usd(i64::MAX), usd(0))];
        let sums = with(&sums, second.iter());
        assert_eq!(sums[1], sum(Currency::USD, i64::MAX, 1200));
    }
}
