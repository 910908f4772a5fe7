//! Adjustments: money that goes back, as Paddle calls refunds, chargebacks, and their reversals.
//!
//! Owns Paddle's words for what an adjustment is and where it stands. It must not know of sales: an
//! adjustment names its transaction, which is the sale.

use chrono::{DateTime, Utc};
use domain::{
    fact::Fact,
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{Content, Malformed, Object, amount};

/// `adjustment.created` and `adjustment.updated`: refunds begin anywhere between requested and approved.
pub(super) fn told(adjustment: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let action = adjustment.needed_word("action")?;
    let Some(kind) = kind(&action) else {
        return Ok(Content::Ignored(why_unused(&action)));
    };
    let external_id = adjustment.needed_id("id")?;
    let currency = amount::currency(adjustment)?;
    let back = amount_minor(adjustment)?;
    if back == 0 {
        let why = "nothing but tax was adjusted, which earned nothing";
        return Ok(Content::Ignored(why.to_owned()));
    }
    let back = amount::money(adjustment, "totals.total", back, currency)?;
    Ok(Content::Facts(vec![Fact::Back(MoneyBack {
        external_id,
        kind,
        amount_minor: back.minor,
        currency: Some(currency),
        status: status(kind, &adjustment.needed_word("status")?),
        occurred_at: adjustment.instant("created_at")?.unwrap_or(at),
        told_at: at,
        failed_at: None,
        payment: vec![adjustment.needed_id("transaction_id")?],
        reason: adjustment.text("reason"),
    })]))
}

fn kind(action: &str) -> Option<BackKind> {
    Some(match action {
        "refund" => BackKind::Refund,
        "chargeback" => BackKind::Dispute,
        "chargeback_reverse" => BackKind::DisputeReversal,
        "chargeback_warning" => BackKind::Warning,
        "chargeback_warning_reverse" => BackKind::WarningReversal,
        _ => return None,
    })
}

fn why_unused(action: &str) -> String {
    match action {
        "credit" | "credit_reverse" => format!(
            "a {action} moves no money back: it changes a bill that is not paid yet, or the customer's credit"
        ),
        _ => format!("adjustments of the kind {action} are not known"),
    }
}

/// A refund that Paddle still has to approve is open, like a dispute that is not decided: it takes nothing
/// back, since Paddle may reject it, but keeps the sale from approval and payout, since the money may
/// be gone a day later. The set is open: an unknown word is taken for one more way of being undecided.
fn status(kind: BackKind, word: &str) -> BackStatus {
    let is_reversal = matches!(kind, BackKind::DisputeReversal | BackKind::WarningReversal);
    match (word, kind) {
        // An early warning is never final: it is reversed, or a chargeback or refund follows.
        ("approved", BackKind::Warning) => BackStatus::Open,
        ("approved", BackKind::Dispute) => BackStatus::Lost,
        ("approved", _) => BackStatus::Succeeded,
        // Told of the original when an adjustment that reverses it is made.
        ("reversed", BackKind::Dispute | BackKind::Warning) => BackStatus::Won,
        ("rejected" | "reversed", _) => BackStatus::Failed,
        // Until it is done, a reversal gives nothing back and holds nothing up.
        _ if is_reversal => BackStatus::Pending,
        _ => BackStatus::Open,
    }
}

/// What goes back of the sale's amount: tax included, like the amount; but nothing for items whose tax
/// alone is adjusted.
fn amount_minor(adjustment: Object<'_>) -> Result<i64, Malformed> {
    let items = adjustment.items("items").map(item_minor);
    let items: Vec<Option<i64>> = items.collect::<Result<_, _>>()?;
    let told: Option<Vec<i64>> = items.into_iter().collect();
    let back: i128 = match told.filter(|told| !told.is_empty()) {
        Some(told) => told.into_iter().map(i128::from).sum(),
        None => {
            i128::from(of_totals(adjustment)?.ok_or_else(|| adjustment.missing("totals.total"))?)
        }
    };
    // The action tells the direction, whatever sign the amounts have.
    let too_large = |_| adjustment.malformed("totals.total", "is too large");
    i64::try_from(back.abs()).map_err(too_large)
}

/// `None`: the item does not say, only the whole does.
fn item_minor(item: Object<'_>) -> Result<Option<i64>, Malformed> {
    if item.text("type").as_deref() == Some("tax") {
        return Ok(Some(0));
    }
    match of_totals(item)? {
        None => item.written_number("amount"),
        told => Ok(told),
    }
}

/// The total of an adjustment or of one item, unless all of it is tax.
fn of_totals(object: Object<'_>) -> Result<Option<i64>, Malformed> {
    let is_tax = object.written_number("totals.subtotal")? == Some(0);
    let total = object.written_number("totals.total")?;
    Ok(total.map(|total| if is_tax { 0 } else { total }))
}
