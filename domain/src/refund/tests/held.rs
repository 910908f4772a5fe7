//! What holds a sale though no money went back.

use super::{at, fact, whole};
use crate::refund::*;

#[test]
fn a_warning_holds_until_it_is_taken_back() {
    use BackKind::{Warning, WarningReversal};
    use BackStatus::{Open, Succeeded, Won};
    let warning = |status| fact("w", Warning, 4900, status, 200);
    let reversal = fact("r", WarningReversal, 4900, Succeeded, 300);
    let of = |facts: &[MoneyBack]| Back::of(whole(4900), facts);
    let back = |is_held: bool| Back {
        minor: 0,
        held_by: is_held.then_some(HeldBy::Warning),
    };
    assert_eq!(of(&[warning(Open)]), back(true));
    assert_eq!(of(&[warning(Open), reversal.clone()]), back(false));
    assert_eq!(of(&[warning(Won), reversal.clone()]), back(false));
    let second = MoneyBack {
        external_id: "w2".to_owned(),
        ..warning(Open)
    };
    assert_eq!(of(&[warning(Won), second, reversal]), back(true));
    // The chargeback that it warned of came, and was given back. A warning that came later holds.
    let told = |kind, status, at_second| MoneyBack {
        occurred_at: at(at_second),
        ..fact("d", kind, 4900, status, 400)
    };
    let given_back = |second| {
        vec![
            warning(Open),
            told(BackKind::Dispute, BackStatus::Lost, second),
            told(BackKind::DisputeReversal, Succeeded, second),
        ]
    };
    assert_eq!(of(&given_back(200)), back(false));
    assert_eq!(of(&given_back(50)), back(true));
}

#[test]
fn a_refund_of_unknown_amount_holds_until_it_is_known() {
    let refund = |minor, status, told| fact("a", BackKind::Refund, minor, status, told);
    let announced = refund(0, BackStatus::Announced, 300);
    let held = Back::of(whole(4900), std::slice::from_ref(&announced));
    assert_eq!((held.held_by, held.minor), (Some(HeldBy::UnknownAmount), 0));
    let known = refund(1000, BackStatus::Succeeded, 100);
    assert!(known.supersedes(&announced) && !announced.supersedes(&known));
}
