//! Every address on one screen.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::{conversions, live, s2s, v1},
    dashboard, health, idempotency, imports, openapi, payouts, problem, rate_limit, reports,
    security,
    state::AppState,
    track, webhook,
};

/// The whole server.
pub(crate) fn router(state: AppState) -> Router {
    let (api, document) = api(&state);
    // The file is counted as it comes in.
    let upload = post(imports::upload).layer(DefaultBodyLimit::disable());
    let page = Router::new()
        .route("/dashboard/sales/export", post(conversions::export_picked))
        .route("/dashboard/reports/report.csv", get(reports::csv))
        .route("/dashboard/payouts/export", get(payouts::export))
        .route("/dashboard/imports/upload", upload)
        .route("/dashboard/imports/{id}/errors.csv", get(imports::errors));
    let headers = middleware::from_fn_with_state(state.clone(), security::headers);
    let probes = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics));
    let links = Router::new()
        .route("/r/{slug}", get(track::redirect::follow))
        .route("/t.js", get(track::loader::script));
    // An event stream must not wait in a compressor's buffer, and the CSV is faster as it is.
    let compress = DefaultPredicate::new()
        .and(NotForContentType::new("text/event-stream"))
        .and(NotForContentType::new("text/csv"));
    Router::new()
        .merge(api)
        .merge(openapi::routes(&document, &state.public_url))
        .merge(page)
        .merge(links)
        .merge(probes)
        .merge(dashboard::routes(&state))
        .with_state(state)
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(security::same_origin))
        .layer(middleware::from_fn(problem::shape))
        .layer(headers)
        .layer(CompressionLayer::new().compress_when(compress))
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

/// What programs, processors and pages of shops call, with what it documents.
pub(crate) fn api(state: &AppState) -> (Router<AppState>, OpenApi) {
    let once = middleware::from_fn_with_state(state.clone(), idempotency::once);
    OpenApiRouter::default()
        .routes(routes!(conversions::list))
        .routes(routes!(conversions::export))
        .routes(routes!(live::sales))
        .routes(routes!(s2s::sale))
        .routes(routes!(s2s::refund::refund))
        .routes(routes!(s2s::lead))
        .routes(routes!(webhook::intake::receive, webhook::intake::prove))
        .merge(track::pages_calls(state))
        .nest(
            "/api/v1",
            v1::routes()
                .layer(once)
                .layer(middleware::from_fn(v1::no_parameters)),
        )
        .layer(middleware::from_fn(rate_limit::headers))
        .split_for_parts()
}
