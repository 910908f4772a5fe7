//! Subscriptions: who brought them, trials, and their end; discounts given to them.
//!
//! Owns the reading of Stripe's subscription and discount objects. The money of a subscription is on
//! its invoices.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{Clue, Fact, Referral, Signup, Subject, SubjectKind, SubscriptionEnd},
};

use super::{Content, Malformed, Object, clue::Clues};

/// `customer.subscription.created`.
pub(super) fn created(object: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let id = object.needed_id("id")?;
    let mut clues = Clues::default();
    clues.metadata(object, "metadata", "the subscription");
    for discount in object.items("discounts") {
        clues.discount(discount, "the subscription");
    }
    if let Some(discount) = object.at("discount") {
        clues.discount(Object::new("discount", discount), "the subscription");
    }
    let clues = clues.into_vec();
    let is_trial = object.text("status").as_deref() == Some("trialing");
    let customer = object.id(&["customer"])?;
    let signup = is_trial.then(|| {
        Fact::Signup(Signup {
            external_event_id: None,
            occurred_at: at,
            ids: ProcessorIds {
                customer,
                subscription: Some(id.clone()),
                ..ProcessorIds::default()
            },
            email: None,
            name: None,
            clues: clues.clone(),
            metadata: object.attached("metadata"),
        })
    });
    let referral = referral(SubjectKind::Subscription, id, clues, at);
    Ok(Content::of(
        [referral, signup],
        "nothing on the subscription names an affiliate",
    ))
}

/// `customer.subscription.deleted`.
pub(super) fn ended(object: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let ended_at = match object.time("ended_at")? {
        None => object.time("canceled_at")?,
        known => known,
    };
    Ok(Content::Facts(vec![Fact::Ended(SubscriptionEnd {
        subscription: object.needed_id("id")?,
        ended_at: ended_at.unwrap_or(at),
    })]))
}

/// `customer.discount.created`: a coupon was given to a subscription, else to a customer.
pub(super) fn discounted(object: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let mut clues = Clues::default();
    let subscription = object.id(&["subscription"])?;
    let (kind, id) = match (subscription, object.id(&["customer"])?) {
        (Some(id), _) => (SubjectKind::Subscription, id),
        (None, Some(id)) => (SubjectKind::Customer, id),
        (None, None) => return Err(object.missing("customer")),
    };
    clues.discount(object, &format!("the {}", kind.label()));
    Ok(Content::of(
        [referral(kind, id, clues.into_vec(), at)],
        "the discount names no coupon",
    ))
}

fn referral(kind: SubjectKind, id: String, clues: Vec<Clue>, at: DateTime<Utc>) -> Option<Fact> {
    (!clues.is_empty()).then(|| {
        Fact::Referral(Referral {
            subjects: vec![Subject { kind, id }],
            clues,
            occurred_at: at,
        })
    })
}
