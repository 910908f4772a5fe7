//! Which campaigns a web site belongs to: written with the campaign, asked before the organization is known.

use std::sync::Arc;

use domain::{
    campaign::Campaign,
    id::{CampaignId, OrganizationId},
    site::Site,
};
use sqlx::PgConnection;

use crate::{Store, StoreError, error::readable, link::OnSite};

/// Who lists a site, or what it is a subdomain of.
pub(crate) struct Listed {
    /// The campaigns, in order.
    pub(crate) campaigns: Arc<Vec<OnSite>>,
    /// And under which names.
    pub(super) sites: Vec<(OnSite, Site)>,
}

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
            return Ok(Arc::clone(&found.campaigns));
        }
        let listed: Vec<String> = site.and_parents().into_iter().map(String::from).collect();
        let rows = sqlx::query!(
            "select organization_id, campaign_id, site from campaign_site where site = any($1)
             order by organization_id, campaign_id, site",
            &listed,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let one = OnSite {
                organization_id: OrganizationId(row.organization_id),
                campaign_id: CampaignId(row.campaign_id),
            };
            let site = Site::parse(&row.site).ok();
            found.push((one, readable(site, "campaign_site", "site")?));
        }
        let mut campaigns: Vec<OnSite> = found.iter().map(|(one, _)| *one).collect();
        campaigns.dedup();
        let campaigns = Arc::new(campaigns);
        let listed = Listed {
            campaigns: Arc::clone(&campaigns),
            sites: found,
        };
        self.directory.sites.insert(key, Arc::new(listed));
        Ok(campaigns)
    }
}
