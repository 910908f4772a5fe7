//! Sums of what is listed, by currency. Currencies are never added to each other.

use domain::{
    money::{Currency, Money},
    sales::CurrencyTotals,
};
use leptos::prelude::*;

use crate::{
    query::SalesQuery,
    text::{NOTHING, grouped, sales as words},
};
use domain::lifecycle::Status;

/// The sums of one currency of sales, with the commission in each currency it is owed in.
#[derive(Clone, Default, PartialEq)]
struct Sums {
    sales: i64,
    amount: Vec<Money>,
    commission: Vec<Money>,
    pending: Vec<Money>,
    approved: Vec<Money>,
    paid: Vec<Money>,
}

/// A name, its colour, and the sum that stands below it.
type Line = (&'static str, &'static str, fn(&Sums) -> String);

/// The strip of totals.
#[component]
pub fn Totals(
    /// The page's state.
    query: Memo<SalesQuery>,
    /// All sums.
    #[prop(into)]
    totals: Signal<Vec<CurrencyTotals>>,
) -> impl IntoView {
    let currencies = Memo::new(move |_| currencies(&totals.read()));
    let shown = Memo::new(move |_| shown(query.read().currency, &currencies.read()));
    let sums = Memo::new(move |_| {
        shown
            .get()
            .map_or_else(Sums::default, |currency| sum(&totals.read(), currency))
    });
    let switch = move |currency: Currency| {
        view! {
            <li>
                <a data-noscroll href=move || keeping_place(&query.read(), currency)
                    aria-current=move || (shown.get() == Some(currency)).then_some("true")>
                    {currency.code()}
                </a>
            </li>
        }
    };
    let several = move || {
        (currencies.read().len() > 1).then(|| view! {
            <ul class="currencies" aria-label=words::CURRENCY>{currencies.get().into_iter().map(switch).collect_view()}</ul>
        })
    };
    let lines: [Line; 6] = [
        (words::TITLE, "", |sums| grouped(sums.sales)),
        (words::AMOUNT, "", |sums| amounts(&sums.amount)),
        (words::COMMISSION, "", |sums| amounts(&sums.commission)),
        (Status::Pending.label(), "pending", |sums| {
            amounts(&sums.pending)
        }),
        (Status::Approved.label(), "approved", |sums| {
            amounts(&sums.approved)
        }),
        (Status::Paid.label(), "paid", |sums| amounts(&sums.paid)),
    ];
    let line = move |(name, class, text): Line| {
        view! { <div><dt class=class>{name}</dt><dd>{move || text(&sums.read())}</dd></div> }
    };
    view! {
        <section class="totals" aria-label=words::TOTALS>
            <dl>
                {lines.map(line)}
            </dl>
            {several}
        </section>
    }
}

/// Showing other totals does not leave the place in the list.
fn keeping_place(query: &SalesQuery, currency: Currency) -> String {
    SalesQuery {
        currency: Some(currency),
        ..query.clone()
    }
    .href()
}

/// The currencies of sales, the one with the most sales first.
fn currencies(totals: &[CurrencyTotals]) -> Vec<Currency> {
    let mut counted: Vec<(Currency, i64)> = Vec::new();
    for total in totals {
        match counted
            .iter_mut()
            .find(|(currency, _)| *currency == total.currency)
        {
            Some((_, sales)) => *sales += total.sales,
            None => counted.push((total.currency, total.sales)),
        }
    }
    counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.code().cmp(b.0.code())));
    counted.into_iter().map(|(currency, _)| currency).collect()
}

/// The one that was asked for, if there is anything in it, else the first.
fn shown(wanted: Option<Currency>, currencies: &[Currency]) -> Option<Currency> {
    wanted
        .filter(|wanted| currencies.contains(wanted))
        .or_else(|| currencies.first().copied())
}

fn sum(totals: &[CurrencyTotals], currency: Currency) -> Sums {
    let of_currency = || {
        totals
            .iter()
            .filter(move |total| total.currency == currency)
    };
    let in_each = |minor: fn(&CurrencyTotals) -> i64| -> Vec<Money> {
        let mut each: Vec<_> = of_currency()
            .map(|total| Money::new(minor(total), total.commission_currency))
            .collect();
        // The sales' own currency first: it is also the one a sum of nothing is written in.
        each.sort_by_key(|amount| amount.currency != currency);
        each
    };
    Sums {
        sales: of_currency().map(|total| total.sales).sum(),
        amount: vec![Money::new(
            of_currency().map(|total| total.amount_minor).sum(),
            currency,
        )],
        commission: in_each(|total| total.commission_minor),
        pending: in_each(|total| total.pending_minor),
        approved: in_each(|total| total.approved_minor),
        paid: in_each(|total| total.paid_minor),
    }
}

/// Amounts of different currencies side by side; zeros only when there is nothing else.
fn amounts(amounts: &[Money]) -> String {
    let some: Vec<_> = amounts
        .iter()
        .filter(|amount| amount.minor != 0)
        .map(ToString::to_string)
        .collect();
    match (some.is_empty(), amounts.first()) {
        (true, None) => NOTHING.to_owned(),
        (true, Some(zero)) => zero.to_string(),
        (false, _) => some.join(" + "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(sale: &str, commission: &str, sales: i64, minor: i64) -> CurrencyTotals {
        CurrencyTotals {
            currency: Currency::parse(sale).expect("a currency"),
            commission_currency: Currency::parse(commission).expect("a currency"),
            sales,
            amount_minor: minor * 10,
            commission_minor: minor,
            pending_minor: minor,
            approved_minor: 0,
            paid_minor: 0,
        }
    }

    #[test]
    fn currencies_stay_apart_and_the_busiest_comes_first() {
        let all = [
            totals("EUR", "USD", 2, 300),
            totals("EUR", "EUR", 3, 500),
            totals("USD", "USD", 4, 700),
        ];
        let order: Vec<_> = currencies(&all).into_iter().map(Currency::code).collect();
        assert_eq!(order, ["EUR", "USD"]);
        let eur = sum(&all, Currency::parse("EUR").expect("a currency"));
        assert_eq!((eur.sales, amounts(&eur.amount).as_str()), (5, "€80.00"));
        assert_eq!(amounts(&eur.commission), "€5.00 + $3.00");
        assert_eq!(amounts(&eur.paid), "€0.00");
        assert_eq!(amounts(&[]), "–");
    }
}
