//! Payouts: what runs take, what refunds make of it, and how each ends.

mod histories;
mod rail;

use chrono::Duration;
use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    conversion::Conversion,
    fact::{ClueKind, Fact},
    id::PayoutId,
    lifecycle::{Status, Transition},
    money::{Currency, Money},
    payout::{CarriedOver, Payout, PayoutMethod, PayoutRefusal, PayoutStatus, Selection},
    refund::{BackKind, BackStatus, MoneyBack},
};
use futures::future::join_all;
use sqlx::PgPool;
use store::{
    audit::Actor,
    intake::{Decision, ManualSale},
    payout::{Batch, PayoutDecision, PayoutError, PayoutOrder, PayoutView},
};

use crate::support::{Shop, clue, noon, payment};

/// A sale of as much, of which the affiliate earns 20 %.
async fn sale(shop: &Shop, id: &str, affiliate: &Affiliate, minor: i64) -> Conversion {
    let mut paid = payment(id, None, 0);
    paid.clues = vec![clue(ClueKind::Slug, affiliate.slug.as_str())];
    (paid.amount, paid.base_minor) = (Money::new(minor, Currency::USD), minor);
    (paid.ids.customer, paid.email) = (None, None);
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
    now(shop, id).await
}

/// The same, approved.
async fn approved(shop: &Shop, id: &str, affiliate: &Affiliate, minor: i64) -> Conversion {
    let made = sale(shop, id, affiliate, minor).await;
    step(shop, &made, Transition::ApproveEarly).await;
    now(shop, id).await
}

async fn step(shop: &Shop, sale: &Conversion, step: Transition) {
    let decision = Decision {
        conversion_ids: vec![sale.id],
        step,
        actor: Actor::System,
        reason: Some("because".to_owned()),
    };
    let decided = shop.store.decide(shop.organization_id, decision).await;
    decided.expect("decided");
}

async fn now(shop: &Shop, id: &str) -> Conversion {
    shop.rows_of(id).await.remove(0)
}

/// Money of a sale that goes back, or comes again.
async fn back(shop: &Shop, sale: &str, kind: BackKind, status: BackStatus, minor: i64) {
    shop.clock.advance(Duration::seconds(1));
    let told = shop.store.now();
    let back = MoneyBack {
        external_id: format!("{kind:?}_{sale}"),
        kind,
        amount_minor: minor,
        net_minor: None,
        currency: None,
        status,
        occurred_at: noon(),
        told_at: told,
        failed_at: None,
        payment: vec![sale.to_owned()],
        reason: None,
    };
    let event = format!("{kind:?}_{status:?}_{sale}_{told}");
    shop.event(&event, vec![Fact::Back(back)]).await;
}

async fn refund(shop: &Shop, sale: &str, minor: i64) {
    back(shop, sale, BackKind::Refund, BackStatus::Succeeded, minor).await;
}

async fn run(shop: &Shop) -> Batch {
    run_of(shop, &Selection::default()).await
}

async fn run_of(shop: &Shop, selection: &Selection) -> Batch {
    let opened = shop
        .store
        .open_batch(shop.organization_id, selection, Actor::System)
        .await;
    opened.expect("a run")
}

/// The one payout that a run makes.
async fn one(shop: &Shop) -> Payout {
    let batch = run(shop).await;
    assert_eq!(batch.payouts.len(), 1, "{batch:?}");
    batch.payouts[0].payout.clone()
}

fn decision(payout_id: PayoutId) -> PayoutDecision {
    PayoutDecision {
        payout_id,
        reason: None,
        note: None,
        actor: Actor::System,
    }
}

async fn process(shop: &Shop, payout: &Payout) -> Result<PayoutView, PayoutError> {
    let decision = decision(payout.id);
    shop.store
        .process_payout(shop.organization_id, decision)
        .await
}

async fn complete(shop: &Shop, payout: &Payout) -> Result<PayoutView, PayoutError> {
    let decision = decision(payout.id);
    shop.store
        .complete_payout(shop.organization_id, decision)
        .await
}

async fn fail(shop: &Shop, payout: &Payout) -> Result<PayoutView, PayoutError> {
    let decision = PayoutDecision {
        reason: Some("the bank sent it back".to_owned()),
        ..decision(payout.id)
    };
    shop.store.fail_payout(shop.organization_id, decision).await
}

async fn read(shop: &Shop, payout: &Payout) -> Payout {
    let found = shop.store.payout(shop.organization_id, payout.id).await;
    found.expect("reads").expect("is there").payout
}

/// Where it stands, and its amount.
async fn stands(shop: &Shop, payout: &Payout) -> (PayoutStatus, i64) {
    let now = read(shop, payout).await;
    (now.status, now.amount.minor)
}

/// Pending, approved, paid and debt, in dollars' cents.
async fn balance(shop: &Shop, affiliate: &Affiliate) -> [i64; 4] {
    let found = shop
        .store
        .balances(shop.organization_id, &[affiliate.id])
        .await;
    let own = found.expect("reads").remove(&affiliate.id);
    own.map_or([0; 4], |own| own[0].parts().map(|money| money.minor))
}

async fn recounted(shop: &Shop) {
    let recount = shop.store.recount().await.expect("counts");
    assert_eq!(recount.differences, Vec::<String>::new());
}

/// Why somebody is carried over, and what is due to him.
fn carried(batch: &Batch) -> Vec<(CarriedOver, i64)> {
    let carried = batch.carried_over.iter();
    let why = carried.filter_map(|one| Some((one.carried_over()?, one.due.amount().minor)));
    why.collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_payout_takes_what_is_approved_and_pays_it(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    approved(&shop, "in_1", &sarah, 30_000).await;
    approved(&shop, "in_2", &sarah, 20_000).await;
    sale(&shop, "in_3", &sarah, 90_000).await;
    let payout = one(&shop).await;
    assert_eq!(payout.amount, Money::new(10_000, Currency::USD));
    assert_eq!(payout.method, PayoutMethod::Manual);
    assert_eq!(payout.campaign_id, Some(shop.campaign_id));
    assert_eq!(
        stands(&shop, &payout).await,
        (PayoutStatus::Pending, 10_000)
    );
    assert_eq!(run(&shop).await.payouts, [], "nothing is taken twice");
    recounted(&shop).await;
    process(&shop, &payout).await.expect("processes");
    recounted(&shop).await;
    assert_eq!(now(&shop, "in_1").await.status, Status::Approved);
    complete(&shop, &payout).await.expect("completes");
    let paid = now(&shop, "in_1").await;
    assert_eq!(
        (paid.status, paid.paid_at, paid.payout_id),
        (Status::Paid, Some(shop.store.now()), Some(payout.id))
    );
    assert_eq!(now(&shop, "in_2").await.status, Status::Paid);
    assert_eq!(now(&shop, "in_3").await.status, Status::Pending);
    assert_eq!(balance(&shop, &sarah).await, [18_000, 0, 10_000, 0]);
    recounted(&shop).await;
    let refused = process(&shop, &payout).await.expect_err("it is over");
    assert!(matches!(
        refused,
        PayoutError::Refused(PayoutRefusal::NotPending(PayoutStatus::Completed))
    ));
    let refused = fail(&shop, &payout).await.expect_err("it is over");
    assert!(matches!(
        refused,
        PayoutError::Refused(PayoutRefusal::Over(PayoutStatus::Completed))
    ));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn twenty_runs_at_once_make_one_payout(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    approved(&shop, "in_1", &sarah, 30_000).await;
    let beside = shop.beside();
    let selection = Selection::default();
    let runs = (0..20).map(|number| {
        let store = if number % 2 == 0 {
            &shop.store
        } else {
            &beside
        };
        store.open_batch(shop.organization_id, &selection, Actor::System)
    });
    let batches = join_all(runs).await;
    let made = batches.into_iter().map(|batch| batch.expect("a run"));
    assert_eq!(made.map(|batch| batch.payouts.len()).sum::<usize>(), 1);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn little_and_debts_are_carried_over_and_nothing_moves_when_both_are_equal(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    approved(&shop, "in_1", &sarah, 24_995).await;
    let batch = run(&shop).await;
    assert_eq!(batch.payouts, []);
    assert_eq!(carried(&batch), [(CarriedOver::BelowThreshold, 4999)]);
    approved(&shop, "in_2", &sarah, 5).await;
    let payout = one(&shop).await;
    assert_eq!(payout.amount.minor, 5000, "exactly the smallest payout");
    complete(&shop, &payout).await.expect("completes");
    refund(&shop, "in_1", 24_995).await;
    assert_eq!(now(&shop, "in_1").await.status, Status::Refunded);
    assert_eq!(balance(&shop, &sarah).await, [0, 0, 5000, 4999]);
    assert_eq!(carried(&run(&shop).await), [(CarriedOver::InDebt, -4999)]);
    approved(&shop, "in_3", &sarah, 24_995).await;
    let batch = run(&shop).await;
    let settled = &batch.payouts[0].payout;
    assert_eq!(
        (settled.status, settled.amount.minor),
        (PayoutStatus::Completed, 0)
    );
    assert_eq!(now(&shop, "in_3").await.status, Status::Paid);
    assert_eq!(balance(&shop, &sarah).await, [0, 0, 5000, 0]);
    assert_eq!(run(&shop).await.payouts, []);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_makes_a_pending_payout_smaller_and_debits_the_next_after_a_processing_one(
    pool: PgPool,
) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    approved(&shop, "in_1", &sarah, 30_000).await;
    approved(&shop, "in_2", &sarah, 30_000).await;
    let payout = one(&shop).await;
    refund(&shop, "in_1", 15_000).await;
    assert_eq!(stands(&shop, &payout).await, (PayoutStatus::Pending, 9000));
    back(&shop, "in_1", BackKind::Refund, BackStatus::Failed, 15_000).await;
    let whole = (PayoutStatus::Pending, 12_000);
    assert_eq!(stands(&shop, &payout).await, whole, "its refund failed");
    let denied = now(&shop, "in_2").await;
    step(&shop, &denied, Transition::Deny).await;
    assert_eq!(stands(&shop, &payout).await, (PayoutStatus::Pending, 6000));
    recounted(&shop).await;
    step(&shop, &denied, Transition::Restore).await;
    assert_eq!(stands(&shop, &payout).await, (PayoutStatus::Pending, 6000));
    process(&shop, &payout).await.expect("processes");
    refund(&shop, "in_1", 30_000).await;
    let untouched = (PayoutStatus::Processing, 6000);
    assert_eq!(stands(&shop, &payout).await, untouched);
    complete(&shop, &payout).await.expect("completes");
    let refunded = now(&shop, "in_1").await;
    assert_eq!(refunded.status, Status::Refunded);
    assert_eq!(
        refunded.payout_id,
        Some(payout.id),
        "it was paid all the same"
    );
    assert_eq!(
        carried(&run(&shop).await),
        [],
        "6000 are due, and 6000 owed"
    );
    assert_eq!(now(&shop, "in_2").await.status, Status::Paid);
    assert_eq!(balance(&shop, &sarah).await, [0, 0, 6000, 0]);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_may_go_back_is_not_paid_and_a_payout_of_nothing_ends(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    approved(&shop, "in_1", &sarah, 30_000).await;
    let payout = one(&shop).await;
    back(&shop, "in_1", BackKind::Dispute, BackStatus::Open, 30_000).await;
    assert_eq!(stands(&shop, &payout).await, (PayoutStatus::Failed, 6000));
    assert!(read(&shop, &payout).await.failure.is_some());
    assert_eq!(run(&shop).await.payouts, []);
    back(&shop, "in_1", BackKind::Dispute, BackStatus::Won, 30_000).await;
    let again = one(&shop).await;
    assert_eq!(again.amount.minor, 6000);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_failed_payout_took_is_payable_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    approved(&shop, "in_1", &sarah, 30_000).await;
    approved(&shop, "in_2", &sarah, 30_000).await;
    let payout = one(&shop).await;
    process(&shop, &payout).await.expect("processes");
    refund(&shop, "in_2", 30_000).await;
    approved(&shop, "in_3", &sarah, 60_000).await;
    let debits = one(&shop).await;
    assert_eq!(debits.amount.minor, 6000, "12000 earned, 6000 owed");
    fail(&shop, &payout).await.expect("fails");
    let failure = read(&shop, &payout).await.failure;
    assert_eq!(failure.as_deref(), Some("the bank sent it back"));
    let whole = (PayoutStatus::Pending, 12_000);
    assert_eq!(stands(&shop, &debits).await, whole, "nothing is owed");
    let again = one(&shop).await;
    assert_eq!(again.amount.minor, 6000);
    complete(&shop, &again).await.expect("completes");
    complete(&shop, &debits).await.expect("completes");
    assert_eq!(balance(&shop, &sarah).await, [0, 0, 18_000, 0]);
    recounted(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_blocked_is_paid_when_named(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    approved(&shop, "in_1", &sarah, 30_000).await;
    shop.set_status(&sarah, AffiliateStatus::Blocked).await;
    assert_eq!(carried(&run(&shop).await), [(CarriedOver::NotActive, 6000)]);
    let named = Selection {
        affiliates: vec![sarah.id],
        ..Selection::default()
    };
    assert_eq!(run_of(&shop, &named).await.payouts.len(), 1);
    let batch = run_of(&shop, &named).await;
    assert_eq!(carried(&batch), [(CarriedOver::NothingDue, 0)]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_payout_for_one_campaign_takes_what_is_owed_in_others(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let other = shop.campaign("other", |_| {}).await;
    let second = "insert into enrollment (organization_id, affiliate_id, campaign_id, created_at) values ($1, $2, $3, $4)";
    let enrolled = sqlx::query(second)
        .bind(shop.organization_id.0)
        .bind(sarah.id.0)
        .bind(other.0)
        .bind(noon() + Duration::days(1));
    enrolled.execute(&shop.pool).await.expect("enrolled");
    let elsewhere = ManualSale {
        affiliate_id: sarah.id,
        campaign_id: other,
        amount: Money::new(50_000, Currency::USD),
        paid_at: noon(),
        email: None,
        external_event_id: Some("in_other".to_owned()),
        note: "by phone".to_owned(),
        actor: Actor::System,
    };
    let entered = shop.store.enter_sale(shop.organization_id, elsewhere);
    entered.await.expect("entered");
    approved(&shop, "in_1", &sarah, 30_000).await;
    let order = |campaign_id| PayoutOrder {
        affiliate_id: sarah.id,
        campaign_id,
        method: None,
        note: Some("by bank".to_owned()),
        actor: Actor::System,
    };
    let make = |campaign_id| {
        shop.store
            .create_payout(shop.organization_id, order(campaign_id))
    };
    let nothing = make(other).await.expect_err("nothing is due there");
    assert!(matches!(
        nothing,
        PayoutError::CarriedOver {
            why: CarriedOver::NothingDue,
            ..
        }
    ));
    let earned = now(&shop, "in_other").await;
    step(&shop, &earned, Transition::ApproveEarly).await;
    let made = make(other).await.expect("made");
    assert_eq!(made.payout.amount.minor, 10_000);
    assert_eq!(made.payout.note.as_deref(), Some("by bank"));
    make(other).await.expect_err("it is taken");
    complete(&shop, &made.payout).await.expect("completes");
    refund(&shop, "in_other", 2500).await;
    let made = make(shop.campaign_id).await.expect("made");
    assert_eq!(made.payout.amount.minor, 5500, "500 are owed in the other");
    assert_eq!(made.payout.campaign_id, Some(shop.campaign_id));
    recounted(&shop).await;
}
