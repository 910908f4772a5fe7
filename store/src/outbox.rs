//! What merchants' own programs are told of, written in the transaction that does it: what is committed is told,
//! what is not is not.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

use chrono::{DateTime, Utc};
use domain::{
    affiliate::Affiliate,
    campaign::Campaign,
    conversion::Conversion,
    fraud::Flag,
    id::{CampaignId, OrganizationId, WebhookEndpointId},
    webhook::Topic,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Random, StoreError, columns::columns, error::readable, payout::PayoutView, sales::Row,
};

/// What something was like when it happened, and before that where it changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Snapshot {
    /// A sale, without its trail.
    Sale {
        /// As it is now.
        row: Box<Row>,
        /// As it was.
        before: Option<Box<Conversion>>,
    },
    /// An affiliate.
    Affiliate {
        /// As he is now.
        affiliate: Box<Affiliate>,
        /// As he was.
        before: Option<Box<Affiliate>>,
    },
    /// A campaign.
    Campaign {
        /// As it is now.
        campaign: Box<Campaign>,
        /// As it was.
        before: Option<Box<Campaign>>,
    },
    /// A flag.
    Flag {
        /// As it is now.
        flag: Box<Flag>,
    },
    /// A payout, with the names of whom it pays.
    Payout {
        /// As it is now.
        payout: Box<PayoutView>,
    },
    /// Nothing: an endpoint is tried.
    Test,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) topic: Topic,
    /// The campaign it is told as being of.
    pub(crate) campaign_id: Option<CampaignId>,
    /// All campaigns it concerns: endpoints of any of them are told.
    pub(crate) campaigns: Vec<CampaignId>,
    pub(crate) snapshot: Snapshot,
}

impl Happening {
    /// Of one campaign.
    pub(crate) fn of(campaign_id: CampaignId, topic: Topic, snapshot: Snapshot) -> Self {
        Self {
            topic,
            campaign_id: Some(campaign_id),
            campaigns: vec![campaign_id],
            snapshot,
        }
    }
}

/// An active endpoint, as far as it decides what it is told.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) id: WebhookEndpointId,
    pub(crate) campaign_id: Option<CampaignId>,
    pub(crate) topics: Vec<Topic>,
}

impl Listener {
    fn asks_for(&self, happening: &Happening) -> bool {
        let of_its_campaign = |id| happening.campaigns.contains(&id);
        self.topics.contains(&happening.topic) && self.campaign_id.is_none_or(of_its_campaign)
    }
}

/// All active endpoints of an organization.
pub(crate) async fn listeners_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Vec<Listener>, StoreError> {
    let rows = sqlx::query!(
        "select webhook_endpoint_id, campaign_id, topics from webhook_endpoint
         where organization_id = $1 and disabled_at is null and removed_at is null",
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Listener {
                id: WebhookEndpointId(row.webhook_endpoint_id),
                campaign_id: row.campaign_id.map(CampaignId),
                topics: read_topics(&row.topics)?,
            })
        })
        .collect()
}

pub(crate) fn read_topics(words: &[String]) -> Result<Vec<Topic>, StoreError> {
    let read = |word: &String| readable(Topic::parse(word), "webhook_endpoint", "topics");
    words.iter().map(read).collect()
}

/// Tells all endpoints that ask for it, looking up which there are: for what happens now and then.
pub(crate) async fn tell_in(
    db: &mut PgConnection,
    random: &Random,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    happenings: &[Happening],
) -> Result<(), StoreError> {
    if happenings.is_empty() {
        return Ok(());
    }
    let listeners = listeners_in(db, organization_id).await?;
    tell_these_in(db, random, organization_id, now, &listeners, happenings).await
}

/// Tells those of the endpoints that ask for it, in the order in which it happened.
pub(crate) async fn tell_these_in(
    db: &mut PgConnection,
    random: &Random,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    listeners: &[Listener],
    happenings: &[Happening],
) -> Result<(), StoreError> {
    let told = happenings.iter().filter_map(|happening| {
        let to = listeners.iter().filter(|one| one.asks_for(happening));
        let to: Vec<WebhookEndpointId> = to.map(|one| one.id).collect();
        (!to.is_empty()).then_some((happening, to))
    });
    let told: Vec<_> = told.collect();
    write_in(db, random, organization_id, now, &told).await
}

/// Puts messages down, each with a delivery to every one of its endpoints.
pub(crate) async fn write_in(
    db: &mut PgConnection,
    random: &Random,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    told: &[(&Happening, Vec<WebhookEndpointId>)],
) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
    }
    let ids = random.uuids_v7(now, told.len());
    columns!(told, (happening, _) => {
        topics: String = happening.topic.as_str().to_owned(),
        campaigns: Option<Uuid> = happening.campaign_id.map(|id| id.0),
        snapshots: String = serde_json::to_string(&happening.snapshot)
            .unwrap_or_else(|_| unreachable!("a snapshot is plain data")),
    });
    sqlx::query!(
        "insert into webhook_message (organization_id, webhook_message_id, created_at, topic, campaign_id, snapshot)
         select $1, m.id, $2, m.topic, m.campaign, m.snapshot::json
         from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[]) as m (id, topic, campaign, snapshot)",
        organization_id.0,
        now,
        &ids,
        &topics,
        &campaigns as &[Option<Uuid>],
        &snapshots,
    )
    .execute(&mut *db)
    .await?;
    let deliveries = told.iter().zip(&ids);
    let deliveries =
        deliveries.flat_map(|((_, to), id)| to.iter().map(|endpoint| (*id, *endpoint)));
    let deliveries: Vec<(Uuid, WebhookEndpointId)> = deliveries.collect();
    let delivery_ids = random.uuids_v7(now, deliveries.len());
    columns!(&deliveries, (message, endpoint) => {
        messages: Uuid = *message,
        endpoints: Uuid = endpoint.0,
    });
    sqlx::query!(
        "insert into webhook_delivery (organization_id, webhook_delivery_id, webhook_endpoint_id, webhook_message_id,
             status, created_at, first_due_at, attempts, next_attempt_at)
         select $1, d.id, d.endpoint, d.message, 'pending', $2, $2, 0, $2
         from unnest($3::uuid[], $4::uuid[], $5::uuid[]) as d (id, endpoint, message)",
        organization_id.0,
        now,
        &delivery_ids,
        &endpoints,
        &messages,
    )
    .execute(db)
    .await?;
    Ok(())
}
