//! Sums agree with the rows.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use domain::{
    conversion::ConversionType,
    lifecycle::Status,
    sales::{ChipCounts, CurrencyTotals, Filter},
};
use serde_json::json;
use sqlx::PgPool;
use store::sales::{Row, Totals};

use super::{Books, every_filter, lets_through, start};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sums_agree_with_the_rows_for_every_filter(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    books.record_mixed(150).await;
    books.sum_up().await;
    let all = books.older_pages(&Filter::default(), 200).await;
    for filter in every_filter(&books) {
        let totals = books.totals(&filter).await;
        let ChipCounts {
            all: count,
            sales,
            leads,
        } = totals.chips;
        let found = (
            totals.by_currency.iter().map(sums).collect(),
            [count, sales, leads],
        );
        assert_eq!(found, added_up(&all, &filter), "{filter:?}");
    }
}

/// Per pair of currencies: sales, amount, commission, and of it pending, approved, paid.
type Sums = BTreeMap<(&'static str, &'static str), [i64; 6]>;

fn sums(of: &CurrencyTotals) -> ((&'static str, &'static str), [i64; 6]) {
    let codes = (of.currency.code(), of.commission_currency.code());
    let shares = [
        of.commission_minor,
        of.pending_minor,
        of.approved_minor,
        of.paid_minor,
    ];
    let [all, first, second, third] = shares;
    (
        codes,
        [of.sales, of.amount_minor, all, first, second, third],
    )
}

/// The sums and the chips' counts, by hand.
fn added_up(rows: &[Row], filter: &Filter) -> (Sums, [i64; 3]) {
    let mut sums = Sums::new();
    let mut chips = [0; 3];
    let of_any_kind = filter.of_any_kind();
    for row in rows.iter().filter(|row| lets_through(&of_any_kind, row)) {
        let sale = &row.conversion;
        let is_sale = i64::from(sale.kind != ConversionType::Lead);
        add(&mut chips, [1, is_sale, 1 - is_sale]);
        if lets_through(filter, row) {
            let due = sale.commission.minor;
            let in_status = |status| if sale.status == status { due } else { 0 };
            let codes = (sale.amount.currency.code(), sale.commission.currency.code());
            let [first, second, third] =
                [Status::Pending, Status::Approved, Status::Paid].map(in_status);
            let row = [is_sale, sale.amount.minor, due, first, second, third];
            add(sums.entry(codes).or_default(), row);
        }
    }
    (sums, chips)
}

fn add<const LENGTH: usize>(sums: &mut [i64; LENGTH], row: [i64; LENGTH]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += value;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_day_whose_rows_all_moved_on_leaves_no_currency_behind(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    books.record(start(), json!({})).await;
    books.sum_up().await;
    let moved = "update conversion_day set conversions = 0, amount_minor = 0, commission_minor = 0";
    sqlx::query(moved)
        .execute(&books.pool)
        .await
        .expect("emptied");
    assert_eq!(books.totals(&Filter::default()).await, Totals::default());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_stands_where_agrees_with_the_lists(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    books.record_mixed(150).await;
    books.sum_up().await;
    let day: NaiveDate = "2026-11-19".parse().expect("a day");
    for campaign_id in [None, Some(books.campaigns[1])] {
        for since in [None, Some(day)] {
            let stats = books
                .store
                .sales_stats(books.organization_id, campaign_id, since);
            let stats = stats.await.expect("sums");
            for status in Status::ALL {
                let filter = Filter {
                    campaign_id,
                    statuses: vec![*status],
                    since: since.map(|day| day.and_time(NaiveTime::MIN).and_utc()),
                    ..Filter::default()
                };
                let there = books.totals(&filter).await;
                let of_status = stats.by_status.iter().filter(|one| one.status == *status);
                let found: i64 = of_status.clone().map(|one| one.conversions).sum();
                assert_eq!(found, there.chips.all, "{filter:?}");
                let found: i64 = of_status.map(|one| one.commission_minor).sum();
                let pairs = there.by_currency.iter();
                assert_eq!(found, pairs.map(|pair| pair.commission_minor).sum::<i64>());
                let partly = Filter {
                    partly_refunded: Some(true),
                    ..filter
                };
                let there = books.totals(&partly).await.chips.all;
                let found = stats.partly_refunded.iter().find(|one| one.0 == *status);
                assert_eq!(found.map_or(0, |one| one.1), there, "{partly:?}");
            }
        }
    }
}
