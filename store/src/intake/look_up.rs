//! Refunds and disputes that meet no sale: which payment they are of can be asked at the processor.
//!
//! What the processor answers goes through the writer like everything else, so a refund meets its sale
//! under the organization's lock.

use chrono::Duration;
use domain::id::OrganizationId;

use super::{Answer, IntakeError, Item, keys::Keys, links::Links, money::links_in};
use crate::{Store, StoreError, connection::Connection};

/// How long a look-up that came to nothing is not tried again.
const AGAIN_AFTER: Duration = Duration::hours(1);
/// Refunds that have waited longer than this are not looked up any more.
const LOOKED_UP_FOR: Duration = Duration::days(30);
/// The most refunds that one round takes on.
const AT_ONCE: i64 = 100;

/// A refund or dispute without a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// Its id at the processor.
    pub external_id: String,
    /// Every id that is known to name its payment.
    pub payment: Vec<String>,
}

/// What a processor said of a payment.
#[derive(Clone, Debug)]
pub struct LookedUp {
    /// Ids that name the payment, one of which was known.
    pub ids: Vec<String>,
    /// Who asked and why, for the audit log: "the payment of refund re_1 was looked up at Stripe".
    pub why: String,
}

impl Store {
    /// The refunds and disputes that came through a connection, meet no sale and are due to be looked
    /// up, oldest first. They are due again after an hour, unless [`Store::settle_look_up`] is called:
    /// several servers ask for each of them once.
    ///
    /// # Errors
    /// Below.
    pub async fn take_unmatched(
        &self,
        connection: &Connection,
    ) -> Result<Vec<Unmatched>, StoreError> {
        let (organization_id, now) = (connection.organization_id, self.now());
        let due = sqlx::query!(
            "select r.external_id, r.payment from refund r
             where r.organization_id = $1 and r.conversion_id is null and r.next_lookup_at <= $2
                 and r.created_at > $3 and exists (select from event e where e.organization_id = $1
                     and e.event_id = r.event_ids[1] and e.connection_id = $4)
             order by r.next_lookup_at limit $5",
            organization_id.0,
            now,
            now - LOOKED_UP_FOR,
            connection.id.0,
            AT_ONCE,
        )
        .fetch_all(&self.pool)
        .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = due.iter().map(|row| row.external_id.clone()).collect();
        let taken = sqlx::query_scalar!(
            "update refund set next_lookup_at = $3
             where organization_id = $1 and external_id = any($4) and next_lookup_at <= $2
             returning external_id",
            organization_id.0,
            now,
            now + AGAIN_AFTER,
            &ids,
        )
        .fetch_all(&self.pool)
        .await?;
        let due = due.into_iter().map(|row| Unmatched {
            external_id: row.external_id,
            payment: row.payment,
        });
        let taken = due.filter(|one| taken.contains(&one.external_id));
        self.with_links(organization_id, taken.collect()).await
    }

    /// The same with every id that events have tied to the payments.
    async fn with_links(
        &self,
        organization_id: OrganizationId,
        mut unmatched: Vec<Unmatched>,
    ) -> Result<Vec<Unmatched>, StoreError> {
        let (mut keys, mut links) = (Keys::default(), Links::default());
        for one in &unmatched {
            links.join(&one.payment);
            keys.payments.extend(one.payment.iter().cloned());
        }
        let mut db = self.pool.acquire().await?;
        links_in(&mut db, organization_id, &mut keys, &mut links).await?;
        for one in &mut unmatched {
            let Some(first) = one.payment.first() else {
                continue;
            };
            let root = links.root(first);
            let ids = keys.payments.iter().filter(|id| links.root(id) == root);
            one.payment = ids.cloned().collect();
        }
        Ok(unmatched)
    }

    /// Takes in what a processor said of a payment; a refund of it meets its sale.
    ///
    /// # Errors
    /// [`IntakeError::Unavailable`] when it could not be written in time.
    pub async fn payment_looked_up(
        &self,
        organization_id: OrganizationId,
        found: LookedUp,
    ) -> Result<(), IntakeError> {
        let item = Item::LookedUp(found);
        match self.writer.submit(organization_id, item).await? {
            Answer::Decided(_) => Ok(()),
            _ => Err(IntakeError::Unavailable),
        }
    }

    /// The processor has said all that it knows of a refund's payment: it is not asked again.
    ///
    /// # Errors
    /// Below.
    pub async fn settle_look_up(
        &self,
        organization_id: OrganizationId,
        external_id: &str,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update refund set next_lookup_at = null where organization_id = $1 and external_id = $2",
            organization_id.0,
            external_id,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
