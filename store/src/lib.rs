//! Tributary's memory: everything that is kept in Postgres, and every transaction.
//!
//! This crate owns all SQL and offers verbs of the business (`record_sale`, `receive_event`,
//! `add_affiliate`). It must not know about HTTP, cookies or screens. Rules are asked of `domain`;
//! here they are remembered.
//!
//! # How to add an aggregate
//!
//! 1. A migration in `migrations/`: one concern, every key begins with `organization_id`.
//! 2. One file here: a private row struct, `TryFrom<Row>` into the domain type (it names table and
//!    column when data can't be read), and verbs on [`Store`] that take the `OrganizationId` first.
//! 3. A verb that must join another's transaction is named `.._in` and takes the connection.
//! 4. Changes by people and keys take an [`audit::Actor`] and write an audit line in the same
//!    transaction; changes to what is cached end with `self.directory.forget(organization_id)`.
//! 5. A test file in `tests/` with a fresh database per test (`#[sqlx::test]`).
//! 6. `make sqlx-prepare`.

#![deny(clippy::as_conversions)]

pub mod account;
pub mod affiliate;
pub mod api_key;
pub mod audit;
pub mod campaign;
pub mod click;
pub mod clock;
mod columns;
pub mod connection;
pub mod coupon;
pub mod cursor;
pub mod directory;
pub mod error;
pub mod event;
pub mod exchange;
pub mod export;
pub mod flag;
pub mod funnel;
pub mod idempotency;
pub mod import;
pub mod intake;
pub mod invitation;
pub mod ledger;
pub mod link;
pub mod live;
pub mod member;
mod month;
mod once;
pub mod organization;
mod outbox;
mod pay_per_click;
pub mod payout;
mod plan;
mod pool;
pub mod random;
pub mod reconcile;
pub mod recount;
mod refund;
pub mod report;
pub mod s2s_secret;
pub mod sales;
pub mod session;
pub mod story;
mod transaction;
pub mod vault;
pub mod webhook;
mod writer;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{PgPool, migrate::Migrator};
use tokio::time::timeout;
use uuid::Uuid;

pub use crate::{clock::Clock, error::StoreError, random::Random, vault::Vault};

/// The schema, oldest first.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// How long closing waits for what is under way.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// The ledger's memory. Cheap to clone; all clones share one pool, one cache and one writer.
#[derive(Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) vault: Arc<Vault>,
    pub(crate) directory: Arc<directory::Directory>,
    pub(crate) noted: Arc<campaign::Noted>,
    pub(crate) live: live::Live,
    pub(crate) writer: writer::Writer<intake::Desk>,
    pub(crate) click_writer: writer::Writer<click::Desk>,
    pub(crate) exports: export::Places,
}

impl Store {
    /// A store on a migrated database. Starts its writer, so it must be called inside a Tokio runtime.
    pub fn new(pool: PgPool, clock: Clock, random: Random, vault: Vault) -> Self {
        let directory = Arc::new(directory::Directory::new());
        let live = live::Live::new(pool.clone());
        let writer = writer::Writer::start(intake::Desk {
            pool: pool.clone(),
            clock: clock.clone(),
            random: random.clone(),
            directory: Arc::clone(&directory),
            live: live.clone(),
        });
        let click_writer = writer::Writer::start(click::Desk::new(
            pool.clone(),
            clock.clone(),
            random.clone(),
        ));
        Self {
            pool,
            clock,
            random,
            vault: Arc::new(vault),
            directory,
            noted: Arc::new(campaign::Noted::new()),
            live,
            writer,
            click_writer,
            exports: export::Places::new(),
        }
    }

    /// The time, in whole milliseconds: what ids can carry.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Does the database answer?
    pub async fn is_ready(&self) -> bool {
        sqlx::query("select 1").execute(&self.pool).await.is_ok()
    }

    /// Ends exports, and closes the pool after what else is under way, if that ends within
    /// [`CLOSE_LIMIT`].
    pub async fn close(&self) {
        self.close_within(CLOSE_LIMIT).await;
    }

    /// [`Store::close`] with a limit of one's own.
    pub async fn close_within(&self, limit: Duration) {
        self.exports.stop();
        if timeout(limit, self.pool.close()).await.is_err() {
            tracing::warn!(
                "some work with the database did not end in {} s",
                limit.as_secs()
            );
        }
    }

    /// What batches of the intake are written with.
    pub(crate) fn desk(&self) -> intake::Desk {
        intake::Desk {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            directory: Arc::clone(&self.directory),
            live: self.live.clone(),
        }
    }

    pub(crate) fn new_id(&self, at: DateTime<Utc>) -> Uuid {
        self.random.uuid_v7(at)
    }

    /// `length` random bytes as hexadecimal text: tokens, keys, nonces.
    pub fn random_hex<const LENGTH: usize>(&self) -> String {
        hex::encode(self.random.bytes::<LENGTH>())
    }
}
