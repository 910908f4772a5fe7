//! What can go wrong below the business: the database is away, or holds what can't be read; and who
//! may not change anything.

use sqlx::postgres::{PgDatabaseError, PgSeverity};
use thiserror::Error;

/// What any verb can fail with. Verbs with failures of their own wrap it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database can't be reached or is too busy; trying again later may help.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The member's role does not allow the change.
    #[error("this member's role does not allow the change")]
    Forbidden,
    /// The database refused a statement.
    #[error("the database refused a statement")]
    Database(#[source] sqlx::Error),
    /// A stored value is not what this version writes.
    #[error("{table}.{column} holds a value that can't be read")]
    Corrupt {
        /// Where.
        table: &'static str,
        /// In which column.
        column: &'static str,
    },
    /// The secret key does not open what was sealed.
    #[error("a stored secret can't be opened with this TRIBUTARY_SECRET_KEY")]
    Sealed,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_away(&error) {
            Self::Unavailable(error)
        } else {
            Self::Database(error)
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Database(sqlx::Error::Migrate(Box::new(error)))
    }
}

/// `value` or a [`StoreError::Corrupt`] that says where it stood.
pub(crate) fn readable<T>(
    value: Option<T>,
    table: &'static str,
    column: &'static str,
) -> Result<T, StoreError> {
    value.ok_or(StoreError::Corrupt { table, column })
}

/// A lock that was not had in time, and a transaction that did nothing for too long. A statement that
/// took too long is 57014, in class 57.
const OUT_OF_TIME: [&str; 2] = ["55P03", "25P03"];
/// A deadlock, and what does not go together with another transaction: nothing is wrong with the statement.
const IN_EACH_OTHERS_WAY: [&str; 2] = ["40P01", "40001"];

/// Classes 08 (connection), 53 (resources), 57 (shut down, starting up, broken off) are the database
/// being away, and so is whatever runs out of time or ends the connection: a database that is closed
/// for maintenance, for example.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => {
            let severity = database
                .try_downcast_ref::<PgDatabaseError>()
                .map(PgDatabaseError::severity);
            let ended = matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic));
            let class = |code: &str| {
                let away = ["08", "53", "57"];
                OUT_OF_TIME.contains(&code)
                    || IN_EACH_OTHERS_WAY.contains(&code)
                    || away.iter().any(|class| code.starts_with(class))
            };
            ended || database.code().is_some_and(|code| class(&code))
        }
        _ => false,
    }
}

/// Did the statement break the unique key of that name? On a distributed database the constraint's
/// name carries a shard's number behind ours.
pub(crate) fn breaks(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().is_some_and(|database| {
        database.is_unique_violation()
            && database
                .constraint()
                .is_none_or(|name| name.starts_with(constraint))
    })
}
