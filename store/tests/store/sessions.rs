//! Sessions end: by signing in again, and by themselves.

use crate::support::Shop;
use domain::email::Email;
use sqlx::PgPool;
use store::session::{ABSOLUTE_LIMIT, IDLE_LIMIT, SignedIn};

async fn sign_in(shop: &Shop, replaces: Option<&str>) -> SignedIn {
    let email = Email::parse("owner@example.com").expect("an e-mail");
    let password = "correct-horse-battery".to_owned();
    let signed_in = shop.store.sign_in(&email, password, "a test", replaces);
    signed_in.await.expect("signed in")
}

async fn works(shop: &Shop, signed_in: &SignedIn) -> bool {
    let viewer = shop.store.viewer(&signed_in.token).await;
    viewer.expect("asked").is_some()
}

async fn kept(pool: &PgPool) -> i64 {
    let count = sqlx::query_scalar("select count(*) from session");
    count.fetch_one(pool).await.expect("counted")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn signing_in_again_ends_the_presented_session_only(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (elsewhere, here) = (sign_in(&shop, None).await, sign_in(&shop, None).await);
    let again = sign_in(&shop, Some(&here.token)).await;
    assert!(works(&shop, &again).await && works(&shop, &elsewhere).await);
    assert!(!works(&shop, &here).await);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sessions_that_ran_out_are_removed(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let (idle, used) = (sign_in(&shop, None).await, sign_in(&shop, None).await);
    shop.clock.advance(IDLE_LIMIT / 2);
    assert!(works(&shop, &used).await);
    shop.clock.advance(IDLE_LIMIT / 2);
    shop.store.tidy_sessions().await.expect("tidied");
    assert_eq!(kept(&pool).await, 1);
    assert!(works(&shop, &used).await && !works(&shop, &idle).await);
    let end = shop.store.now() + ABSOLUTE_LIMIT;
    while shop.store.now() < end {
        works(&shop, &used).await;
        shop.clock.advance(IDLE_LIMIT / 2);
    }
    shop.store.tidy_sessions().await.expect("tidied");
    assert_eq!(kept(&pool).await, 0, "however often it was used");
}
