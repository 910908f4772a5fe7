//! Exchange rates through the API and from a file.

use serde_json::{Value, json};

use crate::support::TestServer;

const PATH: &str = "/api/v1/fx-rates";

async fn commission(server: &TestServer, id: &str) -> (Value, Value) {
    let sale = server.sale_of(id).await.expect("a sale");
    (
        sale["commissionCents"].clone(),
        sale["commissionCurrency"].clone(),
    )
}

#[tokio::test]
async fn a_rate_that_is_set_computes_the_sales_that_waited_for_it() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let at = "2026-11-10T12:00:00Z";
    let sale = json!({"currency": "EUR", "amountCents": 10000, "occurredAt": at});
    server.sale("order-1", "sarah", sale).await.expect(201);
    assert_eq!(
        commission(&server, "order-1").await,
        (json!(0), json!("USD"))
    );
    let rate = json!({"date": "2026-11-09", "base": "EUR", "quote": "USD", "rate": "1.1"});
    let set = server.post(PATH, rate).await.expect(201);
    let row = json!({"date": "2026-11-09", "base": "EUR", "quote": "USD", "rate": "1.1", "source": "own"});
    assert_eq!(set.json["data"], row);
    assert_eq!(
        commission(&server, "order-1").await,
        (json!(2200), json!("USD"))
    );
    let listed = server
        .get("/api/v1/fx-rates?since=2026-11-01&until=2026-11-30")
        .await
        .expect(200);
    assert_eq!(listed.json["data"], json!([row]));
}

#[tokio::test]
async fn a_rate_that_is_none_is_refused_by_field() {
    let server = TestServer::start().await;
    let whole = json!({"date": "2026-11-09", "base": "EUR", "quote": "USD", "rate": "1.1"});
    for (field, value) in [
        ("date", json!("yesterday")),
        ("date", json!("-200000-01-01")),
        ("date", json!("+262000-01-01")),
        ("date", json!("1998-12-31")),
        ("date", json!("9999-01-01")),
        ("base", json!("XXX")),
        ("quote", json!("EUR")),
        ("rate", json!("0")),
        ("rate", json!("1,1")),
        ("rate", json!(1.1)),
    ] {
        let mut body = whole.clone();
        body[field] = value.clone();
        let refused = server.post(PATH, body).await;
        assert_eq!(refused.status, 400, "{field} {value}: {}", refused.text);
        assert!(
            refused.text.contains(field),
            "{field} {value}: {}",
            refused.text
        );
    }
    let unknown = server.get("/api/v1/fx-rates?day=2026-11-09").await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn many_rates_come_as_csv_and_a_wrong_line_brings_none() {
    let server = TestServer::start().await;
    let post = |text: &'static str| {
        let request = server.request(reqwest::Method::POST, PATH);
        crate::support::send(request.header("content-type", "text/csv").body(text))
    };
    let wrong =
        post("date,base,quote,rate\n2026-11-09,EUR,USD,1.1\n2026-11-10,EUR,USD,none\n").await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    assert!(wrong.text.contains("line 3"), "{}", wrong.text);
    let brought =
        post("date,base,quote,rate\n2026-11-09,EUR,USD,1.1\n2026-11-10,EUR,USD,1.2\n").await;
    assert_eq!(brought.expect(201).json["data"], json!({"rates": 2}));
    let listed = server
        .get("/api/v1/fx-rates?since=2026-11-01&until=2026-11-30")
        .await
        .expect(200);
    let rates: Vec<&Value> = listed.data().as_array().expect("a list").iter().collect();
    assert_eq!(rates.len(), 2, "{}", listed.text);
    for query in ["since=-200000-01-01", "until=x", "since=+262000-01-01"] {
        let refused = server.get(&format!("{PATH}?{query}")).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.text);
        assert!(
            !refused.text.contains("needed is needed"),
            "{}",
            refused.text
        );
    }
}
