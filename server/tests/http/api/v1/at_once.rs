//! Changes of one thing at the same time: none of them is lost.

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{TestServer, eventually};

const WAITING: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'";

/// Two changes that meet: both wait for somebody who holds the row, so neither knows of the other.
async fn both_survive(server: &TestServer, table: &str, path: &str, one: Value, other: Value) {
    let mut somebody = server.database().pool.begin().await.expect("a transaction");
    let lock = format!("select from {table} for no key update");
    sqlx::query(AssertSqlSafe(lock))
        .execute(&mut *somebody)
        .await
        .expect("locked");
    let change = |body: &Value| {
        let (client, path, body) = ((**server).clone(), path.to_owned(), body.clone());
        tokio::spawn(async move { client.patch(&path, body).await })
    };
    let changes = [change(&one), change(&other)];
    eventually("both wait", async || {
        (server.database().number(WAITING).await == 2).then_some(())
    })
    .await;
    somebody.rollback().await.expect("given back");
    for change in changes {
        change.await.expect("no panic").expect(200);
    }
    let after = server.get(path).await.expect(200);
    for wanted in [one, other] {
        for (name, value) in wanted.as_object().expect("an object") {
            assert_eq!(after.data().get(name), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn changes_of_an_affiliate_at_the_same_time_are_both_made() {
    let server = TestServer::start().await;
    let path = format!("/api/v1/affiliates/{}", server.affiliate("sarah").await.id);
    let (one, other) = (
        json!({"name": "Sarah Lind"}),
        json!({"email": "lind@example.com", "commissionPercent": 50}),
    );
    both_survive(&server, "affiliate", &path, one, other).await;
}

#[tokio::test]
async fn changes_of_a_program_at_the_same_time_are_both_made() {
    let server = TestServer::start().await;
    let path = format!("/api/v1/programs/{}", server.default_campaign().await);
    let (one, other) = (
        json!({"name": "Partners"}),
        json!({"commissionPercent": 50, "commissionHoldDays": 7}),
    );
    both_survive(&server, "campaign", &path, one, other).await;
}
