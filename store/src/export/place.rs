//! How many exports run at once: each holds a connection for as long as its reader takes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::id::OrganizationId;
use tokio::sync::watch;

use super::ExportError;

/// Exports that this process runs at once.
const AT_ONCE: usize = 4;

/// Exports of one organization that this process runs at once: one must not keep others out.
const OF_ONE_ORGANIZATION: usize = 2;

type Running = HashMap<OrganizationId, usize>;

/// The process's places for exports. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Places {
    running: Arc<Mutex<Running>>,
    stopping: watch::Sender<bool>,
}

/// A place that is taken; dropping it gives it back.
pub(super) struct Place {
    places: Places,
    organization_id: OrganizationId,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self {
            running: Arc::default(),
            stopping: watch::Sender::new(false),
        }
    }

    /// A place, if there is one.
    pub(super) fn enter(&self, organization_id: OrganizationId) -> Result<Place, ExportError> {
        if *self.stopping.borrow() {
            return Err(ExportError::Stopped);
        }
        let mut running = self.running();
        let all: usize = running.values().sum();
        let own = running.entry(organization_id).or_default();
        if all >= AT_ONCE || *own >= OF_ONE_ORGANIZATION {
            return Err(ExportError::Full);
        }
        *own += 1;
        Ok(Place {
            places: self.clone(),
            organization_id,
        })
    }

    /// Ends all exports; no other begins.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Until exports must end.
    pub(super) async fn stopped(&self) {
        let mut stopping = self.places.stopping.subscribe();
        // The sender is among the places that this one holds.
        drop(stopping.wait_for(|stop| *stop).await);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.places.running();
        if let Some(own) = running.get_mut(&self.organization_id) {
            *own -= 1;
        }
        running.retain(|_, own| *own > 0);
    }
}
