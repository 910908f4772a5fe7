//! Sends what merchants' own programs are to be told. Several servers do so at a time: what one of them is at, the
//! others leave alone, and take over when it has ended.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{
    id::{OrganizationId, WebhookEndpointId},
    target::Surroundings,
};
use futures::future::join_all;
use store::{Store, StoreError, webhook::DueDelivery};
use tokio::task::JoinHandle;

use super::ticks;
use crate::{api::v1::outgoing, courier::Courier};

/// How often what is due is looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How many endpoints are served at the same time; a slow one takes no other's place for long.
const MOST_ENDPOINTS: usize = 32;
/// How many messages are on their way to one endpoint at the same time.
const AT_ONCE: i64 = 4;

/// Sends again and again; ends with the process.
pub(crate) async fn deliver_webhooks(store: Store, public_url: String) {
    let surroundings = Surroundings::of(&public_url);
    let courier = match Courier::new(surroundings) {
        Ok(courier) => courier,
        Err(error) => {
            tracing::error!(%error, "webhooks are not sent: there is no HTTP client for them");
            return;
        }
    };
    let round = Arc::new(Round {
        store,
        courier,
        surroundings,
    });
    let mut at_work: HashMap<WebhookEndpointId, JoinHandle<()>> = HashMap::new();
    let mut tick = ticks(LOOK);
    loop {
        tick.tick().await;
        at_work.retain(|_, worker| !worker.is_finished());
        let due = match round.store.due_webhook_endpoints().await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "webhooks are sent late; tried again shortly");
                continue;
            }
        };
        for (organization_id, id) in due {
            if at_work.len() < MOST_ENDPOINTS && !at_work.contains_key(&id) {
                let round = Arc::clone(&round);
                let worker = tokio::spawn(async move { round.serve(organization_id, id).await });
                at_work.insert(id, worker);
            }
        }
    }
}

/// What sends.
struct Round {
    store: Store,
    courier: Courier,
    surroundings: Surroundings,
}

impl Round {
    /// Sends an endpoint what is due.
    async fn serve(&self, organization_id: OrganizationId, id: WebhookEndpointId) {
        loop {
            match self.some(organization_id, id).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, webhook = %id, "what came of a webhook could not be put down; sent again");
                    return;
                }
            }
        }
    }

    /// Sends some of it; tells how much it was.
    async fn some(
        &self,
        organization_id: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<usize, StoreError> {
        let store = &self.store;
        let due = store
            .claim_webhook_deliveries(organization_id, id, AT_ONCE)
            .await?;
        let sent = join_all(due.iter().map(|one| self.send(one))).await;
        sent.into_iter().collect::<Result<(), _>>()?;
        Ok(due.len())
    }

    async fn send(&self, due: &DueDelivery) -> Result<(), StoreError> {
        let body = outgoing::body(due.organization_id, &due.message, self.surroundings);
        let now = self.store.now();
        let attempt = self.courier.send(due, Bytes::from(body), now).await;
        let outcome = if attempt.error.is_none() {
            "delivered"
        } else {
            "refused"
        };
        metrics::counter!("tributary_webhook_attempts_total", "outcome" => outcome).increment(1);
        self.store.webhook_attempted(due, &attempt).await
    }
}
