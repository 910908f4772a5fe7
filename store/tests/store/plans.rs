//! Which payments of a customer earn, by the dates on which they were paid.

use crate::support::{Shop, clue, payment, percent};
use domain::{
    commission::{self, Plan, Rate},
    conversion::{Conversion, ConversionType},
    fact::{ClueKind, Fact},
    rate::BasisPoints,
};
use sqlx::PgPool;
use store::intake::{IntakeError, Recorded, ServerSale};

async fn ledger(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("select amount_minor from ledger_entry order by ledger_entry_id")
        .fetch_all(pool)
        .await
        .expect("the ledger")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn plans_decide_which_payments_earn(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let once = shop
        .campaign("Once", |terms| {
            terms.plan = Plan {
                rate: Rate::Fixed(500),
                duration: commission::Duration::OneTime,
            };
        })
        .await;
    let months = shop
        .campaign("Two months", |terms| {
            terms.plan = Plan {
                rate: percent(1000),
                duration: commission::Duration::RecurringLimited(2),
            };
        })
        .await;
    shop.affiliate_in("sarah", once).await;
    shop.affiliate_in("jonas", months).await;
    for (slug, expected) in [
        ("sarah", vec![Some(500), None, None]),
        ("jonas", vec![Some(490), Some(490), None]),
    ] {
        for (index, commission) in expected.into_iter().enumerate() {
            let days = [0, 40, 70][index] - 100;
            let mut paid = payment(
                &format!("{slug}_{index}"),
                Some(&format!("sub_{slug}")),
                days,
            );
            paid.ids.customer = Some(format!("cus_{slug}"));
            paid.email = None;
            paid.clues = vec![clue(ClueKind::Slug, slug)];
            let recorded = shop
                .store
                .record_sale(
                    shop.organization_id,
                    ServerSale {
                        payment: paid,
                        kind: None,
                        campaign_id: None,
                    },
                )
                .await;
            match (recorded, commission) {
                (Ok(Recorded::New(row)), Some(minor)) => {
                    assert_eq!(row.conversion.commission.minor, minor)
                }
                (Err(IntakeError::NotDue(_)), None) => {}
                (other, expected) => panic!("{slug} {index}: {other:?}, expected {expected:?}"),
            }
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_payment_that_came_late_but_was_the_first_takes_back_what_the_plan_pays_once(
    pool: PgPool,
) {
    let shop = Shop::open(pool.clone()).await;
    let once = shop
        .campaign("Once", |terms| {
            terms.plan = Plan {
                rate: Rate::Fixed(500),
                duration: commission::Duration::OneTime,
            };
        })
        .await;
    shop.affiliate_in("sarah", once).await;
    for (id, days) in [("in_later", -10), ("in_latest", -5), ("in_first", -40)] {
        let mut paid = payment(id, Some("sub_1"), days);
        paid.clues = vec![clue(ClueKind::Slug, "sarah")];
        shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
            .await;
    }
    let entries = [500, 500, -500];
    let found = ledger(&pool).await;
    assert_eq!(found, entries, "the later payment had been paid for");
    let rows = shop.rows().await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.conversion.kind, row.conversion.commission.minor))
        .collect();
    assert_eq!(
        told,
        [(ConversionType::Sale, 500), (ConversionType::Recurring, 0),]
    );
    let why = rows[1].conversion.clone();
    let why = shop
        .store
        .sale(shop.organization_id, why.id)
        .await
        .expect("reads")
        .expect("is there")
        .conversion
        .trail;
    assert!(
        why.iter()
            .any(|step| step.text.contains("in_first was paid earlier")),
        "{why:?}"
    );
    let differences: i64 = sqlx::query_scalar(
        "select count(*) from (
             select kind, status, count(*)::bigint as n, sum(commission_minor)::bigint as m
             from conversion group by kind, status
             except
             select kind, status, sum(conversions)::bigint, sum(commission_minor)::bigint
             from conversion_day group by kind, status) d",
    )
    .fetch_one(&pool)
    .await
    .expect("counts");
    assert_eq!(differences, 0, "the days say what the rows say");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_recruiters_share_goes_when_its_sale_turns_out_not_to_be_the_first(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let once = shop
        .campaign("Once", |terms| {
            terms.plan.duration = commission::Duration::OneTime;
            terms.override_share = BasisPoints::new(1000).expect("a share");
        })
        .await;
    let rita = shop.affiliate_in("rita", once).await;
    let sarah = shop.affiliate_in("sarah", once).await;
    shop.recruit(&sarah, &rita).await;
    for (id, days) in [("in_later", -10), ("in_first", -40)] {
        let mut paid = payment(id, Some("sub_1"), days);
        paid.clues = vec![clue(ClueKind::Slug, "sarah")];
        shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
            .await;
    }
    for (id, kind, due) in [
        ("in_first", ConversionType::Sale, [980, 98]),
        ("in_later", ConversionType::Recurring, [0, 0]),
    ] {
        let rows = shop.rows_of(id).await;
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.kind, row.commission.minor))
            .collect();
        assert_eq!(told, due.map(|minor| (kind, minor)), "{id}");
    }
    assert_eq!(ledger(&pool).await.iter().sum::<i64>(), 980 + 98);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_payments_of_one_second_the_same_one_is_the_first_in_either_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let once = shop
        .campaign("Once", |terms| {
            terms.plan.duration = commission::Duration::OneTime;
        })
        .await;
    shop.affiliate_in("sarah", once).await;
    for order in [[1, 2], [2, 1]] {
        let name = order.map(|number| number.to_string()).concat();
        let id = |number: i32| format!("in_{name}_{number}");
        for number in order {
            let mut paid = payment(&id(number), Some(&format!("sub_{name}")), 0);
            paid.ids.customer = Some(format!("cus_{name}"));
            paid.email = None;
            paid.clues = vec![clue(ClueKind::Slug, "sarah")];
            let event = format!("evt_{name}_{number}");
            shop.event(&event, vec![Fact::Payment(paid)]).await;
        }
        let first = shop.rows_of(&id(1)).await.remove(0);
        assert_eq!(
            (first.kind, first.commission.minor),
            (ConversionType::Sale, 980)
        );
        let second = shop.rows_of(&id(2)).await;
        let is_recurring = |row: &Conversion| row.kind == ConversionType::Recurring;
        assert!(second.iter().all(is_recurring));
        assert_eq!(
            second.iter().map(|row| row.commission.minor).sum::<i64>(),
            0
        );
    }
}
