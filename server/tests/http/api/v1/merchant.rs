//! `/api/v1/me`, `/api/v1/merchant` and `/api/v1/merchant/s2s-secret`

use reqwest::Method;
use serde_json::json;

use super::refusal::invalid;
use crate::support::{TestServer, s2s_signature, send};

const MERCHANT: &str = "/api/v1/merchant";
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
async fn a_merchant_is_shown_and_changed_field_by_field() {
    let server = TestServer::start().await;
    let first = server.get(MERCHANT).await.expect(200);
    assert_eq!(first.data()["id"], server.organization_id.as_str());
    assert_eq!(first.data()["companyName"], "First");
    assert_eq!(first.data()["timezone"], "UTC");
    assert_eq!(first.data()["billingTier"], "free");
    assert_eq!(first.data()["billingRequirementStatus"], "not_required");
    assert_eq!(first.data()["updatedAt"], first.data()["createdAt"]);

    let body = json!({
        "companyName": " Acme ", "timezone": "Europe/Berlin", "defaultCommissionHoldDays": 14,
        "defaultCookieDuration": 90, "defaultPayoutThreshold": 2500, "trackingRequiresConsent": true,
        "logoUrl": null, "trackingParamAliases": [], "trackingLegacyMetadataFallbackEnabled": false,
    });
    let changed = server.patch(MERCHANT, body).await.expect(200);
    assert_eq!(changed.data()["companyName"], "Acme");
    assert_eq!(changed.data()["defaultCookieDuration"], 90);
    let same = server.patch(MERCHANT, json!({})).await.expect(200);
    assert_eq!(same.data(), changed.data());
    assert_eq!(
        server.get(MERCHANT).await.expect(200).data(),
        changed.data()
    );

    let other = server.second_organization().await;
    let theirs = other.get(MERCHANT).await.expect(200);
    assert_eq!(theirs.data()["companyName"], "Other");
}

#[tokio::test]
async fn programs_start_with_the_merchants_defaults() {
    let server = TestServer::start().await;
    let body = json!({
        "defaultCommissionHoldDays": 14, "defaultCookieDuration": 90, "defaultPayoutThreshold": 2500,
        "trackingRequiresConsent": true,
    });
    server.patch(MERCHANT, body).await.expect(200);
    let program = json!({
        "name": "Partners", "commissionType": "one_time", "commissionPercent": 10, "currency": "JPY",
    });
    let made = server.post("/api/v1/programs", program).await.expect(201);
    assert_eq!(made.data()["commissionHoldDays"], 14);
    assert_eq!(made.data()["cookieDuration"], 90);
    assert_eq!(
        made.data()["payoutThreshold"],
        25,
        "of yen there are no hundredths"
    );
    assert_eq!(made.data()["trackingRequiresConsent"], true);
    let said = json!({
        "name": "Friends", "commissionType": "one_time", "commissionPercent": 10, "cookieDuration": 7,
    });
    let made = server.post("/api/v1/programs", said).await.expect(201);
    assert_eq!(made.data()["cookieDuration"], 7);
}

#[tokio::test]
async fn what_a_merchant_can_not_have_is_refused_by_name() {
    let server = TestServer::start().await;
    for (field, value) in [
        ("companyName", json!("")),
        ("timezone", json!("Europe/Atlantis")),
        ("timezone", json!("posix/Europe/Berlin")),
        ("timezone", json!("+02:00")),
        ("defaultCommissionHoldDays", json!(366)),
        ("defaultCookieDuration", json!(0)),
        ("defaultPayoutThreshold", json!(-1)),
        ("defaultPayoutThreshold", json!(10_i64.pow(13))),
        ("trackingRequiresConsent", json!("yes")),
        ("logoUrl", json!("https://example.com/logo.png")),
        ("trackingParamAliases", json!(["partner"])),
        ("trackingLegacyMetadataFallbackEnabled", json!(true)),
        ("billingTier", json!("pro")),
    ] {
        invalid(&server.patch(MERCHANT, json!({field: value})).await, field);
    }
    invalid(&server.get("/api/v1/merchant?full=1").await, "full");
    let reader = server.with_scopes(&["merchant:read"]).await;
    reader.get(MERCHANT).await.expect(200);
    reader.patch(MERCHANT, json!({})).await.expect(403);
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
