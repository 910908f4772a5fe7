//! Sends the money of payouts that Stripe carries. Several servers share the work: each transfer is claimed by
//! one for a while, and whoever claims it next, because the first one died or got no answer, looks for what
//! was made before asking again.

use std::time::Duration;

use domain::transfer::TransferSeen;
use futures::{StreamExt, stream};
use store::{
    Store, StoreError,
    payout::{DueTransfer, Ending},
};
use thiserror::Error;

use super::ticks;
use crate::stripe_api::{StripeApi, Transfer, TransferError};

/// How often due transfers are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How many are sent at the same time.
const AT_ONCE: usize = 4;

/// Sends what is due; ends with the process.
pub(crate) async fn send_payouts(store: Store, api: StripeApi) {
    let mut tick = ticks(LOOK);
    loop {
        tick.tick().await;
        while match store.claim_transfers(AT_ONCE).await {
            Ok(due) => {
                let is_more = !due.is_empty();
                let send = |one| send(&store, &api, one);
                stream::iter(due).for_each_concurrent(AT_ONCE, send).await;
                is_more
            }
            Err(error) => {
                tracing::warn!(%error, "no payouts were sent; tried again shortly");
                false
            }
        } {}
    }
}

/// Sends one and notes what came of it. What can't be noted is found when the claim has passed.
async fn send(store: &Store, api: &StripeApi, due: DueTransfer) {
    let payout = due.payout.id;
    let noted = match ask(store, api, &due).await {
        Ok(seen) => store.transfer_seen(due.organization_id, seen).await,
        Err(failure) => {
            tracing::warn!(%payout, %failure, "a payout was not sent");
            store.transfer_ended(&due, failure.ending()).await
        }
    };
    if let Err(error) = noted {
        tracing::warn!(%error, %payout, "what became of a transfer could not be noted; it is looked for again");
    }
}

/// Why nothing was sent, as far as is known.
#[derive(Debug, Error)]
enum SendError {
    #[error("no Stripe connection has an API key: add one that may write transfers")]
    NoKey,
    #[error(
        "the Stripe connection that was asked for it is removed or has no API key: look at Stripe whether the transfer was made, then say so here"
    )]
    KeyGone,
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Transfer(#[from] TransferError),
}

impl SendError {
    fn ending(&self) -> Ending {
        let why = self.to_string();
        match self {
            Self::KeyGone => Ending::GivenUp(why),
            Self::Transfer(TransferError::Refused(_)) => Ending::Refused(why),
            Self::NoKey | Self::Store(_) | Self::Transfer(TransferError::Later(_)) => {
                Ending::Unknown(why)
            }
        }
    }
}

async fn ask(store: &Store, api: &StripeApi, due: &DueTransfer) -> Result<TransferSeen, SendError> {
    let payout = &due.payout;
    let id = payout.connection_id.ok_or(SendError::NoKey)?;
    let connection = store.connection(id).await?.ok_or(SendError::KeyGone)?;
    let key = connection.secrets.api_key.as_deref();
    let key = key.ok_or(SendError::KeyGone)?;
    if due.was_asked
        && let Some(made) = api.transfer_made(key, payout.id).await?
    {
        return Ok(made);
    }
    let transfer = Transfer {
        payout_id: payout.id,
        organization_id: due.organization_id,
        amount: payout.amount,
        destination: payout.account.clone().unwrap_or_default(),
    };
    Ok(api.transfer(key, &transfer).await?)
}
