//! `/api/v1/programs/{id}/coupons` and `/api/v1/coupons/{id}`

use serde_json::{Value, json};

use super::refusal::{NOBODY, invalid, missing, refused};
use crate::support::TestServer;

async fn program_path(server: &TestServer) -> String {
    format!(
        "/api/v1/programs/{}/coupons",
        server.default_campaign().await
    )
}

#[tokio::test]
async fn a_coupon_comes_and_goes_and_its_code_is_free_again() {
    let server = TestServer::start().await;
    let affiliate = server.affiliate("sarah").await;
    let path = program_path(&server).await;
    let body = json!({
        "affiliateId": affiliate.id, "code": " Sarah20 ", "expiresAt": "2030-01-01T00:00:00Z",
        "processorDiscountId": "promo_1",
    });
    let made = server.post(&path, body.clone()).await.expect(201);
    let coupon = made.data();
    for (name, value) in [
        ("code", json!("Sarah20")),
        ("affiliateId", json!(affiliate.id)),
        ("programId", json!(server.default_campaign().await)),
        ("processorDiscountId", json!("promo_1")),
        ("expiresAt", json!("2030-01-01T00:00:00Z")),
    ] {
        assert_eq!(coupon.get(name), Some(&value), "{name}");
    }
    assert!(coupon["createdAt"].is_string());

    let list = server.get(&path).await.expect(200);
    assert_eq!(
        (list.data(), &list.json["meta"]["total"]),
        (&json!([coupon]), &json!(1))
    );

    let one = format!("/api/v1/coupons/{}", coupon["id"].as_str().expect("an id"));
    assert_eq!(server.delete(&one).await.expect(200).data(), coupon);
    refused(&server.delete(&one).await, 404, "NOT_FOUND");
    assert_eq!(server.get(&path).await.data(), &json!([]));
    server.post(&path, body).await.expect(201);
}

#[tokio::test]
async fn all_coupons_are_listed_unless_a_page_is_asked_for() {
    let server = TestServer::start().await;
    let affiliate = server.affiliate("sarah").await;
    let path = program_path(&server).await;
    for number in 0..25 {
        server
            .coupon(&affiliate, &format!("CODE{number:02}"), None)
            .await;
    }
    let all = server.get(&path).await.expect(200);
    assert_eq!(all.data().as_array().map(Vec::len), Some(25));
    assert_eq!(all.json["meta"]["hasMore"], false);
    let page = server.get(&format!("{path}?page=2")).await.expect(200);
    assert_eq!(page.data().as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn a_code_and_a_discount_are_taken_once() {
    let server = TestServer::start().await;
    let affiliate = server.affiliate("sarah").await;
    let path = program_path(&server).await;
    server.coupon(&affiliate, "SARAH20", Some("promo_1")).await;
    let code = json!({"affiliateId": affiliate.id, "code": "sarah20"});
    refused(&server.post(&path, code).await, 409, "CONFLICT");
    let discount =
        json!({"affiliateId": affiliate.id, "code": "OTHER", "processorDiscountId": "promo_1"});
    refused(&server.post(&path, discount).await, 409, "CONFLICT");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let server = TestServer::start().await;
    let affiliate = server.affiliate("sarah").await;
    let path = program_path(&server).await;
    for (name, values) in [
        ("affiliateId", vec![json!("x"), Value::Null]),
        (
            "code",
            vec![
                json!(""),
                json!("A B"),
                json!("A\u{7}B"),
                json!("X".repeat(65)),
                json!(5),
            ],
        ),
        ("expiresAt", vec![json!("tomorrow"), json!(5)]),
        (
            "processorDiscountId",
            vec![json!(""), json!("x".repeat(256))],
        ),
    ] {
        for value in values {
            let mut body = json!({"affiliateId": affiliate.id, "code": "SARAH20"});
            body[name] = value;
            invalid(&server.post(&path, body).await, name);
        }
    }
    invalid(
        &server
            .post(&path, json!({"affiliateId": affiliate.id}))
            .await,
        "code",
    );
    invalid(
        &server.post(&path, json!({"code": "SARAH20"})).await,
        "affiliateId",
    );
}

#[tokio::test]
async fn an_affiliate_of_another_program_or_organization_gets_no_coupon() {
    let server = TestServer::start().await;
    let other = server.second_organization().await;
    let stranger = other.affiliate("stranger").await;
    let body = json!({"name": "Other", "commissionType": "one_time", "commissionPercent": 5});
    let program = server.campaign(body).await;
    let elsewhere = server
        .affiliate_named("Elsewhere", "elsewhere", json!({"programId": program}))
        .await;
    let path = program_path(&server).await;
    let body = |id: &str| json!({"affiliateId": id, "code": "CODE"});
    invalid(
        &server.post(&path, body(&elsewhere.id)).await,
        "affiliateId",
    );
    for id in [NOBODY, &stranger.id] {
        missing(&server.post(&path, body(id)).await, "affiliateId");
    }

    let sarah = server.affiliate("sarah").await;
    let made = server.post(&path, body(&sarah.id)).await.expect(201);
    let one = format!(
        "/api/v1/coupons/{}",
        made.data()["id"].as_str().expect("an id")
    );
    refused(&other.delete(&one).await, 404, "NOT_FOUND");
    refused(&other.get(&path).await, 404, "NOT_FOUND");
    refused(
        &other.post(&path, body(&stranger.id)).await,
        404,
        "NOT_FOUND",
    );
    let list = server.get(&path).await.expect(200);
    assert_eq!(list.data().as_array().map(Vec::len), Some(1));
}
