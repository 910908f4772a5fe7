//! Flags: suspicions about sales, listed, counted and resolved. They are raised by the intake, in the transaction
//! that records their sale, and resolved by it too: only its writer changes sales.

use chrono::{DateTime, Utc};
use domain::{
    conversion::Conversion,
    fraud::{Evidence, Flag, FlagRule, FlagStatus, MAX_OPEN_COUNT, Resolution},
    id::{AffiliateId, CampaignId, ConversionId, FlagId, OrganizationId},
};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::Actor,
    cursor::{self, InvalidCursor, List},
    error::readable,
    intake::{Answer, IntakeError, Item},
    sales::{Row, by_ids_in},
};

const TABLE: &str = "flag";

/// A member wants a sale to be looked at.
#[derive(Clone, Debug)]
pub struct Flagging {
    /// Which.
    pub conversion_id: ConversionId,
    /// Why.
    pub note: String,
    /// Who wants it.
    pub actor: Actor,
}

/// What a person makes of a flag.
#[derive(Clone, Debug)]
pub struct FlagDecision {
    /// Which flag.
    pub flag_id: FlagId,
    /// What it comes to.
    pub resolution: Resolution,
    /// Why, in his words.
    pub note: Option<String>,
    /// Is the affiliate blocked? With a confirmed flag only.
    pub blocks_affiliate: bool,
    /// Who decides.
    pub actor: Actor,
}

/// Which flags to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlagFilter {
    /// Only those that stand so.
    pub status: Option<FlagStatus>,
    /// Only resolved ones, however.
    pub is_resolved: bool,
    /// Only those of this rule.
    pub rule: Option<FlagRule>,
    /// Only those on this affiliate's sales.
    pub affiliate_id: Option<AffiliateId>,
    /// Only those on this campaign's sales.
    pub campaign_id: Option<CampaignId>,
    /// Only those on this sale.
    pub conversion_id: Option<ConversionId>,
}

/// A flag with the sale it is on.
#[derive(Clone, Debug)]
pub struct FlagView {
    /// The flag.
    pub flag: Flag,
    /// The sale, without its trail.
    pub row: Row,
}

/// Where a page of the list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagStart {
    /// After so many rows.
    Offset(i64),
    /// After a row that was seen: what is raised meanwhile pushes nothing onto the next page.
    After(FlagCursor),
}

/// A row that a page ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagCursor {
    /// Which.
    pub last: FlagId,
    /// How many rows of the list had been seen by then, itself included.
    pub seen: i64,
}

/// A page of flags, newest first.
#[derive(Clone, Debug)]
pub struct FlagPage {
    /// The flags.
    pub flags: Vec<FlagView>,
    /// How many there are in all.
    pub total: i64,
    /// Where the list goes on; `None` at its end.
    pub next: Option<FlagCursor>,
}

/// How many flags stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlagCounts {
    /// Nobody has looked yet.
    pub open: i64,
    /// Looked at.
    pub reviewed: i64,
    /// Unfounded.
    pub dismissed: i64,
    /// True.
    pub confirmed: i64,
}

impl FlagStart {
    /// How many rows of the list come before the page.
    pub fn seen(self) -> i64 {
        match self {
            Self::Offset(rows) => rows,
            Self::After(cursor) => cursor.seen,
        }
    }
}

impl FlagCounts {
    /// All of them.
    pub fn total(&self) -> i64 {
        self.open + self.reviewed + self.dismissed + self.confirmed
    }
}

struct FlagRow {
    flag_id: Uuid,
    conversion_id: Uuid,
    affiliate_id: Uuid,
    campaign_id: Uuid,
    status: String,
    evidence: String,
    created_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    note: Option<String>,
}

impl TryFrom<FlagRow> for Flag {
    type Error = StoreError;

    fn try_from(row: FlagRow) -> Result<Self, StoreError> {
        let evidence: Option<Evidence> = serde_json::from_str(&row.evidence).ok();
        Ok(Self {
            id: FlagId(row.flag_id),
            conversion_id: ConversionId(row.conversion_id),
            affiliate_id: AffiliateId(row.affiliate_id),
            campaign_id: CampaignId(row.campaign_id),
            evidence: readable(evidence, TABLE, "evidence")?,
            status: readable(FlagStatus::parse(&row.status), TABLE, "status")?,
            created_at: row.created_at,
            resolved_at: row.resolved_at,
            note: row.note,
        })
    }
}

/// A checked query of [`FlagRow`]s; what follows is everything after `where organization_id = $1 and`.
macro_rules! flags {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            FlagRow,
            "select flag_id, conversion_id, affiliate_id, campaign_id, status, evidence::text as \"evidence!\", created_at,
                 resolved_at, note
             from flag where organization_id = $1 and " + $rest,
            $($argument),+
        )
    };
}

/// All flags on these sales, oldest first.
pub(crate) async fn of_conversions_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    conversions: &[Uuid],
) -> Result<Vec<Flag>, StoreError> {
    let found = flags!(
        "conversion_id = any($2) order by flag_id",
        organization_id.0,
        conversions,
    );
    let rows = found.fetch_all(db).await?;
    rows.into_iter().map(Flag::try_from).collect()
}

impl Store {
    /// Puts a flag on a sale for somebody to look at; the sale as it is afterwards.
    ///
    /// # Errors
    /// [`IntakeError::NoConversion`], and [`IntakeError::Flag`] when there is nothing to hold or it was flagged for
    /// review before.
    pub async fn flag_sale(
        &self,
        organization_id: OrganizationId,
        flagging: Flagging,
    ) -> Result<Row, IntakeError> {
        flagging.actor.manages()?;
        let flagged = self
            .writer
            .submit(organization_id, Item::Flag(flagging))
            .await?;
        decided(flagged)
    }

    /// Resolves a flag; the sale it was on as it is afterwards.
    ///
    /// # Errors
    /// [`IntakeError::NoFlag`], and [`IntakeError::Flag`] when it was resolved before, or when it is confirmed of a
    /// sale that was paid out.
    pub async fn resolve_flag(
        &self,
        organization_id: OrganizationId,
        decision: FlagDecision,
    ) -> Result<Row, IntakeError> {
        decision.actor.manages()?;
        let blocks_affiliate = decision.blocks_affiliate;
        let resolved = self
            .writer
            .submit(organization_id, Item::Resolve(decision))
            .await?;
        if blocks_affiliate {
            self.directory.forget(&self.pool, organization_id).await;
        }
        decided(resolved)
    }

    /// One flag.
    pub async fn flag(
        &self,
        organization_id: OrganizationId,
        id: FlagId,
    ) -> Result<Option<FlagView>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let found = flags!("flag_id = $2", organization_id.0, id.0);
        let rows = found.fetch_all(&mut *db).await?;
        let views = self.flag_views_in(&mut db, organization_id, rows).await?;
        Ok(views.into_iter().next())
    }

    /// Flags of an organization, newest first, `limit` of them.
    pub async fn flags(
        &self,
        organization_id: OrganizationId,
        filter: FlagFilter,
        start: FlagStart,
        limit: i64,
    ) -> Result<FlagPage, StoreError> {
        let mut db = self.pool.acquire().await?;
        let (affiliate, campaign, sale) = (
            filter.affiliate_id.map(|id| id.0),
            filter.campaign_id.map(|id| id.0),
            filter.conversion_id.map(|id| id.0),
        );
        let (status, rule) = (
            filter.status.map(FlagStatus::as_str),
            filter.rule.map(FlagRule::as_str),
        );
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from flag
               where organization_id = $1 and ($2::text is null or status = $2) and (not $3 or status <> 'open')
                 and ($4::text is null or rule = $4) and ($5::uuid is null or affiliate_id = $5)
                 and ($6::uuid is null or campaign_id = $6) and ($7::uuid is null or conversion_id = $7)"#,
            organization_id.0,
            status,
            filter.is_resolved,
            rule,
            affiliate,
            campaign,
            sale,
        )
        .fetch_one(&mut *db)
        .await?;
        let (before, offset) = match start {
            FlagStart::Offset(rows) => (Uuid::max(), rows),
            FlagStart::After(cursor) => (cursor.last.0, 0),
        };
        let mut rows = flags!(
            "($2::text is null or status = $2) and (not $3 or status <> 'open')
                 and ($4::text is null or rule = $4) and ($5::uuid is null or affiliate_id = $5)
                 and ($6::uuid is null or campaign_id = $6) and ($7::uuid is null or conversion_id = $7)
                 and flag_id < $8
             order by flag_id desc offset $9 limit $10",
            organization_id.0,
            status,
            filter.is_resolved,
            rule,
            affiliate,
            campaign,
            sale,
            before,
            offset,
            // One more than asked for tells whether there are more.
            limit.saturating_add(1),
        )
        .fetch_all(&mut *db)
        .await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let flags = self.flag_views_in(&mut db, organization_id, rows).await?;
        let end = flags.last().map(|last| FlagCursor {
            last: last.flag.id,
            seen: start.seen().saturating_add(shown),
        });
        Ok(FlagPage {
            flags,
            total,
            next: end.filter(|_| more),
        })
    }

    /// Flags with their sales, in the order of the rows.
    async fn flag_views_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        rows: Vec<FlagRow>,
    ) -> Result<Vec<FlagView>, StoreError> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.conversion_id).collect();
        let sales: Vec<Conversion> = by_ids_in(db, organization_id, &ids, &[]).await?;
        let sales = self.rows_in(db, organization_id, sales).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let flag = Flag::try_from(row)?;
            let sale = sales
                .iter()
                .find(|sale| sale.conversion.id == flag.conversion_id);
            let row = readable(sale.cloned(), TABLE, "conversion_id")?;
            views.push(FlagView { flag, row });
        }
        Ok(views)
    }

    /// How many flags stand how.
    pub async fn flag_counts(
        &self,
        organization_id: OrganizationId,
        campaign_id: Option<CampaignId>,
    ) -> Result<FlagCounts, StoreError> {
        let rows = sqlx::query!(
            r#"select status, count(*) as "count!" from flag
               where organization_id = $1 and ($2::uuid is null or campaign_id = $2) group by status"#,
            organization_id.0,
            campaign_id.map(|id| id.0),
        )
        .fetch_all(&self.pool)
        .await?;
        let mut counts = FlagCounts::default();
        for row in rows {
            match readable(FlagStatus::parse(&row.status), TABLE, "status")? {
                FlagStatus::Open => counts.open = row.count,
                FlagStatus::Reviewed => counts.reviewed = row.count,
                FlagStatus::Dismissed => counts.dismissed = row.count,
                FlagStatus::Confirmed => counts.confirmed = row.count,
            }
        }
        Ok(counts)
    }

    /// How many flags are open, counted up to [`MAX_OPEN_COUNT`].
    pub async fn open_flags(&self, organization_id: OrganizationId) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from (
                   select from flag where organization_id = $1 and status = 'open' limit $2) few"#,
            organization_id.0,
            MAX_OPEN_COUNT,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count)
    }

    /// The cursor as text for a caller: bound to the organization and the filter, not to the page's size.
    pub fn seal_flag_cursor(
        &self,
        organization_id: OrganizationId,
        filter: FlagFilter,
        cursor: FlagCursor,
    ) -> String {
        let list = list(organization_id, filter);
        cursor::seal_row(&self.vault, &list, (cursor.last.0, cursor.seen))
    }

    /// Reads what [`Store::seal_flag_cursor`] made for the same organization and filter.
    pub fn open_flag_cursor(
        &self,
        organization_id: OrganizationId,
        filter: FlagFilter,
        text: &str,
    ) -> Result<FlagCursor, InvalidCursor> {
        let list = list(organization_id, filter);
        let (last, seen) = cursor::open_row(&self.vault, &list, text)?;
        Ok(FlagCursor {
            last: FlagId(last),
            seen,
        })
    }
}

/// The one sale that was asked about.
fn decided(answer: Answer) -> Result<Row, IntakeError> {
    match answer {
        Answer::Decided(rows) => rows.into_iter().next().ok_or(IntakeError::Unavailable),
        _ => Err(IntakeError::Unavailable),
    }
}

fn list(organization_id: OrganizationId, filter: FlagFilter) -> List<FlagFilter> {
    List {
        kind: "flag_cursor",
        organization_id,
        filter,
    }
}
