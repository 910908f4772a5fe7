//! The inbox shows the document inside a form, and takes it in again.

use serde_json::json;

use super::{DAY, connected_earlier, shop};
use crate::support::{
    OWNER_EMAIL, OWNER_PASSWORD, TestServer,
    braintree::{Subscriber, signed},
    now, send,
};

async fn page(server: &TestServer, path: &str) -> String {
    let sign_in = server
        .without_key()
        .request(reqwest::Method::POST, "/rpc/sign_in");
    let fields = [
        ("form[email]", OWNER_EMAIL),
        ("form[password]", OWNER_PASSWORD),
    ];
    let answer = send(sign_in.header("origin", &server.base_url).form(&fields)).await;
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned();
    let request = server.without_key().request(reqwest::Method::GET, path);
    send(request.header("cookie", cookie))
        .await
        .expect(200)
        .text
}

#[tokio::test]
async fn a_document_is_shown_and_the_form_is_kept_as_it_came() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let xml = ann.charged(1, &[ann.sale("t1", 0).by("sarah")]);
    let form = signed(&xml);
    let answer = server
        .notify_form(&connection, form.clone())
        .await
        .expect(200);
    let stored = "select convert_from(payload, 'UTF8') from event";
    assert_eq!(server.database().text(stored).await, form);
    let id = answer.word("eventId");
    let event = server
        .get(&format!("/api/v1/events/{id}"))
        .await
        .expect(200);
    let event = event.data();
    assert_eq!(event["payload"], xml);
    assert_eq!(event["payloadEncoding"], "xml");
    assert_eq!(event["type"], "subscription_charged_successfully");
    assert_eq!(event["processor"], "braintree");
    let shown = page(&server, &format!("/dashboard/events/{id}")).await;
    assert!(
        shown.contains("&lt;kind&gt;subscription_charged_successfully&lt;/kind&gt;"),
        "{shown}"
    );
}

#[tokio::test]
async fn what_was_taken_in_can_be_replayed() {
    let (server, connection) = shop().await;
    let ann = Subscriber::paid_at("ann", now() - 70 * DAY);
    let xml = ann.charged(1, &[ann.sale("t1", 0).by("sarah")]);
    let answer = server.notify(&connection, &xml).await.expect(200);
    assert_eq!(
        answer.word("outcome"),
        "ignored",
        "older than the connection"
    );
    connected_earlier(&server, &connection, "60 days").await;
    let path = format!("/api/v1/events/{}/replay", answer.word("eventId"));
    let replayed = server.post(&path, json!({})).await.expect(200);
    assert_eq!(replayed.data()["outcome"], "recorded", "{}", replayed.text);
    let again = server.post(&path, json!({})).await.expect(200);
    assert_eq!(again.data()["outcome"], "recorded");
    assert_eq!(server.sales("").await.len(), 1);
}
