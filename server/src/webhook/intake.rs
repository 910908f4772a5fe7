//! The way in for every processor's events: cap, verify over the raw bytes, store, process, answer.
//!
//! An adapter turns bytes into a [`Read`]; what is below never sees a processor's own types. 200 is
//! answered once the event is kept, whatever became of it; only a failure to keep it is a 5xx, so that
//! the processor sends it again.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{
    connection::{Mode, Processor},
    id::ConnectionId,
};
use serde_json::json;
use store::{
    Store,
    connection::Connection,
    event::StoredEvent,
    intake::{Content, EventReceipt, IncomingEvent, IntakeError},
};

use super::stripe;
use crate::{
    caller::address,
    input::{MAX_BODY, read_body},
    problem::Problem,
    state::AppState,
};

/// A verified event in our words.
pub(super) struct Read {
    pub(super) external_id: String,
    pub(super) kind: String,
    pub(super) occurred_at: Option<DateTime<Utc>>,
    pub(super) mode: Mode,
    pub(super) content: Content,
}

/// `POST /api/webhooks/{processor}/{connection}`
pub(crate) async fn receive(
    State(state): State<AppState>,
    Path((processor, connection)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let connection = find(&state, &processor, &connection).await?;
    let (parts, body) = request.into_parts();
    let body = read_body(body, MAX_BODY).await?;
    let read = match connection.processor {
        Processor::Stripe => {
            let verified = stripe_signed(&parts.headers, &body, &connection, state.store.now());
            accept(&state, &parts, &connection, verified)?;
            from_stripe(&body)
                .map_err(|error| Problem::bad_request("invalid_event", error.to_string()))?
        }
        Processor::Server => return Err(Problem::not_found("connection")),
    };
    let receipt = keep(&state.store, incoming(connection, read, body)).await?;
    let answer = json!({
        "received": true,
        "eventId": receipt.event_id,
        "outcome": receipt.outcome.as_str(),
    });
    Ok(Json(answer).into_response())
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
) -> Result<IncomingEvent, stripe::Unreadable> {
    let read = from_stripe(&payload)?;
    Ok(incoming(Arc::clone(connection), read, payload))
}

async fn find(state: &AppState, processor: &str, id: &str) -> Result<Arc<Connection>, Problem> {
    let unknown = || Problem::not_found("connection");
    let id: ConnectionId = id.parse().map_err(|_| unknown())?;
    let connection = state.store.connection(id).await?;
    connection
        .filter(|connection| connection.processor.as_str() == processor)
        .ok_or_else(unknown)
}

fn incoming(connection: Arc<Connection>, read: Read, payload: Bytes) -> IncomingEvent {
    let content = of_mode(connection.mode, read.mode, read.content);
    IncomingEvent {
        connection,
        external_id: read.external_id,
        kind: read.kind,
        // A redelivery must find the first one, also when neither says when it happened.
        occurred_at: read.occurred_at.unwrap_or(DateTime::UNIX_EPOCH),
        payload,
        content,
    }
}

/// What an event says to a connection: nothing, when it is of the other mode.
fn of_mode(wanted: Mode, mode: Mode, content: Content) -> Content {
    if mode == wanted {
        return content;
    }
    let (mode, wanted) = (mode.as_str(), wanted.as_str());
    Content::Ignored(format!("a {mode} event on a {wanted} connection"))
}

/// Reads a stored event once more, as this version of the program reads it. Its signature was good when
/// it came in.
pub(crate) fn read_again(stored: &StoredEvent) -> Content {
    let read = match stored.connection.processor {
        Processor::Stripe => from_stripe(&stored.payload),
        Processor::Server => return Content::Ignored("not a processor's event".to_owned()),
    };
    match read {
        Ok(read) => of_mode(stored.connection.mode, read.mode, read.content),
        Err(why) => Content::Failed(why.to_string()),
    }
}

/// Lets what is signed pass. Only what is not is counted: no number of forgeries turns a signed event
/// away.
fn accept(
    state: &AppState,
    parts: &Parts,
    connection: &Connection,
    verified: Result<(), String>,
) -> Result<(), Problem> {
    let Err(reason) = verified else { return Ok(()) };
    state
        .limits
        .unsigned_event(connection.id, address(parts, state))?;
    Err(Problem::bad_request("invalid_signature", reason))
}

fn stripe_signed(
    headers: &HeaderMap,
    body: &[u8],
    connection: &Connection,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let header = headers
        .get("stripe-signature")
        .and_then(|value| value.to_str().ok());
    stripe::verify(header, body, &connection.secrets.signing, now)
        .map_err(|error| error.to_string())
}

fn from_stripe(body: &[u8]) -> Result<Read, stripe::Unreadable> {
    let event = stripe::read(body)?;
    Ok(Read {
        external_id: event.external_id,
        kind: event.kind,
        occurred_at: event.occurred_at,
        mode: if event.livemode {
            Mode::Live
        } else {
            Mode::Test
        },
        content: match event.content {
            stripe::Content::Facts(facts) => Content::Facts(facts),
            stripe::Content::Ignored(why) => Content::Ignored(why),
            stripe::Content::Failed(why) => Content::Failed(why),
        },
    })
}
