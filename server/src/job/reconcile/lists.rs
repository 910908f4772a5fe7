//! What a processor's own list of events is: Stripe's has everything, Braintree's only refunds.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::connection::Processor;
use store::{Store, StoreError, connection::Connection};
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
    ) -> Result<Vec<Listed>, ListError> {
        match self {
            Self::Stripe(api) => {
                let kinds: Vec<&str> = stripe::kinds().collect();
                let key = connection.secrets.api_key.as_deref().unwrap_or_default();
                let (since, until) = (since.timestamp(), until.timestamp());
                Ok(api.events(key, &kinds, since, until).await?)
            }
            Self::Braintree(api) => {
                let found = api.refunds(account(connection)?, since, until).await?;
                let mut listed = listed(connection, found);
                listed
                    .sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
                Ok(listed)
            }
        }
    }

    /// Refunds that are known and must be asked for one by one; Stripe lists what becomes of them.
    pub(super) async fn unsettled(
        &self,
        store: &Store,
        connection: &Connection,
    ) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Stripe(_) => Ok(Vec::new()),
            Self::Braintree(_) => store.unsettled_refunds(connection).await,
        }
    }

    /// Where these stand now.
    pub(super) async fn ask(
        &self,
        connection: &Connection,
        ids: &[String],
    ) -> Result<Vec<Listed>, ListError> {
        let Self::Braintree(api) = self else {
            return Ok(Vec::new());
        };
        let account = account(connection)?;
        let mut found = Vec::new();
        for id in ids {
            found.extend(api.transaction(account, id).await?);
        }
        Ok(listed(connection, found))
    }
}

fn account(connection: &Connection) -> Result<Account<'_>, BraintreeApiError> {
    Account::new(connection.secrets.braintree.as_ref(), connection.mode)
}

/// What can't be read is left out: it must not keep the others away.
fn listed(connection: &Connection, found: Vec<String>) -> Vec<Listed> {
    let read = found.iter().filter_map(|xml| {
        let problem = |error| tracing::warn!(%error, connection = %connection.id, "a transaction of Braintree's list can't be read");
        braintree::found(xml).map_err(problem).ok()
    });
    read.collect()
}
