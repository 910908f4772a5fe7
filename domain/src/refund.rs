//! Money that went back (domain rules, section 7): refunds and disputes as facts, whatever the order,
//! repetition and company they come in.
//!
//! Nothing is added up as events arrive. Each refund or dispute is one fact with its newest status; what
//! went back is computed from all facts of a payment together.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    money::{Currency, Money},
    words::words,
};

words! {
    /// What kind of fact it is.
    BackKind {
        /// The merchant gave money back.
        Refund = "refund" / "Refund",
        /// The payer's bank takes money back.
        Dispute = "dispute" / "Dispute",
        /// How much of a charge was refunded in all, where single refunds are not told.
        ChargeTotal = "charge_total" / "Refunded on the charge",
    }
}

words! {
    /// Where a refund or dispute stands.
    BackStatus {
        /// On its way; counts.
        Pending = "pending" / "Pending",
        /// Done; counts.
        Succeeded = "succeeded" / "Succeeded",
        /// Did not happen: failed, cancelled or rejected. The merchant has the money again.
        Failed = "failed" / "Failed",
        /// A question of the bank; no money has moved.
        Inquiry = "inquiry" / "Inquiry",
        /// A dispute that is not decided: keeps the conversion from approval and payout.
        Open = "open" / "Open",
        /// A dispute that the merchant lost; counts.
        Lost = "lost" / "Lost",
        /// A dispute that the merchant won, or that was withdrawn.
        Won = "won" / "Won",
    }
}

impl BackStatus {
    /// Is the money of this fact gone?
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Succeeded | Self::Lost)
    }

    /// Later in a life; decides between two messages of the same instant.
    fn rank(self) -> u8 {
        match self {
            Self::Inquiry => 0,
            Self::Pending | Self::Open => 1,
            Self::Succeeded | Self::Lost => 2,
            Self::Failed | Self::Won => 3,
        }
    }
}

/// A refund or dispute as last told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyBack {
    /// The processor's id of it, or [`MoneyBack::callers_id`]; unique in the organization.
    pub external_id: String,
    /// What kind of fact it is.
    pub kind: BackKind,
    /// How much, in minor units of `currency`.
    pub amount_minor: i64,
    /// In what it was given back; `None`: in the sale's currency, whatever that is.
    pub currency: Option<Currency>,
    /// Where it stands.
    pub status: BackStatus,
    /// When it was made at the processor.
    pub occurred_at: DateTime<Utc>,
    /// When its status was told; an older telling never replaces a newer one.
    pub told_at: DateTime<Utc>,
    /// When it was first told that it had failed. One message alone leaves it out: it may tell again
    /// what was known.
    pub failed_at: Option<DateTime<Utc>>,
    /// Ids that name the payment: charge, payment intent, invoice, the sale's external id.
    pub payment: Vec<String>,
    /// The processor's or caller's word for why, if any.
    pub reason: Option<String>,
}

impl MoneyBack {
    /// The id of a refund that the merchant's server tells. Callers number the refunds of each sale anew,
    /// so the sale is part of it, after a line break: no id of a caller has one.
    pub fn callers_id(sale: &str, refund: &str) -> String {
        format!("{refund}\n{sale}")
    }

    /// What who told of it calls it.
    pub fn name(&self) -> &str {
        let id = &self.external_id;
        id.split_once('\n').map_or(id, |(name, _)| name)
    }

    /// Does it say how much of a payment in this currency went back?
    pub fn is_in(&self, currency: Currency) -> bool {
        self.currency.is_none_or(|own| own == currency)
    }

    /// Is this the better knowledge of the same refund or dispute?
    pub fn supersedes(&self, other: &Self) -> bool {
        let rank = |back: &Self| (back.told_at, back.status.rank(), back.amount_minor);
        rank(self) > rank(other)
    }

    /// All that two tellings of the same refund or dispute say, in whatever order they come: how it
    /// stands, the better knowledge; since when it has failed, the earlier; which payment it is of, both.
    #[must_use]
    pub fn and(&self, told: &Self) -> Self {
        let better = if told.supersedes(self) { told } else { self };
        let more = told.payment.iter().filter(|id| !self.payment.contains(id));
        Self {
            failed_at: self
                .failed_since()
                .into_iter()
                .chain(told.failed_since())
                .min(),
            payment: self.payment.iter().chain(more).cloned().collect(),
            ..better.clone()
        }
    }

    /// Since when it is known to have failed, if ever.
    fn failed_since(&self) -> Option<DateTime<Utc>> {
        let now = (self.status == BackStatus::Failed).then_some(self.told_at);
        self.failed_at.or(now)
    }
}

/// What all facts of one payment come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// What went back, in minor units of the payment's currency; never more than was paid.
    pub minor: i64,
    /// Is a dispute undecided?
    pub is_disputed: bool,
}

impl Back {
    /// From the newest telling of each fact. Facts in another currency than the payment's say nothing
    /// about how much of it went back and are left out.
    pub fn of<'a>(paid: Money, facts: impl IntoIterator<Item = &'a MoneyBack>) -> Self {
        let facts: Vec<&MoneyBack> = facts.into_iter().collect();
        let same_currency = facts
            .iter()
            .copied()
            .filter(|fact| fact.is_in(paid.currency));
        let (totals, single): (Vec<_>, Vec<_>) =
            same_currency.partition(|fact| fact.kind == BackKind::ChargeTotal);
        let counting = single.iter().filter(|fact| fact.status.counts());
        let told: i128 = counting.map(|fact| i128::from(fact.amount_minor)).sum();
        let is_only = totals.len() == 1;
        let untold: i128 = totals
            .iter()
            .map(|total| untold_of(total, &single, is_only))
            .sum();
        let minor = (told + untold).clamp(0, i128::from(paid.minor.max(0)));
        Self {
            minor: i64::try_from(minor).unwrap_or(paid.minor),
            is_disputed: facts.iter().any(|fact| fact.status == BackStatus::Open),
        }
    }
}

/// The part of a charge's refunded total that no single refund accounts for. A refund is inside the
/// total when it was made before the total was told and had not failed by then, whenever it was told again;
/// one that failed in the total's second had. Of which charge it is matters only where a payment had several.
fn untold_of(total: &MoneyBack, single: &[&MoneyBack], is_only: bool) -> i128 {
    let inside = single.iter().filter(|fact| {
        fact.kind == BackKind::Refund
            && fact.occurred_at <= total.told_at
            && (fact.status.counts() || fact.failed_since() > Some(total.told_at))
            && (is_only || fact.payment.iter().any(|id| total.payment.contains(id)))
    });
    let inside: i128 = inside.map(|fact| i128::from(fact.amount_minor)).sum();
    (i128::from(total.amount_minor) - inside).max(0)
}

#[cfg(test)]
mod tests {
    use proptest::{
        collection::vec,
        option,
        prelude::*,
        sample::{select, subsequence},
    };

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("in range")
    }

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    fn fact(id: &str, kind: BackKind, minor: i64, status: BackStatus, told: i64) -> MoneyBack {
        MoneyBack {
            external_id: id.to_owned(),
            kind,
            amount_minor: minor,
            currency: Some(Currency::USD),
            status,
            occurred_at: at(100),
            told_at: at(told),
            failed_at: None,
            payment: vec!["ch_1".to_owned()],
            reason: None,
        }
    }

    fn back(facts: &[MoneyBack]) -> i64 {
        Back::of(usd(4900), facts).minor
    }

    #[test]
    fn refunds_and_lost_disputes_add_up_to_at_most_what_was_paid() {
        use BackKind::{Dispute, Refund};
        use BackStatus::{Failed, Inquiry, Lost, Open, Pending, Succeeded, Won};
        let refund = |id, minor, status| fact(id, Refund, minor, status, 200);
        let dispute = |status| fact("du_1", Dispute, 4900, status, 200);
        assert_eq!(back(&[]), 0);
        assert_eq!(
            back(&[refund("a", 1000, Pending), refund("b", 500, Succeeded)]),
            1500
        );
        assert_eq!(
            back(&[refund("a", 1000, Failed), refund("b", 500, Succeeded)]),
            500
        );
        assert_eq!(back(&[refund("a", 1000, Succeeded), dispute(Lost)]), 4900);
        for status in [Open, Inquiry, Won] {
            assert_eq!(back(&[dispute(status)]), 0, "{status}");
            let is_disputed = Back::of(usd(4900), &[dispute(status)]).is_disputed;
            assert_eq!(is_disputed, status == Open, "{status}");
        }
    }

    #[test]
    fn a_charges_total_counts_what_no_refund_tells_and_nothing_twice() {
        use BackKind::{ChargeTotal, Refund};
        use BackStatus::{Failed, Succeeded};
        let total = |minor, told| fact("total", ChargeTotal, minor, Succeeded, told);
        let refund = |id, minor, status, told| fact(id, Refund, minor, status, told);
        assert_eq!(back(&[total(1000, 150)]), 1000);
        assert_eq!(
            back(&[total(1000, 150), refund("a", 1000, Succeeded, 120)]),
            1000
        );
        assert_eq!(
            back(&[total(3000, 150), refund("a", 1000, Succeeded, 120)]),
            3000
        );
        // Failed after the total was told: that part of the total is not gone any more.
        assert_eq!(back(&[total(1000, 150), refund("a", 1000, Failed, 180)]), 0);
        // Failed before: the total is about another refund.
        assert_eq!(
            back(&[total(1000, 150), refund("a", 1000, Failed, 120)]),
            1000
        );
    }

    #[test]
    fn a_failure_that_is_told_again_is_no_news_to_a_newer_total() {
        use BackKind::{ChargeTotal, Refund};
        use BackStatus::{Failed, Succeeded};
        let failed = fact("a", Refund, 1000, Failed, 120);
        let again = fact("a", Refund, 1000, Failed, 180);
        // Of another refund, of which only the charge tells.
        let total = fact("total", ChargeTotal, 500, Succeeded, 150);
        for known in [failed.and(&again), again.and(&failed)] {
            assert_eq!(known.told_at, at(180));
            assert_eq!(back(&[total.clone(), known]), 500);
        }
        // If only the second telling came, the total might have been told before the failure.
        assert_eq!(back(&[total, again]), 0);
    }

    #[test]
    fn another_currency_says_nothing_about_the_amount() {
        let eur = Money::new(4900, Currency::parse("EUR").expect("EUR"));
        let facts = [fact(
            "a",
            BackKind::Refund,
            1000,
            BackStatus::Succeeded,
            200,
        )];
        assert_eq!(Back::of(eur, &facts).minor, 0);
    }

    #[test]
    fn the_newest_telling_wins_and_of_one_instant_the_later_in_life() {
        let refund = |status, told| fact("a", BackKind::Refund, 1, status, told);
        assert!(refund(BackStatus::Failed, 2).supersedes(&refund(BackStatus::Succeeded, 1)));
        assert!(!refund(BackStatus::Pending, 1).supersedes(&refund(BackStatus::Failed, 2)));
        assert!(refund(BackStatus::Succeeded, 1).supersedes(&refund(BackStatus::Pending, 1)));
        assert!(!refund(BackStatus::Pending, 1).supersedes(&refund(BackStatus::Pending, 1)));
    }

    /// A refund or dispute as it really went: amount, and its statuses with the second of each.
    #[derive(Clone, Debug)]
    struct Life {
        kind: BackKind,
        amount: i64,
        steps: Vec<(BackStatus, i64)>,
        /// Is it told by itself, or only by its charge's total?
        is_told: bool,
        /// So many seconds after its end it is told once more.
        again: Option<i64>,
    }

    fn any_life() -> impl Strategy<Value = Life> {
        use BackStatus::{Failed, Inquiry, Lost, Open, Pending, Succeeded, Won};
        let lives: Vec<(BackKind, Vec<BackStatus>)> = vec![
            (BackKind::Refund, vec![Succeeded]),
            (BackKind::Refund, vec![Pending, Succeeded]),
            (BackKind::Refund, vec![Pending, Failed]),
            (BackKind::Refund, vec![Pending, Succeeded, Failed]),
            (BackKind::Dispute, vec![Inquiry, Won]),
            (BackKind::Dispute, vec![Inquiry, Open, Lost]),
            (BackKind::Dispute, vec![Open, Won]),
            (BackKind::Dispute, vec![Open, Lost, Won]),
        ];
        let gaps = [0..3_i64, 0..3, 0..3];
        (
            select(lives),
            1..4000_i64,
            gaps,
            any::<bool>(),
            option::of(0..500_i64),
        )
            .prop_map(|((kind, statuses), amount, gaps, is_told, again)| {
                let mut second = 0;
                let step = |(status, gap)| {
                    second += gap;
                    (status, second)
                };
                let steps: Vec<_> = statuses.into_iter().zip(gaps).map(step).collect();
                let is_told = is_told || kind == BackKind::Dispute || steps.len() > 1;
                Life {
                    kind,
                    amount,
                    steps,
                    is_told,
                    again,
                }
            })
    }

    /// Every message about these lives, one life after the other; with the totals of the charge or without.
    fn messages(lives: &mut [Life], with_totals: bool) -> Vec<MoneyBack> {
        let mut all = Vec::new();
        for (number, life) in (0..).zip(lives.iter_mut()) {
            for step in &mut life.steps {
                step.1 += 100 * number;
            }
        }
        for (number, life) in lives.iter().enumerate() {
            let made = life.steps[0].1;
            let again = life.steps.last().zip(life.again);
            let again = again.map(|((status, told), after)| (*status, told + after));
            let steps = life.steps.iter().copied().chain(again);
            for (status, told) in steps.filter(|_| life.is_told || !with_totals) {
                let told = fact(&format!("{number}"), life.kind, life.amount, status, told);
                all.push(MoneyBack {
                    occurred_at: at(made),
                    ..told
                });
            }
            if with_totals && life.kind == BackKind::Refund {
                let is_in = |other: &&Life| {
                    let failed =
                        |step: &(BackStatus, i64)| step.0 == BackStatus::Failed && step.1 <= made;
                    other.kind == BackKind::Refund
                        && other.steps[0].1 <= made
                        && !other.steps.iter().any(failed)
                };
                let sum = lives.iter().filter(is_in).map(|other| other.amount).sum();
                all.push(fact(
                    "total",
                    BackKind::ChargeTotal,
                    sum,
                    BackStatus::Succeeded,
                    made,
                ));
            }
        }
        all
    }

    /// What a store keeps of messages: of each fact all that they say.
    fn kept(messages: &[MoneyBack]) -> Vec<MoneyBack> {
        let mut kept: Vec<MoneyBack> = Vec::new();
        for told in messages {
            match kept
                .iter_mut()
                .find(|one| one.external_id == told.external_id)
            {
                Some(known) => *known = known.and(told),
                None => kept.push(told.clone()),
            }
        }
        kept
    }

    fn told_anyhow() -> impl Strategy<Value = (Vec<Life>, Vec<MoneyBack>)> {
        (vec(any_life(), 0..5), any::<bool>())
            .prop_flat_map(|(mut lives, with_totals)| {
                let all = messages(&mut lives, with_totals);
                let again = subsequence(all.clone(), 0..=all.len());
                (Just(lives), Just(all), again)
            })
            .prop_flat_map(|(lives, all, again)| {
                (Just(lives), Just([all, again].concat()).prop_shuffle())
            })
    }

    proptest! {
        #[test]
        fn every_order_and_repetition_comes_to_what_really_went_back((lives, told) in told_anyhow()) {
            let gone = |life: &&Life| {
                let last = life.steps.last().map(|step| step.0);
                matches!(last, Some(BackStatus::Succeeded | BackStatus::Lost))
            };
            let really: i64 = lives.iter().filter(gone).map(|life| life.amount).sum();
            let back = Back::of(usd(4900), &kept(&told));
            prop_assert_eq!(back, Back { minor: really.min(4900), is_disputed: false });
        }
    }
}
