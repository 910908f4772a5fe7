//! Where messages are sent, and where never.

use serde_json::json;

use super::{PATH, deliveries, endpoint, invalid, path_of, text};
use crate::support::{Receiver, TestServer, eventually};

#[tokio::test]
async fn private_addresses_are_refused_when_they_are_given() {
    let development = TestServer::start().await;
    let open = ("TRIBUTARY_PUBLIC_URL", "https://tributary.example.com");
    let production = TestServer::start_with(&[open]).await;
    let refused = async |server: &TestServer, url: &str| {
        let body = json!({"name": "B", "url": url, "subscribedEvents": ["flag.created"]});
        invalid(&server.post(PATH, body).await, "url");
    };
    for url in [
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://100.64.0.1/",
        "https://intranet/",
        "https://db.internal/",
        "https://user:word@example.com/",
        "http://example.com/",
        "ftp://example.com/",
        "javascript:alert(1)",
    ] {
        refused(&development, url).await;
        refused(&production, url).await;
    }
    for url in [
        "http://localhost:3000/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
    ] {
        refused(&production, url).await;
    }
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_not_called() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    let port = receiver.base_url.rsplit(':').next().expect("a port");
    // A name on the internet, as far as its text tells, that resolves to the machine itself.
    let url = format!("https://localtest.me:{port}/");
    let (private, _) = endpoint(&server, &url, &["flag.created"]).await;
    let test = format!("{}/test", path_of(&private));
    server.post(&test, json!({})).await.expect(201);
    let tried = eventually("an attempt", async || {
        let sent = deliveries(&server, &private, "").await;
        sent.into_iter().find(|one| one["attempts"] == 1)
    })
    .await;
    // Without a network the name leads nowhere; with one, to a private address.
    let error = text(&tried["error"]);
    assert!(
        error.contains("leads to a private address") || error.contains("can't be reached"),
        "{error}"
    );
    assert_eq!(tried["status"], "pending");
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    receiver.answer_with(302);
    let (moved, _) = endpoint(&server, &receiver.base_url, &["flag.created"]).await;
    let test = format!("{}/test", path_of(&moved));
    server.post(&test, json!({})).await.expect(201);
    let tried = eventually("an attempt", async || {
        let sent = deliveries(&server, &moved, "").await;
        sent.into_iter().find(|one| one["attempts"] == 1)
    })
    .await;
    assert_eq!(
        (&tried["status"], &tried["responseStatus"]),
        (&json!("pending"), &json!(302))
    );
    assert!(
        text(&tried["error"]).contains("redirects are not followed"),
        "{tried}"
    );
    let paths: Vec<String> = receiver
        .received()
        .into_iter()
        .map(|one| one.path)
        .collect();
    assert_eq!(paths, ["/"]);
}
