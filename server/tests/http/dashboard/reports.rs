//! Reports: the page and its CSV, as one has them without JavaScript.

use serde_json::json;

use super::{get, token};
use crate::support::{OWNER_EMAIL, TestServer};

const PAGE: &str = "/dashboard/reports";
const CSV: &str = "/dashboard/reports/report.csv";

/// Sarah brought two sales and a click, Mia a sale in euros and one that was denied.
async fn busy() -> TestServer {
    let server = TestServer::start().await;
    server
        .affiliate_named("Sarah Lind", "sarah", json!({}))
        .await;
    server.affiliate_named("Mia", "mia", json!({})).await;
    for (id, slug, more) in [
        ("s1", "sarah", json!({})),
        ("s2", "sarah", json!({"amountCents": 1000})),
        ("s3", "mia", json!({"currency": "EUR"})),
        ("s4", "mia", json!({"amountCents": 77_700})),
    ] {
        server.sale(id, slug, more).await.expect(201);
    }
    let denied = server.sales("").await.remove(0);
    let id = denied["id"].as_str().expect("an id");
    server
        .post(
            &format!("/api/v1/conversions/{id}/deny"),
            json!({"reason": "test"}),
        )
        .await
        .expect(200);
    server
        .database()
        .change(
            "insert into click_day select organization_id, affiliate_id, campaign_id, day, 'blog.example', 3
             from affiliate_day where currency = 'EUR'",
        )
        .await;
    server
}

#[tokio::test]
async fn a_report_tells_counts_money_and_the_way_to_the_sales() {
    let server = busy().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = get(&server, &ours, PAGE).await.expect(200).text;
    for told in [
        ">Reports</h1>",
        "$59.00",
        "Sarah Lind",
        "blog.example",
        "The numbers behind the charts",
    ] {
        assert!(page.contains(told), "{told} is missing");
    }
    assert!(!page.contains("777"), "what was denied came nowhere");
    // The list that a number leads to has that many rows.
    let link =
        "href=\"/dashboard/sales?type=sales&amp;status=pending,approved,paid,refunded&amp;source=";
    assert!(page.contains(link), "a way to the sales is missing");
    let euros = get(&server, &ours, "/dashboard/reports?currency=EUR&period=all").await;
    let euros = euros.expect(200).text;
    assert!(euros.contains("€49.00") && !euros.contains("$59.00"));
    let mia = get(&server, &ours, "/dashboard/reports?affiliate=mia")
        .await
        .expect(200);
    assert!(!mia.text.contains("Sarah Lind"));
}

#[tokio::test]
async fn a_report_comes_as_a_file_too() {
    let server = busy().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let file = get(&server, &ours, &format!("{CSV}?period=7"))
        .await
        .expect(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = file.text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "from,clicks,leads,sales,first_payments,currency,revenue,refunds,commission_currency,commission"
    );
    assert_eq!(lines.len(), 1 + 7 + 1, "a line for each day, and the end");
    let today = lines[7].split_once(',').expect("cells").1;
    assert_eq!(today, "3,0,3,3,USD,59.00,0.00,USD,11.80");
    let strange = get(&server, &ours, &format!("{CSV}?perod=7"))
        .await
        .expect(400);
    assert!(strange.text.contains("perod"));
}

#[tokio::test]
async fn what_can_not_be_told_says_why() {
    let server = busy().await;
    let ours = token(&server, OWNER_EMAIL).await;
    for (query, why) in [
        (
            "since=2026-02-01&to=2026-01-01",
            "the first day is after the last one",
        ),
        ("affiliate=nobody", "no affiliate has the code nobody"),
        ("since=1990-01-01", "at most 3660 days"),
        ("period=31", "period"),
    ] {
        let page = get(&server, &ours, &format!("{PAGE}?{query}")).await;
        assert!(
            page.text.to_lowercase().contains(&why.to_lowercase()),
            "{query}: {}",
            page.status
        );
        get(&server, &ours, &format!("{CSV}?{query}"))
            .await
            .expect(400);
    }
    let nobody = server.without_key().get(CSV).await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn a_quiet_time_says_so() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = get(&server, &ours, &format!("{PAGE}?period=all"))
        .await
        .expect(200);
    assert!(page.text.contains("Nothing came in these days"));
}
