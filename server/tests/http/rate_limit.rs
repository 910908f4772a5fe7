//! How often a caller may call, and how he is told.

use futures::{StreamExt, future::join_all, stream};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Answer, Connection, TestServer, eventually, send,
    stripe::{Purchase, Shape},
};

const LIMIT: (&str, &str) = ("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "5");

/// Calls that are under way at the same time.
const AT_ONCE: usize = 20;

#[track_caller]
fn number(answer: &Answer, name: &str) -> u64 {
    answer
        .header(name)
        .parse()
        .unwrap_or_else(|_| panic!("no number in {name} of {:?}", answer.headers))
}

#[tokio::test]
async fn headers_count_down_and_then_the_caller_is_told_how_long_to_wait() {
    let server = TestServer::start_with(&[LIMIT]).await;
    let me = server.get("/api/v1/me").await.expect(200);
    let mut left = number(&me, "x-ratelimit-remaining");
    assert!(
        (1..5).contains(&left),
        "starting the test took some: {left}"
    );
    while left > 0 {
        let answer = server.get("/api/conversions").await.expect(200);
        left -= 1;
        assert_eq!(
            (
                number(&answer, "x-ratelimit-limit"),
                number(&answer, "x-ratelimit-remaining")
            ),
            (5, left)
        );
        assert!((1..=60).contains(&number(&answer, "x-ratelimit-reset")));
    }
    let refused = server.get("/api/conversions").await.expect(429);
    assert_eq!(
        (refused.error(), number(&refused, "x-ratelimit-remaining")),
        ("rate_limited", 0)
    );
    assert!((1..=60).contains(&number(&refused, "retry-after")));
    let refused = server.get("/api/v1/me").await.expect(429);
    assert_eq!(refused.error(), "RATE_LIMITED");
    assert!((1..=60).contains(&number(&refused, "retry-after")));
    for path in ["/healthz", "/readyz", "/metrics", "/sign-in"] {
        server.get(path).await.expect(200);
    }
}

#[tokio::test]
async fn every_key_has_a_limit_of_its_own() {
    let server = TestServer::start_with(&[LIMIT]).await;
    let other = server.second_organization().await;
    while server.get("/api/conversions").await.status != 429 {}
    let answer = other.get("/api/conversions").await.expect(200);
    assert_eq!(number(&answer, "x-ratelimit-remaining"), 4);
}

#[tokio::test]
async fn callers_without_a_known_key_share_ten_calls_per_address() {
    let server = TestServer::start_with(&[("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "600")]).await;
    let strangers = [
        server.without_key(),
        server.with_key("ak_live_unknownunknownunknownunknown"),
    ];
    let mut statuses = Vec::new();
    for number in 0..12 {
        statuses.push(strangers[number % 2].get("/api/conversions").await.status);
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    let refused = strangers[0].get("/api/v1/me").await.expect(429);
    assert!((1..=60).contains(&number(&refused, "retry-after")));
    server.get("/api/conversions").await.expect(200);
}

#[tokio::test]
async fn callers_behind_a_trusted_proxy_are_told_apart() {
    let limit = ("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "600");
    let trusting = TestServer::start_with(&[limit]).await;
    let call = async |server: &TestServer, from: &str| {
        let request = server.without_key().request(Method::GET, "/api/v1/me");
        send(request.header("x-forwarded-for", from)).await.status
    };
    let mut statuses = Vec::new();
    for number in 0..11 {
        statuses.push(
            call(
                &trusting,
                &format!("198.51.100.{number}, 2001:db8::{number}"),
            )
            .await,
        );
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10], 429, "one network of IPv6 is one caller");
    assert_eq!(call(&trusting, "2001:db8:0:1::1").await, 401);
    assert_eq!(call(&trusting, "198.51.100.1").await, 401);
    let wary = TestServer::start_with(&[limit, ("TRIBUTARY_TRUSTED_PROXIES", "203.0.113.1")]).await;
    for number in 0..10 {
        call(&wary, &format!("198.51.100.{number}")).await;
    }
    assert_eq!(
        call(&wary, "198.51.100.99").await,
        429,
        "anybody can send that header"
    );
}

#[tokio::test]
async fn server_to_server_calls_have_a_wide_limit_of_their_own() {
    let server = TestServer::start_with(&[LIMIT]).await;
    server.affiliate("sarah").await;
    let names: Vec<String> = (0..100).map(|number| format!("e{number}")).collect();
    let answers = join_all(
        names
            .iter()
            .map(|name| server.sale(name, "sarah", json!({}))),
    )
    .await;
    let refused = answers.iter().filter(|answer| answer.status != 201).count();
    assert_eq!(refused, 0, "6,000 a minute and 1,000 at once are allowed");
}

#[tokio::test]
async fn a_burst_of_server_to_server_calls_beyond_the_limit_is_told_to_wait() {
    let server = TestServer::start_with(&[("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "600")]).await;
    // Calls that cost nothing, so that they come faster than the limit recovers.
    let statuses = async |count: usize| {
        let calls = (0..count).map(|_| server.post_bytes("/api/tracking/s2s", "{"));
        let answers: Vec<Answer> = stream::iter(calls)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        answers
    };
    assert!(
        statuses(1000)
            .await
            .iter()
            .all(|answer| answer.status == 400),
        "1,000 at once are allowed"
    );
    let refused = eventually("it is enough", async || {
        statuses(200)
            .await
            .into_iter()
            .find(|answer| answer.status == 429)
    })
    .await;
    assert_eq!(refused.error(), "rate_limited");
    assert!((1..=60).contains(&number(&refused, "retry-after")));
}

#[tokio::test]
async fn a_signed_event_is_never_turned_away() {
    let server = TestServer::start_with(&[LIMIT]).await;
    server.affiliate("sarah").await;
    let connection = server.connect_stripe("whsec_0123456789").await;
    let deliveries = (0..100).map(|number| {
        let purchase = Purchase::new(&format!("p{number}"));
        let event = purchase.event(
            "invoice.paid",
            1,
            purchase.invoice_about(Shape::Basil, json!({"via": "sarah"})),
        );
        let (server, connection) = (&server, &connection);
        async move { server.deliver(connection, &event).await.status }
    });
    assert_eq!(join_all(deliveries).await, vec![200; 100]);
}

#[tokio::test]
async fn forgeries_are_turned_away_and_signed_events_among_them_are_not() {
    let server = TestServer::start_with(&[("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "600")]).await;
    server.affiliate("sarah").await;
    let connection = server.connect_stripe("whsec_0123456789").await;
    let forged = Connection {
        secret: "whsec_forged".to_owned(),
        ..connection.clone()
    };
    let ping = json!({"id": "evt_1", "type": "ping"});
    let mut statuses = Vec::new();
    let refused = loop {
        let answer = server.deliver(&forged, &ping).await;
        statuses.push(answer.status);
        assert!(statuses.len() < 200, "it is never enough");
        if answer.status == 429 {
            break answer;
        }
    };
    assert!(
        statuses.len() > 60 && statuses[..60] == [400; 60],
        "{statuses:?}"
    );
    assert_eq!(refused.error(), "rate_limited");
    assert!((1..=60).contains(&number(&refused, "retry-after")));
    let purchase = Purchase::new("ann");
    let paid = purchase.invoice_about(Shape::Basil, json!({"via": "sarah"}));
    let event = purchase.event("invoice.paid", 1, paid);
    server.deliver(&connection, &event).await.expect(200);
    let other = server.connect_stripe("whsec_9876543210").await;
    let forged = Connection {
        secret: forged.secret,
        ..other
    };
    server.deliver(&forged, &ping).await.expect(400);
}

#[tokio::test]
async fn zero_lifts_the_limits() {
    let server = TestServer::start_with(&[("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "0")]).await;
    let calls = (0..700).map(|_| server.get("/api/v1/me"));
    let answers: Vec<Answer> = stream::iter(calls)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let stranger = server.without_key();
    let answers = join_all((0..20).map(|_| stranger.get("/api/v1/me"))).await;
    assert!(answers.iter().all(|answer| answer.status == 401));
}
