//! Lists of coupons with whose they are, newest first, paged by the last row that was seen.

use chrono::{DateTime, Utc};
use domain::{
    coupon::{Coupon, CouponState},
    id::{AffiliateId, CampaignId, CouponId, OrganizationId},
    slug::Slug,
    text::Name,
};
use serde::Serialize;
use uuid::Uuid;

use super::CouponRow;
use crate::{
    Store, StoreError,
    cursor::{self, InvalidCursor, List},
    error::readable,
};

const OLDER: u8 = b'o';
const NEWER: u8 = b'n';

/// A direction and an id.
const PLACE_LENGTH: usize = 17;

/// The longest text that is looked for, in characters; the rest is cut off.
const MAX_TYPED: usize = 100;

/// Which coupons to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CouponFilter {
    /// Only those of this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only those of this affiliate.
    pub affiliate_id: Option<AffiliateId>,
    /// Only those that are so now; without one all but the removed ones.
    pub state: Option<CouponState>,
    /// Only those whose code or processor id begins so, or whose affiliate's name, referral code or e-mail
    /// does, whatever the case.
    pub typed: Option<String>,
}

/// Beside which coupon a page of the list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouponCursor {
    /// On its newer side, or on its older?
    pub newer: bool,
    /// Which.
    pub coupon_id: CouponId,
}

/// A coupon with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCoupon {
    /// The coupon.
    pub coupon: Coupon,
    /// The affiliate's name.
    pub affiliate_name: Name,
    /// The affiliate's referral code.
    pub affiliate_slug: Slug,
}

/// A page of coupons.
#[derive(Clone, Debug)]
pub struct CouponPage {
    /// Newest first.
    pub coupons: Vec<ListedCoupon>,
    /// Where newer ones are, if there are any.
    pub newer: Option<CouponCursor>,
    /// Where older ones are, if there are any.
    pub older: Option<CouponCursor>,
}

struct ListRow {
    coupon_id: Uuid,
    affiliate_id: Uuid,
    campaign_id: Uuid,
    code: String,
    processor_discount_id: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    removed_at: Option<DateTime<Utc>>,
    affiliate_name: String,
    affiliate_slug: String,
}

impl TryFrom<ListRow> for ListedCoupon {
    type Error = StoreError;

    fn try_from(row: ListRow) -> Result<Self, StoreError> {
        let name = Name::parse(&row.affiliate_name).ok();
        let slug = Slug::parse(&row.affiliate_slug).ok();
        let coupon = CouponRow {
            coupon_id: row.coupon_id,
            affiliate_id: row.affiliate_id,
            campaign_id: row.campaign_id,
            code: row.code,
            processor_discount_id: row.processor_discount_id,
            expires_at: row.expires_at,
            created_at: row.created_at,
            removed_at: row.removed_at,
        };
        Ok(Self {
            coupon: coupon.try_into()?,
            affiliate_name: readable(name, "affiliate", "name")?,
            affiliate_slug: readable(slug, "affiliate", "slug")?,
        })
    }
}

/// Reads coupons of one side of a place, in the order in which they lie on it.
macro_rules! coupons {
    ($place:literal, $order:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            ListRow,
            "select c.coupon_id, c.affiliate_id, c.campaign_id, c.code, c.processor_discount_id, c.expires_at,
                 c.created_at, c.removed_at, a.name as affiliate_name, a.slug as affiliate_slug
             from coupon c join affiliate a on a.organization_id = $1 and a.affiliate_id = c.affiliate_id
             where c.organization_id = $1
               and ($3::uuid is null or c.campaign_id = $3) and ($4::uuid is null or c.affiliate_id = $4)
               and case $5::text when 'removed' then c.removed_at is not null
                   when 'expired' then c.removed_at is null and c.expires_at <= $6
                   when 'active' then c.removed_at is null and (c.expires_at is null or c.expires_at > $6)
                   else c.removed_at is null end
               and ($7::text is null or c.code_key like $7 or lower(c.processor_discount_id) like $8
                   or c.affiliate_id in (select f.affiliate_id from affiliate f where f.organization_id = $1
                       and (lower(f.name) like $8 or f.slug like $8 or f.email like $8)))
               and " + $place + " order by c.coupon_id " + $order + " limit $9",
            $($argument),+
        )
    };
}

impl Store {
    /// Coupons, newest first, `limit` of them, from the top or beside one that was seen.
    pub async fn coupon_page(
        &self,
        organization_id: OrganizationId,
        filter: &CouponFilter,
        start: Option<CouponCursor>,
        limit: i64,
    ) -> Result<CouponPage, StoreError> {
        let newer = start.is_some_and(|cursor| cursor.newer);
        let mut rows = self
            .coupon_rows(organization_id, filter, start, limit.saturating_add(1))
            .await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        if newer {
            rows.reverse();
        }
        let place = |newer, row: Option<&ListedCoupon>| {
            row.map(|row| CouponCursor {
                newer,
                coupon_id: row.coupon.id,
            })
        };
        let has_newer = if newer { more } else { start.is_some() };
        let has_older = newer || more;
        Ok(CouponPage {
            newer: place(true, rows.first()).filter(|_| has_newer),
            older: place(false, rows.last()).filter(|_| has_older),
            coupons: rows,
        })
    }

    /// The rows in the order in which they are looked through.
    async fn coupon_rows(
        &self,
        organization_id: OrganizationId,
        filter: &CouponFilter,
        start: Option<CouponCursor>,
        limit: i64,
    ) -> Result<Vec<ListedCoupon>, StoreError> {
        let typed = filter.typed.as_deref().map(begins);
        let key = typed.as_deref().map(str::to_uppercase);
        let text = typed.as_deref().map(str::to_lowercase);
        let arguments = (
            filter.campaign_id.map(|id| id.0),
            filter.affiliate_id.map(|id| id.0),
        );
        let (organization, now) = (organization_id.0, self.now());
        let state = filter.state.map(CouponState::as_str);
        let rows = match start {
            Some(CouponCursor {
                newer: true,
                coupon_id,
            }) => {
                coupons!(
                    "c.coupon_id > $2",
                    "asc",
                    organization,
                    coupon_id.0,
                    arguments.0,
                    arguments.1,
                    state,
                    now,
                    key,
                    text,
                    limit
                )
                .fetch_all(&self.pool)
                .await?
            }
            older => {
                let before = older.map_or(Uuid::max(), |cursor| cursor.coupon_id.0);
                coupons!(
                    "c.coupon_id < $2",
                    "desc",
                    organization,
                    before,
                    arguments.0,
                    arguments.1,
                    state,
                    now,
                    key,
                    text,
                    limit
                )
                .fetch_all(&self.pool)
                .await?
            }
        };
        rows.into_iter().map(ListedCoupon::try_from).collect()
    }

    /// The cursor as text for a caller: bound to the organization and the filter, not to the page's size.
    pub fn seal_coupon_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &CouponFilter,
        cursor: CouponCursor,
    ) -> String {
        let mut place = [if cursor.newer { NEWER } else { OLDER }; PLACE_LENGTH];
        place[1..].copy_from_slice(cursor.coupon_id.0.as_bytes());
        cursor::seal(&self.vault, &list(organization_id, filter), place)
    }

    /// Reads what [`Store::seal_coupon_cursor`] made for the same organization and filter.
    pub fn open_coupon_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &CouponFilter,
        text: &str,
    ) -> Result<CouponCursor, InvalidCursor> {
        let list = list(organization_id, filter);
        let place: [u8; PLACE_LENGTH] = cursor::open(&self.vault, &list, text)?;
        Ok(CouponCursor {
            newer: match place[0] {
                OLDER => false,
                NEWER => true,
                _ => return Err(InvalidCursor),
            },
            coupon_id: CouponId(Uuid::from_slice(&place[1..]).map_err(|_| InvalidCursor)?),
        })
    }
}

/// The pattern of what begins with what was typed.
fn begins(typed: &str) -> String {
    let readable = typed.trim().chars().filter(|letter| !letter.is_control());
    let typed: String = readable.take(MAX_TYPED).collect();
    let plain = typed.replace('\\', "\\\\");
    let plain = plain.replace('%', "\\%").replace('_', "\\_");
    format!("{plain}%")
}

fn list(organization_id: OrganizationId, filter: &CouponFilter) -> List<&CouponFilter> {
    List {
        kind: "coupon_cursor",
        organization_id,
        filter,
    }
}
