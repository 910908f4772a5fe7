//! How many clicks and leads were paid for per day: what a campaign's caps are held against, and which clicks are
//! rolled up. Read under the organization's lock and written with the conversions that pay them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::{
    cap::Used,
    id::{AffiliateId, CampaignId, OrganizationId},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Item, keys::Keys};
use crate::{StoreError, columns::columns};

/// What is paid for one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Click,
    Lead,
}

impl Unit {
    fn as_str(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Lead => "lead",
        }
    }
}

/// Whose, of what, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PaidKey {
    pub(super) affiliate_id: AffiliateId,
    pub(super) campaign_id: CampaignId,
    pub(super) unit: Unit,
    pub(super) day: NaiveDate,
}

/// How many came, and how many of them were paid for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PaidDay {
    pub(super) came: u32,
    pub(super) paid: u32,
}

/// The days that may concern a batch.
#[derive(Default)]
pub(super) struct PaidDays {
    days: BTreeMap<PaidKey, PaidDay>,
    changed: BTreeSet<PaidKey>,
}

impl PaidDays {
    /// How many of the day were counted.
    pub(super) fn came(&self, key: PaidKey) -> u32 {
        self.days.get(&key).map_or(0, |day| day.came)
    }

    /// What was paid for on the day and in its month.
    pub(super) fn used(&self, key: PaidKey) -> Used {
        let first = key.day.with_day(1).unwrap_or(key.day);
        let month = self.days.range(PaidKey { day: first, ..key }..);
        let month = month.take_while(|(other, _)| {
            let same = PaidKey {
                day: key.day,
                ..**other
            };
            same == key
                && (other.day.year(), other.day.month()) == (key.day.year(), key.day.month())
        });
        Used {
            day: self.days.get(&key).map_or(0, |day| day.paid),
            month: month.fold(0, |sum, (_, day)| sum.saturating_add(day.paid)),
        }
    }

    pub(super) fn add(&mut self, key: PaidKey, came: u32, paid: u32) {
        if came == 0 && paid == 0 {
            return;
        }
        let day = self.days.entry(key).or_default();
        day.came = day.came.saturating_add(came);
        day.paid = day.paid.saturating_add(paid);
        self.changed.insert(key);
    }

    /// The days that changed, as they are now.
    pub(super) fn into_writes(mut self) -> Vec<(PaidKey, PaidDay)> {
        let changed = std::mem::take(&mut self.changed);
        let now = |key: PaidKey| Some((key, *self.days.get(&key)?));
        changed.into_iter().filter_map(now).collect()
    }
}

/// The months, in whole days, that the batch's leads and clicks lie in.
fn months(keys: &Keys, items: &[Item]) -> Option<(NaiveDate, NaiveDate)> {
    let hours = items.iter().filter_map(|item| match item {
        Item::Clicks(clicks) => Some(clicks.hour.from),
        _ => None,
    });
    let times: Vec<DateTime<Utc>> = keys.signed_up.iter().copied().chain(hours).collect();
    let first = times.iter().min()?.date_naive();
    let last = times.iter().max()?.date_naive();
    // An hour may look back into the month before.
    let from = first.pred_opt()?.with_day(1)?;
    Some((
        from,
        last.with_day(1)?
            .checked_add_months(chrono::Months::new(1))?,
    ))
}

/// Reads them for the affiliates who may be credited.
pub(super) async fn paid_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &Keys,
    items: &[Item],
    affiliates: &[AffiliateId],
) -> Result<PaidDays, StoreError> {
    let mut paid = PaidDays::default();
    let Some((from, until)) = months(keys, items) else {
        return Ok(paid);
    };
    let affiliates: Vec<Uuid> = affiliates.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select affiliate_id, campaign_id, kind, day, came, paid from paid_day
         where organization_id = $1 and affiliate_id = any($2) and day >= $3 and day < $4",
        organization_id.0,
        &affiliates,
        from,
        until,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        let key = PaidKey {
            affiliate_id: AffiliateId(row.affiliate_id),
            campaign_id: CampaignId(row.campaign_id),
            unit: if row.kind == Unit::Click.as_str() {
                Unit::Click
            } else {
                Unit::Lead
            },
            day: row.day,
        };
        let number = |column: i32| u32::try_from(column).unwrap_or(0);
        let day = PaidDay {
            came: number(row.came),
            paid: number(row.paid),
        };
        paid.days.insert(key, day);
    }
    Ok(paid)
}

/// Puts them down.
pub(super) async fn keep_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    days: &[(PaidKey, PaidDay)],
) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    let column = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    columns!(days, (key, day) => {
        affiliates: Uuid = key.affiliate_id.0,
        campaigns: Uuid = key.campaign_id.0,
        kinds: String = key.unit.as_str().to_owned(),
        dates: NaiveDate = key.day,
        came: i32 = column(day.came),
        paid: i32 = column(day.paid),
    });
    sqlx::query!(
        "insert into paid_day (organization_id, affiliate_id, campaign_id, kind, day, came, paid)
         select $1::uuid, p.affiliate, p.campaign, p.kind, p.day, p.came, p.paid
         from unnest($2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::integer[], $7::integer[])
             as p (affiliate, campaign, kind, day, came, paid)
         on conflict (organization_id, affiliate_id, campaign_id, kind, day) do update
         set came = excluded.came, paid = excluded.paid",
        organization_id.0,
        &affiliates,
        &campaigns,
        &kinds,
        &dates,
        &came,
        &paid,
    )
    .execute(db)
    .await?;
    Ok(())
}
