//! Reads at the processors themselves what happened, for connections with a key of their API: events that
//! were never delivered come in like delivered ones, and those that were are known by their id.

mod lists;

use std::{pin::pin, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use store::{
    Store, StoreError,
    connection::Connection,
    intake::IntakeError,
    reconcile::{Claim, Ending, Turn},
};
use thiserror::Error;
use tokio::time::timeout;

pub(crate) use self::lists::Lists;
use self::lists::{Found, ListError};
use super::ticks;
use crate::webhook::intake;

/// How often it is looked whether a reading is due, at most.
const LOOK: Duration = Duration::from_secs(30);
/// What happened so long before the last reading is read once more: lists may lag.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// The longest span of time read at once, in seconds; busy accounts are read in shorter ones.
const SPAN: i64 = 24 * 60 * 60;
/// How many events are taken in before others are told that this server is still at it.
const BREATH: usize = 100;
/// How long is waited for the processor before that; much less than it takes others to take over.
const SIGN: Duration = Duration::from_secs(30);
/// How many refunds are asked for by id before that.
const ASKED_AT_ONCE: usize = 25;
/// How many problems are told at once.
const PROBLEMS: usize = 3;
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
    let mut reading = Reading::default();
    let broke_off = match catch_up(store, lists, &connection, claim, &mut reading).await {
        Ok(()) => None,
        Err(error) => {
            tracing::warn!(%error, connection = %id, "its events could not be read at the processor to the end; tried again later from there");
            Some(error.to_string())
        }
    };
    if reading.count > 0 {
        tracing::info!(count = reading.count, connection = %id, "events that had not come were read at the processor");
    }
    let problems = reading.in_words();
    if let Some(problems) = &problems {
        tracing::warn!(problems, connection = %id, "not everything at the processor could be read");
    }
    let ending = match (&broke_off, &problems) {
        (Some(error), _) => Ending::BrokenOff(error),
        (None, Some(problems)) => Ending::WholeBut(problems),
        (None, None) => Ending::Whole,
    };
    let pause = TimeDelta::from_std(every).unwrap_or(OVERLAP);
    let ended = store.end_reconciliation(&connection, pause, ending);
    if let Err(error) = ended.await {
        tracing::warn!(%error, connection = %id, "the end of a reading could not be noted");
    }
}

/// What came of a reading, as far as it went.
#[derive(Debug, Default)]
struct Reading {
    /// How many events had not come.
    count: usize,
    /// What could not be read or asked, in words.
    problems: Vec<String>,
}

impl Reading {
    fn in_words(&self) -> Option<String> {
        let told = self.problems.get(..PROBLEMS).unwrap_or(&self.problems);
        let more = self.problems.len() - told.len();
        let told = told.join("; ");
        match (told.is_empty(), more) {
            (true, _) => None,
            (false, 0) => Some(told),
            (false, more) => Some(format!("{told}; and {more} more")),
        }
    }
}

/// Reads span after span up to now. What was read stays read when a later span can't be.
async fn catch_up(
    store: &Store,
    lists: &Lists,
    connection: &Arc<Connection>,
    claim: Claim,
    reading: &mut Reading,
) -> Result<(), ReconcileError> {
    let now = store.now();
    let beginning = beginning(claim, now, lists.reach_back());
    let (mut since, end) = (beginning.timestamp(), now.timestamp());
    let mut span = SPAN;
    while since < end {
        let until = end.min(since + span);
        let found = lists.events(connection, at(since), at(until));
        let sign = || still_at_it(store, connection, at(since));
        let found = match signing(SIGN, found, sign).await {
            Err(error) if error.is_too_many() && span > 1 => {
                span /= 2;
                continue;
            }
            found => found?,
        };
        take_in(store, connection, found, at(since), reading).await?;
        store.reconciled_until(connection, at(until)).await?;
        (since, span) = (until, SPAN.min(span * 2));
    }
    let unsettled = lists.unsettled(store, connection).await?;
    for ids in unsettled.asked.chunks(ASKED_AT_ONCE) {
        let sign = || still_at_it(store, connection, at(end));
        let found = signing(SIGN, lists.ask(connection, ids), sign).await?;
        take_in(store, connection, found, at(end), reading).await?;
        store.reconciled_until(connection, at(end)).await?;
    }
    let given_up = unsettled.given_up.iter().map(|id| lists::given_up(id));
    reading.problems.extend(given_up);
    Ok(())
}

/// Waits for what may take long, and makes a sign of life every so often.
async fn signing<T, S: Future<Output = ()>>(
    every: Duration,
    work: impl Future<Output = T>,
    mut sign: impl FnMut() -> S,
) -> T {
    let mut work = pin!(work);
    loop {
        match timeout(every, work.as_mut()).await {
            Ok(done) => return done,
            Err(_) => sign().await,
        }
    }
}

/// Tells other servers that this one is at work; what it has reached is as before.
async fn still_at_it(store: &Store, connection: &Connection, reached: DateTime<Utc>) {
    if let Err(error) = store.reconciled_until(connection, reached).await {
        tracing::warn!(%error, connection = %connection.id, "others may begin the same reading");
    }
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
    found: Found,
    reached: DateTime<Utc>,
    reading: &mut Reading,
) -> Result<(), ReconcileError> {
    let Found { events, problems } = found;
    reading.problems.extend(problems);
    let names: Vec<_> = events
        .iter()
        .map(|event| (event.id.clone(), at(event.created)))
        .collect();
    let unknown = store.unknown_events(connection, &names).await?;
    let news = events
        .into_iter()
        .filter(|event| unknown.contains(&event.id));
    for event in news {
        let incoming = match intake::read_at_processor(connection, event.body) {
            Ok(incoming) => incoming,
            Err(error) => {
                let problem = format!("event {} can't be read: {error}", event.id);
                reading.problems.push(problem);
                continue;
            }
        };
        intake::keep(store, incoming).await?;
        reading.count += 1;
        if reading.count.is_multiple_of(BREATH) {
            store.reconciled_until(connection, reached).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        at(1_800_000_000) + TimeDelta::days(day)
    }

    #[tokio::test]
    async fn a_sign_is_made_again_and_again_while_the_processor_is_waited_for() {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (mut stop, mut signs) = (Some(stop), 0);
        let sign = || {
            signs += 1;
            if signs == 3 {
                stop.take().expect("once").send("told").expect("awaited");
            }
            std::future::ready(())
        };
        let told = signing(Duration::from_millis(1), stopped, sign).await;
        assert_eq!((told, signs), (Ok("told"), 3));
    }

    #[test]
    fn a_few_problems_are_told_and_the_others_counted() {
        let words = |problems: &[&str]| {
            let problems = problems.iter().map(|one| (*one).to_owned()).collect();
            Reading { count: 0, problems }.in_words()
        };
        assert_eq!(words(&[]), None);
        assert_eq!(words(&["a", "b"]).as_deref(), Some("a; b"));
        let many = words(&["a", "b", "c", "d", "e"]);
        assert_eq!(many.as_deref(), Some("a; b; c; and 2 more"));
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
