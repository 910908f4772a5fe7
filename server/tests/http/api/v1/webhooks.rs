//! `/api/v1/webhooks`: endpoints, and what arrives at them.

mod addresses;
mod sent;
mod signed;

use serde_json::{Value, json};

use super::refusal::{NOBODY, invalid, missing, refused};
use crate::support::{Receiver, TestServer};

const PATH: &str = "/api/v1/webhooks";

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("text is needed, not {value}"))
}

/// Makes an endpoint; its row and its secret.
async fn endpoint(server: &TestServer, url: &str, events: &[&str]) -> (Value, String) {
    let body = json!({"name": "Books", "url": url, "subscribedEvents": events});
    let made = server.post(PATH, body).await.expect(201);
    let secret = text(&made.data()["signingSecret"]).to_owned();
    (made.data()["endpoint"].clone(), secret)
}

fn path_of(endpoint: &Value) -> String {
    format!("{PATH}/{}", text(&endpoint["id"]))
}

async fn deliveries(server: &TestServer, endpoint: &Value, query: &str) -> Vec<Value> {
    let path = format!("{}/deliveries?{query}", path_of(endpoint));
    let list = server.get(&path).await.expect(200);
    list.data().as_array().expect("a list").clone()
}

#[tokio::test]
async fn an_endpoint_is_shown_as_the_clients_of_the_dialect_read_it() {
    let server = TestServer::start().await;
    let program = server.default_campaign().await;
    let body = json!({
        "name": "Books", "url": "https://books.example.com/hooks?a=b", "programId": program, "schemaVersion": 2,
        "subscribedEvents": ["flag.resolved", "conversion.created", "conversion.created"],
    });
    let made = server.post(PATH, body).await.expect(201);
    let (endpoint, secret) = (
        &made.data()["endpoint"],
        text(&made.data()["signingSecret"]),
    );
    assert!(
        secret.starts_with("whsec_") && secret.len() == 38,
        "{secret}"
    );
    for (name, value) in [
        ("name", json!("Books")),
        ("url", json!("https://books.example.com/hooks?a=b")),
        ("status", json!("active")),
        ("programId", json!(program)),
        ("schemaVersion", json!(2)),
        (
            "subscribedEvents",
            json!(["conversion.created", "flag.resolved"]),
        ),
        ("secretLastFour", json!(&secret[34..])),
        ("disabledAt", Value::Null),
        ("disabledReason", Value::Null),
        ("failingSince", Value::Null),
        ("previousSecretUntil", Value::Null),
    ] {
        assert_eq!(endpoint.get(name), Some(&value), "{name}");
    }
    assert_eq!(endpoint["createdAt"], endpoint["updatedAt"]);
    let path = path_of(endpoint);
    let shown = server.get(&path).await.expect(200);
    assert_eq!(shown.data(), endpoint);
    let listed = server.get(PATH).await.expect(200);
    assert_eq!(listed.data(), &json!([endpoint]));
    for answer in [&shown, &listed] {
        assert!(!answer.text.contains(&secret[6..]), "{}", answer.text);
    }
    let of_program = server.get(&format!("{PATH}?programId={program}")).await;
    assert_eq!(of_program.data(), &json!([endpoint]));
    let of_other = server.get(&format!("{PATH}?programId={NOBODY}")).await;
    assert_eq!(of_other.data(), &json!([]));

    let change = json!({"name": "Ledger", "programId": null, "status": "disabled"});
    let changed = server.patch(&path, change).await.expect(200);
    assert_eq!(changed.data()["status"], "disabled");
    assert_eq!(
        (&changed.data()["name"], &changed.data()["programId"]),
        (&json!("Ledger"), &Value::Null)
    );
    assert!(changed.data()["disabledAt"].is_string());
    let test = server.post(&format!("{path}/test"), json!({})).await;
    refused(&test, 409, "CONFLICT");
    let changed = server
        .patch(&path, json!({"status": "active"}))
        .await
        .expect(200);
    assert_eq!(changed.data()["disabledAt"], Value::Null);

    assert_eq!(
        server.delete(&path).await.expect(200).data(),
        &json!({"success": true})
    );
    refused(&server.get(&path).await, 404, "NOT_FOUND");
    refused(&server.delete(&path).await, 404, "NOT_FOUND");
    assert_eq!(server.get(PATH).await.data(), &json!([]));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let server = TestServer::start().await;
    let whole =
        || json!({"name": "B", "url": "https://a.example", "subscribedEvents": ["flag.created"]});
    let with = |field: &str, value: Value| {
        let mut body = whole();
        body[field] = value;
        body
    };
    for (field, value) in [
        ("name", json!("")),
        ("url", json!("not an address")),
        ("subscribedEvents", json!([])),
        ("subscribedEvents", json!(["webhook.test"])),
        ("schemaVersion", json!(1)),
        ("secret", json!("mine")),
    ] {
        invalid(&server.post(PATH, with(field, value)).await, field);
    }
    invalid(
        &server
            .post(PATH, with("subscribedEvents", json!(["sale.made"])))
            .await,
        "subscribedEvents[0]",
    );
    missing(
        &server.post(PATH, with("programId", json!(NOBODY))).await,
        "programId",
    );
    let (endpoint, _) = endpoint(&server, "https://a.example", &["flag.created"]).await;
    let path = path_of(&endpoint);
    for (field, value) in [
        ("url", json!("http://a.example")),
        ("subscribedEvents", json!([])),
        ("schemaVersion", json!(3)),
        ("signingSecret", json!("x")),
    ] {
        invalid(&server.patch(&path, json!({field: value})).await, field);
    }
    for (query, field) in [
        ("status=odd", "status"),
        ("eventType=odd", "eventType"),
        ("stauts=x", "stauts"),
    ] {
        let list = server.get(&format!("{path}/deliveries?{query}")).await;
        invalid(&list, field);
    }
    let replay = format!("{path}/deliveries/{NOBODY}/replay");
    refused(&server.post(&replay, json!({})).await, 404, "NOT_FOUND");
    invalid(
        &server.post(&format!("{path}/test"), json!({"x": 1})).await,
        "x",
    );
}

#[tokio::test]
async fn a_strangers_endpoint_is_not_there() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    let stranger = server.second_organization().await;
    let (endpoint, _) = endpoint(&server, &receiver.base_url, &["flag.created"]).await;
    let path = path_of(&endpoint);
    let test = server
        .post(&format!("{path}/test"), json!({}))
        .await
        .expect(201);
    let delivery = text(&test.data()["id"]);
    refused(
        &stranger.get(&format!("{path}/deliveries")).await,
        404,
        "NOT_FOUND",
    );
    for path in [
        format!("{path}/deliveries/{delivery}/replay"),
        format!("{path}/rotate-secret"),
        format!("{path}/test"),
    ] {
        refused(&stranger.post(&path, json!({})).await, 404, "NOT_FOUND");
    }
    assert_eq!(stranger.get(PATH).await.data(), &json!([]));
    receiver.told(1).await;
}
