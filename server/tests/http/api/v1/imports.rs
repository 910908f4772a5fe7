//! `/api/v1/imports`

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::refusal::refused;
use crate::support::{Answer, TestServer, eventually, send};

const SALES: &str = "id,affiliate_code,amount,currency,commission,status,date\n\
    s1,sarah,49.00,USD,9.80,approved,2026-05-01\n\
    s2,sarah,\"1,049.00\",USD,209.80,paid,2026-05-02\n\
    s3,nobody,49.00,USD,9.80,approved,2026-05-03\n\
    s4,sarah,\"=1+1\",USD,9.80,approved,2026-05-04\n";

async fn upload(server: &TestServer, query: &str, content: impl Into<reqwest::Body>) -> Answer {
    let path = format!("/api/v1/imports?{query}");
    let request = server.request(Method::POST, &path);
    send(request.header("content-type", "text/csv").body(content)).await
}

/// The import once it is over.
async fn over(server: &TestServer, made: &Answer) -> Value {
    let id = made.data()["id"].as_str().expect("an id");
    let path = format!("/api/v1/imports/{id}");
    eventually("the import is over", async || {
        let import = server.get(&path).await.expect(200).data().clone();
        (import["state"] != "running").then_some(import)
    })
    .await
}

/// What is wrong, in words.
fn message(answer: &Answer) -> String {
    answer.json["error"]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn counts(import: &Value) -> [i64; 4] {
    ["rowsRead", "created", "existing", "failed"]
        .map(|name| import[name].as_i64().expect("a number"))
}

#[tokio::test]
async fn sales_are_tried_and_then_taken_in_once() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let tried = upload(&server, "kind=sales&dryRun=true&fileName=may.csv", SALES)
        .await
        .expect(201);
    assert_eq!(tried.data()["fileName"], "may.csv");
    assert_eq!(tried.data()["mapping"]["affiliateSlug"], "affiliate_code");
    let tried = over(&server, &tried).await;
    assert_eq!(
        (&tried["state"], counts(&tried)),
        (&json!("checked"), [4, 2, 0, 2])
    );
    let stand_as = &tried["createdByStatus"];
    assert_eq!(
        (&stand_as["approved"], &stand_as["paid"]),
        (&json!(1), &json!(1))
    );
    let sums = json!([{"currency": "USD", "amountCents": 109_800, "commissionCents": 21_960}]);
    assert_eq!(tried["sums"], sums);
    assert_eq!(server.sales("").await.len(), 0);

    let made = upload(&server, "kind=sales", SALES).await.expect(201);
    let done = over(&server, &made).await;
    assert_eq!(
        (&done["state"], counts(&done)),
        (&json!("done"), [4, 2, 0, 2])
    );
    assert_eq!(done["progress"], 100);
    let paid = server.sale_of("s2").await.expect("is there");
    assert_eq!(paid["source"], "Imported");
    assert_eq!(paid["attributionMethod"], "imported");
    assert_eq!(
        (&paid["status"], &paid["commissionCents"]),
        (&json!("Paid"), &json!(20980))
    );
    assert!(paid["paidAt"].is_string());

    let again = upload(&server, "kind=sales", SALES).await.expect(201);
    assert_eq!(counts(&over(&server, &again).await), [4, 0, 2, 2]);
    let listed = server.get("/api/v1/imports").await.expect(200);
    assert_eq!(listed.json["meta"]["total"], 3);
    let checked = server.command(&["check"]).await;
    assert_eq!(checked.code, Some(0), "{}", checked.stdout);
}

#[tokio::test]
async fn rows_that_could_not_be_taken_are_told_as_csv() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let made = upload(&server, "kind=sales", SALES).await.expect(201);
    let import = over(&server, &made).await;
    let errors = server
        .get(import["errorsUrl"].as_str().expect("an address"))
        .await
        .expect(200);
    assert_eq!(errors.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = errors.text.split("\r\n").collect();
    assert_eq!(lines[0], "row,column,message,cells");
    assert!(
        lines[1].starts_with("4,affiliate_code,there is no affiliate nobody"),
        "{}",
        lines[1]
    );
    assert!(lines[2].starts_with("5,amount,"), "{}", lines[2]);
    assert_eq!(lines.len(), 4);
}

#[tokio::test]
async fn columns_can_be_named() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let content = "key;who;cents;when\nk1;sarah;4900;03/04/2026\n";
    let lacking = upload(&server, "kind=sales", content).await;
    refused(&lacking, 400, "VALIDATION_ERROR");
    assert!(
        message(&lacking).contains("id of the sale"),
        "{}",
        lacking.text
    );
    assert_eq!(
        server.get("/api/v1/imports").await.json["meta"]["total"],
        0,
        "nothing is kept"
    );
    let mapping = json!({"externalEventId": "key", "affiliateSlug": "who", "amountCents": "cents", "occurredAt": "when"});
    let query = format!(
        "kind=sales&dates=day_first&mapping={}",
        encoded(&mapping.to_string())
    );
    let made = upload(&server, &query, content).await.expect(201);
    assert_eq!(counts(&over(&server, &made).await), [1, 1, 0, 0]);
    let sale = server.sale_of("k1").await.expect("is there");
    assert_eq!(sale["amountCents"], 4900);
    let occurred_at = sale["occurredAt"].as_str().expect("a time");
    assert!(
        occurred_at.starts_with("2026-04-03T12:00:00"),
        "{occurred_at}"
    );
    assert_eq!(sale["commissionCents"], 980, "what the plan gives");
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn affiliates_are_taken_in() {
    let server = TestServer::start().await;
    let content = "First Name,Last Name,Email,Token,State\nAnn,Lee,ann@example.com,ann-20,active\n";
    let made = upload(&server, "kind=affiliates", content)
        .await
        .expect(201);
    assert_eq!(made.data()["platform"], "rewardful");
    assert_eq!(counts(&over(&server, &made).await), [1, 1, 0, 0]);
    server
        .sale("order-1", "ann-20", json!({}))
        .await
        .expect(201);
}

#[tokio::test]
async fn what_is_no_import_is_refused() {
    let server = TestServer::start().await;
    for query in [
        "",
        "kind=people",
        "kind=sales&x=1",
        "kind=sales&dryRun=maybe",
        "kind=sales&mapping=x",
        "kind=sales&mapping={\"colour\":\"x\"}",
        "kind=sales&platform=nowhere",
        "kind=sales&programId=x",
    ] {
        let answer = upload(&server, &query.replace('"', "%22"), SALES).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
    }
    for (content, word) in [("", "empty"), ("id,amount\n", "no rows")] {
        let answer = upload(&server, "kind=sales", content).await;
        refused(&answer, 400, "VALIDATION_ERROR");
        assert!(message(&answer).contains(word), "{}", answer.text);
    }
    let wrong = server
        .request(Method::POST, "/api/v1/imports?kind=sales")
        .body(SALES);
    assert_eq!(
        send(wrong.header("content-type", "application/json"))
            .await
            .status,
        415
    );
    let nowhere = uuid::Uuid::nil();
    let answer = upload(&server, &format!("kind=sales&programId={nowhere}"), SALES).await;
    refused(&answer, 404, "NOT_FOUND");
    assert_eq!(
        server.get("/api/v1/imports").await.json["meta"]["total"],
        0,
        "nothing is kept"
    );
}

#[tokio::test]
async fn a_file_that_is_larger_than_other_bodies_is_taken_in_with_any_header() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let mut content = String::from("id,affiliate_code,amount,date,note\n");
    for row in 0..2_000 {
        writeln!(content, "o{row},sarah,1.00,2026-05-01,{}", "x".repeat(900)).expect("writes");
    }
    let request = server.request(Method::POST, "/api/v1/imports?kind=sales");
    let request = request
        .header("content-type", "text/csv")
        .header("idempotency-key", "once");
    let made = send(request.body(content)).await.expect(201);
    let done = over(&server, &made).await;
    assert_eq!(
        (&done["state"], counts(&done)),
        (&json!("done"), [2_000, 2_000, 0, 0])
    );
}

#[tokio::test]
async fn keys_import_what_their_scopes_allow_and_nothing_of_others() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let made = upload(&server, "kind=sales", SALES).await.expect(201);
    let path = format!(
        "/api/v1/imports/{}",
        over(&server, &made).await["id"].as_str().expect("an id")
    );
    let affiliates = server.with_scopes(&["affiliates:manage"]).await;
    let request = affiliates.request(Method::POST, "/api/v1/imports?kind=sales");
    let answer = send(request.header("content-type", "text/csv").body(SALES)).await;
    refused(&answer, 403, "INSUFFICIENT_SCOPE");
    refused(&affiliates.get(&path).await, 403, "INSUFFICIENT_SCOPE");
    assert_eq!(
        affiliates.get("/api/v1/imports").await.expect(200).json["meta"]["total"],
        0
    );
    let stranger = server.second_organization().await;
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::GET, format!("{path}/errors")),
        (Method::POST, format!("{path}/stop")),
    ] {
        let answer = send(stranger.request(method, &path)).await;
        refused(&answer, 404, "NOT_FOUND");
    }
    refused(
        &send(server.request(Method::POST, &format!("{path}/stop"))).await,
        409,
        "CONFLICT",
    );
}

async fn keyed(server: &TestServer, key: &str, query: &str, content: &str) -> Answer {
    let path = format!("/api/v1/imports?{query}");
    let request = server.request(Method::POST, &path);
    let request = request.header("idempotency-key", key);
    let request = request.header("content-type", "text/csv");
    send(request.body(content.to_owned())).await
}

#[tokio::test]
async fn the_same_file_with_the_same_key_is_one_import() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let first = keyed(&server, "may", "kind=sales", SALES).await.expect(201);
    over(&server, &first).await;
    let again = keyed(&server, "may", "kind=sales", SALES).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.text, first.text);
    let other = SALES.replace("s4", "s5");
    for (query, content) in [
        ("kind=sales", other.as_str()),
        ("kind=sales&dryRun=true", SALES),
    ] {
        let reused = keyed(&server, "may", query, content).await;
        refused(&reused, 409, "IDEMPOTENCY_KEY_REUSED");
    }
    assert_eq!(server.database().count("import").await, 1);
    // What failed gave its key back.
    let failed = keyed(&server, "june", "kind=sales", "a,b\n1,2\n").await;
    refused(&failed, 400, "VALIDATION_ERROR");
    keyed(&server, "june", "kind=sales", SALES)
        .await
        .expect(201);
    let empty = keyed(&server, "", "kind=sales", SALES).await;
    refused(&empty, 400, "VALIDATION_ERROR");
    assert_eq!(server.database().count("import").await, 2);
}

#[tokio::test]
async fn a_file_too_many_is_refused_until_one_is_removed() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let checked = upload(&server, "kind=sales&dryRun=true", SALES)
        .await
        .expect(201);
    over(&server, &checked).await;
    let many = "insert into import select (jsonb_populate_record(i, jsonb_build_object('import_id',
            ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))))).* from import i cross join generate_series(1, 19) n";
    server.database().change(many).await;
    let pieces = "insert into import_piece select organization_id, import_id, 0, 'x' from import
        on conflict do nothing";
    server.database().change(pieces).await;
    let full = upload(&server, "kind=sales", SALES).await;
    refused(&full, 409, "CONFLICT");
    let said = "at most 20 files and 1 GiB are kept that are not imported: import some of them, or remove them";
    assert_eq!(message(&full), said);
    let path = format!(
        "/api/v1/imports/{}",
        checked.data()["id"].as_str().expect("an id")
    );
    let stranger = server.second_organization().await;
    refused(&stranger.delete(&path).await, 404, "NOT_FOUND");
    server.delete(&path).await.expect(200);
    let kept = server.get(&path).await.expect(200);
    assert_eq!(kept.data()["state"], "cancelled");
    let taken = upload(&server, "kind=sales", SALES).await.expect(201);
    over(&server, &taken).await;
    let path = format!(
        "/api/v1/imports/{}",
        taken.data()["id"].as_str().expect("an id")
    );
    let done = server.delete(&path).await;
    refused(&done, 409, "CONFLICT");
    assert_eq!(message(&done), "it is done and can't be removed");
}
