//! The audit log is read.

use serde_json::json;

use super::{Browser, tells};
use crate::support::{OWNER_EMAIL, TestServer};

const PAGE: &str = "/dashboard/settings/audit";

#[tokio::test]
async fn changes_are_told_in_words_with_links_and_filtered() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    owner.open("/dashboard/settings").await;
    owner.submit("/rpc/rotate_s2s_secret", &[]).await;
    let page = owner.open(PAGE).await.expect(200);
    let link = format!(
        "<a href=\"/dashboard/affiliates/{}\" class=\"link\">",
        sarah.id
    );
    tells(
        &page,
        &[
            "<title>Audit log",
            &link,
            "Affiliate created</a>",
            "API key First key",
            "Secret for signed calls created",
            "Organization created",
        ],
    );
    let of = |page: &crate::support::Answer| page.text.matches("<tr role=\"row\">").count() - 1;
    let id = server
        .database()
        .text("select person_id::text from person")
        .await;
    let mine = owner.open(&format!("{PAGE}?who={id}")).await.expect(200);
    tells(&mine, &["Secret for signed calls created"]);
    assert!(!mine.text.contains("Affiliate created"), "{}", mine.text);
    let about = owner
        .open(&format!("{PAGE}?about=affiliate"))
        .await
        .expect(200);
    assert_eq!(of(&about), 1, "{}", about.text);
    let none = owner
        .open(&format!("{PAGE}?to=2020-01-01"))
        .await
        .expect(200);
    tells(&none, &["No change fits these filters"]);
    for bad in [
        "who=me",
        "about=money",
        "since=soon",
        "to=2020-13-01",
        "cursor=x",
    ] {
        let page = owner.open(&format!("{PAGE}?{bad}")).await.expect(400);
        tells(&page, &["is not understood"]);
    }
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_nobody_elses() {
    let server = TestServer::start().await;
    let other = server.second_organization().await;
    other.affiliate("theirs").await;
    for number in 0..60 {
        let slug = format!("aff{number}");
        server.affiliate_named(&slug, &slug, json!({})).await;
    }
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let first = owner
        .open(&format!("{PAGE}?about=affiliate"))
        .await
        .expect(200);
    assert!(!first.text.contains("Newest</a>") && !first.text.contains("theirs"));
    let (before, _) = first.text.split_once("\">Older</a>").expect("more");
    let (_, href) = before.rsplit_once("href=\"").expect("a link");
    let href = href.split('"').next().unwrap_or_default();
    let second = owner.open(&href.replace("&amp;", "&")).await.expect(200);
    tells(&second, &["Newest</a>", "aff0", "aff9"]);
    assert!(!second.text.contains("Older</a>"), "{}", second.text);
    for number in 0..60 {
        let cell = format!(">aff{number}</td>");
        let seen = first.text.matches(&cell).count() + second.text.matches(&cell).count();
        assert_eq!(seen, 1, "aff{number}");
    }
}
