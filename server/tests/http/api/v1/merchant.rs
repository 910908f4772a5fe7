//! `/api/v1/me` and `/api/v1/merchant/s2s-secret`

use reqwest::Method;
use serde_json::json;

use super::refusal::invalid;
use crate::support::{TestServer, s2s_signature, send};

const SECRET: &str = "/api/v1/merchant/s2s-secret";

#[tokio::test]
async fn me_is_the_organization_and_the_key_for_any_key() {
    let server = TestServer::start().await;
    let limited = server.with_scopes(&["flags:read"]).await;
    let me = limited.get("/api/v1/me").await.expect(200);
    assert_eq!(me.data()["organizationId"], server.organization_id.as_str());
    assert_eq!(me.data()["organizationName"], "First");
    assert_eq!(me.data()["key"]["name"], "limited");
    assert_eq!(me.data()["key"]["scopes"], json!(["flags:read"]));
    assert!(me.data()["key"]["id"].is_string());
    assert_eq!(me.data()["key"].get("key"), None);
    let other = server.second_organization().await;
    let me = other.get("/api/v1/me").await.expect(200);
    assert_eq!(me.data()["organizationName"], "Other");
    assert_eq!(me.data()["organizationId"], other.organization_id.as_str());
}

#[tokio::test]
async fn a_new_secret_signs_calls_and_so_does_the_one_before() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    // Without any body, and with an empty one.
    let first = send(server.request(Method::POST, SECRET)).await.expect(201);
    let second = server.post(SECRET, json!({})).await.expect(201);
    assert_ne!(first.data()["secret"], second.data()["secret"]);
    for (number, answer) in [&first, &second].into_iter().enumerate() {
        assert_eq!(
            answer.data()["organizationId"],
            server.organization_id.as_str()
        );
        let secret = answer.data()["secret"].as_str().expect("the secret");
        let body = json!({
            "externalEventId": format!("order-{number}"), "amountCents": 4900, "currency": "USD",
            "affiliateSlug": "sarah",
        });
        let body = body.to_string();
        let signed = server
            .without_key()
            .request(Method::POST, "/api/tracking/s2s")
            .header("content-type", "application/json")
            .header("x-tributary-organization", &server.organization_id)
            .header(
                "x-tributary-signature",
                s2s_signature(secret, body.as_bytes()),
            )
            .body(body);
        send(signed).await.expect(201);
    }
    invalid(
        &server.post(SECRET, json!({"secret": "mine"})).await,
        "secret",
    );
}
