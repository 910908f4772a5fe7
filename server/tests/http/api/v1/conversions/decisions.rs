//! Approving, denying and restoring, one or many.

use serde_json::{Value, json};

use crate::{
    http::api::v1::refusal::{NOBODY, invalid, refused},
    support::{Answer, Client, TestServer},
};

const BULK: &str = "/api/v1/conversions/bulk";

/// A sale in its hold.
async fn sale(client: &Client, id: &str) -> String {
    let made = client.sale(id, "sarah", json!({})).await.expect(201);
    made.id().to_owned()
}

async fn act(client: &Client, id: &str, action: &str, body: Value) -> Answer {
    client
        .post(&format!("/api/v1/conversions/{id}/{action}"), body)
        .await
}

async fn statuses(client: &Client, ids: &[&str]) -> Vec<String> {
    let rows = client.sales("").await;
    let status = |id: &&str| {
        let row = rows.iter().find(|row| row["id"] == **id).expect("listed");
        row["status"].as_str().expect("a status").to_owned()
    };
    ids.iter().map(status).collect()
}

#[tokio::test]
async fn a_sale_is_denied_restored_and_approved_early() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let id = sale(&server, "order-1").await;
    let reason = json!({"reason": " a test order "});
    let denied = act(&server, &id, "deny", reason.clone()).await.expect(200);
    assert_eq!(
        (&denied.data()["status"], &denied.data()["commissionCents"]),
        (&json!("rejected"), &json!(0))
    );
    refused(
        &act(&server, &id, "deny", reason.clone()).await,
        409,
        "CONFLICT",
    );
    refused(
        &act(&server, &id, "approve", reason.clone()).await,
        409,
        "CONFLICT",
    );
    // No body at all is fine where no reason is needed.
    let path = format!("/api/v1/conversions/{id}/restore");
    let restored = crate::support::send(server.request(reqwest::Method::POST, &path)).await;
    let restored = restored.expect(200);
    assert_eq!(
        (
            &restored.data()["status"],
            &restored.data()["commissionCents"]
        ),
        (&json!("pending"), &json!(980))
    );
    refused(
        &act(&server, &id, "restore", json!({})).await,
        409,
        "CONFLICT",
    );
    let approved = act(&server, &id, "approve", reason).await.expect(200);
    assert_eq!(approved.data()["status"], "approved");
    assert!(approved.data()["approvedAt"].is_string());
}

#[tokio::test]
async fn a_reason_is_needed_to_deny_and_before_the_hold_ends() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let id = sale(&server, "order-1").await;
    for action in ["deny", "approve"] {
        for body in [
            json!({}),
            json!({"reason": null}),
            json!({"reason": " "}),
            json!({"reason": "x".repeat(501)}),
            json!({"reason": "two\nlines"}),
            json!({"reason": 7}),
        ] {
            let answer = act(&server, &id, action, body.clone()).await;
            invalid(&answer, "reason");
        }
    }
    invalid(
        &act(&server, &id, "deny", json!({"raeson": "x"})).await,
        "raeson",
    );
    assert_eq!(statuses(&server, &[&id]).await, ["Pending"]);
}

#[tokio::test]
async fn a_selection_is_decided_about_as_a_whole() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let (one, two) = (
        sale(&server, "order-1").await,
        sale(&server, "order-2").await,
    );
    let three = sale(&server, "order-3").await;
    let all = [one.as_str(), two.as_str(), three.as_str()];
    for id in [&two, &three] {
        act(&server, id, "deny", json!({"reason": "no"}))
            .await
            .expect(200);
    }
    let body = json!({"ids": all, "action": "deny", "reason": "all of them"});
    let answer = server.post(BULK, body).await;
    refused(&answer, 409, "CONFLICT");
    let in_the_way = &answer.json["error"]["details"]["refused"];
    assert_eq!(
        in_the_way,
        &json!([
            {"id": two, "reason": "it is denied already"},
            {"id": three, "reason": "it is denied already"},
        ])
    );
    assert_eq!(
        statuses(&server, &all).await,
        ["Pending", "Denied", "Denied"],
        "nothing was changed"
    );

    let unknown = json!({"ids": [two, NOBODY], "action": "restore"});
    let answer = server.post(BULK, unknown).await;
    refused(&answer, 404, "NOT_FOUND");
    assert_eq!(answer.json["error"]["details"]["refused"][0]["id"], NOBODY);
    assert_eq!(statuses(&server, &[&two]).await, ["Denied"]);

    let body = json!({"ids": [two, three], "action": "restore"});
    let restored = server.post(BULK, body).await.expect(200);
    assert_eq!(restored.data().as_array().map(Vec::len), Some(2));
    assert_eq!(statuses(&server, &all).await, ["Pending"; 3]);

    let without = json!({"ids": all, "action": "approve"});
    let answer = server.post(BULK, without).await;
    invalid(&answer, "reason");
    let with = json!({"ids": all, "action": "approve", "reason": "known customers"});
    server.post(BULK, with).await.expect(200);
    assert_eq!(statuses(&server, &all).await, ["Approved"; 3]);
}

#[tokio::test]
async fn a_selection_is_one_to_a_hundred_different_ids() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let id = sale(&server, "order-1").await;
    let many: Vec<String> = (0..101).map(|number| format!("{number:032x}")).collect();
    let deny = |ids: Value| json!({"ids": ids, "action": "deny", "reason": "no"});
    for ids in [json!([]), json!([id, id]), json!(many), json!("x")] {
        invalid(&server.post(BULK, deny(ids)).await, "ids");
    }
    invalid(&server.post(BULK, deny(json!(["x"]))).await, "ids[0]");
    for (name, value) in [
        ("action", json!("pay")),
        ("action", Value::Null),
        ("reason", json!(" ")),
        ("reason", Value::Null),
    ] {
        let mut body = deny(json!([id]));
        body[name] = value;
        invalid(&server.post(BULK, body).await, name);
    }
    refused(
        &server.post(BULK, deny(json!(many[..100]))).await,
        404,
        "NOT_FOUND",
    );
}

#[tokio::test]
async fn strangers_and_readers_decide_nothing() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let id = sale(&server, "order-1").await;
    let stranger = server.second_organization().await;
    let reader = server.with_scopes(&["conversions:read"]).await;
    let reason = json!({"reason": "no"});
    for action in ["approve", "deny", "restore"] {
        refused(
            &act(&stranger, &id, action, reason.clone()).await,
            404,
            "NOT_FOUND",
        );
        refused(
            &act(&reader, &id, action, reason.clone()).await,
            403,
            "INSUFFICIENT_SCOPE",
        );
    }
    let body = json!({"ids": [id], "action": "deny", "reason": "no"});
    refused(&stranger.post(BULK, body.clone()).await, 404, "NOT_FOUND");
    refused(&reader.post(BULK, body).await, 403, "INSUFFICIENT_SCOPE");
    assert_eq!(statuses(&server, &[&id]).await, ["Pending"]);
}
