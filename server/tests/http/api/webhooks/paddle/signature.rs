//! Only what Paddle signed is taken: everything else stores nothing.

use serde_json::json;

use super::{SECRET, assert_untouched, shop, tell};
use crate::support::{
    now, padded,
    paddle::{Purchase, signature},
    send,
};

fn event(name: &str) -> String {
    let purchase = Purchase::new(name);
    let sale = purchase.transaction(0, json!({"tributary_ref": "sarah"}));
    purchase.event("transaction.completed", 1, sale).to_string()
}

#[tokio::test]
async fn a_bad_missing_or_stale_signature_stores_nothing() {
    let (server, _, connection) = shop().await;
    let (body, time) = (event("ann"), now());
    let bytes = body.as_bytes();
    let good = signature(SECRET, time, bytes);
    let mac = good.split_once("h1=").expect("a mac").1.to_owned();
    let refused = [
        ("none", None),
        ("empty", Some(String::new())),
        ("nonsense", Some("nonsense".to_owned())),
        ("no time", Some(format!("h1={mac}"))),
        ("no signature", Some(format!("ts={time}"))),
        ("another scheme", Some(format!("ts={time};h2={mac}"))),
        ("as Stripe writes it", Some(format!("t={time},v1={mac}"))),
        ("commas", Some(format!("ts={time},h1={mac}"))),
        ("time no number", Some(format!("ts=now;h1={mac}"))),
        (
            "time not the signed one",
            Some(format!("ts={};h1={mac}", time - 1)),
        ),
        (
            "not hexadecimal",
            Some(format!("ts={time};h1={}", "z".repeat(64))),
        ),
        ("cut short", Some(format!("ts={time};h1={}", &mac[..62]))),
        (
            "another secret",
            Some(signature("pdl_ntfset_another", time, bytes)),
        ),
        ("an empty secret", Some(signature("", time, bytes))),
        ("another body", Some(signature(SECRET, time, b"{}"))),
        ("too old", Some(signature(SECRET, time - 310, bytes))),
        ("ahead", Some(signature(SECRET, time + 310, bytes))),
        ("beyond time", Some(signature(SECRET, i64::MAX, bytes))),
    ];
    for (what, header) in refused {
        let request = server.paddle_delivery(&connection.id, body.clone(), header.as_deref());
        let answer = send(request).await;
        let refusal = (answer.status, answer.error());
        assert_eq!(
            refusal,
            (400, "invalid_signature"),
            "{what}: {}",
            answer.text
        );
        assert!(!answer.text.contains(SECRET), "{what}");
        assert_untouched(&server, &answer).await;
    }
    let tampered = body.replace("4400", "9900");
    let answer = send(server.paddle_delivery(&connection.id, tampered, Some(&good))).await;
    assert_eq!((answer.status, answer.error()), (400, "invalid_signature"));
    assert_untouched(&server, &answer).await;
    send(server.paddle_delivery(&connection.id, body, Some(&good)))
        .await
        .expect(200);
    assert_eq!(server.sales("").await.len(), 1, "and the good one is taken");
}

#[tokio::test]
async fn a_clock_may_be_almost_five_minutes_off_both_ways() {
    let (server, _, connection) = shop().await;
    for (name, off) in [("ann", 290), ("ben", -290)] {
        let body = event(name);
        let header = signature(SECRET, now() + off, body.as_bytes());
        send(server.paddle_delivery(&connection.id, body, Some(&header)))
            .await
            .expect(200);
    }
    assert_eq!(server.sales("").await.len(), 2);
}

#[tokio::test]
async fn any_of_several_signatures_by_any_of_several_secrets_will_do() {
    let (server, ..) = shop().await;
    let (first, second) = ("pdl_ntfset_first", "pdl_ntfset_second");
    let connection = server.connect_paddle(&[first, second]).await;
    for (name, secret) in [("ann", first), ("ben", second)] {
        let body = event(name);
        let right = signature(secret, now(), body.as_bytes());
        let (stamp, mac) = right.split_once(';').expect("two parts");
        let header = format!("{stamp};h1={};{mac};h1=00", "0".repeat(64));
        send(server.paddle_delivery(&connection.id, body, Some(&header)))
            .await
            .expect(200);
    }
    let path = format!("/api/v1/connections/{}", connection.id);
    let rolled = json!({"signingSecrets": [second]});
    server.patch(&path, rolled).await.expect(200);
    let body = event("cat");
    let old = signature(first, now(), body.as_bytes());
    send(server.paddle_delivery(&connection.id, body, Some(&old)))
        .await
        .expect(400);
}

#[tokio::test]
async fn an_address_that_is_no_connection_of_paddles_is_not_found() {
    let (server, _, connection) = shop().await;
    let stripe = server.connect_stripe(SECRET).await;
    let body = event("ann");
    let header = signature(SECRET, now(), body.as_bytes());
    let unknown = "01890000-0000-7000-8000-000000000000";
    for id in [unknown, "nonsense", "", &stripe.id] {
        let answer = send(server.paddle_delivery(id, body.clone(), Some(&header))).await;
        let refusal = (answer.status, answer.error());
        assert_eq!(refusal, (404, "not_found"), "{id}: {}", answer.text);
        assert_untouched(&server, &answer).await;
    }
    let path = format!("/api/v1/connections/{}", connection.id);
    server.delete(&path).await.expect(200);
    let answer = send(server.paddle_delivery(&connection.id, body, Some(&header))).await;
    assert_eq!(answer.status, 404, "a removed connection");
    assert_untouched(&server, &answer).await;
}

#[tokio::test]
async fn another_organizations_secret_does_not_open_this_one() {
    let (server, _, connection) = shop().await;
    let other = server.second_organization().await;
    let theirs = other.connect_paddle(&["pdl_ntfset_theirs"]).await;
    let body = event("ann");
    let header = signature(&theirs.secret, now(), body.as_bytes());
    let request = server.paddle_delivery(&connection.id, body.clone(), Some(&header));
    let answer = send(request).await.expect(400);
    assert_untouched(&server, &answer).await;
    send(other.paddle_delivery(&theirs.id, body, Some(&header)))
        .await
        .expect(200);
    assert_eq!(server.sales("").await.len(), 0, "it is in theirs");
}

#[tokio::test]
async fn a_signed_body_may_have_a_megabyte_and_no_more() {
    let (server, _, connection) = shop().await;
    for (bytes, status) in [(1024 * 1024, 200), (1024 * 1024 + 1, 413)] {
        let body = padded(&event("ann"), bytes);
        let header = signature(SECRET, now(), body.as_bytes());
        send(server.paddle_delivery(&connection.id, body, Some(&header)))
            .await
            .expect(status);
    }
    assert_eq!(server.database().count("event").await, 1);
}

#[tokio::test]
async fn signed_nonsense_is_kept_as_failed_and_nothing_comes_of_it() {
    let (server, _, connection) = shop().await;
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"event_id": "evt_1"}"#,
        r#"{"id": "evt_1", "type": "x"}"#,
    ] {
        let header = signature(SECRET, now(), body.as_bytes());
        let answer = send(server.paddle_delivery(&connection.id, body, Some(&header))).await;
        assert_eq!(answer.expect(200).word("outcome"), "failed", "{body}");
    }
    assert_eq!(server.database().count("event").await, 6);
    assert_eq!(server.database().count("conversion").await, 0);
}

#[tokio::test]
async fn the_same_event_again_changes_nothing() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let sale = purchase.transaction(0, json!({"tributary_ref": "sarah"}));
    let event = purchase.event("transaction.completed", 1, sale);
    let first = server.deliver_paddle(&connection, &event).await.expect(200);
    // Replayed from Paddle's dashboard: the same event in another notification.
    let mut replayed = event.clone();
    replayed["notification_id"] = json!("ntf_replayed");
    for event in [&event, &replayed] {
        let again = server.deliver_paddle(&connection, event).await.expect(200);
        assert_eq!(again.word("eventId"), first.word("eventId"));
        assert_eq!(again.word("outcome"), "recorded");
    }
    let other = crate::support::paddle::again(&event);
    assert_eq!(tell(&server, &connection, &[other]).await, ["deduped"]);
    let database = server.database();
    assert_eq!(database.count("event").await, 2);
    assert_eq!(database.count("ledger_entry").await, 1);
}
