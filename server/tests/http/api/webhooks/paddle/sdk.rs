//! Paddle's own SDK and this program agree on which bytes Paddle signed.

use serde_json::{Value, json};

use super::{SECRET, shop};
use crate::support::{now, paddle::signature, send, verdicts};

const SDK: &str = "@paddle/paddle-node-sdk";

#[tokio::test]
async fn the_sdk_and_this_program_accept_and_refuse_the_same_bytes() {
    let (server, _, connection) = shop().await;
    // The SDK reads only whole events, so Paddle's own sample is sold, and sold again.
    let sample = include_str!("../../../../fixtures/paddle/transaction.completed.json");
    let body = |name: &str| {
        let custom = "\"custom_data\": {\"via\": \"sarah\", \"note\": \"\u{fc}\u{1f4b6}\"},\n    \"customer_id\"";
        sample
            .replace("\"custom_data\": null,\n    \"customer_id\"", custom)
            .replace("01h8dzxgkvdwemdhbpcapj2tbj", name)
            .replace("evt_01h8e1jxjnw9ra6zarhnz1a7y1", &format!("evt_{name}"))
    };
    let time = now();
    let (plain, spaced) = (body("plain"), body("spaced").replace('\n', "\r\n "));
    let signed = |body: &str| signature(SECRET, time, body.as_bytes());
    let mac = |body: &str| signed(body).split_once("h1=").expect("a mac").1.to_owned();
    let rolled = format!("ts={time};h1={};h1={}", "0".repeat(64), mac(&plain));
    let deliveries = [
        (plain.clone(), signed(&plain), true),
        (sample.to_owned(), signed(sample), true),
        (spaced.clone(), signed(&spaced), true),
        (plain.clone(), rolled, true),
        (format!("{plain} "), signed(&plain), false),
        (plain.replace("65215", "95215"), signed(&plain), false),
        (
            plain.clone(),
            signature("pdl_ntfset_other", time, plain.as_bytes()),
            false,
        ),
        (
            plain.clone(),
            signature(SECRET, time - 301, plain.as_bytes()),
            false,
        ),
        (
            plain.clone(),
            format!("ts={};h1={}", time + 1, mac(&plain)),
            false,
        ),
        (plain.clone(), format!("ts={time}"), false),
    ];
    let asked: Vec<Value> = deliveries
        .iter()
        .map(|(body, header, _)| json!({"body": body, "secret": SECRET, "header": header}))
        .collect();
    let Some(verdicts) = verdicts("verify-paddle.mjs", SDK, &json!(asked)) else {
        return;
    };
    assert_eq!(verdicts.len(), deliveries.len());
    for ((body, header, is_good), verdict) in deliveries.into_iter().zip(verdicts) {
        let expected = is_good.then_some("transaction.completed");
        assert_eq!(verdict, json!(expected), "the SDK: {header}");
        let request = server.paddle_delivery(&connection.id, body, Some(&header));
        let status = if is_good { 200 } else { 400 };
        send(request).await.expect(status);
    }
    // The sample itself names nobody; it is of the same customer.
    assert_eq!(server.sales("").await.len(), 3);
}
