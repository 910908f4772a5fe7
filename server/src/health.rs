//! Is the process up, does the database answer, and what has been going on: for machines that watch.

use std::sync::OnceLock;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{problem::Problem, state::AppState};

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts counting. Called once, before the server listens.
pub(crate) fn count() {
    if let Ok(handle) = PrometheusBuilder::new().install_recorder() {
        let _ = METRICS.set(handle);
    }
}

/// `GET /healthz`: the process is up.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    if state.store.is_ready().await {
        "ready\n".into_response()
    } else {
        Problem::unavailable().into_response()
    }
}

/// `GET /metrics`: Prometheus text.
pub(crate) async fn metrics() -> Response {
    match METRICS.get() {
        Some(handle) => {
            let kind = [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )];
            (kind, handle.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
