//! `GET /api/v1/conversions/{id}`: the row and the whole story.

use serde_json::{Value, json};

use crate::{
    http::api::v1::refusal::{invalid, refused},
    support::{TestServer, stripe},
};

/// Some fields of the objects of a list.
fn told(list: &Value, names: &[&str]) -> Vec<Value> {
    let list = list.as_array().expect("a list");
    let pick = |one: &Value| names.iter().map(|name| one[*name].clone()).collect();
    list.iter().map(pick).collect()
}

#[tokio::test]
async fn the_row_has_the_names_of_both_dialects() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let more = json!({"taxCents": 400, "customerEmail": "ann@example.com"});
    let sale = server.sale("order-1", "sarah", more).await.expect(201);
    let one = server
        .get(&format!("/api/v1/conversions/{}", sale.id()))
        .await
        .expect(200);
    let row = one.data();
    let program = server.default_campaign().await;
    for (name, value) in [
        ("id", json!(sale.id())),
        ("affiliateId", json!(sarah.id)),
        ("programId", json!(program)),
        ("amount", json!(4900)),
        ("currency", json!("USD")),
        ("commission", json!(900)),
        ("commissionType", json!("recurring")),
        ("customerEmail", json!("ann@example.com")),
        ("status", json!("pending")),
        ("lifecycle", json!("pending")),
        ("method", json!("metadata")),
        ("stripeSessionId", Value::Null),
        ("payoutId", Value::Null),
        ("type", json!("Sale")),
        ("source", json!("Server")),
        ("campaignId", json!(program)),
        ("amountCents", json!(4900)),
        ("refundedCents", json!(0)),
        ("commissionCents", json!(900)),
        ("commissionCurrency", json!("USD")),
        ("externalEventId", json!("order-1")),
        ("affiliateSlug", json!("sarah")),
        ("commissionState", json!("ready")),
        ("click", Value::Null),
        ("flags", json!([])),
        ("refunds", json!([])),
        ("events", json!([])),
        ("audit", json!([])),
    ] {
        assert_eq!(row.get(name), Some(&value), "{name}");
    }
    // Everything that dialect A shows is there too, its status excepted.
    let listed = server.sale_of("order-1").await.expect("listed");
    for (name, value) in listed.as_object().expect("a row") {
        if name != "status" {
            assert_eq!(row.get(name), Some(value), "{name}");
        }
    }
    assert_eq!(
        told(&row["computation"], &["kind", "amountCents"]),
        [
            json!(["paid", 4900]),
            json!(["excluded", -400]),
            json!(["base", 4500]),
            json!(["rate", null]),
            json!(["commission", 900])
        ]
    );
    assert_eq!(
        told(
            &row["ledger"],
            &["kind", "amountCents", "currency", "payoutId"]
        ),
        [json!(["accrual", 900, "USD", null])]
    );
    let trail = &row["trail"][0];
    assert!(
        trail["text"].is_string() && trail["verdict"] == "answered",
        "{trail}"
    );
}

#[tokio::test]
async fn refunds_decisions_and_their_events_are_told() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let sale = server.sale("order-1", "sarah", json!({})).await.expect(201);
    let half = json!({"externalEventId": "order-1", "refundId": "r-1", "amountCents": 2450});
    server
        .post("/api/tracking/s2s/refund", half)
        .await
        .expect(200);
    let path = format!("/api/v1/conversions/{}", sale.id());
    let row = server.get(&path).await.expect(200);
    assert_eq!(row.data()["status"], "partially_refunded");
    assert_eq!(
        told(
            &row.data()["refunds"],
            &["id", "kind", "amountCents", "currency", "status", "counted"]
        ),
        [json!(["r-1", "refund", 2450, "USD", "succeeded", true])]
    );
    let denied = server
        .post(&format!("{path}/deny"), json!({"reason": "a test order"}))
        .await
        .expect(200);
    assert_eq!(denied.data()["status"], "rejected");
    let story = server.get(&path).await.expect(200);
    assert_eq!(story.data()["lifecycle"], "denied");
    let audit = &story.data()["audit"];
    assert_eq!(audit[1]["actor"]["kind"], "key", "{audit}");
    assert!(
        audit[1]["detail"]
            .as_str()
            .is_some_and(|detail| detail.ends_with("denied: a test order")),
        "{audit}"
    );
    let computation = told(&story.data()["computation"], &["kind", "amountCents"]);
    assert_eq!(
        computation[3..],
        [
            json!(["rate", null]),
            json!(["nothing", null]),
            json!(["commission", 0])
        ]
    );
}

#[tokio::test]
async fn a_processors_events_are_named() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let stripe = server.connect_stripe("whsec_0123456789").await;
    let purchase = stripe::Purchase::new("ann");
    let session = purchase.session("sarah");
    let session = purchase.event("checkout.session.completed", 1, session);
    let invoice = purchase.invoice(stripe::Shape::Basil);
    let invoice = purchase.event("invoice.paid", 2, invoice);
    for event in [&session, &invoice] {
        server.deliver(&stripe, event).await.expect(200);
    }
    let sale = server.sale_of(&purchase.id("in")).await.expect("a sale");
    let path = format!(
        "/api/v1/conversions/{}",
        sale["id"].as_str().expect("an id")
    );
    let story = server.get(&path).await.expect(200);
    assert_eq!(
        told(&story.data()["events"], &["type", "externalId", "outcome"]),
        [json!(["invoice.paid", invoice["id"], "recorded"])]
    );
    assert!(story.data()["events"][0]["receivedAt"].is_string());
}

#[tokio::test]
async fn others_get_nothing() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let sale = server.sale("order-1", "sarah", json!({})).await.expect(201);
    let path = format!("/api/v1/conversions/{}", sale.id());
    let stranger = server.second_organization().await;
    refused(&stranger.get(&path).await, 404, "NOT_FOUND");
    let writer = server.with_scopes(&["conversions:write"]).await;
    refused(&writer.get(&path).await, 403, "INSUFFICIENT_SCOPE");
    invalid(&server.get(&format!("{path}?stauts=x")).await, "stauts");
}
