//! `/api/v1/programs/{id}/coupons` and `/api/v1/coupons`: codes that name an affiliate.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    coupon::{Coupon, CouponCode},
    id::{AffiliateId, CampaignId, CouponId},
    scope::Scope,
};
use serde::{Deserialize, Serialize};
use store::coupon::{CouponError, NewCoupon};
use utoipa::ToSchema;

use super::{
    Reply,
    field::{Id, external_id, instant},
    page::Page,
    programs,
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// A coupon as this dialect shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Coupon)]
struct CouponRow<'a> {
    id: CouponId,
    code: &'a str,
    affiliate_id: AffiliateId,
    program_id: CampaignId,
    processor_discount_id: Option<&'a str>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl<'a> From<&'a Coupon> for CouponRow<'a> {
    fn from(coupon: &'a Coupon) -> Self {
        Self {
            id: coupon.id,
            code: coupon.code.as_str(),
            affiliate_id: coupon.affiliate_id,
            program_id: coupon.campaign_id,
            processor_discount_id: coupon.processor_discount_id.as_deref(),
            expires_at: coupon.expires_at,
            created_at: coupon.created_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewCoupon)]
pub(crate) struct NewBody {
    affiliate_id: AffiliateId,
    code: CouponCode,
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<String>,
    #[schema(min_length = 1, max_length = 255, example = "promo_1A2b3C")]
    processor_discount_id: Option<String>,
}

impl NewBody {
    fn read(self, campaign_id: CampaignId) -> Result<NewCoupon, Problem> {
        let discount = |text: String| external_id("processorDiscountId", &text);
        Ok(NewCoupon {
            code: self.code,
            affiliate_id: self.affiliate_id,
            campaign_id,
            processor_discount_id: self.processor_discount_id.map(discount).transpose()?,
            expires_at: instant("expiresAt", self.expires_at.as_deref())?,
        })
    }
}

impl From<CouponError> for Problem {
    fn from(error: CouponError) -> Self {
        match error {
            CouponError::CodeTaken(_) => Self::conflict("code_taken", error.to_string()),
            CouponError::DiscountTaken => Self::conflict("discount_taken", error.to_string()),
            CouponError::NoAffiliate => Self::not_found_in("affiliateId", "affiliate"),
            CouponError::NotEnrolled => Self::invalid("affiliateId", error.to_string()),
            CouponError::NotFound => Self::not_found("coupon"),
            CouponError::Store(error) => error.into(),
        }
    }
}

/// Lists the coupons of a program.
///
/// Newest first; all of them unless a page is asked for.
#[utoipa::path(
    get, path = "/programs/{id}/coupons", tag = "Coupons",
    params(("id" = CampaignId, Path), Page),
    responses((status = 200, body = Vec<CouponRow>)),
    security(("key" = ["programs:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<CampaignId>,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ProgramsRead)?;
    let page = Page::asked(&mut query)?;
    query.done()?;
    let campaign = programs::find(&state, organization_id, id).await?;
    let coupons = state
        .store
        .coupons(organization_id, Some(campaign.id))
        .await?;
    let page = page.unwrap_or(Page::holding(coupons.len()));
    let (total, coupons) = page.cut(coupons);
    let rows: Vec<_> = coupons.iter().map(CouponRow::from).collect();
    Ok(reply.list(&page, total, &rows))
}

/// Gives an affiliate a coupon.
///
/// A sale with this code is credited to the affiliate.
#[utoipa::path(
    post, path = "/programs/{id}/coupons", tag = "Coupons",
    params(("id" = CampaignId, Path)),
    request_body = NewBody,
    responses((status = 201, body = CouponRow), (status = 409)),
    security(("key" = ["programs:write"]))
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<CampaignId>,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ProgramsWrite)?;
    let campaign = programs::find(&state, organization_id, id).await?;
    let new = body.read(campaign.id)?;
    let coupon = state
        .store
        .add_coupon(caller.actor(), organization_id, new)
        .await?;
    Ok(reply.created(CouponRow::from(&coupon)))
}

/// Removes a coupon.
///
/// The answer shows what was removed.
#[utoipa::path(
    delete, path = "/coupons/{id}", tag = "Coupons",
    params(("id" = CouponId, Path)),
    responses((status = 200, body = CouponRow)),
    security(("key" = ["programs:write"]))
)]
pub(super) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<CouponId>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::ProgramsWrite)?;
    let removed = state
        .store
        .remove_coupon(caller.actor(), organization_id, id)
        .await?;
    Ok(reply.ok(CouponRow::from(&removed)))
}
