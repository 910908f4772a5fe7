//! From the link to the credited sale.

use serde_json::{Value, json};

use crate::support::{
    SHOP, TestServer, Visitor,
    stripe::{Purchase, Shape},
};

async fn shop() -> TestServer {
    let server = TestServer::start().await;
    server.open_shop(json!({})).await;
    server.affiliate("sarah").await;
    server.affiliate("mia").await;
    server
}

/// Follows a link as a browser does: the link itself, then the loader on the shop's page.
async fn visit(server: &TestServer, number: u8, code: &str) -> String {
    let mut visitor = Visitor::new(server, number);
    visitor.follow(&format!("/r/{code}")).await.expect(302);
    visitor.cookie = None;
    let told = visitor.arrives(code).await.expect(200);
    told.word("clickToken").to_owned()
}

async fn story(server: &TestServer, sale: &Value) -> Value {
    let id = sale["id"].as_str().expect("an id");
    let story = server
        .get(&format!("/api/v1/conversions/{id}"))
        .await
        .expect(200);
    story.data().clone()
}

fn trail(story: &Value) -> String {
    story["trail"].to_string()
}

#[tokio::test]
async fn a_sale_told_with_the_token_is_credited_by_the_server() {
    let server = shop().await;
    let token = visit(&server, 1, "sarah").await;
    assert_eq!(
        server.database().count("click").await,
        1,
        "one visit is one click"
    );
    let sale = server
        .sale("a", "", json!({"affiliateSlug": null, "clickId": token}))
        .await
        .expect(201);
    assert_eq!(
        (sale.word("source"), sale.word("affiliateSlug")),
        ("Server", "sarah")
    );
    let story = story(&server, &sale.json).await;
    assert_eq!(story["click"]["id"], json!(token));
    assert_eq!(
        story["click"]["pageUrl"],
        json!(format!("{SHOP}/start?via=sarah"))
    );
    assert_eq!(story["click"]["referrer"], Value::Null);
    assert!(story["click"]["clickedAt"].is_string());
    assert!(trail(&story).contains(&token), "{}", trail(&story));
    let plain = server.sale("b", "sarah", json!({})).await.expect(201);
    assert_eq!(
        self::story(&server, &plain.json).await["click"],
        Value::Null
    );
}

#[tokio::test]
async fn a_payment_with_the_token_in_its_metadata_is_credited_by_the_link() {
    let server = shop().await;
    let connection = server.connect_stripe("whsec_0123456789").await;
    let token = visit(&server, 1, "sarah").await;
    let purchase = Purchase::new("ann");
    let invoice = purchase.invoice_about(
        Shape::Basil,
        json!({"tributary_click": token, "tributary_ref": "mia"}),
    );
    let event = purchase.event("invoice.paid", 1, invoice);
    server.deliver(&connection, &event).await.expect(200);
    let sales = server.sales("").await;
    assert_eq!(
        (&sales[0]["source"], &sales[0]["affiliateSlug"]),
        (&json!("Link"), &json!("sarah"))
    );
    assert_eq!(story(&server, &sales[0]).await["click"]["id"], json!(token));
}

#[tokio::test]
async fn a_click_whose_window_is_over_is_passed_over_in_the_trail() {
    let server = shop().await;
    let token = visit(&server, 1, "sarah").await;
    server
        .database()
        .change("update click set clicked_at = clicked_at - interval '73 days'")
        .await;
    let refused = server
        .sale("a", "", json!({"affiliateSlug": null, "clickId": token}))
        .await
        .expect(404);
    assert!(
        refused.text.contains("73 days old, window 60"),
        "{}",
        refused.text
    );
    let sale = server
        .sale("a", "mia", json!({"clickId": token}))
        .await
        .expect(201);
    assert_eq!(sale.word("affiliateSlug"), "mia");
    let story = story(&server, &sale.json).await;
    assert_eq!(story["click"], Value::Null);
    assert!(
        trail(&story).contains("73 days old, window 60"),
        "{}",
        trail(&story)
    );
}

#[tokio::test]
async fn tokens_of_another_organization_and_forged_ones_credit_nobody() {
    let server = shop().await;
    let other = server.second_organization().await;
    let token = visit(&server, 1, "sarah").await;
    for token in [
        token.as_str(),
        "01890000-0000-7000-8000-000000000000",
        "nonsense",
    ] {
        let refused = other
            .sale("a", "", json!({"affiliateSlug": null, "clickId": token}))
            .await
            .expect(404);
        assert_eq!(refused.error(), "affiliate_not_found");
        assert!(
            refused.text.contains("was not recorded here"),
            "{}",
            refused.text
        );
    }
    assert_eq!(other.sales("").await.len(), 0);
}
