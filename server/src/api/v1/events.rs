//! `/api/v1/events`: the inbox of processor events, and taking one in again.

use axum::{extract::State, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use domain::{
    connection::{Mode, Processor},
    event::Outcome,
    id::{ConnectionId, ConversionId, EventId, OrganizationId},
    sales::parse_instant,
    scope::Scope,
    text::MAX_EXTERNAL_ID,
};
use serde::Serialize;
use serde_json::value::RawValue;
use store::event::{EventFilter, EventStart, EventView, StoredEvent};
use utoipa::ToSchema;

use super::{
    Reply,
    field::{Id, NoBody, Nothing},
    page::{Page, not_ours},
};
use crate::{
    caller::Caller,
    input::Query,
    problem::Problem,
    state::AppState,
    webhook::intake::{opened, read_again},
};

/// An event as the API shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
struct EventRow<'a> {
    id: EventId,
    processor: Processor,
    connection_id: ConnectionId,
    connection_name: &'a str,
    mode: Mode,
    /// The processor's id of it.
    external_id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    occurred_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    outcome: Outcome,
    /// Why, in words.
    detail: &'a str,
    conversion_id: Option<ConversionId>,
    attempts: u32,
    next_attempt_at: Option<DateTime<Utc>>,
}

impl<'a> From<&'a EventView> for EventRow<'a> {
    fn from(view: &'a EventView) -> Self {
        Self {
            id: view.id,
            processor: view.processor,
            connection_id: view.connection_id,
            connection_name: &view.connection_name,
            mode: view.mode,
            external_id: &view.external_id,
            kind: &view.kind,
            occurred_at: view.occurred_at,
            received_at: view.received_at,
            outcome: view.outcome,
            detail: &view.detail,
            conversion_id: view.conversion_id,
            attempts: view.attempts,
            next_attempt_at: view.next_attempt_at,
        }
    }
}

/// The same with what was received: the body, or the document inside a form.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WholeEvent<'a> {
    #[serde(flatten)]
    row: EventRow<'a>,
    #[schema(value_type = Value)]
    payload: Payload,
    /// What `payload` is: `json`, `xml` as text, or `base64` of other bytes.
    #[schema(pattern = "^(json|xml|base64)$")]
    payload_encoding: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Payload {
    Json(Box<RawValue>),
    Text(String),
}

impl<'a> From<&'a StoredEvent> for WholeEvent<'a> {
    fn from(stored: &'a StoredEvent) -> Self {
        let body = opened(stored);
        let text = str::from_utf8(&body).unwrap_or_default();
        let (payload, payload_encoding) = match serde_json::from_slice(&body) {
            Ok(json) => (Payload::Json(json), "json"),
            Err(_) if text.starts_with('<') => (Payload::Text(text.to_owned()), "xml"),
            Err(_) => (Payload::Text(STANDARD.encode(&body)), "base64"),
        };
        Self {
            row: EventRow::from(&stored.view),
            payload,
            payload_encoding,
        }
    }
}

/// Takes the filters out of a query.
fn filter(query: &mut Query) -> Result<EventFilter, Problem> {
    let day = "a date such as 2026-11-20 or an RFC 3339 time";
    let kind = |text: &str| {
        let fits = (1..=MAX_EXTERNAL_ID).contains(&text.len());
        fits.then(|| text.to_owned())
    };
    Ok(EventFilter {
        processor: query.parsed("processor", "stripe, paddle or braintree", Processor::parse)?,
        connection_id: query.parsed("connectionId", "a connection's id (a UUID)", |text| {
            text.parse().ok()
        })?,
        kind: query.parsed("type", "a type such as invoice.paid", kind)?,
        outcome: query.parsed(
            "outcome",
            "recorded, deduped, unattributed, parked, ignored, failed or stored",
            Outcome::parse,
        )?,
        since: query.parsed("since", day, parse_instant)?,
        until: query.parsed("until", day, parse_instant)?,
    })
}

/// Lists the events of processors.
///
/// Newest first.
#[utoipa::path(
    get, path = "/events", tag = "Events",
    params(Page, ("processor" = Option<Processor>, Query), ("connectionId" = Option<ConnectionId>, Query), ("type" = Option<String>, Query, min_length = 1, max_length = 255, example = "invoice.paid", description = "The processor's word for it."), ("outcome" = Option<Outcome>, Query), ("since" = Option<String>, Query, example = "2026-11-01", description = "A date or an RFC 3339 time; inclusive."), ("until" = Option<String>, Query, example = "2026-12-01", description = "A date or an RFC 3339 time; exclusive.")),
    responses((status = 200, body = Vec<EventRow>)),
    security(("key" = ["events:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::EventsRead)?;
    let sealed = query.take("cursor");
    let page = Page::take(&mut query)?;
    let filter = filter(&mut query)?;
    query.done()?;
    let store = &state.store;
    let start = match sealed {
        Some(text) => EventStart::Beside(
            store
                .open_event_cursor(organization_id, &filter, &text)
                .map_err(|_| not_ours())?,
        ),
        None => EventStart::Offset(page.start()),
    };
    let found = store
        .events(organization_id, &filter, start, page.size())
        .await?;
    let total = store.count_events(organization_id, &filter).await?;
    let next = found
        .older
        .map(|next| store.seal_event_cursor(organization_id, &filter, next));
    let rows: Vec<_> = found.events.iter().map(EventRow::from).collect();
    Ok(reply.part(&page.from(start.seen()), total, next, &rows))
}

/// Shows an event.
///
/// With what was received.
#[utoipa::path(
    get, path = "/events/{id}", tag = "Events",
    params(("id" = EventId, Path)),
    responses((status = 200, body = WholeEvent)),
    security(("key" = ["events:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<EventId>,
    query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::EventsRead)?;
    query.done()?;
    let stored = find(&state, organization_id, id).await?;
    Ok(reply.ok(WholeEvent::from(&stored)))
}

/// Takes an event in again.
///
/// The answer shows what became of it.
#[utoipa::path(
    post, path = "/events/{id}/replay", tag = "Events",
    params(("id" = EventId, Path)),
    request_body = Option<Nothing>,
    responses((status = 200, body = EventRow)),
    security(("key" = ["events:write"]))
)]
pub(super) async fn replay(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<EventId>,
    _: NoBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::EventsWrite)?;
    let replayed = state
        .store
        .replay_event(caller.actor(), organization_id, id, read_again)
        .await?;
    replayed.ok_or_else(nothing)?;
    let stored = find(&state, organization_id, id).await?;
    Ok(reply.ok(EventRow::from(&stored.view)))
}

async fn find(
    state: &AppState,
    organization_id: OrganizationId,
    id: EventId,
) -> Result<StoredEvent, Problem> {
    let stored = state.store.event(organization_id, id).await?;
    stored.ok_or_else(nothing)
}

fn nothing() -> Problem {
    Problem::not_found("event")
}
