//! `/api/v1/flags`: the list, how many stand how, and resolving one.

use serde_json::{Value, json};

use super::refusal::{NOBODY, invalid, refused};
use crate::support::TestServer;

const PATH: &str = "/api/v1/flags";

/// Sarah buys through her own link.
async fn own_sale(server: &TestServer, id: &str) -> String {
    let own = json!({"customerEmail": "Sarah+2@affiliates.example"});
    let sale = server.sale(id, "sarah", own).await.expect(201);
    sale.id().to_owned()
}

async fn listed(server: &TestServer, query: &str) -> Vec<Value> {
    let list = server.get(&format!("{PATH}?{query}")).await.expect(200);
    let rows = list.data().as_array().expect("a list").clone();
    assert_eq!(list.json["meta"]["total"], json!(rows.len()), "{query}");
    rows
}

fn resolve_path(flag: &Value) -> String {
    format!("{PATH}/{}/resolve", flag["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_flag_says_what_is_suspected_and_of_what() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let sale = own_sale(&server, "order-1").await;
    let program = server.default_campaign().await;
    let flags = listed(&server, "").await;
    assert_eq!(flags.len(), 1);
    let flag = &flags[0];
    let details = json!({
        "text": "sarah+2@affiliates.example paid, which leads to the affiliate's mailbox sarah@affiliates.example",
        "evidence": "same_mailbox",
        "customerEmail": "sarah+2@affiliates.example",
        "affiliateEmail": "sarah@affiliates.example",
    });
    for (name, value) in [
        ("affiliateId", json!(sarah.id)),
        ("programId", json!(program)),
        ("conversionId", json!(sale)),
        ("type", json!("self_referral")),
        ("status", json!("open")),
        ("details", details),
        ("note", Value::Null),
        ("resolvedAt", Value::Null),
        ("affiliateName", json!("Affiliate sarah")),
        ("amountCents", json!(4900)),
        ("currency", json!("USD")),
    ] {
        assert_eq!(flag.get(name), Some(&value), "{name}");
    }
    assert!(flag["id"].is_string() && flag["createdAt"].is_string());
    let story = server.get(&format!("/api/v1/conversions/{sale}")).await;
    assert_eq!(story.data()["flags"][0]["id"], flag["id"]);
    assert_eq!(story.data()["flags"][0]["details"], flag["details"]);
    let approve = format!("/api/v1/conversions/{sale}/approve");
    let held = server.post(&approve, json!({"reason": "now"})).await;
    refused(&held, 409, "CONFLICT");
    assert!(
        held.text.contains("resolve the flag first"),
        "{}",
        held.text
    );
}

#[tokio::test]
async fn flags_are_filtered_counted_and_paged() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let other = server.affiliate("jonas").await;
    for number in 1..=3 {
        own_sale(&server, &format!("order-{number}")).await;
    }
    let thrown = json!({"customerEmail": "x@mailinator.com"});
    let thrown = server.sale("order-4", "jonas", thrown).await.expect(201);
    let newest = listed(&server, "type=suspicious_activity").await;
    assert_eq!(newest.len(), 1);
    let done = json!({"resolution": "reviewed", "note": "a friend"});
    server
        .post(&resolve_path(&newest[0]), done)
        .await
        .expect(200);

    let program = server.default_campaign().await;
    for (query, many) in [
        (String::new(), 4),
        ("status=open".to_owned(), 3),
        ("status=reviewed".to_owned(), 1),
        ("status=confirmed".to_owned(), 0),
        ("type=self_referral".to_owned(), 3),
        (format!("affiliateId={}", sarah.id), 3),
        (format!("affiliateId={}&status=open", other.id), 0),
        (format!("programId={program}"), 4),
        (format!("programId={NOBODY}"), 0),
        (format!("conversionId={}", thrown.id()), 1),
        (format!("conversionId={}&status=open", thrown.id()), 0),
        (format!("conversionId={NOBODY}"), 0),
    ] {
        assert_eq!(listed(&server, &query).await.len(), many, "{query}");
    }
    let stats = json!({"open": 3, "reviewed": 1, "dismissed": 0, "confirmed": 0, "total": 4});
    let path = format!("{PATH}/stats");
    assert_eq!(server.get(&path).await.expect(200).data(), &stats);
    let elsewhere = server.get(&format!("{path}?programId={NOBODY}")).await;
    assert_eq!(elsewhere.data()["total"], 0);

    let first = server.get(&format!("{PATH}?limit=3")).await.expect(200);
    assert_eq!(first.json["meta"]["hasMore"], true);
    let cursor = first.json["meta"]["nextCursor"].as_str().expect("goes on");
    let rest = server.get(&format!("{PATH}?limit=3&cursor={cursor}")).await;
    assert_eq!(rest.data().as_array().map(Vec::len), Some(1));
    assert_eq!(rest.json["meta"]["page"], 2);
    let strange = server
        .get(&format!("{PATH}?status=open&cursor={cursor}"))
        .await;
    assert_eq!((strange.status, strange.error()), (400, "BAD_REQUEST"));
    let second = server.get(&format!("{PATH}?page=2&limit=3")).await;
    assert_eq!(second.data(), rest.data());
    for (query, field) in [
        ("status=shut", "status"),
        ("type=odd", "type"),
        ("affiliateId=1", "affiliateId"),
        ("programId=1", "programId"),
        ("conversionId=1", "conversionId"),
        ("limit=0", "limit"),
    ] {
        invalid(&server.get(&format!("{PATH}?{query}")).await, field);
    }
}

#[tokio::test]
async fn a_confirmed_flag_denies_the_sale_and_can_block_the_affiliate() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let sale = own_sale(&server, "order-1").await;
    let path = resolve_path(&listed(&server, "").await[0]);
    for (body, field) in [
        (json!({}), "status"),
        (json!({"status": "open"}), "status"),
        (json!({"resolution": 5}), "resolution"),
        (
            json!({"status": "reviewed", "resolution": "confirmed"}),
            "resolution",
        ),
        (
            json!({"status": "dismissed", "blockAffiliate": true}),
            "blockAffiliate",
        ),
        (
            json!({"status": "reviewed", "note": "x".repeat(501)}),
            "note",
        ),
        (json!({"status": "reviewed", "reason": "x"}), "reason"),
    ] {
        invalid(&server.post(&path, body).await, field);
    }
    let body = json!({"status": "confirmed", "note": "her own card", "blockAffiliate": true});
    let resolved = server.post(&path, body.clone()).await.expect(200);
    for (name, value) in [
        ("status", json!("confirmed")),
        ("note", json!("her own card")),
        ("affiliateId", json!(sarah.id)),
    ] {
        assert_eq!(resolved.data().get(name), Some(&value), "{name}");
    }
    assert!(resolved.data()["resolvedAt"].is_string());
    let story = server.get(&format!("/api/v1/conversions/{sale}")).await;
    let row = story.data();
    assert_eq!(
        (&row["lifecycle"], &row["commission"]),
        (&json!("denied"), &json!(0))
    );
    let denial = &row["ledger"][1];
    assert_eq!(
        (&denial["kind"], &denial["amountCents"]),
        (&json!("denial"), &json!(-980))
    );
    let reason = denial["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("flag confirmed: self-referral"),
        "{reason}"
    );
    let affiliate = server
        .get(&format!("/api/v1/affiliates/{}", sarah.id))
        .await;
    assert_eq!(affiliate.data()["status"], "blocked");
    refused(&server.post(&path, body).await, 409, "CONFLICT");
}

#[tokio::test]
async fn a_dismissed_flag_lets_the_sale_be_approved() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let sale = own_sale(&server, "order-1").await;
    let path = resolve_path(&listed(&server, "").await[0]);
    // As the Python client says it.
    let body = json!({"status": "dismissed", "blockAffiliate": false});
    server.post(&path, body).await.expect(200);
    let approve = format!("/api/v1/conversions/{sale}/approve");
    let approved = server.post(&approve, json!({"reason": "now"})).await;
    assert_eq!(approved.expect(200).data()["status"], "approved");
}

#[tokio::test]
async fn nobody_sees_or_resolves_anothers_flags_and_reading_is_not_resolving() {
    let server = TestServer::start().await;
    let stranger = server.second_organization().await;
    server.affiliate("sarah").await;
    own_sale(&server, "order-1").await;
    let path = resolve_path(&listed(&server, "").await[0]);
    let body = json!({"status": "dismissed"});
    let theirs = stranger.post(&path, body.clone()).await;
    refused(&theirs, 404, "NOT_FOUND");
    let none = stranger.get(PATH).await.expect(200);
    assert_eq!(none.data(), &json!([]));
    let reader = server.with_scopes(&["flags:read"]).await;
    reader.get(PATH).await.expect(200);
    let refusal = reader.post(&path, body).await;
    refused(&refusal, 403, "INSUFFICIENT_SCOPE");
    assert_eq!(listed(&server, "status=open").await.len(), 1);
}

#[tokio::test]
async fn who_may_not_manage_affiliates_blocks_none_through_a_flag() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    own_sale(&server, "order-1").await;
    let path = resolve_path(&listed(&server, "").await[0]);
    let body = json!({"status": "confirmed", "blockAffiliate": true});
    let clerk = server.with_scopes(&["flags:read", "flags:write"]).await;
    let refusal = clerk.post(&path, body.clone()).await;
    refused(&refusal, 403, "INSUFFICIENT_SCOPE");
    assert!(
        refusal.text.contains("affiliates:manage"),
        "{}",
        refusal.text
    );
    assert_eq!(listed(&server, "status=open").await.len(), 1);
    let both = server
        .with_scopes(&["flags:write", "affiliates:manage"])
        .await;
    both.post(&path, body).await.expect(200);
    let affiliate = server
        .get(&format!("/api/v1/affiliates/{}", sarah.id))
        .await;
    assert_eq!(affiliate.data()["status"], "blocked");
}
