//! Decimal amounts by the currency's exponent, and what of them earns.

use domain::money::{Currency, Money};

use super::{facts, failed, ignored, payments, sale};

fn paid(more: &str) -> (Money, i64) {
    let facts = facts("transaction_settled", &sale("t1", more));
    let payments = payments(&facts);
    (payments[0].amount, payments[0].base_minor)
}

fn of(currency: &str, amount: &str) -> String {
    format!("<currency-iso-code>{currency}</currency-iso-code><amount>{amount}</amount>")
}

#[test]
fn amounts_have_the_currencys_own_decimals() {
    for (currency, amount, minor) in [
        ("USD", "10.00", 1000),
        ("USD", "100", 10_000),
        ("USD", "250.0", 25_000),
        ("usd", "0.01", 1),
        ("JPY", "1580", 1580),
        ("JPY", "1580.00", 1580),
        ("KWD", "3.000", 3000),
        ("KWD", "3.0010", 3001),
        ("USD", "90071992547409.93", 9_007_199_254_740_993),
    ] {
        let minor_of = paid_or_too_large(currency, amount);
        match minor_of {
            Some(found) => assert_eq!(found, minor, "{amount} {currency}"),
            None => assert!(minor > domain::money::MAX_MINOR, "{amount} {currency}"),
        }
    }
    // Beyond what a float holds exactly.
    assert_eq!(
        paid(&of("USD", "9999999999999.99")).0.minor,
        999_999_999_999_999
    );
}

fn paid_or_too_large(currency: &str, amount: &str) -> Option<i64> {
    let whole = sale("t1", &of(currency, amount));
    match super::content("transaction_settled", &whole) {
        super::Content::Facts(facts) => {
            let amount = payments(&facts)[0].amount;
            let named = Currency::parse(currency).expect("a currency");
            assert_eq!(amount.currency, named);
            Some(amount.minor)
        }
        super::Content::Failed(why) => {
            assert!(why.contains("too large"), "{why}");
            None
        }
        other @ super::Content::Ignored(_) => panic!("{other:?}"),
    }
}

#[test]
fn garbage_amounts_fail_by_name() {
    for amount in [
        "",
        "ten",
        "1,000.00",
        "1e5",
        "+5",
        "-5.00",
        "10.001",
        "0x10",
        "10.00.00",
        ".5",
        "NaN",
        "inf",
        "--1",
        "1 0",
        "99999999999999999999",
        "٣",
    ] {
        let why = failed("transaction_settled", &sale("t1", &of("USD", amount)));
        assert!(why.starts_with("transaction.amount "), "{amount}: {why}");
    }
    for (currency, what) in [
        ("", "transaction.currency_iso_code is missing"),
        (
            "DOLLARS",
            "transaction.currency_iso_code is not an ISO 4217 code",
        ),
        (
            "XXX",
            "transaction.currency_iso_code is not an ISO 4217 code",
        ),
    ] {
        let why = failed("transaction_settled", &sale("t1", &of(currency, "10.00")));
        assert_eq!(why, what);
    }
    let why = failed(
        "transaction_settled",
        &sale("t1", "<tax-amount>-1.00</tax-amount>"),
    );
    assert_eq!(why, "transaction.tax_amount is negative");
}

#[test]
fn tax_earns_nothing() {
    let taxed = "<tax-amount>9.00</tax-amount>";
    assert_eq!(paid(taxed), (Money::new(4900, Currency::USD), 4000));
    assert_eq!(paid("<tax-amount>0.00</tax-amount>").1, 4900);
    assert_eq!(paid("").1, 4900);
    for more in [
        "<tax-amount>49.00</tax-amount>",
        "<tax-amount>50.00</tax-amount>",
        "<amount>0.00</amount>",
    ] {
        // Who paid is told all the same.
        let facts = facts("transaction_settled", &sale("t1", more));
        assert!(payments(&facts).is_empty(), "{more}");
    }
    let unknown = "<customer nil=\"true\"/><amount>0.00</amount>";
    let nobody = sale("t1", unknown).replace("<customer><id>108</id>", "<customer>");
    assert_eq!(ignored("transaction_settled", &nobody), "nothing was paid");
}
