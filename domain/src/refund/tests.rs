mod held;
mod lives;

use super::*;
use crate::money::{MAX_MINOR, Money};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("in range")
}

/// A payment without tax.
fn whole(minor: i64) -> Whole {
    Whole {
        amount: Money::new(minor, Currency::USD),
        base_minor: minor,
    }
}

fn fact(id: &str, kind: BackKind, minor: i64, status: BackStatus, told: i64) -> MoneyBack {
    MoneyBack {
        external_id: id.to_owned(),
        kind,
        amount_minor: minor,
        net_minor: None,
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
    Back::of(whole(4900), facts).minor
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
        let held_by = Back::of(whole(4900), &[dispute(status)]).held_by;
        let expected = (status == Open).then_some(HeldBy::Dispute);
        assert_eq!(held_by, expected, "{status}");
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
    // Failed in the second in which it was made and the total was told.
    assert_eq!(back(&[total(1000, 150), refund("a", 1000, Failed, 150)]), 0);
    // Failed before: the total is about another refund.
    assert_eq!(
        back(&[total(1000, 150), refund("a", 1000, Failed, 120)]),
        1000
    );
}

#[test]
fn an_imported_total_and_what_the_processor_tells_count_once() {
    use BackKind::{ChargeTotal, Refund};
    use BackStatus::{Failed, Succeeded};
    let imported = MoneyBack {
        payment: vec!["s1".to_owned()],
        ..fact(
            &MoneyBack::imported_id("s1"),
            ChargeTotal,
            2500,
            Succeeded,
            150,
        )
    };
    assert_eq!((imported.name(), imported.is_imported()), ("import", true));
    let is = |others: &[MoneyBack], expected| {
        let facts = [std::slice::from_ref(&imported), others].concat();
        assert_eq!(back(&facts), expected, "{others:?}");
        let facts: Vec<&MoneyBack> = facts.iter().collect();
        let shares = Back::shares(whole(4900), &facts).into_iter().flatten();
        let counted = shares.filter(|share| share.is_counted);
        assert_eq!(counted.map(|share| share.minor).sum::<i64>(), expected);
    };
    let refund = |id, minor, made| MoneyBack {
        occurred_at: at(made),
        ..fact(id, Refund, minor, Succeeded, made)
    };
    let charge = |id, minor, told| fact(id, ChargeTotal, minor, Succeeded, told);
    is(&[], 2500);
    is(&[refund("a", 2500, 120)], 2500);
    is(&[refund("a", 1000, 120)], 2500);
    is(&[refund("a", 2500, 120), refund("b", 1000, 200)], 3500);
    is(&[refund("b", 1000, 200)], 3500);
    is(&[charge("c", 2500, 120)], 2500);
    is(&[charge("c", 3500, 200)], 3500);
    is(&[charge("c", 3500, 200), refund("b", 1000, 200)], 3500);
    is(&[charge("c", 2500, 120), refund("a", 2500, 120)], 2500);
    is(&[charge("c", 1500, 120), charge("d", 1000, 120)], 2500);
    is(&[fact("a", Refund, 2500, Failed, 180)], 0);
}

#[test]
fn what_is_shown_of_each_fact_adds_up_to_what_went_back() {
    use BackKind::{ChargeTotal, Refund};
    use BackStatus::{Failed, Succeeded};
    let total = |minor| fact("total", ChargeTotal, minor, Succeeded, 150);
    let refund = |id, minor, status| fact(id, Refund, minor, status, 120);
    let callers = |id, minor| MoneyBack {
        currency: None,
        ..refund(id, minor, Succeeded)
    };
    let shown = |facts: &[MoneyBack]| {
        let facts: Vec<&MoneyBack> = facts.iter().collect();
        let shares = Back::shares(whole(4900), &facts).into_iter();
        shares
            .map(|share| share.map(|share| (share.minor, share.is_counted)))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&[total(1000)]), [Some((1000, true))]);
    assert_eq!(
        shown(&[total(1000), refund("a", 1000, Succeeded)]),
        [None, Some((1000, true))]
    );
    assert_eq!(
        shown(&[total(1500), refund("a", 1000, Succeeded)]),
        [Some((500, true)), Some((1000, true))]
    );
    assert_eq!(
        shown(&[refund("a", 900, Failed), callers("b", MAX_MINOR)]),
        [Some((900, false)), Some((4900, true))]
    );
    let all = [
        callers("b", 900),
        callers("c", MAX_MINOR),
        callers("d", MAX_MINOR),
        refund("a", 1000, Succeeded),
    ];
    let expected = [900, 3000, 0, 1000].map(|minor| Some((minor, true)));
    assert_eq!(shown(&all), expected);
    let foreign = MoneyBack {
        currency: Currency::parse("EUR").ok(),
        ..refund("a", 9900, Succeeded)
    };
    assert_eq!(shown(&[foreign]), [Some((9900, false))]);
    // What was given back is not counted, and neither is the giving back.
    let lost = |id| fact(id, BackKind::Dispute, 2000, BackStatus::Lost, 120);
    let reversal = |minor| fact("r", BackKind::DisputeReversal, minor, Succeeded, 150);
    assert_eq!(
        shown(&[lost("a"), reversal(2000)]),
        [Some((2000, false)), Some((2000, false))]
    );
    assert_eq!(
        shown(&[
            lost("a"),
            lost("b"),
            reversal(2500),
            callers("c", MAX_MINOR)
        ]),
        [(2000, false), (1500, true), (2500, false), (3400, true)].map(Some)
    );
}

#[test]
fn what_is_told_net_of_tax_takes_that_part_of_what_earns() {
    use BackKind::{Dispute, DisputeReversal, Refund};
    use BackStatus::{Lost, Succeeded};
    let whole = Whole {
        base_minor: 4000,
        ..whole(4400)
    };
    let of = |kind, status, gross, net| MoneyBack {
        net_minor: Some(net),
        ..fact(&format!("{kind}{gross}"), kind, gross, status, 200)
    };
    let refund = |gross, net| of(Refund, Succeeded, gross, net);
    let untold = fact("u", Refund, 1100, Succeeded, 200);
    for (facts, back) in [
        (vec![refund(1100, 1000)], 1100),
        // The tax went back before, which takes nothing.
        (vec![refund(4000, 4000)], 4400),
        (vec![refund(400, 0), refund(4000, 4000)], 4400),
        (vec![refund(3000, 3000), refund(1100, 1000)], 4400),
        (vec![refund(1000, 1000), untold], 2200),
        // All is back, whatever was rounded.
        (vec![refund(2201, 1999), refund(2199, 2000)], 4400),
        (vec![refund(9000, 8000)], 4400),
        (
            vec![
                of(Dispute, Lost, 4000, 4000),
                of(DisputeReversal, Succeeded, 4400, 4000),
            ],
            0,
        ),
        // Rounded as a sum: each alone is 1.1.
        (
            vec![
                refund(1, 1),
                refund(2, 1),
                refund(3, 1),
                refund(4, 1),
                refund(5, 1),
            ],
            6,
        ),
    ] {
        for facts in [
            facts.iter().collect::<Vec<_>>(),
            facts.iter().rev().collect(),
        ] {
            assert_eq!(
                Back::of(whole, facts.iter().copied()).minor,
                back,
                "{facts:?}"
            );
            let shown = Back::shares(whole, &facts).into_iter().flatten();
            let counted = shown.filter(|share| share.is_counted);
            let sum: i64 = counted.map(|share| share.minor).sum();
            assert_eq!(sum.min(4400), back, "{facts:?}");
        }
    }
}

#[test]
fn a_reversal_counts_once_whichever_way_it_is_told() {
    use BackKind::{Dispute, DisputeReversal};
    use BackStatus::{Lost, Succeeded, Won};
    let dispute = |id, minor, status| fact(id, Dispute, minor, status, 200);
    let reversal = |minor, status| fact("r", DisputeReversal, minor, status, 300);
    let lost = || dispute("a", 2000, Lost);
    assert_eq!(back(&[lost(), reversal(2000, Succeeded)]), 0);
    assert_eq!(back(&[reversal(2000, Succeeded)]), 0, "it came first");
    // The dispute was told to be reversed as well.
    let told_twice = [dispute("a", 2000, Won), reversal(2000, Succeeded)];
    assert_eq!(back(&told_twice), 0);
    let other = dispute("b", 500, Lost);
    assert_eq!(
        back(&[told_twice.to_vec(), vec![other.clone()]].concat()),
        500
    );
    assert_eq!(
        back(&[lost(), other.clone(), reversal(2000, Succeeded)]),
        500
    );
    // A refund is not given back by the reversal of a dispute.
    let refund = fact("c", BackKind::Refund, 700, Succeeded, 200);
    assert_eq!(back(&[refund, lost(), reversal(9900, Succeeded)]), 700);
    assert_eq!(back(&[lost(), reversal(2000, BackStatus::Failed)]), 2000);
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
    let whole = Whole {
        amount: eur,
        ..whole(4900)
    };
    assert_eq!(Back::of(whole, &facts).minor, 0);
}

#[test]
fn the_newest_telling_wins_and_of_one_instant_the_later_in_life() {
    let refund = |status, told| fact("a", BackKind::Refund, 1, status, told);
    assert!(refund(BackStatus::Failed, 2).supersedes(&refund(BackStatus::Succeeded, 1)));
    assert!(!refund(BackStatus::Pending, 1).supersedes(&refund(BackStatus::Failed, 2)));
    assert!(refund(BackStatus::Succeeded, 1).supersedes(&refund(BackStatus::Pending, 1)));
    assert!(!refund(BackStatus::Pending, 1).supersedes(&refund(BackStatus::Pending, 1)));
}
