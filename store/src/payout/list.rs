//! Payouts listed, summed up, and what each of them pays.

use chrono::{DateTime, Utc};
use domain::{
    id::{
        AffiliateId, CampaignId, ConversionId, LedgerEntryId, OrganizationId, PayoutBatchId,
        PayoutId, lower_bound,
    },
    ledger::EntryKind,
    money::{Currency, Money},
    payout::{PayoutMethod, PayoutStatus},
};
use serde::Serialize;
use uuid::Uuid;

use super::{PayoutView, TABLE, by_ids_in, payouts};
use crate::{
    Store, StoreError,
    cursor::{self, InvalidCursor, List},
    error::readable,
    sales::{Row, by_ids_in as sales_in},
};

/// Which payouts to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PayoutFilter {
    /// Only those that stand so.
    pub status: Option<PayoutStatus>,
    /// Only this affiliate's.
    pub affiliate_id: Option<AffiliateId>,
    /// Only those of this campaign alone.
    pub campaign_id: Option<CampaignId>,
    /// Only those of this run.
    pub batch_id: Option<PayoutBatchId>,
    /// Only those in this currency.
    pub currency: Option<Currency>,
    /// Only those that are paid so.
    pub method: Option<PayoutMethod>,
    /// Only those made at or after.
    pub since: Option<DateTime<Utc>>,
    /// Only those made before.
    pub until: Option<DateTime<Utc>>,
}

/// Where a page of the list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutStart {
    /// After so many rows.
    Offset(i64),
    /// After a row that was seen: what is made meanwhile pushes nothing onto the next page.
    After(PayoutCursor),
}

/// A row that a page ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayoutCursor {
    /// Which.
    pub last: PayoutId,
    /// How many rows of the list had been seen by then, itself included.
    pub seen: i64,
}

/// A page of payouts, newest first.
#[derive(Clone, Debug)]
pub struct PayoutPage {
    /// The payouts.
    pub payouts: Vec<PayoutView>,
    /// How many there are in all.
    pub total: i64,
    /// Where the list goes on; `None` at its end.
    pub next: Option<PayoutCursor>,
}

/// What payouts add up to in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayoutSums {
    /// Completed.
    pub paid: Money,
    /// Pending or processing.
    pub pending: Money,
    /// How many there are of these.
    pub count: i64,
}

/// An entry that a payout takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidRow {
    /// Which.
    pub entry_id: LedgerEntryId,
    /// The conversion it is of, without its trail; `None`: a correction.
    pub row: Option<Row>,
    /// Why it was written.
    pub kind: EntryKind,
    /// How much, with its sign.
    pub amount: Money,
    /// Why, in words.
    pub reason: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A part of what a payout takes, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutRows {
    /// The entries. Of a payout that failed, those that it gave back.
    pub rows: Vec<PaidRow>,
    /// How many there are in all.
    pub total: i64,
}

impl PayoutStart {
    /// How many rows of the list come before the page.
    pub fn seen(self) -> i64 {
        match self {
            Self::Offset(rows) => rows,
            Self::After(cursor) => cursor.seen,
        }
    }
}

/// The values that a filter's query takes.
struct Wanted {
    status: Option<&'static str>,
    affiliate: Option<Uuid>,
    campaign: Option<Uuid>,
    batch: Option<Uuid>,
    currency: Option<&'static str>,
    method: Option<&'static str>,
    since: Uuid,
    until: Uuid,
}

impl From<PayoutFilter> for Wanted {
    fn from(filter: PayoutFilter) -> Self {
        Self {
            status: filter.status.map(PayoutStatus::as_str),
            affiliate: filter.affiliate_id.map(|id| id.0),
            campaign: filter.campaign_id.map(|id| id.0),
            batch: filter.batch_id.map(|id| id.0),
            currency: filter.currency.map(Currency::code),
            method: filter.method.map(PayoutMethod::as_str),
            since: filter.since.map_or(Uuid::nil(), lower_bound),
            until: filter.until.map_or(Uuid::max(), lower_bound),
        }
    }
}

impl Store {
    /// One payout.
    ///
    /// # Errors
    /// Below.
    pub async fn payout(
        &self,
        organization_id: OrganizationId,
        id: PayoutId,
    ) -> Result<Option<PayoutView>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let found = by_ids_in(&mut db, organization_id, &[id.0]).await?;
        Ok(found.into_iter().next())
    }

    /// Payouts of an organization, newest first, `limit` of them.
    ///
    /// # Errors
    /// Below.
    pub async fn payouts(
        &self,
        organization_id: OrganizationId,
        filter: PayoutFilter,
        start: PayoutStart,
        limit: i64,
    ) -> Result<PayoutPage, StoreError> {
        let mut db = self.pool.acquire().await?;
        let wanted = Wanted::from(filter);
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from payout p
               where p.organization_id = $1 and ($2::text is null or p.status = $2)
                 and ($3::uuid is null or p.affiliate_id = $3) and ($4::uuid is null or p.campaign_id = $4)
                 and ($5::uuid is null or p.payout_batch_id = $5) and ($6::text is null or p.currency = $6)
                 and ($7::text is null or p.method = $7) and p.payout_id >= $8 and p.payout_id < $9"#,
            organization_id.0,
            wanted.status,
            wanted.affiliate,
            wanted.campaign,
            wanted.batch,
            wanted.currency,
            wanted.method,
            wanted.since,
            wanted.until,
        )
        .fetch_one(&mut *db)
        .await?;
        let (before, offset) = match start {
            PayoutStart::Offset(rows) => (Uuid::max(), rows),
            PayoutStart::After(cursor) => (cursor.last.0, 0),
        };
        let rows = payouts!(
            "($2::text is null or p.status = $2)
                 and ($3::uuid is null or p.affiliate_id = $3) and ($4::uuid is null or p.campaign_id = $4)
                 and ($5::uuid is null or p.payout_batch_id = $5) and ($6::text is null or p.currency = $6)
                 and ($7::text is null or p.method = $7) and p.payout_id >= $8 and p.payout_id < $9
             order by p.payout_id desc offset $10 limit $11",
            organization_id.0,
            wanted.status,
            wanted.affiliate,
            wanted.campaign,
            wanted.batch,
            wanted.currency,
            wanted.method,
            wanted.since,
            wanted.until.min(before),
            offset,
            // One more than asked for tells whether there are more.
            limit.saturating_add(1),
        );
        let mut rows = rows.fetch_all(&mut *db).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let found: Result<Vec<PayoutView>, _> =
            rows.into_iter().map(PayoutView::try_from).collect();
        let found = found?;
        let end = found.last().map(|last| PayoutCursor {
            last: last.payout.id,
            seen: start.seen().saturating_add(shown),
        });
        Ok(PayoutPage {
            payouts: found,
            total,
            next: end.filter(|_| more),
        })
    }

    /// What payouts made since then add up to, by currency; those that failed are left out.
    ///
    /// # Errors
    /// Below.
    pub async fn payout_stats(
        &self,
        organization_id: OrganizationId,
        campaign_id: Option<CampaignId>,
        since: Option<DateTime<Utc>>,
    ) -> Result<Vec<PayoutSums>, StoreError> {
        let rows = sqlx::query!(
            r#"select currency, count(*) as "count!",
                   coalesce(sum(amount_minor) filter (where status = 'completed'), 0)::bigint as "paid!",
                   coalesce(sum(amount_minor) filter (where status <> 'completed'), 0)::bigint as "pending!"
               from payout
               where organization_id = $1 and status <> 'failed' and ($2::uuid is null or campaign_id = $2)
                   and payout_id >= $3
               group by currency order by currency"#,
            organization_id.0,
            campaign_id.map(|id| id.0),
            since.map_or(Uuid::nil(), lower_bound),
        )
        .fetch_all(&self.pool)
        .await?;
        let mut sums = Vec::with_capacity(rows.len());
        for row in rows {
            let currency = readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?;
            sums.push(PayoutSums {
                paid: Money::new(row.paid, currency),
                pending: Money::new(row.pending, currency),
                count: row.count,
            });
        }
        Ok(sums)
    }

    /// What a payout takes, oldest first: `limit` entries after `offset` others.
    ///
    /// # Errors
    /// Below.
    pub async fn payout_rows(
        &self,
        organization_id: OrganizationId,
        id: PayoutId,
        offset: i64,
        limit: i64,
    ) -> Result<PayoutRows, StoreError> {
        let mut db = self.pool.acquire().await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from payout_entry t
               join payout p on p.organization_id = $1 and p.payout_id = t.payout_id
               where t.organization_id = $1 and t.payout_id = $2
                   and (t.released_at is null or t.released_at = p.failed_at)"#,
            organization_id.0,
            id.0,
        )
        .fetch_one(&mut *db)
        .await?;
        let entries = sqlx::query!(
            "select e.ledger_entry_id, e.conversion_id, e.kind, e.amount_minor, e.currency, e.reason, e.created_at
             from payout_entry t
             join payout p on p.organization_id = $1 and p.payout_id = t.payout_id
             join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
             where t.organization_id = $1 and t.payout_id = $2
                 and (t.released_at is null or t.released_at = p.failed_at)
             order by t.ledger_entry_id offset $3 limit $4",
            organization_id.0,
            id.0,
            offset,
            limit,
        )
        .fetch_all(&mut *db)
        .await?;
        let ids: Vec<Uuid> = entries.iter().filter_map(|row| row.conversion_id).collect();
        let sales = sales_in(&mut db, organization_id, &ids, &[]).await?;
        let sales = self.rows_in(&mut db, organization_id, sales).await?;
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            const TABLE: &str = "ledger_entry";
            let currency = readable(Currency::parse(&entry.currency).ok(), TABLE, "currency")?;
            let conversion_id = entry.conversion_id.map(ConversionId);
            let row = sales
                .iter()
                .find(|sale| Some(sale.conversion.id) == conversion_id);
            rows.push(PaidRow {
                entry_id: LedgerEntryId(entry.ledger_entry_id),
                row: row.cloned(),
                kind: readable(EntryKind::parse(&entry.kind), TABLE, "kind")?,
                amount: Money::new(entry.amount_minor, currency),
                reason: entry.reason,
                created_at: entry.created_at,
            });
        }
        Ok(PayoutRows { rows, total })
    }

    /// The cursor as text for a caller: bound to the organization and the filter, not to the page's size.
    pub fn seal_payout_cursor(
        &self,
        organization_id: OrganizationId,
        filter: PayoutFilter,
        cursor: PayoutCursor,
    ) -> String {
        let list = list(organization_id, filter);
        cursor::seal_row(&self.vault, &list, (cursor.last.0, cursor.seen))
    }

    /// Reads what [`Store::seal_payout_cursor`] made for the same organization and filter.
    ///
    /// # Errors
    /// [`InvalidCursor`] for anything else.
    pub fn open_payout_cursor(
        &self,
        organization_id: OrganizationId,
        filter: PayoutFilter,
        text: &str,
    ) -> Result<PayoutCursor, InvalidCursor> {
        let list = list(organization_id, filter);
        let (last, seen) = cursor::open_row(&self.vault, &list, text)?;
        Ok(PayoutCursor {
            last: PayoutId(last),
            seen,
        })
    }
}

fn list(organization_id: OrganizationId, filter: PayoutFilter) -> List<PayoutFilter> {
    List {
        kind: "payout_cursor",
        organization_id,
        filter,
    }
}
