//! SIGTERM: nothing new is accepted, what was accepted is finished, the exit is orderly.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::support::{EventStream, TestServer, eventually};

/// What the server says when it gave up waiting for somebody.
const GAVE_UP: &str = "did not finish";

#[tokio::test]
async fn an_open_stream_does_not_hold_the_server() {
    let mut server = TestServer::start().await;
    server.affiliate("sarah").await;
    let mut streams = join_all((0..10).map(|_| EventStream::open(&server, None))).await;
    server.sale("a", "sarah", json!({})).await.expect(201);
    server.stop().await;
    assert!(!server.log().contains(GAVE_UP), "{}", server.log());
    for stream in &mut streams {
        while let Some(sent) = stream.next(Duration::from_secs(5)).await {
            assert_eq!(sent.event, "sale", "and then it ends");
        }
    }
    assert!(
        server
            .request(reqwest::Method::GET, "/healthz")
            .send()
            .await
            .is_err(),
        "nobody is there"
    );
}

#[tokio::test]
async fn what_was_accepted_is_finished() {
    let mut server = TestServer::start().await;
    server.affiliate("sarah").await;
    let calls: Vec<_> = (0..100)
        .map(|number| {
            let client = (*server).clone();
            tokio::spawn(async move {
                let body = json!({"externalEventId": format!("e{number}"), "amountCents": 100, "currency": "USD", "affiliateSlug": "sarah"});
                let request = client.request(reqwest::Method::POST, "/api/tracking/s2s").json(&body);
                request.send().await.ok().map(|response| response.status().as_u16())
            })
        })
        .collect();
    eventually("the first is stored", async || {
        (server.database().count("conversion").await > 0).then_some(())
    })
    .await;
    server.terminate();
    let mut answered = Vec::new();
    for (number, call) in calls.into_iter().enumerate() {
        if let Some(status) = call.await.expect("no panic") {
            assert_eq!(status, 201, "e{number}");
            answered.push(number);
        }
    }
    server.ended().await;
    assert!(!server.log().contains(GAVE_UP), "{}", server.log());
    server.restart().await;
    for number in &answered {
        assert!(
            server.sale_of(&format!("e{number}")).await.is_some(),
            "e{number} was answered"
        );
    }
    assert!(!answered.is_empty());
}
