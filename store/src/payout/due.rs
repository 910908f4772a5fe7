//! What is due: the sums of what no payout has taken, by affiliate.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may be null"
)]

use std::collections::{BTreeMap, HashMap};

use domain::{
    affiliate::AffiliateStatus,
    id::{AffiliateId, CampaignId, OrganizationId},
    lifecycle::Status,
    money::Currency,
    payout::{CarriedOver, Due, Outcome, Payee, Selection, Unsettled},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::PayoutError;
use crate::{Store, StoreError, error::readable};

/// What is due to an affiliate in one currency, and what a run would make of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payable {
    /// Who.
    pub name: String,
    /// His referral code.
    pub slug: String,
    /// His address.
    pub email: String,
    /// What is due.
    pub due: Due,
    /// What a run makes of it.
    pub outcome: Outcome,
}

struct Person {
    payee: Payee,
    name: String,
    slug: String,
    email: String,
}

impl Store {
    /// What a run would do now, by affiliate and currency: whom it would pay, and whom it would carry over and why.
    ///
    /// # Errors
    /// [`PayoutError::NoAffiliate`] and [`PayoutError::NoCampaign`] for ids that are not there.
    pub async fn preview_batch(
        &self,
        organization_id: OrganizationId,
        selection: &Selection,
    ) -> Result<Vec<Payable>, PayoutError> {
        let mut db = self.pool.acquire().await?;
        payable_in(&mut db, organization_id, selection).await
    }

    /// What is due to everybody, those included who are in debt; the same as a run without limits.
    ///
    /// # Errors
    /// Below.
    pub async fn payable(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<Payable>, PayoutError> {
        self.preview_batch(organization_id, &Selection::default())
            .await
    }
}

/// What is due by this selection, in the order of names. Who is named and has nothing to get is told so.
pub(super) async fn payable_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    selection: &Selection,
) -> Result<Vec<Payable>, PayoutError> {
    let thresholds = thresholds_in(db, organization_id).await?;
    if let Some(id) = selection.campaign_id
        && !thresholds.contains_key(&id)
    {
        return Err(PayoutError::NoCampaign);
    }
    let unsettled = unsettled_in(db, organization_id, selection).await?;
    let owners = unsettled.iter().map(|part| part.affiliate_id);
    let mut ids: Vec<Uuid> = owners
        .chain(selection.affiliates.iter().copied())
        .map(|id| id.0)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let people = people_in(db, organization_id, &ids).await?;
    let is_known = |id: &&AffiliateId| people.iter().any(|one| one.payee.affiliate_id == **id);
    if let Some(id) = selection.affiliates.iter().find(|id| !is_known(id)) {
        return Err(PayoutError::NoAffiliate(*id));
    }
    let mut by_affiliate: BTreeMap<AffiliateId, Vec<Unsettled>> = BTreeMap::new();
    for part in unsettled {
        by_affiliate
            .entry(part.affiliate_id)
            .or_default()
            .push(part);
    }
    let threshold = |id: CampaignId, currency: Currency| {
        let (own, minor) = thresholds.get(&id)?;
        (*own == currency).then_some(*minor)
    };
    let mut payable = Vec::new();
    for one in people {
        let parts = by_affiliate.remove(&one.payee.affiliate_id);
        let mut dues = selection.due(&one.payee, &parts.unwrap_or_default(), threshold);
        if dues.is_empty() && selection.names(one.payee.affiliate_id) {
            dues.push(nothing(&one.payee, selection, &thresholds));
        }
        for due in dues {
            payable.push(Payable {
                name: one.name.clone(),
                slug: one.slug.clone(),
                email: one.email.clone(),
                outcome: due.outcome(selection.method),
                due,
            });
        }
    }
    Ok(payable)
}

impl Payable {
    /// Why nothing is paid, where nothing is.
    pub fn carried_over(&self) -> Option<CarriedOver> {
        match self.outcome {
            Outcome::Carries(why) => Some(why),
            Outcome::Pays(_) | Outcome::Settles => None,
        }
    }
}

/// Nothing is due to who is named.
fn nothing(payee: &Payee, selection: &Selection, thresholds: &Thresholds) -> Due {
    let of_campaign = selection.campaign_id.and_then(|id| thresholds.get(&id));
    let (own, threshold_minor) = of_campaign.copied().unwrap_or((Currency::USD, 0));
    Due {
        affiliate_id: payee.affiliate_id,
        currency: selection.currency.unwrap_or(own),
        campaign_id: selection.campaign_id,
        earned_minor: 0,
        debt_minor: 0,
        threshold_minor,
        account: payee.account.clone(),
        is_active: true,
        parts: Vec::new(),
    }
}

/// The smallest payouts of campaigns, in minor units of their currencies.
type Thresholds = HashMap<CampaignId, (Currency, i64)>;

async fn thresholds_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Thresholds, StoreError> {
    let rows = sqlx::query!(
        "select campaign_id, currency, payout_threshold_minor from campaign where organization_id = $1",
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    let mut thresholds = Thresholds::with_capacity(rows.len());
    for row in rows {
        let currency = readable(Currency::parse(&row.currency).ok(), "campaign", "currency")?;
        let threshold = (currency, row.payout_threshold_minor);
        thresholds.insert(CampaignId(row.campaign_id), threshold);
    }
    Ok(thresholds)
}

/// What no payout has taken, summed up; what waits for the end of its hold is left out.
async fn unsettled_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    selection: &Selection,
) -> Result<Vec<Unsettled>, StoreError> {
    let affiliates: Vec<Uuid> = selection.affiliates.iter().map(|id| id.0).collect();
    let affiliates = Some(affiliates).filter(|ids| !ids.is_empty());
    let rows = sqlx::query!(
        r#"select c.affiliate_id as "affiliate_id!", c.commission_currency as "currency!", c.campaign_id as "campaign_id?",
               c.status as "status?", c.held_by is not null as "is_held!",
               sum(c.commission_minor - c.settled_minor)::bigint as "minor!", count(*) as "rows!"
           from conversion c
           where c.organization_id = $1 and c.commission_minor <> c.settled_minor and c.status <> 'pending'
               and ($2::uuid[] is null or c.affiliate_id = any($2))
           group by c.affiliate_id, c.commission_currency, c.campaign_id, c.status, c.held_by is not null,
               c.commission_minor < c.settled_minor
           union all
           select e.affiliate_id, e.currency, null, null, false, sum(e.amount_minor)::bigint, count(*)
           from ledger_entry e
           where e.organization_id = $1 and e.kind = 'adjustment' and e.conversion_id is null
               and ($2::uuid[] is null or e.affiliate_id = any($2))
               and not exists (select from payout_entry t where t.organization_id = $1
                   and t.ledger_entry_id = e.ledger_entry_id and t.released_at is null)
           group by e.affiliate_id, e.currency, e.amount_minor < 0"#,
        organization_id.0,
        affiliates as Option<Vec<Uuid>>,
    )
    .fetch_all(db)
    .await?;
    let mut unsettled = Vec::with_capacity(rows.len());
    for row in rows {
        const TABLE: &str = "conversion";
        let status = match row.status {
            Some(word) => Some(readable(Status::parse(&word), TABLE, "status")?),
            None => None,
        };
        let currency = Currency::parse(&row.currency).ok();
        unsettled.push(Unsettled {
            affiliate_id: AffiliateId(row.affiliate_id),
            currency: readable(currency, TABLE, "commission_currency")?,
            campaign_id: row.campaign_id.map(CampaignId),
            status,
            is_held: row.is_held,
            minor: row.minor,
            rows: row.rows,
        });
    }
    Ok(unsettled)
}

async fn people_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query!(
        "select affiliate_id, name, slug, email, status, stripe_account_id from affiliate
         where organization_id = $1 and affiliate_id = any($2) order by lower(name), affiliate_id",
        organization_id.0,
        ids,
    )
    .fetch_all(db)
    .await?;
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        let status = readable(AffiliateStatus::parse(&row.status), "affiliate", "status")?;
        people.push(Person {
            payee: Payee {
                affiliate_id: AffiliateId(row.affiliate_id),
                account: row.stripe_account_id,
                is_active: !matches!(status, AffiliateStatus::Blocked | AffiliateStatus::Removed),
            },
            name: row.name,
            slug: row.slug,
            email: row.email,
        });
    }
    Ok(people)
}
