//! One organization's changes, read once for all who watch it.
//!
//! A hub lives as long as its subscribers hold it. Its task sleeps until somebody says that there is
//! more, reads what changed since it last told, and tells.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::id::OrganizationId;
use sqlx::PgPool;
use tokio::sync::{Notify, OnceCell, broadcast};

use super::{Change, Exchange, RETRY_AFTER, changes_since, position};

/// Changes that a slow subscriber may leave waiting before he is told to read everything again.
const PATIENCE: usize = 64;

/// Between two tellings: what a busy organization does meanwhile is told together.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Hub {
    organization_id: OrganizationId,
    /// The position up to which everything was told; set by the first subscriber.
    told: OnceCell<AtomicI64>,
    /// The newest position heard of.
    heard: AtomicI64,
    bell: Arc<Notify>,
    changes: broadcast::Sender<Change>,
}

/// Without subscribers the task has to notice that its hub is gone.
impl Drop for Hub {
    fn drop(&mut self) {
        self.bell.notify_one();
    }
}

impl Hub {
    pub(super) fn new(organization_id: OrganizationId) -> Self {
        Self {
            organization_id,
            told: OnceCell::new(),
            heard: AtomicI64::new(0),
            bell: Arc::default(),
            changes: broadcast::Sender::new(PATIENCE),
        }
    }

    pub(super) fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    /// Somebody heard of this position.
    pub(super) fn catch_up_to(&self, position: i64) {
        self.heard.fetch_max(position, Ordering::SeqCst);
        if self.is_behind() {
            self.bell.notify_one();
        }
    }

    fn told(&self) -> Option<i64> {
        self.told.get().map(|told| told.load(Ordering::SeqCst))
    }

    fn is_behind(&self) -> bool {
        self.told()
            .is_none_or(|told| told < self.heard.load(Ordering::SeqCst))
    }

    /// Where subscribers start; the database is asked once.
    async fn start(&self, pool: &PgPool) -> Result<i64, sqlx::Error> {
        let read = async || {
            Ok::<_, sqlx::Error>(AtomicI64::new(position(pool, self.organization_id).await?))
        };
        let told = self
            .told
            .get_or_try_init(read)
            .await?
            .load(Ordering::SeqCst);
        if self.is_behind() {
            // Heard of while the start was being read, when the task could do nothing about it yet.
            self.bell.notify_one();
        }
        Ok(told)
    }

    /// Reads and tells what is new. `false` when that has to be tried again.
    async fn catch_up(&self, pool: &PgPool) -> bool {
        let Some(told) = self.told().filter(|_| self.is_behind()) else {
            return true;
        };
        let change = match changes_since(pool, self.organization_id, told).await {
            Ok(change) => change,
            Err(error) => {
                tracing::warn!(%error, "changes can't be read; trying again");
                return false;
            }
        };
        self.tell(change);
        true
    }

    fn tell(&self, change: Change) {
        let Some(told) = self.told.get() else { return };
        // First the position, then the change: who subscribes in between has the change as known
        // and gets it nevertheless, and leaves it out. The other way round he would miss it.
        told.store(change.position(), Ordering::SeqCst);
        if change.is_news() {
            // Nobody may be listening any more; that is no error.
            drop(self.changes.send(change));
        }
    }
}

/// A hub's task.
pub(super) async fn run(exchange: Weak<Exchange>, hub: Weak<Hub>, bell: Arc<Notify>) {
    loop {
        bell.notified().await;
        let Some(exchange) = exchange.upgrade() else {
            return;
        };
        let Some(hub) = hub.upgrade() else {
            return exchange.sweep();
        };
        while !hub.catch_up(&exchange.pool).await && !exchange.pool.is_closed() {
            tokio::time::sleep(RETRY_AFTER).await;
        }
        drop((exchange, hub));
        tokio::time::sleep(PAUSE).await;
    }
}

/// One watcher of an organization.
pub struct Subscription {
    hub: Arc<Hub>,
    receiver: broadcast::Receiver<Change>,
    /// Everything up to here is known to the watcher.
    known: i64,
    /// What he missed before he came.
    missed: Option<Change>,
}

impl Subscription {
    pub(super) async fn open(hub: Arc<Hub>, pool: &PgPool) -> Result<Self, sqlx::Error> {
        // Before the position is read, so that there is no gap between the two.
        let receiver = hub.changes.subscribe();
        let known = hub.start(pool).await?;
        Ok(Self {
            hub,
            receiver,
            known,
            missed: None,
        })
    }

    /// Everything after this position is told.
    pub fn position(&self) -> i64 {
        self.known
    }

    /// Lets the watcher begin with what he missed, which may reach further than the hub has told.
    pub(super) fn begin_with(&mut self, missed: Change) {
        self.known = missed.position();
        self.missed = Some(missed).filter(Change::is_news);
    }

    /// The next change; waits until there is one. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Change {
        if let Some(missed) = self.missed.take() {
            return missed;
        }
        loop {
            let change = match self.receiver.recv().await {
                Ok(change) => change.after(self.known),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    // What still waits is covered by reading everything again.
                    self.receiver = self.receiver.resubscribe();
                    let position = self.hub.told().unwrap_or(0).max(self.known);
                    Some(Change::Resync { position })
                }
                // Can't be while this holds the hub.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            };
            if let Some(change) = change {
                self.known = change.position();
                return change;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{ChangeKind, SaleChange};
    use domain::id::ConversionId;
    use uuid::Uuid;

    /// A hub that has told everything up to 0, and somebody who watches it.
    fn watched() -> Subscription {
        let hub = Arc::new(Hub::new(OrganizationId(Uuid::nil())));
        hub.told.set(AtomicI64::new(0)).expect("new");
        let receiver = hub.changes.subscribe();
        Subscription {
            hub,
            receiver,
            known: 0,
            missed: None,
        }
    }

    fn sale(position: i64) -> Change {
        let change = SaleChange {
            id: ConversionId(Uuid::nil()),
            kind: ChangeKind::Created,
            position,
        };
        Change::Sales {
            position,
            changes: [change].into(),
        }
    }

    #[tokio::test]
    async fn who_is_too_slow_reads_everything_again() {
        let mut watcher = watched();
        for position in 1..=100 {
            watcher.hub.tell(sale(position));
        }
        assert_eq!(watcher.next().await, Change::Resync { position: 100 });
        watcher.hub.tell(sale(101));
        assert_eq!(
            watcher.next().await,
            sale(101),
            "what was read again is not told again"
        );
    }

    #[tokio::test]
    async fn a_position_without_a_conversion_is_no_news() {
        let mut watcher = watched();
        watcher.hub.tell(Change::Sales {
            position: 1,
            changes: [].into(),
        });
        watcher.hub.tell(sale(2));
        assert_eq!(watcher.next().await, sale(2));
    }

    #[tokio::test]
    async fn what_was_missed_comes_first_and_once() {
        let mut watcher = watched();
        watcher.begin_with(sale(2));
        watcher.hub.tell(sale(1));
        watcher.hub.tell(sale(2));
        watcher.hub.tell(sale(3));
        assert_eq!(watcher.next().await, sale(2));
        assert_eq!(watcher.next().await, sale(3));
    }
}
