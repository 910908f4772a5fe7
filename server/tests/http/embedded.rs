//! A server that was given no database runs a Postgres of its own under its data directory.

use serde_json::json;

use crate::support::{OWNER_PASSWORD, TestServer};

#[tokio::test]
async fn what_was_recorded_is_there_after_stopping_killing_and_starting_again() {
    let mut server = TestServer::start_embedded().await;
    server.affiliate("sarah").await;
    let first = server.sale("order-1", "sarah", json!({})).await.expect(201);
    server.stop().await;
    server.restart().await;
    let again = server.sale("order-1", "sarah", json!({})).await.expect(200);
    assert_eq!(
        (again.id(), &again.json["deduped"]),
        (first.id(), &json!(true))
    );
    server.sale("order-2", "sarah", json!({})).await.expect(201);
    server.kill_9().await;
    server.restart().await;
    let rows = server.sales("").await;
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["externalEventId"], &rows[1]["externalEventId"]),
        (&json!("order-2"), &json!("order-1"))
    );
    let arguments = [
        "organization",
        "create",
        "--name",
        "Other",
        "--owner-email",
        "o@other.example",
        "--owner-password",
        OWNER_PASSWORD,
    ];
    let beside = server.command(&arguments).await;
    assert_eq!(
        beside.code,
        Some(0),
        "it works while the server runs: {}",
        beside.stderr
    );
    server.sale("order-3", "sarah", json!({})).await.expect(201);
    server.stop().await;
    let alone = server.command(&arguments).await;
    assert_eq!(
        alone.code,
        Some(0),
        "and while it does not: {}",
        alone.stderr
    );
}
