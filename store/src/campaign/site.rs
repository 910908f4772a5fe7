//! Which campaigns a web site belongs to: written with the campaign, asked before the organization is known.

use std::sync::Arc;

use domain::{
    campaign::Campaign,
    id::{CampaignId, OrganizationId},
    site::Site,
};
use sqlx::PgConnection;

use crate::{Store, StoreError, link::OnSite};

/// Writes the campaign's sites down, and those that it no longer has off.
pub(super) async fn keep_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    campaign: &Campaign,
) -> Result<(), StoreError> {
    let sites = campaign.terms.all_sites();
    let sites: Vec<String> = sites.into_iter().map(String::from).collect();
    sqlx::query!(
        "delete from campaign_site where organization_id = $1 and campaign_id = $2 and site <> all($3)",
        organization_id.0,
        campaign.id.0,
        &sites,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into campaign_site (organization_id, campaign_id, site)
         select $1, $2, s.site from unnest($3::text[]) as s (site)
         on conflict (organization_id, campaign_id, site) do nothing",
        organization_id.0,
        campaign.id.0,
        &sites,
    )
    .execute(db)
    .await?;
    Ok(())
}

impl Store {
    /// The campaigns, of all organizations, that a site belongs to: because they list it, or a site that it is
    /// a subdomain of. Cached.
    pub async fn campaigns_on(&self, site: &Site) -> Result<Arc<Vec<OnSite>>, StoreError> {
        let key = (self.directory.epoch(), site.clone());
        if let Some(found) = self.directory.sites.get(&key) {
            return Ok(found);
        }
        let listed: Vec<String> = site.and_parents().into_iter().map(String::from).collect();
        let rows = sqlx::query!(
            "select distinct organization_id, campaign_id from campaign_site where site = any($1)
             order by organization_id, campaign_id",
            &listed,
        )
        .fetch_all(&self.pool)
        .await?;
        let found = rows.into_iter().map(|row| OnSite {
            organization_id: OrganizationId(row.organization_id),
            campaign_id: CampaignId(row.campaign_id),
        });
        let found = Arc::new(found.collect::<Vec<_>>());
        self.directory.sites.insert(key, Arc::clone(&found));
        Ok(found)
    }
}
