//! Making, changing and removing endpoints, and giving them new secrets.

use chrono::{DateTime, Utc};
use domain::{
    id::{CampaignId, OrganizationId, WebhookEndpointId},
    webhook::{MAX_ENDPOINTS, SECRET_OVERLAP, Topic},
};
use sqlx::PgConnection;

use super::{
    Endpoint, EndpointChange, EndpointError, NewEndpoint, TABLE, locked_in,
    secret::{self, Secrets},
};
use crate::{
    Store, StoreError,
    audit::{self, Actor, Allowed},
    campaign,
    transaction::begin,
};

/// What is said of what was not sent any more when its endpoint was disabled or removed.
pub(super) const NOT_SENT: &str = "not sent: the webhook was disabled";

impl Store {
    /// Makes an endpoint. Its secret is told here and never again.
    pub async fn add_webhook_endpoint(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        new: NewEndpoint,
    ) -> Result<(Endpoint, String), EndpointError> {
        let (actor, now) = (actor.administers()?, self.now());
        let topics = checked(new.topics)?;
        let secret = secret::make(&self.random);
        let mut tx = begin(&self.pool).await?;
        moved_in(&mut tx, organization_id).await?;
        check_campaign_in(&mut tx, organization_id, new.campaign_id).await?;
        check_number_in(&mut tx, organization_id).await?;
        let endpoint = Endpoint {
            id: WebhookEndpointId(self.new_id(now)),
            name: new.name,
            url: new.target.to_string(),
            campaign_id: new.campaign_id,
            topics,
            secret_hint: secret::hint(&secret),
            overlap_until: None,
            created_at: now,
            updated_at: now,
            failing_since: None,
            disabled_at: None,
            disabled_reason: None,
        };
        let secrets = Secrets {
            current: secret.clone(),
            previous: None,
        };
        let sealed = self.seal_webhook_secrets(&secrets)?;
        insert_in(&mut tx, organization_id, &endpoint, &sealed).await?;
        self.note_endpoint_in(&mut tx, actor, organization_id, &endpoint, "created")
            .await?;
        tx.commit().await?;
        Ok((endpoint, secret))
    }

    /// Changes an endpoint; it is returned as it is afterwards.
    pub async fn change_webhook_endpoint(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: WebhookEndpointId,
        change: EndpointChange,
    ) -> Result<Endpoint, EndpointError> {
        let (actor, now) = (actor.administers()?, self.now());
        let mut tx = begin(&self.pool).await?;
        moved_in(&mut tx, organization_id).await?;
        let old = locked_in(&mut tx, organization_id, id).await?;
        let campaign_id = change.campaign_id.flatten();
        check_campaign_in(&mut tx, organization_id, campaign_id).await?;
        let endpoint = change.applied_to(old.clone(), now)?;
        if endpoint == old {
            return Ok(old);
        }
        let endpoint = Endpoint {
            updated_at: now,
            ..endpoint
        };
        update_in(&mut tx, organization_id, &endpoint).await?;
        if endpoint.disabled_at.is_some() {
            give_up_in(&mut tx, organization_id, id).await?;
        }
        self.note_endpoint_in(&mut tx, actor, organization_id, &endpoint, "changed")
            .await?;
        tx.commit().await?;
        Ok(endpoint)
    }

    /// Gives an endpoint a new secret, which is told here and never again. The one before signs beside it for
    /// [`SECRET_OVERLAP`].
    pub async fn rotate_webhook_secret(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<(Endpoint, String), EndpointError> {
        let (actor, now) = (actor.administers()?, self.now());
        let secret = secret::make(&self.random);
        let mut tx = begin(&self.pool).await?;
        let old = locked_in(&mut tx, organization_id, id).await?;
        let sealed = sqlx::query_scalar!(
            "select secrets_sealed from webhook_endpoint where organization_id = $1 and webhook_endpoint_id = $2",
            organization_id.0,
            id.0,
        )
        .fetch_one(&mut *tx)
        .await?;
        let secrets = Secrets {
            current: secret.clone(),
            previous: Some(self.open_webhook_secrets(&sealed)?.current),
        };
        let endpoint = Endpoint {
            secret_hint: secret::hint(&secret),
            overlap_until: Some(now + SECRET_OVERLAP),
            updated_at: now,
            ..old
        };
        sqlx::query!(
            "update webhook_endpoint set secrets_sealed = $3, secret_hint = $4, overlap_until = $5, updated_at = $6
             where organization_id = $1 and webhook_endpoint_id = $2",
            organization_id.0,
            id.0,
            self.seal_webhook_secrets(&secrets)?,
            endpoint.secret_hint,
            endpoint.overlap_until,
            now,
        )
        .execute(&mut *tx)
        .await?;
        self.note_endpoint_in(&mut tx, actor, organization_id, &endpoint, "rotated")
            .await?;
        tx.commit().await?;
        Ok((endpoint, secret))
    }

    /// Removes an endpoint: it is told nothing from now on.
    pub async fn remove_webhook_endpoint(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<(), EndpointError> {
        let (actor, now) = (actor.administers()?, self.now());
        let mut tx = begin(&self.pool).await?;
        moved_in(&mut tx, organization_id).await?;
        let endpoint = locked_in(&mut tx, organization_id, id).await?;
        sqlx::query!(
            "update webhook_endpoint set removed_at = $3 where organization_id = $1 and webhook_endpoint_id = $2",
            organization_id.0,
            id.0,
            now,
        )
        .execute(&mut *tx)
        .await?;
        give_up_in(&mut tx, organization_id, id).await?;
        self.note_endpoint_in(&mut tx, actor, organization_id, &endpoint, "removed")
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The server disables an endpoint, and says why.
    pub(super) async fn disable_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        id: WebhookEndpointId,
        reason: String,
    ) -> Result<(), StoreError> {
        let now = self.now();
        moved_in(db, organization_id).await?;
        let endpoint = match locked_in(db, organization_id, id).await {
            Ok(endpoint) if endpoint.disabled_at.is_none() => endpoint,
            Err(EndpointError::Store(error)) => return Err(error),
            // Somebody was faster.
            _ => return Ok(()),
        };
        let endpoint = Endpoint {
            disabled_at: Some(now),
            disabled_reason: Some(reason),
            updated_at: now,
            ..endpoint
        };
        update_in(db, organization_id, &endpoint).await?;
        give_up_in(db, organization_id, id).await?;
        let actor = Actor::System.administers()?;
        self.note_endpoint_in(db, actor, organization_id, &endpoint, "disabled")
            .await
    }

    async fn note_endpoint_in(
        &self,
        db: &mut PgConnection,
        actor: Allowed,
        organization_id: OrganizationId,
        endpoint: &Endpoint,
        action: &'static str,
    ) -> Result<(), StoreError> {
        let state = match (&endpoint.disabled_at, &endpoint.disabled_reason) {
            (None, _) => String::new(),
            (Some(_), None) => ", disabled".to_owned(),
            (Some(_), Some(reason)) => format!(", disabled: {reason}"),
        };
        let entry = audit::Entry {
            actor,
            subject: TABLE,
            subject_id: endpoint.id.0,
            action,
            detail: &format!("{} ({}){state}", endpoint.name, endpoint.url),
        };
        audit::write_in(db, &self.random, organization_id, self.now(), entry).await
    }
}

impl EndpointChange {
    /// The endpoint as it is after the change.
    fn applied_to(self, old: Endpoint, now: DateTime<Utc>) -> Result<Endpoint, EndpointError> {
        let topics = self.topics.map(checked).transpose()?;
        let mut endpoint = Endpoint {
            name: self.name.unwrap_or(old.name),
            url: self.target.map_or(old.url, |target| target.to_string()),
            campaign_id: self.campaign_id.unwrap_or(old.campaign_id),
            topics: topics.unwrap_or(old.topics),
            ..old
        };
        match (self.is_active, endpoint.disabled_at) {
            (Some(true), Some(_)) => {
                endpoint.disabled_at = None;
                endpoint.disabled_reason = None;
                endpoint.failing_since = None;
            }
            (Some(false), None) => endpoint.disabled_at = Some(now),
            _ => {}
        }
        Ok(endpoint)
    }
}

/// Each topic once, in the order people read them.
fn checked(topics: Vec<Topic>) -> Result<Vec<Topic>, EndpointError> {
    let is_known = !topics.contains(&Topic::Test);
    let all: Vec<Topic> = Topic::to_ask_for()
        .filter(|topic| topics.contains(topic))
        .collect();
    if all.is_empty() || !is_known {
        return Err(EndpointError::NoTopics);
    }
    Ok(all)
}

/// What was known of the organization's endpoints does not hold any more when this transaction is committed.
/// Whoever writes sales waits for it, and it for them.
async fn moved_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update organization_position set webhook_version = webhook_version + 1 where organization_id = $1",
        organization_id.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn check_campaign_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    campaign_id: Option<CampaignId>,
) -> Result<(), EndpointError> {
    let Some(id) = campaign_id else { return Ok(()) };
    let known = campaign::all_in(db, organization_id).await?;
    if known.iter().any(|campaign| campaign.id == id) {
        Ok(())
    } else {
        Err(EndpointError::NoCampaign)
    }
}

async fn check_number_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<(), EndpointError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhook_endpoint where organization_id = $1 and removed_at is null"#,
        organization_id.0,
    )
    .fetch_one(db)
    .await?;
    if usize::try_from(count).is_ok_and(|count| count < MAX_ENDPOINTS) {
        Ok(())
    } else {
        Err(EndpointError::TooMany)
    }
}

fn words(topics: &[Topic]) -> Vec<String> {
    topics
        .iter()
        .map(|topic| topic.as_str().to_owned())
        .collect()
}

async fn insert_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    endpoint: &Endpoint,
    sealed: &[u8],
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into webhook_endpoint (organization_id, webhook_endpoint_id, name, url, campaign_id, topics,
             secrets_sealed, secret_hint, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        organization_id.0,
        endpoint.id.0,
        endpoint.name.as_str(),
        endpoint.url,
        endpoint.campaign_id.map(|id| id.0),
        &words(&endpoint.topics),
        sealed,
        endpoint.secret_hint,
        endpoint.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn update_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    endpoint: &Endpoint,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhook_endpoint set name = $3, url = $4, campaign_id = $5, topics = $6, failing_since = $7,
             disabled_at = $8, disabled_reason = $9, updated_at = $10
         where organization_id = $1 and webhook_endpoint_id = $2",
        organization_id.0,
        endpoint.id.0,
        endpoint.name.as_str(),
        endpoint.url,
        endpoint.campaign_id.map(|id| id.0),
        &words(&endpoint.topics),
        endpoint.failing_since,
        endpoint.disabled_at,
        endpoint.disabled_reason,
        endpoint.updated_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What waits to be sent to an endpoint is not sent any more. A person can send it again.
pub(super) async fn give_up_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: WebhookEndpointId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhook_delivery set status = 'failed', next_attempt_at = null, claimed_until = null, error = $3
         where organization_id = $1 and webhook_endpoint_id = $2 and status = 'pending'",
        organization_id.0,
        id.0,
        NOT_SENT,
    )
    .execute(db)
    .await?;
    Ok(())
}
