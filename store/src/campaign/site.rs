//! Which campaigns a web site belongs to: written with the campaign, asked before the organization is known.

use std::sync::Arc;

use domain::{
    campaign::{Campaign, Terms},
    id::{CampaignId, OrganizationId},
    site::Site,
};
use sqlx::PgConnection;

use super::CampaignError;
use crate::{Store, StoreError, error::readable, link::OnSite};

/// Who lists a site, or what it is a subdomain of.
pub(crate) struct Listed {
    /// The campaigns, in order.
    pub(crate) campaigns: Arc<Vec<OnSite>>,
    /// And under which names.
    pub(super) sites: Vec<(OnSite, Site)>,
}

/// Which of a campaign's terms names a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteOf {
    /// The website.
    Website,
    /// The landing page.
    LandingPage,
    /// One of the further sites.
    Sites,
}

/// Refuses what is not one merchant's own: under `com`, `co.uk` or `vercel.app` anybody has sites, to which links
/// could then lead, and which could tell of visits. Source: the Public Suffix List, its private part too.
pub(super) fn check(terms: &Terms) -> Result<(), CampaignError> {
    let page = |of, page: Option<&str>| {
        let site = page.and_then(|page| Site::parse(page).ok());
        site.map(|site| (of, site))
    };
    let pages = [
        page(SiteOf::Website, terms.website.as_deref()),
        page(SiteOf::LandingPage, terms.landing_page_url.as_deref()),
    ];
    let sites = terms
        .sites
        .iter()
        .cloned()
        .map(|site| (SiteOf::Sites, site));
    for (of, site) in pages.into_iter().flatten().chain(sites) {
        let site = site.listed();
        if !is_own(&site) {
            return Err(CampaignError::NotOwn(of, site));
        }
    }
    Ok(())
}

/// Can it be one merchant's own host?
fn is_own(site: &Site) -> bool {
    site.name()
        .is_none_or(|name| name == "localhost" || psl::domain_str(name).is_some())
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
