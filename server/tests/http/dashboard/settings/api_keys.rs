//! Keys are made, shown once and revoked on their page.

use super::{Browser, shown_once, tells};
use crate::support::{OWNER_EMAIL, TestServer};

const PAGE: &str = "/dashboard/settings/api-keys";

#[tokio::test]
async fn a_key_is_made_with_what_is_ticked_and_shown_once() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let page = owner.open(PAGE).await.expect(200);
    tells(
        &page,
        &["<title>API keys", "First key", "Everything", "Add a key"],
    );
    let page = owner.open(&format!("{PAGE}?add=key")).await.expect(200);
    tells(
        &page,
        &[
            "Read sales and leads",
            "conversions:read",
            "Tick no more than it needs.",
        ],
    );
    let fields = [
        ("form[name]", "Bookkeeper"),
        ("form[last_day]", "2099-12-31"),
        ("form[scopes][]", "conversions:read"),
        ("form[scopes][]", "stats:read"),
    ];
    let page = owner.submit("/rpc/add_api_key", &fields).await.expect(200);
    let key = shown_once(&page).expect("a key");
    tells(
        &page,
        &[
            "Bookkeeper",
            "<code>conversions:read</code>",
            "Dec 31, 2099",
            "Not yet",
        ],
    );
    let again = owner.open(PAGE).await.expect(200);
    assert!(!again.text.contains(&key), "{}", again.text);

    let program = server.with_key(&key);
    program.get("/api/conversions").await.expect(200);
    program.get("/api/v1/affiliates").await.expect(403);
    let me = program.get("/api/v1/me").await.expect(200);
    let id = me.data()["key"]["id"].as_str().expect("an id").to_owned();
    let page = owner.submit("/rpc/revoke_api_key", &[("key", &id)]).await;
    tells(&page, &["Revoked."]);
    assert!(!page.text.contains("Bookkeeper"), "{}", page.text);
    program.get("/api/conversions").await.expect(401);
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_told_and_the_rest_is_kept() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    owner.open(&format!("{PAGE}?add=key")).await;
    for (name, day, scope, why) in [
        ("", "", "stats:read", "1 to 120"),
        ("Bookkeeper", "2020-01-01", "stats:read", "That day is over"),
        ("Bookkeeper", "soon", "stats:read", "A day such as"),
        (
            "Bookkeeper",
            "",
            "everything",
            "One of the boxes is not known",
        ),
    ] {
        let fields = [
            ("form[name]", name),
            ("form[last_day]", day),
            ("form[scopes][]", scope),
        ];
        let page = owner.submit("/rpc/add_api_key", &fields).await;
        tells(&page, &[why, &format!("value=\"{name}\"")]);
        let ticked = page.text.contains("value=\"stats:read\" checked");
        assert_eq!(ticked, scope == "stats:read", "{}", page.text);
    }
    let page = owner
        .submit("/rpc/add_api_key", &[("form[name]", "Bookkeeper")])
        .await;
    tells(&page, &["Tick at least one thing that it may do."]);
    assert_eq!(server.database().count("api_key").await, 1);
}

#[tokio::test]
async fn keys_are_made_and_revoked_by_owners_and_admins_of_their_organization() {
    let server = TestServer::start().await;
    server.second_organization().await;
    let me = server.get("/api/v1/me").await.expect(200);
    let id = me.data()["key"]["id"].as_str().expect("an id").to_owned();
    let mut other = Browser::of(&server, "owner@other.example").await;
    other.open(PAGE).await;
    other.submit("/rpc/revoke_api_key", &[("key", &id)]).await;
    server.get("/api/v1/me").await.expect(200);
    let mut member = Browser::of(&server, OWNER_EMAIL).await;
    for role in ["viewer", "manager"] {
        let demote = format!("update member set role = '{role}'");
        server.database().change(&demote).await;
        let page = member.open(&format!("{PAGE}?add=key")).await.expect(200);
        tells(&page, &["First key"]);
        assert!(!page.text.contains("Add a key") && !page.text.contains("Revoke"));
        member.submit("/rpc/revoke_api_key", &[("key", &id)]).await;
        member.open(PAGE).await;
        let fields = [("form[name]", "Mine"), ("form[scopes][]", "stats:read")];
        member.submit("/rpc/add_api_key", &fields).await;
        server.get("/api/v1/me").await.expect(200);
        assert_eq!(server.database().count("api_key").await, 2, "one each");
    }
}
