//! How a commission came about, line by line, for whoever asks "why this much?" (domain rules, sections
//! 2, 5 and 7).
//!
//! The lines tell the rule, they are not the rule: amounts in between are rounded for the eye, while
//! [`crate::settle`] rounds once at the end. The last line is the commission that is due.

use crate::{
    attribution::{TrailStep, Verdict},
    commission::{Duration, Plan, Rate},
    conversion::{CommissionState, Conversion, ConversionType, Source},
    exchange::{ExchangeRate, Fraction},
    lifecycle::Status,
    money::{Currency, Money, round_half_up},
    pay_per_click::{self, Counted},
    words::words,
};

words! {
    /// What a line tells.
    StepKind {
        /// What the customer paid.
        Paid = "paid" / "Paid",
        /// The part of it that does not earn.
        Excluded = "excluded" / "Excluded",
        /// The part that earns.
        Base = "base" / "Base",
        /// What went back.
        Returned = "returned" / "Returned",
        /// The part that still earns.
        Left = "left" / "Left",
        /// The commission that a recruiter's share is a share of.
        Parent = "parent" / "Parent",
        /// The plan.
        Rate = "rate" / "Rate",
        /// From the sale's currency to the campaign's.
        Exchange = "exchange" / "Exchange",
        /// Why nothing is due.
        Nothing = "nothing" / "Nothing",
        /// What is due.
        Commission = "commission" / "Commission",
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it tells.
    pub kind: StepKind,
    /// In words.
    pub text: String,
    /// The amount it comes to, if it is about one.
    pub amount: Option<Money>,
}

/// The lines, from what was paid to what is due. `parent` is the sale of which `conversion` is the
/// recruiter's share.
pub fn computation(conversion: &Conversion, parent: Option<&Conversion>) -> Vec<Step> {
    let mut steps = if conversion.parent_conversion_id.is_some() {
        parent.map(of_parent).into_iter().collect()
    } else if conversion.amount.minor > 0 {
        of_payment(conversion)
    } else {
        Vec::new()
    };
    steps.push(rate(conversion));
    steps.extend(conversion.exchange.map(|rate| {
        line(
            StepKind::Exchange,
            exchange(rate, conversion.currency(), conversion.commission.currency),
        )
    }));
    let why = why_nothing(conversion).map(str::to_owned);
    let why = why.or_else(|| beyond_cap(conversion));
    steps.extend(why.map(|why| line(StepKind::Nothing, why)));
    steps.push(step(
        StepKind::Commission,
        "Commission",
        conversion.commission,
    ));
    steps
}

fn line(kind: StepKind, text: impl Into<String>) -> Step {
    Step {
        kind,
        text: text.into(),
        amount: None,
    }
}

fn step(kind: StepKind, text: impl Into<String>, amount: Money) -> Step {
    Step {
        amount: Some(amount),
        ..line(kind, text)
    }
}

fn of_parent(parent: &Conversion) -> Step {
    step(
        StepKind::Parent,
        "Commission of the sale",
        parent.commission,
    )
}

/// From the payment to the part of it that earns and did not go back.
fn of_payment(conversion: &Conversion) -> Vec<Step> {
    let paid = conversion.amount;
    let money = |minor| Money::new(minor, paid.currency);
    let base = money(conversion.base_minor);
    let mut steps = vec![step(StepKind::Paid, "Paid by the customer", paid)];
    if base != paid {
        let excluded = money(base.minor.saturating_sub(paid.minor));
        steps.push(step(StepKind::Excluded, "Tax and credit", excluded));
        steps.push(step(StepKind::Base, "Base", base));
    }
    if conversion.refunded_minor > 0 {
        let back = money(conversion.refunded_minor);
        let left = Fraction::whole(base.minor)
            .times(paid.minor.saturating_sub(back.minor), paid.minor)
            .and_then(|left| round_half_up(left.numerator, left.denominator))
            .unwrap_or_default();
        let text = if back == paid {
            "Went back: all of it".to_owned()
        } else {
            format!("Went back: {back} of {paid}")
        };
        let returned = money(left.saturating_sub(base.minor));
        steps.push(step(StepKind::Returned, text, returned));
        steps.push(step(StepKind::Left, "Base that is left", money(left)));
    }
    steps
}

fn rate(conversion: &Conversion) -> Step {
    let Plan { rate, duration } = conversion.plan;
    let is_share = conversion.parent_conversion_id.is_some();
    let is_lead = conversion.kind == ConversionType::Lead;
    match rate {
        Rate::Percent(share) if is_share => line(
            StepKind::Rate,
            format!("{} % of it for the recruiter", share.to_percent()),
        ),
        Rate::Percent(share) => line(
            StepKind::Rate,
            format!("{} % of {}", share.to_percent(), of(duration)),
        ),
        Rate::Fixed(minor) => {
            let fixed = Money::new(minor, conversion.commission.currency);
            let text = if conversion.source == Source::Click {
                clicks(conversion, minor)
            } else if is_lead {
                "Fixed amount for a lead".to_owned()
            } else {
                format!("Fixed amount for {}", of(duration))
            };
            step(StepKind::Rate, text, fixed)
        }
    }
}

/// `100 clicks at $0.05 each`.
fn clicks(conversion: &Conversion, minor: i64) -> String {
    let all = Money::new(minor, conversion.commission.currency);
    match Counted::read(&conversion.metadata) {
        Some(Counted { paid, .. }) if paid > 0 => {
            let each = Money::new(minor / i64::from(paid), all.currency);
            format!("{} at {each} each", pay_per_click::clicks(paid))
        }
        _ => "Fixed amount for clicks".to_owned(),
    }
}

/// A lead that came when the campaign's cap was used up.
fn beyond_cap(conversion: &Conversion) -> Option<String> {
    let capped = |step: &&TrailStep| step.verdict == Verdict::Capped;
    let step = conversion.trail.iter().find(capped)?;
    (conversion.plan.rate == Rate::Fixed(0)).then(|| step.text.clone())
}

fn of(duration: Duration) -> String {
    match duration {
        Duration::OneTime => "the first payment".to_owned(),
        Duration::Recurring => "every payment".to_owned(),
        Duration::RecurringLimited(1) => "payments of the first month".to_owned(),
        Duration::RecurringLimited(months) => format!("payments of the first {months} months"),
    }
}

/// `1 EUR = 1.0832 USD on 2026-11-20`, with as many decimals as say something.
fn exchange(rate: ExchangeRate, from: Currency, to: Currency) -> String {
    const SHOWN: i64 = 100_000_000;
    let shown = round_half_up(
        i128::from(rate.numerator) * i128::from(SHOWN),
        i128::from(rate.denominator),
    );
    let shown = shown.unwrap_or_default();
    let decimal = format!("{}.{:08}", shown / SHOWN, shown % SHOWN);
    let decimal = decimal.trim_end_matches('0').trim_end_matches('.');
    format!("1 {from} = {decimal} {to} on {}", rate.day)
}

/// Why a conversion that could earn something earns nothing, or nothing yet.
fn why_nothing(conversion: &Conversion) -> Option<&'static str> {
    let is_share = conversion.parent_conversion_id.is_some();
    let is_back =
        conversion.amount.minor > 0 && conversion.refunded_minor >= conversion.amount.minor;
    Some(match conversion.status {
        Status::Refunded if is_share => "The money of the sale went back: nothing is due",
        Status::Refunded if is_back => "All of the money went back: nothing is due",
        Status::Refunded => {
            "Its subscription ended inside the hold, or its invoice was voided: nothing is due"
        }
        Status::Denied => "Denied: nothing is due",
        _ if !conversion.is_covered => "The plan does not pay for this payment: nothing is due",
        _ if conversion.commission_state == CommissionState::AwaitingRate => {
            "No exchange rate of that day is known yet: computed when it is"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, NaiveDate};
    use proptest::prelude::*;

    use crate::{conversion::example::sale, rate::BasisPoints, refund::Back};

    const NOW: DateTime<chrono::Utc> = DateTime::UNIX_EPOCH;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    fn eur() -> Currency {
        Currency::parse("EUR").expect("EUR")
    }

    fn percent(points: u16) -> Rate {
        Rate::Percent(BasisPoints::new(points).expect("a share"))
    }

    fn restated(conversion: &Conversion) -> Conversion {
        conversion.restated(NOW).expect("fits")
    }

    /// `text amount` per line.
    fn lines(conversion: &Conversion, parent: Option<&Conversion>) -> Vec<String> {
        let steps = computation(conversion, parent);
        let line = |step: Step| match step.amount {
            Some(amount) => format!("{} {amount}", step.text),
            None => step.text,
        };
        steps.into_iter().map(line).collect()
    }

    #[test]
    fn a_share_of_the_base() {
        assert_eq!(
            lines(&sale(), None),
            [
                "Paid by the customer $53.90",
                "Tax and credit -$4.90",
                "Base $49.00",
                "20 % of every payment",
                "Commission $9.80",
            ]
        );
    }

    #[test]
    fn what_went_back_is_taken_off_in_proportion() {
        let back = Back {
            minor: 1078,
            held_by: None,
        };
        let refunded = sale().settled(back, NOW).expect("fits");
        assert_eq!(
            lines(&refunded, None)[3..],
            [
                "Went back: $10.78 of $53.90 -$9.80",
                "Base that is left $39.20",
                "20 % of every payment",
                "Commission $7.84",
            ]
        );
    }

    #[test]
    fn nothing_says_why() {
        let all = Back {
            minor: 5390,
            held_by: None,
        };
        let said = |conversion: &Conversion| {
            let steps = computation(conversion, None);
            let why = steps
                .into_iter()
                .find(|step| step.kind == StepKind::Nothing);
            why.map(|step| step.text).unwrap_or_default()
        };
        let refunded = sale().settled(all, NOW).expect("fits");
        assert_eq!(
            said(&refunded),
            "All of the money went back: nothing is due"
        );
        let denied = restated(&Conversion {
            denied_at: Some(NOW),
            ..sale()
        });
        assert_eq!(said(&denied), "Denied: nothing is due");
        let cancelled = restated(&Conversion {
            cancelled_at: Some(NOW),
            ..sale()
        });
        assert!(said(&cancelled).starts_with("Its subscription ended"));
        let not_covered = restated(&Conversion {
            is_covered: false,
            ..sale()
        });
        assert!(said(&not_covered).starts_with("The plan does not pay"));
        let waiting = restated(&Conversion {
            amount: Money::new(4900, eur()),
            ..sale()
        });
        assert!(said(&waiting).starts_with("No exchange rate"));
        assert_eq!(said(&sale()), "");
    }

    #[test]
    fn another_currency_names_its_rate() {
        let rate = ExchangeRate {
            numerator: 677,
            denominator: 625,
            day: NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day"),
        };
        let exchanged = restated(&Conversion {
            amount: Money::new(4900, eur()),
            exchange: Some(rate),
            ..sale()
        });
        assert_eq!(
            lines(&exchanged, None),
            [
                "Paid by the customer €49.00",
                "20 % of every payment",
                "1 EUR = 1.0832 USD on 2026-11-20",
                "Commission $10.62",
            ]
        );
    }

    #[test]
    fn leads_fixed_amounts_and_recruiters_shares() {
        let lead = Conversion {
            kind: ConversionType::Lead,
            amount: usd(0),
            base_minor: 0,
            plan: Plan {
                rate: Rate::Fixed(300),
                duration: Duration::OneTime,
            },
            ..sale()
        };
        assert_eq!(
            lines(&restated(&lead), None),
            ["Fixed amount for a lead $3.00", "Commission $3.00"]
        );
        let clicks = Conversion {
            source: Source::Click,
            metadata: r#"{"clicks":120,"paidClicks":100}"#.to_owned(),
            plan: Plan {
                rate: Rate::Fixed(500),
                duration: Duration::OneTime,
            },
            ..lead.clone()
        };
        assert_eq!(
            lines(&restated(&clicks), None),
            ["100 clicks at $0.05 each $5.00", "Commission $5.00"]
        );
        let capped = Conversion {
            plan: Plan {
                rate: Rate::Fixed(0),
                duration: Duration::OneTime,
            },
            trail: vec![TrailStep {
                verdict: Verdict::Capped,
                text: "beyond the cap".to_owned(),
            }],
            ..lead.clone()
        };
        assert_eq!(
            lines(&restated(&capped), None),
            [
                "Fixed amount for a lead $0.00",
                "beyond the cap",
                "Commission $0.00"
            ]
        );
        let share = Conversion {
            parent_conversion_id: Some(sale().id),
            amount: usd(0),
            base_minor: 0,
            plan: Plan {
                rate: percent(1000),
                duration: Duration::Recurring,
            },
            ..sale()
        };
        let share = share.following(&sale(), NOW).expect("fits");
        assert_eq!(
            lines(&share, Some(&sale())),
            [
                "Commission of the sale $9.80",
                "10 % of it for the recruiter",
                "Commission $0.98",
            ]
        );
    }

    fn amount_of(steps: &[Step], kind: StepKind) -> Option<i64> {
        let found = steps.iter().find(|step| step.kind == kind);
        found.and_then(|step| step.amount.map(|amount| amount.minor))
    }

    prop_compose! {
        fn any_sale()(
            amount in 1..1_000_000_000_i64,
            excluded_permille in 0..1000_i64,
            points in 0..=10_000_u16,
            fixed in proptest::option::of(0..100_000_i64),
            foreign in any::<bool>(),
            exchange in proptest::option::of((1..10_000_i64, 1..10_000_i64)),
            is_covered in proptest::bool::weighted(0.9),
            denied in proptest::bool::weighted(0.1),
            cancelled in proptest::bool::weighted(0.1),
        )(
            base in Just(amount - amount * excluded_permille / 1000),
            amount in Just(amount), points in Just(points), fixed in Just(fixed), foreign in Just(foreign),
            exchange in Just(exchange), is_covered in Just(is_covered), denied in Just(denied),
            cancelled in Just(cancelled), back in 0..=amount,
        ) -> Conversion {
            let currency = if foreign { eur() } else { Currency::USD };
            let conversion = Conversion {
                amount: Money::new(amount, currency),
                base_minor: base,
                plan: Plan { rate: fixed.map_or(percent(points), Rate::Fixed), duration: Duration::Recurring },
                exchange: exchange.filter(|_| foreign).map(|(numerator, denominator)| {
                    ExchangeRate { numerator, denominator, day: NOW.date_naive() }
                }),
                is_covered,
                denied_at: denied.then_some(NOW),
                cancelled_at: cancelled.then_some(NOW),
                ..sale()
            };
            conversion.settled(Back { minor: back, held_by: None }, NOW).expect("fits")
        }
    }

    proptest! {
        #[test]
        fn the_lines_add_up_and_end_with_what_is_due(conversion in any_sale()) {
            let steps = computation(&conversion, None);
            let amount = |kind| amount_of(&steps, kind);
            let last = steps.last().expect("at least one");
            prop_assert_eq!(last.kind, StepKind::Commission);
            prop_assert_eq!(last.amount, Some(conversion.commission));
            let paid = amount(StepKind::Paid).expect("a payment");
            let base = amount(StepKind::Base).unwrap_or(paid);
            prop_assert_eq!(paid + amount(StepKind::Excluded).unwrap_or(0), base);
            prop_assert_eq!(base, conversion.base_minor);
            let left = amount(StepKind::Left).unwrap_or(base);
            prop_assert_eq!(base + amount(StepKind::Returned).unwrap_or(0), left);
            let says_nothing = steps.iter().any(|step| step.kind == StepKind::Nothing);
            if says_nothing {
                prop_assert_eq!(conversion.commission.minor, 0);
            } else if let (Rate::Percent(share), None) = (conversion.plan.rate, conversion.exchange) {
                // The amount that is shown was rounded; the commission was not computed from it.
                let shown = share.of(Money::new(left, conversion.currency())).expect("fits");
                prop_assert!((shown.minor - conversion.commission.minor).abs() <= 1);
            }
        }
    }
}
