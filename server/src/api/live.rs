//! `GET /api/live/sales`: changes as they happen, as server-sent events.

use std::{convert::Infallible, time::Duration};

use async_stream::stream;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::Stream;
use serde_json::json;
use store::live::{Change, ChangeKind};

use crate::{caller::Reader, input::Query, problem::Problem, state::AppState};

/// A comment is sent so often, so that proxies keep the line open and a dead one is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The stream: first what was missed since `Last-Event-ID`, then what happens.
pub(crate) async fn sales(
    State(state): State<AppState>,
    reader: Reader,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    query.done()?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let last = last.and_then(|id| id.parse::<i64>().ok());
    let changes = changes(&state, &reader, last).await?;
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(changes).keep_alive(heartbeat).into_response())
}

async fn changes(
    state: &AppState,
    reader: &Reader,
    last: Option<i64>,
) -> Result<impl Stream<Item = Result<Event, Infallible>> + use<>, Problem> {
    // Subscribed before the catch-up is read: nothing falls between the two.
    let organization_id = reader.organization_id;
    let mut subscription = state.store.subscribe(organization_id).await?;
    let missed = match last {
        Some(position) => Some(state.store.changes_since(organization_id, position).await?),
        None => None,
    };
    let mut stopping = state.stopping.clone();
    Ok(stream! {
        let mut told = last.unwrap_or(i64::MIN);
        if let Some(change) = missed {
            for event in events(&change, &mut told) {
                yield Ok(event);
            }
        }
        loop {
            let change = tokio::select! {
                change = subscription.next() => Some(change),
                // The browser comes back to another server, or to this one when it is up again.
                _ = stopping.wait_for(|stop| *stop) => None,
            };
            let Some(change) = change else { break };
            for event in events(&change, &mut told) {
                yield Ok(event);
            }
        }
    })
}

/// The events of a change that were not told yet.
fn events(change: &Change, told: &mut i64) -> Vec<Event> {
    match change {
        Change::Resync { position } => {
            *told = *position;
            vec![
                Event::default()
                    .event("resync")
                    .id(position.to_string())
                    .data("{}"),
            ]
        }
        Change::Sales { changes, .. } => {
            let mut events = Vec::new();
            for sale in changes.iter().filter(|sale| sale.position > *told) {
                let kind = match sale.kind {
                    ChangeKind::Created => "created",
                    ChangeKind::Updated => "updated",
                };
                let data = json!({"id": sale.id, "change": kind}).to_string();
                events.push(
                    Event::default()
                        .event("sale")
                        .id(sale.position.to_string())
                        .data(data),
                );
            }
            *told = changes
                .last()
                .map_or(*told, |sale| sale.position.max(*told));
            events
        }
    }
}
