//! What every success of `/api/v1` looks like.

use serde_json::{Value, json};

use crate::support::TestServer;

#[tokio::test]
async fn data_is_wrapped_and_the_request_id_is_told_twice() {
    let server = TestServer::start().await;
    let answer = server.get("/api/v1/me").await.expect(200);
    let id = answer.header("x-request-id").to_owned();
    assert!(!id.is_empty());
    assert_eq!(answer.json["meta"], json!({"requestId": id}));
    let fields = answer.json.as_object().expect("an object");
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["data", "meta"]);
}

#[tokio::test]
async fn lists_say_where_they_are_in_their_meta() {
    let server = TestServer::start().await;
    let answer = server.get("/api/v1/programs").await.expect(200);
    let id = answer.header("x-request-id").to_owned();
    let wanted = json!({
        "requestId": id, "total": 1, "page": 1, "pageSize": 20, "hasMore": false, "nextCursor": Value::Null,
    });
    assert_eq!(answer.json["meta"], wanted);
    assert_eq!(answer.data().as_array().map(Vec::len), Some(1));
}
