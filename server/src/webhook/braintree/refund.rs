//! Refunds: transactions of their own, of type credit, that name the sale they are of.
//!
//! Notifications tell of few of them. That a card's sale was refunded shows as an id in later lists of
//! its subscription; the refund itself is found in Braintree's list of transactions.

use chrono::{SecondsFormat, SubsecRound};
use domain::{
    event::FOUND_IN_A_LIST,
    fact::Fact,
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{
    Content, Element, Malformed, Node, Told,
    amount::{currency, needed_money},
    history, read,
    transaction::{Kind, created_at},
};
use crate::webhook::event::Listed;

const OF_NO_SALE: &str = "a credit that is of no sale";

/// `transaction_settled` of a refund, which may have failed since.
pub(super) fn settled(transaction: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let now = transaction.word("status")?.map(|word| status(&word));
    let status = now.filter(|now| *now == BackStatus::Failed);
    let status = status.unwrap_or(BackStatus::Succeeded);
    Ok(one(credit(transaction, told, status)?))
}

/// `refund_failed`, and `transaction_settlement_declined` of a refund: the merchant keeps the money.
pub(super) fn failed(transaction: Element<'_>, told: Told) -> Result<Content, Malformed> {
    Ok(one(credit(transaction, told, BackStatus::Failed)?))
}

/// A refund in Braintree's list of transactions. One that was asked for by its id need not name the sale:
/// it is known who announced it.
pub(super) fn listed(transaction: Element<'_>, told: Told) -> Result<Content, Malformed> {
    if Kind::of(transaction)? == Kind::Sale {
        return Ok(Content::Ignored("a sale is no refund".to_owned()));
    }
    let status = status(&transaction.needed_word("status")?);
    let sale = sale_of(transaction)?;
    Ok(one(Some(of_sale(sale, transaction, told, status)?)))
}

/// A refund by where it stands.
pub(super) fn of_list(
    transaction: Element<'_>,
    told: Told,
) -> Result<Option<MoneyBack>, Malformed> {
    let status = status(&transaction.needed_word("status")?);
    credit(transaction, told, status)
}

/// The refunds that a sale names, of which nothing else is known yet.
pub(super) fn announced(sale: Element<'_>, told: Told) -> Result<Vec<MoneyBack>, Malformed> {
    let id = sale.needed_word("id")?;
    let refunds = sale.words("refund_ids")?.into_iter();
    let mut found: Vec<MoneyBack> = Vec::new();
    for refund in refunds.chain(sale.word("refund_id")?) {
        if found.iter().any(|known| known.external_id == refund) {
            continue;
        }
        found.push(MoneyBack {
            external_id: refund,
            kind: BackKind::Refund,
            amount_minor: 0,
            net_minor: None,
            currency: None,
            status: BackStatus::Announced,
            occurred_at: told.at,
            told_at: told.at,
            failed_at: None,
            payment: vec![id.clone()],
            reason: None,
        });
    }
    Ok(found)
}

fn one(back: Option<MoneyBack>) -> Content {
    Content::of([back.map(Fact::Back)], OF_NO_SALE)
}

/// `None` for money that is given to somebody without a sale.
fn credit(
    transaction: Element<'_>,
    told: Told,
    status: BackStatus,
) -> Result<Option<MoneyBack>, Malformed> {
    let Some(sale) = sale_of(transaction)? else {
        return Ok(None);
    };
    of_sale(Some(sale), transaction, told, status).map(Some)
}

/// The sale that a refund is of.
fn sale_of(transaction: Element<'_>) -> Result<Option<String>, Malformed> {
    match transaction.word("refunded_transaction_id")? {
        // The name in `refund_failed`.
        None => transaction.word("refunded_transaction_fk"),
        known => Ok(known),
    }
}

fn of_sale(
    sale: Option<String>,
    transaction: Element<'_>,
    told: Told,
    status: BackStatus,
) -> Result<MoneyBack, Malformed> {
    let amount = match currency(transaction) {
        Ok(currency) => Some(needed_money(transaction, "amount", currency)?),
        // What did not happen needs no amount, and some notifications of it tell no currency.
        Err(_) if status == BackStatus::Failed => None,
        Err(why) => return Err(why),
    };
    let since = history::since(transaction, |word| self::status(word) == status)?;
    Ok(MoneyBack {
        external_id: transaction.needed_word("id")?,
        kind: BackKind::Refund,
        amount_minor: amount.map_or(0, |amount| amount.minor),
        net_minor: None,
        currency: amount.map(|amount| amount.currency),
        status,
        occurred_at: created_at(transaction, told)?,
        told_at: since.unwrap_or(told.at),
        failed_at: None,
        payment: sale.into_iter().collect(),
        reason: None,
    })
}

/// The set is open: an unknown word is taken for one more way of being under way.
fn status(word: &str) -> BackStatus {
    match word {
        "settling" | "settled" => BackStatus::Succeeded,
        "voided"
        | "failed"
        | "settlement_declined"
        | "processor_declined"
        | "gateway_rejected"
        | "authorization_expired" => BackStatus::Failed,
        _ => BackStatus::Pending,
    }
}

/// A transaction of Braintree's list as a notification; an error is what is wrong with it, and with which.
pub(crate) fn found(xml: &str) -> Result<Listed, Malformed> {
    let node = Node::parse(xml);
    let node = node.map_err(|why| Malformed::new(format!("transaction is not {why}")))?;
    let transaction = Element::new("transaction", &node);
    let named = |why: Malformed| match transaction.word("id") {
        Ok(Some(id)) => Malformed::new(format!("{id}: {why}")),
        _ => why,
    };
    notification(transaction, xml).map_err(named)
}

fn notification(transaction: Element<'_>, xml: &str) -> Result<Listed, Malformed> {
    let status = transaction.needed_word("status")?;
    let at = match history::since(transaction, |word| word == status)? {
        // The same again must be the same event: its last update may be about anything.
        None => transaction.time("created_at")?,
        known => known,
    };
    let at = at.ok_or_else(|| transaction.missing("created_at"))?;
    // Events of lists are known by their whole second.
    let at = at.trunc_subsecs(0);
    let time = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let body = format!(
        "<notification>\n  <kind>{FOUND_IN_A_LIST}</kind>\n  <timestamp type=\"datetime\">{time}</timestamp>\n  <subject>\n    {xml}\n  </subject>\n</notification>\n"
    );
    let event = read(body.as_bytes(), at).map_err(|why| Malformed::new(why.to_string()))?;
    Ok(Listed {
        id: event.external_id,
        created: at.timestamp(),
        body: body.into(),
    })
}
