//! `POST /api/v1/conversions`: a sale entered by hand.

use serde_json::{Value, json};

use crate::{
    http::api::v1::refusal::{NOBODY, invalid, missing, refused},
    support::TestServer,
};

const PATH: &str = "/api/v1/conversions";

async fn body(server: &TestServer) -> Value {
    let sarah = server.affiliate("sarah").await;
    json!({
        "affiliateId": sarah.id, "programId": server.default_campaign().await, "amount": 10_000,
        "currency": "USD", "customerEmail": "Ann@Example.com", "externalEventId": "wire-1",
        "occurredAt": "2026-01-31T10:00:00Z", "note": "paid by wire",
    })
}

#[tokio::test]
async fn a_sale_is_entered_once_per_external_id() {
    let server = TestServer::start().await;
    let mut body = body(&server).await;
    let made = server.post(PATH, body.clone()).await.expect(201);
    for (name, value) in [
        ("source", json!("Manual")),
        ("type", json!("Sale")),
        ("amountCents", json!(10_000)),
        ("commissionCents", json!(2000)),
        ("customerEmail", json!("ann@example.com")),
        ("externalEventId", json!("wire-1")),
        ("occurredAt", json!("2026-01-31T10:00:00.000Z")),
        ("deduped", json!(false)),
    ] {
        assert_eq!(made.data().get(name), Some(&value), "{name}");
    }
    body["amount"] = json!(1);
    let again = server.post(PATH, body.clone()).await.expect(200);
    assert_eq!(
        (
            &again.data()["id"],
            &again.data()["deduped"],
            &again.data()["amount"]
        ),
        (&made.data()["id"], &json!(true), &json!(10_000))
    );
    let id = made.data()["id"].as_str().expect("an id");
    let story = server.get(&format!("{PATH}/{id}")).await.expect(200);
    assert_eq!(
        story.data()["trail"][0]["text"],
        "Entered by hand: paid by wire"
    );
    let audit = story.data()["audit"].as_array().expect("a list");
    let [line] = audit.as_slice() else {
        panic!("one line for both calls: {audit:?}");
    };
    assert_eq!(
        (&line["actor"]["kind"], &line["action"], &line["detail"]),
        (
            &json!("key"),
            &json!("created"),
            &json!("Pending, $20.00: Entered by hand: paid by wire")
        )
    );

    for name in ["externalEventId", "customerEmail", "occurredAt"] {
        body.as_object_mut().expect("an object").remove(name);
    }
    server.post(PATH, body.clone()).await.expect(201);
    server.post(PATH, body).await.expect(201);
    assert_eq!(server.sales("source=manual").await.len(), 3);
}

#[tokio::test]
async fn every_field_is_checked() {
    let server = TestServer::start().await;
    let body = body(&server).await;
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    for (name, values) in [
        ("affiliateId", vec![json!("x"), json!(7), Value::Null]),
        ("programId", vec![json!("x"), Value::Null]),
        (
            "amount",
            vec![
                json!("49"),
                json!(4.9),
                json!(0),
                json!(-1),
                json!(1_000_000_000_000_001_i64),
                Value::Null,
            ],
        ),
        (
            "currency",
            vec![json!("XXX"), json!("dollars"), json!(""), Value::Null],
        ),
        ("customerEmail", vec![json!("ann"), json!("")]),
        ("externalEventId", vec![json!(" "), json!("x".repeat(256))]),
        (
            "occurredAt",
            vec![
                json!("yesterday"),
                json!("2999-01-01T00:00:00Z"),
                json!("0001-01-01T00:00:00Z"),
            ],
        ),
        ("note", vec![json!(""), json!("x".repeat(501)), Value::Null]),
        ("nmae", vec![json!("x")]),
    ] {
        for value in values {
            let answer = server.post(PATH, with(name, value.clone())).await;
            assert_eq!(answer.status, 400, "{name}: {value}");
            invalid(&answer, name);
        }
    }
    missing(
        &server.post(PATH, with("affiliateId", json!(NOBODY))).await,
        "affiliateId",
    );
    missing(
        &server.post(PATH, with("programId", json!(NOBODY))).await,
        "programId",
    );
    let program = json!({"name": "Other", "commissionType": "recurring", "commissionPercent": 20});
    let other = server.campaign(program).await;
    invalid(
        &server.post(PATH, with("programId", json!(other))).await,
        "programId",
    );
    assert_eq!(server.sales("").await, Vec::<Value>::new());
}

#[tokio::test]
async fn strangers_and_readers_enter_nothing() {
    let server = TestServer::start().await;
    let body = body(&server).await;
    let stranger = server.second_organization().await;
    let answer = stranger.post(PATH, body.clone()).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    let reader = server.with_scopes(&["conversions:read"]).await;
    refused(&reader.post(PATH, body).await, 403, "INSUFFICIENT_SCOPE");
    assert_eq!(server.sales("").await, Vec::<Value>::new());
}

#[tokio::test]
async fn who_gets_no_new_credit_gets_none_by_hand() {
    let server = TestServer::start().await;
    let body = body(&server).await;
    let affiliate = format!(
        "/api/v1/affiliates/{}",
        body["affiliateId"].as_str().expect("an id")
    );
    for status in ["paused", "blocked", "removed"] {
        let set = json!({"status": status});
        server.patch(&affiliate, set).await.expect(200);
        let answer = server.post(PATH, body.clone()).await;
        refused(&answer, 409, "CONFLICT");
        let told = format!("this affiliate is {status}: set the affiliate to active first");
        assert!(answer.text.contains(&told), "{}", answer.text);
    }
    assert_eq!(server.sales("").await.len(), 0);
    let set = json!({"status": "approved"});
    server.patch(&affiliate, set).await.expect(200);
    server.post(PATH, body.clone()).await.expect(201);
    let set = json!({"status": "paused"});
    server.patch(&affiliate, set).await.expect(200);
    server.post(PATH, body).await.expect(200);
}
