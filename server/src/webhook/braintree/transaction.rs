//! Transactions: sales, and sales that came to nothing.
//!
//! Owns Braintree's words for where a transaction stands. Money counts from the authorization on, as for
//! Braintree's own "charged successfully"; what never arrives is taken back.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{CustomerSeen, Fact, Payment},
    refund::{BackKind, BackStatus, MoneyBack},
};

use super::{
    Content, Element, Malformed, Told,
    amount::{currency, money, needed_money},
    clue, refund,
};

/// Paid, or about to be.
const COUNTING: [&str; 6] = [
    "authorized",
    "submitted_for_settlement",
    "settling",
    "settled",
    "settlement_pending",
    "settlement_confirmed",
];
/// Was paid, or about to be, and is not any more.
const UNDONE: [&str; 4] = [
    "voided",
    "settlement_declined",
    "failed",
    "authorization_expired",
];

/// `transaction_settled`: bank debits, and refunds of them.
pub(super) fn settled(transaction: Element<'_>, told: Told) -> Result<Content, Malformed> {
    match Kind::of(transaction)? {
        Kind::Credit => refund::settled(transaction, told),
        Kind::Sale => {
            let facts = sale(transaction, None, told)?.into_iter();
            let is_older = created_at(transaction, told)? < told.connected_at;
            if is_older {
                let facts = facts.filter(|fact| !is_too_old(fact, told)).map(Some);
                return Ok(Content::of(facts, "made before this connection was"));
            }
            let customer = customer(transaction, told)?.map(Fact::Customer);
            Ok(Content::of(
                facts.map(Some).chain([customer]),
                "nothing was paid",
            ))
        }
    }
}

/// `transaction_settlement_declined`, which may come after `transaction_settled`.
pub(super) fn declined(transaction: Element<'_>, told: Told) -> Result<Content, Malformed> {
    let back = match Kind::of(transaction)? {
        Kind::Credit => return refund::failed(transaction, told),
        Kind::Sale => undone(transaction, told)?,
    };
    Ok(Content::Facts(vec![Fact::Back(back)]))
}

/// Which way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sale,
    Credit,
}

impl Kind {
    pub(super) fn of(transaction: Element<'_>) -> Result<Self, Malformed> {
        match transaction.needed_word("type")?.as_str() {
            "sale" => Ok(Self::Sale),
            "credit" => Ok(Self::Credit),
            _ => Err(transaction.malformed("type", "is neither sale nor credit")),
        }
    }
}

/// What a sale comes to by where it stands: a payment with the refunds that are known of it by id, or all
/// of it taken back. Nothing for one that was refused, or whose authorization is still under way.
pub(super) fn sale(
    transaction: Element<'_>,
    subscription: Option<Element<'_>>,
    told: Told,
) -> Result<Vec<Fact>, Malformed> {
    let status = transaction.needed_word("status")?;
    if UNDONE.contains(&status.as_str()) {
        return Ok(vec![Fact::Back(undone(transaction, told)?)]);
    }
    if !COUNTING.contains(&status.as_str()) {
        return Ok(Vec::new());
    }
    let Some(payment) = payment(transaction, subscription, told)? else {
        return Ok(Vec::new());
    };
    let announced = refund::announced(transaction, told)?;
    let backs = announced.into_iter().map(Fact::Back);
    Ok([Fact::Payment(payment)].into_iter().chain(backs).collect())
}

/// A payment of the time before the connection is not its business; what goes back of one is, for its sale
/// may be known from elsewhere.
pub(super) fn is_too_old(fact: &Fact, told: Told) -> bool {
    matches!(fact, Fact::Payment(payment) if payment.paid_at < told.connected_at)
}

/// `None` when nothing was paid, or nothing that earns.
fn payment(
    transaction: Element<'_>,
    subscription: Option<Element<'_>>,
    told: Told,
) -> Result<Option<Payment>, Malformed> {
    let currency = currency(transaction)?;
    let amount = needed_money(transaction, "amount", currency)?;
    let tax = money(transaction, "tax_amount", currency)?;
    let base_minor = amount.minor - tax.map_or(0, |tax| tax.minor);
    if base_minor <= 0 {
        return Ok(None);
    }
    let of_subscription = match transaction.word("subscription_id")? {
        None => subscription.map(|one| one.needed_word("id")).transpose()?,
        known => known,
    };
    Ok(Some(Payment {
        external_event_id: transaction.needed_word("id")?,
        amount,
        base_minor,
        paid_at: created_at(transaction, told)?,
        ids: ProcessorIds {
            customer: transaction.word("customer.id")?,
            subscription: of_subscription,
            ..ProcessorIds::default()
        },
        email: transaction.text("customer.email"),
        name: name(transaction),
        clues: clue::of_payment(transaction, subscription),
        metadata: transaction.attached("custom_fields").to_string(),
    }))
}

/// All of a sale taken back: it was voided, or its money did not come.
fn undone(transaction: Element<'_>, told: Told) -> Result<MoneyBack, Malformed> {
    let id = transaction.needed_word("id")?;
    let amount = needed_money(transaction, "amount", currency(transaction)?)?;
    let status = transaction.text("status").unwrap_or_default();
    Ok(MoneyBack {
        // One for all the ways to come to nothing: a later list repeats what a notification told. Most such
        // were never counted, and wait for no sale.
        external_id: MoneyBack::voided_id(&id),
        kind: BackKind::Refund,
        amount_minor: amount.minor,
        net_minor: None,
        currency: Some(amount.currency),
        status: BackStatus::Succeeded,
        occurred_at: told.at,
        told_at: told.at,
        failed_at: None,
        payment: vec![id],
        reason: Some(format!("the transaction is {}", status.replace('_', " "))),
    })
}

/// The payer, when both id and e-mail are known: less would teach nothing new.
pub(super) fn customer(
    transaction: Element<'_>,
    told: Told,
) -> Result<Option<CustomerSeen>, Malformed> {
    let id = transaction.word("customer.id")?;
    let known = id.zip(transaction.text("customer.email"));
    let Some((external_id, email)) = known else {
        return Ok(None);
    };
    Ok(Some(CustomerSeen {
        external_id,
        email: Some(email),
        name: name(transaction),
        occurred_at: created_at(transaction, told)?,
    }))
}

fn name(transaction: Element<'_>) -> Option<String> {
    let parts = ["customer.first_name", "customer.last_name"];
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|path| transaction.text(path))
        .collect();
    Some(parts.join(" ")).filter(|name| !name.is_empty())
}

/// When a transaction was made: for a sale, when it was paid.
pub(super) fn created_at(transaction: Element<'_>, told: Told) -> Result<DateTime<Utc>, Malformed> {
    Ok(transaction.time("created_at")?.unwrap_or(told.at))
}
