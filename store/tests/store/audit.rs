//! The audit log as it is read.

use chrono::Duration;
use domain::member::Role;
use sqlx::PgPool;
use store::{
    audit::{AuditFilter, AuditView, Whose},
    story::Who,
};

use crate::{
    members::{actor, email, joined},
    support::Shop,
};

async fn read(shop: &Shop, filter: &AuditFilter, limit: i64) -> Vec<AuditView> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = shop
            .store
            .audit_lines(shop.organization_id, filter, after, limit)
            .await
            .expect("lines");
        assert!(page.lines.len() <= usize::try_from(limit).expect("a size"));
        all.extend(page.lines);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

fn told(lines: &[AuditView]) -> Vec<String> {
    let line = |one: &AuditView| format!("{} {}: {}", one.subject, one.action, one.detail);
    lines.iter().map(line).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn lines_are_read_newest_first_page_by_page_and_by_filters(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    shop.clock.advance(Duration::hours(1));
    let began = store.now();
    joined(&shop, "kim@example.com", Role::Admin).await;
    let kim = actor(&shop, "kim@example.com").await;
    shop.clock.advance(Duration::hours(1));
    let later = store.now();
    let new = email("lee@example.com");
    store
        .invite(kim, organization, &new, Role::Viewer)
        .await
        .expect("invited");

    let everything = read(&shop, &AuditFilter::default(), 100).await;
    let since = AuditFilter {
        since: Some(began),
        ..AuditFilter::default()
    };
    let expected = [
        "invitation created: lee@example.com as Viewer",
        "member joined: kim@example.com as Admin",
        "invitation created: kim@example.com as Admin",
    ];
    for limit in [1, 2, 3, 100] {
        assert_eq!(told(&read(&shop, &since, limit).await), expected, "{limit}");
        assert_eq!(
            read(&shop, &AuditFilter::default(), limit).await,
            everything
        );
    }
    assert!(everything.len() > 3, "the organization's beginnings too");
    let before = AuditFilter {
        until: Some(later),
        ..since.clone()
    };
    assert_eq!(told(&read(&shop, &before, 1).await), expected[1..]);

    let Some(AuditView { who, .. }) = everything.first() else {
        panic!("a line")
    };
    assert_eq!(*who, Who::Member("kim@example.com".to_owned()));
    let store::audit::Actor::Person { id, .. } = kim else {
        panic!("a person")
    };
    let kims = AuditFilter {
        whose: Some(Whose::Person(id)),
        ..AuditFilter::default()
    };
    assert_eq!(told(&read(&shop, &kims, 1).await), expected[..2]);
    let invitations = AuditFilter {
        subject: Some("invitation".to_owned()),
        ..kims.clone()
    };
    assert_eq!(told(&read(&shop, &invitations, 1).await), expected[..1]);
    let invitations = AuditFilter {
        whose: None,
        ..invitations
    };
    assert_eq!(
        told(&read(&shop, &invitations, 1).await),
        [expected[0], expected[2]]
    );
    let systems = AuditFilter {
        whose: Some(Whose::System),
        ..AuditFilter::default()
    };
    let systems = read(&shop, &systems, 1).await;
    assert!(!systems.is_empty() && systems.iter().all(|one| one.who == Who::System));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_place_in_the_log_is_good_for_its_filter_only(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let all = AuditFilter::default();
    let page = store.audit_lines(organization, &all, None, 1).await;
    let next = page.expect("lines").next.expect("more");
    let sealed = store.seal_audit_cursor(organization, &all, next);
    let opened = store.open_audit_cursor(organization, &all, &sealed);
    assert_eq!(opened, Ok(next));
    let other = AuditFilter {
        subject: Some("campaign".to_owned()),
        ..AuditFilter::default()
    };
    assert!(
        store
            .open_audit_cursor(organization, &other, &sealed)
            .is_err()
    );
    assert!(
        store
            .open_audit_cursor(organization, &all, "nonsense")
            .is_err()
    );
}
