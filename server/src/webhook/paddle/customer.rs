//! Customers: who they are, and that they signed up.
//!
//! Owns the reading of Paddle's customer object, the only one with an e-mail. Every new customer with a
//! clue or an e-mail is reported as a signup; whether anybody is credited is not decided here.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{CustomerSeen, Fact, Signup, SubjectKind},
};

use super::{Content, Malformed, Object, clue::Clues, is_imported};

/// `customer.created`.
pub(super) fn created(customer: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    if is_imported(customer) {
        return imported(customer, at);
    }
    let (seen, clues) = (seen(customer, at)?, clues(customer));
    let signup = signup(customer, &seen, clues.clone());
    let referral = clues.referral([(SubjectKind::Customer, seen.external_id.clone())], at);
    Ok(Content::of(
        [Some(Fact::Customer(seen)), referral, signup],
        "",
    ))
}

/// `customer.updated`: changing an address is no signup.
pub(super) fn updated(customer: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let seen = seen(customer, at)?;
    let subject = (SubjectKind::Customer, seen.external_id.clone());
    let referral = clues(customer).referral([subject], at);
    Ok(Content::of([Some(Fact::Customer(seen)), referral], ""))
}

/// `customer.imported`: somebody who was won elsewhere is nobody's lead; his address is worth knowing.
pub(super) fn imported(customer: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let seen = seen(customer, at)?;
    Ok(Content::Facts(vec![Fact::Customer(seen)]))
}

fn seen(customer: Object<'_>, at: DateTime<Utc>) -> Result<CustomerSeen, Malformed> {
    Ok(CustomerSeen {
        external_id: customer.needed_id("id")?,
        email: customer.text("email"),
        name: customer.text("name"),
        occurred_at: at,
    })
}

fn clues(customer: Object<'_>) -> Clues {
    let mut clues = Clues::default();
    clues.custom_data(customer, "the customer");
    clues
}

fn signup(customer: Object<'_>, seen: &CustomerSeen, clues: Clues) -> Option<Fact> {
    let clues = clues.into_vec();
    if clues.is_empty() && seen.email.is_none() {
        return None;
    }
    Some(Fact::Signup(Signup {
        external_event_id: None,
        occurred_at: seen.occurred_at,
        ids: ProcessorIds {
            customer: Some(seen.external_id.clone()),
            ..ProcessorIds::default()
        },
        email: seen.email.clone(),
        name: seen.name.clone(),
        clues,
        metadata: customer.attached("custom_data"),
    }))
}
