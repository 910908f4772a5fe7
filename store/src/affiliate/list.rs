//! Lists of affiliates, newest first: an index for every filter, in the list's order.

use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    id::{AffiliateId, CampaignId, OrganizationId},
};
use serde::Serialize;
use sqlx::{Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::search::{after_all_beginning_with, cleaned};
use crate::{
    Store, StoreError,
    cursor::{self, InvalidCursor, List},
};

const OLDER: u8 = b'o';
const NEWER: u8 = b'n';

/// A direction, an id and a number of rows.
const PLACE_LENGTH: usize = 25;

/// Which affiliates to list.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AffiliateFilter {
    /// Only those in this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only those of this status.
    pub status: Option<AffiliateStatus>,
    /// Leaves out who was removed.
    pub without_removed: bool,
    /// Only those whose name, referral code or e-mail begins with it, whatever the case; empty: all.
    pub typed: String,
}

/// Where a page of a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After so many rows.
    Offset(i64),
    /// Beside a row that was seen: who is added meanwhile pushes nobody onto the next page.
    Beside(AffiliateCursor),
}

/// Beside which row a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AffiliateCursor {
    /// On its newer side, or on its older?
    pub newer: bool,
    /// Which row.
    pub row: AffiliateId,
    /// How many rows of the list come before the page, where that is known; else 0.
    pub seen: i64,
}

/// A page of affiliates.
#[derive(Clone, Debug)]
pub struct AffiliatePage {
    /// The affiliates.
    pub affiliates: Vec<Affiliate>,
    /// Where the list goes on; `None` at its end.
    pub older: Option<AffiliateCursor>,
    /// Where the rows before the page are; `None` at the top.
    pub newer: Option<AffiliateCursor>,
}

impl Start {
    /// How many rows of the list come before the page.
    pub fn seen(self) -> i64 {
        match self {
            Self::Offset(rows) => rows,
            Self::Beside(cursor) => cursor.seen,
        }
    }
}

impl AffiliateCursor {
    fn place(self) -> [u8; PLACE_LENGTH] {
        let mut place = [if self.newer { NEWER } else { OLDER }; PLACE_LENGTH];
        place[1..17].copy_from_slice(self.row.0.as_bytes());
        place[17..].copy_from_slice(&self.seen.to_be_bytes());
        place
    }

    fn at(place: &[u8; PLACE_LENGTH]) -> Result<Self, InvalidCursor> {
        let seen = place[17..].try_into().map_err(|_| InvalidCursor)?;
        Ok(Self {
            newer: match place[0] {
                OLDER => false,
                NEWER => true,
                _ => return Err(InvalidCursor),
            },
            row: AffiliateId(Uuid::from_slice(&place[1..17]).map_err(|_| InvalidCursor)?),
            seen: i64::from_be_bytes(seen),
        })
    }
}

impl Store {
    /// Affiliates, newest first, `limit` of them, as this process knows them (see [`crate::directory`]).
    pub async fn affiliates(
        &self,
        organization_id: OrganizationId,
        filter: &AffiliateFilter,
        start: Start,
        limit: i64,
    ) -> Result<AffiliatePage, StoreError> {
        let mut db = self.pool.acquire().await?;
        // One more than asked for tells whether there are more.
        let mut sql = statement(organization_id, filter, start, limit.saturating_add(1));
        // Status and text decide how best to look: no plan is kept for others.
        let is_any = filter.status.is_none() && filter.typed.is_empty();
        let query = sql.build().persistent(is_any);
        let rows = query.fetch_all(&mut *db).await?;
        let ids: Result<Vec<AffiliateId>, sqlx::Error> = rows
            .iter()
            .map(|row| Ok(AffiliateId(row.try_get(0)?)))
            .collect();
        let mut ids = ids?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = ids.len() > size;
        ids.truncate(size);
        let known = self.directory.affiliates_in(&mut db, organization_id, &ids);
        let known = known.await?;
        let found = ids.iter().filter_map(|id| known.get(id));
        let found = found.map(|affiliate| affiliate.as_ref().clone()).collect();
        Ok(page(found, start, more))
    }

    /// How many affiliates the filter lets through.
    pub async fn count_affiliates(
        &self,
        organization_id: OrganizationId,
        filter: &AffiliateFilter,
    ) -> Result<i64, StoreError> {
        let mut sql = QueryBuilder::new("select count(*)");
        condition(&mut sql, organization_id, filter);
        Ok(sql.build_query_scalar().fetch_one(&self.pool).await?)
    }

    /// The cursor as text for a caller: bound to the organization and the filter, not to the page's size.
    pub fn seal_affiliate_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &AffiliateFilter,
        cursor: AffiliateCursor,
    ) -> String {
        cursor::seal(&self.vault, &list(organization_id, filter), cursor.place())
    }

    /// Reads what [`Store::seal_affiliate_cursor`] made for the same organization and filter.
    pub fn open_affiliate_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &AffiliateFilter,
        text: &str,
    ) -> Result<AffiliateCursor, InvalidCursor> {
        let place = cursor::open(&self.vault, &list(organization_id, filter), text)?;
        AffiliateCursor::at(&place)
    }
}

/// The ids of the page in the order of reading.
fn statement(
    organization_id: OrganizationId,
    filter: &AffiliateFilter,
    start: Start,
    limit: i64,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("select a.affiliate_id");
    condition(&mut sql, organization_id, filter);
    let (beside, offset) = match start {
        Start::Offset(rows) => (None, rows),
        Start::Beside(cursor) => (Some(cursor), 0),
    };
    let newer = beside.is_some_and(|cursor| cursor.newer);
    if let Some(cursor) = beside {
        sql.push(" and a.affiliate_id ")
            .push(if newer { "> " } else { "< " })
            .push_bind(cursor.row.0);
    }
    sql.push(" order by a.affiliate_id ")
        .push(if newer { "asc" } else { "desc" })
        .push(" limit ")
        .push_bind(limit)
        .push(" offset ")
        .push_bind(offset);
    sql
}

/// What affiliates must fulfil to be in the list.
pub(super) fn condition(
    sql: &mut QueryBuilder<Postgres>,
    organization_id: OrganizationId,
    filter: &AffiliateFilter,
) {
    sql.push(" from affiliate a");
    if let Some(campaign_id) = filter.campaign_id {
        sql.push(" join enrollment e on e.organization_id = ")
            .push_bind(organization_id.0)
            .push(" and e.affiliate_id = a.affiliate_id and e.campaign_id = ")
            .push_bind(campaign_id.0);
    }
    sql.push(" where a.organization_id = ")
        .push_bind(organization_id.0);
    if let Some(status) = filter.status {
        sql.push(" and a.status = ").push_bind(status.as_str());
    }
    if filter.without_removed {
        sql.push(" and a.status <> 'removed'");
    }
    let typed = cleaned(&filter.typed);
    if typed.is_empty() {
        return;
    }
    for (before, column) in [
        (" and (", "lower(a.name)"),
        (" or ", "a.slug"),
        (" or ", "a.email"),
    ] {
        sql.push(format!("{before}({column} ~>=~ lower("))
            .push_bind(typed.clone())
            .push(format!(") and {column} ~<~ lower("))
            .push_bind(after_all_beginning_with(&typed))
            .push("))");
    }
    sql.push(")");
}

/// Affiliates, newest first, as a page. Where one came from, the list goes on.
fn page(mut affiliates: Vec<Affiliate>, start: Start, more: bool) -> AffiliatePage {
    let (is_older, is_newer) = match start {
        Start::Offset(rows) => (more, rows > 0),
        Start::Beside(cursor) if cursor.newer => (true, more),
        Start::Beside(_) => (more, true),
    };
    affiliates.sort_unstable_by_key(|affiliate| std::cmp::Reverse(affiliate.id));
    let shown = i64::try_from(affiliates.len()).unwrap_or(i64::MAX);
    let beside = |row: &Affiliate, newer: bool| AffiliateCursor {
        newer,
        row: row.id,
        seen: if newer {
            0
        } else {
            start.seen().saturating_add(shown)
        },
    };
    AffiliatePage {
        older: affiliates
            .last()
            .map(|last| beside(last, false))
            .filter(|_| is_older),
        newer: affiliates
            .first()
            .map(|first| beside(first, true))
            .filter(|_| is_newer),
        affiliates,
    }
}

fn list(organization_id: OrganizationId, filter: &AffiliateFilter) -> List<&AffiliateFilter> {
    List {
        kind: "affiliate_cursor",
        organization_id,
        filter,
    }
}
