//! Reading a processor's own list of events: which connections can be asked, who is asking, how far it
//! came. What an event says is the intake's business.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use domain::{connection::Processor, id::ConnectionId};

use crate::{Store, StoreError, connection::Connection};

/// Who has not shown progress for so long has died; another server may begin.
const CLAIMED_FOR: Duration = Duration::minutes(2);

/// How long after it was first told a refund is asked for; banks take days, not months. Whose amount is
/// not known then holds its sale until a member decides.
pub const UNSETTLED_FOR: Duration = Duration::days(30);
/// The most refunds that one reading asks for by id.
const UNSETTLED_AT_ONCE: i64 = 1000;

/// When a reading may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Whenever nobody else is at it: a server has started, who knows what was missed before.
    AtOnce,
    /// When the time since the last one has passed.
    WhenDue,
}

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'a> {
    /// All was read.
    Whole,
    /// It came to the end, but this could not be read, in words.
    WholeBut(&'a str),
    /// It came to no end, for this reason in words.
    BrokenOff(&'a str),
}

/// Refunds of which it is not known how much they are, or whether they succeed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// The ids to ask for, oldest first.
    pub asked: Vec<String>,
    /// Those that hold a sale and are not asked for any more, oldest first.
    pub given_up: Vec<String>,
}

/// The right to read a connection's events, for one server at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Everything that happened before is here; `None`: nothing was read yet.
    pub reached_at: Option<DateTime<Utc>>,
    /// When the connection was made: what happened before is not its business.
    pub connected_at: DateTime<Utc>,
}

impl Store {
    /// Every connection to this processor that holds a key of its API, whoever's it is, oldest first.
    ///
    /// # Errors
    /// Below. A connection whose secrets can't be opened is left out, and logged.
    pub async fn askable_connections(
        &self,
        processor: Processor,
    ) -> Result<Vec<Arc<Connection>>, StoreError> {
        let ids = sqlx::query_scalar!(
            "select connection_id from connection where processor = $1 and removed_at is null
             order by connection_id",
            processor.as_str(),
        )
        .fetch_all(&self.pool)
        .await?;
        let mut askable = Vec::new();
        for id in ids {
            match self.connection(ConnectionId(id)).await {
                Ok(Some(one)) if one.secrets.can_ask() => askable.push(one),
                Ok(_) => {}
                Err(StoreError::Unavailable(error)) => return Err(StoreError::Unavailable(error)),
                Err(error) => tracing::error!(%error, connection = %id, "it can't be read"),
            }
        }
        Ok(askable)
    }

    /// Begins a reading; `None`: it is not its turn, or another server is at it.
    ///
    /// # Errors
    /// Below.
    pub async fn claim_reconciliation(
        &self,
        connection: &Connection,
        turn: Turn,
    ) -> Result<Option<Claim>, StoreError> {
        let now = self.now();
        let claimed = sqlx::query!(
            "insert into reconciliation (organization_id, connection_id, claimed_until, due_at)
             values ($1, $2, $4, $3)
             on conflict (organization_id, connection_id) do update set claimed_until = excluded.claimed_until
             where (reconciliation.claimed_until is null or reconciliation.claimed_until <= $3)
                 and ($5 or reconciliation.due_at <= $3)
             returning reached_at",
            connection.organization_id.0,
            connection.id.0,
            now,
            now + CLAIMED_FOR,
            turn == Turn::AtOnce,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(claimed) = claimed else {
            return Ok(None);
        };
        let connected_at = sqlx::query_scalar!(
            "select created_at from connection where organization_id = $1 and connection_id = $2",
            connection.organization_id.0,
            connection.id.0,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Some(Claim {
            reached_at: claimed.reached_at,
            connected_at,
        }))
    }

    /// Which of these events, by the processor's id and time, never came in.
    ///
    /// # Errors
    /// Below.
    pub async fn unknown_events(
        &self,
        connection: &Connection,
        events: &[(String, DateTime<Utc>)],
    ) -> Result<HashSet<String>, StoreError> {
        let (ids, times): (Vec<String>, Vec<DateTime<Utc>>) = events.iter().cloned().unzip();
        let known = sqlx::query_scalar!(
            "select external_id from event where organization_id = $1 and connection_id = $2
                 and external_id = any($3) and occurred_at = any($4)",
            connection.organization_id.0,
            connection.id.0,
            &ids,
            &times,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut unknown: HashSet<String> = ids.into_iter().collect();
        for id in &known {
            unknown.remove(id);
        }
        Ok(unknown)
    }

    /// The refunds that this connection is to ask for by id: those that came through it, and those of its
    /// processor and mode that came through connections which are all removed. None is asked for longer than
    /// [`UNSETTLED_FOR`].
    ///
    /// # Errors
    /// Below.
    pub async fn unsettled_refunds(
        &self,
        connection: &Connection,
    ) -> Result<Unsettled, StoreError> {
        let found = sqlx::query!(
            r#"select r.external_id, r.created_at > $2 as "is_asked!" from refund r
             where r.organization_id = $1 and r.kind = 'refund' and r.status in ('announced', 'pending')
                 and (r.created_at > $2 or (r.status = 'announced' and exists (
                     select from conversion s where s.organization_id = $1
                         and s.conversion_id = r.conversion_id and s.status in ('pending', 'approved'))))
                 and exists (
                     select from event e join connection c using (organization_id, connection_id)
                     where e.organization_id = $1 and e.event_id = any(r.event_ids)
                         and c.processor = $3 and c.mode = $4
                     having bool_or(c.connection_id = $5) or bool_and(c.removed_at is not null))
             order by r.created_at > $2 desc, r.created_at, r.external_id limit $6"#,
            connection.organization_id.0,
            self.now() - UNSETTLED_FOR,
            connection.processor.as_str(),
            connection.mode.as_str(),
            connection.id.0,
            UNSETTLED_AT_ONCE,
        )
        .fetch_all(&self.pool)
        .await?;
        let (asked, given_up): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.is_asked);
        Ok(Unsettled {
            asked: asked.into_iter().map(|one| one.external_id).collect(),
            given_up: given_up.into_iter().map(|one| one.external_id).collect(),
        })
    }

    /// Everything that happened before `at` is here now; the reading goes on.
    ///
    /// # Errors
    /// Below.
    pub async fn reconciled_until(
        &self,
        connection: &Connection,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update reconciliation set reached_at = greatest(reached_at, $3), claimed_until = $4
             where organization_id = $1 and connection_id = $2",
            connection.organization_id.0,
            connection.id.0,
            at,
            self.now() + CLAIMED_FOR,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The reading is over, to the end or not; the next one is due after `pause`.
    ///
    /// # Errors
    /// Below.
    pub async fn end_reconciliation(
        &self,
        connection: &Connection,
        pause: Duration,
        ending: Ending<'_>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let (is_whole, problem) = match ending {
            Ending::Whole => (true, None),
            Ending::WholeBut(problem) => (true, Some(problem)),
            Ending::BrokenOff(problem) => (false, Some(problem)),
        };
        sqlx::query!(
            "update reconciliation set claimed_until = null, due_at = $3,
                 reconciled_at = coalesce($4, reconciled_at), error = $5
             where organization_id = $1 and connection_id = $2",
            connection.organization_id.0,
            connection.id.0,
            now + pause,
            is_whole.then_some(now),
            problem,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
