//! Disputes: chargebacks, their second round, and mere questions of a bank.

use domain::{
    fact::Fact,
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{
    Content, Element, Malformed, Told,
    amount::{currency, money, needed_money},
};

/// `dispute_opened`, `dispute_under_review`, `dispute_disputed`.
pub(super) fn opened(dispute: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let status = if is_question(dispute) {
        BackStatus::Inquiry
    } else {
        BackStatus::Open
    };
    self::told(dispute, told, status)
}

/// `dispute_accepted`, `dispute_auto_accepted`, `dispute_expired`: the merchant did not object. Of a
/// question that costs nothing yet.
pub(super) fn given_up(dispute: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let status = if is_question(dispute) {
        BackStatus::Inquiry
    } else {
        BackStatus::Lost
    };
    self::told(dispute, told, status)
}

/// `dispute_lost`
pub(super) fn lost(dispute: Element<'_>, told: Told) -> Result<Content, Malformed> {
    self::told(dispute, told, BackStatus::Lost)
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
    Ok(Content::Facts(vec![Fact::Back(MoneyBack {
        external_id: dispute.needed_word("id")?,
        kind: BackKind::Dispute,
        amount_minor: amount.minor,
        net_minor: None,
        currency: Some(currency),
        status,
        occurred_at: dispute.time("created_at")?.unwrap_or(told.at),
        told_at: told.at,
        failed_at: None,
        payment: vec![dispute.needed_word("transaction.id")?],
        reason: dispute.text("reason"),
    })]))
}
