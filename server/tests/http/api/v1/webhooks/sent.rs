//! What arrives, and what becomes of what does not.

use serde_json::{Value, json};

use super::{deliveries, endpoint, path_of, refused, text};
use crate::support::{Receiver, TestServer, eventually};

#[tokio::test]
async fn a_sale_is_told_as_the_api_shows_it() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    server.affiliate("sarah").await;
    let events = [
        "conversion.created",
        "conversion.updated",
        "conversion.denied",
    ];
    let url = format!("{}/hooks/books", receiver.base_url);
    endpoint(&server, &url, &events).await;
    let sale = server.sale("order-1", "sarah", json!({})).await.expect(201);
    let told = receiver.told(1).await;
    assert_eq!(told[0].path, "/hooks/books");
    assert_eq!(told[0].header("content-type"), "application/json");
    let message = told[0].json();
    assert_eq!(text(&message["id"]), told[0].header("webhook-id"));
    assert!(text(&message["id"]).starts_with("msg_"));
    let story = server
        .get(&format!("/api/v1/conversions/{}", sale.id()))
        .await;
    for (name, value) in [
        ("type", json!("conversion.created")),
        ("schemaVersion", json!(2)),
        ("merchantId", json!(server.organization_id)),
        ("programId", json!(server.default_campaign().await)),
        ("environment", json!("development")),
    ] {
        assert_eq!(message.get(name), Some(&value), "{name}");
    }
    for (name, value) in message["data"].as_object().expect("a row") {
        assert_eq!(story.data().get(name), Some(value), "{name}");
    }
    assert_eq!(message["data"]["commission"], 980);

    let deny = format!("/api/v1/conversions/{}/deny", sale.id());
    server
        .post(&deny, json!({"reason": "a friend"}))
        .await
        .expect(200);
    let told = receiver.told(3).await;
    assert_eq!(told[1].json()["type"], "conversion.updated");
    let denied = told[2].json();
    assert_eq!(denied["type"], "conversion.denied");
    assert_eq!(denied["data"]["status"], "rejected");
    assert_eq!(denied["data"]["previous"]["status"], "pending");
    let changed = denied["data"]["updatedFields"].as_array().expect("names");
    assert!(
        changed.contains(&json!("lifecycle")) && changed.contains(&json!("commission")),
        "{changed:?}"
    );
}

#[tokio::test]
async fn affiliates_programs_and_flags_are_told_of() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    let events = [
        "affiliate.joined",
        "affiliate.blocked",
        "program.updated",
        "flag.created",
        "flag.resolved",
    ];
    endpoint(&server, &receiver.base_url, &events).await;
    let sarah = server.affiliate("sarah").await;
    let own = json!({"customerEmail": "sarah@affiliates.example"});
    server.sale("order-1", "sarah", own).await.expect(201);
    let flags = server.get("/api/v1/flags").await.expect(200);
    let flag = text(&flags.data()[0]["id"]).to_owned();
    let confirm = json!({"status": "confirmed", "blockAffiliate": true});
    let path = format!("/api/v1/flags/{flag}/resolve");
    server.post(&path, confirm).await.expect(200);
    let program = server.default_campaign().await;
    let change = json!({"commissionPercent": 25});
    server
        .patch(&format!("/api/v1/programs/{program}"), change)
        .await
        .expect(200);
    let told = receiver.told(5).await;
    let of = |kind: &str| -> Value {
        let found = told
            .iter()
            .map(|one| one.json())
            .find(|one| one["type"] == kind);
        found.unwrap_or_else(|| panic!("{kind} was told"))["data"].clone()
    };
    let joined = of("affiliate.joined");
    assert_eq!(
        (&joined["id"], &joined["code"]),
        (&json!(sarah.id), &json!("sarah"))
    );
    assert_eq!(of("affiliate.blocked")["status"], "blocked");
    assert_eq!(
        (&of("flag.created")["id"], &of("flag.created")["status"]),
        (&json!(flag), &json!("open"))
    );
    assert_eq!(of("flag.resolved")["status"], "confirmed");
    let updated = of("program.updated");
    assert_eq!(
        (&updated["id"], &updated["commissionPercent"]),
        (&json!(program), &json!(25))
    );
    assert_eq!(updated["previous"], json!({"commissionPercent": 20}));
    assert_eq!(updated["updatedFields"], json!(["commissionPercent"]));
}

#[tokio::test]
async fn what_failed_is_shown_and_sent_again_as_the_same_message() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    receiver.answer_with(503);
    let (books, _) = endpoint(&server, &receiver.base_url, &["flag.created"]).await;
    let path = path_of(&books);
    let test = server
        .post(&format!("{path}/test"), json!({}))
        .await
        .expect(201);
    assert_eq!(
        (&test.data()["eventType"], &test.data()["status"]),
        (&json!("webhook.test"), &json!("pending"))
    );
    let tried = eventually("an attempt", async || {
        let sent = deliveries(&server, &books, "status=pending").await;
        sent.into_iter().find(|one| one["attempts"] == 1)
    })
    .await;
    for (name, value) in [
        ("id", test.data()["id"].clone()),
        ("webhookId", books["id"].clone()),
        ("responseStatus", json!(503)),
        ("responseBody", json!("thank you")),
        ("error", json!("it answered 503 Service Unavailable")),
    ] {
        assert_eq!(tried.get(name), Some(&value), "{name}");
    }
    assert!(tried["durationMs"].is_number() && tried["nextAttemptAt"].is_string());
    // The endpoint is judged right after its delivery.
    eventually("since when it fails", async || {
        let shown = server.get(&path).await.expect(200);
        shown.data()["failingSince"].is_string().then_some(())
    })
    .await;

    // Gone is final: it fails at once, the endpoint is disabled and says why.
    receiver.answer_with(410);
    server
        .post(&format!("{path}/test"), json!({}))
        .await
        .expect(201);
    let gone = eventually("it is disabled", async || {
        let shown = server.get(&path).await.expect(200);
        Some(shown).filter(|shown| shown.data()["status"] == "disabled")
    })
    .await;
    assert!(text(&gone.data()["disabledReason"]).contains("410"));
    let replay = format!("{path}/deliveries/{}/replay", text(&tried["id"]));
    refused(&server.post(&replay, json!({})).await, 409, "CONFLICT");
    assert_eq!(deliveries(&server, &books, "status=failed").await.len(), 2);

    receiver.answer_with(200);
    server
        .patch(&path, json!({"status": "active"}))
        .await
        .expect(200);
    server.post(&replay, json!({})).await.expect(200);
    let there = eventually("it is there", async || {
        deliveries(&server, &books, "status=delivered").await.pop()
    })
    .await;
    assert_eq!(
        (&there["id"], &there["responseStatus"]),
        (&tried["id"], &json!(200))
    );
    let ids: Vec<String> = receiver
        .received()
        .iter()
        .map(|one| one.header("webhook-id").to_owned())
        .collect();
    assert_eq!(
        (ids.first(), text(&there["messageId"])),
        (ids.last(), ids[0].as_str())
    );
    assert_eq!(receiver.received()[0].body, receiver.received()[2].body);
}

#[tokio::test]
async fn what_was_sent_is_paged() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    let (books, _) = endpoint(&server, &receiver.base_url, &["affiliate.joined"]).await;
    for number in 0..5 {
        server.affiliate(&format!("affiliate-{number}")).await;
    }
    let path = format!("{}/deliveries", path_of(&books));
    let all = server.get(&path).await.expect(200);
    assert_eq!(all.json["meta"]["total"], 5);
    let first = server.get(&format!("{path}?limit=3")).await.expect(200);
    let cursor = text(&first.json["meta"]["nextCursor"]).to_owned();
    server.affiliate("late").await;
    let rest = server
        .get(&format!("{path}?limit=3&cursor={cursor}"))
        .await
        .expect(200);
    let ids = |list: &Value| -> Vec<String> {
        let rows = list.as_array().expect("a list").iter();
        rows.map(|row| text(&row["id"]).to_owned()).collect()
    };
    let paged = [ids(first.data()), ids(rest.data())].concat();
    assert_eq!(paged, ids(all.data()));
    assert_eq!(rest.json["meta"]["hasMore"], false);
    let strange = server
        .get(&format!("{path}?status=failed&cursor={cursor}"))
        .await;
    refused(&strange, 400, "BAD_REQUEST");
    let second = server
        .get(&format!("{path}?page=2&limit=4"))
        .await
        .expect(200);
    assert_eq!(second.data().as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_server_that_was_killed_has_told_nothing_twice_and_leaves_nothing_out() {
    let mut server = TestServer::start().await;
    let receiver = Receiver::start().await;
    server.affiliate("sarah").await;
    endpoint(&server, &receiver.base_url, &["conversion.created"]).await;
    for number in 0..3 {
        server
            .sale(&format!("order-{number}"), "sarah", json!({}))
            .await
            .expect(201);
    }
    server.stop().await;
    server.restart().await;
    let told = receiver.told(3).await;
    let mut ids: Vec<&str> = told.iter().map(|one| one.header("webhook-id")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}
