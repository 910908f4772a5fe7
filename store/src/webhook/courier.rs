//! Handing what is due to those who send it, and putting down what became of it. Several servers do so at a time.

use chrono::{DateTime, Duration, Utc};
use domain::{
    id::{OrganizationId, WebhookDeliveryId, WebhookEndpointId},
    webhook::{DeliveryStatus, GIVEN_UP_AFTER, next_attempt},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    delivery::{Message, messages_in},
    write::give_up_in,
};
use crate::{Store, StoreError, error::readable, transaction::begin};

const TABLE: &str = "webhook_delivery";

/// For how long a server has a delivery to itself: longer than an attempt takes.
const LEASE: Duration = Duration::seconds(90);

/// How long messages are kept after they were written, those that are still sent excepted.
const KEPT: Duration = Duration::days(30);

/// How many messages one round of tidying removes.
const TIDIED_AT_ONCE: i64 = 5_000;

/// The answer with which an endpoint says that it is no more (the Standard Webhooks specification).
const GONE: u16 = 410;

/// A delivery that is due, and ours for a while.
#[derive(Clone, Debug)]
pub struct DueDelivery {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Which one.
    pub id: WebhookDeliveryId,
    /// To which endpoint.
    pub endpoint_id: WebhookEndpointId,
    /// Where that is.
    pub url: String,
    /// What signs, newest first.
    pub secrets: Vec<String>,
    /// What is sent.
    pub message: Message,
    /// How often it was tried before.
    attempts: usize,
    first_due_at: DateTime<Utc>,
    claimed_until: DateTime<Utc>,
}

/// What came of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why it does not count as delivered, in words; `None`: it does.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub answer: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

impl Store {
    /// Endpoints that something is due for, of all organizations.
    pub async fn due_webhook_endpoints(
        &self,
    ) -> Result<Vec<(OrganizationId, WebhookEndpointId)>, StoreError> {
        let rows = sqlx::query!(
            "select distinct organization_id, webhook_endpoint_id from webhook_delivery
             where status = 'pending' and next_attempt_at <= $1",
            self.now(),
        )
        .fetch_all(&self.pool)
        .await?;
        let both =
            |organization, endpoint| (OrganizationId(organization), WebhookEndpointId(endpoint));
        let rows = rows.into_iter();
        Ok(rows
            .map(|row| both(row.organization_id, row.webhook_endpoint_id))
            .collect())
    }

    /// Takes at most `limit` deliveries to an endpoint that are due, oldest first. Nobody else gets them for a while.
    pub async fn claim_webhook_deliveries(
        &self,
        organization_id: OrganizationId,
        endpoint_id: WebhookEndpointId,
        limit: i64,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let now = self.now();
        let mut tx = begin(&self.pool).await?;
        let Some((url, secrets)) = self.way_in(&mut tx, organization_id, endpoint_id).await? else {
            give_up_in(&mut tx, organization_id, endpoint_id).await?;
            tx.commit().await?;
            return Ok(Vec::new());
        };
        let claimed_until = now + LEASE;
        let mut rows = sqlx::query!(
            "update webhook_delivery set claimed_until = $4
             where organization_id = $1 and webhook_delivery_id in (
                 select d.webhook_delivery_id from webhook_delivery d
                 where d.organization_id = $1 and d.webhook_endpoint_id = $2 and d.status = 'pending'
                     and d.next_attempt_at <= $3 and (d.claimed_until is null or d.claimed_until <= $3)
                 order by d.next_attempt_at, d.webhook_delivery_id limit $5 for update skip locked)
             returning webhook_delivery_id, webhook_message_id, attempts, first_due_at",
            organization_id.0,
            endpoint_id.0,
            now,
            claimed_until,
            limit,
        )
        .fetch_all(&mut *tx)
        .await?;
        rows.sort_by_key(|row| row.webhook_delivery_id);
        let ids: Vec<Uuid> = rows.iter().map(|row| row.webhook_message_id).collect();
        let messages = messages_in(&mut tx, organization_id, &ids).await?;
        tx.commit().await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            let message = messages.get(&row.webhook_message_id).cloned();
            due.push(DueDelivery {
                organization_id,
                id: WebhookDeliveryId(row.webhook_delivery_id),
                endpoint_id,
                url: url.clone(),
                secrets: secrets.clone(),
                message: readable(message, TABLE, "webhook_message_id")?,
                attempts: usize::try_from(row.attempts).unwrap_or(usize::MAX),
                first_due_at: row.first_due_at,
                claimed_until,
            });
        }
        Ok(due)
    }

    /// Where an endpoint is and what signs; `None`: it is told nothing any more.
    async fn way_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Option<(String, Vec<String>)>, StoreError> {
        let row = sqlx::query!(
            "select url, secrets_sealed, overlap_until from webhook_endpoint
             where organization_id = $1 and webhook_endpoint_id = $2 and disabled_at is null and removed_at is null",
            organization_id.0,
            id.0,
        )
        .fetch_optional(db)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let secrets = self.open_webhook_secrets(&row.secrets_sealed)?;
        Ok(Some((
            row.url,
            secrets.signing(row.overlap_until, self.now()),
        )))
    }

    /// Puts down what came of an attempt: it is delivered, tried again later, or given up. An endpoint that says it
    /// is gone, or has taken nothing for [`GIVEN_UP_AFTER`], is disabled.
    pub async fn webhook_attempted(
        &self,
        due: &DueDelivery,
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        if !self.put_down(due, attempt).await? {
            return Ok(());
        }
        // Apart from the delivery: who disables an endpoint gives up what others are just putting down.
        let mut tx = begin(&self.pool).await?;
        self.judge_in(&mut tx, due, attempt).await?;
        tx.commit().await?;
        Ok(())
    }

    /// False: somebody has it meanwhile, or gave it up.
    async fn put_down(&self, due: &DueDelivery, attempt: &Attempt) -> Result<bool, StoreError> {
        let (now, attempts) = (self.now(), due.attempts.saturating_add(1));
        let (status, next) = match &attempt.error {
            None => (DeliveryStatus::Delivered, None),
            Some(_) => match next_attempt(attempts, due.first_due_at, now) {
                Some(next) => (DeliveryStatus::Pending, Some(next)),
                None => (DeliveryStatus::Failed, None),
            },
        };
        let put = sqlx::query!(
            "update webhook_delivery set status = $4, next_attempt_at = $5, attempts = $6, attempted_at = $7,
                 answer_status = $8, error = $9, answer = $10, duration_ms = $11, claimed_until = null
             where organization_id = $1 and webhook_delivery_id = $2 and claimed_until = $3 and status = 'pending'",
            due.organization_id.0,
            due.id.0,
            due.claimed_until,
            status.as_str(),
            next,
            i32::try_from(attempts).unwrap_or(i32::MAX),
            now,
            attempt.status.map(i32::from),
            attempt.error,
            attempt.answer,
            attempt.duration_ms,
        )
        .execute(&self.pool)
        .await?;
        Ok(put.rows_affected() > 0)
    }

    /// What the attempt says of its endpoint.
    async fn judge_in(
        &self,
        db: &mut PgConnection,
        due: &DueDelivery,
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        let (organization_id, id) = (due.organization_id, due.endpoint_id);
        let Some(error) = &attempt.error else {
            sqlx::query!(
                "update webhook_endpoint set failing_since = null
                 where organization_id = $1 and webhook_endpoint_id = $2 and failing_since is not null",
                organization_id.0,
                id.0,
            )
            .execute(db)
            .await?;
            return Ok(());
        };
        if attempt.status == Some(GONE) {
            let reason = "it answered 410 Gone, which says that it is no more".to_owned();
            return self.disable_in(db, organization_id, id, reason).await;
        }
        let since = sqlx::query_scalar!(
            r#"update webhook_endpoint set failing_since = coalesce(failing_since, $3)
               where organization_id = $1 and webhook_endpoint_id = $2 returning failing_since as "since!""#,
            organization_id.0,
            id.0,
            self.now(),
        )
        .fetch_one(&mut *db)
        .await?;
        if self.now() - since < GIVEN_UP_AFTER {
            return Ok(());
        }
        let days = GIVEN_UP_AFTER.num_days();
        let reason = format!("nothing sent to it arrived for {days} days; the last time: {error}");
        self.disable_in(db, organization_id, id, reason).await
    }

    /// Removes messages that are old, those that are still being sent excepted.
    pub async fn tidy_webhooks(&self) -> Result<(), StoreError> {
        let old = sqlx::query!(
            "select m.organization_id, m.webhook_message_id from webhook_message m
             where m.created_at < $1 and not exists (select from webhook_delivery d
                 where d.organization_id = m.organization_id and d.webhook_message_id = m.webhook_message_id
                     and d.status = 'pending')
             order by m.organization_id limit $2",
            self.now() - KEPT,
            TIDIED_AT_ONCE,
        )
        .fetch_all(&self.pool)
        .await?;
        for of_one in old.chunk_by(|one, other| one.organization_id == other.organization_id) {
            let ids: Vec<Uuid> = of_one.iter().map(|row| row.webhook_message_id).collect();
            let Some(first) = of_one.first() else {
                continue;
            };
            self.forget_messages(OrganizationId(first.organization_id), &ids)
                .await?;
        }
        Ok(())
    }

    async fn forget_messages(
        &self,
        organization_id: OrganizationId,
        ids: &[Uuid],
    ) -> Result<(), StoreError> {
        let mut tx = begin(&self.pool).await?;
        sqlx::query!(
            "delete from webhook_delivery where organization_id = $1 and webhook_message_id = any($2)",
            organization_id.0,
            ids,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "delete from webhook_message where organization_id = $1 and webhook_message_id = any($2)",
            organization_id.0,
            ids,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
