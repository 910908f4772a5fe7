//! `GET /api/live/sales`: changes as they happen, as server-sent events.

pub(crate) mod seat;

use std::{convert::Infallible, time::Duration};

use async_stream::stream;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response, Sse, sse::Event},
};
use futures::Stream;
use serde_json::json;
use store::live::{Change, ChangeKind};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use self::seat::Seat;
use crate::{caller::Reader, input::Query, problem::Problem, state::AppState};

/// A comment is sent so often, so that proxies keep the line open and a dead one is noticed; and so
/// often it is looked whether the reader may read on.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Stands for a `Last-Event-ID` that can't be read: no position is so high, and one that was never
/// reached is answered with `resync`.
const UNREADABLE: i64 = i64::MAX;

/// Streams changes of sales.
///
/// Server-sent events: `sale` with the data `{"id", "change": "created" | "updated"}`, and `resync` when what
/// was missed can't be told. Every event has an id; `Last-Event-ID` goes on from there. A comment every 15
/// seconds keeps the line open.
#[utoipa::path(
    get, path = "/api/live/sales", tag = "Sales",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen.")),
    responses((status = 200, body = String, content_type = "text/event-stream")),
    security(("key" = ["conversions:read"]), ("session" = []))
)]
pub(crate) async fn sales(
    State(state): State<AppState>,
    reader: Reader,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    query.done()?;
    let seat = state.seats.take(reader.holder)?;
    let read = |id: &HeaderValue| id.to_str().ok()?.parse().ok();
    let last = headers.get("last-event-id");
    let last = last.map(|id| read(id).unwrap_or(UNREADABLE));
    let changes = changes(state, reader, seat, last).await?;
    Ok(Sse::new(changes).into_response())
}

/// What an open stream waits for.
enum Next {
    Change(Change),
    Heartbeat,
    End,
}

async fn changes(
    state: AppState,
    reader: Reader,
    seat: Seat,
    last: Option<i64>,
) -> Result<impl Stream<Item = Result<Event, Infallible>>, Problem> {
    // Subscribed before the catch-up is read: nothing falls between the two.
    let organization_id = reader.organization_id;
    let mut subscription = state.store.subscribe(organization_id).await?;
    let missed = match last {
        Some(position) => Some(state.store.changes_since(organization_id, position).await?),
        None => None,
    };
    let mut stopping = state.stopping.clone();
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Ok(stream! {
        let _seat = seat;
        let mut told = last.unwrap_or(i64::MIN);
        if let Some(change) = missed {
            for event in events(&change, &mut told) {
                yield Ok(event);
            }
        }
        loop {
            let next = tokio::select! {
                change = subscription.next() => Next::Change(change),
                // The browser comes back to another server, or to this one when it is up again.
                _ = stopping.wait_for(|stop| *stop) => Next::End,
                _ = heartbeat.tick() => Next::Heartbeat,
            };
            match next {
                Next::Change(change) => {
                    for event in events(&change, &mut told) {
                        yield Ok(event);
                    }
                }
                Next::Heartbeat if reader.may_go_on(&state).await => {
                    yield Ok(Event::default().comment(""));
                }
                Next::Heartbeat | Next::End => break,
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
