//! Transfers to connected accounts: what became of a payout's money.
//!
//! A merchant's account makes other transfers too; ours carry the payout in their metadata. What a
//! connected account then pays out to its bank (`payout.*`) is not the merchant's money any more and is
//! not read.

use chrono::{DateTime, Utc};
use domain::{fact::Fact, id::PayoutId, transfer::TransferSeen};
use serde_json::Value;

use super::{Content, Malformed, Object, amount::Unit};

/// Where a transfer says which payout it is of.
pub(crate) const PAYOUT: &str = "tributary_payout";

/// `transfer.created`, `transfer.updated`, `transfer.reversed`, `transfer.paid`.
pub(super) fn told(transfer: Object<'_>, _: DateTime<Utc>) -> Result<Content, Malformed> {
    Ok(content(seen(transfer)?))
}

/// `transfer.failed`: all of it came back.
pub(super) fn failed(transfer: Object<'_>, _: DateTime<Utc>) -> Result<Content, Malformed> {
    let seen = seen(transfer)?;
    Ok(content(TransferSeen {
        reversed_minor: seen.amount.minor,
        ..seen
    }))
}

/// A transfer as Stripe's API answers it.
pub(crate) fn read(transfer: &Value) -> Result<TransferSeen, Malformed> {
    seen(Object::new("transfer", transfer))
}

fn seen(transfer: Object<'_>) -> Result<TransferSeen, Malformed> {
    let unit = Unit::of(transfer)?;
    let reversed = match transfer.at("amount_reversed") {
        Some(_) => unit.money(transfer, "amount_reversed")?.minor,
        None => 0,
    };
    // Anybody may have written anything there.
    let payout = transfer.text(&format!("metadata.{PAYOUT}"));
    Ok(TransferSeen {
        transfer_id: transfer.needed_id("id")?,
        payout_id: payout.and_then(|id| id.parse::<PayoutId>().ok()),
        amount: unit.money(transfer, "amount")?,
        reversed_minor: reversed,
    })
}

fn content(seen: TransferSeen) -> Content {
    let ours = seen.payout_id.is_some();
    let fact = ours.then_some(Fact::Transfer(seen));
    Content::of([fact], "the transfer is not of a payout of Tributary's")
}
