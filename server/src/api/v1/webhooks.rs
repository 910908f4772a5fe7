//! `/api/v1/webhooks`: where a merchant's own programs are told what happens. A secret is in the answer that makes
//! it and in no other.

pub(super) mod delivery;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    id::{CampaignId, OrganizationId, WebhookEndpointId},
    scope::Scope,
    target::{Surroundings, Target},
    text::Name,
    webhook::{EndpointStatus, Topic},
};
use serde::{Deserialize, Serialize};
use store::webhook::{Endpoint, EndpointChange, EndpointError, NewEndpoint};
use utoipa::ToSchema;

use super::{
    Removed, Reply,
    field::{Change, Id, NoBody, Nothing},
    outgoing::SCHEMA_VERSION,
    page::Page,
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// An endpoint as this dialect shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Webhook)]
struct EndpointRow<'a> {
    id: WebhookEndpointId,
    name: &'a str,
    url: &'a str,
    status: EndpointStatus,
    program_id: Option<CampaignId>,
    schema_version: u8,
    subscribed_events: &'a [Topic],
    secret_last_four: &'a str,
    /// Until when the secret before this one signs too.
    previous_secret_until: Option<DateTime<Utc>>,
    /// Since when it has taken nothing.
    failing_since: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
    /// Why the server disabled it; null when a person or a program did.
    disabled_reason: Option<&'a str>,
}

impl<'a> From<&'a Endpoint> for EndpointRow<'a> {
    fn from(endpoint: &'a Endpoint) -> Self {
        Self {
            id: endpoint.id,
            name: endpoint.name.as_str(),
            url: &endpoint.url,
            status: endpoint.status(),
            program_id: endpoint.campaign_id,
            schema_version: SCHEMA_VERSION,
            subscribed_events: &endpoint.topics,
            secret_last_four: &endpoint.secret_hint,
            previous_secret_until: endpoint.overlap_until,
            failing_since: endpoint.failing_since,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
            disabled_at: endpoint.disabled_at,
            disabled_reason: endpoint.disabled_reason.as_deref(),
        }
    }
}

/// An endpoint with a secret that was just made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookWithSecret)]
struct WithSecret<'a> {
    endpoint: EndpointRow<'a>,
    signing_secret: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewWebhook)]
pub(crate) struct NewBody {
    name: Name,
    #[schema(example = "https://shop.example.com/hooks")]
    url: String,
    program_id: Option<CampaignId>,
    #[schema(minimum = 2, maximum = 2)]
    schema_version: Option<u8>,
    subscribed_events: Vec<Topic>,
}

impl NewBody {
    fn read(self, surroundings: Surroundings) -> Result<NewEndpoint, Problem> {
        check_version(self.schema_version)?;
        Ok(NewEndpoint {
            name: self.name,
            target: target(&self.url, surroundings)?,
            campaign_id: self.program_id,
            topics: self.subscribed_events,
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = WebhookChange)]
pub(crate) struct ChangeBody {
    name: Option<Name>,
    url: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<CampaignId>)]
    program_id: Change<CampaignId>,
    #[schema(minimum = 2, maximum = 2)]
    schema_version: Option<u8>,
    subscribed_events: Option<Vec<Topic>>,
    status: Option<EndpointStatus>,
}

impl ChangeBody {
    fn read(self, surroundings: Surroundings) -> Result<EndpointChange, Problem> {
        check_version(self.schema_version)?;
        let url = self.url.as_deref();
        let is_active = |status| status == EndpointStatus::Active;
        Ok(EndpointChange {
            name: self.name,
            target: url.map(|url| target(url, surroundings)).transpose()?,
            campaign_id: self.program_id.given(),
            topics: self.subscribed_events,
            is_active: self.status.map(is_active),
        })
    }
}

fn check_version(version: Option<u8>) -> Result<(), Problem> {
    match version {
        None | Some(SCHEMA_VERSION) => Ok(()),
        Some(_) => {
            let message = format!("messages are of version {SCHEMA_VERSION}: leave it out");
            Err(Problem::invalid("schemaVersion", message))
        }
    }
}

fn target(url: &str, surroundings: Surroundings) -> Result<Target, Problem> {
    Target::parse(url, surroundings).map_err(|error| Problem::invalid("url", error.to_string()))
}

impl From<EndpointError> for Problem {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::NoTopics => Self::invalid("subscribedEvents", error.to_string()),
            EndpointError::TooMany => Self::conflict("too_many_webhooks", error.to_string()),
            EndpointError::Disabled => Self::conflict("webhook_disabled", error.to_string()),
            EndpointError::NoCampaign => Self::not_found_in("programId", "program"),
            EndpointError::NotFound => Self::not_found("webhook"),
            EndpointError::NoDelivery => Self::not_found("delivery"),
            EndpointError::Store(error) => error.into(),
        }
    }
}

/// Lists webhooks.
///
/// Oldest first; all of them unless a page is asked for.
#[utoipa::path(
    get, path = "/webhooks", tag = "Webhooks",
    params(Page, ("programId" = Option<CampaignId>, Query, description = "Only those of this program.")),
    responses((status = 200, body = Vec<EndpointRow>)),
    security(("key" = ["webhooks:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksRead)?;
    let program: Option<CampaignId> =
        query.parsed("programId", "a program's id (a UUID)", |text| {
            text.parse().ok()
        })?;
    let page = Page::asked(&mut query)?;
    query.done()?;
    let mut known = state.store.webhook_endpoints(organization_id).await?;
    known.retain(|one| program.is_none() || one.campaign_id == program);
    let page = page.unwrap_or(Page::holding(known.len()));
    let (total, endpoints) = page.cut(known);
    let rows: Vec<_> = endpoints.iter().map(EndpointRow::from).collect();
    Ok(reply.list(&page, total, &rows))
}

/// Shows a webhook.
///
/// Its secret is never shown again.
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "Webhooks",
    params(("id" = WebhookEndpointId, Path)),
    responses((status = 200, body = EndpointRow)),
    security(("key" = ["webhooks:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<WebhookEndpointId>,
    query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksRead)?;
    query.done()?;
    let endpoint = find(&state, organization_id, id).await?;
    Ok(reply.ok(EndpointRow::from(&endpoint)))
}

/// Adds a webhook.
///
/// The address is told of the events that it subscribes to, signed as Standard Webhooks are, with the secret in
/// this answer. It must be HTTPS and on the open internet.
#[utoipa::path(
    post, path = "/webhooks", tag = "Webhooks",
    request_body = NewBody,
    responses((status = 201, body = WithSecret), (status = 404)),
    security(("key" = ["webhooks:write"]))
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksWrite)?;
    let new = body.read(Surroundings::of(&state.public_url))?;
    let made = state
        .store
        .add_webhook_endpoint(caller.actor(), organization_id, new)
        .await?;
    let (endpoint, signing_secret) = made;
    Ok(reply.created(WithSecret {
        endpoint: EndpointRow::from(&endpoint),
        signing_secret,
    }))
}

/// Changes a webhook.
///
/// What is left out stays as it is; the `status` `active` turns it on again.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "Webhooks",
    params(("id" = WebhookEndpointId, Path)),
    request_body = ChangeBody,
    responses((status = 200, body = EndpointRow), (status = 409)),
    security(("key" = ["webhooks:write"]))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<WebhookEndpointId>,
    Json(body): Json<ChangeBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksWrite)?;
    let change = body.read(Surroundings::of(&state.public_url))?;
    let endpoint = state
        .store
        .change_webhook_endpoint(caller.actor(), organization_id, id, change)
        .await?;
    Ok(reply.ok(EndpointRow::from(&endpoint)))
}

/// Makes a new secret for a webhook.
///
/// The secret before signs beside the new one for 24 hours.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate-secret", tag = "Webhooks",
    params(("id" = WebhookEndpointId, Path)),
    request_body = Option<Nothing>,
    responses((status = 200, body = WithSecret)),
    security(("key" = ["webhooks:write"]))
)]
pub(super) async fn rotate(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<WebhookEndpointId>,
    NoBody: NoBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksWrite)?;
    let made = state
        .store
        .rotate_webhook_secret(caller.actor(), organization_id, id)
        .await?;
    let (endpoint, signing_secret) = made;
    Ok(reply.ok(WithSecret {
        endpoint: EndpointRow::from(&endpoint),
        signing_secret,
    }))
}

/// Removes a webhook.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "Webhooks",
    params(("id" = WebhookEndpointId, Path)),
    responses((status = 200, body = Removed)),
    security(("key" = ["webhooks:write"]))
)]
pub(super) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksWrite)?;
    state
        .store
        .remove_webhook_endpoint(caller.actor(), organization_id, id)
        .await?;
    Ok(reply.removed())
}

async fn find(
    state: &AppState,
    organization_id: OrganizationId,
    id: WebhookEndpointId,
) -> Result<Endpoint, Problem> {
    let found = state.store.webhook_endpoint(organization_id, id).await?;
    found.ok_or_else(|| Problem::not_found("webhook"))
}
