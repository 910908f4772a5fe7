//! An import as one does it without JavaScript: a file, its columns, a check, the import.

use reqwest::Method;

use super::{get, token};
use crate::support::{Answer, OWNER_EMAIL, TestServer, eventually, send};

const FILE: &str = "Sale ID,Affiliate Token,Sale Amount,Currency,Commission Amount,State,Charged At\r\n\
    s1,sarah,49.00,USD,9.80,due,2026-05-01\r\n\
    s2,<b>nobody</b>,49.00,USD,9.80,due,2026-05-01\r\n";

/// Sends the form with a file as a browser does; tells where it leads.
async fn upload(server: &TestServer, token: &str, kind: &str, content: &str) -> Answer {
    let part = |head: &str, body: &str| {
        format!("--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    };
    let body = [
        part("name=\"kind\"", kind),
        part(
            "name=\"file\"; filename=\"may.csv\"\r\nContent-Type: text/csv",
            content,
        ),
        "--edge--\r\n".to_owned(),
    ]
    .concat();
    let request = server
        .without_key()
        .request(Method::POST, "/dashboard/imports/upload")
        .header("content-type", "multipart/form-data; boundary=edge")
        .header("cookie", format!("tributary_session={token}"));
    send(request.body(body)).await
}

/// Sends the form of the columns.
async fn start(server: &TestServer, token: &str, path: &str, how: &str, amount: &str) -> Answer {
    let id = path.rsplit('/').next().unwrap_or_default();
    let request = server
        .without_key()
        .request(Method::POST, "/rpc/start_import")
        .header("accept", "text/html")
        .header("referer", format!("{}{path}", server.base_url))
        .header("cookie", format!("tributary_session={token}"));
    let form = [
        ("form[import]", id),
        ("form[platform]", "rewardful"),
        ("form[dates]", "clear"),
        ("form[campaign]", ""),
        ("form[how]", how),
        ("form[columns][externalEventId]", "Sale ID"),
        ("form[columns][affiliateSlug]", "Affiliate Token"),
        ("form[columns][amount]", amount),
        ("form[columns][commission]", "Commission Amount"),
        ("form[columns][status]", "State"),
        ("form[columns][occurredAt]", "Charged At"),
    ];
    send(request.form(&form)).await
}

async fn page_that_says(server: &TestServer, token: &str, path: &str, word: &str) -> Answer {
    eventually(word, async || {
        let page = get(server, token, path).await.expect(200);
        page.text.contains(word).then_some(page)
    })
    .await
}

#[tokio::test]
async fn a_refund_that_the_file_tells_says_so_in_the_story() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let file = "id,affiliate_code,amount,currency,commission,refund_amount,status,date\n\
        s1,sarah,49.00,USD,4.90,24.50,approved,2026-05-01\n";
    let request = server
        .request(Method::POST, "/api/v1/imports?kind=sales&fileName=may.csv")
        .header("content-type", "text/csv");
    let made = send(request.body(file)).await.expect(201);
    assert_eq!(made.data()["mapping"]["refunded"], "refund_amount");
    let sales = eventually("the sale is there", async || {
        let sales = server.get("/api/conversions").await.expect(200);
        (!sales.json["data"][0].is_null()).then_some(sales)
    })
    .await;
    let id = sales.json["data"][0]["id"].as_str().expect("an id");
    let ours = token(&server, OWNER_EMAIL).await;
    let story = get(&server, &ours, &format!("/dashboard/sales/{id}")).await;
    for text in ["Refund, told by the imported file,", "(row 2 of may.csv)"] {
        assert!(story.text.contains(text), "{text}: {}", story.text);
    }
    assert!(!story.text.contains("on the charge"), "{}", story.text);
}

#[tokio::test]
async fn a_file_is_looked_at_checked_and_imported() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let ours = token(&server, OWNER_EMAIL).await;
    let list = get(&server, &ours, "/dashboard/imports").await.expect(200);
    assert!(list.text.contains("No imports yet") && list.text.contains("New import"));

    let sent = upload(&server, &ours, "sales", FILE).await.expect(303);
    let path = sent.header("location").to_owned();
    let page = get(&server, &ours, &path).await.expect(200);
    for text in [
        "may.csv",
        "Sales from Rewardful",
        "Sale Amount · 49.00",
        "First rows of the file",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(!page.text.contains("Still missing"));
    let other = get(&server, &ours, &format!("{path}?platform=dub"))
        .await
        .expect(200);
    assert!(other.text.contains("Sales from Dub"));

    let refused = start(&server, &ours, &path, "check", "").await.expect(302);
    let shown = get(
        &server,
        &ours,
        refused
            .header("location")
            .trim_start_matches(&server.base_url),
    )
    .await;
    assert!(
        shown.text.contains("The column with the amount"),
        "{}",
        shown.text
    );

    start(&server, &ours, &path, "check", "Sale Amount")
        .await
        .expect(302);
    let checked = page_that_says(&server, &ours, &path, "Checked, nothing imported").await;
    assert!(checked.text.contains("Would be created"));
    assert!(checked.text.contains("– as approved</dt><dd>1</dd>"));
    assert!(!checked.text.contains("– as paid"));
    assert!(
        checked
            .text
            .contains("– paid by customers</dt><dd>$49.00</dd>")
    );
    assert!(
        checked
            .text
            .contains("– earned by affiliates</dt><dd>$9.80</dd>")
    );
    assert!(checked.text.contains("Rows that were not taken"));
    assert!(!checked.text.contains("<b>nobody"));
    assert_eq!(server.sales("").await.len(), 0);

    start(&server, &ours, &path, "run", "Sale Amount")
        .await
        .expect(302);
    page_that_says(&server, &ours, &path, ">Done<").await;
    assert_eq!(server.sales("").await.len(), 1);
    let errors = get(&server, &ours, &format!("{path}/errors.csv"))
        .await
        .expect(200);
    assert!(
        errors
            .text
            .starts_with("row,column,message,cells\r\n3,Affiliate Token,"),
        "{}",
        errors.text
    );
    let list = get(&server, &ours, "/dashboard/imports").await.expect(200);
    assert!(list.text.contains(&format!("href=\"{path}\"")));
}

#[tokio::test]
async fn a_file_that_is_none_is_told_in_the_form() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let sent = upload(&server, &ours, "affiliates", "").await.expect(303);
    let page = get(&server, &ours, sent.header("location"))
        .await
        .expect(200);
    assert!(page.text.contains("The file is empty"), "{}", page.text);
    let stranger = upload(&server, "nobody", "affiliates", FILE)
        .await
        .expect(303);
    assert!(stranger.header("location").starts_with("/sign-in"));
}

#[tokio::test]
async fn no_more_is_read_of_the_kind_than_a_kind_has() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let long = "x".repeat(100_000);
    for kind in ["kitchens", "", &long] {
        let refused = upload(&server, &ours, kind, FILE).await.expect(400);
        let told = "affiliates or sales is needed";
        assert!(refused.text.contains(told), "{}", refused.text);
    }
    // The same when the form never gets to its end behind it.
    let head = "--edge\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n";
    let request = server
        .without_key()
        .request(Method::POST, "/dashboard/imports/upload")
        .header("content-type", "multipart/form-data; boundary=edge")
        .header("cookie", format!("tributary_session={ours}"));
    let refused = send(request.body(format!("{head}{long}")))
        .await
        .expect(400);
    let told = "affiliates or sales is needed";
    assert!(refused.text.contains(told), "{}", refused.text);
}

#[tokio::test]
async fn who_only_looks_imports_nothing_and_nobody_sees_anothers() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let sent = upload(&server, &ours, "sales", FILE).await.expect(303);
    let path = sent.header("location").to_owned();
    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    get(&server, &theirs, &format!("{path}/errors.csv"))
        .await
        .expect(404);
    let page = get(&server, &theirs, &path).await;
    assert!(!page.text.contains("may.csv"), "{}", page.text);
    let started = start(&server, &theirs, &path, "run", "Sale Amount").await;
    assert!(started.header("location").contains('?'), "{}", started.text);

    server
        .database()
        .change("update member set role = 'viewer'")
        .await;
    let viewer = token(&server, OWNER_EMAIL).await;
    upload(&server, &viewer, "sales", FILE).await.expect(403);
    // Whatever else is wrong with the form: nothing of it is read.
    upload(&server, &viewer, "kitchens", FILE).await.expect(403);
    let page = get(&server, &viewer, &path).await.expect(200);
    assert!(page.text.contains("may.csv") && !page.text.contains("start_import"));
}

#[tokio::test]
async fn a_file_that_is_not_wanted_any_more_is_removed() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let sent = upload(&server, &ours, "sales", FILE).await.expect(303);
    let path = sent.header("location").to_owned();
    let page = get(&server, &ours, &path).await.expect(200);
    assert!(page.text.contains("Remove this file"), "{}", page.text);
    let id = path.rsplit('/').next().expect("an id");
    let remove = async |token: &str| {
        let request = server
            .without_key()
            .request(Method::POST, "/rpc/remove_import")
            .header("accept", "text/html")
            .header("referer", format!("{}{path}", server.base_url))
            .header("cookie", format!("tributary_session={token}"));
        send(request.form(&[("form[import]", id)]))
            .await
            .expect(302)
    };
    remove("nobody").await;
    assert_eq!(server.database().count("import").await, 1);
    let gone = remove(&ours).await;
    assert!(gone.header("location").ends_with("/dashboard/imports"));
    assert_eq!(server.database().count("import").await, 0);
    assert_eq!(server.database().count("import_piece").await, 0);
    let full = get(&server, &ours, "/dashboard/imports?add=file&bad=full").await;
    assert!(full.text.contains("At most 20 files"), "{}", full.text);
}
