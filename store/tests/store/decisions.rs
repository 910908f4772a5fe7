//! The life of a sale: approvals, denials, recruiters' shares, refunds told by the merchant's server.

use chrono::Duration;
use domain::{
    conversion::{Conversion, Source},
    fact::{ClueKind, Fact, Signup, SubscriptionEnd},
    id::ConversionId,
    lifecycle::{Refusal, Status, Transition},
    money::Currency,
    rate::BasisPoints,
    refund::{BackKind, BackStatus, HeldBy, MoneyBack},
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    intake::{Decision, IntakeError, Recorded, ServerLead, ServerRefund, ServerSale},
};

use crate::support::{Shop, clue, noon, payment, signup};

async fn sale(shop: &Shop, id: &str) -> Conversion {
    let mut paid = payment(id, None, 0);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
    shop.rows_of(id).await.remove(0)
}

async fn decide(
    shop: &Shop,
    ids: &[ConversionId],
    step: Transition,
) -> Result<Vec<Status>, IntakeError> {
    let decision = Decision {
        conversion_ids: ids.to_vec(),
        step,
        actor: Actor::System,
        reason: Some("because".to_owned()),
    };
    let rows = shop.store.decide(shop.organization_id, decision).await?;
    Ok(rows.iter().map(|row| row.conversion.status).collect())
}

/// Kinds and amounts of a conversion's entries.
async fn entries(pool: &PgPool, id: ConversionId) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select kind, amount_minor from ledger_entry where conversion_id = $1 order by ledger_entry_id",
    )
    .bind(id.0)
    .fetch_all(pool)
    .await
    .expect("the ledger")
}

fn entry(kind: &str, minor: i64) -> (String, i64) {
    (kind.to_owned(), minor)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_has_passed_its_hold_is_approved_once_by_many_servers(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1").await;
    shop.store.approve_due().await.expect("looks");
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Pending);
    shop.clock.advance(Duration::days(30));
    let beside = shop.beside();
    let rounds = (0..6).map(|round| {
        let server = if round % 2 == 0 { &shop.store } else { &beside };
        server.approve_due()
    });
    for round in futures::future::join_all(rounds).await {
        round.expect("looks");
    }
    let approved = shop.rows_of("in_1").await.remove(0);
    assert_eq!(approved.status, Status::Approved);
    assert_eq!(approved.approved_at, Some(noon() + Duration::days(30)));
    let lines: Vec<String> =
        sqlx::query_scalar("select detail from audit_entry where subject_id = $1")
            .bind(made.id.0)
            .fetch_all(&pool)
            .await
            .expect("the audit log");
    assert_eq!(lines, ["Pending to Approved: the hold has passed"]);
}

/// More than fit into one transaction, with one that can't be approved among them.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everything_that_is_due_is_approved_at_once(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    sale(&shop, "in_1").await;
    sqlx::query(
        "insert into conversion select (jsonb_populate_record(c, jsonb_build_object(
             'conversion_id', gen_random_uuid(), 'external_event_id', 'copy_' || number))).*
         from conversion c, generate_series(1, 1200) number",
    )
    .execute(&pool)
    .await
    .expect("copied");
    let refused = "update conversion set held_by = 'dispute' where external_event_id = 'copy_600'";
    sqlx::query(refused).execute(&pool).await.expect("disputed");
    shop.clock.advance(Duration::days(30));
    shop.store.approve_due().await.expect("approves");
    let pending: Vec<String> =
        sqlx::query_scalar("select external_event_id from conversion where status = 'pending'")
            .fetch_all(&pool)
            .await
            .expect("reads");
    assert_eq!(pending, ["copy_600"]);
}

/// Nobody may ever hear more of a warning, or of how much a refund is.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_may_never_be_decided_holds_until_a_member_approves_with_a_reason(pool: PgPool) {
    use BackKind::{Refund, Warning};
    use BackStatus::{Announced, Open};
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    for (number, (kind, status, why)) in (1..).zip([
        (Warning, Open, HeldBy::Warning),
        (Refund, Announced, HeldBy::UnknownAmount),
    ]) {
        let name = format!("in_{number}");
        let made = sale(&shop, &name).await;
        let told = async |minute| {
            let back = MoneyBack {
                external_id: format!("re_{number}"),
                kind,
                status,
                told_at: noon() + Duration::minutes(minute),
                payment: vec![name.clone()],
                ..crate::refunds::back("re", 4900, status, minute)
            };
            let event = format!("evt_{number}_{minute}");
            shop.event(&event, vec![Fact::Back(back)]).await;
        };
        told(1).await;
        let refused = decide(&shop, &[made.id], Transition::HoldPassed).await;
        let words = refused.expect_err("held").to_string();
        assert_eq!(shop.rows_of(&name).await[0].held_by, Some(why), "{words}");
        shop.clock.advance(Duration::days(31));
        shop.store.approve_due().await.expect("looks");
        assert_eq!(shop.rows_of(&name).await[0].status, Status::Pending);
        let approved = decide(&shop, &[made.id], Transition::ApproveEarly).await;
        approved.expect("approved");
        // Told again, it holds no more.
        told(2).await;
        let row = shop.rows_of(&name).await.remove(0);
        assert_eq!((row.status, row.held_by), (Status::Approved, None));
    }
    let recount = shop.store.recount().await.expect("counts");
    assert_eq!(recount.differences, Vec::<String>::new());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_dispute_keeps_a_sale_from_approval_until_it_is_won(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1").await;
    let dispute = |status, told| MoneyBack {
        external_id: "du_1".to_owned(),
        kind: BackKind::Dispute,
        amount_minor: 4900,
        net_minor: None,
        currency: Some(Currency::USD),
        status,
        occurred_at: noon(),
        told_at: noon() + Duration::minutes(told),
        failed_at: None,
        payment: vec!["in_1".to_owned()],
        reason: None,
    };
    let open = Fact::Back(dispute(BackStatus::Open, 1));
    shop.event("evt_open", vec![open]).await;
    shop.clock.advance(Duration::days(31));
    shop.store.approve_due().await.expect("looks");
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Pending);
    let early = decide(&shop, &[made.id], Transition::ApproveEarly).await;
    assert!(matches!(
        early,
        Err(IntakeError::Refused {
            refusal: Refusal::Held(HeldBy::Dispute),
            ..
        })
    ));
    let won = Fact::Back(dispute(BackStatus::Won, 2));
    shop.event("evt_won", vec![won]).await;
    shop.store.approve_due().await.expect("looks");
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Approved);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_denial_takes_the_commission_and_its_restoring_gives_it_back(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1").await;
    let denied = decide(&shop, &[made.id], Transition::Deny).await;
    assert_eq!(denied.expect("denied"), [Status::Denied]);
    assert_eq!(shop.rows_of("in_1").await[0].commission.minor, 0);
    let again = decide(&shop, &[made.id], Transition::Deny).await;
    assert!(matches!(
        again,
        Err(IntakeError::Refused {
            refusal: Refusal::WasDenied,
            ..
        })
    ));
    shop.clock.advance(Duration::days(31));
    let restored = decide(&shop, &[made.id], Transition::Restore).await;
    assert_eq!(restored.expect("restored"), [Status::Pending]);
    shop.store.approve_due().await.expect("looks");
    assert_eq!(
        shop.rows_of("in_1").await[0].status,
        Status::Approved,
        "by its dates"
    );
    assert_eq!(
        entries(&pool, made.id).await,
        [
            entry("accrual", 980),
            entry("denial", -980),
            entry("reinstatement", 980)
        ]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_restored_sale_is_taken_back_by_the_end_of_its_subscription_in_both_orders(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    for (id, is_told_first) in [("in_1", true), ("in_2", false)] {
        let mut paid = payment(id, Some(&format!("sub_{id}")), 0);
        paid.clues = vec![clue(ClueKind::Slug, "sarah")];
        shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
            .await;
        let made = shop.rows_of(id).await.remove(0).id;
        let end = async |times: u8| {
            let end = Fact::Ended(SubscriptionEnd {
                subscription: format!("sub_{id}"),
                ended_at: noon() + Duration::days(10),
            });
            shop.event(&format!("evt_end_{id}_{times}"), vec![end])
                .await;
        };
        decide(&shop, &[made], Transition::Deny)
            .await
            .expect("denied");
        if is_told_first {
            end(1).await;
            assert_eq!(shop.rows_of(id).await[0].status, Status::Denied);
        }
        let restored = decide(&shop, &[made], Transition::Restore).await;
        let expected = if is_told_first {
            Status::Refunded
        } else {
            Status::Pending
        };
        assert_eq!(restored.expect("restored"), [expected]);
        end(2).await;
        assert_eq!(shop.rows_of(id).await[0].status, Status::Refunded, "{id}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_decision_is_for_all_or_for_none(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let (one, other) = (sale(&shop, "in_1").await, sale(&shop, "in_2").await);
    decide(&shop, &[other.id], Transition::Deny)
        .await
        .expect("denied");
    let both = decide(&shop, &[one.id, other.id], Transition::ApproveEarly).await;
    assert!(matches!(both, Err(IntakeError::Refused { .. })));
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Pending);
    let nobody = ConversionId(uuid::Uuid::from_u128(7));
    let unknown = decide(&shop, &[one.id, nobody], Transition::ApproveEarly).await;
    assert!(matches!(unknown, Err(IntakeError::NoConversion(id)) if id == nobody));
    let approved = decide(&shop, &[one.id], Transition::ApproveEarly).await;
    assert_eq!(approved.expect("approved"), [Status::Approved]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_recruiters_share_follows_its_sale(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let campaign_id = shop
        .campaign("Recruiters", |terms| {
            terms.override_share = BasisPoints::new(1000).expect("a share");
        })
        .await;
    let rita = shop.affiliate_in("rita", campaign_id).await;
    let sarah = shop.affiliate_in("sarah", campaign_id).await;
    shop.recruit(&sarah, &rita).await;
    let made = sale(&shop, "in_1").await;
    let rows = shop.rows_of("in_1").await;
    let share = |rows: Vec<Conversion>| -> Conversion {
        let of_rita = |row: &Conversion| row.affiliate_id == rita.id;
        rows.into_iter().find(of_rita).expect("a share")
    };
    let first = share(rows);
    assert_eq!(
        (first.commission.minor, first.source),
        (98, Source::Override)
    );
    assert_eq!(first.parent_conversion_id, Some(made.id));
    assert_eq!(first.amount.minor, 0, "the money is counted once");
    let half = MoneyBack {
        external_id: "re_1".to_owned(),
        kind: BackKind::Refund,
        amount_minor: 2450,
        net_minor: None,
        currency: None,
        status: BackStatus::Succeeded,
        occurred_at: noon(),
        told_at: noon(),
        failed_at: None,
        payment: vec!["in_1".to_owned()],
        reason: None,
    };
    shop.event("evt_half", vec![Fact::Back(half)]).await;
    assert_eq!(share(shop.rows_of("in_1").await).commission.minor, 49);
    decide(&shop, &[made.id], Transition::Deny)
        .await
        .expect("denied");
    let denied = share(shop.rows_of("in_1").await);
    assert_eq!(
        (denied.commission.minor, denied.status),
        (0, Status::Denied)
    );
    let alone = decide(&shop, &[first.id], Transition::Restore).await;
    assert!(matches!(
        alone,
        Err(IntakeError::Refused {
            refusal: Refusal::FollowsItsSale,
            ..
        })
    ));
    decide(&shop, &[made.id], Transition::Restore)
        .await
        .expect("restored");
    shop.clock.advance(Duration::days(31));
    shop.store.approve_due().await.expect("looks");
    let approved = share(shop.rows_of("in_1").await);
    assert_eq!(
        (approved.commission.minor, approved.status),
        (49, Status::Approved)
    );
    let sum: i64 = entries(&pool, first.id)
        .await
        .iter()
        .map(|(_, minor)| minor)
        .sum();
    assert_eq!(sum, 49);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_told_by_the_server_counts_once_and_waits_for_its_sale(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let refund = async |sale: &str, id: &str, amount_minor| {
        let refund = ServerRefund {
            sale: sale.to_owned(),
            refund_id: id.to_owned(),
            amount_minor,
            at: noon(),
        };
        let refunded = shop.store.refund_sale(shop.organization_id, refund).await;
        let refunded = refunded.expect("taken in");
        let due = refunded.row.map(|row| row.conversion.commission.minor);
        (due, refunded.is_known)
    };
    assert_eq!(refund("1", "2", Some(4900)).await, (None, false), "parked");
    let record = async |id: &str| {
        let mut paid = payment(id, None, 0);
        paid.clues = vec![clue(ClueKind::Slug, "sarah")];
        let sale = ServerSale {
            payment: paid,
            kind: None,
            campaign_id: None,
        };
        shop.store
            .record_sale(shop.organization_id, sale)
            .await
            .expect("recorded");
    };
    record("1").await;
    // The refund of sale 1 is called like this sale, and is none of it.
    record("2").await;
    assert_eq!(shop.rows_of("1").await[0].status, Status::Refunded);
    assert_eq!(shop.rows_of("2").await[0].status, Status::Pending);
    assert_eq!(refund("2", "3", Some(1000)).await, (Some(780), false));
    assert_eq!(
        refund("2", "3", Some(2000)).await,
        (Some(780), true),
        "the first one counts"
    );
    assert_eq!(
        refund("2", "4", None).await,
        (Some(0), false),
        "all that is left"
    );
    assert_eq!(shop.rows_of("2").await[0].refunded_minor, 4900);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_told_by_the_server_names_its_sale_by_any_id_but_no_lead(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    sale(&shop, "in_1").await;
    let ids = vec!["in_1".to_owned(), "pi_1".to_owned()];
    shop.event("evt_linked", vec![Fact::Linked { ids }]).await;
    let lead = ServerLead {
        signup: Signup {
            external_event_id: Some("lead-1".to_owned()),
            ..signup("ben@example.com", vec![clue(ClueKind::Slug, "sarah")])
        },
        campaign_id: None,
    };
    let lead = shop.store.record_lead(shop.organization_id, lead).await;
    assert!(matches!(lead, Ok(Recorded::New(_))));
    let refund = async |named: &str| {
        let refund = ServerRefund {
            sale: named.to_owned(),
            refund_id: "1".to_owned(),
            amount_minor: Some(4000),
            at: noon(),
        };
        shop.store.refund_sale(shop.organization_id, refund).await
    };
    let of_lead = refund("lead-1").await;
    assert!(matches!(of_lead, Err(IntakeError::NothingPaid)));
    let refunded = refund("pi_1").await.expect("taken in").row.expect("a sale");
    assert_eq!(refunded.conversion.refunded_minor, 4000);
}
