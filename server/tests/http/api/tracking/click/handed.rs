//! The click that a link has made is the one that the page tells of.

use serde_json::{Value, json};

use crate::support::{Answer, SHOP, TestServer, Visitor};

/// A shop with two campaigns on one site: Sarah joined the first one first. Returns their ids.
async fn shop() -> (TestServer, String, String) {
    let server = TestServer::start().await;
    let first = server.open_shop(json!({})).await;
    let second = json!({"name": "Partners", "commissionType": "recurring", "commissionPercent": 20, "landingPageUrl": SHOP});
    let second = server.campaign(second).await;
    let sarah = server.affiliate("sarah").await;
    let joins = json!({"programId": second, "commissionPercent": 20});
    server
        .patch(&format!("/api/v1/affiliates/{}", sarah.id), joins)
        .await
        .expect(200);
    server.affiliate("mia").await;
    (server, first, second)
}

/// Follows a link; returns the token that it hands over, empty where it hands over none.
async fn follow(visitor: &mut Visitor, path: &str) -> String {
    let sent = visitor.follow(path).await.expect(302);
    // The shop's page is another site: the link's cookie stays at home.
    visitor.cookie = None;
    let location = sent.header("location");
    let token = location.split_once("&tributary_click=");
    token.map_or_else(String::new, |(_, token)| token.to_owned())
}

/// The page tells of the visit with that token, in the words of the snippet of `program`.
async fn tells(visitor: &Visitor, program: &str, code: &str, token: &str) -> Answer {
    let body = json!({"programId": program, "pageUrl": format!("{SHOP}/?via={code}"), "referralCode": code, "linkToken": token});
    visitor.tells(body).await.expect(200)
}

async fn clicks(server: &TestServer) -> i64 {
    let days = "select coalesce(sum(clicks), 0)::bigint from click_day";
    server.database().number(days).await
}

#[tokio::test]
async fn a_link_into_another_campaign_of_the_site_is_credited_there_and_counts_once() {
    let (server, first, second) = shop().await;
    let mut ann = Visitor::new(&server, 1);
    let token = follow(&mut ann, "/r/sarah?c=partners").await;
    let told = tells(&ann, &first, "sarah", &token).await;
    assert_eq!(
        (told.word("clickToken"), told.word("programId")),
        (&*token, &*second)
    );
    assert_eq!(clicks(&server).await, 1);
    let by_click = json!({"affiliateSlug": null, "clickId": token});
    let sale = server.sale("order-1", "", by_click).await.expect(201);
    assert_eq!(sale.word("campaignId"), second);
    let again = tells(&ann, &first, "sarah", &token).await;
    assert_eq!(again.word("clickToken"), token);
    assert_eq!(clicks(&server).await, 1);
}

#[tokio::test]
async fn what_is_no_click_of_this_visit_is_passed_over() {
    let (server, first, _) = shop().await;
    let other = server.second_organization().await;
    other.open_shop(json!({})).await;
    other.affiliate("zoe").await;
    let mut ben = Visitor::new(&server, 2);
    let of_mia = follow(&mut ben, "/r/mia").await;
    let of_zoe = follow(&mut ben, &format!("/r/zoe?o={}", other.organization_id)).await;
    let old = follow(&mut ben, "/r/sarah?c=partners").await;
    assert_eq!(of_zoe.len(), 36, "{of_zoe}");
    server
        .database()
        .change("update click set clicked_at = clicked_at - interval '31 minutes'")
        .await;
    let forged = "01990000-0000-7000-8000-000000000000";
    let before = clicks(&server).await;
    let mut tokens = Vec::new();
    let wrong = [&*of_mia, &of_zoe, &old, forged, "' or 1=1", ""];
    for (number, token) in (10..).zip(wrong) {
        let visitor = Visitor::new(&server, number);
        let told = tells(&visitor, &first, "sarah", token).await;
        assert_eq!(told.word("programId"), first, "{token}");
        assert_ne!(told.word("clickToken"), token);
        tokens.push(told.word("clickToken").to_owned());
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!((tokens.len(), clicks(&server).await), (6, before + 6));
}

#[tokio::test]
async fn consent_comes_before_a_click_that_was_handed_over() {
    let (server, first, second) = shop().await;
    let mut ann = Visitor::new(&server, 1);
    let token = follow(&mut ann, "/r/sarah?c=partners").await;
    let asks = json!({"trackingRequiresConsent": true});
    server
        .patch(&format!("/api/v1/programs/{second}"), asks)
        .await
        .expect(200);
    let told = tells(&ann, &first, "sarah", &token).await;
    assert_eq!(
        (&told.json["status"], &told.json["clickToken"]),
        (&json!("consent_required"), &Value::Null)
    );
    assert_eq!(follow(&mut ann, "/r/sarah?c=partners").await, "");
}
