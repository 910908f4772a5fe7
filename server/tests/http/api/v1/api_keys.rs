//! `/api/v1/api-keys`

use serde_json::{Value, json};

use super::refusal::{invalid, refused};
use crate::support::TestServer;

const PATH: &str = "/api/v1/api-keys";

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked() {
    let server = TestServer::start().await;
    let body = json!({"name": "Reports", "scopes": ["stats:read", "programs:read", "stats:read"], "expiresAt": "2100-01-01"});
    let made = server.post(PATH, body).await.expect(201);
    let key = made.data()["key"].as_str().expect("the key").to_owned();
    assert!(key.starts_with("ak_live_") && key.len() >= 32, "{key}");
    for (name, value) in [
        ("name", json!("Reports")),
        ("scopes", json!(["stats:read", "programs:read"])),
        ("lastUsedAt", Value::Null),
        ("expiresAt", json!("2100-01-01T00:00:00Z")),
    ] {
        assert_eq!(made.data().get(name), Some(&value), "{name}");
    }

    let reports = server.with_key(&key);
    reports.get("/api/v1/programs").await.expect(200);
    let list = server.get(PATH).await.expect(200);
    assert_eq!(list.json["meta"]["total"], 2, "the first key and this one");
    assert_eq!(list.data()[1]["id"], made.data()["id"]);
    for secret in [&key, &server.api_key] {
        assert!(!list.text.contains(secret.as_str()), "{}", list.text);
    }
    assert_eq!(list.data()[1].get("key"), None);

    let path = format!("{PATH}/{}", made.data()["id"].as_str().expect("an id"));
    assert_eq!(
        server.delete(&path).await.expect(200).data(),
        &json!({"success": true})
    );
    refused(&reports.get("/api/v1/programs").await, 401, "UNAUTHORIZED");
    refused(&server.delete(&path).await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_key_grants_only_what_it_may_do() {
    let server = TestServer::start().await;
    let manager = server.with_scopes(&["merchant:manage", "stats:read"]).await;
    let more = json!({"name": "More", "scopes": ["stats:read", "payouts:write"]});
    refused(&manager.post(PATH, more).await, 403, "INSUFFICIENT_SCOPE");
    let less = json!({"name": "Less", "scopes": ["stats:read"]});
    manager.post(PATH, less).await.expect(201);
}

#[tokio::test]
async fn a_key_that_ends_makes_none_that_lives_longer() {
    let server = TestServer::start().await;
    let brief = json!({"name": "Brief", "scopes": ["merchant:manage", "stats:read"], "expiresAt": "2100-01-01"});
    let made = server.post(PATH, brief).await.expect(201);
    let brief = server.with_key(made.data()["key"].as_str().expect("the key"));
    let new = |end: Value| json!({"name": "K", "scopes": ["stats:read"], "expiresAt": end});
    for later in [
        Value::Null,
        json!("2100-01-01T00:00:01Z"),
        json!("2999-01-01"),
    ] {
        let answer = brief.post(PATH, new(later)).await;
        invalid(&answer, "expiresAt");
        assert!(
            answer.text.contains("2100-01-01T00:00:00Z"),
            "{}",
            answer.text
        );
    }
    for end in ["2100-01-01", "2099-12-31"] {
        brief.post(PATH, new(json!(end))).await.expect(201);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let server = TestServer::start().await;
    for (name, values) in [
        ("name", vec![json!(""), json!("x".repeat(121)), Value::Null]),
        (
            "scopes",
            vec![
                json!([]),
                json!(["everything"]),
                json!("stats:read"),
                Value::Null,
            ],
        ),
        (
            "expiresAt",
            vec![json!("2020-01-01T00:00:00Z"), json!("soon"), json!(5)],
        ),
    ] {
        for value in values {
            let mut body = json!({"name": "K", "scopes": ["stats:read"]});
            body[name] = value;
            invalid(&server.post(PATH, body).await, name);
        }
    }
    invalid(
        &server.post(PATH, json!({"scopes": ["stats:read"]})).await,
        "name",
    );
    invalid(&server.post(PATH, json!({"name": "K"})).await, "scopes");
}
