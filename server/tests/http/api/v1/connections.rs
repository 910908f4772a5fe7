//! `/api/v1/connections`

use serde_json::{Value, json};

use super::refusal::{NOBODY, invalid, missing, refused};
use crate::support::{Answer, TestServer};

const PATH: &str = "/api/v1/connections";
const SECRET: &str = "whsec_hush_hush_hush";
const API_KEY: &str = "rk_test_hush_hush_hush";

fn stripe() -> Value {
    json!({"processor": "stripe", "mode": "test", "name": "Shop", "signingSecrets": [SECRET], "apiKey": API_KEY})
}

#[track_caller]
fn keeps_secrets(answer: &Answer) {
    assert!(!answer.text.contains("hush"), "{}", answer.text);
}

#[tokio::test]
async fn a_connection_is_made_changed_and_removed() {
    let server = TestServer::start().await;
    let made = server.post(PATH, stripe()).await.expect(201);
    let connection = made.data();
    let id = connection["id"].as_str().expect("an id").to_owned();
    for (name, value) in [
        ("processor", json!("stripe")),
        ("mode", json!("test")),
        ("name", json!("Shop")),
        ("programId", Value::Null),
        (
            "webhookUrl",
            json!(format!("{}/api/webhooks/stripe/{id}", server.base_url)),
        ),
        ("signingSecretCount", json!(1)),
        ("lastEventAt", Value::Null),
        ("lastReconciledAt", Value::Null),
        ("reconcileError", Value::Null),
    ] {
        assert_eq!(connection.get(name), Some(&value), "{name}");
    }
    keeps_secrets(&made);

    let path = format!("{PATH}/{id}");
    let program = server.default_campaign().await;
    let change = json!({
        "name": "Shop 2", "mode": "live", "programId": program, "apiKey": API_KEY,
        "signingSecrets": ["whsec_hush_1", "whsec_hush_2"],
    });
    let changed = server.patch(&path, change).await.expect(200);
    for (name, value) in [
        ("name", json!("Shop 2")),
        ("mode", json!("live")),
        ("programId", json!(program)),
        ("signingSecretCount", json!(2)),
    ] {
        assert_eq!(changed.data().get(name), Some(&value), "{name}");
    }
    keeps_secrets(&changed);
    let kept = server.patch(&path, json!({})).await.expect(200);
    assert_eq!(kept.data(), changed.data());
    let freed = server
        .patch(&path, json!({"programId": null}))
        .await
        .expect(200);
    assert_eq!(freed.data()["programId"], Value::Null);

    let list = server.get(PATH).await.expect(200);
    assert_eq!(list.data(), &json!([freed.data()]));
    keeps_secrets(&list);

    assert_eq!(
        server.delete(&path).await.expect(200).data(),
        &json!({"success": true})
    );
    refused(&server.delete(&path).await, 404, "NOT_FOUND");
    refused(
        &server.patch(&path, json!({"name": "X"})).await,
        404,
        "NOT_FOUND",
    );
    assert_eq!(server.get(PATH).await.data(), &json!([]));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name_and_secrets_are_not_repeated() {
    let server = TestServer::start().await;
    let strange_program = server.second_organization().await.default_campaign().await;
    for (name, values) in [
        (
            "processor",
            vec![json!("server"), json!("cash"), Value::Null],
        ),
        ("mode", vec![json!("sandbox"), json!(5), Value::Null]),
        ("name", vec![json!(""), Value::Null]),
        ("programId", vec![json!("x")]),
        (
            "signingSecrets",
            vec![
                json!([]),
                json!([""]),
                json!(["hush"]),
                json!(["hush hush hush"]),
                json!(vec![SECRET; 6]),
                json!(SECRET),
                json!([{"secret": SECRET}]),
                Value::Null,
            ],
        ),
        (
            "apiKey",
            vec![json!(""), json!("hush hush"), json!([API_KEY])],
        ),
    ] {
        for value in values {
            let mut body = stripe();
            body[name] = value;
            let answer = server.post(PATH, body).await;
            invalid(&answer, name);
            keeps_secrets(&answer);
        }
    }
    let keys = json!({
        "processor": "braintree", "mode": "live", "name": "Braintree", "merchantId": "merchant_1",
        "publicKey": "public_key_1", "privateKey": "hush_private_key",
    });
    for name in ["merchantId", "privateKey"] {
        let mut body = keys.clone();
        body[name] = json!("short");
        invalid(&server.post(PATH, body).await, name);
    }
    for name in ["processor", "mode", "name", "signingSecrets"] {
        let mut body = stripe();
        body.as_object_mut().expect("an object").remove(name);
        invalid(&server.post(PATH, body).await, name);
    }
    for id in [NOBODY, &strange_program] {
        let mut body = stripe();
        body["programId"] = json!(id);
        missing(&server.post(PATH, body).await, "programId");
    }
    assert_eq!(
        server.get(PATH).await.data(),
        &json!([]),
        "nothing was stored"
    );

    let path = format!("{PATH}/{}", server.connect_stripe(SECRET).await.id);
    let program = json!({"programId": strange_program});
    missing(&server.patch(&path, program).await, "programId");
    for (name, value) in [
        ("mode", json!("sandbox")),
        ("name", json!("")),
        ("signingSecrets", json!([])),
        ("signingSecrets", json!(SECRET)),
        ("apiKey", json!("hush hush")),
        ("processor", json!("stripe")),
    ] {
        let answer = server.patch(&path, json!({name: value})).await;
        invalid(&answer, name);
        keeps_secrets(&answer);
    }
}
