//! Outgoing webhooks: where a merchant's own programs are told what happens.
//!
//! What is told is written by whoever does it ([`crate::outbox`]). Here are the endpoints (`write`, `secret`), what
//! was sent to them (`delivery`), and handing it to those who send it (`courier`).

mod courier;
mod delivery;
mod secret;
mod write;

use chrono::{DateTime, Utc};
use domain::{
    id::{CampaignId, OrganizationId, WebhookEndpointId},
    target::Target,
    text::Name,
    webhook::{EndpointStatus, MAX_ENDPOINTS, Topic},
};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

pub use self::{
    courier::{Attempt, DueDelivery},
    delivery::{
        DeliveryCursor, DeliveryFilter, DeliveryPage, DeliveryStart, DeliveryView, Message,
    },
};
pub use crate::outbox::Snapshot;
use crate::{Store, StoreError, error::readable, outbox::read_topics};

const TABLE: &str = "webhook_endpoint";

/// An endpoint as people and the API see it: no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Which one.
    pub id: WebhookEndpointId,
    /// Shown in lists.
    pub name: Name,
    /// Where it is.
    pub url: String,
    /// It is told of this campaign only.
    pub campaign_id: Option<CampaignId>,
    /// What it asks for.
    pub topics: Vec<Topic>,
    /// The last characters of the secret that signs.
    pub secret_hint: String,
    /// Until when the secret before it signs too.
    pub overlap_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a person, a program or the server last changed it.
    pub updated_at: DateTime<Utc>,
    /// Since when it has taken nothing; `None` while it takes what comes.
    pub failing_since: Option<DateTime<Utc>>,
    /// Since when it is told nothing.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Why the server disabled it; `None` when a person did.
    pub disabled_reason: Option<String>,
}

impl Endpoint {
    /// Is it told anything?
    pub fn status(&self) -> EndpointStatus {
        match self.disabled_at {
            None => EndpointStatus::Active,
            Some(_) => EndpointStatus::Disabled,
        }
    }
}

/// What a new endpoint needs.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Shown in lists.
    pub name: Name,
    /// Where it is.
    pub target: Target,
    /// It is told of this campaign only.
    pub campaign_id: Option<CampaignId>,
    /// What it asks for, at least one.
    pub topics: Vec<Topic>,
}

/// What can be changed about an endpoint; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    /// Shown in lists.
    pub name: Option<Name>,
    /// Where it is.
    pub target: Option<Target>,
    /// `Some(None)`: it is told of all campaigns.
    pub campaign_id: Option<Option<CampaignId>>,
    /// What it asks for, at least one.
    pub topics: Option<Vec<Topic>>,
    /// Is it told anything? An endpoint that is enabled again begins anew: what failed before counts no more.
    pub is_active: Option<bool>,
}

/// Why an endpoint can't be written or tried.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// It asks for nothing, or for a test.
    #[error("at least one event is needed, each of those that can be asked for")]
    NoTopics,
    /// There are as many as there can be.
    #[error("an organization has at most {MAX_ENDPOINTS} webhooks: remove one that is not needed")]
    TooMany,
    /// It is told nothing.
    #[error("this webhook is disabled: enable it first")]
    Disabled,
    /// There is no such campaign.
    #[error("there is no such campaign")]
    NoCampaign,
    /// There is no such endpoint in the organization.
    #[error("there is no such webhook")]
    NotFound,
    /// It was sent nothing by this id.
    #[error("there is no such delivery")]
    NoDelivery,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for EndpointError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

struct EndpointRow {
    webhook_endpoint_id: Uuid,
    name: String,
    url: String,
    campaign_id: Option<Uuid>,
    topics: Vec<String>,
    secret_hint: String,
    overlap_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    disabled_reason: Option<String>,
}

impl TryFrom<EndpointRow> for Endpoint {
    type Error = StoreError;

    fn try_from(row: EndpointRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: WebhookEndpointId(row.webhook_endpoint_id),
            name: readable(Name::parse(&row.name).ok(), TABLE, "name")?,
            url: row.url,
            campaign_id: row.campaign_id.map(CampaignId),
            topics: read_topics(&row.topics)?,
            secret_hint: row.secret_hint,
            overlap_until: row.overlap_until,
            created_at: row.created_at,
            updated_at: row.updated_at,
            failing_since: row.failing_since,
            disabled_at: row.disabled_at,
            disabled_reason: row.disabled_reason,
        })
    }
}

/// Reads endpoints that were not removed; what follows is everything after `where organization_id = $1 and`.
macro_rules! endpoints {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            EndpointRow,
            "select webhook_endpoint_id, name, url, campaign_id, topics, secret_hint, overlap_until, created_at,
                 updated_at, failing_since, disabled_at, disabled_reason
             from webhook_endpoint where organization_id = $1 and removed_at is null and " + $rest,
            $($argument),+
        )
    };
}

/// One endpoint, which nobody else changes until the transaction ends.
async fn locked_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: WebhookEndpointId,
) -> Result<Endpoint, EndpointError> {
    let row = endpoints!(
        "webhook_endpoint_id = $2 for no key update",
        organization_id.0,
        id.0,
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.ok_or(EndpointError::NotFound)?.try_into()?)
}

impl Store {
    /// All endpoints, oldest first: there are few.
    pub async fn webhook_endpoints(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<Endpoint>, StoreError> {
        let rows = endpoints!("true order by webhook_endpoint_id", organization_id.0);
        let rows = rows.fetch_all(&self.pool).await?;
        rows.into_iter().map(Endpoint::try_from).collect()
    }

    /// One endpoint.
    pub async fn webhook_endpoint(
        &self,
        organization_id: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Option<Endpoint>, StoreError> {
        let row = endpoints!("webhook_endpoint_id = $2", organization_id.0, id.0);
        let row = row.fetch_optional(&self.pool).await?;
        row.map(Endpoint::try_from).transpose()
    }
}
