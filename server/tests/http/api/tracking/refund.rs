//! Refunds told by the merchant's server.

use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

const PATH: &str = "/api/tracking/s2s/refund";

async fn refund(server: &TestServer, body: Value) -> Answer {
    server.post(PATH, body).await
}

#[tokio::test]
async fn a_refund_takes_its_share_of_the_commission_once() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.sale("order-1", "sarah", json!({})).await.expect(201);
    let body = json!({"externalEventId": "order-1", "refundId": "r-1", "amountCents": 1000});
    let first = refund(&server, body.clone()).await.expect(200);
    assert_eq!(
        (
            &first.json["refundedCents"],
            &first.json["commissionCents"],
            &first.json["deduped"]
        ),
        (&json!(1000), &json!(780), &json!(false))
    );
    let again = refund(&server, body).await.expect(200);
    assert_eq!(
        (&again.json["refundedCents"], &again.json["deduped"]),
        (&json!(1000), &json!(true))
    );
    let rest = json!({"externalEventId": "order-1", "refundId": "r-2"});
    let rest = refund(&server, rest).await.expect(200);
    assert_eq!(
        (
            &rest.json["status"],
            &rest.json["commissionCents"],
            &rest.json["refundedCents"]
        ),
        (&json!("Refunded"), &json!(0), &json!(4900))
    );
}

#[tokio::test]
async fn a_refund_of_an_unknown_sale_waits_for_it() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let body = json!({"externalEventId": "order-1", "refundId": "r-1"});
    let parked = refund(&server, body.clone()).await.expect(202);
    assert_eq!(
        (&parked.json["status"], &parked.json["deduped"]),
        (&json!("parked"), &json!(false))
    );
    let again = refund(&server, body).await.expect(202);
    assert_eq!(again.json["deduped"], json!(true));
    let sale = server.sale("order-1", "sarah", json!({})).await.expect(201);
    assert_eq!(sale.json["status"], "Refunded");
}

#[tokio::test]
async fn refunds_are_numbered_per_sale() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.sale("order-1", "sarah", json!({})).await.expect(201);
    let told = async |sale: &str, id: &str, status: u16| {
        let body = json!({"externalEventId": sale, "refundId": id, "amountCents": 1000});
        let answer = refund(&server, body).await.expect(status);
        let told = &answer.json;
        (told["refundedCents"].as_i64(), told["deduped"] == true)
    };
    assert_eq!(told("order-1", "1", 200).await, (Some(1000), false));
    // Two that come before their sales.
    for sale in ["order-2", "order-3"] {
        assert_eq!(told(sale, "1", 202).await, (None, false), "{sale}");
        assert_eq!(told(sale, "1", 202).await, (None, true), "{sale}");
    }
    assert_eq!(told("order-3", "2", 202).await, (None, false));
    for (sale, refunded) in [("order-2", 1000), ("order-3", 2000)] {
        let made = server.sale(sale, "sarah", json!({})).await.expect(201);
        assert_eq!(made.json["refundedCents"], refunded, "{sale}");
    }
    assert_eq!(told("order-2", "1", 200).await, (Some(1000), true));
    assert_eq!(told("order-1", "1", 200).await, (Some(1000), true));
    assert_eq!(told("order-1", "2", 200).await, (Some(2000), false));
}

#[tokio::test]
async fn a_refund_that_says_too_little_or_too_much_is_refused_by_field() {
    let server = TestServer::start().await;
    let whole = json!({"externalEventId": "order-1", "refundId": "r-1", "amountCents": 1});
    for (field, value) in [
        ("externalEventId", json!("")),
        ("externalEventId", Value::Null),
        ("refundId", json!("")),
        ("refundId", json!("x".repeat(256))),
        ("amountCents", json!(0)),
        ("amountCents", json!(-5)),
        ("amountCents", json!(1_000_000_000_000_001_i64)),
    ] {
        let mut body = whole.clone();
        body[field] = value.clone();
        let refused = refund(&server, body).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!(field)),
            "{field} {value}"
        );
    }
    let unknown = refund(
        &server,
        json!({"externalEventId": "1", "refundId": "2", "amount": 3}),
    )
    .await;
    assert_eq!(unknown.status, 400);
}
