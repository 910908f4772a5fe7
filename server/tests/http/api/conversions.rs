//! `GET /api/conversions`: the list of sales.

mod export;
mod filters;
mod paging;

use serde_json::{Value, json};

use crate::support::{TestServer, send};

/// A server with sales of every kind that can be made from outside, and of the others by hand.
async fn assorted() -> TestServer {
    let server = TestServer::start().await;
    let sarah = server
        .affiliate_named("Sarah Lind", "sarah", json!({}))
        .await;
    let campaign = server
        .campaign(
            json!({"name": "Partners", "commissionType": "recurring", "commissionPercent": 30}),
        )
        .await;
    server
        .affiliate_named("Mia", "mia", json!({"programId": campaign}))
        .await;
    server.coupon(&sarah, "SARAH20", None).await;
    let calls = [
        (
            "s1",
            "sarah",
            json!({"customerEmail": "ann@example.com", "subscriptionId": "sub_1"}),
        ),
        (
            "s2",
            "sarah",
            json!({"couponCode": "SARAH20", "amountCents": 1000}),
        ),
        (
            "s3",
            "mia",
            json!({"amountCents": 2500, "customerExternalId": "cus_1"}),
        ),
        (
            "s4",
            "mia",
            json!({"affiliateSlug": null, "customerExternalId": "cus_1"}),
        ),
        ("s5", "sarah", json!({"subscriptionId": "sub_1"})),
        ("s6", "mia", json!({"currency": "EUR"})),
        (
            "l1",
            "sarah",
            json!({"type": "lead", "amountCents": null, "currency": null, "customerEmail": "ben@example.com"}),
        ),
        ("s7", "mia", json!({})),
        ("s8", "sarah", json!({})),
    ];
    for (id, slug, more) in calls {
        server.sale(id, slug, more).await.expect(201);
    }
    // What only time, refunds and payouts do.
    let database = server.database();
    database.change("update conversion set status = 'denied', commission_minor = 0 where external_event_id = 's7'").await;
    database.change("update conversion set status = 'paid', approved_at = now(), paid_at = now() where external_event_id = 's8'").await;
    database.change("update conversion set status = 'refunded', refunded_minor = amount_minor, commission_minor = 0,
        refunded_at = now() where external_event_id = 's2'").await;
    server
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["id"].as_str().expect("an id"))
        .collect()
}

fn external_ids(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["externalEventId"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn rows_are_newest_first_and_tell_everything() {
    let server = assorted().await;
    let list = server.get("/api/conversions").await.expect(200);
    assert_eq!(list.header("content-type"), "application/json");
    let rows = list.data().as_array().expect("a list");
    assert_eq!(
        external_ids(rows),
        ["s8", "s7", "l1", "s6", "s5", "s4", "s3", "s2", "s1"]
    );
    insta::assert_json_snapshot!(list.json, {
            ".data[].id" => "[id]", ".data[].createdAt" => "[time]", ".data[].occurredAt" => "[time]",
            ".data[].holdUntil" => "[time]", ".data[].affiliateId" => "[affiliate]", ".data[].campaignId" => "[campaign]",
            ".data[].approvedAt" => time_or_null(), ".data[].paidAt" => time_or_null(), ".data[].refundedAt" => time_or_null(),
    });
}

fn time_or_null() -> insta::internals::Redaction {
    insta::dynamic_redaction(|value, _| match value {
        insta::internals::Content::None | insta::internals::Content::Unit => {
            insta::internals::Content::Unit
        }
        _ => "[time]".into(),
    })
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    let server = TestServer::start().await;
    let list = server.get("/api/conversions").await.expect(200);
    assert_eq!(list.json, json!({"data": [], "nextCursor": null}));
}

#[tokio::test]
async fn another_organization_sees_nothing() {
    let server = assorted().await;
    let other = server.second_organization().await;
    assert_eq!(other.sales("").await, [] as [Value; 0]);
    let row = server.sales("").await.remove(0);
    for query in [
        format!(
            "affiliateId={}",
            row["affiliateId"].as_str().expect("an id")
        ),
        format!("campaignId={}", row["campaignId"].as_str().expect("an id")),
    ] {
        assert_eq!(other.sales(&query).await, [] as [Value; 0], "{query}");
    }
    let csv = other.get("/api/conversions/export").await.expect(200);
    assert_eq!(csv.text.lines().count(), 1, "the header alone");
}

#[tokio::test]
async fn a_key_with_the_scope_is_needed() {
    let server = TestServer::start().await;
    for path in ["/api/conversions", "/api/conversions/export"] {
        assert_eq!(
            server.without_key().get(path).await.error(),
            "unauthorized",
            "{path}"
        );
        assert_eq!(
            server
                .with_key("ak_live_unknownunknownunknownunknown")
                .get(path)
                .await
                .status,
            401,
            "{path}"
        );
        let refused = server
            .with_scopes(&["conversions:write", "stats:read"])
            .await
            .get(path)
            .await
            .expect(403);
        assert_eq!(refused.error(), "insufficient_scope");
        server
            .with_scopes(&["conversions:read"])
            .await
            .get(path)
            .await
            .expect(200);
        let other = server.request(reqwest::Method::POST, path).json(&json!({}));
        assert_eq!(send(other).await.status, 405, "{path}");
    }
}
