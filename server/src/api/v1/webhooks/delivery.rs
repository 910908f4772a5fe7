//! `/api/v1/webhooks/{id}/deliveries`: what was sent to an endpoint, and sending it again.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    id::{CampaignId, WebhookDeliveryId, WebhookEndpointId},
    scope::Scope,
    webhook::{DeliveryStatus, Topic},
};
use serde::Serialize;
use store::webhook::{DeliveryFilter, DeliveryStart, DeliveryView};
use utoipa::ToSchema;

use super::find;
use crate::{
    api::v1::{
        Reply,
        field::{Id, Ids, NoBody, Nothing},
        page::{Page, not_ours},
    },
    caller::Caller,
    input::Query,
    problem::Problem,
    state::AppState,
};

/// A message on its way to an endpoint, or there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDelivery)]
struct DeliveryRow<'a> {
    id: WebhookDeliveryId,
    webhook_id: WebhookEndpointId,
    /// What receivers know it by.
    message_id: String,
    event_type: Topic,
    program_id: Option<CampaignId>,
    status: DeliveryStatus,
    /// Since it was last sent again.
    attempts: i32,
    created_at: DateTime<Utc>,
    last_attempt_at: Option<DateTime<Utc>>,
    next_attempt_at: Option<DateTime<Utc>>,
    /// Of the last attempt: the status of the answer, the beginning of its body, and why it does not count.
    response_status: Option<i32>,
    response_body: Option<&'a str>,
    error: Option<&'a str>,
    duration_ms: Option<i64>,
}

impl<'a> DeliveryRow<'a> {
    fn new(webhook_id: WebhookEndpointId, view: &'a DeliveryView) -> Self {
        Self {
            id: view.id,
            webhook_id,
            message_id: view.public_message_id(),
            event_type: view.topic,
            program_id: view.campaign_id,
            status: view.status,
            attempts: view.attempts,
            created_at: view.created_at,
            last_attempt_at: view.attempted_at,
            next_attempt_at: view.next_attempt_at,
            response_status: view.answer_status,
            response_body: view.answer.as_deref(),
            error: view.error.as_deref(),
            duration_ms: view.duration_ms,
        }
    }
}

/// Takes the filters out of a query.
fn filter(query: &mut Query, endpoint_id: WebhookEndpointId) -> Result<DeliveryFilter, Problem> {
    let statuses = "pending, delivered or failed";
    let topics = "an event such as conversion.created";
    Ok(DeliveryFilter {
        endpoint_id,
        status: query.parsed("status", statuses, DeliveryStatus::parse)?,
        topic: query.parsed("eventType", topics, Topic::parse)?,
    })
}

/// Lists what was sent to a webhook.
///
/// Newest first.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "Webhooks",
    params(("id" = WebhookEndpointId, Path), Page, ("status" = Option<DeliveryStatus>, Query), ("eventType" = Option<Topic>, Query)),
    responses((status = 200, body = Vec<DeliveryRow>)),
    security(("key" = ["webhooks:read"]))
)]
pub(in crate::api::v1) async fn deliveries(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<WebhookEndpointId>,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksRead)?;
    let sealed = query.take("cursor");
    let page = Page::take(&mut query)?;
    let filter = filter(&mut query, id)?;
    query.done()?;
    let (store, _) = (&state.store, find(&state, organization_id, id).await?);
    let start = match sealed {
        Some(text) => DeliveryStart::After(
            store
                .open_delivery_cursor(organization_id, filter, &text)
                .map_err(|_| not_ours())?,
        ),
        None => DeliveryStart::Offset(page.start()),
    };
    let found = store.webhook_deliveries(organization_id, filter, start, page.size());
    let found = found.await?;
    let next = found.next;
    let next = next.map(|next| store.seal_delivery_cursor(organization_id, filter, next));
    let rows = found
        .deliveries
        .iter()
        .map(|view| DeliveryRow::new(id, view));
    let rows: Vec<_> = rows.collect();
    Ok(reply.part(&page.from(start.seen()), found.total, next, &rows))
}

/// Sends a message again.
///
/// As the same message: receivers that have it know it by its id.
#[utoipa::path(
    post, path = "/webhooks/{id}/deliveries/{delivery}/replay", tag = "Webhooks",
    params(("id" = WebhookEndpointId, Path), ("delivery" = WebhookDeliveryId, Path)),
    request_body = Option<Nothing>,
    responses((status = 200, body = DeliveryRow)),
    security(("key" = ["webhooks:write"]))
)]
pub(in crate::api::v1) async fn replay(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Ids(id, delivery): Ids<WebhookEndpointId, WebhookDeliveryId>,
    NoBody: NoBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksWrite)?;
    let view = state
        .store
        .replay_webhook_delivery(caller.actor(), organization_id, id, delivery)
        .await?;
    Ok(reply.ok(DeliveryRow::new(id, &view)))
}

/// Sends a test message.
///
/// Whatever the webhook subscribes to.
#[utoipa::path(
    post, path = "/webhooks/{id}/test", tag = "Webhooks",
    params(("id" = WebhookEndpointId, Path)),
    request_body = Option<Nothing>,
    responses((status = 201, body = DeliveryRow)),
    security(("key" = ["webhooks:write"]))
)]
pub(in crate::api::v1) async fn test(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<WebhookEndpointId>,
    NoBody: NoBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::WebhooksWrite)?;
    let view = state
        .store
        .test_webhook_endpoint(caller.actor(), organization_id, id)
        .await?;
    Ok(reply.created(DeliveryRow::new(id, &view)))
}
