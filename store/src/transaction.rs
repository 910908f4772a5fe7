//! How transactions begin.
//!
//! A caller that goes away drops what was being done for it. Where that happens between a `BEGIN` and its answer,
//! sqlx 0.9 gives the connection back to the pool without knowing that a transaction was begun on it: the next
//! user's writes would be part of that transaction, and lost with it. So beginning is done aside, to its end;
//! a transaction that nobody waits for any more is rolled back as any other that is dropped.

use std::panic::resume_unwind;

use sqlx::{PgPool, Postgres, Transaction};

/// All that is read belongs to one moment, and nothing is written.
const ONE_MOMENT: &str = "begin isolation level repeatable read read only";

/// Begins a transaction.
pub(crate) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_with(pool, None).await
}

/// Begins a transaction that reads, all of it as of one moment.
pub(crate) async fn begin_moment(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_with(pool, Some(ONE_MOMENT)).await
}

async fn begin_with(
    pool: &PgPool,
    statement: Option<&'static str>,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move {
        match statement {
            Some(statement) => pool.begin_with(statement).await,
            None => pool.begin().await,
        }
    });
    match begun.await {
        Ok(begun) => begun,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        // The program ends.
        Err(_) => Err(sqlx::Error::PoolClosed),
    }
}
