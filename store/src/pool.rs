//! How the database is connected to, and how long anything on a connection may take.
//!
//! A lock that somebody holds or a statement that went wrong must not hold a caller: the database
//! breaks it off and the caller is told to come again ([`StoreError::Unavailable`]).
//!
//! [`StoreError::Unavailable`]: crate::StoreError::Unavailable

use std::{thread::available_parallelism, time::Duration};

use sqlx::{
    PgPool,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{MIGRATOR, Store};

/// Pool size per processor core: more connections only queue inside Postgres.
const CONNECTIONS_PER_CORE: u32 = 4;

/// How long a caller waits for a connection before the database counts as away.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(3);

/// How long one statement may take. What may take longer lifts it for its transaction.
const STATEMENT_LIMIT: Duration = Duration::from_secs(10);

/// How long a statement waits for a lock that somebody else holds.
const LOCK_LIMIT: Duration = Duration::from_secs(3);

/// How long a transaction of ours may do nothing before the database ends it and frees its locks.
const IDLE_IN_TRANSACTION_LIMIT: Duration = Duration::from_secs(10);

/// The migrations may take as long as they need, and so may another process's.
const NO_LIMITS: &str = "set statement_timeout = 0; set lock_timeout = 0; \
    set idle_in_transaction_session_timeout = 0";

impl Store {
    /// A pool with the house's settings.
    pub fn pool_options() -> PgPoolOptions {
        let cores = available_parallelism().map_or(2, |n| u32::try_from(n.get()).unwrap_or(2));
        PgPoolOptions::new()
            .max_connections((cores * CONNECTIONS_PER_CORE).clamp(8, 64))
            .acquire_timeout(CONNECTION_PATIENCE)
    }

    /// An address with the house's settings and limits. Those that the address sets itself, by
    /// `options[lock_timeout]=5s` for example, are left to it.
    pub fn connect_options(address: PgConnectOptions) -> PgConnectOptions {
        let own = address.get_options().unwrap_or_default().to_owned();
        let milliseconds = |limit: Duration| limit.as_millis().to_string();
        let settings = [
            ("jit", "off".to_owned()),
            ("statement_timeout", milliseconds(STATEMENT_LIMIT)),
            ("lock_timeout", milliseconds(LOCK_LIMIT)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(IDLE_IN_TRANSACTION_LIMIT),
            ),
        ];
        let sets = |word: &str, name| {
            let setting = word.trim_start_matches("-c");
            setting.split('=').next() == Some(name)
        };
        let ours = settings
            .into_iter()
            .filter(|(name, _)| !own.split_whitespace().any(|word| sets(word, *name)));
        address.application_name("tributary").options(ours)
    }

    /// Brings the schema up to date, on a connection that is not used for anything else.
    pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
        let mut connection = pool.acquire().await?;
        connection.close_on_drop();
        sqlx::raw_sql(NO_LIMITS).execute(&mut *connection).await?;
        MIGRATOR.run(&mut *connection).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(address: &str) -> String {
        let address = address.parse().expect("an address");
        let options = Store::connect_options(address);
        options.get_options().expect("options").to_owned()
    }

    #[test]
    fn every_connection_has_limits() {
        let options = options("postgres://db/tributary");
        for setting in [
            "jit=off",
            "statement_timeout=10000",
            " lock_timeout=3000",
            "idle_in_transaction_session_timeout=10000",
        ] {
            assert!(options.contains(setting), "{setting} in {options}");
        }
    }

    #[test]
    fn the_address_may_set_its_own() {
        let options = options(
            "postgres://db/tributary?options[lock_timeout]=5s&options[deadlock_timeout]=2s",
        );
        assert!(options.contains("lock_timeout=5s"), "{options}");
        assert!(!options.contains("lock_timeout=3000"), "{options}");
        assert!(options.contains("statement_timeout=10000"), "{options}");
    }
}
