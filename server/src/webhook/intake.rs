//! The way in for every processor's events: cap, verify over the raw bytes, store, process, answer.
//!
//! An adapter turns bytes into an [`Event`]; what is below never sees a processor's own types. 200 is
//! answered once the event is kept, whatever became of it; only a failure to keep it is a 5xx, so that
//! the processor sends it again.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, Request, State},
    http::{StatusCode, header::ALLOW, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use domain::{
    connection::{Mode, Processor},
    event::Outcome,
    id::{ConnectionId, EventId},
};
use serde::Serialize;
use store::{
    Store,
    connection::Connection,
    event::StoredEvent,
    intake::{Content, EventReceipt, IncomingEvent, IntakeError},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    braintree,
    event::{self, Adapter, Event, Unreadable},
    paddle, stripe,
};
use crate::{caller::address, input::read_body, problem::Problem, state::AppState};

/// Where a processor sends its events: the `webhookUrl` of a connection.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(
    dead_code,
    reason = "handlers read the path themselves; this is for the document"
)]
struct WebhookAddress {
    /// The connection's processor.
    #[param(pattern = "^(stripe|paddle|braintree)$")]
    processor: String,
    /// The connection's id.
    connection: ConnectionId,
}

/// What became of an event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    received: bool,
    event_id: EventId,
    outcome: Outcome,
}

/// What is peculiar to a processor; `None`: it sends no events.
fn adapter(processor: Processor) -> Option<Adapter> {
    match processor {
        Processor::Stripe => Some(stripe::ADAPTER),
        Processor::Paddle => Some(paddle::ADAPTER),
        Processor::Braintree => Some(braintree::ADAPTER),
        Processor::Server => None,
    }
}

/// Takes in an event of a processor.
///
/// The processor signs the body as it is; what is not signed with a secret of the connection is refused, and
/// nothing of it is kept. 200 once the event is kept, whatever became of it.
#[utoipa::path(
    post, path = "/api/webhooks/{processor}/{connection}", tag = "Processors' webhooks",
    params(WebhookAddress),
    request_body(content((Value = "application/json"), (String = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Receipt)),
    security(())
)]
pub(crate) async fn receive(
    State(state): State<AppState>,
    Path((processor, connection)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (connection, adapter) = find(&state, &processor, &connection).await?;
    let (parts, body) = request.into_parts();
    let body = read_body(body, adapter.max_body).await?;
    let now = state.store.now();
    let verified = (adapter.verify)(&parts.headers, &body, &connection.secrets, now);
    accept(&state, &parts, &connection, verified).await?;
    let read = (adapter.read)(&body, connection.created_at)
        .unwrap_or_else(|why| Event::unreadable(&body, &why));
    let receipt = keep(&state.store, incoming(connection, read, body)).await?;
    let answer = Receipt {
        received: true,
        event_id: receipt.event_id,
        outcome: receipt.outcome,
    };
    Ok(Json(answer).into_response())
}

/// Answers a processor that asks whose address this is.
///
/// Braintree asks with `bt_challenge`; the others do not.
#[utoipa::path(
    get, path = "/api/webhooks/{processor}/{connection}", tag = "Processors' webhooks",
    params(WebhookAddress, ("bt_challenge" = Option<String>, Query, description = "Braintree's question.")),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 405)),
    security(())
)]
pub(crate) async fn prove(
    State(state): State<AppState>,
    Path((processor, connection)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (connection, adapter) = find(&state, &processor, &connection).await?;
    let Some(answer) = adapter.challenge else {
        return Ok((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")]).into_response());
    };
    let answer = answer(&query.unwrap_or_default(), &connection.secrets);
    let unclear = || {
        let problem = "the question is not one of the processor's: press its own test button";
        Problem::bad_request("invalid_challenge", problem)
    };
    Ok(answer.ok_or_else(unclear)?.into_response())
}

/// Takes an event in and counts it.
pub(crate) async fn keep(store: &Store, event: IncomingEvent) -> Result<EventReceipt, IntakeError> {
    let processor = event.connection.processor.as_str();
    let receipt = store.receive_event(event).await?;
    metrics::counter!("tributary_events_total", "processor" => processor, "outcome" => receipt.outcome.as_str())
        .increment(1);
    Ok(receipt)
}

/// An event that was not delivered but read at the processor itself, with a connection's own key.
pub(crate) fn read_at_processor(
    connection: &Arc<Connection>,
    payload: Bytes,
) -> Result<IncomingEvent, Unreadable> {
    let adapter = adapter(connection.processor);
    let adapter = adapter.ok_or(Unreadable::NotReadable("event"))?;
    let read = (adapter.read)(&payload, connection.created_at)?;
    Ok(incoming(Arc::clone(connection), read, payload))
}

async fn find(
    state: &AppState,
    processor: &str,
    id: &str,
) -> Result<(Arc<Connection>, Adapter), Problem> {
    let unknown = || Problem::not_found("connection");
    let id: ConnectionId = id.parse().map_err(|_| unknown())?;
    let connection = state.store.connection(id).await?;
    let connection = connection
        .filter(|connection| connection.processor.as_str() == processor)
        .ok_or_else(unknown)?;
    let adapter = adapter(connection.processor).ok_or_else(unknown)?;
    Ok((connection, adapter))
}

fn incoming(connection: Arc<Connection>, event: Event, payload: Bytes) -> IncomingEvent {
    let content = of_mode(connection.mode, event.mode, event.content);
    IncomingEvent {
        connection,
        external_id: event.external_id,
        kind: event.kind,
        // A redelivery must find the first one, also when neither says when it happened.
        occurred_at: event.occurred_at.unwrap_or(DateTime::UNIX_EPOCH),
        payload,
        content,
    }
}

/// What an event says to a connection: nothing, when it is of the other mode.
fn of_mode(wanted: Mode, mode: Option<Mode>, content: event::Content) -> Content {
    if let Some(mode) = mode.filter(|mode| *mode != wanted) {
        let (mode, wanted) = (mode.as_str(), wanted.as_str());
        return Content::Ignored(format!("a {mode} event on a {wanted} connection"));
    }
    match content {
        event::Content::Facts(facts) => Content::Facts(facts),
        event::Content::Ignored(why) => Content::Ignored(why),
        event::Content::Failed(why) => Content::Failed(why),
    }
}

/// Reads a stored event once more, as this version of the program reads it. Its signature was good when
/// it came in.
pub(crate) fn read_again(stored: &StoredEvent) -> Content {
    let connection = &stored.connection;
    let Some(adapter) = adapter(connection.processor) else {
        return Content::Ignored("not a processor's event".to_owned());
    };
    match (adapter.read)(&stored.payload, connection.created_at) {
        Ok(event) => of_mode(connection.mode, event.mode, event.content),
        Err(why) => Content::Failed(why.to_string()),
    }
}

/// A stored body as people read it.
pub(crate) fn opened(stored: &StoredEvent) -> Cow<'_, [u8]> {
    let adapter = adapter(stored.connection.processor);
    match adapter.and_then(|adapter| (adapter.opened)(&stored.payload)) {
        Some(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
        Some(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
        None => Cow::Borrowed(&stored.payload),
    }
}

/// Lets what is signed pass. Only what is not is counted: no number of forgeries turns a signed event
/// away.
async fn accept(
    state: &AppState,
    parts: &Parts,
    connection: &Connection,
    verified: Result<(), String>,
) -> Result<(), Problem> {
    let Err(reason) = verified else { return Ok(()) };
    state
        .limits
        .unsigned_event(connection.id, address(parts, state))?;
    if state.limits.is_refusal_noted(connection.id) {
        state.store.delivery_refused(connection, &reason).await?;
    }
    Err(Problem::bad_request("invalid_signature", reason))
}

/// What a body is read as; `None`: no processor's event.
#[cfg(fuzzing)]
pub(crate) fn read_for_fuzzing(processor: Processor, body: &[u8]) -> Option<Event> {
    (adapter(processor)?.read)(body, DateTime::UNIX_EPOCH).ok()
}

/// Is this body signed?
#[cfg(fuzzing)]
pub(crate) fn verify_for_fuzzing(
    processor: Processor,
    headers: &axum::http::HeaderMap,
    body: &[u8],
    secrets: &store::connection::Secrets,
    now: DateTime<chrono::Utc>,
) -> Result<(), String> {
    let adapter = adapter(processor).ok_or_else(|| "it signs nothing".to_owned())?;
    (adapter.verify)(headers, body, secrets, now)
}
