//! `/healthz`, `/readyz` and `/metrics`: for machines that watch. Nobody needs a key for them.

use serde_json::json;

use crate::support::{
    Database, Proxy, TestServer, eventually,
    stripe::{Purchase, Shape},
};

#[tokio::test]
async fn a_process_that_is_up_and_has_its_database_says_so() {
    let server = TestServer::start().await;
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = server.without_key().get(path).await.expect(200);
        assert_eq!(answer.text, text);
    }
}

#[tokio::test]
async fn a_process_without_its_database_is_up_but_not_ready() {
    let database = Database::create().await;
    let proxy = Proxy::start(database.address()).await;
    let url = database.url_by_way_of(proxy.port);
    let server = TestServer::start_on(database, &[("DATABASE_URL", &url)]).await;
    proxy.cut();
    let answer = eventually("the server notices", async || {
        let answer = server.without_key().get("/readyz").await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!(answer.status, 503);
    assert!(
        answer
            .header("retry-after")
            .parse::<u64>()
            .is_ok_and(|seconds| seconds > 0),
        "{:?}",
        answer.headers
    );
    server.without_key().get("/healthz").await.expect(200);
    proxy.mend();
    eventually("the server recovers", async || {
        (server.without_key().get("/readyz").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn metrics_count_events_by_outcome() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let connection = server.connect_stripe("whsec_0123456789").await;
    let purchase = Purchase::new("ann");
    let about = json!({"tributary_ref": "sarah"});
    server
        .deliver(
            &connection,
            &purchase.event(
                "invoice.paid",
                1,
                purchase.invoice_about(Shape::Basil, about),
            ),
        )
        .await
        .expect(200);
    server
        .deliver(
            &connection,
            &purchase.event("invoice.created", 2, json!({})),
        )
        .await
        .expect(200);
    let metrics = server.without_key().get("/metrics").await.expect(200);
    assert!(
        metrics
            .header("content-type")
            .starts_with("text/plain; version=0.0.4"),
        "{:?}",
        metrics.headers
    );
    for outcome in ["recorded", "ignored"] {
        let line = metrics
            .text
            .lines()
            .find(|line| line.starts_with("tributary_events_total") && line.contains(outcome));
        let line = line.unwrap_or_else(|| panic!("{outcome} is counted: {}", metrics.text));
        assert!(
            line.contains("processor=\"stripe\"") && line.ends_with(" 1"),
            "{line}"
        );
    }
    assert!(
        !metrics.text.contains(&server.organization_id),
        "metrics name no organization"
    );
}
