//! `/api/v1/payouts`: what is due, runs, and what becomes of each payout.

use reqwest::Method;
use serde_json::{Value, json};

use super::refusal::{NOBODY, invalid, refused};
use crate::support::{Answer, TestServer, send};

const PATH: &str = "/api/v1/payouts";
const BATCHES: &str = "/api/v1/payouts/batches";

/// An approved sale of as much, of which the affiliate earns 20 %.
async fn approved(server: &TestServer, id: &str, slug: &str, cents: i64) -> String {
    let sale = server.sale(id, slug, json!({"amountCents": cents})).await;
    let path = format!("/api/v1/conversions/{}", sale.expect(201).id());
    let reason = json!({"reason": "known customer"});
    server
        .post(&format!("{path}/approve"), reason)
        .await
        .expect(200);
    path
}

async fn run(server: &TestServer, body: Value) -> Answer {
    server.post(BATCHES, body).await
}

/// The one payout of a new run, and its address.
async fn one(server: &TestServer) -> (Value, String) {
    let made = run(server, json!({})).await.expect(201);
    let payouts = made.data()["payouts"].as_array().expect("a list").clone();
    assert_eq!(payouts.len(), 1, "{}", made.text);
    let payout = payouts[0].clone();
    let path = format!("{PATH}/{}", payout["id"].as_str().expect("an id"));
    (payout, path)
}

/// The values of these fields.
fn told(row: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| row[*name].clone()).collect()
}

async fn refund(server: &TestServer, sale: &str, cents: i64) {
    let body = json!({"externalEventId": sale, "refundId": "r", "amountCents": cents});
    server
        .post("/api/tracking/s2s/refund", body)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_run_is_tried_made_processed_and_completed() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let program = server.default_campaign().await;
    let sale = approved(&server, "order-1", "sarah", 30_000).await;
    approved(&server, "order-2", "sarah", 20_000).await;
    let tried = run(&server, json!({"dryRun": true})).await.expect(200);
    let names = ["id", "amount", "status", "method", "programId"];
    let would = json!([null, 10_000, "pending", "manual", program]);
    assert_eq!(json!(told(&tried.data()["payouts"][0], &names)), would);
    assert_eq!(tried.data()["id"], Value::Null);
    let (payout, path) = one(&server).await;
    for (name, value) in [
        ("affiliateId", json!(sarah.id)),
        ("affiliateName", json!("Affiliate sarah")),
        ("affiliateCode", json!("sarah")),
        ("programId", json!(program)),
        ("programName", json!("Default")),
        ("amount", json!(10_000)),
        ("amountCents", json!(10_000)),
        ("currency", json!("USD")),
        ("status", json!("pending")),
        ("method", json!("manual")),
        ("stripeAccountId", Value::Null),
        ("transferId", Value::Null),
        ("failureReason", Value::Null),
        ("notes", Value::Null),
        ("processingAt", Value::Null),
        ("completedAt", Value::Null),
        ("failedAt", Value::Null),
    ] {
        assert_eq!(payout.get(name), Some(&value), "{name}");
    }
    assert!(payout["batchId"].is_string() && payout["createdAt"].is_string());
    let again = run(&server, json!({})).await.expect(201);
    assert_eq!(again.data()["payouts"], json!([]), "nothing is paid twice");
    let entries = server.get(&format!("{path}/entries")).await.expect(200);
    let lines = entries.data().as_array().expect("a list");
    let line = told(&lines[0], &["externalEventId", "kind", "amountCents"]);
    assert_eq!(json!(line), json!(["order-1", "accrual", 6000]));
    assert_eq!(lines.len(), 2);
    let note = json!({"note": "bank file of Friday"});
    let begun = server.post(&format!("{path}/process"), note).await;
    let begun = begun.expect(200);
    let names = ["status", "notes", "completedAt"];
    let expected = json!(["processing", "bank file of Friday", null]);
    assert_eq!(json!(told(begun.data(), &names)), expected);
    let story = server.get(&sale).await.expect(200);
    assert_eq!(story.data()["status"], "approved");
    assert_eq!(story.data()["ledger"][0]["payoutId"], payout["id"]);
    let nothing = server.request(Method::POST, &format!("{path}/complete"));
    let paid = send(nothing).await.expect(200);
    assert_eq!(paid.data()["status"], "completed");
    assert!(paid.data()["completedAt"].is_string());
    let story = server.get(&sale).await.expect(200);
    let names = ["status", "lifecycle", "payoutId"];
    let expected = json!(["approved", "paid", payout["id"]]);
    assert_eq!(json!(told(story.data(), &names)), expected);
    assert!(story.data()["paidAt"].is_string());
    let shown = server.sale_of("order-1").await.expect("listed");
    assert_eq!(shown["status"], "Paid");
    let failed = server.post(&format!("{path}/fail"), json!({})).await;
    refused(&failed, 409, "CONFLICT");
    let check = server.command(&["check"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
}

#[tokio::test]
async fn a_run_says_who_is_carried_over_and_why() {
    let server = TestServer::start().await;
    server.affiliate("little").await;
    let owes = server.affiliate("owes").await;
    let account = json!({"stripeAccountId": "acct_1"});
    server.affiliate_named("Rich", "rich", account).await;
    approved(&server, "order-1", "little", 1000).await;
    approved(&server, "order-2", "owes", 30_000).await;
    approved(&server, "order-3", "rich", 30_000).await;
    let body = json!({"affiliateIds": [owes.id]});
    let made = run(&server, body).await.expect(201);
    let id = made.data()["payouts"][0]["id"].as_str().expect("an id");
    let path = format!("{PATH}/{id}");
    server
        .post(&format!("{path}/complete"), json!({}))
        .await
        .expect(200);
    refund(&server, "order-2", 30_000).await;
    let tried = run(&server, json!({"dryRun": true})).await.expect(200);
    let names = [
        "affiliateCode",
        "reason",
        "amountCents",
        "earnedCents",
        "debtCents",
        "thresholdCents",
    ];
    let carried = tried.data()["carriedOver"].as_array().expect("a list");
    let carried: Vec<_> = carried.iter().map(|one| told(one, &names)).collect();
    assert_eq!(
        json!(carried),
        json!([
            ["little", "below_threshold", 200, 200, 0, 5000],
            ["owes", "in_debt", -6000, 0, 6000, 5000],
        ])
    );
    let names = ["affiliateCode", "method", "stripeAccountId"];
    let paid = told(&tried.data()["payouts"][0], &names);
    assert_eq!(json!(paid), json!(["rich", "stripe", "acct_1"]));
    let body = json!({"dryRun": true, "method": "stripe", "affiliateIds": [owes.id]});
    let named = run(&server, body).await.expect(200);
    assert_eq!(named.data()["carriedOver"][0]["reason"], "in_debt");
    assert_eq!(named.data()["payouts"], json!([]));
}

#[tokio::test]
async fn a_failed_payout_says_why_and_is_payable_again() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    approved(&server, "order-1", "sarah", 30_000).await;
    let (_, path) = one(&server).await;
    let why = json!({"reason": "the account is closed"});
    let failed = server.post(&format!("{path}/fail"), why).await.expect(200);
    let names = ["status", "failureReason"];
    let expected = json!(["failed", "the account is closed"]);
    assert_eq!(json!(told(failed.data(), &names)), expected);
    let (again, _) = one(&server).await;
    assert_eq!(again["amount"], 6000);
}

#[tokio::test]
async fn a_refund_makes_a_pending_payout_smaller_but_not_a_processing_one() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    approved(&server, "order-1", "sarah", 30_000).await;
    approved(&server, "order-2", "sarah", 30_000).await;
    let (_, path) = one(&server).await;
    refund(&server, "order-1", 15_000).await;
    let shown = server.get(&path).await.expect(200);
    assert_eq!(shown.data()["amount"], 9000);
    server
        .post(&format!("{path}/process"), json!({}))
        .await
        .expect(200);
    refund(&server, "order-2", 30_000).await;
    let shown = server.get(&path).await.expect(200);
    assert_eq!(shown.data()["amount"], 9000);
    let next = run(&server, json!({"dryRun": true})).await.expect(200);
    let names = ["reason", "amountCents"];
    let owed = told(&next.data()["carriedOver"][0], &names);
    assert_eq!(json!(owed), json!(["in_debt", -6000]));
}

#[tokio::test]
async fn what_is_due_in_a_program_is_paid_by_one_call_once() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let program = server.default_campaign().await;
    let order = json!({"affiliateId": sarah.id, "programId": program, "method": "bank_transfer", "notes": "first"});
    let nothing = server.post(PATH, order.clone()).await;
    refused(&nothing, 409, "CONFLICT");
    approved(&server, "order-1", "sarah", 20_000).await;
    refused(&server.post(PATH, order.clone()).await, 409, "CONFLICT");
    let pending = format!("{PATH}/pending?programId={program}&limit=1");
    let below = server.get(&pending).await.expect(200);
    assert_eq!(below.data()[0]["meetsThreshold"], json!(false));
    assert_eq!(below.data()[0]["carriedOver"], "below_threshold");
    approved(&server, "order-2", "sarah", 30_000).await;
    let due = server.get(&pending).await.expect(200);
    for (name, value) in [
        ("affiliateId", json!(sarah.id)),
        ("email", json!("sarah@affiliates.example")),
        ("name", json!("Affiliate sarah")),
        ("code", json!("sarah")),
        ("programId", json!(program)),
        ("programName", json!("Default")),
        ("payoutMethod", json!("manual")),
        ("paypalEmail", Value::Null),
        ("bankIban", Value::Null),
        ("pendingAmount", json!(10_000)),
        ("currency", json!("USD")),
        ("threshold", json!(5000)),
        ("meetsThreshold", json!(true)),
        ("commissionCount", json!(2)),
        ("hasPayoutMethod", json!(true)),
        ("carriedOver", Value::Null),
    ] {
        assert_eq!(due.data()[0].get(name), Some(&value), "{name}");
    }
    assert_eq!(due.json["meta"]["total"], 1);
    let made = server.post(PATH, order.clone()).await.expect(201);
    let names = ["amount", "method", "notes", "status"];
    let expected = json!([10_000, "manual", "first", "pending"]);
    assert_eq!(json!(told(made.data(), &names)), expected);
    refused(&server.post(PATH, order).await, 409, "CONFLICT");
    let left = server.get(&pending).await.expect(200);
    assert_eq!(left.data(), &json!([]));
    let stats = server.get(&format!("{PATH}/stats?period=all")).await;
    let stats = stats.expect(200);
    let names = ["totalPaid", "totalPending", "count", "currency"];
    assert_eq!(
        json!(told(stats.data(), &names)),
        json!([0, 10_000, 1, "USD"])
    );
    let id = made.data()["id"].as_str().expect("an id");
    let complete = format!("{PATH}/{id}/complete");
    server.post(&complete, json!({})).await.expect(200);
    let stats = server
        .get(&format!("{PATH}/stats?programId={program}"))
        .await;
    let names = ["totalPaid", "totalPending", "count"];
    assert_eq!(json!(told(stats.data(), &names)), json!([10_000, 0, 1]));
    assert_eq!(stats.data()["byCurrency"][0]["totalPaid"], 10_000);
}

#[tokio::test]
async fn runs_at_the_same_time_and_under_one_key_pay_once() {
    let server = TestServer::start().await;
    let beside = server.start_beside().await;
    server.affiliate("sarah").await;
    approved(&server, "order-1", "sarah", 30_000).await;
    let calls = (0..20).map(|number| {
        let server = if number % 2 == 0 { &server } else { &beside };
        run(server, json!({}))
    });
    let made = futures::future::join_all(calls).await;
    let count = |answer: &Answer| answer.data()["payouts"].as_array().map_or(0, Vec::len);
    assert_eq!(made.iter().map(count).sum::<usize>(), 1);
    approved(&server, "order-2", "sarah", 30_000).await;
    let keyed = || {
        let request = server.request(Method::POST, BATCHES);
        send(request.header("Idempotency-Key", "friday").json(&json!({})))
    };
    let first = keyed().await.expect(201);
    assert_eq!(keyed().await.expect(201).data(), first.data());
}

#[tokio::test]
async fn payouts_are_listed_by_filter_and_page() {
    let server = TestServer::start().await;
    for slug in ["sarah", "tom", "ann"] {
        server.affiliate(slug).await;
        approved(&server, slug, slug, 30_000).await;
    }
    run(&server, json!({})).await.expect(201);
    let listed = |query: &str| {
        let path = format!("{PATH}?{query}");
        let server = &server;
        async move { server.get(&path).await.expect(200) }
    };
    let all = listed("").await;
    let rows = all.data().as_array().expect("a list").clone();
    assert_eq!((rows.len(), &all.json["meta"]["total"]), (3, &json!(3)));
    let first = listed("limit=2").await;
    assert_eq!(first.json["meta"]["hasMore"], true);
    let cursor = first.json["meta"]["nextCursor"].as_str().expect("more");
    let second = listed(&format!("limit=2&cursor={cursor}")).await;
    assert_eq!(second.data(), &json!([rows[2]]));
    assert_eq!(listed("page=2&pageSize=2").await.data(), &json!([rows[2]]));
    assert_eq!(listed("offset=1&limit=1").await.data(), &json!([rows[1]]));
    let (id, affiliate) = (&rows[0]["id"], rows[0]["affiliateId"].as_str());
    let complete = format!("{PATH}/{}/complete", id.as_str().expect("an id"));
    server.post(&complete, json!({})).await.expect(200);
    let affiliate = affiliate.expect("an id");
    let batch = rows[0]["batchId"].as_str().expect("an id");
    let program = server.default_campaign().await;
    for (query, count) in [
        ("status=completed".to_owned(), 1),
        ("status=pending".to_owned(), 2),
        (format!("affiliateId={affiliate}"), 1),
        (format!("programId={program}&currency=usd"), 3),
        (format!("batchId={batch}&method=manual"), 3),
        (format!("batchId={NOBODY}"), 0),
        ("currency=EUR".to_owned(), 0),
        ("method=stripe".to_owned(), 0),
        ("from=2000-01-01&endDate=2001-01-01".to_owned(), 0),
        ("startDate=2000-01-01&to=2100-01-01".to_owned(), 3),
    ] {
        let found = listed(&query).await;
        assert_eq!(found.json["meta"]["total"], count, "{query}");
    }
    let other = format!("{PATH}?status=failed&cursor={cursor}");
    refused(&server.get(&other).await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    for (query, field) in [
        ("status=open", "status"),
        ("method=cash", "method"),
        ("currency=ZZZ", "currency"),
        ("affiliateId=sarah", "affiliateId"),
        ("startDate=soon", "startDate"),
        ("from=2026-01-01&startDate=2026-01-02", "from"),
        ("programID=1", "programID"),
        ("limit=0", "limit"),
    ] {
        invalid(&server.get(&format!("{PATH}?{query}")).await, field);
    }
    invalid(
        &server.get(&format!("{PATH}/stats?period=1d")).await,
        "period",
    );
    for (body, field) in [
        (json!({"affiliateIds": []}), "affiliateIds"),
        (json!({"method": "cash"}), "method"),
        (json!({"currency": "dollars"}), "currency"),
        (json!({"dry_run": true}), "dry_run"),
    ] {
        invalid(&run(&server, body).await, field);
    }
    for (body, field) in [
        (json!({"affiliateIds": [NOBODY]}), "affiliateIds"),
        (json!({"programId": NOBODY}), "programId"),
    ] {
        let answer = run(&server, body).await;
        assert_eq!((answer.status, answer.field()), (404, field));
    }
    let program = server.default_campaign().await;
    for (body, field) in [
        (json!({"programId": program}), "affiliateId"),
        (json!({"affiliateId": sarah.id}), "programId"),
        (
            json!({"affiliateId": sarah.id, "programId": program, "method": "cash"}),
            "method",
        ),
        (
            json!({"affiliateId": sarah.id, "programId": program, "note": "a", "notes": "b"}),
            "notes",
        ),
    ] {
        invalid(&server.post(PATH, body).await, field);
    }
    approved(&server, "order-1", "sarah", 30_000).await;
    let (_, path) = one(&server).await;
    let long = json!({"note": "x".repeat(501)});
    invalid(&server.post(&format!("{path}/process"), long).await, "note");
    let unknown = json!({"because": "x"});
    invalid(
        &server.post(&format!("{path}/fail"), unknown).await,
        "because",
    );
}

#[tokio::test]
async fn scopes_and_organizations_are_kept_apart() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    approved(&server, "order-1", "sarah", 30_000).await;
    let (_, path) = one(&server).await;
    let reads = server.with_scopes(&["payouts:read"]).await;
    reads.get(&path).await.expect(200);
    refused(
        &reads.post(BATCHES, json!({})).await,
        403,
        "INSUFFICIENT_SCOPE",
    );
    let stats = reads.get(&format!("{PATH}/stats")).await;
    refused(&stats, 403, "INSUFFICIENT_SCOPE");
    let writes = server.with_scopes(&["payouts:write"]).await;
    refused(&writes.get(PATH).await, 403, "INSUFFICIENT_SCOPE");
    let stranger = server.second_organization().await;
    refused(&stranger.get(&path).await, 404, "NOT_FOUND");
    for step in ["process", "complete", "fail"] {
        let answer = stranger.post(&format!("{path}/{step}"), json!({})).await;
        refused(&answer, 404, "NOT_FOUND");
    }
    let entries = stranger.get(&format!("{path}/entries")).await;
    refused(&entries, 404, "NOT_FOUND");
    assert_eq!(stranger.get(PATH).await.expect(200).data(), &json!([]));
}
