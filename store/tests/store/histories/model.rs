//! What the rules say of a history, written a second time, straight from the domain rules (sections 2,
//! 5, 6 and 7) and without the code that is tested: a list of what was told, and sums over it.

use chrono::{DateTime, Days, Duration, Months, Utc};
use domain::{
    lifecycle::{Status, Transition},
    refund::BackStatus,
};

use super::case::{Case, Earns, MONEY, Pays, Route, Told, Way};

/// A rate: numerator and denominator.
type Rate = (i128, i128);

/// What nothing that was told says: decisions, and what happened when.
#[derive(Clone, Debug, Default)]
struct Row {
    approved: Option<DateTime<Utc>>,
    denied: Option<DateTime<Utc>>,
    is_cancelled: bool,
    rate: Option<Rate>,
}

/// How a sale stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) status: Status,
    pub(super) commission: i64,
    pub(super) refunded: i64,
    pub(super) is_disputed: bool,
    pub(super) is_recurring: bool,
    pub(super) awaits_rate: bool,
    /// Of the recruiter.
    pub(super) share: i64,
}

pub(super) struct Model<'a> {
    case: &'a Case,
    /// The day of the first payment.
    start: DateTime<Utc>,
    told: Vec<Told>,
    rows: Vec<Option<Row>>,
    /// Days of the rates known by now, after the start.
    rates: Vec<(i64, Rate)>,
}

fn half_up(numerator: i128, denominator: i128) -> i64 {
    i64::try_from((2 * numerator + denominator) / (2 * denominator)).expect("small")
}

impl<'a> Model<'a> {
    pub(super) fn new(case: &'a Case, start: DateTime<Utc>) -> Self {
        let rows = vec![None; case.payments.len()];
        Self {
            case,
            start,
            told: Vec::new(),
            rows,
            rates: Vec::new(),
        }
    }

    fn paid_at(&self, number: usize) -> DateTime<Utc> {
        self.start + Duration::days(self.case.payments[number].day)
    }

    /// Rates of a phase become known, and whoever waited for one gets it.
    pub(super) fn publish(&mut self, phase: usize) {
        let known = MONEY[self.case.money].rates.iter();
        let new = known.filter(|rate| rate.0 == phase);
        self.rates
            .extend(new.map(|rate| (rate.1, (rate.3, rate.4))));
        self.price();
    }

    /// The newest rate not after the payment and at most 7 days older.
    fn rate(&self, number: usize) -> Option<Rate> {
        let day = self.case.payments[number].day;
        let usable = self
            .rates
            .iter()
            .filter(|(of, _)| (day - 7..=day).contains(of));
        usable.max_by_key(|(of, _)| *of).map(|(_, rate)| *rate)
    }

    /// Whoever waits for a rate that is there gets it.
    fn price(&mut self) {
        for number in 0..self.rows.len() {
            let rate = self.rate(number);
            if self.state(number).is_some_and(|state| state.awaits_rate)
                && let Some(row) = &mut self.rows[number]
            {
                row.rate = rate;
            }
        }
    }

    pub(super) fn tell(&mut self, told: &Told) {
        self.told.push(told.clone());
        for number in 0..self.rows.len() {
            let is_known = self.told.contains(&Told::Paid(number));
            let is_named = self.case.is_named || self.told.contains(&Told::Referral);
            if is_known && is_named && self.rows[number].is_none() && self.is_covered(number) {
                self.rows[number] = Some(Row {
                    rate: self.rate(number),
                    ..Row::default()
                });
            }
        }
        self.cancel();
        self.price();
    }

    /// What the plan pays for, going by the payments that made sales. Of one instant the one with the
    /// lesser id is the first.
    fn is_covered(&self, number: usize) -> bool {
        let credited = (0..self.rows.len()).filter(|other| self.rows[*other].is_some());
        let made = |number| (self.paid_at(number), number);
        let first = credited.chain([number]).map(made).min();
        match (self.case.terms.pays, first) {
            (Pays::Every, _) | (_, None) => true,
            (Pays::First, Some(first)) => made(number) == first,
            (Pays::OneMonth, Some((first, _))) => self.paid_at(number) < first + Months::new(1),
        }
    }

    fn is_on_subscription(&self, number: usize) -> bool {
        self.case.is_subscription && self.case.payments[number].way != Way::Member
    }

    /// The end of the subscription takes back what was pending then, inside its hold.
    fn cancel(&mut self) {
        let (Some(day), true) = (self.case.ended, self.told.contains(&Told::Ended)) else {
            return;
        };
        let ended = self.start + Duration::days(day);
        for number in 0..self.rows.len() {
            let is_on_it = self.is_on_subscription(number);
            let (paid_at, hold_until) = (self.paid_at(number), self.hold_until(number));
            let Some(row) = &mut self.rows[number] else {
                continue;
            };
            let decided = [row.approved, row.denied]
                .into_iter()
                .flatten()
                .any(|at| at <= ended);
            row.is_cancelled |= is_on_it
                && self.case.terms.refund_on_cancel
                && paid_at <= ended
                && ended < hold_until
                && !decided;
        }
    }

    fn hold_until(&self, number: usize) -> DateTime<Utc> {
        let days = u64::try_from(self.case.terms.hold_days).expect("small");
        self.paid_at(number) + Days::new(days)
    }

    /// Does the rule allow the step? Then it is taken.
    pub(super) fn decide(&mut self, number: usize, step: Transition, now: DateTime<Utc>) -> bool {
        let Some(state) = self.state(number) else {
            return false;
        };
        let hold_until = self.hold_until(number);
        let is_allowed = match step {
            Transition::Deny => matches!(state.status, Status::Pending | Status::Approved),
            Transition::Restore => state.status == Status::Denied,
            Transition::ApproveEarly | Transition::HoldPassed => {
                state.status == Status::Pending
                    && !state.is_disputed
                    && !state.awaits_rate
                    && (step == Transition::ApproveEarly || hold_until <= now)
            }
        };
        if let (true, Some(row)) = (is_allowed, &mut self.rows[number]) {
            match step {
                Transition::Deny => row.denied = Some(now),
                Transition::Restore => row.denied = None,
                Transition::ApproveEarly | Transition::HoldPassed => row.approved = Some(now),
            }
        }
        self.cancel();
        self.price();
        is_allowed
    }

    pub(super) fn hold_passed(&mut self, now: DateTime<Utc>) {
        for number in 0..self.rows.len() {
            self.decide(number, Transition::HoldPassed, now);
        }
    }

    /// Is it known by now which payment this refund is of?
    fn is_joined(&self, number: usize, place: usize) -> bool {
        let was_told = |one: &str, other: &str| {
            let linked = |told: &Told| matches!(told, Told::Linked(of, ids) if *of == number && *ids == [one, other]);
            self.told.iter().any(linked)
        };
        let first_told = || {
            self.told
                .iter()
                .any(|told| matches!(told, Told::Back(of, 0, _) if *of == number))
        };
        match self.case.payments[number].route {
            Route::Invoice => true,
            Route::Chain => was_told("ch", "pi") && was_told("pi", "in"),
            Route::Bridge => was_told("pi", "in") && (place == 0 || first_told()),
            Route::CreditNote => was_told("re0", "in") && (place == 0 || first_told()),
        }
    }

    /// The newest that was told of a refund.
    fn newest(&self, number: usize, place: usize) -> Option<BackStatus> {
        let back = &self.case.payments[number].backs[place];
        let of_it = self.told.iter().filter_map(|told| match told {
            Told::Back(of, which, telling) if (*of, *which) == (number, place) => Some(*telling),
            _ => None,
        });
        // Where only totals tell of it, everything has been told by the time that anybody asks.
        let newest = if back.is_told { of_it.max() } else { Some(0) };
        newest
            .filter(|_| self.is_joined(number, place))
            .map(|newest| back.tellings[newest].0)
    }

    /// How the sale of a payment stands; nothing where there is none.
    pub(super) fn state(&self, number: usize) -> Option<State> {
        use BackStatus::{Lost, Open, Pending, Succeeded};
        let row = self.rows[number].as_ref()?;
        let (case, paid) = (self.case, &self.case.payments[number]);
        let backs = (0..paid.backs.len())
            .filter_map(|place| Some((&paid.backs[place], self.newest(number, place)?)));
        let is_gone = |status| matches!(status, Pending | Succeeded | Lost);
        let gone = backs
            .clone()
            .filter(|(back, status)| is_gone(*status) && !back.is_foreign);
        let refunded = gone
            .map(|(back, _)| back.amount)
            .sum::<i64>()
            .min(paid.amount);
        let status = if refunded == paid.amount || row.is_cancelled {
            Status::Refunded
        } else if row.denied.is_some() {
            Status::Denied
        } else if row.approved.is_some() {
            Status::Approved
        } else {
            Status::Pending
        };
        let earns = self.is_covered(number) && matches!(status, Status::Pending | Status::Approved);
        let rate = if case.money == 0 {
            Some((1, 1))
        } else {
            row.rate
        };
        let commission = match (case.terms.earns, rate) {
            _ if !earns => Some(0),
            (Earns::Fixed(minor), _) => Some(minor),
            (Earns::Share(points), Some((numerator, denominator))) => {
                let left =
                    i128::from(paid.base) * i128::from(paid.amount - refunded) * i128::from(points);
                let of = i128::from(paid.amount) * 10_000 * 10_i128.pow(MONEY[case.money].decimals);
                Some(half_up(left * numerator * 100, of * denominator))
            }
            (Earns::Share(_), None) => None,
        };
        let due = commission.unwrap_or(0);
        let is_known = |other: &usize| self.told.contains(&Told::Paid(*other));
        let mut on_it = (0..=number).filter(|one| self.is_on_subscription(*one));
        let is_later = on_it.clone().any(|one| one == number)
            && on_it.any(|one| one < number && is_known(&one));
        Some(State {
            status,
            commission: due,
            refunded,
            is_disputed: backs.clone().any(|(_, status)| status == Open),
            is_recurring: is_later,
            awaits_rate: commission.is_none(),
            share: half_up(i128::from(due) * i128::from(case.terms.recruiter), 10_000),
        })
    }
}
