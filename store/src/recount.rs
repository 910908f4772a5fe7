//! The recount: is everything that is stored what the facts say?
//!
//! Reads an organization in one moment, whether or not a server runs, and changes nothing. Statuses and
//! commissions are computed anew from amounts, plans, refunds and decisions; the ledger is added up; the
//! days' roll-up is compared with its rows.

use std::collections::HashMap;

use domain::{
    conversion::{Conversion, ConversionType},
    id::{ConversionId, OrganizationId},
    money::Money,
    refund::{Back, MoneyBack},
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    refund::of_conversions_in,
    sales::{ONE_MOMENT, after_in, by_ids_in},
};

/// How many conversions are counted at a time.
const AT_A_TIME: i64 = 2000;

/// What a recount found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recount {
    /// How many organizations were counted.
    pub organizations: usize,
    /// How many conversions.
    pub conversions: usize,
    /// How many ledger entries.
    pub entries: i64,
    /// What is not what the facts say, one line each.
    pub differences: Vec<String>,
}

impl Store {
    /// Recounts everything.
    ///
    /// # Errors
    /// Below; a difference is no error.
    pub async fn recount(&self) -> Result<Recount, StoreError> {
        let ids = sqlx::query_scalar!(
            "select organization_id from organization order by organization_id"
        )
        .fetch_all(&self.pool)
        .await?;
        let mut recount = Recount::default();
        for id in ids {
            let mut db = self.pool.acquire().await?;
            let mut tx = db.begin_with(ONE_MOMENT).await?;
            // A recount of millions takes longer than a page may.
            sqlx::query("set local statement_timeout = 0")
                .execute(&mut *tx)
                .await?;
            count_in(&mut tx, OrganizationId(id), &mut recount).await?;
            tx.rollback().await?;
        }
        Ok(recount)
    }
}

async fn count_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    recount.organizations += 1;
    let mut after = ConversionId(Uuid::nil());
    loop {
        let batch = after_in(db, organization_id, after, AT_A_TIME).await?;
        let Some(last) = batch.last() else { break };
        after = last.id;
        recount.conversions += batch.len();
        conversions_in(db, organization_id, &batch, recount).await?;
    }
    days_in(db, organization_id, recount).await?;
    strays_in(db, organization_id, recount).await
}

async fn conversions_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    batch: &[Conversion],
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = batch.iter().map(|one| one.id.0).collect();
    let ledger = ledger_in(db, organization_id, &ids, recount).await?;
    let backs = backs_in(db, organization_id, &ids).await?;
    let parents: Vec<Uuid> = batch
        .iter()
        .filter_map(|one| Some(one.parent_conversion_id?.0))
        .collect();
    let parents: HashMap<ConversionId, Conversion> = by_ids_in(db, organization_id, &parents, &[])
        .await?
        .into_iter()
        .map(|one| (one.id, one))
        .collect();
    for one in batch {
        let due = one.commission;
        let held = ledger
            .get(&(one.id, due.currency.code().to_owned()))
            .copied();
        if held.unwrap_or(0) != due.minor {
            let held = Money::new(held.unwrap_or(0), due.currency);
            recount.difference(one, &format!("the ledger holds {held}, but {due} is due"));
        }
        let facts = backs.get(&one.id).map(Vec::as_slice).unwrap_or_default();
        recount.compare(
            one,
            parents.get(&one.parent_conversion_id.unwrap_or(one.id)),
            facts,
        );
    }
    Ok(())
}

impl Recount {
    /// What the facts say, against what is stored.
    fn compare(&mut self, one: &Conversion, parent: Option<&Conversion>, facts: &[MoneyBack]) {
        let now = one.refunded_at.unwrap_or(one.created_at);
        let computed = match (one.parent_conversion_id, parent) {
            (Some(_), None) => {
                self.difference(one, "the sale that it is a share of is missing");
                return;
            }
            (Some(_), Some(parent)) => one.following(parent, now),
            (None, _) if one.kind == ConversionType::Lead => one.restated(now),
            (None, _) => one.settled(Back::of(one.amount, facts), now),
        };
        match computed {
            Err(error) => self.difference(one, &format!("it can't be computed: {error}")),
            Ok(computed) => {
                if computed.status != one.status {
                    let why = format!(
                        "it is {}, but its facts make it {}",
                        one.status, computed.status
                    );
                    self.difference(one, &why);
                }
                if computed.commission != one.commission {
                    let (stored, due) = (one.commission, computed.commission);
                    self.difference(
                        one,
                        &format!("{stored} is stored as due, but its facts make it {due}"),
                    );
                }
                if computed.refunded_minor != one.refunded_minor {
                    let money = |minor| Money::new(minor, one.currency());
                    let (stored, back) =
                        (money(one.refunded_minor), money(computed.refunded_minor));
                    self.difference(
                        one,
                        &format!("{stored} is stored as refunded, but {back} went back"),
                    );
                }
            }
        }
    }

    fn difference(&mut self, one: &Conversion, what: &str) {
        let name = one
            .external_event_id
            .as_deref()
            .unwrap_or("without external id");
        self.differences
            .push(format!("sale {} ({name}): {what}", one.id));
    }
}

/// What the entries of conversions add up to, by conversion and currency.
async fn ledger_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
    recount: &mut Recount,
) -> Result<HashMap<(ConversionId, String), i64>, StoreError> {
    let rows = sqlx::query!(
        r#"select conversion_id as "conversion_id!", currency, sum(amount_minor)::bigint as "sum!",
               count(*) as "count!"
           from ledger_entry
           where organization_id = $1 and conversion_id = any($2) and kind not in ('payout', 'adjustment')
           group by conversion_id, currency"#,
        organization_id.0,
        ids,
    )
    .fetch_all(db)
    .await?;
    recount.entries += rows.iter().map(|row| row.count).sum::<i64>();
    let sums = rows
        .into_iter()
        .map(|row| ((ConversionId(row.conversion_id), row.currency), row.sum));
    Ok(sums.collect())
}

/// The refunds and disputes that conversions have met.
async fn backs_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<HashMap<ConversionId, Vec<MoneyBack>>, StoreError> {
    let mut backs: HashMap<ConversionId, Vec<MoneyBack>> = HashMap::new();
    for met in of_conversions_in(db, organization_id, ids).await? {
        if let Some(id) = met.conversion_id {
            backs.entry(id).or_default().push(met.back);
        }
    }
    Ok(backs)
}

/// The days' roll-up against the rows that it sums.
async fn days_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"with counted as (
               select (created_at at time zone 'UTC')::date as day, campaign_id, kind, source, status, currency,
                   commission_currency, count(*) as conversions, sum(amount_minor)::bigint as amount_minor,
                   sum(commission_minor)::bigint as commission_minor
               from conversion where organization_id = $1
               group by 1, 2, 3, 4, 5, 6, 7),
           rolled_up as (
               select day, campaign_id, kind, source, status, currency, commission_currency, conversions,
                   amount_minor, commission_minor
               from conversion_day
               where organization_id = $1 and (conversions <> 0 or amount_minor <> 0 or commission_minor <> 0))
           select coalesce(c.day, r.day) as "day!", coalesce(c.kind, r.kind) as "kind!",
               coalesce(c.source, r.source) as "source!", coalesce(c.status, r.status) as "status!",
               coalesce(c.conversions, 0) as "counted!", coalesce(r.conversions, 0) as "stored!",
               coalesce(c.commission_minor, 0) as "counted_minor!", coalesce(r.commission_minor, 0) as "stored_minor!"
           from counted c full join rolled_up r using (day, campaign_id, kind, source, status, currency,
               commission_currency)
           where c.conversions is distinct from r.conversions or c.amount_minor is distinct from r.amount_minor
               or c.commission_minor is distinct from r.commission_minor
           order by 1, 2, 3, 4"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "day {} ({}, {}, {}): {} rows with commissions of {} minor units, but the roll-up says {} and {}",
            row.day, row.kind, row.source, row.status, row.counted, row.counted_minor, row.stored,
            row.stored_minor
        ));
    }
    Ok(())
}

/// Changes that live streams could never tell, because they are numbered beyond the position.
async fn strays_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"select p.position, (select coalesce(max(c.change_position), 0) from conversion c
               where c.organization_id = $1) as "newest!"
           from organization_position p where p.organization_id = $1"#,
        organization_id.0,
    )
    .fetch_one(db)
    .await?;
    if row.newest > row.position {
        recount.differences.push(format!(
            "organization {organization_id}: a change is numbered {}, but the position is {}",
            row.newest, row.position
        ));
    }
    Ok(())
}
