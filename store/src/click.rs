//! Clicks: kept before the visitor is sent on, in batches; one per visitor and link within half an hour.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

mod traffic;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::{
    affiliate::Affiliate,
    click::Click,
    fact::{Clue, ClueKind},
    id::{AffiliateId, CampaignId, ClickId, OrganizationId, lower_bound},
    traffic::TrafficSource,
};
use sqlx::{PgConnection, PgPool};
use thiserror::Error;
use uuid::Uuid;

use self::traffic::Sources;
use crate::{
    Clock, Random, Store, StoreError,
    columns::columns,
    writer::{Busy, Scribe},
};

/// Visits of one visitor through one link that come closer together are one click.
pub const ONE_VISIT: TimeDelta = TimeDelta::minutes(30);
/// About what a click takes up in memory, in bytes.
const CLICK_SIZE: usize = 2048;

/// A visitor as our cookie tells him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// He came with it.
    Known(String),
    /// He gets it with the answer. Until then only his network tells who he is.
    New(String),
}

/// A visit through an affiliate's link.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Through whose link.
    pub affiliate_id: AffiliateId,
    /// Into which campaign.
    pub campaign_id: CampaignId,
    /// Tells visitors without a cookie apart: their address and user agent.
    pub network: String,
    /// What our cookie says, or will say from now on.
    pub visitor: Option<Visitor>,
    /// The page that was visited.
    pub page_url: Option<String>,
    /// Where the visitor came from.
    pub referrer: Option<String>,
}

/// A click, and whether this visit made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clicked {
    /// This visit made it.
    New(Click),
    /// The visitor had clicked less than half an hour before.
    Existing(Click),
}

impl Clicked {
    /// The click, made now or before.
    pub fn click(self) -> Click {
        match self {
            Self::New(click) | Self::Existing(click) => click,
        }
    }
}

/// Why a click was not kept.
#[derive(Debug, Error)]
pub enum ClickError {
    /// Too much is waiting to be written: try again shortly.
    #[error("clicks can't be kept right now")]
    Unavailable,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Busy> for ClickError {
    fn from(_: Busy) -> Self {
        Self::Unavailable
    }
}

/// A visit as it is kept: who came only as keyed hashes.
#[derive(Clone, Debug)]
pub(crate) struct HashedVisit {
    visit: Visit,
    network: Vec<u8>,
    visitor: Option<Vec<u8>>,
    /// Did he come with the cookie?
    is_known: bool,
    /// Where he came from, in a word.
    traffic: TrafficSource,
}

/// A click as it stands in the database.
struct KeptClick {
    click: Click,
    network: Vec<u8>,
    visitor: Option<Vec<u8>>,
}

impl KeptClick {
    /// Is this visit one through the same link by the same visitor?
    fn is_of(&self, visit: &HashedVisit) -> bool {
        let same_visitor = match (&self.visitor, &visit.visitor) {
            (Some(one), Some(other)) if visit.is_known => one == other,
            _ => self.network == visit.network,
        };
        let link = (self.click.affiliate_id, self.click.campaign_id);
        same_visitor && link == (visit.visit.affiliate_id, visit.visit.campaign_id)
    }
}

/// What batches of clicks are written with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    sources: Sources,
}

impl Scribe for Desk {
    type Item = HashedVisit;
    type Answer = Clicked;
    type Error = ClickError;

    fn size(_: &HashedVisit) -> usize {
        CLICK_SIZE
    }

    async fn write(
        &self,
        organization_id: OrganizationId,
        items: Vec<HashedVisit>,
    ) -> Vec<Result<Clicked, ClickError>> {
        match self.keep(organization_id, &items).await {
            Ok(clicked) => clicked.into_iter().map(Ok).collect(),
            Err(error) => {
                tracing::warn!(%error, clicks = items.len(), "a batch of clicks failed");
                let failed = items.iter().map(|_| Err(ClickError::Unavailable));
                failed.collect()
            }
        }
    }
}

impl Desk {
    pub(crate) fn new(pool: PgPool, clock: Clock, random: Random) -> Self {
        Self {
            pool,
            clock,
            random,
            sources: Sources::new(),
        }
    }

    /// Two statements: what the visitors clicked lately, and all that is new.
    async fn keep(
        &self,
        organization_id: OrganizationId,
        visits: &[HashedVisit],
    ) -> Result<Vec<Clicked>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let now = self.clock.now();
        let mut known = lately_in(&mut db, organization_id, now, visits).await?;
        let (mut clicked, mut new) = (Vec::with_capacity(visits.len()), Vec::new());
        let mut ids = self.random.uuids_v7(now, visits.len()).into_iter();
        for visit in visits {
            if let Some(kept) = known.iter().find(|kept| kept.is_of(visit)) {
                clicked.push(Clicked::Existing(kept.click));
                continue;
            }
            let click = Click {
                id: ClickId(ids.next().unwrap_or_else(|| self.random.uuid_v7(now))),
                affiliate_id: visit.visit.affiliate_id,
                campaign_id: visit.visit.campaign_id,
                clicked_at: now,
            };
            known.push(KeptClick {
                click,
                network: visit.network.clone(),
                visitor: visit.visitor.clone(),
            });
            let day = now.date_naive();
            let named = self
                .sources
                .named(organization_id, day, visit.traffic.clone());
            new.push((click, visit, named));
            clicked.push(Clicked::New(click));
        }
        keep_in(&mut db, organization_id, now, &new).await?;
        Ok(clicked)
    }
}

/// What these visitors clicked in the last half hour, newest first.
async fn lately_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    visits: &[HashedVisit],
) -> Result<Vec<KeptClick>, StoreError> {
    let networks: Vec<Vec<u8>> = visits.iter().map(|visit| visit.network.clone()).collect();
    let known = visits.iter().filter(|visit| visit.is_known);
    let visitors = known.filter_map(|visit| visit.visitor.clone());
    let visitors: Vec<Vec<u8>> = visitors.collect();
    let rows = sqlx::query!(
        "select click_id, affiliate_id, campaign_id, clicked_at, network, visitor from click
         where organization_id = $1 and click_id >= $2 and (network = any($3) or visitor = any($4))
         order by click_id desc",
        organization_id.0,
        lower_bound(now - ONE_VISIT),
        &networks,
        &visitors,
    )
    .fetch_all(db)
    .await?;
    let kept = rows.into_iter().map(|row| KeptClick {
        click: Click {
            id: ClickId(row.click_id),
            affiliate_id: AffiliateId(row.affiliate_id),
            campaign_id: CampaignId(row.campaign_id),
            clicked_at: row.clicked_at,
        },
        network: row.network,
        visitor: row.visitor,
    });
    Ok(kept.collect())
}

/// Puts new clicks and their day's counts down, in one statement.
async fn keep_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    new: &[(Click, &HashedVisit, TrafficSource)],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    columns!(new, (click, visit, source) => {
        ids: Uuid = click.id.0,
        affiliates: Uuid = click.affiliate_id.0,
        campaigns: Uuid = click.campaign_id.0,
        networks: Vec<u8> = visit.network.clone(),
        visitors: Option<Vec<u8>> = visit.visitor.clone(),
        pages: Option<String> = visit.visit.page_url.clone(),
        referrers: Option<String> = visit.visit.referrer.clone(),
        known: bool = visit.is_known,
        traffic: String = source.as_str().to_owned(),
    });
    // In one order everywhere, so that two batches never wait for each other.
    let mut days: BTreeMap<(AffiliateId, CampaignId, &str), i64> = BTreeMap::new();
    for (click, _, source) in new {
        let key = (click.affiliate_id, click.campaign_id, source.as_str());
        *days.entry(key).or_default() += 1;
    }
    columns!(&days, ((affiliate_id, campaign_id, source), count) => {
        day_affiliates: Uuid = affiliate_id.0,
        day_campaigns: Uuid = campaign_id.0,
        day_traffic: String = (*source).to_owned(),
        counts: i64 = *count,
    });
    let day: NaiveDate = now.date_naive();
    sqlx::query!(
        "with kept as (
             insert into click (organization_id, click_id, affiliate_id, campaign_id, clicked_at, network, visitor,
                 page_url, referrer, is_known, traffic)
             select $1, c.id, c.affiliate, c.campaign, $2, c.network, c.visitor, c.page, c.referrer, c.known, c.traffic
             from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[], $7::bytea[], $8::text[], $9::text[],
                 $14::boolean[], $15::text[]) as c (id, affiliate, campaign, network, visitor, page, referrer, known,
                 traffic))
         insert into click_day (organization_id, affiliate_id, campaign_id, day, traffic, clicks)
         select $1, d.affiliate, d.campaign, $10, d.traffic, d.clicks
         from unnest($11::uuid[], $12::uuid[], $13::bigint[], $16::text[]) as d (affiliate, campaign, clicks, traffic)
         on conflict (organization_id, affiliate_id, campaign_id, day, traffic) do update
         set clicks = click_day.clicks + excluded.clicks",
        organization_id.0,
        now,
        &ids,
        &affiliates,
        &campaigns,
        &networks,
        &visitors as &[Option<Vec<u8>>],
        &pages as &[Option<String>],
        &referrers as &[Option<String>],
        day,
        &day_affiliates,
        &day_campaigns,
        &counts,
        &known,
        &traffic,
        &day_traffic,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The clicks whose tokens are among these clues, as far as they were recorded here.
pub(crate) async fn by_tokens_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    clues: &[Clue],
) -> Result<HashMap<ClickId, Click>, StoreError> {
    let tokens = clues.iter().filter(|clue| clue.kind == ClueKind::Click);
    let tokens: HashSet<Uuid> = tokens.filter_map(|clue| clue.value.parse().ok()).collect();
    if tokens.is_empty() {
        return Ok(HashMap::new());
    }
    let tokens: Vec<Uuid> = tokens.into_iter().collect();
    by_ids_in(db, organization_id, &tokens).await
}

async fn by_ids_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    tokens: &[Uuid],
) -> Result<HashMap<ClickId, Click>, StoreError> {
    let rows = sqlx::query!(
        "select click_id, affiliate_id, campaign_id, clicked_at from click
         where organization_id = $1 and click_id = any($2)",
        organization_id.0,
        tokens,
    )
    .fetch_all(db)
    .await?;
    let clicks = rows.into_iter().map(|row| Click {
        id: ClickId(row.click_id),
        affiliate_id: AffiliateId(row.affiliate_id),
        campaign_id: CampaignId(row.campaign_id),
        clicked_at: row.clicked_at,
    });
    Ok(clicks.map(|click| (click.id, click)).collect())
}

impl Store {
    /// The click of a token, and the affiliate on whose link it was.
    pub async fn click(
        &self,
        organization_id: OrganizationId,
        token: ClickId,
    ) -> Result<Option<(Click, Arc<Affiliate>)>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let clicks = by_ids_in(&mut db, organization_id, &[token.0]).await?;
        let Some(click) = clicks.into_values().next() else {
            return Ok(None);
        };
        let ids = [click.affiliate_id];
        let found = self
            .directory
            .affiliates_in(&mut db, organization_id, &ids)
            .await?;
        Ok(found
            .into_values()
            .next()
            .map(|affiliate| (click, affiliate)))
    }

    /// Keeps a visit through an affiliate's link before it is answered; the same visitor through the same
    /// link within half an hour is the same click.
    ///
    /// # Errors
    /// [`ClickError::Unavailable`] when it could not be written in time.
    pub async fn record_click(
        &self,
        organization_id: OrganizationId,
        visit: Visit,
    ) -> Result<Clicked, ClickError> {
        let hashed = |purpose: &str, text: &str| {
            let of = format!("{organization_id} {text}");
            self.vault.tag(purpose, of.as_bytes()).to_vec()
        };
        let cookie = visit.visitor.as_ref().map(|visitor| match visitor {
            Visitor::Known(cookie) | Visitor::New(cookie) => cookie.as_str(),
        });
        let item = HashedVisit {
            network: hashed("click network", &visit.network),
            visitor: cookie.map(|cookie| hashed("click visitor", cookie)),
            is_known: matches!(visit.visitor, Some(Visitor::Known(_))),
            traffic: TrafficSource::of(visit.page_url.as_deref(), visit.referrer.as_deref()),
            visit,
        };
        self.click_writer.submit(organization_id, item).await
    }
}
