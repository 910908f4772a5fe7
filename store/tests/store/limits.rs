//! What the database breaks off is worth trying again.

use sqlx::{AssertSqlSafe, Executor, PgPool};
use store::StoreError;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_ran_out_of_time_is_unavailable(pool: PgPool) {
    // A statement that was broken off, a lock that was not had, an idle transaction.
    for code in ["57014", "55P03", "25P03"] {
        let sql = format!("do $$ begin raise sqlstate '{code}'; end $$");
        let error = pool.execute(AssertSqlSafe(sql)).await.expect_err("refused");
        let error = StoreError::from(error);
        assert!(
            matches!(error, StoreError::Unavailable(_)),
            "{code}: {error:?}"
        );
    }
}
