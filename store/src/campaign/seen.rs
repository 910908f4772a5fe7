//! On which of a campaign's sites the loader was seen at work, and when: what tells a merchant that his pages are
//! set up. Noted at most once an hour in every process, aside from the calls that show it.

use chrono::{DateTime, Duration, Utc};
use domain::{
    id::{CampaignId, OrganizationId},
    site::Site,
};
use moka::sync::Cache;

use crate::{Store, StoreError, error::readable, link::OnSite};

/// How long a site that was noted is not noted again.
const REST: Duration = Duration::hours(1);

/// How many sites a process remembers having noted.
const MAX_NOTED: u64 = 20_000;

/// A site of a campaign whose pages have the loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// As the campaign lists it; it may have been a subdomain.
    pub site: Site,
    /// When it was noted first.
    pub first_seen_at: DateTime<Utc>,
    /// When it was noted last, to the hour.
    pub last_seen_at: DateTime<Utc>,
}

/// When each site was noted last by this process.
pub(crate) struct Noted(Cache<(OnSite, Site), DateTime<Utc>>);

impl Noted {
    pub(crate) fn new() -> Self {
        Self(Cache::new(MAX_NOTED))
    }

    /// Notes it now, if it was not noted lately.
    fn claim(&self, one: OnSite, site: &Site, now: DateTime<Utc>) -> bool {
        let key = (one, site.clone());
        let lately = self.0.get(&key).is_some_and(|at| now - at < REST);
        if !lately {
            self.0.insert(key, now);
        }
        !lately
    }

    fn forget(&self, one: OnSite, site: &Site) {
        self.0.invalidate(&(one, site.clone()));
    }
}

impl Store {
    /// Notes, aside, that a page on `site`, which belongs to these campaigns, has the loader. Nobody waits for it, and
    /// nothing is lost where it fails: the next page is noted. A site that was not asked about
    /// ([`Store::campaigns_on`]) is not noted.
    pub fn note_seen(&self, on_site: &[OnSite], site: &Site) {
        let now = self.now();
        let key = (self.directory.epoch(), site.clone());
        let Some(listed) = self.directory.sites.get(&key) else {
            return;
        };
        // As it is listed: of subdomains there is no end.
        let listed = listed.sites.iter();
        let fresh: Vec<(OnSite, Site)> = listed
            .filter(|(one, listed)| on_site.contains(one) && self.noted.claim(*one, listed, now))
            .cloned()
            .collect();
        if fresh.is_empty() {
            return;
        }
        let store = self.clone();
        tokio::spawn(async move {
            for (one, listed) in fresh {
                if let Err(error) = store.upsert_seen(one, &listed, now).await {
                    tracing::warn!(%error, "it was not noted that a site has the loader");
                    store.noted.forget(one, &listed);
                }
            }
        });
    }

    async fn upsert_seen(
        &self,
        one: OnSite,
        listed: &Site,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into campaign_seen (organization_id, campaign_id, site, first_seen_at, last_seen_at)
             values ($1, $2, $3, $4, $4)
             on conflict (organization_id, campaign_id, site) do update set last_seen_at = excluded.last_seen_at",
            one.organization_id.0,
            one.campaign_id.0,
            listed.to_string(),
            now,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The sites of a campaign whose pages have the loader, the one that was seen last first. Sites that it does
    /// not list any more are left out.
    pub async fn seen_sites(
        &self,
        organization_id: OrganizationId,
        campaign_id: CampaignId,
    ) -> Result<Vec<Seen>, StoreError> {
        let rows = sqlx::query!(
            "select s.site, s.first_seen_at, s.last_seen_at from campaign_seen s
             where s.organization_id = $1 and s.campaign_id = $2
               and exists (select from campaign_site l where l.organization_id = $1 and l.campaign_id = $2
                   and l.site = s.site)
             order by s.last_seen_at desc, s.site",
            organization_id.0,
            campaign_id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let read = |text: &str| readable(Site::parse(text).ok(), "campaign_seen", "site");
        rows.into_iter()
            .map(|row| {
                Ok(Seen {
                    site: read(&row.site)?,
                    first_seen_at: row.first_seen_at,
                    last_seen_at: row.last_seen_at,
                })
            })
            .collect()
    }

    /// Was the loader ever seen on a site of the organization's?
    pub async fn is_loader_seen(
        &self,
        organization_id: OrganizationId,
    ) -> Result<bool, StoreError> {
        let seen = sqlx::query_scalar!(
            r#"select exists (select from campaign_seen where organization_id = $1) as "seen!""#,
            organization_id.0,
        );
        Ok(seen.fetch_one(&self.pool).await?)
    }
}
