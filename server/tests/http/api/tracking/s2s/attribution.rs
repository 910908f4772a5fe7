//! Whom a server-to-server call credits: the rules of attribution as far as calls reach them.

use serde_json::{Value, json};

use super::at;
use crate::support::{Affiliate, Answer, TestServer, now};

/// Who is credited, and by which rule.
fn credit(answer: &Answer) -> (&str, &str) {
    assert_eq!(answer.status, 201, "{}", answer.text);
    (answer.word("affiliateSlug"), answer.word("source"))
}

async fn shop() -> (TestServer, Affiliate, Affiliate) {
    let server = TestServer::start().await;
    let (sarah, mia) = (
        server.affiliate("sarah").await,
        server.affiliate("mia").await,
    );
    (server, sarah, mia)
}

#[tokio::test]
async fn a_slug_names_its_affiliate_in_any_case() {
    let (server, ..) = shop().await;
    for (number, slug) in ["sarah", "SARAH", " Sarah "].into_iter().enumerate() {
        let made = server.sale(&format!("e{number}"), slug, json!({})).await;
        assert_eq!(credit(&made), ("sarah", "Server"), "{slug:?}");
        assert_eq!(
            (made.word("attributionMethod"), made.word("processor")),
            ("server", "server")
        );
    }
}

#[tokio::test]
async fn a_coupon_names_its_affiliate_and_beats_a_slug() {
    let (server, sarah, _) = shop().await;
    server.coupon(&sarah, "SARAH20", None).await;
    for (number, code) in ["SARAH20", "sarah20", " Sarah20 "].into_iter().enumerate() {
        let made = server
            .sale(
                &format!("a{number}"),
                "",
                json!({"affiliateSlug": null, "couponCode": code}),
            )
            .await;
        assert_eq!(credit(&made), ("sarah", "Coupon"), "{code:?}");
        assert_eq!(made.word("couponCode"), "SARAH20");
    }
    let made = server
        .sale("b", "mia", json!({"couponCode": "SARAH20"}))
        .await;
    assert_eq!(credit(&made), ("sarah", "Coupon"));
}

#[tokio::test]
async fn a_coupon_of_nobody_never_removes_a_credit() {
    let (server, ..) = shop().await;
    let made = server
        .sale("a", "mia", json!({"couponCode": "SUMMER"}))
        .await;
    assert_eq!(credit(&made), ("mia", "Server"));
    assert_eq!(made.json["couponCode"], Value::Null);
}

#[tokio::test]
async fn a_slug_beats_a_coupon_whose_campaign_says_so() {
    let (server, ..) = shop().await;
    let campaign = server.campaign(json!({
        "name": "Links first", "commissionType": "recurring", "commissionPercent": 20, "couponsOverrideClicks": false,
    })).await;
    let zoe = server
        .affiliate_named("Zoe", "zoe", json!({"programId": campaign}))
        .await;
    let coupon = json!({"affiliateId": zoe.id, "code": "ZOE"});
    server
        .post(&format!("/api/v1/programs/{campaign}/coupons"), coupon)
        .await
        .expect(201);
    assert_eq!(
        credit(&server.sale("a", "mia", json!({"couponCode": "ZOE"})).await),
        ("mia", "Server")
    );
    let alone = json!({"affiliateSlug": null, "couponCode": "ZOE"});
    assert_eq!(
        credit(&server.sale("b", "", alone).await),
        ("zoe", "Coupon")
    );
}

#[tokio::test]
async fn an_expired_or_removed_coupon_earns_nothing() {
    let (server, sarah, _) = shop().await;
    let campaign = server.default_campaign().await;
    let path = format!("/api/v1/programs/{campaign}/coupons");
    let soon = json!({"affiliateId": sarah.id, "code": "SOON", "expiresAt": at(now() - 3600)});
    server.post(&path, soon).await.expect(201);
    let by_coupon = |code: &str| json!({"affiliateSlug": null, "couponCode": code});
    assert_eq!(server.sale("a", "", by_coupon("SOON")).await.status, 404);
    let before =
        json!({"affiliateSlug": null, "couponCode": "SOON", "occurredAt": at(now() - 7200)});
    assert_eq!(
        credit(&server.sale("b", "", before).await),
        ("sarah", "Coupon"),
        "it was paid before the end"
    );
    let gone = server
        .post(&path, json!({"affiliateId": sarah.id, "code": "GONE"}))
        .await
        .expect(201);
    assert_eq!(
        credit(&server.sale("c", "", by_coupon("GONE")).await).0,
        "sarah"
    );
    let id = gone.data()["id"].as_str().expect("an id");
    server
        .delete(&format!("/api/v1/coupons/{id}"))
        .await
        .expect(200);
    assert_eq!(server.sale("d", "", by_coupon("GONE")).await.status, 404);
}

#[tokio::test]
async fn a_known_customer_is_matched_by_id_then_by_email() {
    let (server, ..) = shop().await;
    let first = json!({"customerExternalId": "cus_1", "customerEmail": "Ann@Example.com"});
    server.sale("a", "sarah", first).await.expect(201);
    server
        .sale("b", "mia", json!({"customerEmail": "ben@example.com"}))
        .await
        .expect(201);
    let cases = [
        (json!({"customerExternalId": "cus_1"}), "sarah"),
        (json!({"customerEmail": " ANN@example.com"}), "sarah"),
        (json!({"customerEmail": "ben@example.com"}), "mia"),
        (
            json!({"customerExternalId": "cus_2", "customerEmail": "ben@example.com"}),
            "mia",
        ),
        (
            json!({"customerExternalId": "cus_1", "customerEmail": "ben@example.com"}),
            "sarah",
        ),
    ];
    for (number, (mut handle, slug)) in cases.into_iter().enumerate() {
        let shown = handle.to_string();
        handle["affiliateSlug"] = Value::Null;
        let made = server.sale(&format!("m{number}"), "", handle).await;
        assert_eq!(credit(&made), (slug, "Customer match"), "{shown}");
        assert_eq!(made.word("type"), "Sale", "a one-off payment");
    }
}

#[tokio::test]
async fn a_later_payment_on_a_subscription_is_recurring_and_stays_with_its_affiliate() {
    let (server, _, mia) = shop().await;
    server.coupon(&mia, "MIA20", None).await;
    let first = json!({"subscriptionId": "sub_1", "occurredAt": at(now() - 86_400)});
    let made = server.sale("a", "sarah", first).await;
    assert_eq!(
        (credit(&made), made.word("type")),
        (("sarah", "Server"), "Sale")
    );
    let later = json!({"subscriptionId": "sub_1", "couponCode": "MIA20"});
    let made = server.sale("b", "mia", later).await;
    assert_eq!(
        (credit(&made), made.word("type")),
        (("sarah", "Customer match"), "Recurring")
    );
    let other = server
        .sale("c", "mia", json!({"subscriptionId": "sub_2"}))
        .await;
    assert_eq!(
        (credit(&other), other.word("type")),
        (("mia", "Server"), "Sale")
    );
}

#[tokio::test]
async fn the_caller_may_name_the_type() {
    let (server, ..) = shop().await;
    let made = server
        .sale("a", "sarah", json!({"type": "recurring"}))
        .await
        .expect(201);
    assert_eq!(made.word("type"), "Recurring");
    let made = server
        .sale("b", "sarah", json!({"type": "sale"}))
        .await
        .expect(201);
    assert_eq!(made.word("type"), "Sale");
}

#[tokio::test]
async fn who_is_paused_blocked_or_removed_gets_no_new_credit_and_keeps_the_old() {
    let (server, sarah, mia) = shop().await;
    server.coupon(&sarah, "SARAH20", None).await;
    let path = format!("/api/v1/affiliates/{}", sarah.id);
    server
        .sale(
            "old",
            "sarah",
            json!({"customerEmail": "ann@example.com", "subscriptionId": "sub_1"}),
        )
        .await
        .expect(201);
    for status in ["paused", "blocked", "removed"] {
        server
            .patch(&path, json!({"status": status}))
            .await
            .expect(200);
        let handles = [
            json!({}),
            json!({"affiliateSlug": null, "couponCode": "SARAH20"}),
            json!({"affiliateSlug": null, "customerEmail": "ann@example.com"}),
            json!({"affiliateSlug": "mia", "subscriptionId": "sub_1"}),
        ];
        for handle in handles {
            let answer = server.sale("new", "sarah", handle.clone()).await;
            assert_eq!(
                (answer.status, answer.error()),
                (404, "affiliate_not_found"),
                "{status} {handle}: {}",
                answer.text
            );
        }
        let made = server
            .sale(
                &format!("by-{status}"),
                "mia",
                json!({"couponCode": "SARAH20"}),
            )
            .await;
        assert_eq!(
            credit(&made),
            ("mia", "Server"),
            "{status}: his coupon does not remove another's credit"
        );
    }
    assert_eq!(
        server
            .sales(&format!("affiliateId={}", sarah.id))
            .await
            .len(),
        1,
        "older sales keep their affiliate"
    );
    server
        .patch(&path, json!({"status": "approved"}))
        .await
        .expect(200);
    assert_eq!(
        credit(&server.sale("new", "sarah", json!({})).await),
        ("sarah", "Server")
    );
    assert_eq!(
        server.sales(&format!("affiliateId={}", mia.id)).await.len(),
        3
    );
}

#[tokio::test]
async fn the_named_campaign_is_used_and_one_he_is_not_in_is_not() {
    let (server, sarah, _) = shop().await;
    let campaign = server
        .campaign(json!({"name": "Two", "commissionType": "recurring", "commissionPercent": 50}))
        .await;
    let named = json!({"campaignId": campaign});
    assert_eq!(
        server.sale("a", "sarah", named.clone()).await.status,
        404,
        "not in that campaign"
    );
    server
        .patch(
            &format!("/api/v1/affiliates/{}", sarah.id),
            json!({"programId": campaign}),
        )
        .await
        .expect(200);
    let made = server.sale("a", "sarah", named).await.expect(201);
    assert_eq!(
        (&made.json["campaignId"], &made.json["commissionCents"]),
        (&json!(campaign), &json!(2450))
    );
    let made = server.sale("b", "sarah", json!({})).await.expect(201);
    assert_eq!(made.word("campaignName"), "Default", "else his primary one");
    server
        .delete(&format!("/api/v1/programs/{campaign}"))
        .await
        .expect(200);
    assert_eq!(
        server
            .sale("c", "sarah", json!({"campaignId": campaign}))
            .await
            .status,
        404,
        "an archived one is closed"
    );
}
