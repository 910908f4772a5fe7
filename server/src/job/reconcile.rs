//! Reads at Stripe what happened, for connections with an API key: events that were never delivered
//! come in like delivered ones, and those that were are known by their id.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::connection::Processor;
use futures::{StreamExt, stream};
use store::{
    Store, StoreError,
    connection::Connection,
    intake::IntakeError,
    reconcile::{Claim, Turn},
};
use thiserror::Error;

use super::ticks;
use crate::{
    stripe_api::{Listed, StripeApi, StripeApiError},
    webhook::{intake, stripe},
};

/// How long after a reading the next one is due.
pub(crate) const EVERY: Duration = Duration::from_mins(15);
/// How often it is looked whether one is due, at most.
const LOOK: Duration = Duration::from_secs(30);
/// What happened so long before the last reading is read once more: lists may lag.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// Stripe lists no older events.
const KEPT: TimeDelta = TimeDelta::days(30);
/// The longest span of time read at once, in seconds; busy accounts are read in shorter ones.
const SPAN: i64 = 24 * 60 * 60;
/// How many events are taken in before others are told that this server is still at it.
const BREATH: usize = 100;
/// How many accounts are read at the same time.
const AT_ONCE: usize = 4;

#[derive(Debug, Error)]
enum ReconcileError {
    #[error(transparent)]
    Stripe(#[from] StripeApiError),
    #[error("an event could not be kept: {0}")]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads again and again, the first time at once; ends with the process.
pub(crate) async fn keep_reconciled(store: Store, api: StripeApi, every: Duration) {
    let mut tick = ticks(every.min(LOOK));
    let mut turn = Turn::AtOnce;
    loop {
        tick.tick().await;
        match store.askable_connections(Processor::Stripe).await {
            Ok(all) => {
                let read = |one| reconcile(&store, &api, one, turn, every);
                stream::iter(all).for_each_concurrent(AT_ONCE, read).await;
                turn = Turn::WhenDue;
            }
            Err(error) => tracing::warn!(%error, "no events were read at Stripe; tried shortly"),
        }
    }
}

/// Reads one account's events if it is this server's turn, and says how it went.
async fn reconcile(
    store: &Store,
    api: &StripeApi,
    connection: Arc<Connection>,
    turn: Turn,
    every: Duration,
) {
    let id = connection.id;
    let claim = match store.claim_reconciliation(&connection, turn).await {
        Ok(Some(claim)) => claim,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%error, connection = %id, "its events were not read at Stripe; tried shortly");
            return;
        }
    };
    let failure = match catch_up(store, api, &connection, claim).await {
        Ok(0) => None,
        Ok(count) => {
            tracing::info!(count, connection = %id, "events that had not come were read at Stripe");
            None
        }
        Err(error) => {
            tracing::warn!(%error, connection = %id, "its events could not be read at Stripe to the end; tried again later from there");
            Some(error.to_string())
        }
    };
    let pause = TimeDelta::from_std(every).unwrap_or(OVERLAP);
    let ended = store.end_reconciliation(&connection, pause, failure.as_deref());
    if let Err(error) = ended.await {
        tracing::warn!(%error, connection = %id, "the end of a reading could not be noted");
    }
}

/// Reads span after span up to now; tells how many events had not come. What was read stays read when
/// a later span can't be.
async fn catch_up(
    store: &Store,
    api: &StripeApi,
    connection: &Arc<Connection>,
    claim: Claim,
) -> Result<usize, ReconcileError> {
    let now = store.now();
    let (mut since, end) = (beginning(claim, now).timestamp(), now.timestamp());
    let (mut span, mut count) = (SPAN, 0);
    let kinds: Vec<&str> = stripe::kinds().collect();
    let key = connection.secrets.api_key.as_deref().unwrap_or_default();
    while since < end {
        let until = end.min(since + span);
        let events = match api.events(key, &kinds, since, until).await {
            Err(StripeApiError::TooMany) if span > 1 => {
                span /= 2;
                continue;
            }
            events => events?,
        };
        count += take_in(store, connection, events, at(since)).await?;
        store.reconciled_until(connection, at(until)).await?;
        (since, span) = (until, SPAN.min(span * 2));
    }
    Ok(count)
}

/// From when on events are read: what happened before the connection was made is not its business.
fn beginning(claim: Claim, now: DateTime<Utc>) -> DateTime<Utc> {
    let reached = claim.reached_at.map(|at| at - OVERLAP);
    let connected = claim.connected_at.max(now - KEPT);
    reached.map_or(connected, |at| at.max(connected))
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// Takes in those that never came, in their order.
async fn take_in(
    store: &Store,
    connection: &Arc<Connection>,
    events: Vec<Listed>,
    reached: DateTime<Utc>,
) -> Result<usize, ReconcileError> {
    let names: Vec<_> = events
        .iter()
        .map(|event| (event.id.clone(), at(event.created)))
        .collect();
    let unknown = store.unknown_events(connection, &names).await?;
    let mut count = 0;
    let news = events
        .into_iter()
        .filter(|event| unknown.contains(&event.id));
    for event in news {
        let incoming = match intake::read_at_processor(connection, event.body) {
            Ok(incoming) => incoming,
            Err(error) => {
                tracing::warn!(%error, event = event.id, "an event of Stripe's list can't be read");
                continue;
            }
        };
        intake::keep(store, incoming).await?;
        count += 1;
        if count % BREATH == 0 {
            store.reconciled_until(connection, reached).await?;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        at(1_800_000_000) + TimeDelta::days(day)
    }

    #[test]
    fn reading_begins_an_hour_before_the_last_end_but_never_before_the_connection() {
        let claim = |reached_at, connected_at| Claim {
            reached_at,
            connected_at,
        };
        assert_eq!(beginning(claim(None, day(0)), day(2)), day(0));
        assert_eq!(beginning(claim(None, day(0)), day(40)), day(10));
        let reached = day(1) - OVERLAP;
        assert_eq!(beginning(claim(Some(day(1)), day(0)), day(2)), reached);
        assert_eq!(beginning(claim(Some(day(0)), day(0)), day(2)), day(0));
        assert_eq!(beginning(claim(Some(day(0)), day(-9)), day(40)), day(10));
    }
}
