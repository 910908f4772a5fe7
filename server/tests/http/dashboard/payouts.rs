//! Payouts: what is payable, a run, one payout and its steps, the file, as one has them without JavaScript.

mod transfers;

use reqwest::Method;
use serde_json::json;

use super::{get, token};
use crate::support::{Answer, OWNER_EMAIL, TestServer, send};

const PAGE: &str = "/dashboard/payouts";
const RUN: &str = "/dashboard/payouts/new";

fn page_of(id: &str) -> String {
    format!("{PAGE}/{id}")
}

/// A run without limits, as the page sends it.
const EVERYTHING: [(&str, &str); 3] = [
    ("form[campaign]", ""),
    ("form[currency]", ""),
    ("form[method]", ""),
];

/// Sends a form from a page, and tells the page that it leads to.
async fn post(
    server: &TestServer,
    token: &str,
    (path, from): (&str, &str),
    fields: &[(&str, &str)],
) -> String {
    let answer = sent(server, token, (path, from), fields).await;
    let location = answer.expect(302).header("location").to_owned();
    let from = location.find("/dashboard").expect("a page of ours");
    get(server, token, &location[from..]).await.expect(200).text
}

async fn sent(
    server: &TestServer,
    token: &str,
    (path, from): (&str, &str),
    fields: &[(&str, &str)],
) -> Answer {
    let request = server
        .without_key()
        .request(Method::POST, path)
        .header("accept", "text/html")
        .header("referer", format!("{}{from}", server.base_url))
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(fields)).await
}

/// A sale by `slug` that is approved before its hold ends; its id.
async fn approved(server: &TestServer, id: &str, slug: &str, cents: i64) -> String {
    let sale = server.sale(id, slug, json!({"amountCents": cents})).await;
    let sale = sale.expect(201).id().to_owned();
    let path = format!("/api/v1/conversions/{sale}/approve");
    let body = json!({"reason": "an old customer"});
    server.post(&path, body).await.expect(200);
    sale
}

/// The id of the newest payout.
async fn newest(server: &TestServer) -> String {
    let sql = "select payout_id::text from payout order by payout_id desc limit 1";
    server.database().text(sql).await
}

fn contains_all(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn what_is_payable_is_seen_and_paid_by_hand() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = get(&server, &ours, PAGE).await.expect(200).text;
    contains_all(
        &page,
        &["Nothing is owed.", "No payouts yet", "Prepare a run"],
    );
    let run = format!("{PAGE}/new");
    let page = get(&server, &ours, &run).await.expect(200).text;
    contains_all(&page, &["Nobody is owed anything under these terms."]);

    server.affiliate("sarah").await;
    server.affiliate("ben").await;
    let sale = approved(&server, "order-1", "sarah", 49_000).await;
    approved(&server, "order-2", "ben", 4900).await;
    let page = get(&server, &ours, PAGE).await.expect(200).text;
    contains_all(
        &page,
        &[
            "Affiliate sarah",
            "$98.00",
            "Paid by hand",
            "Affiliate ben",
            "Below the minimum of $50.00",
        ],
    );
    let page = get(&server, &ours, &run).await.expect(200).text;
    contains_all(
        &page,
        &["To pay out in USD", "Make these payouts", "Left for later"],
    );
    let other = get(&server, &ours, &format!("{run}?currency=EUR")).await;
    assert!(!other.text.contains("Make these payouts"), "{}", other.text);

    let page = post(&server, &ours, ("/rpc/run_payouts", RUN), &EVERYTHING).await;
    contains_all(&page, &["1 payout was made.", "Affiliate sarah", "Pending"]);
    assert!(!page.contains("Affiliate ben"), "{page}");
    let id = newest(&server).await;
    let one = format!("{PAGE}/{id}");
    let page = get(&server, &ours, &one).await.expect(200).text;
    contains_all(
        &page,
        &[
            "$98.00",
            "What it pays",
            "Start paying",
            &format!("/dashboard/sales/{sale}"),
            "Mark as failed",
        ],
    );
    let payout = [("form[payout]", id.as_str())];
    let page = post(
        &server,
        &ours,
        ("/rpc/process_payout", &page_of(&id)),
        &payout,
    )
    .await;
    contains_all(&page, &["Saved.", "Processing"]);
    let noted = [
        ("form[payout]", id.as_str()),
        ("form[note]", "transfer 4711"),
    ];
    let page = post(
        &server,
        &ours,
        ("/rpc/complete_payout", &page_of(&id)),
        &noted,
    )
    .await;
    contains_all(
        &page,
        &["Completed", "What it paid", "transfer 4711", OWNER_EMAIL],
    );
    assert!(!page.contains("Mark as failed"), "{page}");
    let told = server.get(&format!("/api/v1/conversions/{sale}")).await;
    assert_eq!(told.expect(200).data()["lifecycle"], "paid");
    let again = post(
        &server,
        &ours,
        ("/rpc/complete_payout", &page_of(&id)),
        &noted,
    )
    .await;
    contains_all(&again, &["This payout is completed already"]);
}

#[tokio::test]
async fn a_failed_payout_is_payable_again_and_the_list_is_filtered_and_a_file() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    server
        .affiliate_named("=Sarah, \"S\"", "sarah", json!({}))
        .await;
    approved(&server, "order-1", "sarah", 49_000).await;
    post(&server, &ours, ("/rpc/run_payouts", RUN), &EVERYTHING).await;
    let id = newest(&server).await;
    let blank = [("form[payout]", id.as_str()), ("form[reason]", " ")];
    let page = post(&server, &ours, ("/rpc/fail_payout", &page_of(&id)), &blank).await;
    assert!(
        page.contains("role=\"alert\"") && page.contains("Pending"),
        "{page}"
    );
    let why = [
        ("form[payout]", id.as_str()),
        ("form[reason]", "the account is closed"),
    ];
    let page = post(&server, &ours, ("/rpc/fail_payout", &page_of(&id)), &why).await;
    contains_all(&page, &["Failed", "The account is closed."]);
    let page = get(&server, &ours, &format!("{PAGE}/new")).await.text;
    contains_all(&page, &["$98.00", "Make these payouts"]);

    let failed = format!("{PAGE}?status=failed&currency=USD");
    let page = get(&server, &ours, &failed).await.expect(200).text;
    contains_all(&page, &[&id, "The account is closed."]);
    let none = get(&server, &ours, &format!("{PAGE}?status=completed")).await;
    contains_all(&none.text, &["No payout fits these filters", "Clear"]);
    let bad = get(&server, &ours, &format!("{PAGE}?status=paid")).await;
    assert!(bad.text.contains("status"), "{}", bad.text);

    let file = get(&server, &ours, &format!("{PAGE}/export?status=failed")).await;
    let file = file.expect(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let mut lines = file.text.split("\r\n");
    let header = lines.next().expect("a header");
    assert!(
        header.starts_with("name,email,amount,currency,reference,"),
        "{header}"
    );
    let line = lines.next().expect("a payout");
    let expected =
        format!("\"'=Sarah, \"\"S\"\"\",sarah@affiliates.example,98.00,USD,{id},failed,manual,");
    assert!(line.starts_with(&expected), "{line}");
    assert_eq!(lines.next(), Some(""), "{}", file.text);
    let empty = get(&server, &ours, &format!("{PAGE}/export?status=completed")).await;
    assert_eq!(empty.text.lines().count(), 1, "{}", empty.text);
    let misspelt = get(&server, &ours, &format!("{PAGE}/export?statsu=failed")).await;
    misspelt.expect(400);
}

#[tokio::test]
async fn nobody_sees_or_changes_another_organizations_payouts() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    server.affiliate("sarah").await;
    approved(&server, "order-1", "sarah", 49_000).await;
    post(&server, &ours, ("/rpc/run_payouts", RUN), &EVERYTHING).await;
    let id = newest(&server).await;

    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    let page = get(&server, &theirs, PAGE).await.expect(200).text;
    assert!(!page.contains("sarah"), "{page}");
    let page = get(&server, &theirs, &format!("{PAGE}/{id}")).await.text;
    assert!(!page.contains("$98.00"), "{page}");
    let file = get(&server, &theirs, &format!("{PAGE}/export")).await;
    assert_eq!(file.expect(200).text.lines().count(), 1);
    let payout = [("form[payout]", id.as_str())];
    sent(
        &server,
        &theirs,
        ("/rpc/process_payout", &page_of(&id)),
        &payout,
    )
    .await;
    let status = "select status from payout";
    assert_eq!(server.database().text(status).await, "pending");

    let viewer = "update member set role = 'viewer'";
    server.database().change(viewer).await;
    let page = get(&server, &ours, &format!("{PAGE}/{id}")).await.text;
    assert!(
        page.contains("$98.00") && !page.contains("Start paying"),
        "{page}"
    );
    sent(
        &server,
        &ours,
        ("/rpc/process_payout", &page_of(&id)),
        &payout,
    )
    .await;
    assert_eq!(server.database().text(status).await, "pending");
    let signed_out = server.without_key().get(&format!("{PAGE}/export")).await;
    assert!(!signed_out.text.contains("sarah"), "{}", signed_out.text);
}
