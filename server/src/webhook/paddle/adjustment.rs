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
    let taken = taken(adjustment)?;
    let gross = minor(adjustment, taken.gross)?;
    if gross == 0 {
        let why = "nothing but tax was adjusted, which earned nothing";
        return Ok(Content::Ignored(why.to_owned()));
    }
    let back = amount::money(adjustment, "totals.total", gross, currency)?;
    let net = taken.net.map(|net| minor(adjustment, net)).transpose()?;
    Ok(Content::Facts(vec![Fact::Back(MoneyBack {
        external_id,
        kind,
        amount_minor: back.minor,
        net_minor: net.map(|net| net.min(back.minor)),
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

/// How much an adjustment or one of its items takes.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    /// Tax included, like a sale's amount.
    gross: i128,
    /// What is not tax; `None`: not told.
    net: Option<i128>,
}

/// What goes back of the sale: nothing for items whose tax alone is adjusted.
fn taken(adjustment: Object<'_>) -> Result<Taken, Malformed> {
    let items = adjustment.items("items").map(of_item);
    let items: Vec<Option<Taken>> = items.collect::<Result<_, _>>()?;
    let told: Option<Vec<Taken>> = items.into_iter().collect();
    match told.filter(|told| !told.is_empty()) {
        Some(told) => Ok(Taken {
            gross: told.iter().map(|item| item.gross).sum(),
            net: told.iter().map(|item| item.net).sum(),
        }),
        None => of_totals(adjustment)?.ok_or_else(|| adjustment.missing("totals.total")),
    }
}

/// `None`: the item does not say, only the whole does.
fn of_item(item: Object<'_>) -> Result<Option<Taken>, Malformed> {
    if item.text("type").as_deref() == Some("tax") {
        let none = Taken {
            gross: 0,
            net: Some(0),
        };
        return Ok(Some(none));
    }
    let unsplit = |gross| Taken {
        gross: i128::from(gross),
        net: None,
    };
    match of_totals(item)? {
        None => Ok(item.written_number("amount")?.map(unsplit)),
        told => Ok(told),
    }
}

/// The total of an adjustment or of one item, unless all of it is tax.
fn of_totals(object: Object<'_>) -> Result<Option<Taken>, Malformed> {
    let number = |path: &str| object.written_number(path).map(|n| n.map(i128::from));
    let net = number("totals.subtotal")?;
    let gross = number("totals.total")?;
    Ok(gross.map(|gross| Taken {
        gross: if net == Some(0) { 0 } else { gross },
        net,
    }))
}

/// The minor units of `sum`. The action tells the direction, whatever sign the amounts have.
fn minor(adjustment: Object<'_>, sum: i128) -> Result<i64, Malformed> {
    let too_large = |_| adjustment.malformed("totals.total", "is too large");
    i64::try_from(sum.abs()).map_err(too_large)
}
