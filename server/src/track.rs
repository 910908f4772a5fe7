//! What is open to the whole internet: affiliates' links, the loader that shops put into their pages, and what the
//! loader tells. Nobody here has a key; a visit can only make a click or a lead of a campaign whose site it is on.
//!
//! Where a visit is led and whether it counts is decided in `domain::link`, which pages are a campaign's in
//! `domain::site`.

pub(crate) mod click;
pub(crate) mod lead;
pub(crate) mod loader;
pub(crate) mod redirect;
pub(crate) mod site;
mod visitor;

use std::time::Duration;

use axum::{extract::Request, http::request::Parts, middleware};
use domain::id::{ClickId, OrganizationId};
use serde::de::DeserializeOwned;
use store::click::{ClickError, Clicked, Visit};
use tokio::time::timeout;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    input::{parse, read_body, require_json},
    problem::Problem,
    state::AppState,
};

/// The largest body of a page's call, in bytes.
const MAX_BODY: usize = 16 * 1024;
/// How long a click may take to be kept. Nobody waits longer for a page; one that is kept later counts all the same.
const PATIENCE: Duration = Duration::from_secs(3);

/// What pages call. Their browsers ask first whether they may.
pub(crate) fn pages_calls(state: &AppState) -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(click::record))
        .routes(routes!(lead::record))
        .layer(middleware::from_fn_with_state(state.clone(), site::cors))
}

/// What a page tells, if its address has not told too much lately; and the request's head.
async fn told<T: DeserializeOwned>(
    state: &AppState,
    request: Request,
) -> Result<(Parts, T), Problem> {
    let (parts, body) = request.into_parts();
    state.limits.click(visitor::address(&parts, state))?;
    require_json(&parts.headers)?;
    let body = read_body(body, MAX_BODY).await?;
    Ok((parts, parse(&body)?))
}

/// Keeps a visit.
async fn keep(
    state: &AppState,
    organization_id: OrganizationId,
    visit: Visit,
) -> Result<Clicked, ClickError> {
    let kept = state.store.record_click(organization_id, visit);
    let kept = timeout(PATIENCE, kept).await;
    let kept = kept.unwrap_or(Err(ClickError::Unavailable));
    count(match &kept {
        Ok(Clicked::New(_)) => "new",
        Ok(Clicked::Existing(_)) => "repeated",
        Err(_) => "lost",
    });
    kept
}

/// Counts what became of a visit, for machines that watch.
fn count(outcome: &'static str) {
    metrics::counter!("tributary_visits_total", "outcome" => outcome).increment(1);
}

/// A click token, in the one way that it is written.
fn token(text: &str) -> Option<ClickId> {
    text.trim().parse().ok()
}

impl From<ClickError> for Problem {
    fn from(error: ClickError) -> Self {
        match error {
            ClickError::Unavailable => Self::unavailable(),
            ClickError::Store(error) => error.into(),
        }
    }
}
