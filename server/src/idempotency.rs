//! `Idempotency-Key`: the same call again gets the first one's answer instead of running twice.
//!
//! Only answers of calls that succeeded are kept. One that failed changed nothing; it gives its key
//! back and may be sent again. A call runs beside its connection: a caller who hangs up cuts neither
//! the work nor the keeping of the answer. What a killed server leaves unanswered is not run again,
//! because it may have been done: its key answers 409 until it is forgotten.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::id::{ApiKeyId, OrganizationId};
use sha2::{Digest, Sha256};
use store::{
    StoreError,
    idempotency::{Begun, Once},
};
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
/// How often, and how many times more, an answer is written down that the database did not take.
const KEEP_EVERY: Duration = Duration::from_secs(1);
const KEEP_TRIES: u32 = 60;

/// Runs a POST with an `Idempotency-Key` once.
pub(crate) async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let has_key = request.headers().contains_key(HEADER);
    if request.method() != Method::POST || !has_key || is_file(&request) {
        return next.run(request).await;
    }
    run(&state, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// An imported file is too long to be held here: it is hashed as it comes in, and its handler asks for
/// [`run_once`].
fn is_file(request: &Request) -> bool {
    request.uri().path() == "/imports"
}

async fn run(state: &AppState, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let Some(key) = Key::of(&parts.headers)? else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let caller = Caller::from_request_parts(&mut parts, state).await?;
    parts.extensions.insert(caller.clone());
    let body = read_body(body, MAX_BODY).await?;
    let hash = Sha256::new()
        .chain_update(parts.uri.path())
        .chain_update([0])
        .chain_update(&body)
        .finalize();
    let request = Request::from_parts(parts, Body::from(body));
    run_once(state, &caller, key, &hash, next.run(request)).await
}

/// What a caller sends as his key.
pub(crate) struct Key(String);

impl Key {
    /// The key, if there is one.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(key) = headers.get(HEADER) else {
            return Ok(None);
        };
        let key = key.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > MAX_KEY {
            let needs = format!("1 to {MAX_KEY} visible characters are needed");
            return Err(Problem::invalid("Idempotency-Key", needs));
        }
        Ok(Some(Self(key.to_owned())))
    }
}

/// Does the work of a call that `hash` tells from others, unless it was done before: then its answer is given again.
pub(crate) async fn run_once(
    state: &AppState,
    caller: &Caller,
    Key(key): Key,
    hash: &[u8],
    work: impl Future<Output = Response> + Send + 'static,
) -> Result<Response, Problem> {
    let (organization_id, api_key_id) = (caller.holder().organization_id, caller.holder().id);
    let once = Once {
        organization_id,
        api_key_id,
        key: &key,
    };
    if let Some((status, answer)) = begin(state, once, hash).await? {
        return Ok(replay(status, answer));
    }
    let taken = Taken {
        state: state.clone(),
        organization_id,
        api_key_id,
        key,
    };
    match tokio::spawn(async move { taken.finish(work.await).await }).await {
        Ok(finished) => finished,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
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
                let message = "the first call with this Idempotency-Key is still running";
                return Err(Problem::conflict("conflict", message));
            }
            Begun::Abandoned => {
                let message = "the first call with this Idempotency-Key was cut off and may have been carried out: look whether it was; to run it again use a new key";
                return Err(Problem::conflict("conflict", message));
            }
        }
    }
}

/// A key that a running call has taken.
struct Taken {
    state: AppState,
    organization_id: OrganizationId,
    api_key_id: ApiKeyId,
    key: String,
}

impl Taken {
    /// Keeps the answer, or gives the key back.
    async fn finish(self, response: Response) -> Result<Response, Problem> {
        let (parts, body) = response.into_parts();
        let body = read_body(body, usize::MAX).await?;
        let answer = parts
            .status
            .is_success()
            .then(|| (parts.status.as_u16(), body.clone()));
        if let Err(error) = self.keep(answer.as_ref()).await {
            // What was done is done, and its caller is told so; another call has to wait.
            tracing::warn!(%error, "the answer to an Idempotency-Key is not kept yet");
            tokio::spawn(self.keep_trying(answer));
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    async fn keep(&self, answer: Option<&(u16, Bytes)>) -> Result<(), StoreError> {
        let once = Once {
            organization_id: self.organization_id,
            api_key_id: self.api_key_id,
            key: &self.key,
        };
        match answer {
            Some((status, body)) => self.state.store.finish_once(once, *status, body).await,
            None => self.state.store.forget_once(once).await,
        }
    }

    async fn keep_trying(self, answer: Option<(u16, Bytes)>) {
        for _ in 0..KEEP_TRIES {
            sleep(KEEP_EVERY).await;
            if self.keep(answer.as_ref()).await.is_ok() {
                return;
            }
        }
        tracing::error!("the answer to an Idempotency-Key was not kept");
    }
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
