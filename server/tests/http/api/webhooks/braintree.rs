//! `POST` and `GET /api/webhooks/braintree/{connection}`: notifications of Braintree accounts, and what is
//! found in their lists.

mod fixtures;
mod life_stories;
mod money;
mod polled;
mod shown;
mod signature;

use crate::support::{Client, Connection, TestServer};

const DAY: i64 = 24 * 60 * 60;

/// A server with an affiliate `sarah` and a sandbox account that was connected 60 days ago.
async fn shop() -> (TestServer, Connection) {
    shop_with(&[]).await
}

/// The same with other variables.
async fn shop_with(variables: &[(&str, &str)]) -> (TestServer, Connection) {
    let server = TestServer::start_with(variables).await;
    server.affiliate("sarah").await;
    let connection = server.connect_braintree().await;
    connected_earlier(&server, &connection, "60 days").await;
    (server, connection)
}

/// Makes a connection one that was made earlier.
async fn connected_earlier(server: &TestServer, connection: &Connection, by: &str) {
    let sql = format!(
        "update connection set created_at = created_at - interval '{by}' where connection_id = '{}'",
        connection.id
    );
    server.database().change(&sql).await;
    // A change lets the server forget how it was.
    let path = format!("/api/v1/connections/{}", connection.id);
    let name = serde_json::json!({"name": "Older"});
    server.patch(&path, name).await.expect(200);
}

/// Sends a notification that must be kept, and tells its outcome.
async fn outcome(client: &Client, connection: &Connection, xml: &str) -> String {
    let answer = client.notify(connection, xml).await.expect(200);
    assert_eq!(answer.json["received"], true, "{}", answer.text);
    assert_eq!(answer.word("eventId").len(), 36);
    answer.word("outcome").to_owned()
}

/// Status, refunded and commission of a sale, and whether something holds it.
async fn stands(server: &TestServer, id: &str) -> (String, i64, i64, bool) {
    sqlx::query_as(
        "select status, refunded_minor, commission_minor, held_by is not null from conversion where external_event_id = $1",
    )
    .bind(id)
    .fetch_one(&server.database().pool)
    .await
    .expect("the sale is there")
}

fn pending(refunded: i64, due: i64) -> (String, i64, i64, bool) {
    ("pending".to_owned(), refunded, due, false)
}

fn held() -> (String, i64, i64, bool) {
    ("pending".to_owned(), 0, 980, true)
}

fn refunded() -> (String, i64, i64, bool) {
    ("refunded".to_owned(), 4900, 0, false)
}
