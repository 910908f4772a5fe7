//! What an open flag holds, and what leaves it as it is.

use chrono::Duration;
use domain::{
    fact::Fact,
    fraud::{Evidence, FlagRefusal, FlagStatus, Resolution},
    lifecycle::{Status, Transition},
    refund::{BackKind, BackStatus, HeldBy, MoneyBack},
};
use sqlx::PgPool;
use store::intake::{IntakeError, Recorded, ServerSale};

use super::{OWN, audit, by_hand, decide, differences, flags_of, paid_by, resolve, sale, to};
use crate::support::{Shop, customer};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_open_flag_holds_a_sale_and_a_dismissed_one_lets_it_go(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let own = sale(&shop, "in_1", OWN).await;
    sale(&shop, "in_2", "ann@example.com").await;
    assert_eq!(
        (own.status, own.held_by, own.is_flagged),
        (Status::Pending, Some(HeldBy::Flag), true)
    );
    let flags = flags_of(&shop, own.id).await;
    let evidence = Evidence::SameMailbox {
        customer_email: OWN.to_owned(),
        affiliate_email: "sarah@affiliate.example".to_owned(),
    };
    assert_eq!(flags.len(), 1);
    assert_eq!(
        (flags[0].flag.status, &flags[0].flag.evidence),
        (FlagStatus::Open, &evidence)
    );
    assert_eq!(flags[0].row.conversion.id, own.id);
    assert_eq!(
        shop.store.open_flags(shop.organization_id).await.ok(),
        Some(1)
    );

    shop.clock.advance(Duration::days(31));
    shop.store.approve_due().await.expect("looks");
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Pending);
    assert_eq!(shop.rows_of("in_2").await[0].status, Status::Approved);
    for step in [Transition::HoldPassed, Transition::ApproveEarly] {
        let refused = decide(&shop, own.id, step).await.expect_err("held");
        assert!(
            refused.to_string().contains("resolve the flag first"),
            "{refused}"
        );
    }
    assert_eq!(differences(&shop).await, [""; 0]);

    let flag_id = flags[0].flag.id;
    let free = resolve(&shop, to(Resolution::Dismissed, flag_id))
        .await
        .expect("dismissed");
    assert_eq!(
        (free.status, free.held_by, free.is_flagged),
        (Status::Pending, None, false)
    );
    shop.store.approve_due().await.expect("approves");
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Approved);
    assert_eq!(
        audit(&pool, own.id.0).await,
        [
            format!("flagged, self-referral: {evidence}"),
            format!("flag dismissed: self-referral: {evidence} (looked)"),
            "Pending to Approved: the hold has passed".to_owned(),
        ]
    );
    let again = resolve(&shop, to(Resolution::Confirmed, flag_id)).await;
    let refusal = FlagRefusal::Resolved(FlagStatus::Dismissed);
    assert!(matches!(again, Err(IntakeError::Flag(refused)) if refused == refusal));
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_told_again_raises_no_second_flag(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let own = sale(&shop, "in_1", OWN).await;
    let again = vec![Fact::Payment(paid_by("in_1", OWN)), customer("cus_1", OWN)];
    shop.event("evt_in_1", again.clone()).await;
    shop.event("evt_other", again).await;
    let call = ServerSale {
        payment: paid_by("in_1", OWN),
        kind: None,
        campaign_id: None,
    };
    let known = shop.store.record_sale(shop.organization_id, call).await;
    assert!(matches!(known, Ok(Recorded::Existing(_))));
    assert_eq!(flags_of(&shop, own.id).await.len(), 1);
    assert_eq!(differences(&shop).await, [""; 0]);
}

/// A sale without an address, who its payer is, a refund of a part, a dispute and its end.
fn story(name: &str) -> Vec<Vec<Fact>> {
    let id = |prefix: &str| format!("{prefix}_{name}");
    let mut paid = paid_by(&id("in"), "nobody@example.com");
    paid.email = None;
    paid.ids.customer = Some(id("cus"));
    paid.ids.charge = Some(id("ch"));
    let refund = MoneyBack {
        payment: vec![id("ch")],
        ..crate::refunds::back(&id("re"), 1225, BackStatus::Succeeded, 1)
    };
    let dispute = |status, minute| MoneyBack {
        kind: BackKind::Dispute,
        payment: vec![id("ch")],
        ..crate::refunds::back(&id("dp"), 4900, status, minute)
    };
    vec![
        vec![Fact::Payment(paid)],
        vec![customer(&id("cus"), OWN)],
        vec![Fact::Back(refund)],
        vec![Fact::Back(dispute(BackStatus::Open, 1))],
        vec![Fact::Back(dispute(BackStatus::Won, 2))],
    ]
}

fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(of - 1).into_iter();
    let with_last = |order: Vec<usize>| {
        (0..of).map(move |place| {
            let mut order = order.clone();
            order.insert(place, of - 1);
            order
        })
    };
    shorter.flat_map(with_last).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_flag_stands_whatever_comes_before_and_after_it(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    for (number, order) in orders(5).into_iter().enumerate() {
        let name = format!("{number}");
        let facts = story(&name);
        for place in &order {
            let event = format!("evt_{number}_{place}");
            shop.event(&event, facts[*place].clone()).await;
        }
        let row = shop.rows_of(&format!("in_{name}")).await.remove(0);
        let stands = (
            row.status,
            row.held_by,
            row.is_flagged,
            row.commission.minor,
        );
        let expected = (Status::Pending, Some(HeldBy::Flag), true, 735);
        assert_eq!(stands, expected, "{order:?}");
        assert_eq!(row.customer_email.as_deref(), Some(OWN), "{order:?}");
    }
    assert_eq!(
        shop.store.open_flags(shop.organization_id).await.ok(),
        Some(120)
    );
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_dispute_goes_before_a_flag_and_leaves_it_behind(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1", "ann@example.com").await;
    let dispute = |status, minute| MoneyBack {
        kind: BackKind::Dispute,
        payment: vec!["in_1".to_owned()],
        ..crate::refunds::back("dp_1", 4900, status, minute)
    };
    let flagged = by_hand(&shop, made.id).await.expect("flagged");
    assert_eq!(flagged.held_by, Some(HeldBy::Flag));
    shop.event("evt_2", vec![Fact::Back(dispute(BackStatus::Open, 1))])
        .await;
    assert_eq!(shop.rows_of("in_1").await[0].held_by, Some(HeldBy::Dispute));
    let flag_id = flags_of(&shop, made.id).await[0].flag.id;
    let reviewed = resolve(&shop, to(Resolution::Reviewed, flag_id))
        .await
        .expect("reviewed");
    assert_eq!(
        (reviewed.held_by, reviewed.is_flagged),
        (Some(HeldBy::Dispute), false)
    );
    shop.event("evt_3", vec![Fact::Back(dispute(BackStatus::Won, 2))])
        .await;
    assert_eq!(shop.rows_of("in_1").await[0].held_by, None);
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_recount_sees_a_hold_without_a_flag_and_a_flag_without_a_hold(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    sale(&shop, "in_1", OWN).await;
    sale(&shop, "in_2", "ann@example.com").await;
    for (damage, words) in [
        (
            "update conversion set held_by = null where is_flagged",
            "held by nothing",
        ),
        (
            "update conversion set held_by = null, is_flagged = false",
            "it is not stored as flagged, but has an open flag",
        ),
        (
            "update flag set status = 'dismissed', resolved_at = created_at",
            "it is stored as flagged, but has no open flag",
        ),
        (
            "update conversion set held_by = 'flag' where not is_flagged",
            "held by flag",
        ),
    ] {
        assert_eq!(differences(&shop).await, [""; 0]);
        sqlx::query(damage).execute(&pool).await.expect("damaged");
        let found = differences(&shop).await;
        assert!(
            found.iter().any(|line| line.contains(words)),
            "{damage}: {found:?}"
        );
        sqlx::raw_sql(
            "update conversion set is_flagged = external_event_id = 'in_1',
                 held_by = case external_event_id when 'in_1' then 'flag' end;
             update flag set status = 'open', resolved_at = null",
        )
        .execute(&pool)
        .await
        .expect("mended");
    }
}
