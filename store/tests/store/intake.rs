//! Facts in, conversions out: whatever the order, the repetition and the company they come in.

use crate::support::{Shop, clue, customer, noon, payment, session, signup};
use chrono::Duration;
use domain::{
    affiliate::AffiliateStatus,
    conversion::{CommissionState, ConversionType, Source},
    event::Outcome,
    fact::{ClueKind, Fact, PromotionCodeSeen},
    lifecycle::Status,
    money::{Currency, Money},
    sales::Filter,
};
use sqlx::PgPool;
use store::intake::{Recorded, ServerLead, ServerSale};

fn sale(payment: domain::fact::Payment) -> ServerSale {
    ServerSale {
        payment,
        kind: None,
        campaign_id: None,
    }
}

fn lead(signup: domain::fact::Signup) -> ServerLead {
    ServerLead {
        signup,
        campaign_id: None,
    }
}

async fn ledger(pool: &PgPool) -> Vec<(String, i64)> {
    sqlx::query_as("select kind, amount_minor from ledger_entry order by ledger_entry_id")
        .fetch_all(pool)
        .await
        .expect("the ledger")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_sale_is_recorded_with_its_commission_hold_ledger_entry_and_day(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    let mut paid = payment("in_1", Some("sub_1"), 0);
    paid.amount = Money::new(5390, Currency::USD);
    paid.clues = vec![clue(ClueKind::Slug, "SARAH")];
    let receipt = shop.event("evt_1", vec![Fact::Payment(paid)]).await;
    assert_eq!(receipt.outcome, Outcome::Recorded);

    let rows = shop.rows().await;
    let sale = &rows[0].conversion;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (sale.affiliate_id, sale.source, sale.kind),
        (sarah.id, Source::Link, ConversionType::Sale)
    );
    assert_eq!(
        (sale.amount.minor, sale.base_minor, sale.commission.minor),
        (5390, 4900, 980)
    );
    assert_eq!(
        (sale.status, sale.hold_until),
        (Status::Pending, noon() + Duration::days(30))
    );
    assert_eq!(ledger(&pool).await, [("accrual".to_owned(), 980)]);
    let totals = shop
        .store
        .sales_totals(shop.organization_id, &Filter::default())
        .await
        .expect("totals");
    assert_eq!(
        (
            totals.by_currency[0].sales,
            totals.by_currency[0].commission_minor
        ),
        (1, 980)
    );
    assert_eq!(
        (totals.chips.all, totals.chips.sales, totals.chips.leads),
        (1, 1, 0)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_events_of_one_checkout_make_one_sale_in_every_order(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    shop.coupon(&sarah, "SARAH20", Some("promo_1")).await;
    let orders = [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
        [2, 0, 3, 1],
        [1, 3, 0, 2],
        [2, 3, 1, 0],
        [3, 0, 2, 1],
    ];
    for (round, order) in orders.into_iter().enumerate() {
        shop.clock.advance(Duration::seconds(1));
        let (invoice, subscription) = (format!("in_{round}"), format!("sub_{round}"));
        let mut paid = payment(&invoice, Some(&subscription), 0);
        paid.ids.customer = Some(format!("cus_{round}"));
        paid.email = Some(format!("payer{round}@example.com"));
        let facts = [
            vec![Fact::Payment(paid.clone())],
            vec![session(
                &subscription,
                vec![clue(ClueKind::PromotionCode, "promo_1")],
            )],
            vec![Fact::Payment(paid)],
            vec![customer(
                &format!("cus_{round}"),
                &format!("payer{round}@example.com"),
            )],
        ];
        for step in order {
            shop.event(&format!("evt_{round}_{step}"), facts[step].clone())
                .await;
        }
        let rows = shop.rows().await;
        assert_eq!(rows.len(), round + 1, "order {order:?}");
        let sale = &rows[0].conversion;
        assert_eq!(sale.external_event_id.as_deref(), Some(invoice.as_str()));
        assert_eq!(
            (sale.affiliate_id, sale.source, sale.kind),
            (sarah.id, Source::Coupon, ConversionType::Sale)
        );
        assert_eq!(sale.coupon_code.as_deref(), Some("SARAH20"));
    }
    let waiting: i64 = sqlx::query_scalar("select count(*) from unattributed_payment")
        .fetch_one(&pool)
        .await
        .expect("counts");
    assert_eq!(waiting, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_event_that_waited_says_what_came_of_it(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let waits = shop
        .event(
            "evt_1",
            vec![Fact::Payment(payment("in_1", Some("sub_1"), 0))],
        )
        .await;
    assert_eq!(waits.outcome, Outcome::Unattributed);
    assert!(shop.rows().await.is_empty());
    shop.event(
        "evt_2",
        vec![session("sub_1", vec![clue(ClueKind::Slug, "sarah")])],
    )
    .await;
    let (outcome, conversion): (String, Option<uuid::Uuid>) =
        sqlx::query_as("select outcome, conversion_id from event where external_id = 'evt_1'")
            .fetch_one(&pool)
            .await
            .expect("the event");
    assert_eq!(
        (outcome.as_str(), conversion),
        ("recorded", Some(shop.rows().await[0].conversion.id.0))
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_promotion_code_learned_later_names_its_affiliate(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    shop.coupon(&sarah, "SARAH20", None).await;
    shop.event(
        "evt_1",
        vec![Fact::Payment(payment("in_1", Some("sub_1"), 0))],
    )
    .await;
    shop.event(
        "evt_2",
        vec![session(
            "sub_1",
            vec![clue(ClueKind::PromotionCode, "promo_9")],
        )],
    )
    .await;
    assert!(shop.rows().await.is_empty());
    let seen = PromotionCodeSeen {
        external_id: "promo_9".to_owned(),
        code: "sarah20".to_owned(),
        discount_id: None,
        occurred_at: noon(),
    };
    shop.event("evt_3", vec![Fact::PromotionCode(seen)]).await;
    assert_eq!(shop.rows().await[0].conversion.source, Source::Coupon);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_renewal_stays_with_the_subscriptions_affiliate(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let jonas = shop.affiliate("jonas").await;
    shop.coupon(&jonas, "JONAS", None).await;
    let mut first = payment("in_1", Some("sub_1"), -30);
    first.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event("evt_1", vec![Fact::Payment(first)]).await;
    let mut renewal = payment("in_2", Some("sub_1"), 0);
    renewal.clues = vec![clue(ClueKind::CouponCode, "jonas")];
    shop.event("evt_2", vec![Fact::Payment(renewal)]).await;
    let rows = shop.rows().await;
    let renewal = rows
        .iter()
        .find(|row| row.conversion.external_event_id.as_deref() == Some("in_2"));
    let renewal = &renewal.expect("recorded").conversion;
    assert_eq!(
        (renewal.affiliate_id, renewal.source),
        (sarah.id, Source::CustomerMatch)
    );
    assert_eq!(renewal.kind, ConversionType::Recurring);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn coupons_beat_referrals_only_where_the_campaign_says_so(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let quiet = shop
        .campaign("Quiet coupons", |terms| {
            terms.coupons_override_clicks = false
        })
        .await;
    let (sarah, jonas) = (
        shop.affiliate("sarah").await,
        shop.affiliate_in("jonas", quiet).await,
    );
    let priya = shop.affiliate("priya").await;
    shop.coupon(&jonas, "JONAS", None).await;
    shop.coupon(&priya, "PRIYA", None).await;
    for (id, code, winner, source) in [
        ("o1", "priya", priya.id, Source::Coupon),
        ("o2", "jonas", sarah.id, Source::Server),
    ] {
        let mut paid = payment(id, None, 0);
        paid.clues = vec![
            clue(ClueKind::Slug, "sarah"),
            clue(ClueKind::CouponCode, code),
        ];
        let recorded = shop
            .store
            .record_sale(shop.organization_id, sale(paid))
            .await
            .expect("recorded");
        let Recorded::New(row) = recorded else {
            panic!("{id} is new")
        };
        assert_eq!(
            (row.conversion.affiliate_id, row.conversion.source),
            (winner, source),
            "{id}"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_paused_gets_no_new_credit_and_nobody_else_gets_his_subscriptions(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    shop.affiliate("jonas").await;
    let mut first = payment("in_1", Some("sub_1"), -30);
    first.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event("evt_1", vec![Fact::Payment(first)]).await;
    shop.set_status(&sarah, AffiliateStatus::Paused).await;
    let mut renewal = payment("in_2", Some("sub_1"), 0);
    renewal.clues = vec![clue(ClueKind::Slug, "jonas")];
    let receipt = shop.event("evt_2", vec![Fact::Payment(renewal)]).await;
    assert_eq!(receipt.outcome, Outcome::Unattributed);
    assert_eq!(shop.rows().await.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_referral_of_a_customer_does_not_claim_what_he_bought_long_before(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    shop.event("evt_1", vec![Fact::Payment(payment("in_old", None, -90))])
        .await;
    let by_server = lead(signup(
        "ann@example.com",
        vec![clue(ClueKind::Slug, "sarah")],
    ));
    shop.store
        .record_lead(shop.organization_id, by_server)
        .await
        .expect("a lead");
    shop.event("evt_2", vec![Fact::Payment(payment("in_new", None, 0))])
        .await;
    let sales: Vec<_> = shop
        .rows()
        .await
        .into_iter()
        .filter(|row| row.conversion.kind == ConversionType::Sale)
        .filter_map(|row| row.conversion.external_event_id)
        .collect();
    assert_eq!(sales, ["in_new"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_lead_per_customer_and_campaign_and_then_his_sale_by_email(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    for attempt in 0..2 {
        let by_server = lead(signup(
            " Ann@Example.com ",
            vec![clue(ClueKind::Slug, "sarah")],
        ));
        let recorded = shop
            .store
            .record_lead(shop.organization_id, by_server)
            .await
            .expect("a lead");
        assert_eq!(matches!(recorded, Recorded::New(_)), attempt == 0);
    }
    let mut paid = payment("o1", None, 0);
    paid.ids.customer = None;
    let recorded = shop
        .store
        .record_sale(shop.organization_id, sale(paid))
        .await
        .expect("recorded");
    let Recorded::New(row) = recorded else {
        panic!("new")
    };
    assert_eq!(
        (row.conversion.affiliate_id, row.conversion.source),
        (sarah.id, Source::CustomerMatch)
    );
    let rows = shop.rows().await;
    let lead = rows
        .iter()
        .find(|row| row.conversion.kind == ConversionType::Lead)
        .expect("a lead");
    assert_eq!(
        (lead.conversion.status, lead.conversion.source),
        (Status::Approved, Source::Lead)
    );
    assert_eq!(ledger(&pool).await.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_share_of_another_currency_waits_for_its_rate(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let mut paid = payment("o1", None, 0);
    paid.amount = Money::new(10_000, Currency::parse("EUR").expect("EUR"));
    paid.base_minor = 10_000;
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.store
        .record_sale(shop.organization_id, sale(paid))
        .await
        .expect("recorded");
    let rows = shop.rows().await;
    assert_eq!(
        rows[0].conversion.commission_state,
        CommissionState::AwaitingRate
    );
    assert_eq!(rows[0].conversion.commission, Money::zero(Currency::USD));
    assert!(ledger(&pool).await.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_external_id_is_the_first_sale_for_ever(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let calls = (0..50).map(|index| {
        let mut paid = payment("order-1", None, 0);
        paid.amount = Money::new(4900 + index, Currency::USD);
        paid.base_minor = 4900 + index;
        paid.clues = vec![clue(ClueKind::Slug, "sarah")];
        shop.store.record_sale(shop.organization_id, sale(paid))
    });
    let answers = futures::future::join_all(calls).await;
    let mut new = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    for answer in answers {
        let (Recorded::New(row) | Recorded::Existing(row)) = answer.as_ref().expect("recorded");
        ids.insert(row.conversion.id);
        if matches!(answer, Ok(Recorded::New(_))) {
            new.push(row.conversion.id);
        }
    }
    assert_eq!((new.len(), ids.len()), (1, 1));
    shop.clock.advance(Duration::days(366));
    let mut later = payment("order-1", None, 0);
    later.clues = vec![clue(ClueKind::Slug, "nobody")];
    let again = shop
        .store
        .record_sale(shop.organization_id, sale(later))
        .await
        .expect("known");
    assert!(matches!(again, Recorded::Existing(row) if row.conversion.id == new[0]));
    assert_eq!(ledger(&pool).await.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_event_changes_nothing_the_second_time(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let mut paid = payment("in_1", None, 0);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    let deliveries = (0..20).map(|_| shop.event("evt_1", vec![Fact::Payment(paid.clone())]));
    let receipts = futures::future::join_all(deliveries).await;
    assert!(receipts.iter().all(|receipt| receipt == &receipts[0]));
    let events: i64 = sqlx::query_scalar("select count(*) from event")
        .fetch_one(&pool)
        .await
        .expect("counts");
    assert_eq!((events, shop.rows().await.len()), (1, 1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_database_itself_keeps_the_ledger_append_only(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let mut paid = payment("o1", None, 0);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.store
        .record_sale(shop.organization_id, sale(paid))
        .await
        .expect("recorded");
    for attempt in [
        "update ledger_entry set amount_minor = 1",
        "delete from ledger_entry",
        "truncate ledger_entry",
    ] {
        assert!(
            sqlx::query(attempt).execute(&pool).await.is_err(),
            "{attempt}"
        );
    }
    assert_eq!(ledger(&pool).await, [("accrual".to_owned(), 980)]);
}
