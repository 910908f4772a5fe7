//! Making payouts: a run for many affiliates, or one for one.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

use chrono::{DateTime, Utc};
use domain::{
    id::{AffiliateId, CampaignId, OrganizationId, PayoutBatchId, PayoutId},
    money::Money,
    payout::{Outcome, Payout, PayoutMethod, PayoutStatus, Selection},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Payable, PayoutError, PayoutView, TABLE, by_ids_in,
    due::payable_in,
    step::{Work, complete_in},
    tell::tell_in,
};
use crate::{
    Store, StoreError,
    audit::{self, Actor},
    columns::columns,
    intake::lock_in,
    transaction::begin,
};

/// What a run made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which run.
    pub id: PayoutBatchId,
    /// The payouts, in the order of names.
    pub payouts: Vec<PayoutView>,
    /// Who was not paid, and why.
    pub carried_over: Vec<Payable>,
}

/// A payout for one affiliate of one campaign.
#[derive(Clone, Debug)]
pub struct PayoutOrder {
    /// Whom.
    pub affiliate_id: AffiliateId,
    /// For what he earned in it.
    pub campaign_id: CampaignId,
    /// How; `None`: by Stripe when he has an account there.
    pub method: Option<PayoutMethod>,
    /// What is said of it.
    pub note: Option<String>,
    /// Who makes it.
    pub actor: Actor,
}

impl Store {
    /// Makes a payout for every affiliate and currency that the selection pays. Two runs at once make one payout.
    ///
    /// # Errors
    /// [`PayoutError::NoAffiliate`] and [`PayoutError::NoCampaign`] for ids that are not there.
    pub async fn open_batch(
        &self,
        organization_id: OrganizationId,
        selection: &Selection,
        actor: Actor,
    ) -> Result<Batch, PayoutError> {
        let allowed = actor.manages()?;
        let mut tx = begin(&self.pool).await?;
        let position = lock_in(&mut tx, organization_id).await?;
        let now = self.clock.now();
        let payable = payable_in(&mut tx, organization_id, selection).await?;
        let (paid, carried_over): (Vec<_>, Vec<_>) = payable
            .into_iter()
            .partition(|one| one.carried_over().is_none());
        let id = PayoutBatchId(self.random.uuid_v7(now));
        batch_in(&mut tx, organization_id, id, selection, now).await?;
        let detail = format!("{} paid, {} carried over", paid.len(), carried_over.len());
        let entry = audit::Entry {
            actor: allowed,
            subject: "payout_batch",
            subject_id: id.0,
            action: "created",
            detail: &detail,
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        let desk = self.desk();
        let mut work = Work::new(&desk, organization_id, position, actor);
        let payouts = work.make_in(&mut tx, Some(id), &paid, None).await?;
        tx.commit().await?;
        work.tell();
        Ok(Batch {
            id,
            payouts,
            carried_over,
        })
    }

    /// Makes a pending payout for one affiliate of one campaign. What he owes in other campaigns is taken from it.
    ///
    /// # Errors
    /// [`PayoutError::CarriedOver`] below the threshold and when nothing is due, [`PayoutError::NoAffiliate`] and
    /// [`PayoutError::NoCampaign`] for ids that are not there.
    pub async fn create_payout(
        &self,
        organization_id: OrganizationId,
        order: PayoutOrder,
    ) -> Result<PayoutView, PayoutError> {
        order.actor.manages()?;
        let mut tx = begin(&self.pool).await?;
        let position = lock_in(&mut tx, organization_id).await?;
        let selection = Selection {
            campaign_id: Some(order.campaign_id),
            affiliates: vec![order.affiliate_id],
            currency: None,
            method: order.method,
        };
        let payable = payable_in(&mut tx, organization_id, &selection).await?;
        // Others are debts in other currencies than the campaign's.
        let paid = payable.iter().find(|one| one.carried_over().is_none());
        let Some(paid) = paid.cloned() else {
            return Err(refusal(payable.first()));
        };
        let desk = self.desk();
        let mut work = Work::new(&desk, organization_id, position, order.actor);
        let made = work
            .make_in(&mut tx, None, &[paid], order.note.as_deref())
            .await?;
        tx.commit().await?;
        work.tell();
        made.into_iter().next().ok_or(PayoutError::NotFound)
    }
}

fn refusal(carried: Option<&Payable>) -> PayoutError {
    let Some((one, why)) = carried.and_then(|one| Some((one, one.carried_over()?))) else {
        return PayoutError::NotFound;
    };
    PayoutError::CarriedOver {
        why,
        due: one.due.amount(),
        threshold: Money::new(one.due.threshold_minor, one.due.currency),
    }
}

async fn batch_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: PayoutBatchId,
    selection: &Selection,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into payout_batch (organization_id, payout_batch_id, campaign_id, currency, created_at)
         values ($1, $2, $3, $4, $5)",
        organization_id.0,
        id.0,
        selection.campaign_id.map(|id| id.0),
        selection.currency.map(|currency| currency.code()),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

impl Work<'_> {
    /// Makes these payouts and lets them take their entries; those that move no money are completed.
    async fn make_in(
        &mut self,
        db: &mut PgConnection,
        batch_id: Option<PayoutBatchId>,
        paid: &[Payable],
        note: Option<&str>,
    ) -> Result<Vec<PayoutView>, PayoutError> {
        let now = self.desk.clock.now();
        let mut made = Vec::with_capacity(paid.len());
        for one in paid {
            let id = PayoutId(self.desk.random.uuid_v7(now));
            made.push((payout_of(id, batch_id, one, note, now), one));
        }
        if made.is_empty() {
            return Ok(Vec::new());
        }
        self.insert_in(db, &made).await?;
        self.take_in(db, &made).await?;
        self.note_in(db, &made).await?;
        let ids: Vec<Uuid> = made.iter().map(|(payout, _)| payout.id.0).collect();
        tell_in(db, self.desk, self.organization_id, &ids).await?;
        for (payout, _) in made.iter().filter(|(payout, _)| payout.amount.minor == 0) {
            let settled = payout.clone().completed(now)?;
            complete_in(db, self, &settled, "earnings and debts settle each other").await?;
        }
        let mut views = by_ids_in(db, self.organization_id, &ids).await?;
        views.sort_by_key(|view| ids.iter().position(|id| *id == view.payout.id.0));
        Ok(views)
    }

    async fn insert_in(
        &self,
        db: &mut PgConnection,
        made: &[(Payout, &Payable)],
    ) -> Result<(), StoreError> {
        columns!(made, (payout, _) => {
            ids: Uuid = payout.id.0,
            batches: Option<Uuid> = payout.batch_id.map(|id| id.0),
            affiliates: Uuid = payout.affiliate_id.0,
            campaigns: Option<Uuid> = payout.campaign_id.map(|id| id.0),
            currencies: String = payout.amount.currency.code().to_owned(),
            amounts: i64 = payout.amount.minor,
            methods: String = payout.method.as_str().to_owned(),
            accounts: Option<String> = payout.account.clone(),
            notes: Option<String> = payout.note.clone(),
            times: DateTime<Utc> = payout.created_at,
        });
        sqlx::query!(
            "insert into payout (organization_id, payout_id, payout_batch_id, affiliate_id, campaign_id, currency,
                 amount_minor, status, method, account, note, created_at)
             select $1, p.id, p.batch, p.affiliate, p.campaign, p.currency, p.amount, 'pending', p.method, p.account,
                 p.note, p.at
             from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::text[],
                 $9::text[], $10::text[], $11::timestamptz[])
                 as p (id, batch, affiliate, campaign, currency, amount, method, account, note, at)",
            self.organization_id.0,
            &ids,
            &batches as &[Option<Uuid>],
            &affiliates,
            &campaigns as &[Option<Uuid>],
            &currencies,
            &amounts,
            &methods,
            &accounts as &[Option<String>],
            &notes as &[Option<String>],
            &times,
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// Which entries they take: all of the conversions that stand as the decision said, and corrections.
    async fn take_in(
        &self,
        db: &mut PgConnection,
        made: &[(Payout, &Payable)],
    ) -> Result<(), StoreError> {
        let parts = made.iter().flat_map(|(payout, one)| {
            let parts = one.due.parts.iter();
            parts.map(|part| (payout.id, part))
        });
        let parts: Vec<_> = parts.collect();
        columns!(&parts, (payout_id, part) => {
            payouts: Uuid = payout_id.0,
            affiliates: Uuid = part.affiliate_id.0,
            currencies: String = part.currency.code().to_owned(),
            campaigns: Option<Uuid> = part.campaign_id.map(|id| id.0),
            statuses: Option<String> = part.status.map(|status| status.as_str().to_owned()),
            helds: bool = part.is_held,
            debits: bool = part.minor < 0,
        });
        sqlx::query!(
            "insert into payout_entry (organization_id, payout_id, ledger_entry_id, conversion_id)
             select e.organization_id, g.payout, e.ledger_entry_id, e.conversion_id
             from unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::boolean[], $8::boolean[])
                 as g (payout, affiliate, currency, campaign, status, held, debit)
             join conversion c on c.organization_id = $1 and c.affiliate_id = g.affiliate
                 and c.commission_currency = g.currency and c.campaign_id = g.campaign and c.status = g.status
                 and (c.held_by is not null) = g.held and (c.commission_minor < c.settled_minor) = g.debit
                 and c.commission_minor <> c.settled_minor and c.status <> 'pending'
             join ledger_entry e on e.organization_id = $1 and e.conversion_id = c.conversion_id
             where not exists (select from payout_entry t where t.organization_id = $1
                 and t.ledger_entry_id = e.ledger_entry_id and t.released_at is null)
             union all
             select e.organization_id, g.payout, e.ledger_entry_id, null
             from unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::boolean[], $8::boolean[])
                 as g (payout, affiliate, currency, campaign, status, held, debit)
             join ledger_entry e on e.organization_id = $1 and e.affiliate_id = g.affiliate
                 and e.currency = g.currency and e.kind = 'adjustment' and e.conversion_id is null
                 and (e.amount_minor < 0) = g.debit
             where g.status is null and not exists (select from payout_entry t where t.organization_id = $1
                 and t.ledger_entry_id = e.ledger_entry_id and t.released_at is null)",
            self.organization_id.0,
            &payouts,
            &affiliates,
            &currencies,
            &campaigns as &[Option<Uuid>],
            &statuses as &[Option<String>],
            &helds,
            &debits,
        )
        .execute(&mut *db)
        .await?;
        let ids: Vec<Uuid> = made.iter().map(|(payout, _)| payout.id.0).collect();
        sqlx::query!(
            "update conversion set settled_minor = commission_minor
             where organization_id = $1 and conversion_id in (select t.conversion_id from payout_entry t
                 where t.organization_id = $1 and t.payout_id = any($2))",
            self.organization_id.0,
            &ids,
        )
        .execute(&mut *db)
        .await?;
        self.check_in(db, &ids).await
    }

    /// The entries add up to what was decided; if they did not, something else would be wrong, and nothing is paid.
    async fn check_in(&self, db: &mut PgConnection, ids: &[Uuid]) -> Result<(), StoreError> {
        let wrong = sqlx::query_scalar!(
            r#"select count(*) as "count!" from payout p
               where p.organization_id = $1 and p.payout_id = any($2) and p.amount_minor <> (
                   select coalesce(sum(e.amount_minor), 0) from payout_entry t
                   join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
                   where t.organization_id = $1 and t.payout_id = p.payout_id)"#,
            self.organization_id.0,
            ids,
        )
        .fetch_one(db)
        .await?;
        if wrong > 0 {
            return Err(StoreError::Corrupt {
                table: "conversion",
                column: "settled_minor",
            });
        }
        Ok(())
    }

    async fn note_in(
        &self,
        db: &mut PgConnection,
        made: &[(Payout, &Payable)],
    ) -> Result<(), StoreError> {
        let details: Vec<String> = made
            .iter()
            .map(|(payout, one)| {
                let (amount, method) = (payout.amount, payout.method);
                format!("{amount} to {}, {}", one.name, method.label())
            })
            .collect();
        let mut lines = Vec::with_capacity(made.len());
        for ((payout, _), detail) in made.iter().zip(&details) {
            lines.push(audit::Entry {
                actor: self.actor.manages()?,
                subject: TABLE,
                subject_id: payout.id.0,
                action: "created",
                detail,
            });
        }
        let now = self.desk.clock.now();
        audit::write_all_in(db, &self.desk.random, self.organization_id, now, &lines).await
    }
}

/// The payout that a decision makes.
fn payout_of(
    id: PayoutId,
    batch_id: Option<PayoutBatchId>,
    one: &Payable,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Payout {
    let method = match one.outcome {
        Outcome::Pays(method) => method,
        Outcome::Settles | Outcome::Carries(_) => PayoutMethod::Manual,
    };
    let due = &one.due;
    Payout {
        id,
        batch_id,
        affiliate_id: due.affiliate_id,
        campaign_id: due.campaign_id,
        amount: due.amount(),
        status: PayoutStatus::Pending,
        method,
        account: due
            .account
            .clone()
            .filter(|_| method == PayoutMethod::Stripe),
        connection_id: None,
        transfer_id: None,
        failure: None,
        note: note.map(str::to_owned),
        attempts: 0,
        next_attempt_at: None,
        created_at: now,
        processing_at: None,
        completed_at: None,
        failed_at: None,
    }
}
