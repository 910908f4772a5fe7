//! Only what Braintree signed with a key pair of the connection is kept; and the proof that it asks for.

use reqwest::Method;
use serde_json::json;

use super::{outcome, shop};
use crate::support::{
    Answer, Client, Connection, TestServer,
    braintree::{PRIVATE, PUBLIC, Subscriber, form, payload, signed},
    braintree_signature, send,
};

/// The question of the official SDK's own test.
const CHALLENGE: &str = "bt_challenge=20f9f8ed05f77439fe955c977e4c8a53";

async fn ask(client: &Client, path: &str) -> Answer {
    send(client.without_key().request(Method::GET, path)).await
}

async fn untouched(server: &TestServer, answer: &Answer) {
    for table in [
        "event",
        "conversion",
        "customer",
        "refund",
        "unattributed_payment",
    ] {
        let count = server.database().count(table).await;
        assert_eq!(count, 0, "{table} after {} {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn a_challenge_is_answered() {
    let server = TestServer::start().await;
    let body = json!({
        "processor": "braintree", "name": "Braintree", "mode": "test", "merchantId": "integration_merchant_id",
        "publicKey": "integration_public_key", "privateKey": "integration_private_key",
    });
    let made = server.post("/api/v1/connections", body).await.expect(201);
    let path = format!(
        "/api/webhooks/braintree/{}",
        made.data()["id"].as_str().expect("an id")
    );
    let challenge = format!("{path}?{CHALLENGE}");
    let answer = ask(&server, &challenge).await.expect(200);
    let expected = "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4";
    assert_eq!(answer.text, expected);
    assert!(answer.header("content-type").starts_with("text/plain"));
    for query in [
        "",
        "?bt_challenge=",
        "?bt_challenge=zz",
        "?bt_challenge=20F9F8ED05F77439FE955C977E4C8A53",
    ] {
        let answer = ask(&server, &format!("{path}{query}")).await.expect(400);
        assert_eq!(answer.error(), "invalid_challenge", "{query}");
    }
    let nobody = "/api/webhooks/braintree/019a0000-0000-7000-8000-000000000000";
    ask(&server, &format!("{nobody}?{CHALLENGE}"))
        .await
        .expect(404);
    let stripe = server.connect_stripe("whsec_0123456789").await;
    let path = format!("/api/webhooks/stripe/{}?{CHALLENGE}", stripe.id);
    ask(&server, &path).await.expect(405);
}

#[tokio::test]
async fn what_is_not_signed_is_refused_with_a_reason_and_nothing_is_kept() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let xml = ann.charged(1, &[ann.sale("t1", 0).by("sarah")]);
    let sent = payload(&xml);
    let right = braintree_signature(PUBLIC, PRIVATE, &sent);
    let wrong = braintree_signature(PUBLIC, "another_private_key", &sent);
    let foreign = braintree_signature("another_public_key", PRIVATE, &sent);
    let other = payload(&ann.charged(2, &[]));
    for (body, why) in [
        (String::new(), "no bt_signature"),
        ("{\"a\": 1}".to_owned(), "no bt_signature"),
        (xml.clone(), "no form"),
        (form(&right, ""), "does not match"),
        (form("", &sent), "names no public key"),
        (
            form(&wrong, &sent),
            "does not match the private key of test_public_key_1",
        ),
        (
            form(&foreign, &sent),
            "signed with public key another_public_key",
        ),
        (form(&right, &other), "does not match"),
        (form(&right, &sent.replace('\n', "\r\n")), "not base64"),
        (form(&right, &format!("{sent} ")), "not base64"),
        (form(&right.replace('|', "&"), &sent), "names no public key"),
        (form(&right[..right.len() - 1], &sent), "does not match"),
        (form(&format!("{right}0"), &sent), "does not match"),
    ] {
        let answer = server.notify_form(&connection, body).await.expect(400);
        assert_eq!(answer.error(), "invalid_signature");
        assert!(answer.text.contains(why), "{why}: {}", answer.text);
        assert!(!answer.text.contains(PRIVATE));
        untouched(&server, &answer).await;
    }
    let nobody = Connection {
        id: "019a0000-0000-7000-8000-000000000000".to_owned(),
        secret: String::new(),
    };
    server
        .notify_form(&nobody, form(&right, &sent))
        .await
        .expect(404);
    // Through an address of another processor it is nobody's.
    let path = format!("/api/webhooks/stripe/{}", connection.id);
    let request = server.without_key().request(Method::POST, &path);
    send(request.body(form(&right, &sent))).await.expect(404);
    let answer = server
        .notify_form(&connection, form(&right, &sent))
        .await
        .expect(200);
    assert_eq!(answer.word("outcome"), "recorded");
    assert!(!server.log().contains("hush"), "{}", server.log());
}

#[tokio::test]
async fn line_breaks_lost_at_the_end_and_a_second_key_pair_do_no_harm() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let sent = payload(&ann.charged(1, &[ann.sale("t1", 0).by("sarah")]));
    let ours = braintree_signature(PUBLIC, PRIVATE, &sent);
    let foreign = braintree_signature("another_public_key", "another_private_key", &sent);
    let stripped = form(&format!("{foreign}&{ours}"), sent.trim_end());
    let answer = server.notify_form(&connection, stripped).await.expect(200);
    assert_eq!(answer.word("outcome"), "recorded");
    // The pair that the merchant makes next joins the one before.
    let more = json!({"publicKey": "next_public_key", "privateKey": "next_private_key"});
    let path = format!("/api/v1/connections/{}", connection.id);
    server.patch(&path, more).await.expect(200);
    for (after, public, private) in [
        (2, PUBLIC, PRIVATE),
        (3, "next_public_key", "next_private_key"),
    ] {
        let sent = payload(&ann.charged(after, &[ann.sale("t1", 0)]));
        let signature = braintree_signature(public, private, &sent);
        let answer = server
            .notify_form(&connection, form(&signature, &sent))
            .await
            .expect(200);
        assert_eq!(answer.word("outcome"), "deduped", "{public}");
    }
    let sent = payload(&ann.charged(4, &[ann.sale("t1", 0)]));
    let none =
        [PUBLIC, "next_public_key"].map(|public| braintree_signature(public, "wrong_key", &sent));
    let answer = server
        .notify_form(&connection, form(&none.join("&"), &sent))
        .await
        .expect(400);
    assert!(
        answer.text.contains("matches none of 2 key pairs"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_notification_that_comes_again_changes_nothing() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let xml = ann.charged(1, &[ann.sale("t1", 0).by("sarah")]);
    let sent = signed(&xml);
    let first = server
        .notify_form(&connection, sent.clone())
        .await
        .expect(200);
    let again =
        futures::future::join_all((0..20).map(|_| server.notify_form(&connection, sent.clone())))
            .await;
    for answer in again {
        assert_eq!(answer.expect(200).json, first.json);
    }
    assert_eq!(server.database().count("event").await, 1);
    // Another notification that repeats the transaction is another event, and no other sale.
    let later = ann.charged(2, &[ann.sale("t1", 0)]);
    assert_eq!(outcome(&server, &connection, &later).await, "deduped");
    assert_eq!(server.sales("").await.len(), 1);
}

#[tokio::test]
async fn four_mebibytes_are_read_and_no_more() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let padding = |bytes: usize| {
        ann.charged(1, &[]).replace(
            "</notification>",
            &format!("<!--{}--></notification>", "x".repeat(bytes)),
        )
    };
    let large = signed(&padding(2_800_000));
    assert!(
        (3_500_000..4 * 1024 * 1024).contains(&large.len()),
        "{}",
        large.len()
    );
    let answer = server.notify_form(&connection, large).await.expect(200);
    assert_eq!(answer.word("outcome"), "ignored");
    let answer = server
        .notify_form(&connection, signed(&padding(5_000_000)))
        .await
        .expect(413);
    assert_eq!(answer.error(), "payload_too_large");
    let many = "<a/>".repeat(200_000);
    for (inside, why) in [
        (many.as_str(), "100,000 elements"),
        (
            "<!DOCTYPE a [<!ENTITY b \"c\">]>",
            "document types are refused",
        ),
        ("&boom;", "entities are refused"),
        (&"<a>".repeat(5000), "nested too deeply"),
    ] {
        let xml = ann
            .charged(1, &[])
            .replace("<subject>", &format!("<subject>{inside}"));
        let answer = server.notify(&connection, &xml).await.expect(200);
        assert_eq!(answer.word("outcome"), "failed");
        let told = server
            .get("/api/v1/events?outcome=failed")
            .await
            .expect(200);
        assert!(told.text.contains(why), "{}", told.text);
    }
    assert_eq!(server.database().count("event").await, 5);
    assert_eq!(server.database().count("conversion").await, 0);
}
