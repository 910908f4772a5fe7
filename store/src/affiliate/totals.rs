//! What affiliates have brought.

use std::collections::HashMap;

use domain::id::{AffiliateId, CampaignId, OrganizationId};
use uuid::Uuid;

use crate::{Store, StoreError};

/// What an affiliate has brought in one campaign, whose one currency the commission is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AffiliateTotals {
    /// Sales and recurring payments.
    pub sales: i64,
    /// Commission due now, whatever its status, in minor units.
    pub commission_minor: i64,
}

impl Store {
    /// What each of these affiliates has brought in the campaign beside it, in one query. Who has
    /// brought nothing is left out.
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
            r#"select c.affiliate_id, count(*) filter (where c.kind <> 'lead') as "sales!",
                   sum(c.commission_minor)::bigint as "commission_minor!"
               from unnest($2::uuid[], $3::uuid[]) wanted (affiliate_id, campaign_id)
               join conversion c on c.organization_id = $1 and c.affiliate_id = wanted.affiliate_id
                   and c.campaign_id = wanted.campaign_id
               group by c.affiliate_id"#,
            organization_id.0,
            &affiliates,
            &campaigns,
        )
        .fetch_all(&self.pool)
        .await?;
        let totals = rows.into_iter().map(|row| {
            let totals = AffiliateTotals {
                sales: row.sales,
                commission_minor: row.commission_minor,
            };
            (AffiliateId(row.affiliate_id), totals)
        });
        Ok(totals.collect())
    }
}
