//! Customers: who they are, and that they signed up.
//!
//! Owns the reading of Stripe's customer object. It must not know of payments. Every customer with a
//! clue or an e-mail is reported as a signup; whether anybody is credited is not decided here.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{Clue, CustomerSeen, Fact, Referral, Signup, Subject, SubjectKind},
};

use super::{Content, Malformed, Object, clue::Clues};

/// `customer.created`.
pub(super) fn created(object: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let customer = Customer::read(object, at)?;
    let signup = customer.signup(object);
    Ok(customer.content(signup))
}

/// `customer.updated`: changing an address is no signup.
pub(super) fn updated(object: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    Ok(Customer::read(object, at)?.content(None))
}

/// The customer of a sale, when both id and e-mail are known: less would teach nothing new.
pub(super) fn seen_with(
    id: Option<&String>,
    email: Option<&String>,
    name: Option<&String>,
    occurred_at: DateTime<Utc>,
) -> Option<Fact> {
    Some(Fact::Customer(CustomerSeen {
        external_id: id?.clone(),
        email: Some(email?.clone()),
        name: name.cloned(),
        occurred_at,
    }))
}

struct Customer {
    seen: CustomerSeen,
    clues: Vec<Clue>,
}

impl Customer {
    fn read(object: Object<'_>, occurred_at: DateTime<Utc>) -> Result<Self, Malformed> {
        let mut clues = Clues::default();
        clues.metadata(object, "metadata", "the customer");
        Ok(Self {
            seen: CustomerSeen {
                external_id: object.needed_id("id")?,
                email: object.text("email"),
                name: object.text("name"),
                occurred_at,
            },
            clues: clues.into_vec(),
        })
    }

    fn signup(&self, object: Object<'_>) -> Option<Fact> {
        if self.clues.is_empty() && self.seen.email.is_none() {
            return None;
        }
        Some(Fact::Signup(Signup {
            external_event_id: None,
            occurred_at: self.seen.occurred_at,
            ids: ProcessorIds {
                customer: Some(self.seen.external_id.clone()),
                ..ProcessorIds::default()
            },
            email: self.seen.email.clone(),
            name: self.seen.name.clone(),
            clues: self.clues.clone(),
            metadata: object.attached("metadata"),
        }))
    }

    fn content(self, signup: Option<Fact>) -> Content {
        let subject = Subject {
            kind: SubjectKind::Customer,
            id: self.seen.external_id.clone(),
        };
        let referral = Referral {
            subjects: vec![subject],
            occurred_at: self.seen.occurred_at,
            clues: self.clues,
        };
        let referral = Some(referral).filter(|referral| !referral.clues.is_empty());
        let mut facts = vec![Fact::Customer(self.seen)];
        facts.extend(referral.map(Fact::Referral));
        facts.extend(signup);
        Content::Facts(facts)
    }
}
