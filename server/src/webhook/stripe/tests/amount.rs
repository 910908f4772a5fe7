//! How much was paid, and how much of it earns.

use super::{
    CREATED, Content, at, content, customer_seen, facts, failure, money, payment,
    story::{PAID, Story, paid, sums},
    with, without,
};
use serde_json::json;

#[test]
fn tax_never_earns_inclusive_or_exclusive() {
    // 100.00 with 19 % inside is the same sale as 84.03 with 15.97 on top.
    let story = Story {
        total: 10_000,
        tax: 1597,
        paid: 10_000,
        ..Story::default()
    };
    let inclusive = json!({"total_taxes": [{"amount": 1597, "tax_behavior": "inclusive"}]});
    let mut shapes = story.shapes().to_vec();
    shapes.push(with(
        without(story.basil(), "total_excluding_tax"),
        inclusive,
    ));
    shapes.push(without(
        without(story.acacia(), "total_excluding_tax"),
        "total_tax_amounts",
    ));
    let several =
        json!({"total_excluding_tax": null, "total_taxes": [{"amount": 1000}, {"amount": 597}]});
    shapes.push(with(story.basil(), several));
    shapes.push(with(story.of_2020(), json!({"total_taxes": []})));
    for shape in shapes {
        assert_eq!(sums(&shape), (10_000, 8403, at(CREATED - 5)), "{shape}");
    }
}

#[test]
fn what_a_credit_balance_paid_earns_nothing() {
    // 44.00 with 4.00 tax, of which 14.00 came from the balance: 30.00 * 40 / 44 = 27.2727
    let story = Story {
        paid: 3000,
        ..Story::default()
    };
    for shape in story.shapes() {
        assert_eq!(sums(&shape).1, 2727, "{shape}");
    }
    // Half a cent goes up: 1.01 * 1 / 2.
    let half = Story {
        total: 200,
        tax: 100,
        paid: 101,
        ..Story::default()
    };
    assert_eq!(sums(&half.basil()).1, 51);
    // An older debt paid along is scaled as well.
    let debt = Story {
        paid: 8800,
        ..Story::default()
    };
    assert_eq!(sums(&debt.basil()).1, 8000);
}

#[test]
fn more_than_was_paid_never_earns() {
    let negative_tax = Story {
        total: 450,
        tax: -50,
        paid: 450,
        ..Story::default()
    };
    assert_eq!(sums(&negative_tax.basil()).1, 450);
}

#[test]
fn currencies_are_turned_into_iso_minor_units() {
    let sale = |currency, total, tax| {
        let story = Story {
            currency,
            total,
            tax,
            paid: total,
            ..Story::default()
        };
        let payment = paid(&story.basil());
        (payment.amount, payment.base_minor)
    };
    assert_eq!(sale("jpy", 1738, 158), (money(1738, "JPY"), 1580));
    assert_eq!(sale("kwd", 3000, 0), (money(3000, "KWD"), 3000));
    // Hundredths at Stripe, whole units in ISO.
    assert_eq!(sale("isk", 124_000, 24_000), (money(1240, "ISK"), 1000));
    assert_eq!(sale("ugx", 500, 0), (money(5, "UGX"), 5));
    // Whole units at Stripe, hundredths in ISO.
    assert_eq!(sale("mga", 500, 100), (money(50_000, "MGA"), 40_000));
    assert_eq!(sale("EUR", 4400, 400), (money(4400, "EUR"), 4000));
    // Only what was paid has to be whole; a base is rounded, halves up.
    assert_eq!(sale("isk", 100_000, 19_350), (money(1000, "ISK"), 807));
}

#[test]
fn amounts_that_are_no_money_fail() {
    let story = |currency, total| {
        let story = Story {
            currency,
            total,
            tax: 0,
            paid: total,
            ..Story::default()
        };
        failure(PAID, &story.basil())
    };
    assert_eq!(
        story("isk", 150),
        "invoice.amount_paid is not a multiple of 100, as amounts in ISK are"
    );
    assert_eq!(story("usd", -1), "invoice.amount_paid is negative");
    assert_eq!(
        story("xau", 100),
        "invoice.currency is not an ISO 4217 code"
    );
    assert_eq!(
        story("doge", 100),
        "invoice.currency is not an ISO 4217 code"
    );
    for huge in [1_000_000_000_000_001, i64::MAX] {
        assert_eq!(story("usd", huge), "invoice.amount_paid is too large");
    }
    let most = Story {
        total: 1_000_000_000_000_000,
        paid: 1_000_000_000_000_000,
        tax: 0,
        ..Story::default()
    };
    assert_eq!(sums(&most.basil()).1, 1_000_000_000_000_000);
    let odd = with(
        Story {
            paid: 5,
            ..Story::default()
        }
        .basil(),
        json!({"total": i64::MAX, "total_excluding_tax": i64::MIN}),
    );
    assert_eq!(
        content(PAID, &odd),
        content(PAID, &with(odd.clone(), json!({"amount_paid": 0}))),
        "earns nothing"
    );
}

#[test]
fn an_invoice_without_money_is_no_payment() {
    let zero = Story {
        total: 0,
        tax: 0,
        paid: 0,
        ..Story::default()
    };
    for invoice in [
        zero.basil(),
        // All of it tax; an older debt on an empty invoice; paid with a balance.
        Story {
            total: 400,
            ..Story::default()
        }
        .acacia(),
        Story {
            total: 0,
            tax: 0,
            paid: 900,
            ..Story::default()
        }
        .basil(),
        Story {
            paid: 0,
            ..Story::default()
        }
        .of_2020(),
    ] {
        let facts = facts(PAID, &invoice);
        assert_eq!(payment(&facts), None, "{invoice}");
        assert!(customer_seen(&facts).is_some());
        let nobody = without(invoice, "customer_email");
        assert_eq!(
            content(PAID, &nobody),
            Content::Ignored("nothing was paid".into())
        );
    }
}
