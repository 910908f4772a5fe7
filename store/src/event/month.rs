//! The months that events are kept in: partitions, made ahead of time.

use chrono::{DateTime, Datelike, Months, NaiveTime, Utc};
use sqlx::AssertSqlSafe;

use crate::{Store, StoreError};

/// How many months are made ahead of time.
const MONTHS_AHEAD: u32 = 3;

impl Store {
    /// Makes the event partitions of this month and the next ones. Idempotent; run at start-up and daily.
    pub async fn make_event_months(&self) -> Result<(), StoreError> {
        for ahead in 0..=MONTHS_AHEAD {
            let Some((name, from, to)) = month(self.now(), ahead) else {
                continue;
            };
            // Only digits and dashes of our own making go into the text.
            let sql = format!(
                "create table if not exists {name} partition of event for values from ('{from}') to ('{to}')"
            );
            sqlx::query(AssertSqlSafe(sql)).execute(&self.pool).await?;
        }
        Ok(())
    }
}

/// Name and bounds of the partition `ahead` months after `now`.
fn month(now: DateTime<Utc>, ahead: u32) -> Option<(String, String, String)> {
    let first = now
        .date_naive()
        .with_day(1)?
        .and_time(NaiveTime::MIN)
        .and_utc();
    let from = first.checked_add_months(Months::new(ahead))?;
    let to = from.checked_add_months(Months::new(1))?;
    let name = format!("event_{}", from.format("%Y_%m"));
    Some((name, from.to_rfc3339(), to.to_rfc3339()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_over_the_year() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("in range"); // 2026-11-18
        let (name, from, to) = month(now, 2).expect("a month");
        assert_eq!(name, "event_2027_01");
        assert_eq!((&from[..10], &to[..10]), ("2027-01-01", "2027-02-01"));
    }
}
