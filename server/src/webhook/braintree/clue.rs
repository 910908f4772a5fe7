//! Where Braintree's objects name an affiliate: custom fields, the order id, discounts.

use domain::fact::{Clue, ClueKind, Referral, Subject, SubjectKind};
use serde_json::json;

use super::{Element, Told};
use crate::webhook::{
    clue::{Clues, is_click_token},
    json::Object,
};

/// What the merchant's checkout said with a transaction: custom fields of it and of its customer, and an
/// order id when it is written like a click token. Any other order id is the merchant's own numbering,
/// which may well look like somebody's code.
pub(super) fn of_checkout(transaction: Element<'_>) -> Vec<Clue> {
    let mut clues = Clues::default();
    named(&mut clues, transaction);
    clues.into_vec()
}

/// Everything that names an affiliate for a transaction, perhaps one of a subscription.
pub(super) fn of_payment(transaction: Element<'_>, subscription: Option<Element<'_>>) -> Vec<Clue> {
    let mut clues = Clues::default();
    named(&mut clues, transaction);
    discounts(&mut clues, transaction, "the transaction");
    if let Some(subscription) = subscription {
        discounts(&mut clues, subscription, "the subscription");
    }
    clues.into_vec()
}

/// A subscription's own discounts.
pub(super) fn of_subscription(subscription: Element<'_>) -> Vec<Clue> {
    let mut clues = Clues::default();
    discounts(&mut clues, subscription, "the subscription");
    clues.into_vec()
}

/// Only a subscription's first transaction carries what the checkout said, and it may be one from before
/// the connection was made: what it says is kept for those that follow.
pub(super) fn kept_for(
    subscription: &str,
    transaction: Element<'_>,
    told: Told,
) -> Option<Referral> {
    let created_at = transaction.time("created_at").ok().flatten();
    let clues = of_checkout(transaction);
    (!clues.is_empty()).then(|| Referral {
        subjects: vec![Subject {
            kind: SubjectKind::Subscription,
            id: subscription.to_owned(),
        }],
        clues,
        occurred_at: created_at.unwrap_or(told.at),
    })
}

fn named(clues: &mut Clues, transaction: Element<'_>) {
    let places = [
        ("custom_fields", "the transaction"),
        ("customer.custom_fields", "the customer"),
    ];
    for (path, owner) in places {
        let fields = json!({"fields": transaction.attached(path)});
        let fields = Object::new("transaction", &fields);
        clues.attached(fields, "fields", ("custom field", owner));
    }
    let order_id = transaction.text("order_id");
    let token = order_id.as_deref().filter(|id| is_click_token(id));
    clues.add(ClueKind::Click, token, || {
        "order id of the transaction".to_owned()
    });
}

/// A discount's id is chosen by the merchant, and may be what people type or what stands behind it.
fn discounts(clues: &mut Clues, object: Element<'_>, owner: &str) {
    for discount in object.items("discounts", "discount") {
        let id = discount.text("id");
        let place = || format!("discount of {owner}");
        clues.add(ClueKind::CouponCode, id.as_deref(), place);
        clues.add(ClueKind::Discount, id.as_deref(), place);
    }
}
