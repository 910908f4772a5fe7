//! Outgoing webhooks, as one has them without JavaScript.

use serde_json::json;

use super::settings::{Browser, shown_once, tells};
use crate::support::{Answer, OWNER_EMAIL, Receiver, TestServer, eventually};

const PAGE: &str = "/dashboard/settings/webhooks";

/// Fills the form in and sends it.
async fn add(owner: &mut Browser, url: &str, topics: &[&str]) -> Answer {
    owner.open(&format!("{PAGE}?add=webhook")).await.expect(200);
    let mut fields = vec![
        ("form[name]", "Books & Co"),
        ("form[url]", url),
        ("form[campaign]", ""),
    ];
    fields.extend(topics.iter().map(|topic| ("form[topics][]", *topic)));
    owner.submit("/rpc/add_webhook", &fields).await
}

/// Where the one webhook lives.
async fn path_of_one(server: &TestServer) -> (String, String) {
    let list = server.get("/api/v1/webhooks").await.expect(200);
    let id = list.data()[0]["id"].as_str().expect("an id").to_owned();
    (format!("{PAGE}/{id}"), id)
}

#[tokio::test]
async fn a_webhook_is_added_and_its_secret_shown_once() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let page = owner.open(PAGE).await.expect(200);
    tells(&page, &["<title>Webhooks", "No webhooks yet"]);
    let page = add(&mut owner, "https://10.0.0.1/", &["flag.created"]).await;
    tells(
        &page,
        &[
            "private ones among them, are not called.",
            "value=\"Books &amp; Co\"",
            "value=\"https://10.0.0.1/\"",
            "value=\"flag.created\" checked",
        ],
    );
    assert!(!page.text.contains("value=\"conversion.created\" checked"));
    let page = add(&mut owner, "https://books.example.com/", &[]).await;
    tells(&page, &["At least one event is needed"]);
    let page = add(
        &mut owner,
        "https://books.example.com/",
        &["flag.created", "payout.failed"],
    )
    .await;
    let secret = shown_once(&page).expect("the secret");
    assert!(secret.starts_with("whsec_"), "{secret}");
    tells(
        &page,
        &[
            "Books &amp; Co",
            "https://books.example.com/",
            "2 events",
            "Nothing was sent yet",
        ],
    );
    let (path, id) = path_of_one(&server).await;
    let page = owner.open(&path).await.expect(200);
    assert!(!page.text.contains(&secret), "{}", page.text);
    tells(&page, &["The one that signs ends in"]);
    let fields = [("webhook", id.as_str())];
    let page = owner.submit("/rpc/rotate_webhook_secret", &fields).await;
    assert!(shown_once(&page).is_some_and(|second| second != secret));

    let change = [
        ("form[webhook]", id.as_str()),
        ("form[name]", "Ledger"),
        ("form[url]", "https://ledger.example.com/"),
        ("form[campaign]", ""),
        ("form[topics][]", "program.updated"),
    ];
    let page = owner.submit("/rpc/change_webhook", &change).await;
    tells(
        &page,
        &["Saved.", "Ledger", "https://ledger.example.com/", "1 event"],
    );
    let page = owner.open(PAGE).await.expect(200);
    tells(
        &page,
        &["Ledger", "program.updated", "All campaigns", "Active"],
    );
    let page = owner.submit("/rpc/remove_webhook", &fields).await;
    tells(&page, &["No webhooks yet"]);
    owner.open(&path).await.expect(404);
}

#[tokio::test]
async fn what_was_sent_is_shown_and_sent_again() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    receiver.answer_with(503);
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    add(&mut owner, &receiver.base_url, &["conversion.created"]).await;
    let (path, id) = path_of_one(&server).await;
    let fields = [("webhook", id.as_str())];
    let page = owner.submit("/rpc/test_webhook", &fields).await;
    tells(&page, &["A test is on its way.", "webhook.test", "Pending"]);
    let page = eventually("an answer", async || {
        let page = owner.open(&path).await.expect(200);
        let told = ["It answered 503 Service Unavailable.", "Failing"];
        Some(page).filter(|page| told.iter().all(|told| page.text.contains(told)))
    })
    .await;
    tells(&page, &["thank you"]);
    assert!(!page.text.contains("Send again"), "{}", page.text);

    let disable = [("webhook", id.as_str()), ("state", "disabled")];
    let page = owner.submit("/rpc/switch_webhook", &disable).await;
    tells(&page, &["Disabled: it is told nothing.", "Failed"]);
    let list = server
        .get(&format!("/api/v1/webhooks/{id}/deliveries"))
        .await;
    let delivery = list.data()[0]["id"].as_str().expect("an id");
    let again = [("form[webhook]", id.as_str()), ("form[delivery]", delivery)];
    receiver.answer_with(200);
    let enable = [("webhook", id.as_str()), ("state", "active")];
    tells(
        &owner.submit("/rpc/switch_webhook", &enable).await,
        &["Enabled: it is told everything from now on."],
    );
    let page = owner.submit("/rpc/replay_delivery", &again).await;
    tells(&page, &["It is sent again."]);
    let page = eventually("it is there", async || {
        let page = owner
            .open(&format!("{path}?status=delivered"))
            .await
            .expect(200);
        Some(page).filter(|page| page.text.contains("200 in "))
    })
    .await;
    tells(&page, &["Delivered"]);
    let page = owner
        .open(&format!("{path}?status=failed"))
        .await
        .expect(200);
    tells(&page, &["No delivery stands so"]);
}

#[tokio::test]
async fn only_owners_and_admins_change_webhooks_and_read_what_they_answer() {
    let server = TestServer::start().await;
    let receiver = Receiver::start().await;
    let body =
        json!({"name": "Books", "url": receiver.base_url, "subscribedEvents": ["flag.created"]});
    server.post("/api/v1/webhooks", body).await.expect(201);
    let (path, id) = path_of_one(&server).await;
    let test = format!("/api/v1/webhooks/{id}/test");
    server.post(&test, json!({})).await.expect(201);
    let mut member = Browser::of(&server, OWNER_EMAIL).await;
    let page = eventually("an answer", async || {
        let page = member.open(&path).await.expect(200);
        Some(page).filter(|page| page.text.contains("200 in "))
    })
    .await;
    tells(&page, &["thank you", "Send a test", "Make a new secret"]);
    for role in ["viewer", "manager"] {
        let role = format!("update member set role = '{role}'");
        server.database().change(&role).await;
        let page = member.open(&path).await.expect(200);
        tells(&page, &["Books", "Delivered"]);
        for hidden in [
            "thank you",
            "Send a test",
            "Make a new secret",
            "Send again",
        ] {
            assert!(!page.text.contains(hidden), "{hidden}");
        }
        let fields = [("webhook", id.as_str())];
        for form in ["test_webhook", "rotate_webhook_secret", "remove_webhook"] {
            let page = member.submit(&format!("/rpc/{form}"), &fields).await;
            assert_eq!(shown_once(&page), None);
        }
        assert!(!member.open(PAGE).await.text.contains("Add webhook"));
    }
    assert_eq!(server.database().count("webhook_message").await, 1);
    server
        .get(&format!("/api/v1/webhooks/{id}"))
        .await
        .expect(200);
}
