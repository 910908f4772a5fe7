//! The first run: who comes first has it, and whoever comes later is told before anything is done.

use domain::email::Email;
use sqlx::PgPool;
use store::organization::{NewOrganization, OrganizationError};

use crate::support::{Shop, name};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_first_run_is_looked_at_before_anything_else(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let late = NewOrganization {
        name: name("Late"),
        owner_email: Email::parse("late@example.com").expect("an e-mail"),
        owner_password: "short".to_owned(),
        api_key: Some("no key".to_owned()),
    };
    let refused = shop.store.set_up(late).await.expect_err("it is set up");
    assert!(
        matches!(refused, OrganizationError::AlreadySetUp),
        "{refused}"
    );
}
