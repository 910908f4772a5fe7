//! The published clients of dialect B, unchanged, drive a running server: their models read every answer, their iterators
//! every page, and refusals become their exceptions.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::TestServer;

/// The key that every test server has, and what a slow one lets it do: of so many calls a minute, one comes back every second.
const CALLS_A_MINUTE: &str = "60";

/// A shop in which something of every kind has happened, as facts for a client.
async fn facts(server: &TestServer, slow: &TestServer) -> Value {
    let sarah = server.affiliate("sarah").await;
    let jonas = server.affiliate("jonas").await;
    server.coupon(&sarah, "SARAH20", None).await;
    for number in 0..16 {
        let id = format!("order-{number}");
        server.sale(&id, "sarah", json!({})).await.expect(201);
    }
    let by_coupon = json!({"couponCode": "SARAH20", "affiliateSlug": null});
    server.sale("coupon", "sarah", by_coupon).await.expect(201);
    server.sale("jonas", "jonas", json!({})).await.expect(201);
    // Who buys through a link of his own is flagged; each client resolves one.
    for id in ["own-1", "own-2"] {
        let own = json!({"customerEmail": "sarah@affiliates.example"});
        server.sale(id, "sarah", own).await.expect(201);
    }
    let lead = json!({"email": "ann@example.com", "affiliateSlug": "jonas"});
    server.post("/api/tracking/lead", lead).await.expect(201);
    for (id, amount) in [("order-0", 4900), ("order-1", 900), ("order-2", 100)] {
        let refund =
            json!({"externalEventId": id, "refundId": format!("re-{id}"), "amountCents": amount});
        let told = server.post("/api/tracking/s2s/refund", refund).await;
        told.expect(200);
    }
    for (id, action) in [
        ("order-3", "deny"),
        ("order-4", "approve"),
        ("order-2", "approve"),
    ] {
        let sale = server.sale_of(id).await.expect("it is listed");
        let path = format!(
            "/api/v1/conversions/{}/{action}",
            sale["id"].as_str().expect("an id")
        );
        server
            .post(&path, json!({"reason": "as it should be"}))
            .await
            .expect(200);
    }
    let limited = json!({"name": "limited", "scopes": ["flags:read"]});
    let limited = server.post("/api/v1/api-keys", limited).await.expect(201);
    json!({
        "url": server.base_url, "slowUrl": slow.base_url, "key": server.api_key,
        "limitedKey": limited.data()["key"], "programId": server.default_campaign().await,
        "sarahId": sarah.id, "jonasId": jonas.id,
    })
}

/// Runs a client's suite, which tells what is wrong.
async fn passes(mut client: Command, suite: &str) {
    let server = TestServer::start().await;
    let slow = TestServer::start_with(&[("TRIBUTARY_RATE_LIMIT_PER_MINUTE", CALLS_A_MINUTE)]).await;
    let facts = facts(&server, &slow).await;
    let suite = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/sdk")
        .join(suite);
    let ended = client.arg(suite).arg(facts.to_string()).output();
    let ended = ended.expect("the client runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

#[tokio::test]
async fn the_published_node_client_works_unchanged() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end/node_modules/agentref");
    if !package.is_dir() {
        eprintln!("skipped: npm ci --prefix end2end installs the client");
        return;
    }
    passes(Command::new("node"), "agentref.mjs").await;
}

#[tokio::test]
async fn the_published_python_client_works_unchanged() {
    let python = std::env::var_os("AGENTREF_PYTHON").unwrap_or_default();
    if python == "none" {
        return;
    }
    assert!(
        Path::new(&python).is_file(),
        "the Python client isn't installed: with python3 and its venv there, type: make install-test; \
         or leave it out with AGENTREF_PYTHON=none"
    );
    passes(Command::new(python), "agentref.py").await;
}
