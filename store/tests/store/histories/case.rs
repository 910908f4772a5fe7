//! What may happen to one customer: payments, money that goes back, the end of the subscription,
//! decisions of members; told in any order, in any of the phases, some of it more than once.

use domain::{lifecycle::Transition, refund::BackStatus};
use proptest::{collection::vec, option, prelude::*, sample::Index};

/// When the clock stands still and things are told, in days after the first payment.
pub(super) const PHASES: [i64; 6] = [0, 10, 20, 31, 45, 70];
/// When the payments of a customer are made. A month after the second, to the second, is the third; or two
/// of them are made at one instant.
const PAID: [[i64; 3]; 3] = [[0, 5, 35], [0, 0, 30], [0, 5, 5]];

/// What an affiliate earns.
#[derive(Clone, Copy, Debug)]
pub(super) enum Earns {
    /// Basis points of the base.
    Share(u16),
    /// Minor units of USD.
    Fixed(i64),
}

/// For which payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pays {
    First,
    Every,
    OneMonth,
}

/// A campaign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Of its affiliate.
    pub(super) slug: &'static str,
    pub(super) earns: Earns,
    pub(super) pays: Pays,
    pub(super) hold_days: i64,
    /// Basis points of the commission; the affiliate was recruited where it is not 0.
    pub(super) recruiter: u16,
    pub(super) refund_on_cancel: bool,
}

const fn terms(slug: &'static str, earns: Earns, pays: Pays, recruiter: u16) -> Terms {
    Terms {
        slug,
        earns,
        pays,
        hold_days: 30,
        recruiter,
        refund_on_cancel: true,
    }
}

pub(super) const TERMS: [Terms; 6] = [
    terms("plain", Earns::Share(2000), Pays::Every, 0),
    terms("recruited", Earns::Share(3333), Pays::Every, 1000),
    terms("fixed", Earns::Fixed(700), Pays::Every, 1250),
    terms("once", Earns::Share(1575), Pays::First, 500),
    terms("month", Earns::Share(2500), Pays::OneMonth, 0),
    Terms {
        hold_days: 14,
        refund_on_cancel: false,
        ..terms("keeps", Earns::Share(1), Pays::Every, 0)
    },
];

/// A currency: its exponent, and its rates as `(phase, day of the rate, text, numerator, denominator)`.
pub(super) struct Money {
    pub(super) code: &'static str,
    pub(super) decimals: u32,
    pub(super) rates: &'static [(usize, i64, &'static str, i128, i128)],
}

pub(super) const MONEY: [Money; 5] = [
    Money {
        code: "USD",
        decimals: 2,
        rates: &[],
    },
    // Known from the start; of each payment's days another one, and one that is too new for all.
    Money {
        code: "EUR",
        decimals: 2,
        rates: &[
            (0, -1, "1.0832", 10_832, 10_000),
            (0, 4, "1.1", 11, 10),
            (0, 34, "0.987654", 987_654, 1_000_000),
            (0, 36, "9", 9, 1),
        ],
    },
    // Known late, and some of them when older ones were used already.
    Money {
        code: "JPY",
        decimals: 0,
        rates: &[
            (0, -1, "0.0067", 67, 10_000),
            (2, 4, "0.0071", 71, 10_000),
            (4, 30, "0.0064", 64, 10_000),
        ],
    },
    Money {
        code: "KWD",
        decimals: 3,
        rates: &[
            (3, -1, "3.25", 325, 100),
            (5, 3, "3.2", 32, 10),
            (5, 34, "3.3", 33, 10),
        ],
    },
    // Too old for every payment.
    Money {
        code: "CHF",
        decimals: 2,
        rates: &[(0, -8, "5", 5, 1)],
    },
];

/// How the ids of a refund lead to the invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Named on the refund.
    Invoice,
    /// Charge to payment intent to invoice, each told by itself.
    Chain,
    /// The first refund names charge and payment intent, the others the charge.
    Bridge,
    /// A credit note names the first refund and the invoice; all refunds name the charge.
    CreditNote,
}

/// Who tells of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Processor,
    Server,
    /// All of it earns, and it is on no subscription.
    Member,
}

/// A refund or dispute from its first telling to its last.
#[derive(Clone, Debug)]
pub(super) struct BackLife {
    pub(super) is_dispute: bool,
    pub(super) amount: i64,
    /// In a currency that says nothing about the sale.
    pub(super) is_foreign: bool,
    /// Statuses, and the minute after the payment in which each was told.
    pub(super) tellings: Vec<(BackStatus, i64)>,
    /// Is it told by itself, and not only by the total of its charge?
    pub(super) is_told: bool,
}

impl BackLife {
    pub(super) fn made(&self) -> i64 {
        self.tellings[0].1
    }
}

#[derive(Clone, Debug)]
pub(super) struct Paid {
    /// Days after the first phase.
    pub(super) day: i64,
    pub(super) amount: i64,
    pub(super) base: i64,
    pub(super) way: Way,
    pub(super) route: Route,
    pub(super) backs: Vec<BackLife>,
    /// Is the total of the charge told with each refund?
    pub(super) totals: bool,
}

/// One message; numbers count payments, refunds of a payment and tellings of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Paid(usize),
    /// Who brought the customer, where the payment does not say so.
    Referral,
    /// Two ids of a payment.
    Linked(usize, [&'static str; 2]),
    Back(usize, usize, usize),
    /// What was refunded of a charge when this refund had just been made.
    Total(usize, usize),
    Ended,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A message, and how often it was told before.
    Told(Told, usize),
    /// A decision about a payment's sale.
    Decide(usize, Transition),
}

#[derive(Clone, Debug)]
pub(super) struct Case {
    /// Which of [`TERMS`].
    pub(super) terms: Terms,
    /// Which of [`MONEY`].
    pub(super) money: usize,
    pub(super) is_subscription: bool,
    /// Does every payment name the affiliate?
    pub(super) is_named: bool,
    pub(super) payments: Vec<Paid>,
    /// When the subscription ended, in days after the first payment.
    pub(super) ended: Option<i64>,
    /// Are messages between decisions handed over together, to be written in one batch?
    pub(super) is_at_once: bool,
    /// What is told and decided, phase by phase.
    pub(super) steps: [Vec<Step>; PHASES.len()],
}

fn life() -> impl Strategy<Value = (bool, &'static [BackStatus])> {
    use BackStatus::{Failed, Inquiry, Lost, Open, Pending, Succeeded, Won};
    let refund: [&[BackStatus]; 5] = [
        &[Pending, Succeeded],
        &[Succeeded],
        &[Pending, Failed],
        &[Succeeded, Failed],
        &[Pending, Succeeded, Failed],
    ];
    let dispute: [&[BackStatus]; 6] = [
        &[Inquiry, Won],
        &[Inquiry, Open, Lost],
        &[Open, Lost],
        &[Open, Won],
        &[Open, Lost, Won],
        &[Open],
    ];
    prop_oneof![
        3 => proptest::sample::select(refund.to_vec()).prop_map(|life| (false, life)),
        1 => proptest::sample::select(dispute.to_vec()).prop_map(|life| (true, life)),
    ]
}

/// A refund or dispute of a payment of so much.
fn back(paid: i64) -> impl Strategy<Value = BackLife> {
    let amount = prop_oneof![6 => 1..=paid, 2 => Just(paid), 1 => paid..=3 * paid];
    let gaps = [0..3_i64, 0..3_i64, 0..3_i64];
    (life(), amount, prop::bool::weighted(0.08), gaps).prop_map(
        |((is_dispute, life), amount, is_foreign, gaps)| {
            let mut minute = 0;
            let mut tell = |(status, gap): (&BackStatus, i64)| {
                minute += gap;
                (*status, minute)
            };
            BackLife {
                is_dispute,
                amount,
                is_foreign,
                tellings: life.iter().zip(gaps).map(&mut tell).collect(),
                is_told: true,
            }
        },
    )
}

fn paid() -> impl Strategy<Value = Paid> {
    let route = prop_oneof![
        Just(Route::Invoice),
        Just(Route::Chain),
        Just(Route::Bridge),
        Just(Route::CreditNote)
    ];
    let way = prop_oneof![
        4 => Just(Way::Processor),
        1 => Just(Way::Server),
        1 => Just(Way::Member)
    ];
    (
        1..200_000_i64,
        1..=1000_i64,
        (way, route),
        prop::bool::weighted(0.3),
    )
        .prop_flat_map(|(amount, permille, (way, route), totals)| {
            (vec(back(amount), 0..4), vec(any::<bool>(), 4)).prop_map(move |(backs, told)| {
                let mut paid = Paid {
                    day: 0,
                    amount,
                    base: match way {
                        Way::Member => amount,
                        _ => (amount * permille / 1000).max(1),
                    },
                    way,
                    route,
                    backs,
                    totals,
                };
                paid.arrange(&told);
                paid
            })
        })
}

impl Paid {
    /// Refunds one after the other; those that only a total tells of are done at once.
    fn arrange(&mut self, told: &[bool]) {
        let may_be_untold = self.totals && matches!(self.route, Route::Invoice | Route::Chain);
        for (number, (back, is_told)) in (0..).zip(self.backs.iter_mut().zip(told)) {
            for telling in &mut back.tellings {
                telling.1 += 100 * number;
            }
            back.is_foreign &= !self.totals;
            back.is_told = *is_told || !may_be_untold || back.is_dispute;
            if !back.is_told {
                back.tellings = vec![(BackStatus::Succeeded, back.made())];
            }
        }
    }

    /// What a charge says was refunded right after this refund was made.
    pub(super) fn total_after(&self, number: usize) -> i64 {
        let at = self.backs[number].made();
        let inside = self.backs.iter().filter(|back| {
            let failed =
                |telling: &(BackStatus, i64)| telling.0 == BackStatus::Failed && telling.1 < at;
            !back.is_dispute && back.made() <= at && !back.tellings.iter().any(failed)
        });
        inside.map(|back| back.amount).sum()
    }

    fn messages(&self, number: usize) -> Vec<Told> {
        let mut all = vec![Told::Paid(number)];
        match self.route {
            Route::Chain => all.push(Told::Linked(number, ["ch", "pi"])),
            Route::CreditNote => all.push(Told::Linked(number, ["re0", "in"])),
            Route::Invoice | Route::Bridge => {}
        }
        if matches!(self.route, Route::Chain | Route::Bridge) {
            all.push(Told::Linked(number, ["pi", "in"]));
        }
        for (place, back) in self.backs.iter().enumerate() {
            if back.is_told {
                all.extend((0..back.tellings.len()).map(|told| Told::Back(number, place, told)));
            }
            if self.totals && !back.is_dispute {
                all.push(Told::Total(number, place));
            }
        }
        all
    }
}

/// What happened, before anybody told of it.
fn truth() -> impl Strategy<Value = Case> {
    (
        (
            proptest::sample::select(&TERMS[..]),
            proptest::sample::select(&PAID[..]),
        ),
        0..MONEY.len(),
        any::<[bool; 3]>(),
        vec(paid(), 1..=PAID[0].len()),
        option::weighted(0.6, 0..=50_i64),
    )
        .prop_map(|((terms, days), money, flags, mut payments, ended)| {
            for (paid, day) in payments.iter_mut().zip(days) {
                paid.day = day;
            }
            let [is_subscription, is_named, is_at_once] = flags;
            let is_told = |paid: &Paid| paid.way == Way::Processor;
            let is_named = is_named || !is_subscription || !payments.iter().all(is_told);
            // What a total makes of the refunds before the last of them was told is not a rule of the
            // domain, so nothing may depend on it: no rate that is awaited, no decision.
            let has_totals = payments.iter().any(|paid| paid.totals);
            Case {
                terms,
                money: if has_totals { 0 } else { money },
                is_subscription,
                is_named,
                payments,
                ended: ended.filter(|_| is_subscription),
                is_at_once,
                steps: Default::default(),
            }
        })
}

/// One decision about some sale, or a denial and its restoring.
fn decision() -> impl Strategy<Value = (Index, Vec<(usize, Transition)>)> {
    let step = [
        Transition::Deny,
        Transition::Restore,
        Transition::ApproveEarly,
    ];
    let steps =
        (0..PHASES.len(), 0..PHASES.len(), 0..4_usize).prop_map(move |(one, other, which)| {
            match step.get(which) {
                Some(step) => vec![(one, *step)],
                None => vec![
                    (one.min(other), Transition::Deny),
                    (one.max(other), Transition::Restore),
                ],
            }
        });
    (any::<Index>(), steps)
}

/// A random history: what happened, and when it is told and decided about.
pub(super) fn case() -> impl Strategy<Value = Case> {
    (truth(), vec(decision(), 0..5), vec(any::<Index>(), 0..6))
        .prop_flat_map(|(case, decisions, again)| {
            let mut told: Vec<Told> = case
                .is_named
                .then_some(())
                .map_or(vec![Told::Referral], |()| Vec::new());
            told.extend(case.ended.map(|_| Told::Ended));
            for (number, paid) in case.payments.iter().enumerate() {
                told.extend(paid.messages(number));
            }
            let mut counted: Vec<(Told, usize)> = told.iter().map(|one| (one.clone(), 0)).collect();
            for (times, one) in (1..).zip(again) {
                counted.push((one.get(&told).clone(), times));
            }
            let phases = vec(0..PHASES.len(), counted.len());
            (
                Just(case),
                Just(decisions),
                Just(counted).prop_shuffle(),
                phases,
            )
        })
        .prop_map(|(mut case, decisions, told, phases)| {
            for ((message, times), phase) in told.into_iter().zip(phases) {
                case.steps[phase].push(Step::Told(message, times));
            }
            if case.payments.iter().any(|paid| paid.totals) {
                return case;
            }
            for (place, steps) in decisions {
                for (phase, step) in steps {
                    let about = place.index(case.payments.len());
                    let at = place.index(case.steps[phase].len() + 1);
                    case.steps[phase].insert(at, Step::Decide(about, step));
                }
            }
            case
        })
}
