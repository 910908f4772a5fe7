//! Notices to other processes: what is in one, and the courier who sends them.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::id::OrganizationId;
use sqlx::PgPool;
use tokio::{sync::mpsc, time::MissedTickBehavior};

/// The channel on which processes tell each other that conversions changed.
pub(super) const CHANNEL: &str = "tributary_live";

/// All of a process's notices: each one takes a lock of the whole database for its commit.
const NOTICES_PER_SECOND: u64 = 50;

/// Postgres refuses payloads of 8,000 bytes.
const MOST_BYTES: usize = 7_500;

/// Room for one more `organization:position` and its blank.
const ENTRY_BYTES: usize = 60;

/// Positions that other processes are to be told, the newest of each organization.
#[derive(Default)]
pub(super) struct Outbox(Mutex<HashMap<OrganizationId, i64>>);

impl Outbox {
    pub(super) fn put(&self, organization_id: OrganizationId, position: i64) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = waiting.entry(organization_id).or_insert(position);
        *newest = position.max(*newest);
    }

    /// As much as one notice can carry; `None` when nothing waits.
    fn take(&self) -> Option<String> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<_> = waiting
            .keys()
            .copied()
            .take(MOST_BYTES / ENTRY_BYTES)
            .collect();
        let mut payload = String::new();
        for organization_id in taken {
            if let Some(position) = waiting.remove(&organization_id) {
                let blank = if payload.is_empty() { "" } else { " " };
                write!(payload, "{blank}{organization_id}:{position}")
                    .unwrap_or_else(|_| unreachable!("a String takes everything"));
            }
        }
        (!payload.is_empty()).then_some(payload)
    }
}

/// The organizations and positions in a payload; what can't be read is left out.
pub(super) fn read(payload: &str) -> impl Iterator<Item = (OrganizationId, i64)> {
    payload.split(' ').filter_map(|entry| {
        let (organization_id, position) = entry.split_once(':')?;
        Some((organization_id.parse().ok()?, position.parse().ok()?))
    })
}

/// Empties the outbox whenever the bell is rung, one notice after the other, until the bell is gone.
pub(super) async fn deliver(pool: PgPool, outbox: Arc<Outbox>, mut bell: mpsc::Receiver<()>) {
    let mut beat = tokio::time::interval(Duration::from_millis(1_000 / NOTICES_PER_SECOND));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while bell.recv().await.is_some() {
        loop {
            beat.tick().await;
            let Some(payload) = outbox.take() else { break };
            let sent = sqlx::query("select pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(payload)
                .execute(&pool)
                .await;
            if let Err(error) = sent {
                tracing::warn!(%error, "other processes were not told of a change; they compare every few seconds");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn organization(number: u128) -> OrganizationId {
        OrganizationId(Uuid::from_u128(number))
    }

    #[test]
    fn only_the_newest_position_of_an_organization_is_told() {
        let outbox = Outbox::default();
        for position in [3, 5, 4] {
            outbox.put(organization(1), position);
        }
        let payload = outbox.take().expect("a payload");
        assert_eq!(read(&payload).collect::<Vec<_>>(), [(organization(1), 5)]);
        assert_eq!(outbox.take(), None);
    }

    #[test]
    fn many_organizations_need_several_notices() {
        let outbox = Outbox::default();
        for number in 0..300 {
            outbox.put(organization(number), i64::MAX);
        }
        let payloads: Vec<_> = std::iter::from_fn(|| outbox.take()).collect();
        assert!(payloads.iter().all(|payload| payload.len() < MOST_BYTES));
        assert_eq!(
            payloads.iter().flat_map(|payload| read(payload)).count(),
            300
        );
    }

    #[test]
    fn what_can_not_be_read_is_left_out() {
        let good = organization(1);
        let payload = format!("x:1 :: {good}:x {good}:7 {good}");
        assert_eq!(read(&payload).collect::<Vec<_>>(), [(good, 7)]);
    }
}
