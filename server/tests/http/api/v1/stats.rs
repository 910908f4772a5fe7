//! `/api/v1/conversions`, `/conversions/stats` and `/programs/{id}/stats` agree with each other and with `/api/conversions`.

use serde_json::{Value, json};

use super::refusal::refused;
use crate::support::TestServer;

const LIST: &str = "/api/v1/conversions";

async fn list(server: &TestServer, query: &str) -> Vec<Value> {
    let list = server.get(&format!("{LIST}?limit=100&{query}")).await;
    let list = list.expect(200);
    let rows = list.data().as_array().expect("a list").clone();
    assert_eq!(list.json["meta"]["total"], json!(rows.len()), "{query}");
    rows
}

/// Sums of rows as the stats tell them: how many, and by currencies amount, refunds and commission.
fn summed(rows: &[Value]) -> Vec<(String, String, [i64; 4])> {
    let mut sums: Vec<(String, String, [i64; 4])> = Vec::new();
    for row in rows {
        let word = |name: &str| row[name].as_str().expect(name).to_owned();
        let number = |name: &str| row[name].as_i64().expect(name);
        let (sold, earned) = (word("currency"), word("commissionCurrency"));
        let add = [
            1,
            number("amount"),
            number("refundedCents"),
            number("commission"),
        ];
        match sums
            .iter_mut()
            .find(|sum| (&sum.0, &sum.1) == (&sold, &earned))
        {
            Some(sum) => sum.2.iter_mut().zip(add).for_each(|(sum, add)| *sum += add),
            None => sums.push((sold, earned, add)),
        }
    }
    sums.sort();
    sums
}

fn told(stats: &Value) -> Vec<(String, String, [i64; 4])> {
    let pairs = stats["byCurrency"].as_array().expect("a list");
    let word = |pair: &Value, name: &str| pair[name].as_str().expect("a code").to_owned();
    let numbers = ["conversions", "revenue", "refunded", "commissions"];
    let pairs = pairs.iter().map(|pair| {
        let numbers = numbers.map(|name| pair[name].as_i64().expect("a number"));
        (
            word(pair, "currency"),
            word(pair, "commissionCurrency"),
            numbers,
        )
    });
    pairs.collect()
}

#[tokio::test]
async fn lists_and_stats_agree_in_every_currency() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    server.affiliate("jonas").await;
    let euros = json!({"name": "Europe", "commissionType": "recurring", "commissionPercent": 10, "currency": "EUR"});
    let europe = server.campaign(euros).await;
    let join = json!({"programId": europe});
    let path = format!("/api/v1/affiliates/{}", sarah.id);
    server.patch(&path, join).await.expect(200);
    for number in 0..3 {
        server
            .sale(&format!("usd-{number}"), "jonas", json!({}))
            .await
            .expect(201);
        let euros = json!({"currency": "EUR", "campaignId": europe, "amountCents": 1000 + number});
        server
            .sale(&format!("eur-{number}"), "sarah", euros)
            .await
            .expect(201);
    }
    let back = json!({"externalEventId": "usd-0", "refundId": "re-1", "amountCents": 900});
    server
        .post("/api/tracking/s2s/refund", back)
        .await
        .expect(200);

    let all = list(&server, "").await;
    let dialect_a = server.sales("").await;
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&all), ids(&dialect_a));
    for (row, same) in all.iter().zip(&dialect_a) {
        assert_eq!(
            (&row["amount"], &row["commission"]),
            (&same["amountCents"], &same["commissionCents"])
        );
    }
    let stats = server.get(&format!("{LIST}/stats")).await.expect(200);
    assert_eq!(told(stats.data()), summed(&all));
    assert_eq!(stats.data()["total"], 6);
    assert_eq!(
        (&stats.data()["pending"], &stats.data()["partiallyRefunded"]),
        (&json!(5), &json!(1))
    );
    assert_eq!(
        stats.data()["revenueCurrency"],
        "EUR",
        "of two alike the first by its code"
    );
    assert_eq!(stats.data()["totalRevenue"], 3003);

    for (program, name, currency, affiliates) in [
        (server.default_campaign().await, "Default", "USD", 2),
        (europe, "Europe", "EUR", 1),
    ] {
        let rows = list(&server, &format!("programId={program}")).await;
        let of_program = server
            .get(&format!("/api/v1/programs/{program}/stats?period=7d"))
            .await;
        let of_program = of_program.expect(200);
        let data = of_program.data();
        assert_eq!(told(data), summed(&rows));
        assert_eq!(
            (&data["programId"], &data["programName"], &data["status"]),
            (&json!(program), &json!(name), &json!("active"))
        );
        assert_eq!(
            (&data["totalConversions"], &data["commissionCurrency"]),
            (&json!(3), &json!(currency))
        );
        assert_eq!(data["activeAffiliates"], affiliates);
        let sums = &told(data)[0].2;
        assert_eq!(
            (&data["totalRevenue"], &data["totalCommissions"]),
            (&json!(sums[1]), &json!(sums[3]))
        );
        assert_eq!(data["pendingCommissions"], data["totalCommissions"]);
        let filtered = server
            .get(&format!("{LIST}/stats?period=all&programId={program}"))
            .await;
        assert_eq!(told(filtered.data()), told(data));
    }
}

#[tokio::test]
async fn a_list_without_sales_has_no_currency() {
    let server = TestServer::start().await;
    let stats = server.get(&format!("{LIST}/stats")).await.expect(200);
    assert_eq!(
        (&stats.data()["total"], &stats.data()["totalRevenue"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        (
            &stats.data()["revenueCurrency"],
            &stats.data()["byCurrency"]
        ),
        (&Value::Null, &json!([]))
    );
    let stats = server
        .get(&format!(
            "/api/v1/programs/{}/stats",
            super::refusal::NOBODY
        ))
        .await;
    refused(&stats, 404, "NOT_FOUND");
}

#[tokio::test]
async fn sales_that_arrive_while_somebody_pages_push_nobody_out() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    for number in 0..5 {
        server
            .sale(&format!("order-{number}"), "sarah", json!({}))
            .await
            .expect(201);
    }
    let all = list(&server, "").await;
    let first = server.get(&format!("{LIST}?limit=2")).await.expect(200);
    let cursor = first.json["meta"]["nextCursor"].as_str().expect("a cursor");
    server
        .sale("newcomer", "sarah", json!({}))
        .await
        .expect(201);
    let next = format!("{LIST}?limit=2&cursor={cursor}");
    let second = server.get(&next).await.expect(200);
    assert_eq!(second.data().as_array().expect("rows"), &all[2..4]);
    let meta = &second.json["meta"];
    assert_eq!(
        (&meta["page"], &meta["total"], &meta["hasMore"]),
        (&json!(2), &json!(6), &json!(true))
    );
    // It is good for this list only, and for this organization's.
    let stranger = server.second_organization().await;
    for answer in [
        server.get(&format!("{next}&status=pending")).await,
        server.get(&format!("{next}x")).await,
        server.get(&next.replace("cursor=2.", "cursor=")).await,
        stranger.get(&next).await,
    ] {
        refused(&answer, 400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn affiliates_come_in_the_order_that_is_asked_for() {
    let server = TestServer::start().await;
    for code in ["carla", "anna", "bert"] {
        server.affiliate(code).await;
    }
    for (id, code) in [("one", "anna"), ("two", "anna"), ("three", "carla")] {
        server.sale(id, code, json!({})).await.expect(201);
    }
    let program = server.default_campaign().await;
    for (query, wanted) in [
        ("sortBy=name&sortOrder=asc", ["anna", "bert", "carla"]),
        ("sortBy=name", ["carla", "bert", "anna"]),
        ("sortOrder=asc", ["carla", "anna", "bert"]),
        ("sortBy=createdAt", ["bert", "anna", "carla"]),
        ("sortBy=totalRevenue", ["anna", "carla", "bert"]),
        (
            "sortBy=totalRevenue&sortOrder=asc",
            ["bert", "carla", "anna"],
        ),
        ("sortBy=totalClicks", ["bert", "anna", "carla"]),
    ] {
        for path in [
            "/api/v1/affiliates".to_owned(),
            format!("/api/v1/programs/{program}/affiliates"),
        ] {
            let (mut seen, mut next) = (Vec::new(), String::new());
            loop {
                let page = server
                    .get(&format!("{path}?limit=2&{query}{next}"))
                    .await
                    .expect(200);
                let rows = page.data().as_array().expect("a list").clone();
                seen.extend(
                    rows.iter()
                        .map(|row| row["code"].as_str().expect("a code").to_owned()),
                );
                assert_eq!(page.json["meta"]["total"], 3);
                let Some(cursor) = page.json["meta"]["nextCursor"].as_str() else {
                    break;
                };
                next = format!("&cursor={cursor}");
            }
            assert_eq!(seen, wanted, "{path} {query}");
        }
    }
    let found = server.get("/api/v1/affiliates?search=AN").await.expect(200);
    assert_eq!(
        (&found.data()[0]["code"], &found.json["meta"]["total"]),
        (&json!("anna"), &json!(1))
    );
}
