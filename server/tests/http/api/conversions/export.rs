//! `GET /api/conversions/export`: the same list as CSV.

use serde_json::{Value, json};

use super::assorted;
use crate::support::{Answer, Client, TestServer, eventually};

async fn export(client: &Client, query: &str) -> Answer {
    client
        .get(&format!("/api/conversions/export?{query}"))
        .await
        .expect(200)
}

/// The records as a CSV reader of others reads them, by the names of the header.
fn records(text: &str) -> Vec<Value> {
    let mut reader = csv::ReaderBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let record = |record: csv::StringRecord| {
        header
            .iter()
            .map(str::to_owned)
            .zip(record.iter().map(Value::from))
            .collect::<serde_json::Map<_, _>>()
    };
    reader
        .records()
        .map(|row| Value::Object(record(row.expect("a record"))))
        .collect()
}

/// Minor units as a plain decimal.
fn decimal(minor: &Value, currency: &Value) -> String {
    let minor = minor.as_i64().expect("an integer");
    match currency.as_str().expect("a code") {
        "JPY" => minor.to_string(),
        "KWD" => format!("{}.{:03}", minor / 1000, minor % 1000),
        _ => format!("{}.{:02}", minor / 100, minor % 100),
    }
}

/// Text as a spreadsheet may see it.
fn neutral(text: &Value) -> String {
    let text = text.as_str().unwrap_or_default();
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn assert_same(record: &Value, row: &Value) {
    let texts = [
        ("affiliate_name", "affiliateName"),
        ("affiliate_slug", "affiliateSlug"),
        ("campaign_name", "campaignName"),
        ("external_event_id", "externalEventId"),
        ("subscription_id", "subscriptionId"),
        ("customer_id", "customerId"),
        ("invoice_id", "invoiceId"),
        ("charge_id", "chargeId"),
        ("customer_email", "customerEmail"),
        ("coupon_code", "couponCode"),
        ("id", "id"),
        ("type", "type"),
        ("source", "source"),
        ("status", "status"),
        ("affiliate_id", "affiliateId"),
        ("campaign_id", "campaignId"),
        ("currency", "currency"),
        ("commission_currency", "commissionCurrency"),
        ("processor", "processor"),
        ("attribution_method", "attributionMethod"),
        ("parent_conversion_id", "parentConversionId"),
    ];
    for (column, field) in texts {
        assert_eq!(
            record[column],
            json!(neutral(&row[field])),
            "{column} of {row}"
        );
    }
    let amounts = [
        ("amount", "amountCents", "currency"),
        ("refunded", "refundedCents", "currency"),
        ("commission", "commissionCents", "commissionCurrency"),
    ];
    for (column, field, currency) in amounts {
        assert_eq!(
            record[column],
            json!(decimal(&row[field], &row[currency])),
            "{column} of {row}"
        );
    }
    let times = [
        ("created_at", "createdAt"),
        ("occurred_at", "occurredAt"),
        ("hold_until", "holdUntil"),
        ("approved_at", "approvedAt"),
        ("paid_at", "paidAt"),
        ("refunded_at", "refundedAt"),
    ];
    for (column, field) in times {
        let instant = |value: &Value| {
            value.as_str().filter(|text| !text.is_empty()).map(|text| {
                let at: chrono::DateTime<chrono::Utc> = text.parse().expect("RFC 3339");
                at.timestamp_millis()
            })
        };
        assert_eq!(
            instant(&record[column]),
            instant(&row[field]),
            "{column} of {row}"
        );
    }
}

#[tokio::test]
async fn the_file_holds_the_list_in_its_order() {
    let server = assorted().await;
    let csv = export(&server, "").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(
        csv.header("content-disposition")
            .starts_with("attachment; filename=\"sales-"),
        "{:?}",
        csv.headers
    );
    assert!(
        csv.text.ends_with("\r\n") && !csv.text.replace("\r\n", "").contains(['\r', '\n']),
        "CRLF and nothing else"
    );
    let header: Vec<&str> = csv
        .text
        .lines()
        .next()
        .expect("a header")
        .split(',')
        .collect();
    assert_eq!(
        header[header.len() - 2..],
        ["attribution_method", "coupon_code"]
    );
    let (records, rows) = (records(&csv.text), server.sales("").await);
    assert_eq!((records.len(), rows.len()), (9, 9));
    for (record, row) in records.iter().zip(&rows) {
        assert_same(record, row);
    }
}

#[tokio::test]
async fn the_filters_are_those_of_the_list() {
    let server = assorted().await;
    let since = server.sales("").await[4]["createdAt"]
        .as_str()
        .expect("a time")
        .to_owned();
    let queries = [
        "status=Pending",
        "status=paid,Denied",
        "type=Lead",
        "source=Customer%20match",
        "status=Pending&type=Sale&source=Server",
        &format!("since={since}"),
        &format!("until={since}&status=pending"),
        "source=Manual",
    ];
    for query in queries {
        let (records, rows) = (
            records(&export(&server, query).await.text),
            server.sales(query).await,
        );
        assert_eq!(records.len(), rows.len(), "{query}");
        for (record, row) in records.iter().zip(&rows) {
            assert_same(record, row);
        }
    }
}

#[tokio::test]
async fn formulas_are_neutralised_and_quotes_and_commas_survive() {
    let server = TestServer::start().await;
    let campaign =
        json!({"name": "+SUM(A1:A9)", "commissionType": "recurring", "commissionPercent": 20});
    let campaign = server.campaign(campaign).await;
    server
        .affiliate_named(
            "=HYPERLINK(\"http://evil.example\",\"x\")",
            "sarah",
            json!({"programId": campaign}),
        )
        .await;
    for (id, email) in [
        ("=1+1", "=cmd@example.com"),
        ("+49", "+tag@example.com"),
        ("-5", "-dash@example.com"),
        ("@SUM(A1)", "ann@example.com"),
        ("plain", "a,b@example.com"),
        ("with \"quotes\"", "say\"hi\"@example.com"),
        ("comma, and; semicolon", "ok@example.com"),
        ("back\\slash \\n \\N", "zoë@example.com"),
        ("\\.", "dot@example.com"),
        ("Zoë 💶 é", "e@example.com"),
        (" leading", "l@example.com"),
    ] {
        server
            .sale(
                id,
                "sarah",
                json!({"customerEmail": email, "customerExternalId": id, "subscriptionId": id}),
            )
            .await
            .expect(201);
    }
    let csv = export(&server, "").await;
    let (records, rows) = (records(&csv.text), server.sales("").await);
    assert_eq!(records.len(), 11);
    for (record, row) in records.iter().zip(&rows) {
        assert_same(record, row);
    }
    assert!(records.iter().all(|record| {
        record["affiliate_name"]
            .as_str()
            .expect("text")
            .starts_with("'=HYPERLINK(\"http")
    }));
    assert!(
        csv.text
            .contains("\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\""),
        "quoted as RFC 4180 says"
    );
}

#[tokio::test]
async fn numbers_are_plain_decimals_in_their_currency() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    for (id, amount, currency, written) in [
        ("a", 4900, "USD", "49.00"),
        ("b", 5, "USD", "0.05"),
        ("c", 1580, "JPY", "1580"),
        ("d", 3012, "KWD", "3.012"),
        ("e", 1_000_000_000_000_000_i64, "USD", "10000000000000.00"),
    ] {
        server
            .sale(
                id,
                "sarah",
                json!({"amountCents": amount, "currency": currency}),
            )
            .await
            .expect(201);
        let records = records(&export(&server, "").await.text);
        assert_eq!(records[0]["amount"], written);
    }
}

#[tokio::test]
async fn all_of_a_long_list_is_exported() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.sale("first", "sarah", json!({})).await.expect(201);
    server.database().change(
        "insert into conversion select (json_populate_record(c, json_build_object('conversion_id', gen_random_uuid(),
             'external_event_id', 'copy-' || n))).* from conversion c, generate_series(1, 3000) n",
    ).await;
    let records = records(&export(&server, "").await.text);
    assert_eq!(records.len(), 3001);
    let ids: std::collections::BTreeSet<&str> = records
        .iter()
        .map(|record| record["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids.len(), 3001);
}

/// 20 MB of rows: more than all buffers between the database and a reader who does not read.
const PLENTY: &str = "insert into conversion
    select copy.* from conversion c cross join generate_series(2, 8000) number
        cross join lateral jsonb_populate_record(c, jsonb_build_object('conversion_id', gen_random_uuid(),
            'external_event_id', number::text, 'charge_id', repeat('x', 2000))) copy";

#[tokio::test]
async fn one_export_too_many_is_told_to_come_again() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.sale("one", "sarah", json!({})).await.expect(201);
    server.database().change(PLENTY).await;
    let path = "/api/conversions/export";
    let mut unread = Vec::new();
    for _ in 0..2 {
        let export = server.request(reqwest::Method::GET, path).send().await;
        let export = export.expect("an answer");
        assert_eq!(export.status(), 200);
        unread.push(export);
    }
    let refused = server.get(path).await.expect(503);
    assert_eq!(refused.error(), "service_unavailable");
    assert!(refused.word("message").contains("too many exports"));
    assert_eq!(refused.header("retry-after"), "10");
    drop(unread);
    eventually("there is a place again", async || {
        (server.get(path).await.status == 200).then_some(())
    })
    .await;
}
