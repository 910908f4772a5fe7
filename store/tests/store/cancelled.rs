//! A caller that goes away leaves nothing open behind it.

use std::pin::pin;

use domain::id::ConversionId;
use futures::poll;
use sqlx::{Connection, PgConnection, PgPool};

use crate::support::Shop;

/// Does any connection stand inside a transaction that nobody works on?
async fn is_one_left_open(observer: &mut PgConnection) -> bool {
    let count = "select exists (select from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%')";
    let open = sqlx::query_scalar(count).fetch_one(observer).await;
    open.expect("asked")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_call_that_is_dropped_at_any_place_leaves_no_transaction(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let nobody = ConversionId(uuid::Uuid::nil());
    let options = pool.connect_options();
    let mut observer = PgConnection::connect_with(&options)
        .await
        .expect("connected");
    // Ever later, until a call has come to its end.
    let (mut polls, mut is_done) = (0, false);
    while !is_done {
        polls += 5;
        {
            let mut call = pin!(shop.store.story(shop.organization_id, nobody));
            for _ in 0..polls {
                is_done = poll!(call.as_mut()).is_ready();
                if is_done {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Dropped, it ends soon after; what stays open stays so for seconds.
        let mut asked = 0;
        while is_one_left_open(&mut observer).await {
            asked += 1;
            assert!(asked < 2000, "a transaction stays open after {polls} polls");
        }
    }
}
