//! Affiliates' links: whose a referral code is, and what decides where a visit of it is led. The one file
//! beside the jobs that looks into more than one organization, because a link need not say whose it is.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    affiliate::Affiliate,
    campaign::Campaign,
    id::{CampaignId, OrganizationId},
    link::{Route, route},
    slug::Slug,
};
use sqlx::PgConnection;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{Store, StoreError, affiliate};

/// How long a link is looked up before it is followed as it was found last.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a link says: the organization, if it names one, and the referral code, if it can be one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// Missing in most links: then it is found by the code.
    pub organization_id: Option<OrganizationId>,
    /// Missing where the text can't be anybody's code.
    pub code: Option<Slug>,
}

/// All that decides where a visit is led.
#[derive(Clone, Debug)]
pub struct Link {
    /// Whose link it is.
    pub organization_id: OrganizationId,
    /// Whose code it is; nobody's: the visit is only sent on.
    pub affiliate: Option<Arc<Affiliate>>,
    /// The organization's campaigns.
    pub campaigns: Arc<HashMap<CampaignId, Campaign>>,
}

impl Link {
    /// Where it leads; `named` is the campaign that it names.
    pub fn route(&self, named: Option<&Slug>) -> Option<Route<'_>> {
        route(self.campaigns.values(), self.affiliate.as_deref(), named)
    }
}

/// A campaign that a web site belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OnSite {
    /// Whose campaign.
    pub organization_id: OrganizationId,
    /// Which.
    pub campaign_id: CampaignId,
}

impl Store {
    /// What a link leads to; `None`: to no organization, or nobody can tell to which. Cached; while the database
    /// is away, as it was found last.
    pub async fn link(&self, asked: &Asked) -> Result<Option<Arc<Link>>, StoreError> {
        let key = (self.directory.epoch(), asked.clone());
        if let Some(link) = self.directory.links.get(&key) {
            return Ok(link);
        }
        let found = timeout(PATIENCE, self.find_link(asked)).await;
        let found = match found.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut))) {
            Err(StoreError::Unavailable(cause)) => {
                let last = self.directory.last_links.get(asked);
                return last.map(Some).ok_or(StoreError::Unavailable(cause));
            }
            found => found?.map(Arc::new),
        };
        if let Some(link) = &found {
            let last = (asked.clone(), Arc::clone(link));
            self.directory.last_links.insert(last.0, last.1);
        }
        self.directory.links.insert(key, found.clone());
        Ok(found)
    }

    async fn find_link(&self, asked: &Asked) -> Result<Option<Link>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let code = asked.code.as_ref();
        let organization_id = match asked.organization_id {
            Some(id) => id,
            None => match the_one_in(&mut db, code).await? {
                Some(id) => id,
                None => return Ok(None),
            },
        };
        let campaigns = self
            .directory
            .campaigns_in(&mut db, organization_id)
            .await?;
        if campaigns.is_empty() {
            // Every organization starts with one: there is no such organization.
            return Ok(None);
        }
        let texts: Vec<String> = code.into_iter().map(ToString::to_string).collect();
        let ids = affiliate::by_slugs_in(&mut db, organization_id, &texts).await?;
        let ids: Vec<_> = ids.into_values().collect();
        let found = self
            .directory
            .affiliates_in(&mut db, organization_id, &ids)
            .await?;
        Ok(Some(Link {
            organization_id,
            affiliate: found.into_values().next(),
            campaigns,
        }))
    }
}

/// The server's only organization; of several the only one that has the code.
async fn the_one_in(
    db: &mut PgConnection,
    code: Option<&Slug>,
) -> Result<Option<OrganizationId>, StoreError> {
    let all: Vec<Uuid> = sqlx::query_scalar!("select organization_id from organization")
        .fetch_all(&mut *db)
        .await?;
    if let [only] = all[..] {
        return Ok(Some(OrganizationId(only)));
    }
    let Some(code) = code else { return Ok(None) };
    let having: Vec<Uuid> = sqlx::query_scalar!(
        "select organization_id from affiliate where organization_id = any($1) and slug = $2",
        &all,
        code.as_str(),
    )
    .fetch_all(db)
    .await?;
    Ok(match having[..] {
        [only] => Some(OrganizationId(only)),
        _ => None,
    })
}
