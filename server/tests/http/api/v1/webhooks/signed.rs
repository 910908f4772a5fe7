//! The reference library of the Standard Webhooks specification takes what this program signs.

use serde_json::{Map, Value, json};

use super::{endpoint, path_of, text};
use crate::support::{Received, Receiver, TestServer, now, verdicts};

/// The headers under the names that the package reads, taken from those that begin with `family`.
fn headers(received: &Received, family: &str) -> Value {
    let header = |name: &str| {
        let value = received.header(&format!("{family}-{name}"));
        (format!("webhook-{name}"), json!(value))
    };
    let all: Map<String, Value> = ["id", "timestamp", "signature"]
        .map(header)
        .into_iter()
        .collect();
    Value::Object(all)
}

#[tokio::test]
async fn every_message_is_signed_with_each_secret_that_is_valid() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    let events = ["affiliate.joined", "affiliate.approved"];
    let (books, first) = endpoint(&server, &receiver.base_url, &events).await;
    server
        .affiliate_named("Sár\u{e1}h \u{1f4b6}", "sarah", json!({}))
        .await;
    let before = receiver.told(2).await;
    let rotate = format!("{}/rotate-secret", path_of(&books));
    let rotated = server.request(reqwest::Method::POST, &rotate);
    let rotated = crate::support::send(rotated).await.expect(200);
    let second = text(&rotated.data()["signingSecret"]).to_owned();
    let shown = &rotated.data()["endpoint"];
    assert!(second.ends_with(text(&shown["secretLastFour"])));
    assert!(shown["previousSecretUntil"].is_string());
    let test = format!("{}/test", path_of(&books));
    server.post(&test, json!({})).await.expect(201);
    let after = receiver.told(3).await;
    let after = after.last().expect("a test");
    let signatures = after.header("webhook-signature").split(' ');
    assert_eq!(signatures.filter(|one| one.starts_with("v1,")).count(), 2);
    assert_eq!(before[0].header("webhook-signature").split(' ').count(), 1);
    let time: i64 = after.header("webhook-timestamp").parse().expect("seconds");
    assert!((now() - time).abs() < 60);

    let delivery = |received: &Received, family: &str, secret: &str| json!({"body": received.body, "secret": secret, "headers": headers(received, family)});
    let mut changed = before[0].clone();
    changed.body = changed.body.replace("sarah", "jonas");
    let asked = json!([
        delivery(&before[0], "webhook", &first),
        delivery(&before[1], "svix", &first),
        delivery(after, "webhook", &first),
        delivery(after, "svix", &second),
        delivery(&before[0], "webhook", &second),
        delivery(&changed, "webhook", &first),
    ]);
    if let Some(verdicts) = verdicts("verify-webhooks.mjs", "standardwebhooks", &asked) {
        let expected = json!([
            "affiliate.joined",
            "affiliate.approved",
            "webhook.test",
            "webhook.test",
            null,
            null
        ]);
        assert_eq!(json!(verdicts), expected);
    }
}
