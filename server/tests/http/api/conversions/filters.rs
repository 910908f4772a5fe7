//! What the list can be asked for, and what is refused: a misspelt filter must never return everything.

use serde_json::Value;

use super::{assorted, external_ids, ids};
use crate::support::TestServer;

async fn found(server: &TestServer, query: &str) -> Vec<String> {
    let rows = server.sales(query).await;
    external_ids(&rows).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_filter_alone_and_together() {
    let server = assorted().await;
    let all = server.sales("").await;
    let of = |id: &str, field: &str| {
        let row = all
            .iter()
            .find(|row| row["externalEventId"] == id)
            .expect("a row");
        row[field].as_str().expect("an id").to_owned()
    };
    let (sarah, mia) = (of("s1", "affiliateId"), of("s3", "affiliateId"));
    let (default, partners) = (of("s1", "campaignId"), of("s3", "campaignId"));
    let cases: Vec<(String, &[&str])> = vec![
        (
            format!("affiliateId={sarah}"),
            &["s8", "l1", "s5", "s2", "s1"],
        ),
        (format!("affiliateId={mia}"), &["s7", "s6", "s4", "s3"]),
        (
            format!("affiliateId={}", mia.to_uppercase()),
            &["s7", "s6", "s4", "s3"],
        ),
        (
            format!("campaignId={default}"),
            &["s8", "l1", "s5", "s2", "s1"],
        ),
        (format!("campaignId={partners}"), &["s7", "s6", "s4", "s3"]),
        ("status=Pending".into(), &["s6", "s5", "s4", "s3", "s1"]),
        ("status=approved".into(), &["l1"]),
        ("status=PAID".into(), &["s8"]),
        ("status=Refunded".into(), &["s2"]),
        ("status=Denied".into(), &["s7"]),
        ("status=Denied,refunded,%20PAID".into(), &["s8", "s7", "s2"]),
        ("status=Denied,Denied".into(), &["s7"]),
        (
            "status=Pending,Approved,Paid,Refunded,Denied".into(),
            &["s8", "s7", "l1", "s6", "s5", "s4", "s3", "s2", "s1"],
        ),
        (
            "type=Sale".into(),
            &["s8", "s7", "s6", "s4", "s3", "s2", "s1"],
        ),
        ("type=recurring".into(), &["s5"]),
        ("type=LEAD".into(), &["l1"]),
        ("type=Recurring,Lead".into(), &["l1", "s5"]),
        ("source=Server".into(), &["s8", "s7", "s6", "s3", "s1"]),
        ("source=coupon".into(), &["s2"]),
        ("source=Customer%20match".into(), &["s5", "s4"]),
        ("source=customer_match".into(), &["s5", "s4"]),
        ("source=Lead".into(), &["l1"]),
        ("source=Imported".into(), &[]),
        ("source=Coupon,Lead".into(), &["l1", "s2"]),
        (format!("affiliateId={sarah}&status=Pending"), &["s5", "s1"]),
        (
            format!("affiliateId={sarah}&campaignId={default}&type=Sale&source=Server"),
            &["s8", "s1"],
        ),
        (format!("affiliateId={sarah}&campaignId={partners}"), &[]),
        (
            "status=Pending&type=Sale&source=Server".into(),
            &["s6", "s3", "s1"],
        ),
        (
            format!("campaignId={partners}&status=Pending,Denied&source=Server"),
            &["s7", "s6", "s3"],
        ),
        (
            "affiliateId=01890000-0000-7000-8000-000000000000".into(),
            &[],
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&server, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn since_is_inclusive_and_until_exclusive() {
    let server = assorted().await;
    let all = server.sales("").await;
    for row in &all {
        let at = row["createdAt"].as_str().expect("a time");
        // The same form sorts as the times do.
        let created = |row: &Value| row["createdAt"].as_str().expect("a time").to_owned();
        let newer: Vec<Value> = all
            .iter()
            .filter(|row| created(row).as_str() >= at)
            .cloned()
            .collect();
        let older: Vec<Value> = all
            .iter()
            .filter(|row| created(row).as_str() < at)
            .cloned()
            .collect();
        assert_eq!(
            ids(&server.sales(&format!("since={at}")).await),
            ids(&newer),
            "since {at}"
        );
        assert_eq!(
            ids(&server.sales(&format!("until={at}")).await),
            ids(&older),
            "until {at}"
        );
        assert_eq!(
            server.sales(&format!("since={at}&until={at}")).await.len(),
            0
        );
        let pending = server
            .sales(&format!("since={at}&status=Pending&type=Sale,Recurring"))
            .await;
        let expected: Vec<Value> = newer
            .into_iter()
            .filter(|row| row["status"] == "Pending")
            .collect();
        assert_eq!(ids(&pending), ids(&expected));
    }
    let day = &all[0]["createdAt"].as_str().expect("a time")[..10];
    assert_eq!(
        server
            .sales(&format!("since={day}&until=2999-01-01"))
            .await
            .len(),
        all.len()
    );
    assert_eq!(
        server.sales(&format!("until={day}")).await.len(),
        0,
        "a day begins at midnight UTC"
    );
    assert_eq!(server.sales("since=2999-01-01").await.len(), 0);
    let local = all[4]["createdAt"]
        .as_str()
        .expect("a time")
        .replace('Z', "%2B00:00");
    assert_eq!(server.sales(&format!("since={local}")).await.len(), 5);
}

#[tokio::test]
async fn what_is_misspelt_is_refused_by_name() {
    let server = assorted().await;
    let unknown = [
        "affilateId=x",
        "affiliate_id=x",
        "Status=Paid",
        "types=Sale",
        "limit=5",
        "page=2",
        "offset=1",
        "q=",
        "=x",
    ];
    for query in unknown {
        let (name, _) = query.split_once('=').expect("a pair");
        for path in ["/api/conversions", "/api/conversions/export"] {
            let answer = server.get(&format!("{path}?{query}")).await.expect(400);
            assert_eq!(
                (answer.error(), answer.field()),
                ("validation_failed", name),
                "{path}?{query}"
            );
        }
    }
    let unfit = [
        "affiliateId=sarah",
        "affiliateId=0",
        "campaignId=Default",
        "status=Open",
        "status=Paid,",
        "status=Paid;Denied",
        "type=Sales",
        "source=Ads",
        "source=Coupon,Ads",
        "since=yesterday",
        "since=2026-13-01",
        "since=1700000000",
        "until=2026-11-20T10:00:00",
        "until=20.11.2026",
        "take=0",
        "take=-1",
        "take=x",
        "take=5.5",
        "take=1e2",
        "take=%205",
        "affiliateId=",
        "campaignId=",
        "status=",
        "type=",
        "source=",
        "since=",
        "until=",
        "take=",
    ];
    for query in unfit {
        let (name, _) = query.split_once('=').expect("a pair");
        let answer = server
            .get(&format!("/api/conversions?{query}"))
            .await
            .expect(400);
        assert_eq!(
            (answer.error(), answer.field()),
            ("validation_failed", name),
            "{query}"
        );
    }
    let twice = server
        .get("/api/conversions?status=Paid&status=Denied")
        .await
        .expect(400);
    assert_eq!(twice.field(), "status", "which of the two is meant?");
    let long = server
        .get(&format!("/api/conversions?status={}", "x".repeat(5000)))
        .await;
    assert_eq!(long.status, 400);
    let lost = server.get("/api/conversions?cursor=").await.expect(400);
    assert_eq!(lost.error(), "invalid_cursor");
    for not_of_the_export in ["take=5", "cursor=x"] {
        let answer = server
            .get(&format!("/api/conversions/export?{not_of_the_export}"))
            .await
            .expect(400);
        assert_eq!(answer.error(), "validation_failed");
    }
}
