//! What comes of a flag, and who may say so.

use chrono::Duration;
use domain::{
    affiliate::AffiliateStatus,
    fact::Fact,
    fraud::{FlagRefusal, FlagRule, Resolution},
    id::{ConversionId, OrganizationId, PersonId},
    lifecycle::{Refusal, Status, Transition},
    member::Role,
    rate::BasisPoints,
    refund::HeldBy,
};
use sqlx::PgPool;
use store::{
    StoreError,
    audit::Actor,
    flag::{FlagDecision, Flagging},
    intake::IntakeError,
};
use uuid::Uuid;

use super::{
    OWN, audit, by_hand, decide, differences, entries, flags_of, paid_by, resolve, sale, to,
};
use crate::support::{Shop, noon};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_confirmed_flag_denies_the_sale_and_its_share_and_blocks_the_affiliate(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let campaign = shop
        .campaign("shares", |terms| {
            terms.override_share = BasisPoints::new(1000).expect("a share");
        })
        .await;
    let recruiter = shop.affiliate_in("rita", campaign).await;
    let sarah = shop.affiliate_in("sarah", campaign).await;
    shop.recruit(&sarah, &recruiter).await;
    let own = sale(&shop, "in_1", OWN).await;
    let held: Vec<_> = shop
        .rows_of("in_1")
        .await
        .iter()
        .map(|row| row.held_by)
        .collect();
    assert_eq!(held, [Some(HeldBy::Flag); 2]);

    let flag_id = flags_of(&shop, own.id).await[0].flag.id;
    let decision = FlagDecision {
        blocks_affiliate: true,
        ..to(Resolution::Confirmed, flag_id)
    };
    let unconfirmed = FlagDecision {
        resolution: Resolution::Reviewed,
        ..decision.clone()
    };
    let refused = resolve(&shop, unconfirmed).await;
    assert!(matches!(
        refused,
        Err(IntakeError::Flag(FlagRefusal::BlocksUnconfirmed))
    ));
    resolve(&shop, decision).await.expect("confirmed");
    for row in shop.rows_of("in_1").await {
        let stands = (row.status, row.commission.minor, row.held_by);
        assert_eq!(stands, (Status::Denied, 0, None));
        let entries = entries(&pool, row.id).await;
        let kinds: Vec<_> = entries.iter().map(|(kind, ..)| kind.as_str()).collect();
        assert_eq!(kinds, ["accrual", "denial"]);
        assert_eq!(entries[0].1 + entries[1].1, 0);
        assert!(
            entries[1].2.starts_with("flag confirmed: self-referral"),
            "{entries:?}"
        );
    }
    let blocked = shop.store.affiliate(shop.organization_id, sarah.id).await;
    let blocked = blocked.expect("reads").expect("is there");
    assert_eq!(blocked.status, AffiliateStatus::Blocked);
    assert_eq!(
        audit(&pool, sarah.id.0).await.last().map(String::as_str),
        Some("sarah is blocked: a flag was confirmed")
    );
    sale(&shop, "in_1", OWN).await;
    let paid = Fact::Payment(paid_by("in_2", "ann@example.com"));
    shop.event("evt_2", vec![paid]).await;
    assert!(
        shop.rows_of("in_2").await.is_empty(),
        "he gets no new credit"
    );
    assert_eq!(differences(&shop).await, [""; 0]);

    decide(&shop, own.id, Transition::Restore)
        .await
        .expect("restored");
    let restored = shop.rows_of("in_1").await.remove(0);
    assert_eq!(
        (restored.status, restored.commission.minor),
        (Status::Pending, 980)
    );
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_member_can_have_any_sale_looked_at_that_is_not_paid_out(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1", OWN).await;
    decide(&shop, made.id, Transition::ApproveEarly)
        .await
        .expect_err("flagged");
    shop.clock.advance(Duration::seconds(1));
    let both = by_hand(&shop, made.id).await.expect("flagged");
    assert_eq!((both.held_by, both.is_flagged), (Some(HeldBy::Flag), true));
    let twice = by_hand(&shop, made.id).await;
    assert!(matches!(
        twice,
        Err(IntakeError::Flag(FlagRefusal::Flagged))
    ));
    for view in flags_of(&shop, made.id).await {
        let is_last = view.flag.evidence.rule() == FlagRule::SelfReferral;
        let after = resolve(&shop, to(Resolution::Reviewed, view.flag.id))
            .await
            .expect("resolved");
        assert_eq!(after.is_flagged, !is_last, "newest first");
    }
    let again = by_hand(&shop, made.id).await.expect("none is open");
    assert!(again.is_flagged);
    assert!(matches!(
        by_hand(&shop, made.id).await,
        Err(IntakeError::Flag(FlagRefusal::Flagged))
    ));
    assert_eq!(flags_of(&shop, made.id).await.len(), 3);
    let other = sale(&shop, "in_2", "ann@example.com").await;
    decide(&shop, other.id, Transition::ApproveEarly)
        .await
        .expect("approved");
    let held = by_hand(&shop, other.id).await.expect("flagged");
    assert_eq!(
        (held.status, held.held_by),
        (Status::Approved, Some(HeldBy::Flag))
    );
    let balances = shop
        .store
        .balances(shop.organization_id, &[sarah.id])
        .await
        .expect("sums");
    assert_eq!(
        balances[&sarah.id][0].approved_minor, 0,
        "it is not payable"
    );
    assert_eq!(differences(&shop).await, [""; 0]);

    sqlx::query("update conversion set status = 'paid', paid_at = $1 where conversion_id = $2")
        .bind(noon())
        .bind(other.id.0)
        .execute(&pool)
        .await
        .expect("paid");
    let flag_id = flags_of(&shop, other.id).await[0].flag.id;
    let confirmed = resolve(&shop, to(Resolution::Confirmed, flag_id)).await;
    let paid_out = FlagRefusal::Sale(Refusal::PaidOut);
    assert!(matches!(confirmed, Err(IntakeError::Flag(refused)) if refused == paid_out));
    let row = resolve(&shop, to(Resolution::Dismissed, flag_id))
        .await
        .expect("dismissed");
    assert_eq!((row.status, row.held_by), (Status::Paid, None));
    let paid = by_hand(&shop, other.id).await;
    let nothing = FlagRefusal::NothingToHold(Status::Paid);
    assert!(matches!(paid, Err(IntakeError::Flag(refused)) if refused == nothing));
    let nobody = by_hand(&shop, ConversionId(Uuid::nil())).await;
    assert!(matches!(nobody, Err(IntakeError::NoConversion(_))));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_may_not_decide_flags_nothing_and_nobody_reaches_anothers_flags(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let own = sale(&shop, "in_1", OWN).await;
    let flag_id = flags_of(&shop, own.id).await[0].flag.id;
    let viewer = Actor::Person {
        id: PersonId(Uuid::nil()),
        role: Role::Viewer,
    };
    let decision = FlagDecision {
        actor: viewer,
        ..to(Resolution::Dismissed, flag_id)
    };
    let flagging = Flagging {
        conversion_id: own.id,
        note: "odd".to_owned(),
        actor: viewer,
    };
    let store = &shop.store;
    let forbidden = store.resolve_flag(shop.organization_id, decision).await;
    assert!(matches!(
        forbidden,
        Err(IntakeError::Store(StoreError::Forbidden))
    ));
    let forbidden = store.flag_sale(shop.organization_id, flagging).await;
    assert!(matches!(
        forbidden,
        Err(IntakeError::Store(StoreError::Forbidden))
    ));

    let new = store::organization::NewOrganization {
        name: crate::support::name("Other"),
        owner_email: domain::email::Email::parse("other@example.com").expect("an e-mail"),
        owner_password: "correct-horse-battery".to_owned(),
        api_key: None,
    };
    let other: OrganizationId = store
        .create_organization(new)
        .await
        .expect("made")
        .organization_id;
    let decision = to(Resolution::Dismissed, flag_id);
    let unknown = store.resolve_flag(other, decision).await;
    assert!(matches!(unknown, Err(IntakeError::NoFlag)));
    assert!(store.flag(other, flag_id).await.expect("reads").is_none());
    assert_eq!(store.open_flags(other).await.ok(), Some(0));
    assert_eq!(store.open_flags(shop.organization_id).await.ok(), Some(1));
}
