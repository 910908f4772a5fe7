//! Money that went back, as the database knows it: the refunds and disputes that may concern a batch,
//! and the links that tell which payment they are of.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    fact::{SubjectKind, refund_named},
    id::OrganizationId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    decide::Writes,
    keep::joined,
    keys::{Keys, list},
    links::{Links, of_back},
    rows::Rows,
};
use crate::{
    StoreError,
    columns::columns,
    refund::{HeldBack, by_ids_in, of_conversions_in},
};

/// Everything about money that went back that may concern a batch.
#[derive(Default)]
pub(super) struct Backs {
    pub(super) links: Links,
    /// By their own ids.
    pub(super) held: BTreeMap<String, HeldBack>,
    /// When subscriptions ended.
    pub(super) ends: HashMap<String, DateTime<Utc>>,
}

/// Reads them; the ids that name the same payments join the keys. A refund is linked with its payment
/// when it is kept, so the links lead to every one, and a batch without refunds asks once.
pub(super) async fn backs_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &mut Keys,
) -> Result<Backs, StoreError> {
    let mut backs = Backs::default();
    if keys.payments.is_empty() {
        return Ok(backs);
    }
    links_in(db, organization_id, keys, &mut backs.links).await?;
    let ids = keys.payments.iter().filter_map(|id| refund_named(id));
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    if ids.is_empty() {
        return Ok(backs);
    }
    for held in by_ids_in(db, organization_id, &ids).await? {
        let ids = of_back(&held.back);
        backs.links.join(&ids);
        keys.payments.extend(ids);
        keys.conversions.extend(held.conversion_id);
        backs.held.insert(held.back.external_id.clone(), held);
    }
    Ok(backs)
}

impl Backs {
    /// Adds what has met these sales.
    pub(super) async fn add_of_in(
        &mut self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        sales: &[Uuid],
    ) -> Result<(), StoreError> {
        if sales.is_empty() {
            return Ok(());
        }
        for held in of_conversions_in(db, organization_id, sales).await? {
            self.links.join(&of_back(&held.back));
            self.held
                .entry(held.back.external_id.clone())
                .or_insert(held);
        }
        Ok(())
    }
}

/// When the subscriptions of the batch ended: those it tells of, and those of sales that are decided about.
pub(super) async fn ends_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &Keys,
    rows: &Rows,
) -> Result<HashMap<String, DateTime<Utc>>, StoreError> {
    let mut subscriptions = keys.of_kind(SubjectKind::Subscription);
    let decided = rows.iter().filter(|row| keys.conversions.contains(&row.id));
    subscriptions.extend(decided.filter_map(|row| row.ids.subscription.clone()));
    if subscriptions.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "select subscription_id, ended_at from subscription_end
         where organization_id = $1 and subscription_id = any($2)",
        organization_id.0,
        &subscriptions,
    )
    .fetch_all(db)
    .await?;
    let ends = rows.into_iter();
    Ok(ends
        .map(|row| (row.subscription_id, row.ended_at))
        .collect())
}

/// Every link of the payments that the keys name; what they lead to joins the keys.
pub(super) async fn links_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &mut Keys,
    links: &mut Links,
) -> Result<(), StoreError> {
    // "offset 0" makes every id one look into the index: for a join with many ids the planner reads all
    // links that there are. What many payments refer to is no invoice, and need not be followed.
    let rows = sqlx::query!(
        r#"with recursive reach (id, other, relation) as (
               select null, unnest($2::text[]), null
               union
               select l.id, l.other, l.relation from reach r cross join lateral (
                   (select id, other, relation from payment_link
                    where organization_id = $1 and id = r.other and relation = 'same' offset 0)
                   union all
                   (select id, other, relation from payment_link
                    where organization_id = $1 and id = r.other and relation <> 'same' order by other limit 20)) l)
           select id as "id!", other as "other!", relation as "relation!" from reach where id is not null"#,
        organization_id.0,
        &list(&keys.payments),
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        match row.relation.as_str() {
            "refers" => links.refer(&row.id, &row.other),
            "referred" => links.refer(&row.other, &row.id),
            _ => links.join([&row.id, &row.other]),
        }
        keys.payments.extend([row.id, row.other]);
    }
    Ok(())
}

/// Puts down refunds, links and ends of subscriptions.
pub(super) async fn keep_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    writes: &Writes,
) -> Result<(), StoreError> {
    keep_links_in(db, organization_id, writes).await?;
    keep_ends_in(db, organization_id, writes).await?;
    if writes.kept_backs.is_empty() {
        return Ok(());
    }
    columns!(&writes.kept_backs, held => {
        ids: String = held.back.external_id.clone(),
        kinds: String = held.back.kind.as_str().to_owned(),
        statuses: String = held.back.status.as_str().to_owned(),
        amounts: i64 = held.back.amount_minor,
        nets: Option<i64> = held.back.net_minor,
        currencies: Option<String> = held.back.currency.map(|own| own.code().to_owned()),
        times: DateTime<Utc> = held.back.occurred_at,
        tellings: DateTime<Utc> = held.back.told_at,
        failures: Option<DateTime<Utc>> = held.back.failed_at,
        // One text for a list: unnest would flatten a list of lists.
        payments: String = serde_json::to_string(&held.back.payment).unwrap_or_default(),
        reasons: Option<String> = held.back.reason.clone(),
        conversions: Option<Uuid> = held.conversion_id.map(|id| id.0),
        events: String = joined(held.event_ids.iter().map(|id| id.0.to_string())),
        lookups: Option<DateTime<Utc>> = Some(now)
            .filter(|_| held.conversion_id.is_none() && !held.back.is_voided()),
    });
    sqlx::query!(
        "insert into refund (organization_id, external_id, kind, status, amount_minor, currency, occurred_at,
             told_at, failed_at, payment, reason, conversion_id, event_ids, next_lookup_at, created_at,
             net_minor)
         select $1, r.id, r.kind, r.status, r.amount, r.currency, r.at, r.told, r.failed,
             array(select json_array_elements_text(r.payment::json)), r.reason, r.conversion,
             string_to_array(r.events, ' ')::uuid[], r.lookup, $2, r.net
         from unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::timestamptz[],
             $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::uuid[], $14::text[],
             $15::timestamptz[], $16::bigint[])
             as r (id, kind, status, amount, currency, at, told, failed, payment, reason, conversion, events, lookup,
                 net)
         on conflict (organization_id, external_id) do update
         set kind = excluded.kind, status = excluded.status, amount_minor = excluded.amount_minor,
             net_minor = excluded.net_minor,
             currency = excluded.currency, occurred_at = excluded.occurred_at, told_at = excluded.told_at,
             failed_at = excluded.failed_at, payment = excluded.payment, reason = excluded.reason, conversion_id = excluded.conversion_id,
             event_ids = excluded.event_ids",
        organization_id.0,
        now,
        &ids,
        &kinds,
        &statuses,
        &amounts,
        &currencies as &[Option<String>],
        &times,
        &tellings,
        &failures as &[Option<DateTime<Utc>>],
        &payments,
        &reasons as &[Option<String>],
        &conversions as &[Option<Uuid>],
        &events,
        &lookups as &[Option<DateTime<Utc>>],
        &nets as &[Option<i64>],
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn keep_links_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    writes: &Writes,
) -> Result<(), StoreError> {
    if writes.links.is_empty() && writes.references.is_empty() {
        return Ok(());
    }
    let same = writes.links.iter().map(|pair| (pair, "same", "same"));
    let references = writes.references.iter();
    let lines = same.chain(references.map(|pair| (pair, "refers", "referred")));
    let lines: Vec<_> = lines.collect();
    columns!(&lines, ((one, other), there, back) => {
        ones: String = one.clone(),
        others: String = other.clone(),
        theres: String = (*there).to_owned(),
        backs: String = (*back).to_owned(),
    });
    sqlx::query!(
        "insert into payment_link (organization_id, id, other, relation)
         select distinct on (p.id, p.other) $1::uuid, p.id, p.other, p.relation
         from (select l.id, l.other, l.there as relation
                   from unnest($2::text[], $3::text[], $4::text[]) as l (id, other, there)
               union
               select l.other, l.id, l.back
                   from unnest($2::text[], $3::text[], $5::text[]) as l (id, other, back)) p
         order by p.id, p.other, p.relation = 'same' desc
         on conflict (organization_id, id, other) do update set relation = 'same'
         where excluded.relation = 'same' and payment_link.relation <> 'same'",
        organization_id.0,
        &ones,
        &others,
        &theres,
        &backs,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn keep_ends_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    writes: &Writes,
) -> Result<(), StoreError> {
    if writes.ends.is_empty() {
        return Ok(());
    }
    columns!(&writes.ends, (subscription, ended_at) => {
        subscriptions: String = subscription.clone(),
        times: DateTime<Utc> = *ended_at,
    });
    sqlx::query!(
        "insert into subscription_end (organization_id, subscription_id, ended_at)
         select $1::uuid, e.id, e.at from unnest($2::text[], $3::timestamptz[]) as e (id, at)
         on conflict (organization_id, subscription_id) do update
         set ended_at = least(subscription_end.ended_at, excluded.ended_at)",
        organization_id.0,
        &subscriptions,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}
