//! Only what Stripe signed is taken: everything else stores nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::{SECRET, assert_untouched, shop};
use crate::support::{
    Connection, now, padded, send, signature,
    stripe::{Purchase, Shape},
};

fn event() -> String {
    let purchase = Purchase::new("ann");
    let about = json!({"tributary_ref": "sarah"});
    purchase
        .event(
            "invoice.paid",
            1,
            purchase.invoice_about(Shape::Basil, about),
        )
        .to_string()
}

#[tokio::test]
async fn a_bad_missing_or_stale_signature_stores_nothing() {
    let (server, _, connection) = shop().await;
    let (body, time) = (event(), now());
    let bytes = body.as_bytes();
    let good = signature(SECRET, time, bytes);
    let mac = good.split_once("v1=").expect("a mac").1.to_owned();
    let refused = [
        ("none", None),
        ("empty", Some(String::new())),
        ("nonsense", Some("nonsense".to_owned())),
        ("no time", Some(format!("v1={mac}"))),
        ("no signature", Some(format!("t={time}"))),
        ("another scheme", Some(format!("t={time},v0={mac}"))),
        ("time no number", Some(format!("t=now,v1={mac}"))),
        (
            "time not the signed one",
            Some(format!("t={},v1={mac}", time - 1)),
        ),
        (
            "not hexadecimal",
            Some(format!("t={time},v1={}", "z".repeat(64))),
        ),
        ("cut short", Some(format!("t={time},v1={}", &mac[..62]))),
        ("empty signature", Some(format!("t={time},v1="))),
        (
            "another secret",
            Some(signature("whsec_another_secret", time, bytes)),
        ),
        ("an empty secret", Some(signature("", time, bytes))),
        ("another body", Some(signature(SECRET, time, b"{}"))),
        ("too old", Some(signature(SECRET, time - 310, bytes))),
        (
            "from the future",
            Some(signature(SECRET, time + 310, bytes)),
        ),
        ("very old", Some(signature(SECRET, 0, bytes))),
        ("before time", Some(signature(SECRET, -time, bytes))),
        ("beyond time", Some(signature(SECRET, i64::MAX, bytes))),
    ];
    for (what, header) in refused {
        let answer = server
            .deliver_bytes(&connection, body.clone(), header.as_deref())
            .await;
        assert_eq!(
            (answer.status, answer.error()),
            (400, "invalid_signature"),
            "{what}: {}",
            answer.text
        );
        assert!(!answer.text.contains(SECRET), "{what}");
        assert_untouched(&server, &answer).await;
    }
    let changed = body.replace("4400", "9900");
    let answer = server
        .deliver_bytes(&connection, changed, Some(&good))
        .await;
    assert_eq!((answer.status, answer.error()), (400, "invalid_signature"));
    assert_untouched(&server, &answer).await;
    server
        .deliver_bytes(&connection, body.clone(), Some(&good))
        .await
        .expect(200);
    assert_eq!(server.sales("").await.len(), 1, "and the good one is taken");
}

#[tokio::test]
async fn a_clock_may_be_almost_five_minutes_off_both_ways() {
    let (server, _, connection) = shop().await;
    for (number, off) in [290, -290].into_iter().enumerate() {
        let purchase = Purchase::new(&format!("p{number}"));
        let body = purchase
            .event("invoice.paid", 1, purchase.invoice(Shape::Basil))
            .to_string();
        let header = signature(SECRET, now() + off, body.as_bytes());
        server
            .deliver_bytes(&connection, body, Some(&header))
            .await
            .expect(200);
    }
    assert_eq!(server.database().count("event").await, 2);
}

#[tokio::test]
async fn any_of_several_signatures_by_any_of_several_secrets_will_do() {
    let (server, ..) = shop().await;
    let (first, second) = ("whsec_first_secret", "whsec_second_secret");
    let more = json!({"signingSecrets": [first, second]});
    let connection = server.connect_stripe_with(first, more).await;
    for (number, secret) in [first, second].into_iter().enumerate() {
        let purchase = Purchase::new(&format!("p{number}"));
        let body = purchase
            .event("invoice.paid", 1, purchase.invoice(Shape::Basil))
            .to_string();
        let right = signature(secret, now(), body.as_bytes());
        let (stamp, mac) = right.split_once(',').expect("two parts");
        let header = format!("{stamp},v1={},{mac},v0=00", "0".repeat(64));
        server
            .deliver_bytes(&connection, body, Some(&header))
            .await
            .expect(200);
    }
    server
        .patch(
            &format!("/api/v1/connections/{}", connection.id),
            json!({"signingSecrets": [second]}),
        )
        .await
        .expect(200);
    let body = event();
    let old = signature(first, now(), body.as_bytes());
    assert_eq!(
        server
            .deliver_bytes(&connection, body.clone(), Some(&old))
            .await
            .status,
        400,
        "it was rolled"
    );
    let new = signature(second, now(), body.as_bytes());
    server
        .deliver_bytes(&connection, body, Some(&new))
        .await
        .expect(200);
}

#[tokio::test]
async fn an_address_that_is_no_connection_is_not_found() {
    let (server, _, connection) = shop().await;
    let body = event();
    let header = signature(SECRET, now(), body.as_bytes());
    let id = &connection.id;
    let paths = [
        "/api/webhooks/stripe/01890000-0000-7000-8000-000000000000".to_owned(),
        "/api/webhooks/stripe/nonsense".to_owned(),
        "/api/webhooks/stripe/".to_owned(),
        "/api/webhooks/stripe".to_owned(),
        format!("/api/webhooks/stripe/{id}/more"),
        format!("/api/webhooks/paddle/{id}"),
        format!("/api/webhooks/braintree/{id}"),
        format!("/api/webhooks/server/{id}"),
        format!("/api/webhooks/Stripe/{id}"),
        format!("/api/webhooks/{id}"),
    ];
    for path in paths {
        let request = server
            .without_key()
            .request(Method::POST, &path)
            .header("stripe-signature", &header);
        let answer = send(request.body(body.clone())).await;
        assert_eq!(
            (answer.status, answer.error()),
            (404, "not_found"),
            "{path}: {}",
            answer.text
        );
        assert_untouched(&server, &answer).await;
    }
    server
        .delete(&format!("/api/v1/connections/{id}"))
        .await
        .expect(200);
    let answer = server.deliver_bytes(&connection, body, Some(&header)).await;
    assert_eq!(
        (answer.status, answer.error()),
        (404, "not_found"),
        "a removed connection"
    );
    assert_untouched(&server, &answer).await;
}

#[tokio::test]
async fn another_connections_secret_does_not_open_this_one() {
    let (server, _, connection) = shop().await;
    let other = server.second_organization().await;
    let theirs = other.connect_stripe("whsec_theirs_0123").await;
    let swapped = Connection {
        id: connection.id.clone(),
        secret: theirs.secret.clone(),
    };
    let body: serde_json::Value = serde_json::from_str(&event()).expect("JSON");
    let answer = server.deliver(&swapped, &body).await.expect(400);
    assert_untouched(&server, &answer).await;
    other.deliver(&theirs, &body).await.expect(200);
    assert_eq!(server.sales("").await.len(), 0);
    assert_eq!(
        server.database().count("event").await,
        1,
        "in the other organization"
    );
}

#[tokio::test]
async fn a_signed_body_may_have_a_megabyte_and_no_more() {
    let (server, _, connection) = shop().await;
    let most = padded(&event(), 1024 * 1024);
    let header = signature(SECRET, now(), most.as_bytes());
    server
        .deliver_bytes(&connection, most, Some(&header))
        .await
        .expect(200);
    assert_eq!(server.sales("").await.len(), 1);
    let more = padded(&event(), 1024 * 1024 + 1);
    let header = signature(SECRET, now(), more.as_bytes());
    let answer = server
        .deliver_bytes(&connection, more, Some(&header))
        .await
        .expect(413);
    assert_eq!(answer.error(), "payload_too_large");
    assert_eq!(server.database().count("event").await, 1);
}

#[tokio::test]
async fn signed_nonsense_is_kept_as_failed_once_and_nothing_comes_of_it() {
    let (server, _, connection) = shop().await;
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let bodies = [
        "",
        "{",
        "nonsense",
        "[]",
        "null",
        "{}",
        r#"{"id": "evt_1"}"#,
        r#"{"type": "invoice.paid"}"#,
        r#"{"id": 7, "type": "invoice.paid"}"#,
        r#"{"id": "", "type": "invoice.paid"}"#,
        deep.as_str(),
    ];
    for (number, body) in (1..).zip(bodies) {
        for _ in 0..2 {
            let header = signature(SECRET, now(), body.as_bytes());
            let answer = server
                .deliver_bytes(&connection, body.to_owned(), Some(&header))
                .await
                .expect(200);
            assert_eq!(
                answer.word("outcome"),
                "failed",
                "{}",
                &body[..body.len().min(40)]
            );
        }
        assert_eq!(server.database().count("event").await, number);
    }
    for table in ["conversion", "customer", "referral_clue", "ledger_entry"] {
        assert_eq!(server.database().count(table).await, 0, "{table}");
    }
    let told = server
        .get("/api/v1/events?outcome=failed")
        .await
        .expect(200);
    assert!(
        told.text.contains("the body is not readable JSON"),
        "{}",
        told.text
    );
}

#[tokio::test]
async fn only_post_is_answered_and_no_key_helps() {
    let (server, _, connection) = shop().await;
    let path = format!("/api/webhooks/stripe/{}", connection.id);
    let body: serde_json::Value = serde_json::from_str(&event()).expect("JSON");
    assert_eq!(
        server.post(&path, body).await.status,
        400,
        "a key is no signature"
    );
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_eq!(
            send(server.request(method.clone(), &path)).await.status,
            405,
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_connection_tells_of_the_last_delivery_that_was_turned_away_until_one_is_accepted() {
    let (server, _, connection) = shop().await;
    let refusal = || async {
        let list = server.get("/api/v1/connections").await.expect(200);
        let row = list.data()[0].clone();
        assert_eq!(row["lastRefusedAt"].is_null(), row["lastRefusal"].is_null());
        row["lastRefusal"].clone()
    };
    assert_eq!(refusal().await, Value::Null);
    let purchase = Purchase::new("p");
    let event = purchase.event("invoice.paid", 1, purchase.invoice(Shape::Basil));
    let forged = Connection {
        secret: "whsec_of_somebody_else".to_owned(),
        ..connection.clone()
    };
    assert_eq!(server.deliver(&forged, &event).await.status, 400);
    assert_eq!(
        refusal().await,
        "the signature does not match the one secret that is set: copy the endpoint's signing secret (whsec_...) from Stripe again"
    );
    server.deliver(&connection, &event).await.expect(200);
    assert_eq!(refusal().await, Value::Null);
}
