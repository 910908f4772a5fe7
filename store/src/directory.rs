//! What rules and lists look up all the time, kept in the process: affiliates, campaigns, coupons,
//! connections, keys.
//!
//! Entries are dropped when they change: at once in the process that changed them, within
//! milliseconds in others (a database notice), and after [`MAX_AGE`] whatever happens. Every entry
//! of an organization is dropped together by moving the organization to a new generation; changes to
//! set-up are rare, so a finer broom would buy nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{
    affiliate::Affiliate,
    attribution::Book,
    campaign::Campaign,
    connection::Mode,
    coupon::{Coupon, CouponCode},
    fact::{Clue, ClueKind},
    id::{AffiliateId, CampaignId, ConnectionId, OrganizationId},
    site::Site,
    slug::Slug,
};
use moka::sync::Cache;
use sqlx::{PgConnection, PgPool};

use crate::{
    StoreError, affiliate,
    api_key::KeyHolder,
    campaign, connection, coupon,
    link::{Asked, Link},
    outbox::{self, Listener},
    s2s_secret::TimedSecret,
};

/// How long an entry lives at most: the bound on staleness if every notice were lost.
pub(crate) const MAX_AGE: Duration = Duration::from_mins(1);

/// The channel on which processes tell each other that an organization's set-up changed.
pub(crate) const CHANNEL: &str = "tributary_directory";

const MAX_AFFILIATES: u64 = 50_000;
const MAX_CODES: u64 = 100_000;
const MAX_ORGANIZATIONS: u64 = 10_000;

type Generation = u64;
type Of<Key> = (OrganizationId, Generation, Key);

/// The process's cache of set-up.
pub struct Directory {
    affiliates: Cache<Of<AffiliateId>, Arc<Affiliate>>,
    slugs: Cache<Of<Slug>, Option<AffiliateId>>,
    coupons: Cache<Of<String>, Option<Arc<Coupon>>>,
    discounts: Cache<Of<String>, Option<Arc<Coupon>>>,
    campaigns: Cache<Of<()>, Arc<HashMap<CampaignId, Campaign>>>,
    modes: Cache<Of<()>, Arc<HashMap<ConnectionId, Mode>>>,
    pub(crate) connections: Cache<(Generation, ConnectionId), Arc<connection::Connection>>,
    pub(crate) keys: Cache<(Generation, [u8; 32]), Arc<KeyHolder>>,
    pub(crate) links: Cache<(Generation, Asked), Option<Arc<Link>>>,
    /// The last ones found, however old: where visitors are sent while the database is away.
    pub(crate) last_links: Cache<Asked, Arc<Link>>,
    pub(crate) sites: Cache<(Generation, Site), Arc<campaign::Listed>>,
    pub(crate) s2s_secrets: Cache<(Generation, OrganizationId), Arc<Vec<TimedSecret>>>,
    /// Active webhook endpoints, by the version that the organization's row tells.
    listeners: Cache<(OrganizationId, i64), Arc<Vec<Listener>>>,
    generations: Mutex<HashMap<OrganizationId, Generation>>,
    /// Moves with every change of any organization: for entries that are looked up before the
    /// organization is known.
    epoch: AtomicU64,
    /// Moves when notices may have been missed.
    missed: AtomicU64,
}

/// Names for a page of rows.
pub struct Names {
    /// The affiliates asked for.
    pub affiliates: HashMap<AffiliateId, Arc<Affiliate>>,
    /// All campaigns.
    pub campaigns: Arc<HashMap<CampaignId, Campaign>>,
    /// Live or test, by connection.
    pub modes: Arc<HashMap<ConnectionId, Mode>>,
}

fn cache<Key, Value>(capacity: u64) -> Cache<Key, Value>
where
    Key: std::hash::Hash + Eq + Send + Sync + 'static,
    Value: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(capacity)
        .time_to_live(MAX_AGE)
        .build()
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self {
            affiliates: cache(MAX_AFFILIATES),
            slugs: cache(MAX_CODES),
            coupons: cache(MAX_CODES),
            discounts: cache(MAX_CODES),
            campaigns: cache(MAX_ORGANIZATIONS),
            modes: cache(MAX_ORGANIZATIONS),
            connections: cache(MAX_ORGANIZATIONS),
            keys: cache(MAX_ORGANIZATIONS),
            links: cache(MAX_CODES),
            last_links: Cache::new(MAX_CODES),
            sites: cache(MAX_ORGANIZATIONS),
            s2s_secrets: cache(MAX_ORGANIZATIONS),
            listeners: cache(MAX_ORGANIZATIONS),
            generations: Mutex::default(),
            epoch: AtomicU64::new(0),
            missed: AtomicU64::new(0),
        }
    }

    /// Drops an organization's entries here and in every other process. Called after the commit.
    pub(crate) async fn forget(&self, pool: &PgPool, organization_id: OrganizationId) {
        self.forget_locally(organization_id);
        let told = sqlx::query("select pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(organization_id.to_string())
            .execute(pool)
            .await;
        if let Err(error) = told {
            tracing::warn!(%error, "other processes were not told of a change; they see it within a minute");
        }
    }

    /// Drops an organization's entries in this process.
    pub fn forget_locally(&self, organization_id: OrganizationId) {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *generations.entry(organization_id).or_default() += 1;
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Drops everything: notices may have been missed.
    pub fn forget_all(&self) {
        self.missed.fetch_add(1 << 32, Ordering::SeqCst);
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// The generation for what is looked up before its organization is known.
    pub(crate) fn epoch(&self) -> Generation {
        self.epoch.load(Ordering::SeqCst)
    }

    pub(crate) fn generation(&self, organization_id: OrganizationId) -> Generation {
        let generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let own = generations.get(&organization_id).copied().unwrap_or(0);
        self.missed.load(Ordering::SeqCst) + own
    }

    /// Names for rows: of these affiliates, and of all campaigns and connections.
    pub(crate) async fn names_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        affiliate_ids: &[AffiliateId],
    ) -> Result<Names, StoreError> {
        Ok(Names {
            affiliates: self
                .affiliates_in(db, organization_id, affiliate_ids)
                .await?,
            campaigns: self.campaigns_in(db, organization_id).await?,
            modes: self.modes_in(db, organization_id).await?,
        })
    }

    pub(crate) async fn campaigns_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
    ) -> Result<Arc<HashMap<CampaignId, Campaign>>, StoreError> {
        let key = (organization_id, self.generation(organization_id), ());
        if let Some(campaigns) = self.campaigns.get(&key) {
            return Ok(campaigns);
        }
        let campaigns = campaign::all_in(db, organization_id).await?;
        let campaigns: HashMap<_, _> = campaigns
            .into_iter()
            .map(|found| (found.id, found))
            .collect();
        let campaigns = Arc::new(campaigns);
        self.campaigns.insert(key, Arc::clone(&campaigns));
        Ok(campaigns)
    }

    /// The active webhook endpoints, as they are at this version. Whoever asks has the lock of the organization's row,
    /// so no notice is waited for: what is committed after an endpoint was made is told.
    pub(crate) async fn listeners_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        version: i64,
    ) -> Result<Arc<Vec<Listener>>, StoreError> {
        let key = (organization_id, version);
        if let Some(listeners) = self.listeners.get(&key) {
            return Ok(listeners);
        }
        let listeners = Arc::new(outbox::listeners_in(db, organization_id).await?);
        self.listeners.insert(key, Arc::clone(&listeners));
        Ok(listeners)
    }

    async fn modes_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
    ) -> Result<Arc<HashMap<ConnectionId, Mode>>, StoreError> {
        let key = (organization_id, self.generation(organization_id), ());
        if let Some(modes) = self.modes.get(&key) {
            return Ok(modes);
        }
        let modes = Arc::new(connection::modes_in(db, organization_id).await?);
        self.modes.insert(key, Arc::clone(&modes));
        Ok(modes)
    }

    pub(crate) async fn affiliates_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        ids: &[AffiliateId],
    ) -> Result<HashMap<AffiliateId, Arc<Affiliate>>, StoreError> {
        let generation = self.generation(organization_id);
        let mut found = HashMap::with_capacity(ids.len());
        let mut missing = HashSet::new();
        for id in ids {
            match self.affiliates.get(&(organization_id, generation, *id)) {
                Some(affiliate) => drop(found.insert(*id, affiliate)),
                None => drop(missing.insert(id.0)),
            }
        }
        if !missing.is_empty() {
            let missing: Vec<_> = missing.into_iter().collect();
            for affiliate in affiliate::by_ids_in(db, organization_id, &missing).await? {
                let affiliate = Arc::new(affiliate);
                let key = (organization_id, generation, affiliate.id);
                self.affiliates.insert(key, Arc::clone(&affiliate));
                found.insert(affiliate.id, affiliate);
            }
        }
        Ok(found)
    }

    /// The part of the organization that these clues and affiliates can refer to.
    pub(crate) async fn book_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        clues: &[Clue],
        credited: &[AffiliateId],
        promotion_codes: HashMap<String, String>,
    ) -> Result<Book, StoreError> {
        let mut book = Book {
            campaigns: self
                .campaigns_in(db, organization_id)
                .await?
                .as_ref()
                .clone(),
            promotion_codes,
            ..Book::default()
        };
        book.slugs = self.slugs_in(db, organization_id, clues).await?;
        self.coupons_in(db, organization_id, clues, &mut book)
            .await?;
        let mut ids: Vec<AffiliateId> = credited.to_vec();
        ids.extend(book.slugs.values());
        ids.extend(book.coupons.values().map(|coupon| coupon.affiliate_id));
        ids.extend(book.discounts.values().map(|coupon| coupon.affiliate_id));
        let affiliates = self.affiliates_in(db, organization_id, &ids).await?;
        let recruiters: Vec<AffiliateId> = affiliates
            .values()
            .filter_map(|affiliate| affiliate.recruiter_id)
            .filter(|id| !affiliates.contains_key(id))
            .collect();
        let recruiters = self.affiliates_in(db, organization_id, &recruiters).await?;
        let owned =
            |(id, affiliate): (AffiliateId, Arc<Affiliate>)| (id, Arc::unwrap_or_clone(affiliate));
        book.affiliates = affiliates
            .into_iter()
            .chain(recruiters)
            .map(owned)
            .collect();
        Ok(book)
    }

    async fn slugs_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        clues: &[Clue],
    ) -> Result<HashMap<Slug, AffiliateId>, StoreError> {
        let generation = self.generation(organization_id);
        let mut found = HashMap::new();
        let mut missing = HashSet::new();
        let slugs = clues.iter().filter(|clue| clue.kind == ClueKind::Slug);
        for slug in slugs.filter_map(|clue| Slug::parse(&clue.value).ok()) {
            match self.slugs.get(&(organization_id, generation, slug.clone())) {
                Some(Some(id)) => drop(found.insert(slug, id)),
                Some(None) => {}
                None => drop(missing.insert(slug)),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let texts: Vec<String> = missing.iter().map(ToString::to_string).collect();
        found.extend(affiliate::by_slugs_in(db, organization_id, &texts).await?);
        for slug in missing {
            let id = found.get(&slug).copied();
            self.slugs.insert((organization_id, generation, slug), id);
        }
        Ok(found)
    }

    async fn coupons_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        clues: &[Clue],
        book: &mut Book,
    ) -> Result<(), StoreError> {
        let typed = clues
            .iter()
            .filter(|clue| clue.kind == ClueKind::CouponCode);
        let codes = typed
            .map(|clue| clue.value.as_str())
            .chain(book.promotion_codes.values().map(String::as_str))
            .filter_map(|code| CouponCode::parse(code).ok())
            .map(|code| code.key());
        let discounts = clues
            .iter()
            .filter(|clue| matches!(clue.kind, ClueKind::PromotionCode | ClueKind::Discount))
            .map(|clue| clue.value.clone());
        let generation = self.generation(organization_id);
        let scope = (organization_id, generation);
        let (known_codes, missing_codes) = split(&self.coupons, scope, codes.collect());
        let (known_discounts, missing_discounts) =
            split(&self.discounts, scope, discounts.collect());
        book.coupons = known_codes;
        book.discounts = known_discounts;
        if missing_codes.is_empty() && missing_discounts.is_empty() {
            return Ok(());
        }
        for coupon in
            coupon::find_in(db, organization_id, &missing_codes, &missing_discounts).await?
        {
            if let Some(id) = &coupon.processor_discount_id {
                lay_down(&mut book.discounts, id.clone(), coupon.clone());
            }
            lay_down(&mut book.coupons, coupon.code.key(), coupon);
        }
        remember(&self.coupons, scope, missing_codes, &book.coupons);
        remember(&self.discounts, scope, missing_discounts, &book.discounts);
        Ok(())
    }
}

/// A coupon that was removed takes no other's place.
fn lay_down(coupons: &mut HashMap<String, Coupon>, key: String, coupon: Coupon) {
    let lives = |known: &Coupon| known.removed_at.is_none();
    if lives(&coupon) || !coupons.get(&key).is_some_and(lives) {
        coupons.insert(key, coupon);
    }
}

type CouponCache = Cache<Of<String>, Option<Arc<Coupon>>>;

fn split(
    cache: &CouponCache,
    (organization_id, generation): (OrganizationId, Generation),
    wanted: HashSet<String>,
) -> (HashMap<String, Coupon>, Vec<String>) {
    let mut known = HashMap::new();
    let mut missing = Vec::new();
    for key in wanted {
        match cache.get(&(organization_id, generation, key.clone())) {
            Some(Some(coupon)) => drop(known.insert(key, Arc::unwrap_or_clone(coupon))),
            Some(None) => {}
            None => missing.push(key),
        }
    }
    (known, missing)
}

fn remember(
    cache: &CouponCache,
    (organization_id, generation): (OrganizationId, Generation),
    keys: Vec<String>,
    found: &HashMap<String, Coupon>,
) {
    for key in keys {
        let coupon = found.get(&key).cloned().map(Arc::new);
        cache.insert((organization_id, generation, key), coupon);
    }
}
