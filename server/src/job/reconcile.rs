//! Reads at the processors themselves what happened, for connections with a key of their API: events that
//! were never delivered come in like delivered ones, and those that were are known by their id.

mod lists;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use store::{
    Store, StoreError,
    connection::Connection,
    intake::IntakeError,
    reconcile::{Claim, Turn},
};
use thiserror::Error;

use self::lists::ListError;
pub(crate) use self::lists::Lists;
use super::ticks;
use crate::webhook::{event::Listed, intake};

/// How often it is looked whether a reading is due, at most.
const LOOK: Duration = Duration::from_secs(30);
/// What happened so long before the last reading is read once more: lists may lag.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// The longest span of time read at once, in seconds; busy accounts are read in shorter ones.
const SPAN: i64 = 24 * 60 * 60;
/// How many events are taken in before others are told that this server is still at it.
const BREATH: usize = 100;
/// How many refunds are asked for by id before that.
const ASKED_AT_ONCE: usize = 25;
/// How many accounts are read at the same time.
const AT_ONCE: usize = 4;

#[derive(Debug, Error)]
enum ReconcileError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error("an event could not be kept: {0}")]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads again and again, the first time at once; ends with the process.
pub(crate) async fn keep_reconciled(store: Store, lists: Lists, every: Option<Duration>) {
    let (processor, every) = (lists.processor(), every.unwrap_or(lists.every()));
    let mut tick = ticks(every.min(LOOK));
    let mut turn = Turn::AtOnce;
    loop {
        tick.tick().await;
        match store.askable_connections(processor).await {
            Ok(all) => {
                let read = |one| reconcile(&store, &lists, one, turn, every);
                stream::iter(all).for_each_concurrent(AT_ONCE, read).await;
                turn = Turn::WhenDue;
            }
            Err(error) => {
                tracing::warn!(%error, %processor, "no events were read there; tried shortly");
            }
        }
    }
}

/// Reads one account's events if it is this server's turn, and says how it went.
async fn reconcile(
    store: &Store,
    lists: &Lists,
    connection: Arc<Connection>,
    turn: Turn,
    every: Duration,
) {
    let id = connection.id;
    let claim = match store.claim_reconciliation(&connection, turn).await {
        Ok(Some(claim)) => claim,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%error, connection = %id, "its events were not read at the processor; tried shortly");
            return;
        }
    };
    let failure = match catch_up(store, lists, &connection, claim).await {
        Ok(0) => None,
        Ok(count) => {
            tracing::info!(count, connection = %id, "events that had not come were read at the processor");
            None
        }
        Err(error) => {
            tracing::warn!(%error, connection = %id, "its events could not be read at the processor to the end; tried again later from there");
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
    lists: &Lists,
    connection: &Arc<Connection>,
    claim: Claim,
) -> Result<usize, ReconcileError> {
    let now = store.now();
    let beginning = beginning(claim, now, lists.reach_back());
    let (mut since, end) = (beginning.timestamp(), now.timestamp());
    let (mut span, mut count) = (SPAN, 0);
    while since < end {
        let until = end.min(since + span);
        let events = match lists.events(connection, at(since), at(until)).await {
            Err(error) if error.is_too_many() && span > 1 => {
                span /= 2;
                continue;
            }
            events => events?,
        };
        count += take_in(store, connection, events, at(since)).await?;
        store.reconciled_until(connection, at(until)).await?;
        (since, span) = (until, SPAN.min(span * 2));
    }
    for ids in lists
        .unsettled(store, connection)
        .await?
        .chunks(ASKED_AT_ONCE)
    {
        let events = lists.ask(connection, ids).await?;
        count += take_in(store, connection, events, at(end)).await?;
        store.reconciled_until(connection, at(end)).await?;
    }
    Ok(count)
}

/// From when on events are read: what happened before the connection was made is not its business.
fn beginning(claim: Claim, now: DateTime<Utc>, reach_back: TimeDelta) -> DateTime<Utc> {
    let reached = claim.reached_at.map(|at| at - OVERLAP);
    let connected = claim.connected_at.max(now - reach_back);
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
                tracing::warn!(%error, event = event.id, "an event of the processor's list can't be read");
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
        let from = |claim, now| beginning(claim, now, TimeDelta::days(30));
        assert_eq!(from(claim(None, day(0)), day(2)), day(0));
        assert_eq!(from(claim(None, day(0)), day(40)), day(10));
        let reached = day(1) - OVERLAP;
        assert_eq!(from(claim(Some(day(1)), day(0)), day(2)), reached);
        assert_eq!(from(claim(Some(day(0)), day(0)), day(2)), day(0));
        assert_eq!(from(claim(Some(day(0)), day(-9)), day(40)), day(10));
    }
}
