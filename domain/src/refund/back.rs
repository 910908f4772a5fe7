//! What all facts of one payment come to together, and which part of it each of them tells.

use super::{BackKind, BackStatus, HeldBy, MoneyBack};
use crate::money::{Money, round_half_up};

/// A payment that money may go back of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// What was paid.
    pub amount: Money,
    /// The part of it that earns, in minor units of its currency.
    pub base_minor: i64,
}

impl Whole {
    fn minor(self) -> i128 {
        i128::from(self.amount.minor.max(0))
    }
}

/// What all facts of one payment come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// What went back, in minor units of the payment's currency; never more than was paid.
    pub minor: i64,
    /// What is not decided or not known yet, the gravest of it.
    pub held_by: Option<HeldBy>,
}

impl Back {
    /// From the newest telling of each fact. Facts in another currency than the payment's say nothing
    /// about how much of it went back and are left out.
    pub fn of<'a>(whole: Whole, facts: impl IntoIterator<Item = &'a MoneyBack>) -> Self {
        let facts: Vec<&MoneyBack> = facts.into_iter().collect();
        let told = Told::of(whole, &facts);
        let warned = told.is_warned().then_some(HeldBy::Warning);
        let held_by = |fact: &&MoneyBack| match (fact.status, fact.kind) {
            (BackStatus::Announced, _) => Some(HeldBy::UnknownAmount),
            (BackStatus::Open, BackKind::Warning) => {
                (!fact.is_in(whole.amount.currency)).then_some(HeldBy::Warning)
            }
            (BackStatus::Open, BackKind::Refund) => Some(HeldBy::Refund),
            (BackStatus::Open, _) => Some(HeldBy::Dispute),
            _ => None,
        };
        Self {
            minor: told.measure.minor(told.back().clamp(0, told.measure.whole)),
            held_by: facts.iter().filter_map(held_by).chain(warned).min(),
        }
    }
}

/// What one fact says of a payment, where several tell of the same money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How much of what went back it alone tells, in minor units of its currency; of a fact that does not
    /// count, what it is about.
    pub minor: i64,
    /// Is it part of [`Back::minor`]?
    pub is_counted: bool,
}

impl Back {
    /// Of each of these facts what is to be shown of it; `None`: others tell all that it does. A charge's
    /// total is what no single refund tells, a dispute what no reversal gave back. A caller's refund of all
    /// that was left is what was left by the facts that a processor told and by his own before it, in this
    /// order.
    pub fn shares(whole: Whole, facts: &[&MoneyBack]) -> Vec<Option<Share>> {
        let told = Told::of(whole, facts);
        let measure = told.measure;
        let counts = |fact: &MoneyBack| fact.is_in(whole.amount.currency) && takes(fact);
        let is_callers = |fact: &MoneyBack| fact.currency.is_none() && counts(fact);
        let others = facts
            .iter()
            .filter(|fact| counts(fact) && !is_callers(fact));
        let others: i128 = others.map(|fact| told.alone(fact)).sum();
        let mut reversed = told.reversed();
        let mut left = measure.whole - (others - reversed);
        // Rounded together, so that the lines add up to what went back.
        let mut sum = 0;
        let mut share = |fact: &MoneyBack| {
            if !counts(fact) {
                let is_foreign = !fact.is_in(whole.amount.currency);
                let most = if is_foreign {
                    i64::MAX
                } else {
                    whole.amount.minor.max(0)
                };
                let minor = fact.amount_minor.min(most);
                return Some(Share {
                    minor,
                    is_counted: false,
                });
            }
            let alone = told.alone(fact);
            let mut taken = alone.min(measure.whole);
            if is_lost(fact) {
                let given = reversed.min(taken);
                reversed -= given;
                taken -= given;
            }
            if is_callers(fact) {
                taken = taken.min(left).max(0);
                left -= taken;
            }
            let before = measure.minor(sum);
            sum += taken;
            let (minor, is_given_back) = (measure.minor(sum) - before, is_lost(fact) && taken == 0);
            match fact.kind {
                BackKind::ChargeTotal if minor == 0 => None,
                _ if is_given_back => Some(Share {
                    minor: measure.minor(alone.min(measure.whole)),
                    is_counted: false,
                }),
                _ => Some(Share {
                    minor,
                    is_counted: true,
                }),
            }
        };
        facts.iter().map(|fact| share(fact)).collect()
    }
}

/// Has it taken money that a reversal can give back?
fn is_lost(fact: &MoneyBack) -> bool {
    (fact.kind, fact.status) == (BackKind::Dispute, BackStatus::Lost)
}

/// Does it take money? Reversals give back.
fn takes(fact: &MoneyBack) -> bool {
    let is_reversal = matches!(
        fact.kind,
        BackKind::DisputeReversal | BackKind::WarningReversal
    );
    fact.status.counts() && !is_reversal
}

/// How facts are compared with the payment: in parts of a minor unit, so that only sums are rounded.
#[derive(Clone, Copy)]
struct Measure {
    /// The parts of what was paid.
    whole: i128,
    /// How many parts a minor unit has.
    unit: i128,
    /// How many parts a minor unit net of tax is; `None`: all is measured with its tax.
    net: Option<i128>,
}

impl Measure {
    fn gross(whole: Whole) -> Self {
        Self {
            whole: whole.minor(),
            unit: 1,
            net: None,
        }
    }

    /// What is told net is that part of what earns. So it does not matter in which of several refunds the
    /// tax went back.
    fn net(whole: Whole) -> Self {
        if whole.base_minor <= 0 {
            return Self::gross(whole);
        }
        let unit = i128::from(whole.base_minor);
        Self {
            whole: whole.minor() * unit,
            unit,
            net: Some(whole.minor()),
        }
    }

    fn of(self, fact: &MoneyBack) -> i128 {
        match fact.net_minor.zip(self.net) {
            Some((net, parts)) => i128::from(net) * parts,
            None => i128::from(fact.amount_minor) * self.unit,
        }
    }

    fn minor(self, parts: i128) -> i64 {
        round_half_up(parts, self.unit).unwrap_or(i64::MAX)
    }
}

/// The facts in the payment's currency, and how they are measured.
struct Told<'a> {
    totals: Vec<&'a MoneyBack>,
    single: Vec<&'a MoneyBack>,
    measure: Measure,
}

impl<'a> Told<'a> {
    /// Measured net, unless all that was paid is back anyway: nothing is left then for a cent that was
    /// rounded in the net of several refunds.
    fn of(whole: Whole, facts: &[&'a MoneyBack]) -> Self {
        let same_currency = facts.iter().copied();
        let same_currency = same_currency.filter(|fact| fact.is_in(whole.amount.currency));
        let (totals, single): (Vec<_>, Vec<_>) =
            same_currency.partition(|fact| fact.kind == BackKind::ChargeTotal);
        let mut told = Self {
            totals,
            single,
            measure: Measure::gross(whole),
        };
        if told.back() < told.measure.whole {
            told.measure = Measure::net(whole);
        }
        told
    }

    /// The parts that went back.
    fn back(&self) -> i128 {
        let facts = self.single.iter().chain(&self.totals);
        let taken = facts.filter(|fact| takes(fact));
        taken.map(|fact| self.alone(fact)).sum::<i128>() - self.reversed()
    }

    /// The parts that this fact alone tells.
    fn alone(&self, fact: &MoneyBack) -> i128 {
        match fact.kind {
            BackKind::ChargeTotal if fact.is_imported() => {
                let charges = self.charges().map(|total| self.untold_of(total));
                (self.untold_of(fact) - charges.sum::<i128>()).max(0)
            }
            BackKind::ChargeTotal => self.untold_of(fact),
            _ => self.measure.of(fact),
        }
    }

    /// The totals of charges. An imported total is the sale's, whatever charges it had: of both the greater counts.
    fn charges(&self) -> impl Iterator<Item = &'a MoneyBack> {
        let totals = self.totals.iter().copied();
        totals.filter(|total| !total.is_imported())
    }

    /// The parts of lost disputes that came back.
    fn reversed(&self) -> i128 {
        let reversed = self.reversed_of(BackKind::Dispute, BackKind::DisputeReversal);
        reversed.min(self.sum_of(BackKind::Dispute, BackStatus::Lost))
    }

    /// Is there a warning that was neither taken back nor followed by the dispute it warned of?
    fn is_warned(&self) -> bool {
        let is_decided = |fact: &&&MoneyBack| match fact.kind {
            BackKind::Dispute => matches!(fact.status, BackStatus::Lost | BackStatus::Won),
            BackKind::DisputeReversal => fact.status == BackStatus::Succeeded,
            _ => false,
        };
        let decided = self.single.iter().filter(is_decided);
        let decided = decided.map(|fact| fact.occurred_at).max();
        let open = self.single.iter().filter(|fact| {
            (fact.kind, fact.status) == (BackKind::Warning, BackStatus::Open)
                && decided.is_none_or(|at| at < fact.occurred_at)
        });
        let open: i128 = open.map(|fact| self.measure.of(fact)).sum();
        open > self.reversed_of(BackKind::Warning, BackKind::WarningReversal)
    }

    fn sum_of(&self, kind: BackKind, status: BackStatus) -> i128 {
        let such = self.single.iter();
        let such = such.filter(|fact| fact.kind == kind && fact.status == status);
        such.map(|fact| self.measure.of(fact)).sum()
    }

    /// What reversals gave back that is not told of single disputes as well: the same reversal may be told as
    /// a fact of its own, by what it reverses, or both.
    fn reversed_of(&self, kind: BackKind, reversal: BackKind) -> i128 {
        let reversed = self.sum_of(reversal, BackStatus::Succeeded);
        (reversed - self.sum_of(kind, BackStatus::Won)).max(0)
    }

    /// The part of a refunded total that no single refund accounts for. A refund is inside the
    /// total when it was made before the total was told and had not failed before that second, whenever it was told
    /// again: that a refund fails at once is likelier than that one of which nobody tells was made in the same
    /// second. Of which charge it is matters only where a payment had several.
    fn untold_of(&self, total: &MoneyBack) -> i128 {
        let is_only = total.is_imported() || self.charges().count() == 1;
        let inside = self.single.iter().filter(|fact| {
            fact.kind == BackKind::Refund
                && fact.occurred_at <= total.told_at
                && (fact.status.counts() || fact.failed_since() >= Some(total.told_at))
                && (is_only || fact.payment.iter().any(|id| total.payment.contains(id)))
        });
        let inside: i128 = inside.map(|fact| self.measure.of(fact)).sum();
        (self.measure.of(total) - inside).max(0)
    }
}
