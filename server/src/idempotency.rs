//! `Idempotency-Key`: the same call again gets the first one's answer instead of running twice.
//!
//! Only answers of calls that succeeded are kept. One that failed changed nothing; it gives its key
//! back and may be sent again.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use store::idempotency::{Begun, Once};
use tokio::time::{Instant, sleep};

use crate::{
    caller::Caller,
    input::{MAX_BODY, read_body},
    problem::Problem,
    state::AppState,
};

const HEADER: &str = "idempotency-key";
const MAX_KEY: usize = 255;
/// How long the second of two equal calls waits for the first one's answer.
const PATIENCE: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Runs a POST with an `Idempotency-Key` once.
pub(crate) async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    run(&state, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

async fn run(state: &AppState, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let key = parts
        .headers
        .get(HEADER)
        .and_then(|key| key.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if key.is_empty() || key.len() > MAX_KEY {
        let needs = format!("1 to {MAX_KEY} visible characters are needed");
        return Err(Problem::invalid("Idempotency-Key", needs));
    }
    let caller = Caller::from_request_parts(&mut parts, state).await?;
    let (organization_id, api_key_id) = (caller.holder().organization_id, caller.holder().id);
    let once = Once {
        organization_id,
        api_key_id,
        key: &key,
    };
    parts.extensions.insert(caller);
    let body = read_body(body, MAX_BODY).await?;
    let hash = Sha256::new()
        .chain_update(parts.uri.path())
        .chain_update([0])
        .chain_update(&body)
        .finalize();
    if let Some((status, answer)) = begin(state, once, &hash).await? {
        return Ok(replay(status, answer));
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    finish(state, once, response).await
}

/// The answer given before, or `None` when this call is to run.
async fn begin(
    state: &AppState,
    once: Once<'_>,
    hash: &[u8],
) -> Result<Option<(u16, Bytes)>, Problem> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match state.store.begin_once(once, hash).await? {
            Begun::Fresh => return Ok(None),
            Begun::Answered(status, body) => return Ok(Some((status, body))),
            Begun::OtherCall => return Err(Problem::idempotency_key_reused()),
            Begun::Running if Instant::now() < deadline => sleep(ASK_EVERY).await,
            Begun::Running => {
                return Err(Problem::conflict(
                    "conflict",
                    "the first call with this key is still running",
                ));
            }
        }
    }
}

async fn finish(state: &AppState, once: Once<'_>, response: Response) -> Result<Response, Problem> {
    if !response.status().is_success() {
        state.store.forget_once(once).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = read_body(body, usize::MAX).await?;
    let status = parts.status.as_u16();
    state.store.finish_once(once, status, &body).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(status: u16, body: Bytes) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}
