//! How changes reach every open screen of every server process.
//!
//! A committed change is told twice. Within the process, [`Live::changed`] wakes the organization's
//! hub, which reads what changed once and hands it to all of its subscribers. Other processes get a
//! Postgres notice: coalesced, and never inside a transaction, where it would hold a lock through the
//! commit. A notice can be lost in a crash; therefore positions, not notices, are the truth: every
//! change bumps the organization's position in its transaction, and what a hub has told is compared
//! with it after every reconnection and every few seconds.

mod hub;
mod notice;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use domain::id::{ConversionId, OrganizationId};
use sqlx::{
    PgPool,
    postgres::{PgListener, PgNotification},
};
use tokio::sync::mpsc;

pub use self::hub::Subscription;
use self::{
    hub::Hub,
    notice::{CHANNEL, Outbox},
};
use crate::{Store, StoreError, directory};

/// How often positions are compared with the database's.
const COMPARE_EVERY: Duration = Duration::from_secs(5);

/// How long is waited before the database is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// More changes than this at once are not listed: the reader asks for what he shows instead.
const MOST_CHANGES: usize = 500;

/// What happened since a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These conversions were created or updated; nothing else was, up to `position`.
    Sales {
        /// The organization's position that this brings the reader to.
        position: i64,
        /// What changed, oldest first; each conversion once, at its last change.
        changes: Arc<[SaleChange]>,
    },
    /// Too much to list: read again what is shown.
    Resync {
        /// The organization's position that reading again brings the reader to, at least.
        position: i64,
    },
}

/// One conversion that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaleChange {
    /// Which.
    pub id: ConversionId,
    /// Is it new?
    pub kind: ChangeKind,
    /// The organization's position at that change.
    pub position: i64,
}

/// Whether a conversion is new to those who knew everything before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was recorded and not touched since.
    Created,
    /// It was changed after it had been recorded.
    Updated,
}

impl Change {
    /// The position that this brings the reader to.
    pub fn position(&self) -> i64 {
        match self {
            Self::Sales { position, .. } | Self::Resync { position } => *position,
        }
    }

    /// Is there anything in it? A position may move without a conversion.
    fn is_news(&self) -> bool {
        match self {
            Self::Sales { changes, .. } => !changes.is_empty(),
            Self::Resync { .. } => true,
        }
    }

    /// The part of it that somebody who knows everything up to `position` doesn't know.
    fn after(self, known: i64) -> Option<Self> {
        match self {
            change if change.position() <= known => None,
            Self::Sales { position, changes }
                if changes.iter().any(|change| change.position <= known) =>
            {
                let changes = changes
                    .iter()
                    .copied()
                    .filter(|change| change.position > known)
                    .collect();
                Some(Self::Sales { position, changes })
            }
            change => Some(change),
        }
    }
}

/// The process's exchange of changes. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Exchange>);

struct Exchange {
    pool: PgPool,
    hubs: Mutex<HashMap<OrganizationId, Weak<Hub>>>,
    outbox: Arc<Outbox>,
    /// Rung when something lies in the outbox; the courier goes home when it is gone.
    bell: mpsc::Sender<()>,
}

impl Live {
    /// Starts the courier of notices, so it must be called inside a Tokio runtime.
    pub(crate) fn new(pool: PgPool) -> Self {
        let outbox = Arc::new(Outbox::default());
        let (bell, rung) = mpsc::channel(1);
        tokio::spawn(notice::deliver(pool.clone(), Arc::clone(&outbox), rung));
        let hubs = Mutex::default();
        Self(Arc::new(Exchange {
            pool,
            hubs,
            outbox,
            bell,
        }))
    }

    /// Tells that an organization's conversions changed and are committed up to `position`.
    pub fn changed(&self, organization_id: OrganizationId, position: i64) {
        self.0.stir(organization_id, position);
        self.0.outbox.put(organization_id, position);
        // A full bell has been rung and not been heard yet.
        let _ = self.0.bell.try_send(());
    }
}

impl Exchange {
    fn hubs(&self) -> MutexGuard<'_, HashMap<OrganizationId, Weak<Hub>>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The organization's hub; a new one with its task if there is none.
    fn hub(self: &Arc<Self>, organization_id: OrganizationId) -> Arc<Hub> {
        let mut hubs = self.hubs();
        if let Some(hub) = hubs.get(&organization_id).and_then(Weak::upgrade) {
            return hub;
        }
        let hub = Arc::new(Hub::new(organization_id));
        hubs.insert(organization_id, Arc::downgrade(&hub));
        tokio::spawn(hub::run(
            Arc::downgrade(self),
            Arc::downgrade(&hub),
            hub.bell(),
        ));
        hub
    }

    /// Lets an organization's hub catch up, if there is one and it is behind `position`.
    fn stir(&self, organization_id: OrganizationId, position: i64) {
        let hub = self.hubs().get(&organization_id).and_then(Weak::upgrade);
        if let Some(hub) = hub {
            hub.catch_up_to(position);
        }
    }

    /// Removes what a hub without subscribers left behind.
    fn sweep(&self) {
        self.hubs().retain(|_, hub| hub.strong_count() > 0);
    }

    /// Compares what open hubs have told with the database.
    async fn compare(&self) -> Result<(), sqlx::Error> {
        let open: Vec<_> = self.hubs().keys().map(|id| id.0).collect();
        if open.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query!(
            "select organization_id, position from organization_position where organization_id = any($1)",
            &open,
        )
        .fetch_all(&self.pool)
        .await?;
        for row in rows {
            self.stir(OrganizationId(row.organization_id), row.position);
        }
        Ok(())
    }
}

impl Store {
    /// Tells screens and other processes that an organization's conversions changed and are committed
    /// up to `position`. The store's own verbs do this by themselves.
    pub fn tell_changed(&self, organization_id: OrganizationId, position: i64) {
        self.live.changed(organization_id, position);
    }

    /// The organization's position: the number of its last change.
    pub async fn position(&self, organization_id: OrganizationId) -> Result<i64, StoreError> {
        Ok(position(&self.pool, organization_id).await?)
    }

    /// What happened since `position`. A position that was never reached gives [`Change::Resync`].
    pub async fn changes_since(
        &self,
        organization_id: OrganizationId,
        position: i64,
    ) -> Result<Change, StoreError> {
        Ok(changes_since(&self.pool, organization_id, position).await?)
    }

    /// Everything that happens from now on.
    pub async fn subscribe(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Subscription, StoreError> {
        let hub = self.live.0.hub(organization_id);
        Ok(Subscription::open(hub, &self.pool).await?)
    }

    /// Everything that happened after `position` and from now on: for streams that were interrupted.
    pub async fn subscribe_after(
        &self,
        organization_id: OrganizationId,
        position: i64,
    ) -> Result<Subscription, StoreError> {
        let mut subscription = self.subscribe(organization_id).await?;
        if subscription.position() != position {
            let missed = self.changes_since(organization_id, position).await?;
            subscription.begin_with(missed);
        }
        Ok(subscription)
    }

    /// Hears what other processes changed, until `shutdown` or until the pool is closed.
    pub async fn listen(&self, shutdown: impl Future<Output = ()>) {
        self.listen_and_compare(COMPARE_EVERY, shutdown).await;
    }

    /// [`Store::listen`] with an interval of one's own for comparing positions.
    pub async fn listen_and_compare(&self, every: Duration, shutdown: impl Future<Output = ()>) {
        tokio::select! {
            () = shutdown => {}
            () = self.hear_again_and_again() => {}
            () = self.compare_again_and_again(every) => {}
        }
    }

    async fn hear_again_and_again(&self) {
        while let Err(error) = self.hear().await {
            if self.pool.is_closed() {
                return;
            }
            tracing::warn!(%error, "notices can't be heard; trying again");
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    async fn compare_again_and_again(&self, every: Duration) {
        let mut beat = tokio::time::interval(every);
        loop {
            beat.tick().await;
            if let Err(error) = self.live.0.compare().await {
                tracing::debug!(%error, "positions can't be compared; trying again");
            }
        }
    }

    /// Listens until the connection can't be had again.
    async fn hear(&self) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen_all([CHANNEL, directory::CHANNEL]).await?;
        loop {
            // Whatever was told while nobody listened: here the connection is new.
            self.directory.forget_all();
            self.live.0.compare().await?;
            while let Some(notice) = listener.try_recv().await? {
                self.take_notice(&notice);
            }
        }
    }

    fn take_notice(&self, notice: &PgNotification) {
        if notice.channel() == CHANNEL {
            for (organization_id, position) in notice::read(notice.payload()) {
                self.live.0.stir(organization_id, position);
            }
        } else if let Ok(organization_id) = notice.payload().parse() {
            self.directory.forget_locally(organization_id);
        }
    }
}

async fn position(pool: &PgPool, organization_id: OrganizationId) -> Result<i64, sqlx::Error> {
    let position = sqlx::query_scalar!(
        "select position from organization_position where organization_id = $1",
        organization_id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(position.unwrap_or(0))
}

/// One statement, so that position and changes are of one moment.
async fn changes_since(
    pool: &PgPool,
    organization_id: OrganizationId,
    known: i64,
) -> Result<Change, sqlx::Error> {
    let limit = i64::try_from(MOST_CHANGES)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    let rows = sqlx::query!(
        r#"select p.position, c.conversion_id as "conversion_id?", c.change_position as "change_position?",
               c.revision as "revision?"
           from organization_position p left join lateral (
               select conversion_id, change_position, revision from conversion
               where organization_id = $1 and change_position > $2
               order by change_position limit $3) c on true
           where p.organization_id = $1
           order by c.change_position"#,
        organization_id.0,
        known,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let position = rows.first().map_or(0, |row| row.position);
    if position < known || rows.len() > MOST_CHANGES {
        return Ok(Change::Resync { position });
    }
    let changes = rows.into_iter().filter_map(|row| {
        let kind = if row.revision? > 1 {
            ChangeKind::Updated
        } else {
            ChangeKind::Created
        };
        Some(SaleChange {
            id: ConversionId(row.conversion_id?),
            kind,
            position: row.change_position?,
        })
    });
    Ok(Change::Sales {
        position,
        changes: changes.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn sales(positions: &[i64]) -> Change {
        let change = |position: &i64| SaleChange {
            id: ConversionId(Uuid::nil()),
            kind: ChangeKind::Created,
            position: *position,
        };
        Change::Sales {
            position: positions.last().copied().unwrap_or(0),
            changes: positions.iter().map(change).collect(),
        }
    }

    #[test]
    fn what_is_known_is_not_told_again() {
        assert_eq!(sales(&[4, 5, 6]).after(3), Some(sales(&[4, 5, 6])));
        assert_eq!(sales(&[4, 5, 6]).after(5), Some(sales(&[6])));
        assert_eq!(sales(&[4, 5, 6]).after(6), None);
        assert_eq!(
            Change::Resync { position: 6 }.after(5),
            Some(Change::Resync { position: 6 })
        );
        assert_eq!(Change::Resync { position: 6 }.after(6), None);
    }
}
