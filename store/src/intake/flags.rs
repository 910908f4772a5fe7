//! Flags on the desk: what the database knows of them and of affiliates' traffic, and putting them down.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::{
    affiliate::AffiliateStatus,
    conversion::Conversion,
    fact::Fact,
    fraud::{Flag, Traffic},
    id::{AffiliateId, CampaignId, ConversionId, FlagId, OrganizationId, lower_bound},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Content, Item, batch::Desk, keys::Keys, load::KnownCustomer};
use crate::{
    StoreError, affiliate,
    audit::{self, Actor},
    columns::columns,
    flag::of_conversions_in,
    sales::{by_ids_in, unnamed_in as unnamed_sales_in},
};

/// How far back sales that clicks brought are counted.
const COUNTED: TimeDelta = TimeDelta::hours(24);
/// The most of them that are counted: reading more would keep other sales waiting.
const MOST_COUNTED: i64 = 10_000;

/// Who brought a sale by a click, and into which campaign.
pub(super) type Link = (AffiliateId, CampaignId);

/// Flags to put down.
#[derive(Default)]
pub(super) struct FlagWrites {
    pub(super) raised: Vec<Flag>,
    /// And by whom.
    pub(super) resolved: Vec<(Flag, Actor)>,
    /// Affiliates to block, and by whom.
    pub(super) blocked: Vec<(AffiliateId, Actor)>,
}

impl FlagWrites {
    pub(super) fn is_empty(&self) -> bool {
        self.raised.is_empty() && self.resolved.is_empty() && self.blocked.is_empty()
    }
}

/// All flags of the sales that the batch asks about; those sales join the keys.
pub(super) async fn known_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &mut Keys,
    items: &[Item],
) -> Result<BTreeMap<FlagId, Flag>, StoreError> {
    let (mut named, mut sales) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Resolve(decision) => named.push(decision.flag_id.0),
            Item::Flag(flagging) => sales.push(flagging.conversion_id.0),
            _ => {}
        }
    }
    if named.is_empty() && sales.is_empty() {
        return Ok(BTreeMap::new());
    }
    let of_named = sqlx::query_scalar!(
        "select conversion_id from flag where organization_id = $1 and flag_id = any($2)",
        organization_id.0,
        &named,
    );
    sales.extend(of_named.fetch_all(&mut *db).await?);
    keys.conversions
        .extend(sales.iter().copied().map(ConversionId));
    let flags = of_conversions_in(db, organization_id, &sales).await?;
    Ok(flags.into_iter().map(|flag| (flag.id, flag)).collect())
}

/// The sales whose flags can change in this batch, those of flags excepted that are on none.
pub(super) fn asked_about(items: &[Item], flags: &BTreeMap<FlagId, Flag>) -> Vec<Uuid> {
    let by_hand = items.iter().filter_map(|item| match item {
        Item::Flag(flagging) => Some(flagging.conversion_id.0),
        _ => None,
    });
    let flagged = flags.values().map(|flag| flag.conversion_id.0);
    by_hand.chain(flagged).collect()
}

/// Sales whose payer has no e-mail address yet and gets one in this batch, with their recruiters' shares.
pub(super) async fn unnamed_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    items: &[Item],
    customers: &HashMap<String, KnownCustomer>,
) -> Result<Vec<Conversion>, StoreError> {
    let facts = items
        .iter()
        .filter_map(|item| match &item.event()?.content {
            Content::Facts(facts) => Some(facts),
            _ => None,
        });
    let is_nameless = |id: &String| {
        let known = customers.get(id);
        known.is_none_or(|known| known.email.is_none())
    };
    let named = facts.flatten().filter_map(|fact| match fact {
        Fact::Customer(seen) if seen.email.is_some() => Some(seen.external_id.clone()),
        _ => None,
    });
    let named: BTreeSet<String> = named.filter(is_nameless).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let named: Vec<String> = named.into_iter().collect();
    let mut sales = unnamed_sales_in(db, organization_id, &named).await?;
    let parents: Vec<Uuid> = sales.iter().map(|sale| sale.id.0).collect();
    if !parents.is_empty() {
        sales.extend(by_ids_in(db, organization_id, &[], &parents).await?);
    }
    Ok(sales)
}

/// What these affiliates' links brought lately, without the batch at hand. Asks nothing about nobody.
pub(super) async fn traffic_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    desk: &Desk,
    links: &BTreeSet<Link>,
) -> Result<HashMap<Link, Traffic>, StoreError> {
    if links.is_empty() {
        return Ok(HashMap::new());
    }
    let now = desk.clock.now();
    let today = now.date_naive();
    let yesterday = today.pred_opt().unwrap_or(today);
    columns!(links, (affiliate, campaign) => {
        affiliates: Uuid = affiliate.0,
        campaigns: Uuid = campaign.0,
    });
    let rows = sqlx::query!(
        r#"select l.affiliate as "affiliate!", l.campaign as "campaign!",
               t.clicks as "today!", y.clicks as "yesterday!", s.sales as "sales!"
           from unnest($2::uuid[], $3::uuid[]) as l (affiliate, campaign)
           cross join lateral (select coalesce(sum(d.clicks), 0)::bigint as clicks from click_day d
               where d.organization_id = $1 and d.affiliate_id = l.affiliate and d.campaign_id = l.campaign
                   and d.day = $4) t
           cross join lateral (select coalesce(sum(d.clicks), 0)::bigint as clicks from click_day d
               where d.organization_id = $1 and d.affiliate_id = l.affiliate and d.campaign_id = l.campaign
                   and d.day = $5) y
           cross join lateral (select count(*) filter (where few.click_id >= $8) as sales from (
               select c.click_id from conversion c
               where c.organization_id = $1 and c.affiliate_id = l.affiliate and c.campaign_id = l.campaign
                   and c.conversion_id >= $6 and c.click_id is not null and c.kind = 'sale'
                   and c.parent_conversion_id is null
               order by c.conversion_id desc limit $7) few) s"#,
        organization_id.0,
        &affiliates,
        &campaigns,
        today,
        yesterday,
        lower_bound(now - COUNTED),
        MOST_COUNTED,
        lower_bound(yesterday.and_time(NaiveTime::MIN).and_utc()),
    )
    .fetch_all(db)
    .await?;
    let traffic = rows.into_iter().map(|row| {
        let traffic = Traffic {
            today,
            clicks_today: row.today,
            clicks_yesterday: row.yesterday,
            sales: row.sales,
        };
        let link = (AffiliateId(row.affiliate), CampaignId(row.campaign));
        (link, traffic)
    });
    Ok(traffic.collect())
}

/// Puts flags down, and blocks whom a confirmed one blocks.
pub(super) async fn keep_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    writes: &FlagWrites,
) -> Result<(), StoreError> {
    raised_in(db, organization_id, &writes.raised).await?;
    resolved_in(db, organization_id, &writes.resolved).await?;
    for (affiliate_id, actor) in &writes.blocked {
        block_in(db, desk, organization_id, *affiliate_id, *actor).await?;
    }
    Ok(())
}

async fn raised_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    flags: &[Flag],
) -> Result<(), StoreError> {
    if flags.is_empty() {
        return Ok(());
    }
    columns!(flags, flag => {
        ids: Uuid = flag.id.0,
        conversions: Uuid = flag.conversion_id.0,
        affiliates: Uuid = flag.affiliate_id.0,
        campaigns: Uuid = flag.campaign_id.0,
        rules: String = flag.evidence.rule().as_str().to_owned(),
        evidence: String = serde_json::to_string(&flag.evidence)
            .unwrap_or_else(|_| unreachable!("evidence is plain data")),
        created: DateTime<Utc> = flag.created_at,
    });
    sqlx::query!(
        "insert into flag (organization_id, flag_id, conversion_id, affiliate_id, campaign_id, rule, status, evidence,
             created_at)
         select $1, f.id, f.conversion, f.affiliate, f.campaign, f.rule, 'open', f.evidence::json, f.created
         from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[])
             as f (id, conversion, affiliate, campaign, rule, evidence, created)",
        organization_id.0,
        &ids,
        &conversions,
        &affiliates,
        &campaigns,
        &rules,
        &evidence,
        &created,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn resolved_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    flags: &[(Flag, Actor)],
) -> Result<(), StoreError> {
    if flags.is_empty() {
        return Ok(());
    }
    columns!(flags, (flag, actor) => {
        ids: Uuid = flag.id.0,
        statuses: String = flag.status.as_str().to_owned(),
        times: Option<DateTime<Utc>> = flag.resolved_at,
        actors: Option<Uuid> = actor.id(),
        notes: Option<String> = flag.note.clone(),
    });
    sqlx::query!(
        "update flag set status = f.status, resolved_at = f.at, resolved_by = f.actor, note = f.note
         from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[], $6::text[])
             as f (id, status, at, actor, note)
         where flag.organization_id = $1 and flag.flag_id = f.id",
        organization_id.0,
        &ids,
        &statuses,
        &times as &[Option<DateTime<Utc>>],
        &actors as &[Option<Uuid>],
        &notes as &[Option<String>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who was removed stays so.
async fn block_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    affiliate_id: AffiliateId,
    actor: Actor,
) -> Result<(), StoreError> {
    let name = sqlx::query_scalar!(
        "update affiliate set status = $3
         where organization_id = $1 and affiliate_id = $2 and status in ('active', 'paused')
         returning name",
        organization_id.0,
        affiliate_id.0,
        AffiliateStatus::Blocked.as_str(),
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(name) = name else { return Ok(()) };
    affiliate::tell_blocked_in(db, desk, organization_id, affiliate_id).await?;
    let entry = audit::Entry {
        actor: actor.manages()?,
        subject: "affiliate",
        subject_id: affiliate_id.0,
        action: "changed",
        detail: &format!("{name} is blocked: a flag was confirmed"),
    };
    audit::write_in(db, &desk.random, organization_id, desk.clock.now(), entry).await
}
