//! Disputes: chargebacks, their second round, and mere questions of a bank.

use chrono::{DateTime, Utc};
use domain::{
    fact::Fact,
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{
    Content, Element, Malformed, Told,
    amount::{currency, money, needed_money},
    history,
};

/// What a history calls a dispute that is lost: the merchant did not object, or in vain.
const LOST: [&str; 4] = ["accepted", "auto_accepted", "expired", "lost"];

/// `dispute_opened`, `dispute_under_review`, `dispute_disputed`.
pub(super) fn opened(dispute: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let status = if is_question(dispute) {
        BackStatus::Inquiry
    } else {
        BackStatus::Open
    };
    self::told(dispute, told, status)
}

/// `dispute_lost`, `dispute_accepted`, `dispute_auto_accepted`, `dispute_expired`. Of a question that
/// costs nothing: a chargeback that follows from it is a dispute of its own.
pub(super) fn lost(dispute: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let status = if is_question(dispute) {
        BackStatus::Inquiry
    } else {
        BackStatus::Lost
    };
    self::told(dispute, told, status)
}

/// `dispute_won`
pub(super) fn won(dispute: Element<'_>, told: Told) -> Result<Content, Malformed> {
    self::told(dispute, told, BackStatus::Won)
}

/// Any other kind, also one that is not known yet, is about money.
fn is_question(dispute: Element<'_>) -> bool {
    dispute.text("kind").as_deref() == Some("retrieval")
}

fn told(dispute: Element<'_>, told: Told, status: BackStatus) -> Result<Content, Malformed> {
    let currency = currency(dispute)?;
    let amount = match money(dispute, "amount_disputed", currency)? {
        None => needed_money(dispute, "amount", currency)?,
        Some(amount) => amount,
    };
    // Zero also where nothing is told of it, and anything where nothing was won.
    let won = money(dispute, "amount_won", currency)?;
    let won = won.filter(|won| status == BackStatus::Won && won.minor > 0);
    let left = won.map(|won| amount.minor - won.minor);
    let (stands, amount_minor) = match left.filter(|left| *left > 0) {
        // Won in part is lost for the rest.
        Some(left) => (BackStatus::Lost, left),
        None => (status, amount.minor),
    };
    let occurred_at = dispute.time("created_at")?;
    Ok(Content::Facts(vec![Fact::Back(MoneyBack {
        external_id: dispute.needed_word("id")?,
        kind: BackKind::Dispute,
        amount_minor,
        net_minor: None,
        currency: Some(currency),
        status: stands,
        occurred_at: occurred_at.unwrap_or(told.at),
        told_at: since(dispute, told, status)?,
        failed_at: None,
        payment: vec![dispute.needed_word("transaction.id")?],
        reason: dispute.text("reason"),
    })]))
}

/// Since when a dispute stands so. It never opens again, so one that is open is so since it was made, and
/// whatever decided it is newer, also when the opening is told once more.
fn since(dispute: Element<'_>, told: Told, status: BackStatus) -> Result<DateTime<Utc>, Malformed> {
    let decided = match status {
        BackStatus::Lost => history::since(dispute, |word| LOST.contains(&word))?,
        BackStatus::Won => history::since(dispute, |word| word == "won")?,
        _ => {
            let opened = history::since(dispute, |word| word == "open")?;
            let made = dispute.time("created_at")?.or(opened);
            return Ok(made.unwrap_or(told.connected_at).min(told.at));
        }
    };
    Ok(decided.unwrap_or(told.at))
}
