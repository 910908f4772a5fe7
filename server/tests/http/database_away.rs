//! The database goes away and comes back: callers are told to come again, nothing is lost, nothing crashes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Connection, Database, Proxy, TestServer, eventually,
    stripe::{Purchase, Shape},
    until,
};

struct Scene {
    server: TestServer,
    proxy: Proxy,
    connection: Connection,
    event: Value,
}

async fn scene() -> Scene {
    let database = Database::create().await;
    let proxy = Proxy::start(database.address()).await;
    let url = database.url_by_way_of(proxy.port);
    let server = TestServer::start_on(database, &[("DATABASE_URL", &url)]).await;
    server.affiliate("sarah").await;
    server.sale("before", "sarah", json!({})).await.expect(201);
    let connection = server.connect_stripe("whsec_0123456789").await;
    let purchase = Purchase::new("ann");
    let event = purchase.event(
        "invoice.paid",
        1,
        purchase.invoice_about(Shape::Basil, json!({"via": "sarah"})),
    );
    Scene {
        server,
        proxy,
        connection,
        event,
    }
}

#[track_caller]
fn assert_come_again(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 503, "{what}: {}", answer.text);
    let error = answer.error();
    assert!(
        ["service_unavailable", "SERVICE_UNAVAILABLE"].contains(&error),
        "{what}: {}",
        answer.text
    );
    let seconds = answer.header("retry-after").parse::<u64>();
    assert!(
        seconds.is_ok_and(|seconds| (1..=60).contains(&seconds)),
        "{what}: {:?}",
        answer.headers
    );
}

/// Whoever calls is told to come again, readers and writers, with keys and signatures.
async fn assert_all_are_told(client: &Client, connection: &Connection, event: &Value) {
    for path in [
        "/api/conversions",
        "/api/conversions/export",
        "/api/v1/programs",
        "/api/v1/me",
        "/api/live/sales",
    ] {
        assert_come_again(&client.get(path).await, path);
    }
    assert_come_again(&client.sale("during", "sarah", json!({})).await, "a sale");
    assert_come_again(
        &client
            .post(
                "/api/tracking/lead",
                json!({"email": "a@example.com", "affiliateSlug": "sarah"}),
            )
            .await,
        "a lead",
    );
    assert_come_again(&client.deliver(connection, event).await, "an event");
    assert_come_again(
        &client
            .with_key("ak_live_unknownunknownunknownunknown")
            .get("/api/conversions")
            .await,
        "an unknown key",
    );
    let page = client.without_key().get("/sign-in").await;
    assert!([200, 503].contains(&page.status), "a page: {}", page.status);
}

/// What was refused is taken now, once; what was there is there.
async fn assert_recovered(server: &TestServer, connection: &Connection, event: &Value) {
    eventually("the server is ready again", async || {
        (server.without_key().get("/readyz").await.status == 200).then_some(())
    })
    .await;
    server.sale("during", "sarah", json!({})).await.expect(201);
    assert_eq!(
        server
            .deliver(connection, event)
            .await
            .expect(200)
            .word("outcome"),
        "recorded"
    );
    assert_eq!(server.sales("").await.len(), 3);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn a_wire_that_is_cut_is_told_and_mended() {
    let Scene {
        server,
        proxy,
        connection,
        event,
    } = scene().await;
    proxy.cut();
    assert_all_are_told(&server, &connection, &event).await;
    proxy.mend();
    assert_recovered(&server, &connection, &event).await;
}

#[tokio::test]
async fn a_database_that_hangs_holds_nobody_for_long() {
    let Scene {
        server,
        proxy,
        connection,
        event,
    } = scene().await;
    proxy.hang();
    let patience = Duration::from_secs(20);
    let nobody = server.without_key();
    let answers = tokio::time::timeout(patience, async {
        tokio::join!(
            server.get("/api/conversions"),
            server.sale("during", "sarah", json!({})),
            server.deliver(&connection, &event),
            nobody.get("/readyz"),
        )
    })
    .await
    .expect("everybody is answered");
    assert_come_again(&answers.0, "the list");
    assert_come_again(&answers.1, "a sale");
    assert_come_again(&answers.2, "an event");
    assert_eq!(answers.3.status, 503);
    proxy.mend();
    eventually("the server is ready again", async || {
        (server.without_key().get("/readyz").await.status == 200).then_some(())
    })
    .await;
    // What hung may have been written when the wire was mended; told again it is there once.
    let sale = eventually("the sale is taken", async || {
        let answer = server.sale("during", "sarah", json!({})).await;
        (answer.status < 300).then_some(answer)
    })
    .await;
    assert!([200, 201].contains(&sale.status));
    server.deliver(&connection, &event).await.expect(200);
    assert_eq!(server.sales("").await.len(), 3);
}

#[tokio::test]
async fn connections_that_are_ended_by_the_database_are_replaced() {
    let Scene {
        server,
        connection,
        event,
        proxy: _proxy,
    } = scene().await;
    server.database().allow_connections(false).await;
    assert_all_are_told(&server, &connection, &event).await;
    server.database().allow_connections(true).await;
    assert_recovered(&server, &connection, &event).await;
}

#[tokio::test]
async fn sales_told_while_the_database_comes_and_goes_are_kept_if_they_were_answered() {
    let Scene { server, proxy, .. } = scene().await;
    let mut answered = Vec::new();
    for number in 0..60 {
        if number % 20 == 10 {
            proxy.cut();
        }
        if number % 20 == 15 {
            proxy.mend();
        }
        let id = format!("sale-{number}");
        let answer = server.sale(&id, "sarah", json!({})).await;
        match answer.status {
            201 => answered.push(id),
            _ => assert_come_again(&answer, &id),
        }
    }
    until(
        Duration::from_secs(30),
        "the server is ready again",
        async || (server.without_key().get("/readyz").await.status == 200).then_some(()),
    )
    .await;
    assert!(
        answered.len() >= 30,
        "only what came while it was away is refused: {}",
        answered.len()
    );
    for id in answered {
        assert!(server.sale_of(&id).await.is_some(), "{id} was answered");
    }
}

/// A server whose database breaks off what takes longer than that.
async fn server_with(limits: &str) -> TestServer {
    let database = Database::create().await;
    let url = format!("{}?{limits}", database.url());
    let server = TestServer::start_on(database, &[("DATABASE_URL", &url)]).await;
    server.affiliate("sarah").await;
    server
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_not_waited_for_for_ever() {
    let server = server_with("options[lock_timeout]=300ms").await;
    let mut somebody = server.database().pool.begin().await.expect("a transaction");
    sqlx::query("select from organization_position for update")
        .execute(&mut *somebody)
        .await
        .expect("locked");
    let limit = Duration::from_secs(10);
    let answer = tokio::time::timeout(limit, server.sale("one", "sarah", json!({}))).await;
    assert_come_again(&answer.expect("it is answered"), "a sale");
    somebody.rollback().await.expect("given back");
    server.sale("one", "sarah", json!({})).await.expect(201);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_broken_off() {
    let limits = "options[lock_timeout]=0&options[statement_timeout]=500ms";
    let server = server_with(limits).await;
    let mut somebody = server.database().pool.begin().await.expect("a transaction");
    sqlx::query("lock table conversion in access exclusive mode")
        .execute(&mut *somebody)
        .await
        .expect("locked");
    let limit = Duration::from_secs(10);
    let answer = tokio::time::timeout(limit, server.get("/api/conversions")).await;
    assert_come_again(&answer.expect("it is answered"), "the list");
    somebody.rollback().await.expect("given back");
    server.get("/api/conversions").await.expect(200);
}
