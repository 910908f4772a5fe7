//! Members come by invitation, and one owner is always left.

use chrono::Duration;
use domain::{email::Email, id::PersonId, member::Role};
use futures::future::join;
use sqlx::PgPool;
use store::{
    StoreError,
    audit::Actor,
    invitation::{InvitationError, Proof, VALID_FOR},
    member::MemberError,
    organization::NewOrganization,
};

use crate::support::{Shop, name};

const PASSWORD: &str = "a-long-enough-password";

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).expect("an e-mail")
}

fn password(text: &str) -> Proof {
    Proof::Password(text.to_owned())
}

/// The member with this e-mail, as who changes something.
pub(crate) async fn actor(shop: &Shop, email: &str) -> Actor {
    let members = shop.store.members(shop.organization_id).await;
    let members = members.expect("members");
    let member = members.iter().find(|one| one.email == email);
    let member = member.expect("a member");
    let (id, role) = (member.person_id, member.role);
    Actor::Person { id, role }
}

/// Somebody who was invited by the owner and has joined.
pub(crate) async fn joined(shop: &Shop, who: &str, role: Role) -> PersonId {
    let owner = actor(shop, "owner@example.com").await;
    let token = shop
        .store
        .invite(owner, shop.organization_id, &email(who), role)
        .await
        .expect("invited");
    let joined = shop.store.join(&token, password(PASSWORD)).await;
    joined.expect("joined").0
}

async fn roles(shop: &Shop) -> Vec<(String, Role)> {
    let members = shop.store.members(shop.organization_id).await;
    let members = members.expect("members").into_iter();
    members.map(|one| (one.email, one.role)).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_invitation_makes_one_member_under_its_email_and_role(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let owner = actor(&shop, "owner@example.com").await;
    let kim = email("kim@example.com");
    let token = store.invite(owner, organization, &kim, Role::Manager).await;
    let token = token.expect("invited");
    assert_eq!(token.len(), 64, "256 bits");
    let invited = store.invitation(&token).await.expect("asked");
    let invited = invited.expect("an invitation");
    assert_eq!(invited.email, kim);
    assert_eq!((invited.role, invited.person_id), (Role::Manager, None));
    assert_eq!(invited.organization_name, "Acme");

    let short = store.join(&token, password("short")).await;
    assert!(matches!(short, Err(InvitationError::BadPassword)));
    let (first, second) = join(
        store.join(&token, password(PASSWORD)),
        store.join(&token, password(PASSWORD)),
    )
    .await;
    let refused = [&first, &second].into_iter().filter(|one| {
        matches!(
            one,
            Err(InvitationError::Gone | InvitationError::WrongPassword)
        )
    });
    assert_eq!(refused.count(), 1, "{first:?} {second:?}");
    let expected = [
        ("kim@example.com".to_owned(), Role::Manager),
        ("owner@example.com".to_owned(), Role::Owner),
    ];
    assert_eq!(roles(&shop).await, expected);
    let signed_in = store.sign_in(&kim, PASSWORD.to_owned(), "a test", None);
    let viewer = signed_in.await.expect("signed in").viewer;
    assert_eq!(
        (viewer.organization_id, viewer.role),
        (organization, Role::Manager)
    );

    let again = store.join(&token, password(PASSWORD)).await;
    assert!(matches!(again, Err(InvitationError::Gone)));
    let twice = store.invite(owner, organization, &kim, Role::Viewer).await;
    assert!(matches!(twice, Err(InvitationError::AlreadyMember(_))));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_link_ends_by_time_by_another_one_and_by_being_revoked(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let owner = actor(&shop, "owner@example.com").await;
    let kim = email("kim@example.com");
    let invite = async |role| {
        let token = store.invite(owner, organization, &kim, role).await;
        token.expect("invited")
    };
    let works = async |token: &str| store.invitation(token).await.expect("asked").is_some();
    let first = invite(Role::Viewer).await;
    let second = invite(Role::Manager).await;
    assert!(!works(&first).await && works(&second).await);
    let listed = store.invitations(organization).await.expect("listed");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].role, Role::Manager);

    shop.clock.advance(VALID_FOR - Duration::seconds(1));
    assert!(works(&second).await);
    shop.clock.advance(Duration::seconds(1));
    assert!(!works(&second).await);
    let late = store.join(&second, password(PASSWORD)).await;
    assert!(matches!(late, Err(InvitationError::Gone)));

    let third = invite(Role::Viewer).await;
    let id = store.invitations(organization).await.expect("listed")[0].id;
    let other = store.create_organization(NewOrganization {
        name: name("Other"),
        owner_email: email("other@example.com"),
        owner_password: PASSWORD.to_owned(),
        api_key: None,
    });
    let other = other.await.expect("made").organization_id;
    assert!(
        !store
            .revoke_invitation(owner, other, id)
            .await
            .expect("asked")
    );
    assert!(works(&third).await, "another organization's owner");
    assert!(
        store
            .revoke_invitation(owner, organization, id)
            .await
            .expect("revoked")
    );
    assert!(!works(&third).await);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn somebody_who_is_known_joins_as_himself_only(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let store = &shop.store;
    let other = NewOrganization {
        name: name("Other"),
        owner_email: email("other@example.com"),
        owner_password: PASSWORD.to_owned(),
        api_key: None,
    };
    let other = store.create_organization(other).await.expect("made");
    let owner = actor(&shop, "owner@example.com").await;
    let token = store
        .invite(
            owner,
            shop.organization_id,
            &email("other@example.com"),
            Role::Admin,
        )
        .await
        .expect("invited");
    let wrong = store.join(&token, password("not-his-password")).await;
    assert!(matches!(wrong, Err(InvitationError::WrongPassword)));
    let Actor::Person { id: stranger, .. } = owner else {
        panic!("a person")
    };
    let stranger = store.join(&token, Proof::Session(stranger)).await;
    assert!(matches!(stranger, Err(InvitationError::WrongPassword)));
    let himself = store.join(&token, Proof::Session(other.owner_id)).await;
    let (person, organization) = himself.expect("joined");
    assert_eq!(
        (person, organization),
        (other.owner_id, shop.organization_id)
    );
    let memberships = store.memberships(person).await.expect("memberships");
    let names: Vec<_> = memberships
        .iter()
        .map(|one| (one.name.as_str(), one.role))
        .collect();
    assert_eq!(names, [("Acme", Role::Admin), ("Other", Role::Owner)]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_owner_is_always_left(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let owner = actor(&shop, "owner@example.com").await;
    let Actor::Person { id: first, .. } = owner else {
        panic!("a person")
    };
    let demoted = store
        .change_role(owner, organization, first, Role::Admin)
        .await;
    assert!(matches!(demoted, Err(MemberError::LastOwner)));
    let removed = store.remove_member(owner, organization, first).await;
    assert!(matches!(removed, Err(MemberError::LastOwner)));

    let second = joined(&shop, "kim@example.com", Role::Owner).await;
    let other = actor(&shop, "kim@example.com").await;
    let (one, two) = join(
        store.remove_member(owner, organization, second),
        store.change_role(other, organization, first, Role::Viewer),
    )
    .await;
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let owners = roles(&shop).await;
    let owners = owners.iter().filter(|(_, role)| *role == Role::Owner);
    assert_eq!(owners.count(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_owners_make_and_change_owners(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (store, organization) = (&shop.store, shop.organization_id);
    let viewer = joined(&shop, "viewer@example.com", Role::Viewer).await;
    joined(&shop, "admin@example.com", Role::Admin).await;
    joined(&shop, "manager@example.com", Role::Manager).await;
    let Actor::Person { id: owner, .. } = actor(&shop, "owner@example.com").await else {
        panic!("a person")
    };
    let new = email("new@example.com");
    for (who, may_administer) in [("admin", true), ("manager", false), ("viewer", false)] {
        let who = actor(&shop, &format!("{who}@example.com")).await;
        let owned = [
            store
                .change_role(who, organization, viewer, Role::Owner)
                .await,
            store
                .change_role(who, organization, owner, Role::Admin)
                .await,
            store.remove_member(who, organization, owner).await,
        ];
        for refused in owned {
            let forbidden = matches!(refused, Err(MemberError::Store(StoreError::Forbidden)));
            assert!(forbidden, "{who:?}: {refused:?}");
        }
        let invited = store.invite(who, organization, &new, Role::Owner).await;
        let forbidden = matches!(invited, Err(InvitationError::Store(StoreError::Forbidden)));
        assert!(forbidden, "{who:?}");
        let invited = store.invite(who, organization, &new, Role::Viewer).await;
        assert_eq!(invited.is_ok(), may_administer, "{who:?}");
        let id = store.invitations(organization).await.expect("listed")[0].id;
        let revoked = store.revoke_invitation(who, organization, id).await;
        assert_eq!(revoked.is_ok(), may_administer, "{who:?}");
        if may_administer {
            let new = store.invite(who, organization, &new, Role::Viewer).await;
            new.expect("for those who come next");
        }
        let changed = store
            .change_role(who, organization, viewer, Role::Manager)
            .await;
        assert_eq!(changed.is_ok(), may_administer, "{who:?}");
        let back = actor(&shop, "owner@example.com").await;
        let back = store
            .change_role(back, organization, viewer, Role::Viewer)
            .await;
        back.expect("changed back");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_removed_is_signed_out_of_this_organization_only(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let store = &shop.store;
    let other = NewOrganization {
        name: name("Other"),
        owner_email: email("owner@example.com"),
        owner_password: "correct-horse-battery".to_owned(),
        api_key: None,
    };
    let other = store.create_organization(other).await.expect("made");
    joined(&shop, "kim@example.com", Role::Owner).await;
    let kim = actor(&shop, "kim@example.com").await;
    let open = async |organization| {
        let opened = store.open_session(other.owner_id, organization, "a test", None);
        opened.await.expect("opened").token
    };
    let (here, there) = (
        open(shop.organization_id).await,
        open(other.organization_id).await,
    );
    let removed = store.remove_member(kim, shop.organization_id, other.owner_id);
    removed.await.expect("removed");
    assert!(store.viewer(&here).await.expect("asked").is_none());
    assert!(store.viewer(&there).await.expect("asked").is_some());
    let again = store.remove_member(kim, shop.organization_id, other.owner_id);
    assert!(matches!(again.await, Err(MemberError::NotFound)));
}
