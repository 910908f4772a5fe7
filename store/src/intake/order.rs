//! What members, programs and jobs ask of the ledger, beside payments: decisions about sales, refunds
//! told by the merchant's server, sales entered by hand.

use chrono::{DateTime, Duration, Utc};
use domain::{
    commission::Paid,
    id::{AffiliateId, CampaignId, ConversionId, OrganizationId},
    lifecycle::Transition,
    money::Money,
    refund::MoneyBack,
};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{Answer, IntakeError, Item, Recorded};
use crate::{Store, StoreError, audit::Actor, sales::Row};

/// The most conversions one decision is about.
pub const MAX_DECIDED: usize = 100;
/// How far back a sale may lie that is entered by hand.
pub(super) const MAX_AGE: Duration = Duration::days(400);
/// The most conversions that are approved in one transaction: sales wait behind it.
const DUE_AT_ONCE: i64 = 500;
/// How many organizations are approved for at the same time.
const ORGANIZATIONS_AT_ONCE: usize = 4;

/// A step for some conversions: for all of them or, when one refuses, for none.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Which ones.
    pub conversion_ids: Vec<ConversionId>,
    /// The step.
    pub step: Transition,
    /// Who decides.
    pub actor: Actor,
    /// Why; a denial needs it.
    pub reason: Option<String>,
}

/// A refund of a sale, told by the merchant's server.
#[derive(Clone, Debug)]
pub struct ServerRefund {
    /// The external id of the sale, or another id of its payment.
    pub sale: String,
    /// The caller's id of the refund among those of the sale; the same one again changes nothing.
    pub refund_id: String,
    /// How much, in minor units of the sale's currency; `None`: all that is left.
    pub amount_minor: Option<i64>,
    /// When it was told.
    pub at: DateTime<Utc>,
}

impl ServerRefund {
    /// Its id in the organization.
    pub(super) fn external_id(&self) -> String {
        MoneyBack::callers_id(&self.sale, &self.refund_id)
    }
}

/// What came of a refund told by the merchant's server.
#[derive(Clone, Debug)]
pub struct Refunded {
    /// The sale after it; `None`: not known yet, the refund waits for it.
    pub row: Option<Box<Row>>,
    /// Was the refund known before?
    pub is_known: bool,
}

/// A sale entered by a member.
#[derive(Clone, Debug)]
pub struct ManualSale {
    /// Who earned it.
    pub affiliate_id: AffiliateId,
    /// Under which campaign; the affiliate must be in it.
    pub campaign_id: CampaignId,
    /// What the customer paid, all of which earns.
    pub amount: Money,
    /// When.
    pub paid_at: DateTime<Utc>,
    /// The payer's e-mail, as given.
    pub email: Option<String>,
    /// What makes it unique; without it the same sale can be entered twice.
    pub external_event_id: Option<String>,
    /// Why it is entered by hand.
    pub note: String,
    /// Who enters it.
    pub actor: Actor,
}

impl ManualSale {
    /// When it was paid, among the payments of its customer.
    pub(super) fn paid(&self) -> Paid {
        Paid::new(self.paid_at, self.external_event_id.as_deref(), None)
    }
}

impl Store {
    /// Approves, denies or restores conversions: all of them or none.
    ///
    /// # Errors
    /// [`IntakeError::NoConversion`] for an id that is not the organization's,
    /// [`IntakeError::Refused`] when one can't take the step from where it stands.
    pub async fn decide(
        &self,
        organization_id: OrganizationId,
        decision: Decision,
    ) -> Result<Vec<Row>, IntakeError> {
        decision.actor.manages()?;
        match self
            .writer
            .submit(organization_id, Item::Decide(decision))
            .await?
        {
            Answer::Decided(rows) => Ok(rows),
            _ => Err(IntakeError::Unavailable),
        }
    }

    /// Takes in a refund told by the merchant's server.
    ///
    /// # Errors
    /// [`IntakeError::NothingPaid`] for the external id of a lead, [`IntakeError::Unavailable`] when it could
    /// not be written in time.
    pub async fn refund_sale(
        &self,
        organization_id: OrganizationId,
        refund: ServerRefund,
    ) -> Result<Refunded, IntakeError> {
        match self
            .writer
            .submit(organization_id, Item::Refund(refund))
            .await?
        {
            Answer::Refunded(refunded) => Ok(refunded),
            _ => Err(IntakeError::Unavailable),
        }
    }

    /// Records a sale that a member enters; the same external id again is the first sale.
    ///
    /// # Errors
    /// [`IntakeError::NoAffiliate`] and [`IntakeError::NoCampaign`] for ids that are not there,
    /// [`IntakeError::NotActive`] for an affiliate who gets no new credit,
    /// [`IntakeError::TooLongAgo`], and [`IntakeError::NotDue`] where the plan does not pay for it.
    pub async fn enter_sale(
        &self,
        organization_id: OrganizationId,
        sale: ManualSale,
    ) -> Result<Recorded, IntakeError> {
        sale.actor.manages()?;
        match self
            .writer
            .submit(organization_id, Item::Manual(sale))
            .await?
        {
            Answer::Conversion(recorded) => Ok(recorded),
            _ => Err(IntakeError::Unavailable),
        }
    }

    /// Approves everything that has passed its hold. The writer looks again under the organization's lock,
    /// so several servers approve each of them once. Organizations don't wait for each other.
    ///
    /// # Errors
    /// Below. What could not be approved is due again the next time.
    pub async fn approve_due(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let organizations = sqlx::query_scalar!(
            "select organization_id from organization o where exists (
                 select from conversion c where c.organization_id = o.organization_id
                     and c.status = 'pending' and c.hold_until <= $1 and c.held_by is null
                     and c.commission_state = 'ready' and c.parent_conversion_id is null)",
            now,
        )
        .fetch_all(&self.pool)
        .await?;
        let approve = |id| self.approve_due_of(OrganizationId(id), now);
        stream::iter(organizations)
            .map(approve)
            .buffer_unordered(ORGANIZATIONS_AT_ONCE)
            .try_collect()
            .await
    }

    /// The same for one organization, from the first that was due to the last.
    async fn approve_due_of(
        &self,
        organization_id: OrganizationId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut after = (DateTime::UNIX_EPOCH, Uuid::nil());
        loop {
            let due = sqlx::query!(
                "select hold_until, conversion_id from conversion
                 where organization_id = $1 and status = 'pending' and hold_until <= $2 and held_by is null
                     and commission_state = 'ready' and parent_conversion_id is null
                     and (hold_until, conversion_id) > ($3, $4)
                 order by hold_until, conversion_id limit $5",
                organization_id.0,
                now,
                after.0,
                after.1,
                DUE_AT_ONCE,
            )
            .fetch_all(&self.pool)
            .await?;
            let Some(last) = due.last() else {
                return Ok(());
            };
            after = (last.hold_until, last.conversion_id);
            let ids = due.iter().map(|row| ConversionId(row.conversion_id));
            let passed = Item::HoldPassed(ids.collect());
            if let Err(error) = self.writer.submit(organization_id, passed).await {
                tracing::warn!(%error, %organization_id, "approvals are late; tried again shortly");
                return Ok(());
            }
        }
    }
}
