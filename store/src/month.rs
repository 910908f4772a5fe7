//! The months that events and clicks are kept in: partitions, made ahead of time.

use std::fmt::Display;

use chrono::{DateTime, Datelike, Months, NaiveTime, Utc};
use domain::id::lower_bound;
use sqlx::AssertSqlSafe;

use crate::{Store, StoreError, transaction::begin};

/// How many months are made ahead of time.
const MONTHS_AHEAD: u32 = 3;

/// How long a drop waits, and clicks behind it.
const DROP_PATIENCE: &str = "set local lock_timeout = '100ms'";

impl Store {
    /// Makes the partitions of this month and the next ones. Idempotent; run at start-up and daily.
    pub async fn make_months(&self) -> Result<(), StoreError> {
        for month in (0..=MONTHS_AHEAD).filter_map(|ahead| Month::after(self.now(), ahead)) {
            for sql in [month.of_events(), month.of_clicks()] {
                sqlx::query(AssertSqlSafe(sql)).execute(&self.pool).await?;
            }
        }
        Ok(())
    }
}

impl Store {
    /// Drops the months of clicks that began more than so many months before this one; the sums per day stay.
    /// Returns what was dropped.
    ///
    /// A drop wants the whole table for itself, and whoever comes after it waits behind it. So it gives way at once
    /// to whatever is reading. (A partition beside a default one can't be detached concurrently.)
    ///
    /// # Errors
    /// Below, and where somebody was reading. What could not be dropped is dropped the next time.
    pub async fn drop_old_clicks(&self, months: u32) -> Result<Vec<String>, StoreError> {
        let partitions: Vec<String> = sqlx::query_scalar(
            "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = 'click'::regclass order by 1",
        )
        .fetch_all(&self.pool)
        .await?;
        let first_kept = first_kept(self.now(), months);
        let old = partitions.into_iter().filter(|name| {
            let month = name.strip_prefix("click_").unwrap_or_default();
            is_month(month) && first_kept.as_deref().is_some_and(|first| month < first)
        });
        let old: Vec<String> = old.collect();
        for name in &old {
            // A name of our own making: digits and dashes.
            let sql = format!("drop table if exists {name}");
            let mut tx = begin(&self.pool).await?;
            sqlx::query(DROP_PATIENCE).execute(&mut *tx).await?;
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Ok(old)
    }
}

/// The first month that is kept, as partitions are named: `2024_10`.
fn first_kept(now: DateTime<Utc>, months: u32) -> Option<String> {
    let first = now.date_naive().with_day(1)?;
    let first = first.checked_sub_months(Months::new(months))?;
    Some(first.format("%Y_%m").to_string())
}

fn is_month(name: &str) -> bool {
    name.len() == 7
        && name.char_indices().all(|(at, letter)| match at {
            4 => letter == '_',
            _ => letter.is_ascii_digit(),
        })
}

/// A calendar month; the end is excluded.
struct Month {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Month {
    /// So many months after the one that `now` is in.
    fn after(now: DateTime<Utc>, months: u32) -> Option<Self> {
        let first = now.date_naive().with_day(1)?;
        let first = first.and_time(NaiveTime::MIN).and_utc();
        let from = first.checked_add_months(Months::new(months))?;
        let to = from.checked_add_months(Months::new(1))?;
        Some(Self { from, to })
    }

    /// Events lie by when they happened.
    fn of_events(&self) -> String {
        self.partition("event", self.from.to_rfc3339(), self.to.to_rfc3339())
    }

    /// Clicks lie by their ids, which are of the time of the click.
    fn of_clicks(&self) -> String {
        self.partition("click", lower_bound(self.from), lower_bound(self.to))
    }

    /// Only digits, letters and dashes of our own making go into the text.
    fn partition(&self, table: &str, from: impl Display, to: impl Display) -> String {
        let name = self.from.format("%Y_%m");
        format!(
            "create table if not exists {table}_{name} partition of {table} for values from ('{from}') to ('{to}')"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_months_are_kept_beside_this_one() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("in range"); // 2026-11-18
        assert_eq!(first_kept(now, 25).as_deref(), Some("2024_10"));
        assert!(is_month("2024_10"));
        assert!(!is_month("default") && !is_month("2024-10") && !is_month("2024_1"));
    }

    #[test]
    fn months_follow_each_other_over_the_year() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("in range"); // 2026-11-18
        let month = Month::after(now, 2).expect("a month");
        assert_eq!(
            month.of_events(),
            "create table if not exists event_2027_01 partition of event \
             for values from ('2027-01-01T00:00:00+00:00') to ('2027-02-01T00:00:00+00:00')"
        );
        let first = lower_bound(month.from);
        assert_eq!(
            month.of_clicks(),
            format!(
                "create table if not exists click_2027_01 partition of click \
                 for values from ('{first}') to ('{}')",
                lower_bound(month.to)
            )
        );
    }
}
