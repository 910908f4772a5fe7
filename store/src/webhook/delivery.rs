//! What was sent to an endpoint: its list, sending one thing again, and trying an endpoint.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    id::{CampaignId, OrganizationId, WebhookDeliveryId, WebhookEndpointId, WebhookMessageId},
    webhook::{DeliveryStatus, Topic},
};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Endpoint, EndpointError, Snapshot, locked_in};
use crate::{
    Store, StoreError,
    audit::{self, Actor},
    cursor::{self, InvalidCursor, List},
    error::readable,
    outbox::{self, Happening},
    transaction::begin,
};

const TABLE: &str = "webhook_delivery";
const MESSAGE: &str = "webhook_message";

/// One thing that endpoints are told.
#[derive(Clone, Debug)]
pub struct Message {
    /// Which one: receivers know it by this when it comes again.
    pub id: WebhookMessageId,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// What happened.
    pub topic: Topic,
    /// In which campaign.
    pub campaign_id: Option<CampaignId>,
    /// What it was like.
    pub snapshot: Snapshot,
}

impl Message {
    /// Its id as receivers see it.
    pub fn public_id(&self) -> String {
        public_id(self.id)
    }
}

fn public_id(id: WebhookMessageId) -> String {
    format!("msg_{}", id.0.simple())
}

/// What became of telling an endpoint something.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    /// Which one.
    pub id: WebhookDeliveryId,
    /// What was told.
    pub message_id: WebhookMessageId,
    /// What happened.
    pub topic: Topic,
    /// In which campaign.
    pub campaign_id: Option<CampaignId>,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// How often it was tried, since it was last sent again.
    pub attempts: i32,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was tried last.
    pub attempted_at: Option<DateTime<Utc>>,
    /// The status of the last answer.
    pub answer_status: Option<i32>,
    /// Why the last attempt does not count, in words.
    pub error: Option<String>,
    /// The beginning of the last answer's body. What stands behind an endpoint's address may be for few to read.
    pub answer: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<i64>,
}

impl DeliveryView {
    /// The message's id as receivers see it.
    pub fn public_message_id(&self) -> String {
        public_id(self.message_id)
    }
}

/// Which deliveries to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryFilter {
    /// Those to this endpoint.
    pub endpoint_id: WebhookEndpointId,
    /// Only those that stand so.
    pub status: Option<DeliveryStatus>,
    /// Only those of this.
    pub topic: Option<Topic>,
}

/// Where a page of the list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStart {
    /// After so many rows.
    Offset(i64),
    /// After a row that was seen.
    After(DeliveryCursor),
}

/// A row that a page ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryCursor {
    /// Which.
    pub last: WebhookDeliveryId,
    /// How many rows of the list had been seen by then, itself included.
    pub seen: i64,
}

impl DeliveryStart {
    /// How many rows of the list come before the page.
    pub fn seen(self) -> i64 {
        match self {
            Self::Offset(rows) => rows,
            Self::After(cursor) => cursor.seen,
        }
    }
}

/// A page of deliveries, newest first.
#[derive(Clone, Debug)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<DeliveryView>,
    /// How many there are in all.
    pub total: i64,
    /// Where the list goes on; `None` at its end.
    pub next: Option<DeliveryCursor>,
}

struct DeliveryRow {
    webhook_delivery_id: Uuid,
    webhook_message_id: Uuid,
    topic: String,
    campaign_id: Option<Uuid>,
    status: String,
    created_at: DateTime<Utc>,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
    attempted_at: Option<DateTime<Utc>>,
    answer_status: Option<i32>,
    error: Option<String>,
    answer: Option<String>,
    duration_ms: Option<i64>,
}

impl TryFrom<DeliveryRow> for DeliveryView {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: WebhookDeliveryId(row.webhook_delivery_id),
            message_id: WebhookMessageId(row.webhook_message_id),
            topic: readable(Topic::parse(&row.topic), MESSAGE, "topic")?,
            campaign_id: row.campaign_id.map(CampaignId),
            status: readable(DeliveryStatus::parse(&row.status), TABLE, "status")?,
            created_at: row.created_at,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            attempted_at: row.attempted_at,
            answer_status: row.answer_status,
            error: row.error,
            answer: row.answer,
            duration_ms: row.duration_ms,
        })
    }
}

/// A checked query of [`DeliveryRow`]s; what follows is everything after `where d.organization_id = $1 and`.
macro_rules! deliveries {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            DeliveryRow,
            "select d.webhook_delivery_id, d.webhook_message_id, m.topic, m.campaign_id, d.status, d.created_at,
                 d.attempts, d.next_attempt_at, d.attempted_at, d.answer_status, d.error, d.answer, d.duration_ms
             from webhook_delivery d
             join webhook_message m on m.organization_id = d.organization_id
                 and m.webhook_message_id = d.webhook_message_id
             where d.organization_id = $1 and " + $rest,
            $($argument),+
        )
    };
}

/// These messages, by their ids.
pub(super) async fn messages_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Message>, StoreError> {
    let rows = sqlx::query!(
        r#"select webhook_message_id, created_at, topic, campaign_id, snapshot::text as "snapshot!"
           from webhook_message where organization_id = $1 and webhook_message_id = any($2)"#,
        organization_id.0,
        ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let snapshot = serde_json::from_str(&row.snapshot).ok();
            let message = Message {
                id: WebhookMessageId(row.webhook_message_id),
                created_at: row.created_at,
                topic: readable(Topic::parse(&row.topic), MESSAGE, "topic")?,
                campaign_id: row.campaign_id.map(CampaignId),
                snapshot: readable(snapshot, MESSAGE, "snapshot")?,
            };
            Ok((row.webhook_message_id, message))
        })
        .collect()
}

impl Store {
    /// What was sent to an endpoint, newest first, `limit` of it.
    pub async fn webhook_deliveries(
        &self,
        organization_id: OrganizationId,
        filter: DeliveryFilter,
        start: DeliveryStart,
        limit: i64,
    ) -> Result<DeliveryPage, StoreError> {
        let (status, topic) = (
            filter.status.map(DeliveryStatus::as_str),
            filter.topic.map(Topic::as_str),
        );
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from webhook_delivery d
               join webhook_message m on m.organization_id = d.organization_id
                   and m.webhook_message_id = d.webhook_message_id
               where d.organization_id = $1 and d.webhook_endpoint_id = $2
                 and ($3::text is null or d.status = $3) and ($4::text is null or m.topic = $4)"#,
            organization_id.0,
            filter.endpoint_id.0,
            status,
            topic,
        )
        .fetch_one(&self.pool)
        .await?;
        let (before, offset) = match start {
            DeliveryStart::Offset(rows) => (Uuid::max(), rows),
            DeliveryStart::After(cursor) => (cursor.last.0, 0),
        };
        let mut rows = deliveries!(
            "d.webhook_endpoint_id = $2 and ($3::text is null or d.status = $3)
                 and ($4::text is null or m.topic = $4) and d.webhook_delivery_id < $5
             order by d.webhook_delivery_id desc offset $6 limit $7",
            organization_id.0,
            filter.endpoint_id.0,
            status,
            topic,
            before,
            offset,
            // One more than asked for tells whether there are more.
            limit.saturating_add(1),
        )
        .fetch_all(&self.pool)
        .await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let deliveries: Result<Vec<_>, _> = rows.into_iter().map(DeliveryView::try_from).collect();
        let deliveries = deliveries?;
        let end = deliveries.last().map(|last| DeliveryCursor {
            last: last.id,
            seen: start.seen().saturating_add(shown),
        });
        Ok(DeliveryPage {
            deliveries,
            total,
            next: end.filter(|_| more),
        })
    }

    /// Sends something to an endpoint again, from the first attempt on; it stays the same message. What is under way
    /// is left so.
    pub async fn replay_webhook_delivery(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        endpoint_id: WebhookEndpointId,
        id: WebhookDeliveryId,
    ) -> Result<DeliveryView, EndpointError> {
        let (actor, now) = (actor.administers()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let endpoint = locked_in(&mut tx, organization_id, endpoint_id).await?;
        active(&endpoint)?;
        let again = sqlx::query!(
            "update webhook_delivery set status = 'pending', first_due_at = $4, next_attempt_at = $4, attempts = 0,
                 claimed_until = null
             where organization_id = $1 and webhook_endpoint_id = $2 and webhook_delivery_id = $3
                 and status <> 'pending'",
            organization_id.0,
            endpoint_id.0,
            id.0,
            now,
        )
        .execute(&mut *tx)
        .await?;
        let view = delivery_in(&mut tx, organization_id, endpoint_id, id).await?;
        if again.rows_affected() > 0 {
            let detail = format!("{} to {} again", view.topic.as_str(), endpoint.name);
            let entry = audit::Entry {
                actor,
                subject: TABLE,
                subject_id: id.0,
                action: "replayed",
                detail: &detail,
            };
            audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        }
        tx.commit().await?;
        Ok(view)
    }

    /// Sends a test to an endpoint, whatever it asks for.
    pub async fn test_webhook_endpoint(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        endpoint_id: WebhookEndpointId,
    ) -> Result<DeliveryView, EndpointError> {
        let (actor, now) = (actor.administers()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let endpoint = locked_in(&mut tx, organization_id, endpoint_id).await?;
        active(&endpoint)?;
        let test = Happening {
            topic: Topic::Test,
            campaign_id: endpoint.campaign_id,
            campaigns: Vec::new(),
            snapshot: Snapshot::Test,
        };
        let told = [(&test, vec![endpoint_id])];
        outbox::write_in(&mut tx, &self.random, organization_id, now, &told).await?;
        let id = sqlx::query_scalar!(
            "select webhook_delivery_id from webhook_delivery
             where organization_id = $1 and webhook_endpoint_id = $2 order by webhook_delivery_id desc limit 1",
            organization_id.0,
            endpoint_id.0,
        )
        .fetch_one(&mut *tx)
        .await?;
        let view =
            delivery_in(&mut tx, organization_id, endpoint_id, WebhookDeliveryId(id)).await?;
        let entry = audit::Entry {
            actor,
            subject: TABLE,
            subject_id: id,
            action: "created",
            detail: &format!("a test to {}", endpoint.name),
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// The cursor as text for a caller: bound to the organization and the filter, not to the page's size.
    pub fn seal_delivery_cursor(
        &self,
        organization_id: OrganizationId,
        filter: DeliveryFilter,
        cursor: DeliveryCursor,
    ) -> String {
        let list = list(organization_id, filter);
        cursor::seal_row(&self.vault, &list, (cursor.last.0, cursor.seen))
    }

    /// Reads what [`Store::seal_delivery_cursor`] made for the same organization and filter.
    pub fn open_delivery_cursor(
        &self,
        organization_id: OrganizationId,
        filter: DeliveryFilter,
        text: &str,
    ) -> Result<DeliveryCursor, InvalidCursor> {
        let list = list(organization_id, filter);
        let (last, seen) = cursor::open_row(&self.vault, &list, text)?;
        Ok(DeliveryCursor {
            last: WebhookDeliveryId(last),
            seen,
        })
    }
}

/// What is disabled is sent nothing.
fn active(endpoint: &Endpoint) -> Result<(), EndpointError> {
    match endpoint.disabled_at {
        None => Ok(()),
        Some(_) => Err(EndpointError::Disabled),
    }
}

async fn delivery_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    endpoint_id: WebhookEndpointId,
    id: WebhookDeliveryId,
) -> Result<DeliveryView, EndpointError> {
    let row = deliveries!(
        "d.webhook_endpoint_id = $2 and d.webhook_delivery_id = $3",
        organization_id.0,
        endpoint_id.0,
        id.0,
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.ok_or(EndpointError::NoDelivery)?.try_into()?)
}

fn list(organization_id: OrganizationId, filter: DeliveryFilter) -> List<DeliveryFilter> {
    List {
        kind: "webhook_delivery_cursor",
        organization_id,
        filter,
    }
}
