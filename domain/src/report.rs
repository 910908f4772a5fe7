//! Which days a report is about, and how they are drawn.

use chrono::{Datelike, Days, Months, NaiveDate};
use thiserror::Error;

/// Up to so many days are drawn one by one.
const DAILY: i64 = 92;
/// Up to so many days are drawn week by week, more of them month by month.
const WEEKLY: i64 = 2 * 366;
/// The longest span of one's own, in days: ten years.
pub const MAX_DAYS: i64 = 3660;

/// UTC days, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    first: NaiveDate,
    last: NaiveDate,
}

/// Not a span of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotASpan {
    /// The wrong way round.
    #[error("the first day is after the last one: exchange them")]
    EndsFirst,
    /// More than [`MAX_DAYS`].
    #[error("at most {MAX_DAYS} days can be told at once: choose a shorter time")]
    TooLong,
}

/// What one point of a chart stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A day.
    Day,
    /// A week from Monday on.
    Week,
    /// A month of the calendar.
    Month,
}

impl Span {
    /// From the first to the last day.
    ///
    /// # Errors
    /// [`NotASpan`] when it ends before it begins, or is too long.
    pub fn new(first: NaiveDate, last: NaiveDate) -> Result<Self, NotASpan> {
        let span = Self { first, last };
        match span.days() {
            days if days < 1 => Err(NotASpan::EndsFirst),
            days if days > MAX_DAYS => Err(NotASpan::TooLong),
            _ => Ok(span),
        }
    }

    /// So many days up to `today`, which is one of them.
    pub fn latest(today: NaiveDate, days: u32) -> Self {
        let before = Days::new(u64::from(days.max(1)) - 1);
        Self {
            first: today.checked_sub_days(before).unwrap_or(today),
            last: today,
        }
    }

    /// From `first` on to `today`; the newest [`MAX_DAYS`] of them.
    pub fn since(first: NaiveDate, today: NaiveDate) -> Self {
        let first = first.min(today);
        Self::new(first, today).unwrap_or_else(|_| Self::latest(today, 3660))
    }

    /// Its first day.
    pub const fn first(self) -> NaiveDate {
        self.first
    }

    /// Its last day.
    pub const fn last(self) -> NaiveDate {
        self.last
    }

    /// The day after its last.
    pub fn end(self) -> NaiveDate {
        self.last.succ_opt().unwrap_or(self.last)
    }

    /// How many days.
    pub fn days(self) -> i64 {
        (self.last - self.first).num_days() + 1
    }

    /// As many days right before it: what it is compared with.
    pub fn before(self) -> Option<Self> {
        let days = Days::new(self.days().unsigned_abs());
        Some(Self {
            first: self.first.checked_sub_days(days)?,
            last: self.first.pred_opt()?,
        })
    }

    /// Is the day one of it?
    pub fn has(self, day: NaiveDate) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// In which steps it is drawn: few enough to be told apart.
    pub fn step(self) -> Step {
        match self.days() {
            days if days <= DAILY => Step::Day,
            days if days <= WEEKLY => Step::Week,
            _ => Step::Month,
        }
    }

    /// The first day of every step, in order. The first step may begin before the span.
    pub fn steps(self) -> Vec<NaiveDate> {
        let step = self.step();
        let mut days = vec![step.start(self.first)];
        while let Some(next) = days.last().and_then(|day| step.next(*day)) {
            if next > self.last {
                break;
            }
            days.push(next);
        }
        days
    }
}

impl Step {
    /// The first day of the step that a day is in.
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        let back = match self {
            Self::Day => 0,
            Self::Week => day.weekday().num_days_from_monday(),
            Self::Month => day.day0(),
        };
        day.checked_sub_days(Days::new(back.into())).unwrap_or(day)
    }

    fn next(self, start: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => start.succ_opt(),
            Self::Week => start.checked_add_days(Days::new(7)),
            Self::Month => start.checked_add_months(Months::new(1)),
        }
    }
}

/// By how much something changed, in tenths of a percent, rounded half away from zero; `None` when there was
/// nothing before.
pub fn change(now: i64, before: i64) -> Option<i64> {
    if before <= 0 {
        return None;
    }
    let (now, before) = (i128::from(now), i128::from(before));
    let twice = (now - before) * 2000 + if now < before { -before } else { before };
    i64::try_from(twice / (2 * before)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn span(first: &str, last: &str) -> Span {
        Span::new(day(first), day(last)).expect("a span")
    }

    #[test]
    fn a_span_counts_both_ends_and_today() {
        let week = Span::latest(day("2026-11-20"), 7);
        assert_eq!(week, span("2026-11-14", "2026-11-20"));
        assert_eq!((week.days(), week.end()), (7, day("2026-11-21")));
        assert_eq!(week.before(), Some(span("2026-11-07", "2026-11-13")));
        let wrong = Span::new(day("2026-11-20"), day("2026-11-19"));
        assert_eq!(wrong, Err(NotASpan::EndsFirst));
        let long = Span::new(day("2000-01-01"), day("2026-11-20"));
        assert_eq!(long, Err(NotASpan::TooLong));
        let all = Span::since(day("1970-01-01"), day("2026-11-20"));
        assert_eq!(all.days(), MAX_DAYS);
    }

    #[test]
    fn long_spans_are_drawn_in_longer_steps() {
        assert_eq!(span("2026-11-01", "2026-11-20").step(), Step::Day);
        let weeks = span("2026-05-01", "2026-11-20");
        assert_eq!(weeks.step(), Step::Week);
        assert_eq!(weeks.steps().first(), Some(&day("2026-04-27")));
        let months = span("2023-05-17", "2026-11-20");
        assert_eq!(months.steps().first(), Some(&day("2023-05-01")));
        assert_eq!(months.steps().last(), Some(&day("2026-11-01")));
    }

    #[test]
    fn a_change_is_told_in_tenths_of_a_percent() {
        for (now, before, wanted) in [
            (110, 100, Some(100)),
            (90, 100, Some(-100)),
            (100, 100, Some(0)),
            (0, 3, Some(-1000)),
            (2, 3, Some(-333)),
            (5, 3, Some(667)),
            (5, 0, None),
        ] {
            assert_eq!(change(now, before), wanted, "{now} {before}");
        }
    }

    proptest! {
        #[test]
        fn every_day_of_a_span_is_in_one_of_its_steps(start in 0..40_000_i64, days in 1..=MAX_DAYS) {
            let first = NaiveDate::default() + chrono::TimeDelta::days(start);
            let span = Span::new(first, first + chrono::TimeDelta::days(days - 1)).expect("a span");
            let steps = span.steps();
            prop_assert!(steps.is_sorted() && steps.len() <= 122);
            for day in [span.first(), span.last()] {
                prop_assert!(steps.contains(&span.step().start(day)));
            }
            let before = span.before().expect("in range");
            prop_assert_eq!(before.days(), span.days());
            prop_assert!(!before.has(span.first()) && span.has(span.last()));
        }
    }
}
