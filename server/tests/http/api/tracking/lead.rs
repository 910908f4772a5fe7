//! `POST /api/tracking/lead`, and leads told as sales of type `lead`: somebody signed up without paying.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer, send};

const PATH: &str = "/api/tracking/lead";

async fn shop() -> TestServer {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.affiliate("mia").await;
    server
}

async fn lead(client: &Client, email: &str, slug: &str) -> Answer {
    client
        .post(PATH, json!({"email": email, "affiliateSlug": slug}))
        .await
}

#[tokio::test]
async fn a_lead_is_approved_at_once_and_earns_nothing_by_itself() {
    let server = shop().await;
    let body = json!({"email": " Ann@Example.com ", "affiliateSlug": "sarah", "name": "Ann", "customerExternalId": "user-7", "externalEventId": "signup-7"});
    let made = server.post(PATH, body).await.expect(201);
    for (field, value) in [
        ("type", json!("Lead")),
        ("source", json!("Lead")),
        ("attributionMethod", json!("lead")),
        ("status", json!("Approved")),
        ("amountCents", json!(0)),
        ("commissionCents", json!(0)),
        ("affiliateSlug", json!("sarah")),
        ("deduped", json!(false)),
        ("customerEmail", json!("ann@example.com")),
        ("customerId", json!("user-7")),
        ("externalEventId", json!("signup-7")),
    ] {
        assert_eq!(made.json[field], value, "{field}");
    }
    assert_eq!(made.word("approvedAt"), made.word("createdAt"));
    assert_eq!(server.database().count("ledger_entry").await, 0);
}

#[tokio::test]
async fn there_is_one_lead_per_customer_and_campaign() {
    let server = shop().await;
    let first = lead(&server, "ann@example.com", "sarah").await.expect(201);
    for (email, slug) in [
        ("ann@example.com", "sarah"),
        (" ANN@EXAMPLE.COM", "sarah"),
        ("ann@example.com", "mia"),
    ] {
        let again = lead(&server, email, slug).await.expect(200);
        assert_eq!(
            (again.id(), &again.json["deduped"]),
            (first.id(), &json!(true)),
            "{email} {slug}"
        );
        assert_eq!(
            again.word("affiliateSlug"),
            "sarah",
            "the first affiliate keeps him"
        );
    }
    let by_id = |id: &str, email: &str| json!({"email": email, "affiliateSlug": "mia", "customerExternalId": id});
    let ben = server
        .post(PATH, by_id("user-8", "ben@example.com"))
        .await
        .expect(201);
    let renamed = server
        .post(PATH, by_id("user-8", "ben@new.example"))
        .await
        .expect(200);
    assert_eq!(
        renamed.id(),
        ben.id(),
        "the same customer under another address"
    );
    let campaign = server
        .campaign(json!({"name": "Two", "commissionType": "recurring", "commissionPercent": 20}))
        .await;
    server
        .affiliate_named("Zoe", "zoe", json!({"programId": campaign}))
        .await;
    lead(&server, "ann@example.com", "zoe").await.expect(201);
    assert_eq!(server.sales("type=Lead").await.len(), 3);
}

#[tokio::test]
async fn parallel_calls_make_one_lead() {
    let server = shop().await;
    let answers = join_all((0..30).map(|_| lead(&server, "ann@example.com", "sarah"))).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1
    );
    assert!(answers.iter().all(|answer| answer.id() == answers[0].id()));
    assert_eq!(server.sales("").await.len(), 1);
}

#[tokio::test]
async fn a_leads_later_sale_is_credited_by_email_or_customer_without_any_handle() {
    let server = shop().await;
    lead(&server, "Ann@example.com", "sarah").await.expect(201);
    let body =
        json!({"email": "ben@example.com", "affiliateSlug": "mia", "customerExternalId": "user-8"});
    server.post(PATH, body).await.expect(201);
    for (id, handle, slug) in [
        ("a", json!({"customerEmail": "ann@EXAMPLE.com"}), "sarah"),
        ("b", json!({"customerExternalId": "user-8"}), "mia"),
    ] {
        let mut sale = handle;
        sale["affiliateSlug"] = Value::Null;
        let made = server.sale(id, "", sale).await.expect(201);
        assert_eq!(
            (
                made.word("affiliateSlug"),
                made.word("source"),
                made.word("type")
            ),
            (slug, "Customer match", "Sale")
        );
        assert_eq!(made.json["commissionCents"], 980);
    }
}

#[tokio::test]
async fn a_campaign_may_pay_per_lead() {
    let server = TestServer::start().await;
    let terms = json!({"name": "Paid", "commissionType": "recurring", "commissionPercent": 20, "leadCommissionCents": 150});
    let campaign = server.campaign(terms).await;
    server
        .affiliate_named("Sarah", "sarah", json!({"programId": campaign}))
        .await;
    let made = lead(&server, "ann@example.com", "sarah").await.expect(201);
    assert_eq!(
        (&made.json["commissionCents"], made.word("status")),
        (&json!(150), "Pending")
    );
    assert_eq!(made.json["approvedAt"], Value::Null);
    assert_eq!(
        server
            .database()
            .number("select sum(amount_minor)::bigint from ledger_entry")
            .await,
        150
    );
    let sale = server
        .sale(
            "a",
            "",
            json!({"affiliateSlug": null, "customerEmail": "ann@example.com"}),
        )
        .await
        .expect(201);
    assert_eq!(
        sale.json["commissionCents"], 980,
        "a lead is no first payment"
    );
}

#[tokio::test]
async fn a_sale_of_type_lead_is_a_lead() {
    let server = shop().await;
    let body = |id: &str, amount: Value| json!({"type": "lead", "amountCents": amount, "externalEventId": id, "customerEmail": format!("{id}@example.com")});
    for (id, amount) in [("none", Value::Null), ("zero", json!(0))] {
        let mut more = body(id, amount);
        more["currency"] = Value::Null;
        let made = server.sale(id, "sarah", more).await.expect(201);
        assert_eq!(
            (
                made.word("type"),
                made.word("status"),
                &made.json["amountCents"]
            ),
            ("Lead", "Approved", &json!(0))
        );
        server
            .sale(id, "sarah", body(id, Value::Null))
            .await
            .expect(200);
    }
    for amount in [json!(1), json!(-1), json!("0"), json!(0.5)] {
        let refused = server
            .sale("some", "sarah", body("some", amount.clone()))
            .await
            .expect(400);
        assert_eq!(refused.field(), "amountCents", "{amount}");
    }
    assert_eq!(server.sales("").await.len(), 2);
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_refused_by_name() {
    let server = shop().await;
    let long = "x".repeat(256);
    let cases: Vec<(&str, Vec<Value>)> = vec![
        (
            "email",
            vec![
                Value::Null,
                json!(""),
                json!("ann"),
                json!("a b@x.com"),
                json!(7),
            ],
        ),
        (
            "affiliateSlug",
            vec![
                Value::Null,
                json!(""),
                json!("ab"),
                json!("no blanks"),
                json!(7),
            ],
        ),
        ("clickId", vec![json!(""), json!(long), json!(7)]),
        ("couponCode", vec![json!(""), json!("A B"), json!(7)]),
        ("name", vec![json!(""), json!("n".repeat(121)), json!(7)]),
        ("customerExternalId", vec![json!(""), json!(long), json!(7)]),
        ("externalEventId", vec![json!(""), json!(long), json!(7)]),
        ("campaignId", vec![json!("x")]),
        ("amountCents", vec![json!(0)]),
        ("emial", vec![json!("ann@example.com")]),
    ];
    for (field, values) in cases {
        for value in values {
            let mut body = json!({"email": "ann@example.com", "affiliateSlug": "sarah"});
            if value.is_null() {
                body.as_object_mut().expect("an object").remove(field);
            } else {
                body[field] = value.clone();
            }
            let answer = server.post(PATH, body).await.expect(400);
            assert_eq!(
                (answer.error(), answer.field()),
                ("validation_failed", field),
                "{value}: {}",
                answer.text
            );
        }
    }
    let nothing = "01890000-0000-7000-8000-000000000000";
    let body = json!({"email": "ann@example.com", "affiliateSlug": "sarah", "campaignId": nothing});
    let answer = server.post(PATH, body).await.expect(404);
    assert_eq!(
        (answer.error(), answer.field()),
        ("not_found", "campaignId")
    );
    assert_eq!(server.database().count("conversion").await, 0);
}

#[tokio::test]
async fn a_call_is_refused_as_sales_are() {
    let server = shop().await;
    assert_eq!(
        lead(&server.without_key(), "a@example.com", "sarah")
            .await
            .status,
        401
    );
    let limited = server.with_scopes(&["conversions:read"]).await;
    assert_eq!(
        lead(&limited, "a@example.com", "sarah").await.error(),
        "insufficient_scope"
    );
    let nobody = lead(&server, "a@example.com", "nobody").await;
    assert_eq!(
        (nobody.status, nobody.error()),
        (404, "affiliate_not_found")
    );
    let text = server
        .request(Method::POST, PATH)
        .header("content-type", "text/plain")
        .body("{}");
    assert_eq!(send(text).await.status, 415);
    assert_eq!(server.post_bytes(PATH, "{").await.status, 400);
    assert_eq!(
        server
            .post_bytes(PATH, vec![b' '; 1024 * 1024 + 1])
            .await
            .status,
        413
    );
    assert_eq!(server.get(PATH).await.status, 405);
    assert_eq!(server.database().count("conversion").await, 0);
}

#[tokio::test]
async fn who_is_paused_gets_no_lead() {
    let server = shop().await;
    let zoe = server.affiliate("zoe").await;
    server
        .patch(
            &format!("/api/v1/affiliates/{}", zoe.id),
            json!({"status": "paused"}),
        )
        .await
        .expect(200);
    assert_eq!(
        lead(&server, "ann@example.com", "zoe").await.error(),
        "affiliate_not_found"
    );
}
