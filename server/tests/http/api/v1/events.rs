//! The inbox: its list, one event, replaying it, and failed ones that are tried again.

use reqwest::Method;
use serde_json::{Value, json};

use super::refusal::{NOBODY, invalid, refused};
use crate::support::{
    Answer, Connection, TestServer, eventually, now, send,
    stripe::{Purchase, Shape, event},
};

/// A merchant with an affiliate and a Stripe account.
async fn shop() -> (TestServer, Connection) {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let connection = server.connect_stripe("whsec_0123456789").await;
    (server, connection)
}

/// An invoice that `sarah` is credited for.
fn paid(name: &str) -> Value {
    let purchase = Purchase::new(name);
    let about = json!({"tributary_ref": "sarah"});
    purchase.event(
        "invoice.paid",
        1,
        purchase.invoice_about(Shape::Basil, about),
    )
}

/// Delivers an event; tells our id of it.
async fn deliver(server: &TestServer, connection: &Connection, event: &Value) -> String {
    let answer = server.deliver(connection, event).await.expect(200);
    answer.word("eventId").to_owned()
}

/// Makes an event one that an earlier version of the program could not read.
async fn could_not_be_read(server: &TestServer, id: &str, payload: &Value) {
    let sql = format!(
        "update event set outcome = 'failed', detail = 'the invoice has a new shape', conversion_id = null,
             payload = convert_to('{payload}', 'utf8'), next_attempt_at = null
         where event_id = '{id}'"
    );
    server.database().change(&sql).await;
}

/// A stored event that failed, although this version can read it.
async fn failed(server: &TestServer, connection: &Connection, name: &str) -> String {
    let mut payload = paid(name);
    let readable = payload.clone();
    payload["data"]["object"] = json!({});
    let id = deliver(server, connection, &payload).await;
    could_not_be_read(server, &id, &readable).await;
    id
}

async fn list(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/api/v1/events{query}")).await
}

fn words<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    let rows = answer.data().as_array().expect("a list");
    let word = |row: &'a Value| row[name].as_str().expect("a text");
    rows.iter().map(word).collect()
}

#[tokio::test]
async fn an_event_says_what_it_did_and_carries_what_came_in() {
    let (server, connection) = shop().await;
    let payload = paid("ann");
    let id = deliver(&server, &connection, &payload).await;
    let shown = server
        .get(&format!("/api/v1/events/{id}"))
        .await
        .expect(200);
    let sale = server.sales("").await.remove(0);
    let row = shown.data();
    for (name, expected) in [
        ("id", json!(id)),
        ("type", json!("invoice.paid")),
        ("processor", json!("stripe")),
        ("mode", json!("test")),
        ("connectionId", json!(connection.id)),
        ("connectionName", json!("Stripe")),
        ("externalId", payload["id"].clone()),
        ("outcome", json!("recorded")),
        (
            "detail",
            json!(format!(
                "recorded {}",
                sale["externalEventId"].as_str().expect("an id")
            )),
        ),
        ("conversionId", sale["id"].clone()),
        ("attempts", json!(1)),
        ("nextAttemptAt", Value::Null),
        ("payload", payload.clone()),
        ("payloadEncoding", json!("json")),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    let listed = list(&server, "").await.expect(200);
    let mut same = row.as_object().expect("an object").clone();
    same.retain(|name, _| !name.starts_with("payload"));
    assert_eq!(
        listed.data()[0],
        Value::Object(same),
        "the list tells the same"
    );

    let bytes = "update event set payload = '\\x00ff'";
    server.database().change(bytes).await;
    let shown = server
        .get(&format!("/api/v1/events/{id}"))
        .await
        .expect(200);
    assert_eq!(shown.data()["payload"], "AP8=");
    assert_eq!(shown.data()["payloadEncoding"], "base64");
}

#[tokio::test]
async fn every_filter_lets_its_own_through_and_others_are_refused() {
    let (server, connection) = shop().await;
    let other = server.connect_stripe("whsec_other_secret").await;
    deliver(&server, &connection, &paid("ann")).await;
    let unused = event("evt_unused", "invoice.created", now(), json!({}));
    deliver(&server, &other, &unused).await;
    let broken = event("evt_broken", "invoice.paid", now(), json!({}));
    deliver(&server, &other, &broken).await;
    let id = &other.id;
    for (query, expected) in [
        ("", 3),
        ("?outcome=failed", 1),
        ("?outcome=Recorded", 1),
        ("?type=invoice.paid", 2),
        ("?type=invoice", 0),
        ("?processor=stripe", 3),
        ("?processor=server", 0),
        (&format!("?connectionId={id}"), 2),
        (
            &format!("?connectionId={id}&type=invoice.paid&outcome=failed"),
            1,
        ),
        (&format!("?connectionId={NOBODY}"), 0),
        ("?since=2020-01-01", 3),
        ("?until=2020-01-01", 0),
        ("?since=2020-01-01T00:00:00Z&until=2999-01-01", 3),
    ] {
        let listed = list(&server, query).await.expect(200);
        assert_eq!(
            listed.data().as_array().map(Vec::len),
            Some(expected),
            "{query}"
        );
        assert_eq!(listed.json["meta"]["total"], expected, "{query}");
    }
    for (query, field) in [
        ("?outcome=odd", "outcome"),
        ("?outcome=", "outcome"),
        ("?type=", "type"),
        ("?processor=nobody", "processor"),
        ("?connectionId=1", "connectionId"),
        ("?since=yesterday", "since"),
        ("?until=", "until"),
        ("?kind=invoice.paid", "kind"),
        ("?limit=101", "limit"),
    ] {
        invalid(&list(&server, query).await, field);
    }
}

#[tokio::test]
async fn pages_are_newest_first_and_what_comes_in_meanwhile_moves_nothing() {
    let (server, connection) = shop().await;
    for number in 0..5 {
        let unused = event(
            &format!("evt_{number}"),
            "invoice.created",
            now(),
            json!({}),
        );
        deliver(&server, &connection, &unused).await;
    }
    let first = list(&server, "?limit=2").await.expect(200);
    assert_eq!(words(&first, "externalId"), ["evt_4", "evt_3"]);
    assert_eq!(first.json["meta"]["hasMore"], true);
    let late = event("evt_late", "invoice.created", now(), json!({}));
    deliver(&server, &connection, &late).await;
    let cursor = first.json["meta"]["nextCursor"].as_str().expect("a cursor");
    let second = list(&server, &format!("?limit=2&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(words(&second, "externalId"), ["evt_2", "evt_1"]);
    assert_eq!(second.json["meta"]["page"], 2);
    let next = second.json["meta"]["nextCursor"]
        .as_str()
        .expect("a cursor");
    let last = list(&server, &format!("?limit=2&cursor={next}"))
        .await
        .expect(200);
    assert_eq!(words(&last, "externalId"), ["evt_0"]);
    assert_eq!(last.json["meta"]["nextCursor"], Value::Null);
    let by_page = list(&server, "?page=2&pageSize=4").await.expect(200);
    assert_eq!(words(&by_page, "externalId"), ["evt_1", "evt_0"]);

    let other = server.second_organization().await;
    for answer in [
        list(
            &server,
            &format!("?limit=2&outcome=ignored&cursor={cursor}"),
        )
        .await,
        list(&server, "?cursor=nonsense").await,
        other.get(&format!("/api/v1/events?cursor={cursor}")).await,
    ] {
        refused(&answer, 400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn a_failed_event_is_replayed_once_its_cause_is_gone_and_again_changes_nothing() {
    let (server, connection) = shop().await;
    let id = failed(&server, &connection, "ann").await;
    assert!(server.sales("").await.is_empty());
    let path = format!("/api/v1/events/{id}/replay");
    let replayed = server.post(&path, json!({})).await.expect(200);
    assert_eq!(replayed.data()["outcome"], "recorded", "{}", replayed.text);
    assert_eq!(replayed.data()["attempts"], 2);
    let sales = server.sales("").await;
    assert_eq!(sales.len(), 1);
    assert_eq!(replayed.data()["conversionId"], sales[0]["id"]);
    let entries = server.database().count("ledger_entry").await;

    let again = send(server.request(Method::POST, &path)).await.expect(200);
    let said = |answer: &Answer, name: &str| answer.data()[name].clone();
    for name in ["outcome", "detail", "conversionId", "nextAttemptAt"] {
        assert_eq!(said(&again, name), said(&replayed, name), "{name}");
    }
    assert_eq!(server.sales("").await, sales);
    assert_eq!(server.database().count("ledger_entry").await, entries);
    let audited = "select count(*) from audit_entry
        where subject_kind = 'event' and action = 'replayed' and actor_kind = 'key'";
    assert_eq!(server.database().number(audited).await, 2);
}

#[tokio::test]
async fn what_still_can_not_be_read_stays_failed_and_says_why() {
    let (server, connection) = shop().await;
    let broken = event("evt_broken", "invoice.paid", now(), json!({}));
    let id = deliver(&server, &connection, &broken).await;
    let path = format!("/api/v1/events/{id}");
    let shown = server.get(&path).await.expect(200);
    assert_eq!(shown.data()["outcome"], "failed");
    let seconds = "select extract(epoch from next_attempt_at - received_at)::bigint from event";
    assert_eq!(server.database().number(seconds).await, 60);
    let replayed = server
        .post(&format!("{path}/replay"), json!({}))
        .await
        .expect(200);
    assert_eq!(replayed.data()["outcome"], "failed");
    assert_eq!(replayed.data()["detail"], shown.data()["detail"]);
    let seconds = "select extract(epoch from next_attempt_at - processed_at)::bigint from event";
    assert_eq!(server.database().number(seconds).await, 300);
    server
        .database()
        .change("update event set payload = 'no JSON'")
        .await;
    let replayed = server
        .post(&format!("{path}/replay"), json!({}))
        .await
        .expect(200);
    assert_eq!(replayed.data()["detail"], "the body is not readable JSON");
}

#[tokio::test]
async fn a_failed_event_that_is_due_is_tried_again_by_itself() {
    let (server, connection) = shop().await;
    let id = failed(&server, &connection, "ann").await;
    let due = "update event set next_attempt_at = received_at - interval '1 second'";
    server.database().change(due).await;
    eventually("the failed event is tried again", async || {
        let shown = server
            .get(&format!("/api/v1/events/{id}"))
            .await
            .expect(200);
        (shown.data()["outcome"] == "recorded").then_some(())
    })
    .await;
    assert_eq!(server.sales("").await.len(), 1);
}

#[tokio::test]
async fn anothers_events_are_not_there_and_scopes_are_asked_for() {
    let (server, connection) = shop().await;
    let id = failed(&server, &connection, "ann").await;
    let other = server.second_organization().await;
    let path = format!("/api/v1/events/{id}");
    refused(&other.get(&path).await, 404, "NOT_FOUND");
    let replay = format!("{path}/replay");
    refused(&other.post(&replay, json!({})).await, 404, "NOT_FOUND");
    let theirs = other.get("/api/v1/events").await.expect(200);
    assert_eq!(theirs.json["meta"]["total"], 0);

    let reader = server.with_scopes(&["events:read"]).await;
    reader.get(&path).await.expect(200);
    refused(
        &reader.post(&replay, json!({})).await,
        403,
        "INSUFFICIENT_SCOPE",
    );
    let stranger = server.with_scopes(&["conversions:read"]).await;
    refused(
        &stranger.get("/api/v1/events").await,
        403,
        "INSUFFICIENT_SCOPE",
    );
    invalid(&server.get(&format!("{path}?x=1")).await, "x");
    invalid(&server.post(&replay, json!({"x": 1})).await, "x");
    assert!(server.sales("").await.is_empty());
}
