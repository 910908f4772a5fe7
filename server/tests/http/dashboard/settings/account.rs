//! What people change about themselves.

use super::{Browser, tells};
use crate::{
    http::sign_in::sign_in,
    support::{OWNER_EMAIL, OWNER_PASSWORD, TestServer},
};

const PAGE: &str = "/dashboard/settings/account";
const NEW: &str = "another-long-password";

#[tokio::test]
async fn own_sessions_are_told_and_ended_one_by_one_or_all_others() {
    let server = TestServer::start().await;
    let mut here = Browser::of(&server, OWNER_EMAIL).await;
    let mut there = Browser::of(&server, OWNER_EMAIL).await;
    let mut third = Browser::of(&server, OWNER_EMAIL).await;
    let page = here.open(PAGE).await.expect(200);
    tells(
        &page,
        &[
            "<title>Your account",
            OWNER_EMAIL,
            "This browser",
            "Sign out all others",
        ],
    );
    assert_eq!(
        page.text.matches("name=\"session\"").count(),
        2,
        "{}",
        page.text
    );
    assert!(!page.text.contains("Organizations"), "he has only one");
    let (_, rest) = page
        .text
        .split_once("name=\"session\" value=\"")
        .expect("a session");
    let id = &rest[..36];
    let page = here.submit("/rpc/end_session", &[("session", id)]).await;
    tells(&page, &["Signed out."]);
    assert_eq!(
        page.text.matches("name=\"session\"").count(),
        1,
        "{}",
        page.text
    );
    let page = here.submit("/rpc/end_other_sessions", &[]).await;
    tells(&page, &["Signed out.", "This browser"]);
    for other in [&mut there, &mut third] {
        other.open(PAGE).await;
        assert!(other.page.starts_with("/sign-in"), "{}", other.page);
    }
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let server = TestServer::start().await;
    let mut here = Browser::of(&server, OWNER_EMAIL).await;
    let mut there = Browser::of(&server, OWNER_EMAIL).await;
    here.open(PAGE).await;
    let wrong = [("form[current]", "not-my-password"), ("form[new]", NEW)];
    let page = here.submit("/rpc/change_password", &wrong).await;
    tells(&page, &["That is not your password."]);
    assert!(!page.text.contains("not-my-password") && !page.text.contains(NEW));
    let short = [("form[current]", OWNER_PASSWORD), ("form[new]", "short")];
    let page = here.submit("/rpc/change_password", &short).await;
    tells(&page, &["A password of at least 10 characters is needed."]);
    let right = [("form[current]", OWNER_PASSWORD), ("form[new]", NEW)];
    let page = here.submit("/rpc/change_password", &right).await;
    tells(&page, &["Saved. All other browsers are signed out."]);
    there.open(PAGE).await;
    assert!(there.page.starts_with("/sign-in"), "{}", there.page);
    sign_in(&server, OWNER_EMAIL, NEW).await.expect(302);
    let log = server
        .database()
        .text("select string_agg(detail, ' ') from audit_entry")
        .await;
    assert!(log.contains("password") && !log.contains(NEW), "{log}");
}

#[tokio::test]
async fn an_email_is_changed_with_the_password_and_is_one_persons() {
    let server = TestServer::start().await;
    server.second_organization().await;
    let mut here = Browser::of(&server, OWNER_EMAIL).await;
    here.open(PAGE).await;
    for (email, password, why) in [
        ("maria", OWNER_PASSWORD, "An e-mail address such as"),
        (
            "maria@example.com",
            "not-my-password",
            "That is not your password.",
        ),
        (
            "owner@other.example",
            OWNER_PASSWORD,
            "Somebody else signs in with that e-mail.",
        ),
    ] {
        let fields = [("form[email]", email), ("form[password]", password)];
        let page = here.submit("/rpc/change_email", &fields).await;
        tells(&page, &[why, &format!("value=\"{email}\"")]);
    }
    let fields = [
        ("form[email]", "Maria@Example.com"),
        ("form[password]", OWNER_PASSWORD),
    ];
    let page = here.submit("/rpc/change_email", &fields).await;
    tells(
        &page,
        &["Saved. Sign in with the new e-mail", "maria@example.com"],
    );
    sign_in(&server, "maria@example.com", OWNER_PASSWORD)
        .await
        .expect(302);
}

#[tokio::test]
async fn a_session_is_no_way_to_try_many_passwords() {
    let server = TestServer::start_with(&[("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "600")]).await;
    let mut here = Browser::of(&server, OWNER_EMAIL).await;
    here.open(PAGE).await;
    let mut told = String::new();
    for number in 0..30 {
        let guess = format!("a-guessed-password-{number}");
        let fields = [("form[current]", guess.as_str()), ("form[new]", NEW)];
        let page = here.submit("/rpc/change_password", &fields).await;
        told = page.text;
        if told.contains("Too many attempts") {
            return;
        }
    }
    panic!("thirty guesses: {told}");
}
