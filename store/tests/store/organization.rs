//! The first run: who comes first has it, and whoever comes later is told before anything is done. And what an
//! organization sets about itself.

use domain::{
    email::Email,
    organization::{Defaults, Settings, TimeZone},
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    organization::{NewOrganization, OrganizationError, SettingsError},
};

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

fn zone(text: &str) -> TimeZone {
    TimeZone::parse(text).expect("a zone")
}

async fn audited(pool: &PgPool) -> Vec<String> {
    let text =
        "select detail from audit_entry where subject_kind = 'organization' and action = 'changed'
                order by audit_entry_id";
    let details = sqlx::query_scalar(text).fetch_all(pool).await;
    details.expect("the log")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn settings_change_together_or_not_at_all_and_every_change_is_in_the_log(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let at_first = shop.store.organization(shop.organization_id).await;
    let at_first = at_first.expect("it is there");
    assert_eq!(at_first.settings.time_zone, zone("UTC"));
    assert_eq!(at_first.settings.defaults, Defaults::default());
    assert_eq!(at_first.changed_at, at_first.created_at);

    let change = async |change: fn(Settings) -> Settings| {
        let change = |old| Ok::<_, SettingsError>(change(old));
        let changed = shop
            .store
            .change_settings(Actor::System, shop.organization_id, change);
        changed.await
    };
    shop.clock.advance(chrono::Duration::hours(1));
    let changed = change(|old| Settings {
        name: name("Acme Ltd"),
        time_zone: zone("Europe/Berlin"),
        defaults: Defaults {
            hold_days: 14,
            ..old.defaults
        },
    });
    let changed = changed.await.expect("it changes");
    assert_eq!(changed.settings.name, name("Acme Ltd"));
    assert_eq!(changed.settings.defaults.hold_days, 14);
    assert_eq!(changed.owner_id, at_first.owner_id);
    assert!(changed.changed_at > changed.created_at);

    let refused = change(|old| Settings {
        name: name("Other"),
        time_zone: zone("Europe/Atlantis"),
        ..old
    });
    let refused = refused.await.expect_err("no such zone");
    assert!(matches!(refused, SettingsError::NoTimeZone(_)), "{refused}");
    let same = change(|old| old).await.expect("nothing changes");
    assert_eq!(same, changed);
    assert_eq!(
        audited(&pool).await,
        ["name: Acme Ltd, time zone: Europe/Berlin, default hold: 14 days"]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_listed_time_zone_can_be_set(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let zones = shop.store.time_zones().await.expect("a list");
    for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"] {
        assert!(zones.iter().any(|zone| zone == name), "{name}");
    }
    for name in &zones {
        assert!(TimeZone::parse(name).is_ok(), "{name}");
    }
}
