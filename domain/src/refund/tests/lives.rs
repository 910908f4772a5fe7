//! Refunds and disputes as they really went, told in any order and more than once.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::{at, fact, whole};
use crate::refund::*;

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

/// Every message about these lives, one life after the other; with the totals of the charge or without, and
/// perhaps imported when this one began.
fn messages(lives: &mut [Life], with_totals: bool, imported: Option<usize>) -> Vec<MoneyBack> {
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
        let is_imported = imported == Some(number);
        if (with_totals || is_imported) && life.kind == BackKind::Refund {
            let is_in = |other: &&Life| {
                let failed =
                    |step: &(BackStatus, i64)| step.0 == BackStatus::Failed && step.1 < made;
                other.kind == BackKind::Refund
                    && other.steps[0].1 <= made
                    && !other.steps.iter().any(failed)
            };
            let sum = lives.iter().filter(is_in).map(|other| other.amount).sum();
            let total = |id: &str| {
                let kind = BackKind::ChargeTotal;
                fact(id, kind, sum, BackStatus::Succeeded, made)
            };
            all.extend(with_totals.then(|| total("total")));
            all.extend(is_imported.then(|| total(&MoneyBack::imported_id("s1"))));
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
    (vec(any_life(), 0..5), any::<bool>(), option::of(0..5_usize))
        .prop_flat_map(|(mut lives, with_totals, imported)| {
            let all = messages(&mut lives, with_totals, imported);
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
        let back = Back::of(whole(4900), &kept(&told));
        prop_assert_eq!(back, Back { minor: really.min(4900), held_by: None });
    }
}
