//! Adding up the days of a report.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{
    money::{Currency, Money},
    report::Span,
};

use super::{DayClicks, DaySums};

/// What some days brought. Counts are of all currencies, money is of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Visits through links.
    pub clicks: i64,
    /// Free signups.
    pub leads: i64,
    /// Payments, first and later ones.
    pub sales: i64,
    /// First and one-off payments that a visit may have led to: none that were imported.
    pub customers: i64,
    /// What was paid, in minor units.
    pub revenue_minor: i64,
    /// What of it went back, in minor units.
    pub refunded_minor: i64,
    /// What is due for it now, by currency of commission.
    pub commission: Vec<Money>,
}

impl Sums {
    /// How many of the visits came to a first payment, in tenths of a percent; `None` without visits.
    pub fn conversion_rate(&self) -> Option<i64> {
        let twice = i128::from(self.customers) * 2000 + i128::from(self.clicks);
        (self.clicks > 0)
            .then(|| i64::try_from(twice / (2 * i128::from(self.clicks))).unwrap_or(i64::MAX))
    }

    /// The commission in one currency, in minor units.
    pub fn commission_in(&self, currency: Currency) -> i64 {
        let own = self
            .commission
            .iter()
            .find(|money| money.currency == currency);
        own.map_or(0, |money| money.minor)
    }

    fn add(&mut self, day: &DaySums, currency: Option<Currency>) {
        self.leads += day.leads;
        self.sales += day.sales;
        self.customers += day.customers;
        if currency != Some(day.revenue.currency) {
            return;
        }
        self.revenue_minor = self.revenue_minor.saturating_add(day.revenue.minor);
        self.refunded_minor = self.refunded_minor.saturating_add(day.refunded_minor);
        let owed = day.commission;
        match self
            .commission
            .iter_mut()
            .find(|sum| sum.currency == owed.currency)
        {
            Some(sum) => sum.minor = sum.minor.saturating_add(owed.minor),
            None => self.commission.push(owed),
        }
    }
}

/// The currencies of sales, most sales first.
pub(super) fn currencies<'a>(days: impl Iterator<Item = &'a DaySums>) -> Vec<Currency> {
    let mut counts: BTreeMap<&str, (i64, Currency)> = BTreeMap::new();
    for day in days.filter(|day| day.sales > 0) {
        let currency = day.revenue.currency;
        counts.entry(currency.code()).or_insert((0, currency)).0 += day.sales;
    }
    let mut found: Vec<(i64, Currency)> = counts.into_values().collect();
    found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    found.into_iter().map(|(_, currency)| currency).collect()
}

/// Of the days that are wanted.
pub(super) fn sum(
    days: &[DaySums],
    clicks: &[DayClicks],
    currency: Option<Currency>,
    is_wanted: impl Fn(NaiveDate) -> bool,
) -> Sums {
    let mut sums = Sums::default();
    for day in days.iter().filter(|one| is_wanted(one.day)) {
        sums.add(day, currency);
    }
    let wanted = clicks.iter().filter(|one| is_wanted(one.day));
    sums.clicks = wanted.map(|one| one.clicks).sum();
    sums
}

/// Of every step of a span, also of those that brought nothing.
pub(super) fn by_step(
    days: &[DaySums],
    clicks: &[DayClicks],
    currency: Option<Currency>,
    span: Span,
) -> Vec<(NaiveDate, Sums)> {
    let mut steps: BTreeMap<NaiveDate, Sums> = span
        .steps()
        .into_iter()
        .map(|start| (start, Sums::default()))
        .collect();
    let start = |day| span.step().start(day);
    for day in days.iter().filter(|one| span.has(one.day)) {
        if let Some(sums) = steps.get_mut(&start(day.day)) {
            sums.add(day, currency);
        }
    }
    for day in clicks.iter().filter(|one| span.has(one.day)) {
        if let Some(sums) = steps.get_mut(&start(day.day)) {
            sums.clicks += day.clicks;
        }
    }
    steps.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str, sales: i64, revenue: Money, commission: Money) -> DaySums {
        DaySums {
            day: text.parse().expect("a day"),
            customers: sales,
            sales,
            leads: 1,
            revenue,
            refunded_minor: 100,
            commission,
        }
    }

    #[test]
    fn counts_are_added_and_currencies_are_not() {
        let (usd, eur) = (Currency::USD, Currency::parse("EUR").expect("a currency"));
        let days = [
            day("2026-11-01", 1, Money::new(4900, usd), Money::new(980, usd)),
            day(
                "2026-11-01",
                2,
                Money::new(9000, eur),
                Money::new(2000, usd),
            ),
            day("2026-11-03", 1, Money::new(1000, eur), Money::new(200, eur)),
        ];
        let clicks = [DayClicks {
            day: "2026-11-02".parse().expect("a day"),
            clicks: 7,
        }];
        assert_eq!(currencies(days.iter()), [eur, usd]);
        let all = sum(&days, &clicks, Some(eur), |_| true);
        assert_eq!((all.sales, all.leads, all.clicks), (4, 3, 7));
        assert_eq!((all.revenue_minor, all.refunded_minor), (10_000, 200));
        assert_eq!(
            all.commission,
            [Money::new(2000, usd), Money::new(200, eur)]
        );
        assert_eq!(all.conversion_rate(), Some(571));
        let span = Span::new(
            "2026-11-01".parse().expect("a day"),
            "2026-11-03".parse().expect("a day"),
        );
        let steps = by_step(&days, &clicks, Some(eur), span.expect("a span"));
        let told: Vec<(i64, i64)> = steps
            .iter()
            .map(|(_, sums)| (sums.clicks, sums.sales))
            .collect();
        assert_eq!(told, [(0, 3), (7, 0), (0, 1)]);
        assert_eq!(Sums::default().conversion_rate(), None);
    }
}
