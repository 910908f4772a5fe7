//! What is due: the sums of what no payout has taken, by affiliate.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may be null"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
use crate::{Store, StoreError, error::readable, transaction::begin_moment};

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

/// Everything that decides about what is due, as of one moment.
struct Books {
    thresholds: Thresholds,
    people: Vec<Person>,
    unsettled: BTreeMap<AffiliateId, Vec<Unsettled>>,
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
        let mut moment = begin_moment(&self.pool).await?;
        let payable = payable_in(&mut moment, organization_id, selection).await?;
        moment.commit().await?;
        Ok(payable)
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

    /// What is due for each campaign, or for one, to those who earned something in it: what [`Store::create_payout`]
    /// would pay.
    ///
    /// # Errors
    /// [`PayoutError::NoCampaign`] for an id that is not there.
    pub async fn payable_by_campaign(
        &self,
        organization_id: OrganizationId,
        campaign_id: Option<CampaignId>,
    ) -> Result<Vec<Payable>, PayoutError> {
        let mut moment = begin_moment(&self.pool).await?;
        let books = Books::read_in(&mut moment, organization_id, &[]).await?;
        moment.commit().await?;
        books.check(campaign_id)?;
        let mut payable = Vec::new();
        for one in &books.people {
            let campaigns: BTreeSet<CampaignId> = books
                .of(one)
                .iter()
                .filter_map(|part| part.campaign_id)
                .collect();
            let wanted = campaigns
                .into_iter()
                .filter(|id| campaign_id.is_none_or(|own| own == *id));
            for id in wanted {
                let selection = Selection {
                    campaign_id: Some(id),
                    ..Selection::default()
                };
                let dues = books.due(one, &selection).into_iter();
                payable.extend(dues.filter(|one| one.due.earned_minor > 0));
            }
        }
        Ok(payable)
    }
}

/// What is due by this selection, in the order of names. Who is named and has nothing to get is told so.
pub(super) async fn payable_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    selection: &Selection,
) -> Result<Vec<Payable>, PayoutError> {
    let books = Books::read_in(db, organization_id, &selection.affiliates).await?;
    books.check(selection.campaign_id)?;
    let is_known = |id: &&AffiliateId| {
        let mut people = books.people.iter();
        people.any(|one| one.payee.affiliate_id == **id)
    };
    if let Some(id) = selection.affiliates.iter().find(|id| !is_known(id)) {
        return Err(PayoutError::NoAffiliate(*id));
    }
    let people = books.people.iter();
    Ok(people.flat_map(|one| books.due(one, selection)).collect())
}

impl Books {
    /// Of these affiliates; of none: of all.
    async fn read_in(
        db: &mut PgConnection,
        organization_id: OrganizationId,
        affiliates: &[AffiliateId],
    ) -> Result<Self, StoreError> {
        let thresholds = thresholds_in(db, organization_id).await?;
        let mut unsettled: BTreeMap<AffiliateId, Vec<Unsettled>> = BTreeMap::new();
        for part in unsettled_in(db, organization_id, affiliates).await? {
            unsettled.entry(part.affiliate_id).or_default().push(part);
        }
        let owners = unsettled.keys().chain(affiliates);
        let ids: BTreeSet<Uuid> = owners.map(|id| id.0).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        Ok(Self {
            people: people_in(db, organization_id, &ids).await?,
            thresholds,
            unsettled,
        })
    }

    fn check(&self, campaign_id: Option<CampaignId>) -> Result<(), PayoutError> {
        match campaign_id {
            Some(id) if !self.thresholds.contains_key(&id) => Err(PayoutError::NoCampaign),
            _ => Ok(()),
        }
    }

    fn of(&self, one: &Person) -> &[Unsettled] {
        let own = self.unsettled.get(&one.payee.affiliate_id);
        own.map_or(&[], Vec::as_slice)
    }

    fn due(&self, one: &Person, selection: &Selection) -> Vec<Payable> {
        let threshold = |id: CampaignId, currency: Currency| {
            let (own, minor) = self.thresholds.get(&id)?;
            (*own == currency).then_some(*minor)
        };
        let mut dues = selection.due(&one.payee, self.of(one), threshold);
        if dues.is_empty() && selection.names(one.payee.affiliate_id) {
            dues.push(self.nothing(&one.payee, selection));
        }
        let payable = dues.into_iter().map(|due| Payable {
            name: one.name.clone(),
            slug: one.slug.clone(),
            email: one.email.clone(),
            outcome: due.outcome(selection.method),
            due,
        });
        payable.collect()
    }

    /// Nothing is due to who is named.
    fn nothing(&self, payee: &Payee, selection: &Selection) -> Due {
        let of_campaign = selection
            .campaign_id
            .and_then(|id| self.thresholds.get(&id));
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
    affiliates: &[AffiliateId],
) -> Result<Vec<Unsettled>, StoreError> {
    let affiliates: Vec<Uuid> = affiliates.iter().map(|id| id.0).collect();
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
