//! Taking a stored event in again: because a person asks for it, or because a failed one is due.
//!
//! Facts are computed, not added up, so an event can be taken in any number of times. The writer looks
//! at the event again under the organization's lock: several servers retry a failed one once.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    event::{Outcome, next_attempt},
    id::{ConversionId, EventId, OrganizationId},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Answer, EventReceipt, IncomingEvent, IntakeError, Item, batch::Desk, decide::Clerk};
use crate::{
    Store, StoreError,
    audit::{self, Actor, Allowed},
    columns::columns,
    error::readable,
    event::{Reading, StoredEvent},
};

/// The most failed events that one round of retries takes on.
const DUE_AT_ONCE: i64 = 100;

/// An event to take in again.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    pub(super) event_id: EventId,
    /// As it is read now.
    pub(super) event: IncomingEvent,
    pub(super) why: Why,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Why {
    /// Somebody asks for it.
    Asked(Allowed),
    /// It has failed so many times, and is due.
    Due { attempts: i32 },
}

/// What the database says of an event.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    receipt: EventReceipt,
    detail: String,
    attempts: i32,
}

/// What it is to say.
pub(super) struct Replayed {
    after: Stored,
    next_attempt_at: Option<DateTime<Utc>>,
    /// The event's type and its id at the processor.
    name: String,
    asked_by: Vec<Allowed>,
}

impl Store {
    /// Takes a stored event in again, as `read` reads it now; `None`: there is no such event.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when the member's role does not allow it.
    pub async fn replay_event(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: EventId,
        read: Reading,
    ) -> Result<Option<EventReceipt>, IntakeError> {
        let why = Why::Asked(actor.manages()?);
        match self.event(organization_id, id).await? {
            Some(stored) => self.replay(&stored, why, read).await.map(Some),
            None => Ok(None),
        }
    }

    /// Takes in again what failed and is due; tells how many there were.
    pub async fn retry_events(&self, read: Reading) -> Result<usize, StoreError> {
        let due = sqlx::query!(
            "select organization_id, event_id, attempts from event where next_attempt_at <= $1
             order by next_attempt_at limit $2",
            self.clock.now(),
            DUE_AT_ONCE,
        )
        .fetch_all(&self.pool)
        .await?;
        for row in &due {
            let id = EventId(row.event_id);
            let stored = self.event(OrganizationId(row.organization_id), id).await?;
            let Some(stored) = stored else { continue };
            let why = Why::Due {
                attempts: row.attempts,
            };
            if let Err(error) = self.replay(&stored, why, read).await {
                tracing::warn!(%error, event = %id, "a failed event could not be tried again yet");
            }
        }
        Ok(due.len())
    }

    async fn replay(
        &self,
        stored: &StoredEvent,
        why: Why,
        read: Reading,
    ) -> Result<EventReceipt, IntakeError> {
        let view = &stored.view;
        let replay = Replay {
            event_id: view.id,
            event: IncomingEvent {
                connection: stored.connection.clone(),
                external_id: view.external_id.clone(),
                kind: view.kind.clone(),
                occurred_at: view.occurred_at,
                payload: stored.payload.clone(),
                content: read(stored),
            },
            why,
        };
        let organization_id = stored.connection.organization_id;
        match self
            .writer
            .submit(organization_id, Item::Replay(replay))
            .await?
        {
            Answer::Event(receipt) => Ok(receipt),
            _ => Err(IntakeError::Unavailable),
        }
    }
}

impl Clerk<'_> {
    /// Takes in an event that is stored, unless somebody has done so since it was found due.
    pub(super) fn replay(&mut self, replay: &Replay) -> Result<EventReceipt, IntakeError> {
        let id = replay.event_id;
        let before = self.known.stored.get(&id).cloned();
        // Its month has gone since it was read.
        let before = before.ok_or(IntakeError::Unavailable)?;
        if let Why::Due { attempts } = replay.why
            && (before.receipt.outcome != Outcome::Failed || before.attempts != attempts)
        {
            return Ok(before.receipt);
        }
        let (outcome, detail, conversion_id) = self.outcome_of(&replay.event, id);
        let attempts = before.attempts.saturating_add(1);
        let after = if before.receipt.outcome.outlasts(outcome) {
            Stored { attempts, ..before }
        } else {
            Stored {
                receipt: EventReceipt {
                    event_id: id,
                    outcome,
                    conversion_id,
                },
                detail,
                attempts,
            }
        };
        let receipt = after.receipt.clone();
        let event = &replay.event;
        let key = (event.connection.id, event.external_id.clone());
        self.known.events.insert(key, receipt.clone());
        self.known.stored.insert(id, after.clone());
        self.note(replay, after);
        Ok(receipt)
    }

    fn note(&mut self, replay: &Replay, after: Stored) {
        let earlier = self.writes.replays.remove(&replay.event_id);
        let mut asked_by = earlier.map(|earlier| earlier.asked_by).unwrap_or_default();
        if let Why::Asked(actor) = replay.why {
            asked_by.push(actor);
        }
        let failed = after.receipt.outcome == Outcome::Failed;
        let attempts = u32::try_from(after.attempts).unwrap_or(u32::MAX);
        let replayed = Replayed {
            next_attempt_at: next_attempt(attempts, self.now).filter(|_| failed),
            name: format!("{} {}", replay.event.kind, replay.event.external_id),
            after,
            asked_by,
        };
        self.writes.replays.insert(replay.event_id, replayed);
    }
}

/// What is known of the events that are to be taken in again.
pub(super) async fn stored_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    items: &[Item],
) -> Result<HashMap<EventId, Stored>, StoreError> {
    let ids = items.iter().filter_map(|item| match item {
        Item::Replay(replay) => Some(replay.event_id.0),
        _ => None,
    });
    let ids: Vec<Uuid> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "select event_id, outcome, detail, conversion_id, attempts from event
         where organization_id = $1 and event_id = any($2)",
        organization_id.0,
        &ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let event_id = EventId(row.event_id);
            let receipt = EventReceipt {
                event_id,
                outcome: readable(Outcome::parse(&row.outcome), "event", "outcome")?,
                conversion_id: row.conversion_id.map(ConversionId),
            };
            let stored = Stored {
                receipt,
                detail: row.detail,
                attempts: row.attempts,
            };
            Ok((event_id, stored))
        })
        .collect()
}

/// Lets events say what came of them this time; those whom a person asked for leave an audit line.
pub(super) async fn replays_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    replays: &BTreeMap<EventId, Replayed>,
) -> Result<(), StoreError> {
    if replays.is_empty() {
        return Ok(());
    }
    columns!(replays.values(), one => {
        ids: Uuid = one.after.receipt.event_id.0,
        outcomes: String = one.after.receipt.outcome.as_str().to_owned(),
        details: String = one.after.detail.clone(),
        conversions: Option<Uuid> = one.after.receipt.conversion_id.map(|id| id.0),
        attempts: i32 = one.after.attempts,
        retries: Option<DateTime<Utc>> = one.next_attempt_at,
    });
    sqlx::query!(
        "update event set outcome = r.outcome, detail = r.detail, conversion_id = r.conversion,
             attempts = r.attempts, next_attempt_at = r.retry, processed_at = $2
         from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::integer[], $8::timestamptz[])
             as r (id, outcome, detail, conversion, attempts, retry)
         where event.organization_id = $1 and event.event_id = r.id",
        organization_id.0,
        now,
        &ids,
        &outcomes,
        &details,
        &conversions as &[Option<Uuid>],
        &attempts,
        &retries as &[Option<DateTime<Utc>>],
    )
    .execute(&mut *db)
    .await?;
    let lines = replays.iter().flat_map(|(event_id, replayed)| {
        let line = |actor: &Allowed| audit::Entry {
            actor: *actor,
            subject: "event",
            subject_id: event_id.0,
            action: "replayed",
            detail: &replayed.name,
        };
        replayed.asked_by.iter().map(line)
    });
    let lines: Vec<_> = lines.collect();
    audit::write_all_in(db, &desk.random, organization_id, now, &lines).await
}
