//! The host of the dashboard: who is looking, which files belong to it, what the pages may reach.

use std::{net::IpAddr, sync::Arc};

use app::{
    App,
    request::{Attempt, Attempts, ByHttps, Opened, PublicUrl, ReadAgain},
    shell,
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, generate_route_list};
use store::session::Viewer;

use crate::{
    caller,
    input::{MAX_BODY, read_body},
    rate_limit::Limits,
    security,
    state::AppState,
    webhook::intake::{opened, read_again},
};

/// Files whose names carry a hash of their content, or a version, never change.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// A debug build's files change under their names.
const ASK_AGAIN: &str = "no-cache";

/// Pages, their server functions and files.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let pages = generate_route_list(App);
    let provided = state.clone();
    let provide = move || {
        provide_context(provided.store.clone());
        provide_context(PublicUrl(provided.public_url.to_string()));
        provide_context(ReadAgain(read_again));
        provide_context(Opened(opened));
        let Some(request) = use_context::<Parts>() else {
            return;
        };
        let viewer = request.extensions.get::<SignedIn>().cloned();
        provide_context(viewer.and_then(|signed_in| signed_in.0));
        provide_context(attempts(
            &provided.limits,
            caller::address(&request, &provided),
        ));
        provide_context(ByHttps(security::by_https(
            &provided,
            &request.headers,
            &request.extensions,
        )));
    };
    let shell_options = state.leptos.clone();
    Router::new()
        .leptos_routes_with_context(state, pages, provide, move || shell(shell_options.clone()))
        .layer(middleware::from_fn(lead_on))
        .layer(middleware::from_fn(cap_body))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            look_up_viewer,
        ))
        .fallback(leptos_axum::file_and_error_handler::<AppState, _>(shell))
        .layer(middleware::from_fn_with_state(state.clone(), cache_files))
}

/// Who is looking, found once per request.
#[derive(Clone)]
struct SignedIn(Option<Viewer>);

async fn look_up_viewer(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller::viewer(request.headers(), &state).await {
        Ok(viewer) => {
            request.extensions_mut().insert(SignedIn(viewer));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Passwords can't be guessed by trying many: neither one account's nor from one address.
fn attempts(limits: &Arc<Limits>, address: IpAddr) -> Attempts {
    let limits = Arc::clone(limits);
    Attempts(Arc::new(move |attempt| match attempt {
        Attempt::SignIn(email) => limits.sign_in(email, address),
        Attempt::SetUp => limits.set_up(address),
    }))
}

/// Server functions read a body to its end, whoever sends it.
async fn cap_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match read_body(body, MAX_BODY).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(problem) => problem.into_response(),
    }
}

/// A page that is somewhere else says so to everybody: leptos only tells those who ask for HTML. What our pages ask
/// learns it in leptos's own way.
async fn lead_on(request: Request, next: Next) -> Response {
    let is_page = !request.uri().path().starts_with("/rpc/");
    let mut response = next.run(request).await;
    let leads = response.headers().contains_key(header::LOCATION);
    if is_page && leads && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::FOUND;
    }
    response
}

async fn cache_files(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let built = path.starts_with("/pkg/").then_some(state.leptos.hash_files);
    let font = path.starts_with("/fonts/").then_some(true);
    let mut response = next.run(request).await;
    if let Some(forever) = built.or(font)
        && response.status().is_success()
    {
        let how = if forever { FOREVER } else { ASK_AGAIN };
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(how));
    }
    response
}
