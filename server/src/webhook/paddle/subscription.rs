//! Subscriptions: who brought them, trials, and their end.
//!
//! Owns the reading of Paddle's subscription object. The money of a subscription is on its transactions;
//! so is a free start, other than a trial.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{Fact, Signup, SubjectKind, SubscriptionEnd},
};

use super::{Content, Malformed, Object, clue::Clues, is_imported};

/// `subscription.created` and `subscription.trialing`.
pub(super) fn created(subscription: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    if is_imported(subscription) {
        let why = "an imported subscription was sold elsewhere";
        return Ok(Content::Ignored(why.to_owned()));
    }
    let id = subscription.needed_id("id")?;
    let mut clues = Clues::default();
    clues.custom_data(subscription, "the subscription");
    clues.discount_id(subscription, &["discount"], "the subscription");
    // Only the first telling names the transaction that made it.
    let transaction = subscription.id(&["transaction_id"])?;
    let transaction = transaction.map(|id| (SubjectKind::PaymentIntent, id));
    let subjects = [Some((SubjectKind::Subscription, id.clone())), transaction];
    let referral = clues.referral(subjects.into_iter().flatten(), at);
    let customer = subscription.id(&["customer_id"])?;
    let is_trial = subscription.text("status").as_deref() == Some("trialing");
    let signup = is_trial.then(|| {
        Fact::Signup(Signup {
            external_event_id: None,
            occurred_at: at,
            ids: ProcessorIds {
                customer,
                subscription: Some(id),
                ..ProcessorIds::default()
            },
            email: None,
            name: None,
            clues: clues.into_vec(),
            metadata: subscription.attached("custom_data"),
        })
    });
    Ok(Content::of(
        [referral, signup],
        "nothing on the subscription names an affiliate",
    ))
}

/// `subscription.canceled`: it has ended, not merely been told to.
pub(super) fn ended(subscription: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    Ok(Content::Facts(vec![Fact::Ended(SubscriptionEnd {
        subscription: subscription.needed_id("id")?,
        ended_at: subscription.instant("canceled_at")?.unwrap_or(at),
    })]))
}
