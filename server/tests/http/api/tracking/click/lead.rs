//! `POST /api/tracking/click/lead`: a visitor signs up on a shop's page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, SHOP, TestServer, Visitor, send};

const PATH: &str = "/api/tracking/click/lead";

async fn shop() -> (TestServer, Visitor, String) {
    let server = TestServer::start().await;
    server.open_shop(json!({})).await;
    server.affiliate("sarah").await;
    let ann = Visitor::new(&server, 1);
    let told = ann.arrives("sarah").await.expect(200);
    let token = told.word("clickToken").to_owned();
    (server, ann, token)
}

async fn lead(visitor: &Visitor, token: &str, email: &str) -> Answer {
    let body = json!({"clickToken": token, "email": email, "name": "Ann"});
    send(visitor.telling(PATH, &body)).await
}

#[tokio::test]
async fn a_signup_makes_one_lead_and_tells_nothing() {
    let (server, ann, token) = shop().await;
    for _ in 0..2 {
        let answer = lead(&ann, &token, " Ann@Example.com").await.expect(200);
        assert_eq!(answer.json, json!({"status": "ok"}));
        assert_eq!(answer.header("access-control-allow-origin"), SHOP);
    }
    let leads = server.sales("type=Lead").await;
    assert_eq!(leads.len(), 1);
    assert_eq!(
        (&leads[0]["affiliateSlug"], &leads[0]["customerEmail"]),
        (&json!("sarah"), &json!("ann@example.com"))
    );
    let story = server
        .get(&format!(
            "/api/v1/conversions/{}",
            leads[0]["id"].as_str().expect("an id")
        ))
        .await
        .expect(200);
    assert_eq!(story.data()["click"]["id"], json!(token));
    let sale = server
        .sale(
            "a",
            "",
            json!({"affiliateSlug": null, "customerEmail": "ann@example.com"}),
        )
        .await
        .expect(201);
    assert_eq!(
        (sale.word("affiliateSlug"), sale.word("source")),
        ("sarah", "Customer match")
    );
}

#[tokio::test]
async fn a_click_that_no_longer_counts_is_answered_alike() {
    let (server, ann, token) = shop().await;
    server
        .database()
        .change("update click set clicked_at = clicked_at - interval '61 days'")
        .await;
    let answer = lead(&ann, &token, "ben@example.com").await.expect(200);
    assert_eq!(answer.json, json!({"status": "ok"}));
    assert_eq!(server.sales("").await.len(), 0);
}

#[tokio::test]
async fn forged_tokens_and_other_sites_make_no_lead() {
    let (server, ann, token) = shop().await;
    for forged in ["", "nonsense", "01890000-0000-7000-8000-000000000000"] {
        let refused = lead(&ann, forged, "ann@example.com").await.expect(404);
        assert_eq!(
            (refused.error(), refused.field()),
            ("not_found", "clickToken")
        );
    }
    let body = json!({"clickToken": token, "email": "ann@example.com"});
    let request = || ann.request(Method::POST, PATH).json(&body);
    for request in [
        request(),
        request().header("origin", "https://evil.example"),
        request().header("origin", "null"),
    ] {
        assert_eq!(
            send(request).await.expect(403).error(),
            "origin_not_allowed"
        );
    }
    let other = server.second_organization().await;
    other
        .open_shop(json!({"landingPageUrl": "https://elsewhere.example"}))
        .await;
    let request = request().header("origin", "https://elsewhere.example");
    assert_eq!(
        send(request).await.expect(404).field(),
        "clickToken",
        "another organization's"
    );
    let bot = server
        .without_key()
        .request(Method::POST, PATH)
        .json(&body)
        .header("origin", SHOP);
    send(bot).await.expect(200);
    assert_eq!(server.sales("").await.len(), 0);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let (server, ann, token) = shop().await;
    for (field, value) in [
        ("email", Value::Null),
        ("email", json!("ann")),
        ("email", json!(7)),
        ("name", json!("")),
        ("name", json!("x".repeat(121))),
        ("clickToken", Value::Null),
        ("clickToken", json!(7)),
        ("emial", json!("a@example.com")),
    ] {
        let mut body = json!({"clickToken": token, "email": "ann@example.com"});
        if value.is_null() {
            body.as_object_mut().expect("an object").remove(field);
        } else {
            body[field] = value.clone();
        }
        let refused = send(ann.telling(PATH, &body)).await.expect(400);
        assert_eq!(
            (refused.error(), refused.field()),
            ("validation_failed", field),
            "{value}"
        );
    }
    assert_eq!(server.sales("").await.len(), 0);
}
