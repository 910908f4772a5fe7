//! The reference library of the Standard Webhooks specification takes what this program signs.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Map, Value, json};

use super::{endpoint, path_of, text};
use crate::support::{Received, Receiver, TestServer, now};

/// What the package says of each delivery: the type of its message, or null when it was not signed. `None`: the npm
/// packages of `end2end` are not installed.
fn verdicts(deliveries: &Value) -> Option<Vec<Value>> {
    let end2end = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end");
    if !end2end.join("node_modules/standardwebhooks").is_dir() {
        eprintln!("skipped: npm ci --prefix end2end installs the package standardwebhooks");
        return None;
    }
    let mut node = Command::new("node")
        .arg(end2end.join("support/verify-webhooks.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut stdin = node.stdin.take().expect("a pipe");
    stdin
        .write_all(deliveries.to_string().as_bytes())
        .expect("node reads");
    drop(stdin);
    let output = node.wait_with_output().expect("node ends");
    Some(serde_json::from_slice(&output.stdout).expect("a list"))
}

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
    if let Some(verdicts) = verdicts(&asked) {
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
