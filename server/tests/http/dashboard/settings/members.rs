//! Members are invited by link, changed and removed.

use super::{Browser, shown_once, tells};
use crate::support::{OWNER_EMAIL, TestServer};

const PAGE: &str = "/dashboard/settings/members";
const KIM: &str = "kim@example.com";
const PASSWORD: &str = "a-long-enough-password";

/// Invites somebody; the path of the link.
async fn invited(owner: &mut Browser, email: &str, role: &str) -> String {
    owner.open(&format!("{PAGE}?open=invite")).await;
    let fields = [("form[email]", email), ("form[role]", role)];
    let page = owner.submit("/rpc/invite", &fields).await.expect(200);
    let link = shown_once(&page).expect("a link");
    let at = link.find("/invite/").expect("a link of ours");
    link[at..].to_owned()
}

/// Joins by the link of this path, as a new person.
async fn joined(server: &TestServer, link: &str) -> Browser {
    let mut browser = Browser::new(server);
    browser.open(link).await.expect(200);
    join(&mut browser, link, PASSWORD).await;
    browser
}

async fn join(browser: &mut Browser, link: &str, password: &str) -> crate::support::Answer {
    let token = link.strip_prefix("/invite/").expect("a token");
    let fields = [("form[token]", token), ("form[password]", password)];
    browser.submit("/rpc/join", &fields).await
}

/// The id of the member with this e-mail.
async fn person(server: &TestServer, email: &str) -> String {
    let found = sqlx::query_scalar("select person_id::text from person where email = $1");
    let found = found.bind(email).fetch_one(&server.database().pool).await;
    found.expect("a person")
}

#[tokio::test]
async fn somebody_new_joins_by_a_link_that_is_shown_once() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let page = owner.open(PAGE).await.expect(200);
    tells(
        &page,
        &["<title>Members", OWNER_EMAIL, "You", "Invite a member"],
    );
    assert!(!page.text.contains("Invited"), "{}", page.text);
    let link = invited(&mut owner, " Kim@Example.com", "manager").await;
    let page = owner.open(PAGE).await.expect(200);
    tells(&page, &["Invited", KIM, "Manager", "Revoke"]);
    assert!(!page.text.contains(&link), "{}", page.text);

    let mut kim = Browser::new(&server);
    let page = kim.open(&link).await.expect(200);
    tells(
        &page,
        &[
            "Join First",
            "kim@example.com is invited as manager.",
            "Choose a password",
        ],
    );
    let page = join(&mut kim, &link, "short").await;
    tells(&page, &["A password of at least 10 characters is needed."]);
    let page = join(&mut kim, &link, PASSWORD).await.expect(200);
    assert_eq!(kim.page, "/dashboard/sales");
    tells(&page, &[KIM]);
    let page = owner.open(PAGE).await.expect(200);
    assert!(!page.text.contains("Invited"), "{}", page.text);

    let mut late = Browser::new(&server);
    let page = late.open(&link).await.expect(404);
    tells(&page, &["This link does not work any more", "Sign in"]);
    late.page = link.clone();
    let page = join(&mut late, &link, PASSWORD).await;
    assert!(!late.cookies.contains_key("tributary_session"));
    tells(&page, &["This link does not work any more"]);
}

#[tokio::test]
async fn somebody_known_joins_with_his_own_password_or_signed_in() {
    let server = TestServer::start().await;
    server.second_organization().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let link = invited(&mut owner, "owner@other.example", "viewer").await;
    let mut stranger = Browser::new(&server);
    let page = stranger.open(&link).await.expect(200);
    tells(
        &page,
        &["Your password", "You have an account here already"],
    );
    let page = join(&mut stranger, &link, "another-password").await;
    tells(&page, &["That is not the password you sign in with."]);
    assert!(!stranger.cookies.contains_key("tributary_session"));

    let mut other = Browser::of(&server, "owner@other.example").await;
    let page = other.open(&link).await.expect(200);
    assert!(!page.text.contains("form[password]"), "{}", page.text);
    let page = join(&mut other, &link, "").await.expect(200);
    tells(&page, &["<b>First</b>"]);
    let page = other.open("/dashboard/settings/account").await.expect(200);
    tells(&page, &["You are here", "First", "Other"]);
    let organizations = "select organization_id::text from organization where name = 'Other'";
    let id = server.database().text(organizations).await;
    let page = other
        .submit("/rpc/switch_organization", &[("organization", &id)])
        .await;
    tells(&page, &["<b>Other</b>"]);
}

#[tokio::test]
async fn roles_are_changed_and_members_removed() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let link = invited(&mut owner, KIM, "viewer").await;
    let mut kim = joined(&server, &link).await;
    let id = person(&server, KIM).await;
    let page = owner.open(&format!("{PAGE}?open={id}")).await.expect(200);
    tells(&page, &["Change member", "Remove this member"]);
    let fields = [("form[person]", id.as_str()), ("form[role]", "admin")];
    let page = owner.submit("/rpc/change_role", &fields).await;
    tells(&page, &["Saved."]);

    let page = kim.open(PAGE).await.expect(200);
    tells(&page, &["Admin", "Invite a member"]);
    let me = person(&server, OWNER_EMAIL).await;
    let fields = [("form[person]", me.as_str()), ("form[role]", "viewer")];
    let page = kim.submit("/rpc/change_role", &fields).await;
    assert!(!page.text.contains("Saved."), "only owners change owners");
    kim.open(PAGE).await;
    kim.submit("/rpc/remove_member", &[("person", &me)]).await;
    let fields = [("form[email]", "lee@example.com"), ("form[role]", "owner")];
    kim.submit("/rpc/invite", &fields).await;
    assert_eq!(server.database().count("member").await, 2);
    assert_eq!(server.database().count("invitation").await, 0);

    owner.open(PAGE).await;
    let page = owner.submit("/rpc/remove_member", &[("person", &me)]).await;
    tells(
        &page,
        &["An organization needs an owner: make somebody else one first."],
    );
    let page = owner.submit("/rpc/remove_member", &[("person", &id)]).await;
    tells(&page, &["Removed."]);
    kim.open(PAGE).await;
    assert!(kim.page.starts_with("/sign-in"), "{}", kim.page);
}

#[tokio::test]
async fn a_revoked_link_does_not_work() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let link = invited(&mut owner, KIM, "viewer").await;
    let invitation = "select invitation_id::text from invitation";
    let id = server.database().text(invitation).await;
    let page = owner
        .submit("/rpc/revoke_invitation", &[("invitation", &id)])
        .await;
    tells(&page, &["The link does not work any more."]);
    Browser::new(&server).open(&link).await.expect(404);
}

#[tokio::test]
async fn viewers_and_managers_look_at_members_and_change_none() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    for role in ["viewer", "manager"] {
        let email = format!("{role}@example.com");
        let link = invited(&mut owner, &email, role).await;
        let mut member = joined(&server, &link).await;
        let page = member
            .open(&format!("{PAGE}?open=invite"))
            .await
            .expect(200);
        tells(&page, &[OWNER_EMAIL, "What the roles may do"]);
        for gone in ["Invite a member", "Revoke", ">Change<"] {
            assert!(!page.text.contains(gone), "{gone}: {}", page.text);
        }
        let before = server.database().count("audit_entry").await;
        let (owner, own) = (
            person(&server, OWNER_EMAIL).await,
            person(&server, &email).await,
        );
        for (path, fields) in [
            (
                "/rpc/invite",
                [("form[email]", "lee@example.com"), ("form[role]", "viewer")],
            ),
            (
                "/rpc/change_role",
                [("form[person]", own.as_str()), ("form[role]", "owner")],
            ),
            (
                "/rpc/remove_member",
                [("person", owner.as_str()), ("x", "")],
            ),
        ] {
            member.submit(path, &fields).await;
        }
        assert_eq!(
            server.database().count("audit_entry").await,
            before,
            "{role}"
        );
    }
}

#[tokio::test]
async fn another_organizations_members_and_invitations_are_not_there() {
    let server = TestServer::start().await;
    server.second_organization().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let link = invited(&mut owner, KIM, "viewer").await;
    let mut other = Browser::of(&server, "owner@other.example").await;
    let page = other.open(PAGE).await.expect(200);
    assert!(!page.text.contains(KIM) && !page.text.contains(OWNER_EMAIL));
    let invitation = server
        .database()
        .text("select invitation_id::text from invitation")
        .await;
    let ours = person(&server, OWNER_EMAIL).await;
    let role = [("form[person]", ours.as_str()), ("form[role]", "viewer")];
    other.submit("/rpc/change_role", &role).await;
    other.open(PAGE).await;
    other
        .submit("/rpc/remove_member", &[("person", &ours)])
        .await;
    other.open(PAGE).await;
    other
        .submit("/rpc/revoke_invitation", &[("invitation", &invitation)])
        .await;
    other.open(&format!("{PAGE}?open={ours}")).await.expect(404);
    owner.open(PAGE).await.expect(200);
    Browser::new(&server).open(&link).await.expect(200);
}
