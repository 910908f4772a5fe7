//! The recount: is everything that is stored what the facts say?
//!
//! Reads an organization in one moment, whether or not a server runs, and changes nothing. Statuses and
//! commissions are computed anew from amounts, plans, refunds, flags and decisions; the ledger is added up by
//! affiliate and currency; the days' roll-ups are compared with their rows; payouts with the entries they take. Not asked again are the rules of
//! attribution and which payment was a customer's first: they were decided on what was known then.

use std::collections::{HashMap, HashSet};

use domain::{
    conversion::{Conversion, ConversionType},
    fraud::FlagStatus,
    id::{ConversionId, OrganizationId},
    money::Money,
    refund::{Back, HeldBy, MoneyBack},
};
use sqlx::PgConnection;
use uuid::Uuid;

use self::{account::Accounts, days::days_in, loose::loose_ends_in};
use crate::{
    Store, StoreError, flag,
    refund::of_conversions_in,
    sales::{after_in, by_ids_in},
    transaction::begin_moment,
};

mod account;
mod clicks;
mod days;
mod loose;
mod payouts;

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
            let mut tx = begin_moment(&self.pool).await?;
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
    clicks::clicks_in(db, organization_id, recount).await?;
    payouts::payouts_in(db, organization_id, recount).await?;
    loose_ends_in(db, organization_id, recount).await
}

async fn conversions_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    batch: &[Conversion],
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = batch.iter().map(|one| one.id.0).collect();
    let accounts = Accounts::of_conversions_in(db, organization_id, &ids).await?;
    recount.entries += accounts.entries;
    let backs = backs_in(db, organization_id, &ids).await?;
    let flagged = flagged_in(db, organization_id, &ids).await?;
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
        for what in accounts.differences(one) {
            recount.difference(one, &what);
        }
        let facts = backs.get(&one.id).map(Vec::as_slice).unwrap_or_default();
        let is_flagged = flagged.contains(&one.id);
        if is_flagged != one.is_flagged {
            recount.difference(one, flag_words(is_flagged));
        }
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
            (None, _) if one.kind == ConversionType::Lead => one.settled(Back::default(), now),
            (None, _) => one.settled(Back::of(one.whole(), facts), now),
        };
        match computed {
            Err(error) => self.difference(one, &format!("it can't be computed: {error}")),
            Ok(computed) => {
                for what in unlike(one, &computed) {
                    self.difference(one, &what);
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

/// In what a stored conversion is not what its facts make of it.
fn unlike(stored: &Conversion, computed: &Conversion) -> Vec<String> {
    let mut found = Vec::new();
    if computed.status != stored.status {
        let (is, facts) = (stored.status, computed.status);
        found.push(format!("it is {is}, but its facts make it {facts}"));
    }
    if computed.commission != stored.commission {
        let (is, due) = (stored.commission, computed.commission);
        found.push(format!(
            "{is} is stored as due, but its facts make it {due}"
        ));
    }
    if computed.commission_state != stored.commission_state {
        let (is, facts) = (stored.commission_state, computed.commission_state);
        found.push(format!(
            "its commission is {is}, but its facts make it {facts}"
        ));
    }
    if computed.refunded_minor != stored.refunded_minor {
        let money = |minor| Money::new(minor, stored.currency());
        let (is, back) = (money(stored.refunded_minor), money(computed.refunded_minor));
        found.push(format!("{is} is stored as refunded, but {back} went back"));
    }
    if computed.held_by != stored.held_by {
        let word = |held: Option<HeldBy>| held.map_or("nothing", HeldBy::as_str);
        let (is, facts) = (word(stored.held_by), word(computed.held_by));
        found.push(format!(
            "it is stored as held by {is}, but its facts say {facts}"
        ));
    }
    found
}

fn flag_words(is_flagged: bool) -> &'static str {
    if is_flagged {
        "it is not stored as flagged, but has an open flag"
    } else {
        "it is stored as flagged, but has no open flag"
    }
}

/// Those of these conversions that have an open flag.
async fn flagged_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<HashSet<ConversionId>, StoreError> {
    let flags = flag::of_conversions_in(db, organization_id, ids).await?;
    let open = flags
        .into_iter()
        .filter(|flag| flag.status == FlagStatus::Open);
    Ok(open.map(|flag| flag.conversion_id).collect())
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
