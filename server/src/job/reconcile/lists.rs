//! What a processor's own list of events is: Stripe's has everything, Braintree's only refunds.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::connection::Processor;
use store::{
    Store, StoreError,
    connection::Connection,
    reconcile::{UNSETTLED_FOR, Unsettled},
};
use thiserror::Error;

use crate::{
    braintree_api::{Account, BraintreeApi, BraintreeApiError},
    stripe_api::{StripeApi, StripeApiError},
    webhook::{braintree, event::Listed, stripe},
};

/// Why a processor's list was not read.
#[derive(Debug, Error)]
pub(crate) enum ListError {
    #[error(transparent)]
    Stripe(#[from] StripeApiError),
    #[error(transparent)]
    Braintree(#[from] BraintreeApiError),
}

impl ListError {
    /// Is it that the span of time holds more than can be read at once?
    pub(super) fn is_too_many(&self) -> bool {
        matches!(
            self,
            Self::Stripe(StripeApiError::TooMany) | Self::Braintree(BraintreeApiError::TooMany)
        )
    }
}

/// What was read of a list.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Oldest first.
    pub(super) events: Vec<Listed>,
    /// What could not be read, or is not there, in words.
    pub(super) problems: Vec<String>,
}

/// A processor that can be asked what happened.
#[derive(Clone)]
pub(crate) enum Lists {
    Stripe(StripeApi),
    Braintree(BraintreeApi),
}

impl Lists {
    pub(super) fn processor(&self) -> Processor {
        match self {
            Self::Stripe(_) => Processor::Stripe,
            Self::Braintree(_) => Processor::Braintree,
        }
    }

    /// How long after a reading the next one is due, unless the configuration says otherwise.
    pub(super) fn every(&self) -> Duration {
        match self {
            Self::Stripe(_) => Duration::from_mins(15),
            Self::Braintree(_) => Duration::from_hours(1),
        }
    }

    /// How far back is read after a long pause: Stripe lists no older events, and a sale whose refund is
    /// older than a season has long been paid out.
    pub(super) fn reach_back(&self) -> TimeDelta {
        match self {
            Self::Stripe(_) => TimeDelta::days(30),
            Self::Braintree(_) => TimeDelta::days(90),
        }
    }

    /// What happened from `since` on and before `until`, oldest first.
    pub(super) async fn events(
        &self,
        connection: &Connection,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Found, ListError> {
        match self {
            Self::Stripe(api) => {
                let kinds: Vec<&str> = stripe::kinds().collect();
                let key = connection.secrets.api_key.as_deref().unwrap_or_default();
                let (since, until) = (since.timestamp(), until.timestamp());
                let events = api.events(key, &kinds, since, until).await?;
                Ok(Found {
                    events,
                    problems: Vec::new(),
                })
            }
            Self::Braintree(api) => {
                let found = api.refunds(account(connection)?, since, until).await?;
                let mut found = listed(&found);
                found
                    .events
                    .sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
                Ok(found)
            }
        }
    }

    /// Refunds that are known and must be asked for one by one; Stripe lists what becomes of them.
    pub(super) async fn unsettled(
        &self,
        store: &Store,
        connection: &Connection,
    ) -> Result<Unsettled, StoreError> {
        match self {
            Self::Stripe(_) => Ok(Unsettled::default()),
            Self::Braintree(_) => store.unsettled_refunds(connection).await,
        }
    }

    /// Where these stand now. What is wrong with one keeps no other away.
    pub(super) async fn ask(
        &self,
        connection: &Connection,
        ids: &[String],
    ) -> Result<Found, ListError> {
        let Self::Braintree(api) = self else {
            return Ok(Found::default());
        };
        let account = account(connection)?;
        let (mut told, mut problems) = (Vec::new(), Vec::new());
        for id in ids {
            match api.transaction(account, id).await {
                Ok(xml) => told.push(xml),
                Err(BraintreeApiError::Missing) => problems.push(not_there(id)),
                Err(error) if error.is_of_one() => problems.push(format!("refund {id}: {error}")),
                Err(error) => return Err(error.into()),
            }
        }
        let found = listed(&told);
        problems.extend(found.problems);
        Ok(Found { problems, ..found })
    }
}

fn not_there(id: &str) -> String {
    format!(
        "Braintree has no refund {id}, though a sale names it: while its amount is unknown, the sale is held"
    )
}

/// Of a refund that nobody will tell the amount of any more.
pub(super) fn given_up(id: &str) -> String {
    let days = UNSETTLED_FOR.num_days();
    format!(
        "refund {id}: in {days} days its amount did not become known, and it is not asked for any more; its sale is held until a member decides"
    )
}

fn account(connection: &Connection) -> Result<Account<'_>, BraintreeApiError> {
    Account::new(connection.secrets.braintree.as_ref(), connection.mode)
}

/// What can't be read keeps nothing else away.
fn listed(told: &[String]) -> Found {
    let mut found = Found::default();
    for xml in told {
        match braintree::found(xml) {
            Ok(event) => found.events.push(event),
            Err(why) => found
                .problems
                .push(format!("a refund of the list can't be read: {why}")),
        }
    }
    found
}
