//! How much of files is kept, and for how long.

use chrono::Duration;
use domain::import::{ImportKind, ImportState, MAX_WAITING_BYTES, MAX_WAITING_FILES};
use sqlx::{AssertSqlSafe, PgPool};
use store::{
    audit::Actor,
    import::{ImportError, Upload},
};

use super::many;
use crate::support::Shop;

impl Shop {
    async fn begin_file(&self) -> Result<Upload, ImportError> {
        let (kind, name) = (ImportKind::Sales, "file.csv");
        let store = &self.store;
        store
            .begin_import(Actor::System, self.organization_id, kind, name)
            .await
    }

    async fn counted(&self, what: &'static str) -> i64 {
        let query = format!("select count(*) from {what}");
        let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(query));
        count.fetch_one(&self.pool).await.expect("counts")
    }

    async fn kept(&self) -> [i64; 3] {
        [
            self.counted("import").await,
            self.counted("import_piece").await,
            self.counted("import_error").await,
        ]
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn files_are_forgotten_in_time(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let content = format!("{}x,nobody@example.com,1,USD,1,2026-05-01,,\n", many(5));
    let done = shop.imported(ImportKind::Sales, &content).await;
    assert_eq!(
        shop.kept().await,
        [1, 0, 1],
        "what is done is not run again"
    );
    let waiting = shop.upload(ImportKind::Sales, &content).await;
    assert_eq!(shop.kept().await, [2, 1, 1]);
    shop.clock.advance(Duration::days(31));
    shop.store.tidy_imports().await.expect("tidies");
    assert_eq!(shop.kept().await, [2, 0, 0]);
    let done = shop.at(done.id).await;
    assert_eq!((done.state, done.created), (ImportState::Done, 5));
    assert_eq!(shop.at(waiting.id).await.state, ImportState::Cancelled);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn so_many_files_wait_and_no_more(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let mut waiting = Vec::new();
    for _ in 0..MAX_WAITING_FILES {
        waiting.push(shop.upload(ImportKind::Sales, &many(1)).await);
    }
    let full = shop.begin_file().await;
    let full = full.err().expect("there are enough").to_string();
    assert!(
        full.contains("import some of them, or remove them"),
        "{full}"
    );
    assert_eq!(shop.counted("import").await, MAX_WAITING_FILES);
    // What was imported is no longer in the way, and neither is what was removed.
    shop.start(&waiting[0], false).await;
    shop.to_the_end(&waiting[0]).await;
    let mut upload = shop.begin_file().await.expect("there is room again");
    assert!(shop.begin_file().await.is_err());
    upload.discard().await.expect("goes");
    shop.start(&waiting[1], true).await;
    shop.to_the_end(&waiting[1]).await;
    let remove = async |id| {
        let removed = shop
            .store
            .remove_import(Actor::System, shop.organization_id, id);
        removed.await
    };
    for import in &waiting[1..3] {
        remove(import.id).await.expect("goes");
    }
    assert_eq!(shop.at(waiting[1].id).await.read, 1, "it was checked");
    let gone = shop.store.import(shop.organization_id, waiting[2].id).await;
    assert_eq!(gone.expect("reads"), None);
    let done = remove(waiting[0].id).await;
    assert!(matches!(
        done,
        Err(ImportError::CantRemove(ImportState::Done))
    ));
    let gone = remove(waiting[2].id).await;
    assert!(matches!(gone, Err(ImportError::NotFound)));
    let said = "audit_entry where action = 'removed' and detail = 'file.csv'";
    assert_eq!(shop.counted(said).await, 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn so_many_bytes_wait_and_no_more(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let waiting = shop.upload(ImportKind::Sales, &many(1)).await;
    let mut coming = shop.begin_file().await.expect("begins");
    let sized = async |bytes: i64| {
        sqlx::query("update import set file_bytes = $1 where import_id = $2")
            .bind(bytes)
            .bind(waiting.id.0)
            .execute(&shop.pool)
            .await
            .expect("changed");
    };
    sized(MAX_WAITING_BYTES - 300_000).await;
    let piece = vec![b'x'; 262_144];
    coming.push(&piece).await.expect("fits");
    assert!(matches!(coming.push(&piece).await, Err(ImportError::Full)));
    assert_eq!(shop.kept().await, [1, 1, 0], "nothing of it is kept");
    sized(MAX_WAITING_BYTES).await;
    assert!(matches!(shop.begin_file().await, Err(ImportError::Full)));
    assert_eq!(shop.kept().await, [1, 1, 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_upload_that_is_dropped_leaves_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let mut upload = shop.begin_file().await.expect("begins");
    upload.push(&vec![b'x'; 300_000]).await.expect("keeps");
    assert_eq!(shop.kept().await, [1, 1, 0]);
    drop(upload);
    while shop.counted("import").await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(shop.kept().await, [0; 3]);
}
