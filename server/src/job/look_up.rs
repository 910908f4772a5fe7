//! Asks Stripe which payment a refund or dispute is of when nothing that came in tells: since
//! 2025-03-31 none of them names an invoice, and the event that does may never have come.

use std::{collections::HashSet, time::Duration};

use domain::connection::Processor;
use store::{
    Store, StoreError,
    connection::Connection,
    intake::{IntakeError, LookedUp, Unmatched},
};
use thiserror::Error;

use super::ticks;
use crate::stripe_api::{StripeApi, StripeApiError};

/// How often refunds that are due to be looked up are sought, at most.
const LOOK: Duration = Duration::from_secs(30);

#[derive(Debug, Error)]
enum LookUpError {
    #[error(transparent)]
    Stripe(#[from] StripeApiError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks again and again; ends with the process.
pub(crate) async fn look_up_refunds(store: Store, api: StripeApi, every: Option<Duration>) {
    let mut tick = ticks(every.unwrap_or(LOOK).min(LOOK));
    loop {
        tick.tick().await;
        let connections = match store.askable_connections(Processor::Stripe).await {
            Ok(connections) => connections,
            Err(error) => {
                tracing::warn!(%error, "no refunds were looked up at Stripe; tried shortly");
                continue;
            }
        };
        for connection in connections {
            if let Err(error) = look_up(&store, &api, &connection).await {
                tracing::warn!(%error, connection = %connection.id, "refunds without a sale could not be looked up at Stripe; tried again in an hour");
            }
        }
    }
}

async fn look_up(
    store: &Store,
    api: &StripeApi,
    connection: &Connection,
) -> Result<(), LookUpError> {
    let key = connection.secrets.api_key.as_deref().unwrap_or_default();
    let mut asked: HashSet<String> = HashSet::new();
    for refund in store.take_unmatched(connection).await? {
        // A payment's refund, and what its charge was refunded in all, are often due together.
        if !refund.payment.iter().any(|id| asked.contains(id)) {
            let ids = match api.same_payment(key, &refund.payment).await {
                Ok(ids) => ids,
                // One that Stripe does not like must not keep the others waiting.
                Err(error @ (StripeApiError::Refused(..) | StripeApiError::Unreadable)) => {
                    tracing::warn!(%error, refund = refund.external_id, "its payment could not be looked up at Stripe; tried again in an hour");
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            link(store, connection, &refund, ids).await?;
        }
        let (organization_id, id) = (connection.organization_id, &refund.external_id);
        store.settle_look_up(organization_id, id).await?;
        asked.extend(refund.payment);
    }
    Ok(())
}

async fn link(
    store: &Store,
    connection: &Connection,
    refund: &Unmatched,
    ids: Vec<String>,
) -> Result<(), IntakeError> {
    if ids.is_empty() {
        return Ok(());
    }
    let id = &refund.external_id;
    tracing::info!(refund = id, "its payment was looked up at Stripe");
    let found = LookedUp {
        ids,
        why: format!("the payment of {id} was looked up at Stripe"),
    };
    store
        .payment_looked_up(connection.organization_id, found)
        .await
}
