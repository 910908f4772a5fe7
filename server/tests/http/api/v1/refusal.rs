//! What every refusal of `/api/v1` looks like, and checks that other modules share.

use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer};

/// An id that nothing has.
pub(super) const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// Every address with what it takes: method, path, body. `{}` stands for an id.
const ADDRESSES: &[(&str, &str)] = &[
    ("GET", "/api/v1/programs"),
    ("POST", "/api/v1/programs"),
    ("GET", "/api/v1/programs/{}"),
    ("PATCH", "/api/v1/programs/{}"),
    ("DELETE", "/api/v1/programs/{}"),
    ("GET", "/api/v1/programs/{}/stats"),
    ("GET", "/api/v1/programs/{}/coupons"),
    ("POST", "/api/v1/programs/{}/coupons"),
    ("GET", "/api/v1/programs/{}/affiliates"),
    ("DELETE", "/api/v1/coupons/{}"),
    ("GET", "/api/v1/affiliates"),
    ("POST", "/api/v1/affiliates"),
    ("GET", "/api/v1/affiliates/{}"),
    ("PATCH", "/api/v1/affiliates/{}"),
    ("POST", "/api/v1/affiliates/{}/block"),
    ("POST", "/api/v1/affiliates/{}/unblock"),
    ("GET", "/api/v1/connections"),
    ("POST", "/api/v1/connections"),
    ("PATCH", "/api/v1/connections/{}"),
    ("DELETE", "/api/v1/connections/{}"),
    ("GET", "/api/v1/conversions"),
    ("POST", "/api/v1/conversions"),
    ("GET", "/api/v1/conversions/stats"),
    ("GET", "/api/v1/conversions/recent"),
    ("POST", "/api/v1/conversions/bulk"),
    ("GET", "/api/v1/conversions/{}"),
    ("POST", "/api/v1/conversions/{}/approve"),
    ("POST", "/api/v1/conversions/{}/deny"),
    ("POST", "/api/v1/conversions/{}/restore"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/events/{}"),
    ("POST", "/api/v1/events/{}/replay"),
    ("GET", "/api/v1/flags"),
    ("GET", "/api/v1/flags/stats"),
    ("POST", "/api/v1/flags/{}/resolve"),
    ("GET", "/api/v1/payouts"),
    ("GET", "/api/v1/payouts/pending"),
    ("POST", "/api/v1/payouts"),
    ("POST", "/api/v1/payouts/batches"),
    ("GET", "/api/v1/payouts/{}"),
    ("GET", "/api/v1/payouts/{}/entries"),
    ("POST", "/api/v1/payouts/{}/process"),
    ("POST", "/api/v1/payouts/{}/complete"),
    ("POST", "/api/v1/payouts/{}/fail"),
    ("GET", "/api/v1/api-keys"),
    ("POST", "/api/v1/api-keys"),
    ("DELETE", "/api/v1/api-keys/{}"),
    ("GET", "/api/v1/merchant"),
    ("PATCH", "/api/v1/merchant"),
    ("POST", "/api/v1/merchant/s2s-secret"),
    ("GET", "/api/v1/webhooks"),
    ("POST", "/api/v1/webhooks"),
    ("GET", "/api/v1/webhooks/{}"),
    ("PATCH", "/api/v1/webhooks/{}"),
    ("DELETE", "/api/v1/webhooks/{}"),
    ("POST", "/api/v1/webhooks/{}/rotate-secret"),
    ("POST", "/api/v1/webhooks/{}/test"),
    ("GET", "/api/v1/webhooks/{}/deliveries"),
];

/// Checks a 400 that names a field.
#[track_caller]
pub(super) fn invalid(answer: &Answer, field: &str) {
    assert_eq!(answer.status, 400, "{field}: {}", answer.text);
    assert_eq!(answer.error(), "VALIDATION_ERROR", "{}", answer.text);
    assert_eq!(answer.field(), field, "{}", answer.text);
}

/// Checks a refusal's status and code.
#[track_caller]
pub(super) fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.error()),
        (status, code),
        "{}",
        answer.text
    );
    let request_id = answer.json["meta"]["requestId"]
        .as_str()
        .unwrap_or_default();
    assert_eq!(request_id, answer.header("x-request-id"), "{}", answer.text);
    assert!(!request_id.is_empty(), "{}", answer.text);
}

/// Checks the 404 of a body whose field names a thing that is not there.
#[track_caller]
pub(super) fn missing(answer: &Answer, field: &str) {
    refused(answer, 404, "NOT_FOUND");
    assert_eq!(answer.field(), field, "{}", answer.text);
}

/// A body that each `POST` and `PATCH` address accepts as far as its form goes.
fn body_of(method: &str, path: &str) -> Value {
    match (method, path) {
        ("PATCH", _) | (_, "/api/v1/merchant/s2s-secret" | "/api/v1/events/{}/replay") => {
            json!({})
        }
        (_, "/api/v1/programs") => {
            json!({"name": "P", "commissionType": "recurring", "commissionPercent": 20})
        }
        (_, "/api/v1/affiliates") => json!({"name": "A", "email": "a@example.com", "code": "aaa"}),
        (_, "/api/v1/connections") => {
            json!({"processor": "stripe", "mode": "test", "name": "C", "signingSecrets": ["whsec_12345678"]})
        }
        (_, "/api/v1/conversions") => json!({
            "affiliateId": NOBODY, "programId": NOBODY, "amount": 1, "currency": "USD", "note": "N",
        }),
        (_, "/api/v1/webhooks") => {
            json!({"name": "W", "url": "https://example.com", "subscribedEvents": ["flag.created"]})
        }
        (_, path) if path.starts_with("/api/v1/webhooks/") => json!({}),
        (_, "/api/v1/conversions/bulk") => json!({"ids": [NOBODY], "action": "restore"}),
        (_, path) if path.starts_with("/api/v1/conversions/") => json!({"reason": "R"}),
        (_, path) if path.starts_with("/api/v1/affiliates/") => json!({"reason": "R"}),
        (_, path) if path.starts_with("/api/v1/flags/") => json!({"status": "reviewed"}),
        (_, "/api/v1/payouts") => json!({"affiliateId": NOBODY, "programId": NOBODY}),
        (_, "/api/v1/payouts/batches") => json!({"dryRun": true}),
        (_, path) if path.starts_with("/api/v1/payouts/") => json!({"note": "N"}),
        (_, "/api/v1/api-keys") => json!({"name": "K", "scopes": ["stats:read"]}),
        _ => json!({"affiliateId": NOBODY, "code": "CODE"}),
    }
}

async fn call(client: &Client, method: &str, path: &str, id: &str) -> Answer {
    let body = body_of(method, path);
    let path = path.replace("{}", id);
    match method {
        "GET" => client.get(&path).await,
        "DELETE" => client.delete(&path).await,
        "PATCH" => client.patch(&path, body).await,
        _ => client.post(&path, body).await,
    }
}

#[tokio::test]
async fn no_key_and_an_unknown_key_are_401_everywhere() {
    let server = TestServer::start().await;
    let keyless = server.without_key();
    let stranger = server.with_key("ak_live_000000000000000000000000");
    for (method, path) in ADDRESSES {
        for client in [&keyless, &stranger] {
            refused(
                &call(client, method, path, NOBODY).await,
                401,
                "UNAUTHORIZED",
            );
        }
    }
    refused(&keyless.get("/api/v1/me").await, 401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_key_without_the_scope_is_403_everywhere() {
    let server = TestServer::start().await;
    let stats = server.with_scopes(&["stats:read"]).await;
    let others = server.with_scopes(&["payouts:read"]).await;
    for (method, path) in ADDRESSES {
        let limited = if path.ends_with("/stats") {
            &others
        } else {
            &stats
        };
        let answer = call(limited, method, path, NOBODY).await;
        refused(&answer, 403, "INSUFFICIENT_SCOPE");
    }
}

#[tokio::test]
async fn reading_scopes_do_not_write() {
    let server = TestServer::start().await;
    let reader = server
        .with_scopes(&[
            "programs:read",
            "affiliates:read",
            "merchant:read",
            "conversions:read",
            "events:read",
            "flags:read",
            "webhooks:read",
            "stats:read",
            "payouts:read",
        ])
        .await;
    for (method, path) in ADDRESSES {
        let answer = call(&reader, method, path, NOBODY).await;
        if *method == "GET" && !path.ends_with("/api-keys") {
            assert!(
                matches!(answer.status, 200 | 404),
                "{method} {path}: {}",
                answer.text
            );
        } else {
            refused(&answer, 403, "INSUFFICIENT_SCOPE");
        }
    }
}

#[tokio::test]
async fn an_id_that_names_nothing_is_404_everywhere() {
    let server = TestServer::start().await;
    for (method, path) in ADDRESSES.iter().filter(|(_, path)| path.contains("{}")) {
        for id in [NOBODY, "not-an-id", "1"] {
            refused(&call(&server, method, path, id).await, 404, "NOT_FOUND");
        }
    }
    refused(&server.get("/api/v1/nonsense").await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_strangers_ids_are_404_everywhere() {
    let server = TestServer::start().await;
    let stranger = server.second_organization().await;
    let affiliate = server.affiliate("sarah").await;
    let program = server.default_campaign().await;
    let coupon = json!({"affiliateId": affiliate.id, "code": "SARAH20"});
    let coupon = server
        .post(&format!("/api/v1/programs/{program}/coupons"), coupon)
        .await
        .expect(201);
    let connection = server.connect_stripe("whsec_0123456789").await;
    let key = server
        .post("/api/v1/api-keys", body_of("POST", "/api/v1/api-keys"))
        .await
        .expect(201);
    for (method, path) in ADDRESSES.iter().filter(|(_, path)| path.contains("{}")) {
        let id = match *path {
            path if path.starts_with("/api/v1/programs") => program.as_str(),
            path if path.starts_with("/api/v1/affiliates") => affiliate.id.as_str(),
            path if path.starts_with("/api/v1/connections") => connection.id.as_str(),
            path if path.starts_with("/api/v1/coupons") => {
                coupon.data()["id"].as_str().expect("an id")
            }
            _ => key.data()["id"].as_str().expect("an id"),
        };
        refused(&call(&stranger, method, path, id).await, 404, "NOT_FOUND");
    }
    // And nothing was changed by trying.
    server
        .get(&format!("/api/v1/affiliates/{}", affiliate.id))
        .await
        .expect(200);
    let program = server
        .get(&format!("/api/v1/programs/{program}"))
        .await
        .expect(200);
    assert_eq!(program.data()["status"], "active");
    assert_eq!(
        server
            .get("/api/v1/connections")
            .await
            .data()
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn unknown_parameters_and_fields_are_refused_by_name() {
    let server = TestServer::start().await;
    let program = server.default_campaign().await;
    let affiliate = server.affiliate("sarah").await;
    for path in [
        "/api/v1/programs".to_owned(),
        format!("/api/v1/programs/{program}"),
        format!("/api/v1/programs/{program}/coupons"),
        format!("/api/v1/programs/{program}/affiliates"),
        "/api/v1/affiliates".to_owned(),
        format!("/api/v1/affiliates/{}", affiliate.id),
        "/api/v1/connections".to_owned(),
        "/api/v1/events".to_owned(),
        "/api/v1/flags".to_owned(),
        "/api/v1/flags/stats".to_owned(),
        "/api/v1/api-keys".to_owned(),
        "/api/v1/me".to_owned(),
    ] {
        invalid(&server.get(&format!("{path}?stauts=x")).await, "stauts");
    }
    for (method, path) in ADDRESSES
        .iter()
        .filter(|(method, _)| matches!(*method, "POST" | "PATCH"))
    {
        let id = if path.starts_with("/api/v1/affiliates") {
            &affiliate.id
        } else {
            &program
        };
        let mut body = body_of(method, path);
        body["nmae"] = json!("x");
        let path = path.replace("{}", id);
        let answer = match *method {
            "POST" => server.post(&path, body).await,
            _ => server.patch(&path, body).await,
        };
        invalid(&answer, "nmae");
    }
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let server = TestServer::start().await;
    refused(
        &server.post_bytes("/api/v1/programs", "{").await,
        400,
        "BAD_REQUEST",
    );
    refused(
        &server.post_bytes("/api/v1/programs", "[]").await,
        400,
        "BAD_REQUEST",
    );
    refused(
        &server
            .post_bytes("/api/v1/programs", vec![b' '; 1024 * 1024 + 1])
            .await,
        413,
        "BAD_REQUEST",
    );
    let form = server
        .request(reqwest::Method::POST, "/api/v1/programs")
        .body("name=P");
    refused(&crate::support::send(form).await, 415, "BAD_REQUEST");
}
