//! What people change about themselves.

use chrono::Duration;
use domain::{email::Email, id::SessionId, member::Role};
use sqlx::PgPool;
use store::{
    account::AccountError,
    organization::NewOrganization,
    session::{IDLE_LIMIT, SignedIn},
};

use crate::{
    members::{email, joined},
    support::{Shop, name},
};

const PASSWORD: &str = "correct-horse-battery";
const NEW: &str = "another-long-password";

async fn sign_in(shop: &Shop, password: &str, browser: &str) -> SignedIn {
    // So that it is clear which was used last.
    shop.clock.advance(Duration::seconds(1));
    let email = email("owner@example.com");
    let signed_in = shop
        .store
        .sign_in(&email, password.to_owned(), browser, None);
    signed_in.await.expect("signed in")
}

async fn works(shop: &Shop, signed_in: &SignedIn) -> bool {
    let viewer = shop.store.viewer(&signed_in.token).await;
    viewer.expect("asked").is_some()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_password_ends_all_other_sessions(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let here = sign_in(&shop, PASSWORD, "here").await;
    let there = sign_in(&shop, PASSWORD, "there").await;
    let change = async |current: &str, new: &str| {
        let (current, new) = (current.to_owned(), new.to_owned());
        let changed = shop
            .store
            .change_password(&here.viewer, &here.token, current, new);
        changed.await
    };
    let wrong = change("not-his-password", NEW).await;
    assert!(matches!(wrong, Err(AccountError::WrongPassword)));
    let short = change(PASSWORD, "short").await;
    assert!(matches!(short, Err(AccountError::BadPassword)));
    assert!(works(&shop, &there).await);
    change(PASSWORD, NEW).await.expect("changed");
    assert!(works(&shop, &here).await && !works(&shop, &there).await);
    sign_in(&shop, NEW, "again").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_email_is_one_persons(pool: PgPool) {
    let shop = Shop::open(pool).await;
    joined(&shop, "kim@example.com", Role::Viewer).await;
    let here = sign_in(&shop, PASSWORD, "here").await;
    let change = async |password: &str, new: &Email| {
        let changed = shop
            .store
            .change_email(&here.viewer, password.to_owned(), new);
        changed.await
    };
    let taken = change(PASSWORD, &email("kim@example.com")).await;
    assert!(matches!(taken, Err(AccountError::EmailTaken)));
    let new = email("maria@example.com");
    let wrong = change("not-his-password", &new).await;
    assert!(matches!(wrong, Err(AccountError::WrongPassword)));
    change(PASSWORD, &new).await.expect("changed");
    let signed_in = shop
        .store
        .sign_in(&new, PASSWORD.to_owned(), "a test", None);
    assert_eq!(
        signed_in.await.expect("signed in").viewer.email,
        new.as_str()
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn own_sessions_are_listed_and_ended(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let store = &shop.store;
    let stale = sign_in(&shop, PASSWORD, "stale").await;
    shop.clock.advance(IDLE_LIMIT);
    let here = sign_in(&shop, PASSWORD, "here").await;
    let there = sign_in(&shop, PASSWORD, "there").await;
    let third = sign_in(&shop, PASSWORD, "third").await;
    let person = here.viewer.person_id;
    let sessions = store.own_sessions(person, &here.token).await;
    let sessions = sessions.expect("listed");
    let told: Vec<_> = sessions
        .iter()
        .map(|one| (one.user_agent.as_str(), one.is_this))
        .collect();
    assert_eq!(told, [("third", false), ("there", false), ("here", true)]);

    let stranger = joined(&shop, "kim@example.com", Role::Owner).await;
    let theirs = store
        .open_session(stranger, shop.organization_id, "kim", None)
        .await
        .expect("opened");
    let id: SessionId = sessions[1].id;
    let ended = store.end_session(&theirs.viewer, id).await.expect("asked");
    assert!(!ended && works(&shop, &there).await, "it is not his");
    let ended = store.end_session(&here.viewer, id).await.expect("ended");
    assert!(ended && !works(&shop, &there).await);
    let ended = store.end_other_sessions(&here.viewer, &here.token).await;
    assert_eq!(ended.expect("ended"), 2, "the third and the stale one");
    assert!(works(&shop, &here).await && works(&shop, &theirs).await);
    assert!(!works(&shop, &third).await && !works(&shop, &stale).await);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_member_of_several_organizations_goes_from_one_to_another(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let store = &shop.store;
    let organization = |title: &str, who: &str| NewOrganization {
        name: name(title),
        owner_email: email(who),
        owner_password: PASSWORD.to_owned(),
        api_key: None,
    };
    let make = async |title, who| {
        let made = store.create_organization(organization(title, who)).await;
        made.expect("made").organization_id
    };
    // He joined the first one first.
    shop.clock.advance(Duration::seconds(1));
    let second = make("Second", "owner@example.com").await;
    let strange = make("Strange", "kim@example.com").await;
    let here = sign_in(&shop, PASSWORD, "here").await;
    assert_eq!(here.viewer.organization_id, shop.organization_id);
    let switch = async |to| {
        let switched = store.switch_organization(&here.viewer, to, "here", &here.token);
        switched.await.expect("asked")
    };
    assert!(switch(strange).await.is_none() && works(&shop, &here).await);
    let there = switch(second).await.expect("a member");
    assert_eq!(there.viewer.organization_id, second);
    assert!(works(&shop, &there).await && !works(&shop, &here).await);
}
