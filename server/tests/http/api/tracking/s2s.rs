//! `POST /api/tracking/s2s`: a merchant's own server tells of a sale.

mod attribution;
mod commission;
mod refused;
mod repeated;
mod signed;

use serde_json::{Value, json};

use crate::support::{TestServer, now, padded};

#[tokio::test]
async fn a_sale_is_answered_with_its_row() {
    let server = TestServer::start().await;
    let sarah = server
        .affiliate_named("Sarah Lind", "sarah", json!({}))
        .await;
    let more = json!({
        "taxCents": 400, "customerExternalId": "cus_1", "customerEmail": " Ann@Example.com ",
        "customerName": "Ann", "subscriptionId": "sub_1", "occurredAt": at(now() - 86_400),
        "metadata": {"plan": "pro", "seats": 3, "trial": false, "note": null},
        "campaignId": server.default_campaign().await,
    });
    let made = server.sale("order-1", "Sarah", more).await.expect(201);
    insta::assert_json_snapshot!(made.json, {
            ".id" => "[id]", ".createdAt" => "[time]", ".occurredAt" => "[time]", ".holdUntil" => "[time]",
            ".affiliateId" => "[affiliate]", ".campaignId" => "[campaign]",
    });
    assert_eq!(made.json["affiliateId"], json!(sarah.id));
    let mut listed = server.sales("").await;
    assert_eq!(listed.len(), 1);
    let mut answered = made.json.clone();
    assert_eq!(
        answered
            .as_object_mut()
            .and_then(|row| row.remove("deduped")),
        Some(json!(false))
    );
    assert_eq!(
        listed.remove(0),
        answered,
        "the list shows the very row that was answered"
    );
}

#[tokio::test]
async fn times_are_utc_and_the_hold_counts_from_the_payment() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let campaign = server.campaign(json!({
        "name": "Week", "commissionType": "recurring", "commissionPercent": 20, "commissionHoldDays": 7,
    })).await;
    server
        .affiliate_named("Mia", "mia", json!({"programId": campaign}))
        .await;
    let paid =
        chrono::DateTime::from_timestamp_millis((now() - 86_400) * 1000 + 250).expect("in range");
    let in_berlin = paid.with_timezone(&chrono::FixedOffset::east_opt(3600).expect("an hour"));
    let made = server
        .sale("a", "mia", json!({"occurredAt": in_berlin.to_rfc3339()}))
        .await
        .expect(201);
    let written =
        |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    assert_eq!(made.word("occurredAt"), written(paid));
    assert_eq!(
        made.word("holdUntil"),
        written(paid + chrono::Duration::days(7))
    );
    assert_eq!(
        made.json["campaignId"],
        json!(campaign),
        "the affiliate's primary campaign"
    );
    let before = now();
    let made = server.sale("b", "sarah", json!({})).await.expect(201);
    let seconds = |field| {
        made.word(field)
            .parse::<chrono::DateTime<chrono::Utc>>()
            .expect("a time")
            .timestamp()
    };
    let (occurred, created) = (seconds("occurredAt"), seconds("createdAt"));
    assert!(
        before <= occurred && occurred <= created && created <= now(),
        "without occurredAt it happened now: {}",
        made.text
    );
}

#[tokio::test]
async fn every_field_may_hold_its_largest_and_smallest_value() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let fits: Vec<Value> = vec![
        json!({"externalEventId": "x".repeat(255)}),
        json!({"externalEventId": "1"}),
        json!({"amountCents": 1}),
        json!({"amountCents": 1_000_000_000_000_000_i64}),
        json!({"currency": "usd"}),
        json!({"taxCents": 0}),
        json!({"taxCents": 4899}),
        json!({"occurredAt": at(now() - 399 * 86_400)}),
        json!({"occurredAt": at(now())}),
        json!({"customerExternalId": "c".repeat(255)}),
        json!({"customerName": "n".repeat(120)}),
        json!({"type": "sale"}),
        json!({"type": "recurring"}),
        json!({"metadata": {}}),
        json!({"metadata": {"k": "v".repeat(4096 - 8)}}),
        json!({"customerEmail": format!("{}@example.com", "a".repeat(240))}),
    ];
    for (number, more) in fits.into_iter().enumerate() {
        let shown = more.to_string();
        let answer = server.sale(&format!("fits-{number}"), "sarah", more).await;
        assert_eq!(answer.status, 201, "{shown}: {}", answer.text);
        assert_eq!(answer.word("currency"), "USD");
    }
}

#[tokio::test]
async fn json_may_name_its_charset_and_fill_a_megabyte() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let body = |id: &str| {
        json!({"externalEventId": id, "amountCents": 100, "currency": "USD", "affiliateSlug": "sarah"}).to_string()
    };
    let request = server.request(reqwest::Method::POST, "/api/tracking/s2s");
    let request = request
        .header("content-type", "Application/JSON; charset=utf-8")
        .body(body("a"));
    crate::support::send(request).await.expect(201);
    server
        .post_bytes("/api/tracking/s2s", padded(&body("b"), 1024 * 1024))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_clock_that_is_a_little_ahead_means_now() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let ahead = json!({"occurredAt": at(now() + 30)});
    let sale = server.sale("ahead", "sarah", ahead).await.expect(201);
    let time = |field| chrono::DateTime::parse_from_rfc3339(sale.word(field)).expect("a time");
    assert!(time("occurredAt") <= time("createdAt"), "{}", sale.text);
    let past = at(now() - 30);
    let sale = server
        .sale("behind", "sarah", json!({"occurredAt": past}))
        .await
        .expect(201);
    let told = chrono::DateTime::parse_from_rfc3339(&past).expect("a time");
    let kept = chrono::DateTime::parse_from_rfc3339(sale.word("occurredAt")).expect("a time");
    assert_eq!(kept, told);
}

/// An instant in RFC 3339.
pub(super) fn at(unix: i64) -> String {
    chrono::DateTime::from_timestamp(unix, 0)
        .expect("in range")
        .to_rfc3339()
}
