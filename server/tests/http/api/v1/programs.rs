//! `/api/v1/programs`

use serde_json::{Value, json};

use super::refusal::{invalid, refused};
use crate::support::TestServer;

const PATH: &str = "/api/v1/programs";

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn recurring() -> Value {
    json!({"name": "Partners", "commissionType": "recurring", "commissionPercent": 20})
}

#[tokio::test]
async fn a_new_program_has_the_documented_defaults() {
    let server = TestServer::start().await;
    let made = server.post(PATH, recurring()).await.expect(201);
    let program = made.data();
    for (name, value) in [
        ("merchantId", json!(server.organization_id)),
        ("name", json!("Partners")),
        ("slug", json!("partners")),
        ("status", json!("active")),
        ("currency", json!("USD")),
        ("commissionType", json!("recurring")),
        ("commissionModel", json!("percent")),
        ("commissionPercent", json!(20)),
        ("commissionAmountCents", Value::Null),
        ("commissionLimitMonths", Value::Null),
        ("commissionHoldDays", json!(30)),
        ("leadCommissionCents", json!(0)),
        ("clickCommissionCents", json!(0)),
        ("leadCapPerDay", Value::Null),
        ("leadCapPerMonth", Value::Null),
        ("clickCapPerDay", Value::Null),
        ("clickCapPerMonth", Value::Null),
        ("cookieDuration", json!(60)),
        ("attributionModel", json!("last_touch")),
        ("couponsOverrideClicks", json!(true)),
        ("overridePercent", json!(0)),
        ("refundOnCancel", json!(true)),
        ("payoutThreshold", json!(5000)),
        ("trackingRequiresConsent", json!(false)),
        ("website", Value::Null),
        ("landingPageUrl", Value::Null),
        ("flagSelfReferral", json!(true)),
        ("flagSuspiciousActivity", json!(true)),
        ("flagClicksPerDay", json!(10_000)),
        ("flagConversionPercent", json!(50)),
        ("flagReviewFromCents", Value::Null),
        ("description", Value::Null),
        ("portalSlug", Value::Null),
        ("marketplaceStatus", json!("private")),
        ("applicationAccess", json!("invite_only")),
        ("autoApproveAffiliates", json!(true)),
        ("trackingParamAliases", json!([])),
        ("termsUrl", Value::Null),
        ("stripeAccountId", Value::Null),
        ("stripeConnectedAt", Value::Null),
    ] {
        assert_eq!(program.get(name), Some(&value), "{name}");
    }
    for name in ["id", "createdAt", "updatedAt"] {
        assert!(program[name].is_string(), "{name}");
    }
}

#[tokio::test]
async fn every_setting_is_kept_and_can_change() {
    let server = TestServer::start().await;
    let settings = json!({
        "name": "All of it", "slug": "all-of-it", "currency": "eur",
        "commissionType": "recurring_limited", "commissionLimitMonths": 12, "commissionPercent": 12.25,
        "commissionHoldDays": 0, "leadCommissionCents": 100, "clickCommissionCents": 5,
        "leadCapPerDay": 10, "leadCapPerMonth": 100, "clickCapPerDay": 1_000, "clickCapPerMonth": 1_000_000,
        "cookieDuration": 365, "attributionModel": "first_touch", "couponsOverrideClicks": false,
        "overridePercent": 7.5, "refundOnCancel": false, "payoutThreshold": 0,
        "trackingRequiresConsent": true, "website": "https://example.com",
        "landingPageUrl": "https://example.com/start?a=b", "autoApproveAffiliates": true,
        "flagSelfReferral": false, "flagSuspiciousActivity": false, "flagClicksPerDay": 500,
        "flagConversionPercent": 25, "flagReviewFromCents": 100_000, "description": "For friends\nof the house",
    });
    let made = server.post(PATH, settings.clone()).await.expect(201);
    let path = format!("{PATH}/{}", made.data()["id"].as_str().expect("an id"));
    let kept = with(settings, "currency", json!("EUR"));
    for program in [
        made.data().clone(),
        server.get(&path).await.expect(200).data().clone(),
    ] {
        for (name, value) in kept.as_object().expect("an object") {
            assert_eq!(program.get(name), Some(value), "{name}");
        }
    }

    let change = json!({
        "name": "Other", "commissionModel": "fixed", "commissionAmountCents": 500, "commissionType": "one_time",
        "landingPageUrl": null, "leadCapPerDay": null, "payoutThreshold": 1000, "currency": "EUR",
        "slug": "all-of-it", "flagClicksPerDay": null, "description": null,
    });
    let changed = server.patch(&path, change).await.expect(200);
    let program = changed.data();
    for (name, value) in [
        ("name", json!("Other")),
        ("slug", json!("all-of-it")),
        ("commissionModel", json!("fixed")),
        ("commissionAmountCents", json!(500)),
        ("commissionPercent", json!(0)),
        ("commissionType", json!("one_time")),
        ("commissionLimitMonths", Value::Null),
        ("landingPageUrl", Value::Null),
        ("flagClicksPerDay", Value::Null),
        ("description", Value::Null),
        ("flagConversionPercent", json!(25)),
        ("website", json!("https://example.com")),
        ("payoutThreshold", json!(1000)),
        ("cookieDuration", json!(365)),
        ("attributionModel", json!("first_touch")),
    ] {
        assert_eq!(program.get(name), Some(&value), "{name}");
    }
    let unchanged = server.patch(&path, json!({})).await.expect(200);
    assert_eq!(unchanged.data(), program);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let server = TestServer::start().await;
    for (name, values) in [
        (
            "name",
            vec![json!(""), json!("x".repeat(121)), json!(5), Value::Null],
        ),
        ("slug", vec![json!("ab"), json!("under_score")]),
        (
            "commissionType",
            vec![json!("sometimes"), json!(5), Value::Null],
        ),
        ("commissionModel", vec![json!("tiered"), json!(5)]),
        (
            "commissionPercent",
            vec![
                json!(100.01),
                json!(-1),
                json!(1.234),
                json!("20"),
                json!(1e30),
                Value::Null,
            ],
        ),
        ("commissionAmountCents", vec![json!(500)]),
        (
            "commissionLimitMonths",
            vec![json!(0), json!(121), json!(12), json!("12")],
        ),
        (
            "commissionHoldDays",
            vec![json!(-1), json!(366), json!(1.5)],
        ),
        ("flagSelfReferral", vec![json!("yes"), json!(1)]),
        ("flagClicksPerDay", vec![json!(0), json!(1_000_001)]),
        (
            "flagConversionPercent",
            vec![json!(0), json!(1_001), json!(1.5)],
        ),
        ("flagReviewFromCents", vec![json!(0), json!(-1), json!("5")]),
        (
            "leadCommissionCents",
            vec![json!(-1), json!(1_000_000_000_000_001_i64)],
        ),
        ("clickCommissionCents", vec![json!(-1), json!("5")]),
        ("leadCapPerDay", vec![json!(0), json!("5")]),
        ("leadCapPerMonth", vec![json!(-1), json!(1.5)]),
        ("clickCapPerDay", vec![json!(0), json!(1_000_001)]),
        (
            "clickCapPerMonth",
            vec![json!(5_000_000_000_i64), json!(true)],
        ),
        (
            "website",
            vec![json!("example.com"), json!("javascript:alert(1)"), json!(5)],
        ),
        (
            "landingPageUrl",
            vec![json!(""), json!("ftp://example.com")],
        ),
        ("cookieDuration", vec![json!(0), json!(366)]),
        ("payoutThreshold", vec![json!(-1), json!(49.5)]),
        ("currency", vec![json!("XYZ"), json!("XAU"), json!("")]),
        ("attributionModel", vec![json!("middle_touch"), json!(5)]),
        ("couponsOverrideClicks", vec![json!("yes")]),
        ("overridePercent", vec![json!(101)]),
        ("refundOnCancel", vec![json!(1)]),
        ("trackingRequiresConsent", vec![json!("no")]),
        ("status", vec![json!("paused"), json!("archived"), json!(5)]),
        ("autoApproveAffiliates", vec![json!(false)]),
    ] {
        for value in values {
            invalid(
                &server.post(PATH, with(recurring(), name, value)).await,
                name,
            );
        }
    }
    let limited = with(recurring(), "commissionType", json!("recurring_limited"));
    invalid(&server.post(PATH, limited).await, "commissionLimitMonths");
    let fixed = json!({"name": "F", "commissionType": "recurring", "commissionModel": "fixed"});
    invalid(
        &server.post(PATH, fixed.clone()).await,
        "commissionAmountCents",
    );
    let both = with(
        with(fixed, "commissionAmountCents", json!(5)),
        "commissionPercent",
        json!(5),
    );
    invalid(&server.post(PATH, both).await, "commissionPercent");
    assert_eq!(
        server.get(PATH).await.json["meta"]["total"],
        1,
        "nothing was stored"
    );
}

#[tokio::test]
async fn a_change_that_does_not_fit_is_refused_by_name() {
    let server = TestServer::start().await;
    let path = format!("{PATH}/{}", server.default_campaign().await);
    for (name, value) in [
        ("slug", json!("under_score")),
        ("currency", json!("EUR")),
        ("status", json!("paused")),
        ("commissionAmountCents", json!(5)),
        ("commissionPercent", json!(101)),
        ("commissionLimitMonths", json!(5)),
        ("cookieDuration", json!(0)),
    ] {
        invalid(&server.patch(&path, json!({name: value})).await, name);
    }
    invalid(
        &server
            .patch(&path, json!({"commissionModel": "fixed"}))
            .await,
        "commissionAmountCents",
    );
    let limited = json!({"commissionType": "recurring_limited"});
    invalid(&server.patch(&path, limited).await, "commissionLimitMonths");
}

#[tokio::test]
async fn a_slug_is_taken_once() {
    let server = TestServer::start().await;
    server.post(PATH, recurring()).await.expect(201);
    refused(&server.post(PATH, recurring()).await, 409, "CONFLICT");
    server
        .post(PATH, with(recurring(), "slug", json!("partners-2")))
        .await
        .expect(201);
    let other = server.second_organization().await;
    other.post(PATH, recurring()).await.expect(201);
}

#[tokio::test]
async fn a_slug_is_changed_to_one_that_is_free() {
    let server = TestServer::start().await;
    let path = format!("{PATH}/{}", server.campaign(recurring()).await);
    let taken = server.patch(&path, json!({"slug": "default"})).await;
    refused(&taken, 409, "CONFLICT");
    assert!(taken.text.contains("choose another"), "{}", taken.text);
    let changed = server.patch(&path, json!({"slug": "VIP"})).await;
    assert_eq!(changed.expect(200).data()["slug"], "vip");
    assert_eq!(server.get(&path).await.data()["slug"], "vip");
    // The old one is free again.
    server.post(PATH, recurring()).await.expect(201);
    let said =
        "select detail from audit_entry where subject_kind = 'campaign' and action = 'changed'";
    let said = server.database().text(said).await;
    assert!(said.ends_with(": slug partners to vip"), "{said}");
}

#[tokio::test]
async fn deleting_archives_and_a_change_opens_again() {
    let server = TestServer::start().await;
    let id = server.campaign(recurring()).await;
    let path = format!("{PATH}/{id}");
    assert_eq!(
        server.delete(&path).await.expect(200).data()["status"],
        "archived"
    );
    assert_eq!(
        server.get(&path).await.expect(200).data()["status"],
        "archived"
    );
    for (status, count) in [("active", 1), ("archived", 1), ("paused", 0)] {
        let list = server
            .get(&format!("{PATH}?status={status}"))
            .await
            .expect(200);
        assert_eq!(list.json["meta"]["total"], count, "{status}");
    }
    invalid(&server.get(&format!("{PATH}?status=gone")).await, "status");
    let joining = json!({"name": "A", "email": "a@example.com", "code": "aaa", "programId": id});
    invalid(
        &server.post("/api/v1/affiliates", joining.clone()).await,
        "programId",
    );
    server
        .patch(&path, json!({"status": "active"}))
        .await
        .expect(200);
    server.post("/api/v1/affiliates", joining).await.expect(201);
}

#[tokio::test]
async fn readiness_tells_how_far_the_merchant_is() {
    let server = TestServer::start().await;
    let path = format!("{PATH}/{}", server.default_campaign().await);
    assert_eq!(server.get(&path).await.data()["readiness"], "setup");
    server
        .patch(&path, json!({"website": "https://example.com"}))
        .await
        .expect(200);
    assert_eq!(server.get(&path).await.data()["readiness"], "partial");
    server.connect_stripe("whsec_0123456789").await;
    assert_eq!(server.get(&path).await.data()["readiness"], "ready");
}

#[tokio::test]
async fn a_programs_affiliates_are_those_who_joined_it() {
    let server = TestServer::start().await;
    let id = server.campaign(recurring()).await;
    server.affiliate("elsewhere").await;
    let here = server
        .affiliate_named("Here", "here", json!({"programId": id}))
        .await;
    let list = server
        .get(&format!("{PATH}/{id}/affiliates"))
        .await
        .expect(200);
    assert_eq!(list.json["meta"]["total"], 1);
    assert_eq!(list.data()[0]["id"], here.id.as_str());
    assert_eq!(list.data()[0]["programId"], id.as_str());
}

#[tokio::test]
async fn a_description_is_a_text_of_some_length() {
    let server = TestServer::start().await;
    for text in [
        json!(""),
        json!("x".repeat(501)),
        json!("a\u{0}b"),
        json!(5),
    ] {
        let body = with(recurring(), "description", text);
        invalid(&server.post(PATH, body).await, "description");
    }
    let body = with(recurring(), "description", json!("x".repeat(500)));
    server.post(PATH, body).await.expect(201);
}
