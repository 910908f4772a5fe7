//! The only place that makes randomness: ids, tokens, keys, nonces.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use uuid::{Builder, Uuid};

/// A source of randomness that is shared by all of a program, or fixed in a test.
#[derive(Clone)]
pub struct Random(Arc<Mutex<ChaCha20Rng>>);

impl Random {
    /// Seeded by the operating system.
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::from_os_rng())))
    }

    /// The same sequence every time: tests only.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// So many random bytes.
    pub fn bytes<const LENGTH: usize>(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rng.fill_bytes(&mut bytes);
        bytes
    }

    /// The generator itself, for libraries that take one.
    pub fn generator(&self) -> impl RngCore + use<> {
        ChaCha20Rng::from_seed(self.bytes())
    }

    /// A `UUIDv7` of that instant.
    pub fn uuid_v7(&self, at: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// So many `UUIDv7`s of one instant, in their order: where rows are read in the order of their ids,
    /// those of one millisecond would else be in any.
    pub fn uuids_v7(&self, at: DateTime<Utc>, count: usize) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = (0..count).map(|_| self.uuid_v7(at)).collect();
        ids.sort_unstable();
        ids
    }
}
