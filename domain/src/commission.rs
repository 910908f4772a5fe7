//! What a payment earns (domain rules, section 5).

use chrono::{DateTime, Months, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    exchange::{ExchangeRate, Fraction},
    id::ConversionId,
    money::{Currency, Money, MoneyError, round_half_up},
    rate::{BasisPoints, WHOLE},
};

/// The rule a commission is computed by. Copied onto the conversion when it is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How much of each payment.
    pub rate: Rate,
    /// For which payments.
    pub duration: Duration,
}

/// How much a payment earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// A share of the base.
    Percent(BasisPoints),
    /// The same amount for every payment, in minor units of the campaign's currency.
    Fixed(i64),
}

/// Which payments of a customer earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duration {
    /// The first payment only.
    OneTime,
    /// Every payment.
    Recurring,
    /// Payments before the customer's first paid date in the campaign plus so many calendar months.
    RecurringLimited(u16),
}

/// The longest limit of a recurring commission, in months.
pub const MAX_LIMIT_MONTHS: u16 = 120;

/// When a payment was made. Of two of the same instant the one with the lesser external id is the earlier,
/// so that which of them is the first does not depend on which came in first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paid {
    /// When.
    pub at: DateTime<Utc>,
    /// Its external id; see [`Paid::new`] for those without.
    pub id: String,
}

impl Paid {
    /// Of a payment with this external id; those without one are later than the others of their instant,
    /// in the order in which they were recorded.
    pub fn new(
        at: DateTime<Utc>,
        external_id: Option<&str>,
        recorded: Option<ConversionId>,
    ) -> Self {
        let id = match (external_id, recorded) {
            (Some(id), _) => id.to_owned(),
            (None, Some(recorded)) => format!("~{recorded}"),
            (None, None) => "~~".to_owned(),
        };
        Self { at, id }
    }
}

/// Where a payment stands among the customer's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// When it was made.
    pub paid: Paid,
    /// The same customer's first payment in this campaign, as far as is known; `None`: there is none.
    pub first: Option<Paid>,
}

/// What a payment earns under a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earned {
    /// This much, in the campaign's currency. Zero is listed too.
    Ready(Money),
    /// A share of an amount in another currency: known when the day's rate is.
    AwaitingRate,
    /// The plan does not cover this payment; the text says why.
    Nothing(String),
}

impl Plan {
    /// The plan of an affiliate with a share of his own: for the payments for which this plan pays.
    #[must_use]
    pub fn with_share(self, share: BasisPoints) -> Self {
        Self {
            rate: Rate::Percent(share),
            ..self
        }
    }

    /// What a payment with the net amount `base` earns in a campaign whose currency is `currency`.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the result does not fit.
    pub fn earned(
        self,
        base: Money,
        currency: Currency,
        exchange: Option<ExchangeRate>,
        position: Position,
    ) -> Result<Earned, MoneyError> {
        if let Some(reason) = self.duration.excludes(position) {
            return Ok(Earned::Nothing(reason));
        }
        let due = self.rate.due(base, Remaining::ALL, currency, exchange)?;
        Ok(due.map_or(Earned::AwaitingRate, Earned::Ready))
    }
}

/// How much of a payment is left after refunds: `left` of `of`, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// What did not go back.
    pub left: i64,
    /// What was paid; not 0.
    pub of: i64,
}

impl Remaining {
    /// Nothing went back.
    pub const ALL: Self = Self { left: 1, of: 1 };
}

impl Rate {
    /// The share, in whole basis points, that gives exactly this commission of what is left of a base. `None`: there
    /// is none, or no exchange rate is known.
    #[must_use]
    pub fn giving(
        commission: Money,
        base: Money,
        remaining: Remaining,
        exchange: Option<ExchangeRate>,
    ) -> Option<Self> {
        let due = |rate: Self| {
            let due = rate.due(base, remaining, commission.currency, exchange);
            due.ok().flatten()
        };
        let all = due(Self::Percent(BasisPoints::ALL))?;
        let points = i128::from(commission.minor) * i128::from(WHOLE);
        let points = round_half_up(points, i128::from(all.minor))?;
        let share = BasisPoints::new(u16::try_from(points).ok()?).ok()?;
        let rate = Self::Percent(share);
        (due(rate) == Some(commission)).then_some(rate)
    }

    /// What a base earns in `currency` while so much of its payment is left, rounded once, half up.
    /// `None`: the base is in another currency and no exchange rate is known.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the result does not fit.
    pub fn due(
        self,
        base: Money,
        remaining: Remaining,
        currency: Currency,
        exchange: Option<ExchangeRate>,
    ) -> Result<Option<Money>, MoneyError> {
        let share = match self {
            Self::Fixed(minor) if remaining.left > 0 => {
                return Ok(Some(Money::new(minor, currency)));
            }
            Self::Fixed(_) => return Ok(Some(Money::zero(currency))),
            Self::Percent(share) => share,
        };
        let exchange = match exchange {
            _ if base.currency == currency => None,
            Some(rate) => Some(rate),
            None => return Ok(None),
        };
        let exact = || {
            let part = Fraction::whole(base.minor)
                .times(remaining.left, remaining.of)?
                .times(i64::from(share.get()), i64::from(WHOLE))?;
            match exchange {
                None => Some(part),
                Some(rate) => part.exchanged(rate, base.currency, currency),
            }
        };
        let exact: Fraction = exact().ok_or(MoneyError::Overflow)?;
        let minor = round_half_up(exact.numerator, exact.denominator);
        let minor = minor.ok_or(MoneyError::Overflow)?;
        Ok(Some(Money::new(minor, currency)))
    }
}

impl Duration {
    /// Why a payment at this position earns nothing, if so.
    pub fn excludes(self, position: Position) -> Option<String> {
        match self {
            Self::Recurring => None,
            Self::OneTime => {
                let first = position.first?;
                (first < position.paid).then(|| {
                    format!(
                        "the plan pays a customer's first payment only, which was on {}",
                        first.at.date_naive()
                    )
                })
            }
            Self::RecurringLimited(months) => {
                let start = position.first?.at;
                // The last day of a shorter month stands for a missing one: 31 January plus one
                // month is the last of February.
                let end = start.checked_add_months(Months::new(u32::from(months)))?;
                (position.paid.at >= end).then(|| {
                    format!(
                        "the plan pays for {months} months from the first payment on {}, until {}",
                        start.date_naive(),
                        end.date_naive()
                    )
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn plan(rate: Rate, duration: Duration) -> Plan {
        Plan { rate, duration }
    }

    fn percent(points: u16) -> Rate {
        Rate::Percent(BasisPoints::new(points).expect("a share"))
    }

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    fn paid(at: DateTime<Utc>, id: &str) -> Paid {
        Paid::new(at, Some(id), None)
    }

    fn first() -> Position {
        Position {
            paid: paid(DateTime::UNIX_EPOCH, "in_1"),
            first: None,
        }
    }

    #[test]
    fn percent_of_the_base_or_a_fixed_amount() {
        let earned = plan(percent(2000), Duration::Recurring).earned(
            usd(4900),
            Currency::USD,
            None,
            first(),
        );
        assert_eq!(earned, Ok(Earned::Ready(usd(980))));
        let earned = plan(Rate::Fixed(500), Duration::Recurring).earned(
            usd(4900),
            Currency::USD,
            None,
            first(),
        );
        assert_eq!(earned, Ok(Earned::Ready(usd(500))));
        let earned =
            plan(percent(0), Duration::Recurring).earned(usd(4900), Currency::USD, None, first());
        assert_eq!(earned, Ok(Earned::Ready(usd(0))));
    }

    #[test]
    fn a_share_of_another_currency_waits_for_its_rate_but_a_fixed_amount_does_not() {
        let eur = Money::new(4900, Currency::parse("EUR").expect("EUR"));
        let earned =
            plan(percent(2000), Duration::Recurring).earned(eur, Currency::USD, None, first());
        assert_eq!(earned, Ok(Earned::AwaitingRate));
        let earned =
            plan(Rate::Fixed(500), Duration::Recurring).earned(eur, Currency::USD, None, first());
        assert_eq!(earned, Ok(Earned::Ready(usd(500))));
    }

    #[test]
    fn a_commission_is_a_share_where_one_gives_it_to_the_cent() {
        let giving =
            |commission, base, remaining| Rate::giving(usd(commission), usd(base), remaining, None);
        let left = Remaining {
            left: 7500,
            of: 10_000,
        };
        for (commission, base, remaining, points) in [
            (30_000, 100_000, Remaining::ALL, Some(3000)),
            (980, 4900, Remaining::ALL, Some(2000)),
            (2000, 10_000, left, Some(2667)),
            (0, 4900, Remaining::ALL, Some(0)),
            (4900, 4900, Remaining::ALL, Some(10_000)),
            // 33.33 % would be 333.30.
            (33_333, 100_000, Remaining::ALL, None),
            (5000, 4900, Remaining::ALL, None),
            (980, 0, Remaining::ALL, None),
        ] {
            assert_eq!(giving(commission, base, remaining), points.map(percent));
        }
        let eur = Money::new(4900, Currency::parse("EUR").expect("EUR"));
        assert_eq!(Rate::giving(usd(980), eur, Remaining::ALL, None), None);
    }

    #[test]
    fn one_time_pays_the_first_payment_only() {
        let later = Position {
            paid: paid(first().paid.at + chrono::Duration::days(30), "in_0"),
            first: Some(first().paid),
        };
        let plan = plan(percent(2000), Duration::OneTime);
        assert!(matches!(
            plan.earned(usd(1), Currency::USD, None, first()),
            Ok(Earned::Ready(_))
        ));
        assert!(matches!(
            plan.earned(usd(1), Currency::USD, None, later),
            Ok(Earned::Nothing(_))
        ));
    }

    #[test]
    fn of_two_payments_of_one_instant_one_is_the_first_whichever_came_first() {
        let at = DateTime::UNIX_EPOCH;
        let recorded = ConversionId(uuid::Uuid::from_u128(1));
        let nameless = [
            Paid::new(at, None, Some(recorded)),
            Paid::new(at, None, None),
        ];
        let [one, other] = [paid(at, "in_1"), paid(at, "in_2")];
        assert!(one < other && other < nameless[0] && nameless[0] < nameless[1]);
        let excluded = |paid: &Paid, first: &Paid| {
            let (paid, first) = (paid.clone(), Some(first.clone()));
            Duration::OneTime
                .excludes(Position { paid, first })
                .is_some()
        };
        assert!(excluded(&other, &one) && !excluded(&one, &other) && !excluded(&one, &one));
    }

    #[test]
    fn limited_months_are_calendar_months_with_the_end_excluded() {
        let start = at("2026-01-31T10:00:00Z");
        let plan = plan(percent(2000), Duration::RecurringLimited(1));
        for (paid, pays) in [
            ("2026-01-31T10:00:00Z", true),
            ("2026-02-28T09:59:59Z", true),
            ("2026-02-28T10:00:00Z", false),
            ("2027-01-31T10:00:00Z", false),
        ] {
            let position = Position {
                paid: super::Paid::new(at(paid), Some("in_2"), None),
                first: Some(super::Paid::new(start, Some("in_1"), None)),
            };
            let earned = plan
                .earned(usd(1000), Currency::USD, None, position)
                .expect("small");
            assert_eq!(matches!(earned, Earned::Ready(_)), pays, "{paid}");
        }
    }
}
