//! Lists of affiliates, newest first.

use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    id::{AffiliateId, CampaignId, OrganizationId},
};
use serde::Serialize;
use uuid::Uuid;

use super::{AffiliateRow, with_enrollments};
use crate::{
    Store, StoreError,
    cursor::{self, InvalidCursor, List},
};

/// An id and a number of rows.
const PLACE_LENGTH: usize = 24;

/// Which affiliates to list.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct AffiliateFilter {
    /// Only those in this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only those of this status.
    pub status: Option<AffiliateStatus>,
}

/// Where a page of a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After so many rows.
    Offset(i64),
    /// After a row that was seen: who is added meanwhile pushes nobody onto the next page.
    After(AffiliateCursor),
}

/// A row that a page ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AffiliateCursor {
    /// Which.
    pub last: AffiliateId,
    /// How many rows of the list had been seen by then, itself included.
    pub seen: i64,
}

/// A page of affiliates.
#[derive(Clone, Debug)]
pub struct AffiliatePage {
    /// The affiliates.
    pub affiliates: Vec<Affiliate>,
    /// How many there are in all.
    pub total: i64,
    /// Where the list goes on; `None` at its end.
    pub next: Option<AffiliateCursor>,
}

impl Start {
    /// How many rows of the list come before the page.
    pub fn seen(self) -> i64 {
        match self {
            Self::Offset(rows) => rows,
            Self::After(cursor) => cursor.seen,
        }
    }
}

impl Store {
    /// Affiliates, newest first, `limit` of them.
    pub async fn affiliates(
        &self,
        organization_id: OrganizationId,
        filter: AffiliateFilter,
        start: Start,
        limit: i64,
    ) -> Result<AffiliatePage, StoreError> {
        let mut db = self.pool.acquire().await?;
        let campaign = filter.campaign_id.map(|id| id.0);
        let status = filter.status.map(AffiliateStatus::as_str);
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from affiliate a
               where organization_id = $1 and ($2::text is null or status = $2)
                 and ($3::uuid is null or exists (select from enrollment e where e.organization_id = $1
                     and e.affiliate_id = a.affiliate_id and e.campaign_id = $3))"#,
            organization_id.0,
            status,
            campaign,
        )
        .fetch_one(&mut *db)
        .await?;
        let (before, offset) = match start {
            Start::Offset(rows) => (Uuid::max(), rows),
            Start::After(cursor) => (cursor.last.0, 0),
        };
        let mut rows = sqlx::query_as!(
            AffiliateRow,
            "select affiliate_id, name, email, slug, status, recruiter_id, stripe_account_id, created_at
             from affiliate a
             where organization_id = $1 and ($2::text is null or status = $2)
               and ($3::uuid is null or exists (select from enrollment e where e.organization_id = $1
                   and e.affiliate_id = a.affiliate_id and e.campaign_id = $3))
               and affiliate_id < $4
             order by affiliate_id desc offset $5 limit $6",
            organization_id.0,
            status,
            campaign,
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
        let affiliates = with_enrollments(&mut db, organization_id, rows).await?;
        let seen = i64::try_from(affiliates.len()).unwrap_or(i64::MAX);
        let end = affiliates.last().map(|last| AffiliateCursor {
            last: last.id,
            seen: start.seen().saturating_add(seen),
        });
        Ok(AffiliatePage {
            affiliates,
            total,
            next: end.filter(|_| more),
        })
    }

    /// The cursor as text for a caller: bound to the organization and the filter, not to the page's size.
    pub fn seal_affiliate_cursor(
        &self,
        organization_id: OrganizationId,
        filter: AffiliateFilter,
        cursor: AffiliateCursor,
    ) -> String {
        let mut place = [0; PLACE_LENGTH];
        let (id, seen) = place.split_at_mut(16);
        id.copy_from_slice(cursor.last.0.as_bytes());
        seen.copy_from_slice(&cursor.seen.to_be_bytes());
        cursor::seal(&self.vault, &list(organization_id, filter), place)
    }

    /// Reads what [`Store::seal_affiliate_cursor`] made for the same organization and filter.
    pub fn open_affiliate_cursor(
        &self,
        organization_id: OrganizationId,
        filter: AffiliateFilter,
        text: &str,
    ) -> Result<AffiliateCursor, InvalidCursor> {
        let list = list(organization_id, filter);
        let place: [u8; PLACE_LENGTH] = cursor::open(&self.vault, &list, text)?;
        let (id, seen) = place.split_first_chunk::<16>().ok_or(InvalidCursor)?;
        Ok(AffiliateCursor {
            last: AffiliateId(Uuid::from_bytes(*id)),
            seen: i64::from_be_bytes(seen.try_into().map_err(|_| InvalidCursor)?),
        })
    }
}

fn list(organization_id: OrganizationId, filter: AffiliateFilter) -> List<AffiliateFilter> {
    List {
        kind: "affiliate_cursor",
        organization_id,
        filter,
    }
}
