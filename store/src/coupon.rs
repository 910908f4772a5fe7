//! Coupons: codes that name an affiliate.

mod list;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    coupon::{Coupon, CouponCode},
    id::{AffiliateId, CampaignId, CouponId, OrganizationId},
};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

pub use self::list::{CouponCursor, CouponFilter, CouponPage, ListedCoupon};
use crate::{
    Store, StoreError, affiliate,
    audit::{self, Actor, Allowed},
    error::{breaks, readable},
    transaction::begin,
};

/// What a new coupon needs.
#[derive(Clone, Debug)]
pub struct NewCoupon {
    /// The code people type.
    pub code: CouponCode,
    /// Whose it is; must be in the campaign.
    pub affiliate_id: AffiliateId,
    /// The campaign it earns under.
    pub campaign_id: CampaignId,
    /// The processor's promotion code, coupon or discount id that stands for it.
    pub processor_discount_id: Option<String>,
    /// From then on it earns nothing. May be in the past: payments that were made before are credited.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What can be changed about a coupon; `None` leaves it, `Some(None)` takes it away. Its code, affiliate and
/// campaign stay: they are what sales were credited by.
#[derive(Clone, Debug, Default)]
pub struct CouponChange {
    /// The processor's promotion code, coupon or discount id that stands for it.
    pub processor_discount_id: Option<Option<String>>,
    /// From then on it earns nothing. May be in the past: then it has ended.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// Why a coupon can't be written.
#[derive(Debug, Error)]
pub enum CouponError {
    /// Another coupon of the organization has this code.
    #[error("another coupon already has the code {0}: choose another, or remove that one")]
    CodeTaken(CouponCode),
    /// Another coupon of the organization stands for this discount.
    #[error("another coupon already stands for that processor discount")]
    DiscountTaken,
    /// There is no such affiliate in the organization.
    #[error("there is no such affiliate")]
    NoAffiliate,
    /// The affiliate is not in the campaign.
    #[error("the affiliate is not in that campaign: add him to it first")]
    NotEnrolled,
    /// There is no such coupon in the organization.
    #[error("there is no such coupon")]
    NotFound,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CouponError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

struct CouponRow {
    coupon_id: Uuid,
    affiliate_id: Uuid,
    campaign_id: Uuid,
    code: String,
    processor_discount_id: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    removed_at: Option<DateTime<Utc>>,
}

impl TryFrom<CouponRow> for Coupon {
    type Error = StoreError;

    fn try_from(row: CouponRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: CouponId(row.coupon_id),
            code: readable(CouponCode::parse(&row.code).ok(), "coupon", "code")?,
            affiliate_id: AffiliateId(row.affiliate_id),
            campaign_id: CampaignId(row.campaign_id),
            processor_discount_id: row.processor_discount_id,
            expires_at: row.expires_at,
            created_at: row.created_at,
            removed_at: row.removed_at,
        })
    }
}

/// The coupons that have or had one of these [`CouponCode::key`]s or processor ids: those that were removed
/// first, the last removed last of them, so that of several with one key the last is the one that counts.
pub(crate) async fn find_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    code_keys: &[String],
    discount_ids: &[String],
) -> Result<Vec<Coupon>, StoreError> {
    let rows = sqlx::query_as!(
        CouponRow,
        "select coupon_id, affiliate_id, campaign_id, code, processor_discount_id, expires_at, created_at,
             removed_at
         from coupon where organization_id = $1 and (code_key = any($2) or processor_discount_id = any($3))
         order by removed_at nulls last, coupon_id",
        organization_id.0,
        code_keys,
        discount_ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Coupon::try_from).collect()
}

impl Store {
    /// Coupons of an organization or of one campaign, newest first.
    pub async fn coupons(
        &self,
        organization_id: OrganizationId,
        campaign_id: Option<CampaignId>,
    ) -> Result<Vec<Coupon>, StoreError> {
        let rows = sqlx::query_as!(
            CouponRow,
            "select coupon_id, affiliate_id, campaign_id, code, processor_discount_id, expires_at, created_at,
                 removed_at
             from coupon where organization_id = $1 and removed_at is null
               and ($2::uuid is null or campaign_id = $2)
             order by coupon_id desc",
            organization_id.0,
            campaign_id.map(|id| id.0),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Coupon::try_from).collect()
    }

    /// One coupon, also one that was removed.
    pub async fn coupon(
        &self,
        organization_id: OrganizationId,
        id: CouponId,
    ) -> Result<Option<Coupon>, StoreError> {
        let row = sqlx::query_as!(
            CouponRow,
            "select coupon_id, affiliate_id, campaign_id, code, processor_discount_id, expires_at, created_at,
                 removed_at
             from coupon where organization_id = $1 and coupon_id = $2",
            organization_id.0,
            id.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(Coupon::try_from).transpose()
    }

    /// The coupon codes of these affiliates, newest first. Who has none is left out.
    pub async fn coupon_codes(
        &self,
        organization_id: OrganizationId,
        affiliates: &[AffiliateId],
    ) -> Result<HashMap<AffiliateId, Vec<String>>, StoreError> {
        let ids: Vec<Uuid> = affiliates.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            "select affiliate_id, code from coupon
             where organization_id = $1 and affiliate_id = any($2) and removed_at is null
             order by coupon_id desc",
            organization_id.0,
            &ids,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut codes: HashMap<AffiliateId, Vec<String>> = HashMap::new();
        for row in rows {
            let own = codes.entry(AffiliateId(row.affiliate_id)).or_default();
            own.push(row.code);
        }
        Ok(codes)
    }

    /// Adds a coupon.
    pub async fn add_coupon(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        new: NewCoupon,
    ) -> Result<Coupon, CouponError> {
        let (actor, now) = (actor.manages()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let affiliates = [new.affiliate_id.0];
        let affiliate = affiliate::by_ids_in(&mut tx, organization_id, &affiliates)
            .await?
            .pop()
            .ok_or(CouponError::NoAffiliate)?;
        if affiliate.enrollment(new.campaign_id).is_none() {
            return Err(CouponError::NotEnrolled);
        }
        let coupon = Coupon {
            id: CouponId(self.new_id(now)),
            code: new.code,
            affiliate_id: new.affiliate_id,
            campaign_id: new.campaign_id,
            processor_discount_id: new.processor_discount_id,
            expires_at: new.expires_at,
            created_at: now,
            removed_at: None,
        };
        insert_in(&mut tx, organization_id, &coupon).await?;
        let entry = audit_entry(actor, coupon.id, "created", coupon.code.as_str());
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(coupon)
    }

    /// Changes a coupon that was not removed; it is returned as it is afterwards. Payments that are
    /// credited already stay so.
    pub async fn change_coupon(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: CouponId,
        change: CouponChange,
    ) -> Result<Coupon, CouponError> {
        let (actor, now) = (actor.manages()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let row = sqlx::query_as!(
            CouponRow,
            "select coupon_id, affiliate_id, campaign_id, code, processor_discount_id, expires_at, created_at,
                 removed_at
             from coupon where organization_id = $1 and coupon_id = $2 and removed_at is null for update",
            organization_id.0,
            id.0,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let old: Coupon = row.ok_or(CouponError::NotFound)?.try_into()?;
        let coupon = Coupon {
            processor_discount_id: change
                .processor_discount_id
                .unwrap_or(old.processor_discount_id),
            expires_at: change.expires_at.unwrap_or(old.expires_at),
            ..old
        };
        update_in(&mut tx, organization_id, &coupon).await?;
        let entry = audit_entry(actor, coupon.id, "changed", coupon.code.as_str());
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(coupon)
    }

    /// Removes a coupon: it names nobody any more, and its code is free again. It is returned as it was.
    pub async fn remove_coupon(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: CouponId,
    ) -> Result<Coupon, CouponError> {
        let (actor, now) = (actor.manages()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let removed = sqlx::query_as!(
            CouponRow,
            "update coupon set removed_at = $3
             where organization_id = $1 and coupon_id = $2 and removed_at is null
             returning coupon_id, affiliate_id, campaign_id, code, processor_discount_id, expires_at,
                 created_at, removed_at",
            organization_id.0,
            id.0,
            now,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let coupon: Coupon = removed.ok_or(CouponError::NotFound)?.try_into()?;
        let entry = audit_entry(actor, id, "removed", coupon.code.as_str());
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(coupon)
    }
}

async fn insert_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    coupon: &Coupon,
) -> Result<(), CouponError> {
    let inserted = sqlx::query!(
        "insert into coupon (organization_id, coupon_id, affiliate_id, campaign_id, code, code_key,
             processor_discount_id, expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        organization_id.0,
        coupon.id.0,
        coupon.affiliate_id.0,
        coupon.campaign_id.0,
        coupon.code.as_str(),
        coupon.code.key(),
        coupon.processor_discount_id,
        coupon.expires_at,
        coupon.created_at,
    )
    .execute(db)
    .await;
    match inserted {
        Err(error) if breaks(&error, "coupon_code") => {
            Err(CouponError::CodeTaken(coupon.code.clone()))
        }
        Err(error) if breaks(&error, "coupon_discount") => Err(CouponError::DiscountTaken),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

async fn update_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    coupon: &Coupon,
) -> Result<(), CouponError> {
    let updated = sqlx::query!(
        "update coupon set processor_discount_id = $3, expires_at = $4
         where organization_id = $1 and coupon_id = $2",
        organization_id.0,
        coupon.id.0,
        coupon.processor_discount_id,
        coupon.expires_at,
    )
    .execute(db)
    .await;
    match updated {
        Err(error) if breaks(&error, "coupon_discount") => Err(CouponError::DiscountTaken),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

fn audit_entry<'a>(
    actor: Allowed,
    id: CouponId,
    action: &'static str,
    detail: &'a str,
) -> audit::Entry<'a> {
    audit::Entry {
        actor,
        subject: "coupon",
        subject_id: id.0,
        action,
        detail,
    }
}
