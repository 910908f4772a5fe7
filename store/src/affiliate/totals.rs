//! What affiliates have brought.

use std::collections::HashMap;

use domain::id::{AffiliateId, CampaignId, OrganizationId};
use uuid::Uuid;

use crate::{Store, StoreError};

/// What an affiliate has brought in one campaign, whose one currency the commission is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AffiliateTotals {
    /// Sales and recurring payments. What was denied is not counted, nor are a recruiter's shares of others' sales;
    /// what was refunded is.
    pub sales: i64,
    /// Visits through his links.
    pub clicks: i64,
    /// Commission due now, whatever its status, in minor units.
    pub commission_minor: i64,
}

impl Store {
    /// What each of these affiliates has brought in the campaign beside it. Who has brought
    /// nothing is left out.
    pub async fn affiliate_totals(
        &self,
        organization_id: OrganizationId,
        wanted: &[(AffiliateId, CampaignId)],
    ) -> Result<HashMap<AffiliateId, AffiliateTotals>, StoreError> {
        let (affiliates, campaigns): (Vec<Uuid>, Vec<Uuid>) = wanted
            .iter()
            .map(|(affiliate, campaign)| (affiliate.0, campaign.0))
            .unzip();
        let rows = sqlx::query!(
            r#"select d.affiliate_id,
                   coalesce(sum(d.conversions) filter (where d.kind <> 'lead' and d.source <> 'override'
                       and d.status <> 'denied'), 0)::bigint as "sales!",
                   sum(d.commission_minor)::bigint as "commission_minor!"
               from unnest($2::uuid[], $3::uuid[]) wanted (affiliate_id, campaign_id)
               join affiliate_day d on d.organization_id = $1 and d.affiliate_id = wanted.affiliate_id
                   and d.campaign_id = wanted.campaign_id
               group by d.affiliate_id"#,
            organization_id.0,
            &affiliates,
            &campaigns,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut totals: HashMap<_, AffiliateTotals> = HashMap::new();
        for row in rows {
            let own = totals.entry(AffiliateId(row.affiliate_id)).or_default();
            (own.sales, own.commission_minor) = (row.sales, row.commission_minor);
        }
        let clicks = self
            .clicks_of(organization_id, &affiliates, &campaigns)
            .await?;
        for (affiliate_id, clicks) in clicks {
            totals.entry(affiliate_id).or_default().clicks = clicks;
        }
        Ok(totals)
    }

    async fn clicks_of(
        &self,
        organization_id: OrganizationId,
        affiliates: &[Uuid],
        campaigns: &[Uuid],
    ) -> Result<HashMap<AffiliateId, i64>, StoreError> {
        let rows = sqlx::query!(
            r#"select d.affiliate_id, sum(d.clicks)::bigint as "clicks!"
               from unnest($2::uuid[], $3::uuid[]) wanted (affiliate_id, campaign_id)
               join click_day d on d.organization_id = $1 and d.affiliate_id = wanted.affiliate_id
                   and d.campaign_id = wanted.campaign_id
               group by d.affiliate_id"#,
            organization_id.0,
            affiliates,
            campaigns,
        )
        .fetch_all(&self.pool)
        .await?;
        let clicks = rows
            .into_iter()
            .map(|row| (AffiliateId(row.affiliate_id), row.clicks));
        Ok(clicks.collect())
    }
}
