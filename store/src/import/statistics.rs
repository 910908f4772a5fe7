//! Telling the database how much came in.
//!
//! It plans by what it knows of the tables, looks again about once a minute, and keeps plans that it made when
//! they were small: after some thousand rows each batch would read all of them.

use sqlx::PgPool;

/// What a batch looks up and adds to.
const ANALYZE: &str = "analyze conversion, ledger_entry, customer, payment_link, refund, referral_clue, \
    unattributed_payment, subscription_end, affiliate, enrollment";

/// After how many rows it is told first, and how many times more they are the next time.
const FIRST: i64 = 500;
const TIMES: i64 = 4;

/// Is it to be told, now that so many rows were read and not so many before?
fn is_due(before: i64, after: i64) -> bool {
    let mut at = FIRST;
    while at <= before {
        at = at.saturating_mul(TIMES);
    }
    after >= at
}

/// Tells it now and then; that it could not be told is no reason to stop.
pub(super) async fn told(pool: &PgPool, before: i64, after: i64) {
    if is_due(before, after)
        && let Err(error) = sqlx::query(ANALYZE).execute(pool).await
    {
        tracing::warn!(%error, "the tables could not be analyzed; an import goes on more slowly");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_ever_more_seldom() {
        let due: Vec<i64> = (0..200)
            .filter(|batch| is_due(batch * 500, batch * 500 + 500))
            .collect();
        assert_eq!(due, [0, 3, 15, 63]);
    }
}
