//! From click to lead to sale, from the days' roll-ups.

use chrono::NaiveDate;
use domain::id::{AffiliateId, CampaignId, OrganizationId};

use crate::{Store, StoreError};

/// How many came how far. A recruiter's shares are not his own leads and sales, and what is paid for clicks is
/// no lead; what was imported came through another platform's links, and mostly on other days. What was denied came
/// nowhere, what was refunded did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Visits through links.
    pub clicks: i64,
    /// Free signups.
    pub leads: i64,
    /// First and one-off payments: later payments on a subscription are the same customer's.
    pub sales: i64,
}

impl Store {
    /// An affiliate's, in all campaigns, from the UTC day `since` on.
    pub async fn affiliate_funnel(
        &self,
        organization_id: OrganizationId,
        affiliate_id: AffiliateId,
        since: NaiveDate,
    ) -> Result<Funnel, StoreError> {
        let funnel = sqlx::query_as!(
            Funnel,
            r#"select coalesce((select sum(clicks) from click_day
                   where organization_id = $1 and affiliate_id = $2 and day >= $3), 0)::bigint as "clicks!",
                   coalesce(sum(conversions) filter (where kind = 'lead'), 0)::bigint as "leads!",
                   coalesce(sum(conversions) filter (where kind = 'sale'), 0)::bigint as "sales!"
               from affiliate_day
               where organization_id = $1 and affiliate_id = $2 and day >= $3
                   and source not in ('override', 'click', 'imported') and status <> 'denied'"#,
            organization_id.0,
            affiliate_id.0,
            since,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(funnel)
    }

    /// A campaign's, of all affiliates, from the UTC day `since` on.
    pub async fn campaign_funnel(
        &self,
        organization_id: OrganizationId,
        campaign_id: CampaignId,
        since: NaiveDate,
    ) -> Result<Funnel, StoreError> {
        let funnel = sqlx::query_as!(
            Funnel,
            r#"select coalesce((select sum(clicks) from click_day
                   where organization_id = $1 and campaign_id = $2 and day >= $3), 0)::bigint as "clicks!",
                   coalesce(sum(conversions) filter (where kind = 'lead'), 0)::bigint as "leads!",
                   coalesce(sum(conversions) filter (where kind = 'sale'), 0)::bigint as "sales!"
               from conversion_day
               where organization_id = $1 and campaign_id = $2 and day >= $3
                   and source not in ('override', 'click', 'imported') and status <> 'denied'"#,
            organization_id.0,
            campaign_id.0,
            since,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(funnel)
    }
}
