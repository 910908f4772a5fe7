//! The cells of one sale.

use domain::{commission::Rate, conversion::ConversionType, lifecycle::Status, money::Money};
use leptos::{either::Either, prelude::*};

use super::{
    badge::{source_badge, status_badge},
    copy::CopyButton,
    selection::{BOX, SELECTION},
    time::Moment,
};
use crate::{
    moment::Millis,
    server_fn::sales::{Reference, SaleRow},
    text::{self, NOTHING, rate, sales as words},
};

/// Date, affiliate, type, source, amount, commission, status, processor. The date leads to the sale at
/// `href`; a box before it picks the sale, for those who may: `pick` says whether it is picked at first.
pub fn cells(
    sale: SaleRow,
    server_now: Millis,
    href: Signal<String>,
    pick: Option<bool>,
) -> impl IntoView {
    let (amount, refunded) = amount(&sale);
    let pick = pick.map(|is_picked| {
        view! {
            <input type="checkbox" class=BOX checked=is_picked form=SELECTION name="form[ids][]" value=sale.id.to_string()
                aria-label=text::sale::select(&sale.affiliate, &amount)/>
        }
    });
    let beside = text::sale::open(&sale.affiliate, &amount);
    let (commission, note) = commission(&sale);
    view! {
        <td role="cell" class="date">
            {pick}
            <a class="open" data-noscroll href=move || href.get()><Moment at=sale.created_at paid_at=sale.occurred_at server_now/><span class="visually-hidden">{beside}</span></a>
        </td>
        <td role="cell" class="who"><b>{sale.affiliate}</b><small>{sale.campaign}</small></td>
        <td role="cell" class="type">{sale.kind.label()}</td>
        <td role="cell" class="how">{source_badge(sale.source, sale.coupon)}</td>
        <td role="cell" class="num amount">{amount}{refunded.map(small)}</td>
        <td role="cell" class="num commission">{commission}{note.map(small)}</td>
        <td role="cell" class="where">{status_badge(sale.status, sale.held_days)}</td>
        <td role="cell" class="id">{sale.reference.map(reference)}</td>
    }
}

fn small(note: String) -> impl IntoView {
    view! { <small>{note}</small> }
}

/// What was paid, and what of it went back.
fn amount(sale: &SaleRow) -> (String, Option<String>) {
    if sale.kind == ConversionType::Lead && sale.paid.amount.minor == 0 {
        return (NOTHING.to_owned(), None);
    }
    let refunded = Money::new(sale.paid.refunded_minor, sale.paid.amount.currency);
    (
        sale.paid.amount.to_string(),
        (refunded.minor > 0).then(|| words::refunded(refunded)),
    )
}

/// What is due, and how it came about.
fn commission(sale: &SaleRow) -> (String, Option<String>) {
    let Some(due) = sale.commission else {
        return (NOTHING.to_owned(), Some(words::AWAITING_RATE.to_owned()));
    };
    if sale.kind == ConversionType::Lead && due.minor == 0 {
        return (NOTHING.to_owned(), None);
    }
    let base = Money::new(sale.paid.base_minor, sale.paid.amount.currency);
    let went_back =
        sale.paid.refunded_minor > 0 || matches!(sale.status, Status::Refunded | Status::Denied);
    let note = match sale.rate {
        _ if went_back && full(sale.rate, base, due).is_some_and(|full| full != due) => {
            full(sale.rate, base, due).map(words::was)
        }
        Rate::Fixed(_) => Some(words::FIXED.to_owned()),
        Rate::Percent(_) if base == sale.paid.amount => Some(rate(sale.rate, base.currency)),
        Rate::Percent(_) => Some(words::share_of(sale.rate, base)),
    };
    (due.to_string(), note)
}

/// The commission of the whole base; unknown when it was converted.
fn full(rate: Rate, base: Money, due: Money) -> Option<Money> {
    match rate {
        Rate::Fixed(minor) => Some(Money::new(minor, due.currency)),
        Rate::Percent(share) if base.currency == due.currency => share.of(base).ok(),
        Rate::Percent(_) => None,
    }
}

/// A shortened id, linked to where the processor shows it, with a button that copies all of it.
fn reference(reference: Reference) -> impl IntoView {
    let Reference { id, href } = reference;
    let short = shortened(&id);
    let shown = match href {
        Some(href) => Either::Left(view! {
            <a class="mono" href=href target="_blank" rel="external noreferrer" title=format!("{id} · {}", words::OPEN_OUTSIDE)>{short}</a>
        }),
        None => Either::Right(view! { <span class="mono" title=id.clone()>{short}</span> }),
    };
    view! { {shown}<CopyButton value=id.clone() what=id/> }
}

/// `in_1QxTf2LkdIwHu7ix8fA` as `in_1QxT…8fA`.
fn shortened(id: &str) -> String {
    let letters: Vec<char> = id.chars().collect();
    if letters.len() <= 14 {
        return id.to_owned();
    }
    let (start, end) = (&letters[..7], &letters[letters.len() - 3..]);
    start.iter().chain(&['…']).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use domain::{conversion::Source, id::ConversionId, money::Currency, rate::BasisPoints};

    use super::*;
    use crate::server_fn::sales::Paid;

    fn sale(amount: i64, base: i64, due: i64) -> SaleRow {
        let money = |minor| Money::new(minor, Currency::USD);
        SaleRow {
            id: "0193d5a0-0000-7000-8000-000000000001"
                .parse::<ConversionId>()
                .expect("an id"),
            created_at: 0,
            occurred_at: 0,
            kind: ConversionType::Sale,
            source: Source::Link,
            coupon: None,
            affiliate: String::new(),
            campaign: String::new(),
            paid: Paid {
                amount: money(amount),
                refunded_minor: 0,
                base_minor: base,
            },
            commission: Some(money(due)),
            rate: Rate::Percent(BasisPoints::new(2000).expect("a share")),
            status: Status::Pending,
            held_days: Some(30),
            reference: None,
        }
    }

    #[test]
    fn the_small_line_tells_how_the_commission_came_about() {
        let note = |sale: SaleRow| commission(&sale).1.unwrap_or_default();
        assert_eq!(note(sale(5390, 4900, 980)), "20\u{a0}% of $49.00");
        assert_eq!(note(sale(4900, 4900, 980)), "20\u{a0}%");
        assert_eq!(
            note(SaleRow {
                status: Status::Denied,
                ..sale(4900, 4900, 0)
            }),
            "was $9.80"
        );
        assert_eq!(
            note(SaleRow {
                rate: Rate::Fixed(500),
                ..sale(4900, 4900, 500)
            }),
            "fixed"
        );
        assert_eq!(
            note(SaleRow {
                commission: None,
                ..sale(4900, 4900, 0)
            }),
            "awaiting rate"
        );
    }

    #[test]
    fn long_ids_are_shortened_in_the_middle() {
        assert_eq!(shortened("in_1QxTf2LkdIwHu7ix8fA"), "in_1QxT…8fA");
        assert_eq!(shortened("order-88213"), "order-88213");
        assert_eq!(shortened("ööööööööööööööööö"), "ööööööö…ööö");
    }
}
