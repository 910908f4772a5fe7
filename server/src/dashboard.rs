//! The host of the dashboard: who is looking, which files belong to it, what the pages may reach.

use app::{App, request::PublicUrl, shell};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list};
use store::session::Viewer;

use crate::{caller, problem::Problem, state::AppState};

/// Files whose names carry a hash of their content never change.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Pages, their server functions and files.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let pages = generate_route_list(App);
    let provided = state.clone();
    let provide = move || {
        provide_context(provided.store.clone());
        provide_context(PublicUrl(provided.public_url.to_string()));
        let request = leptos::prelude::use_context::<axum::http::request::Parts>();
        let viewer = request.and_then(|parts| parts.extensions.get::<SignedIn>().cloned());
        provide_context(viewer.and_then(|signed_in| signed_in.0));
    };
    let shell_options = state.leptos.clone();
    Router::new()
        .leptos_routes_with_context(state, pages, provide, move || shell(shell_options.clone()))
        .layer(middleware::from_fn_with_state(state.clone(), sign_in_limit))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            look_up_viewer,
        ))
        .fallback(leptos_axum::file_and_error_handler::<AppState, _>(shell))
        .layer(middleware::from_fn(cache_files))
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
async fn sign_in_limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.uri().path() != "/rpc/sign_in" {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match crate::input::read_body(body, crate::input::MAX_BODY).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let form = url::form_urlencoded::parse(&body);
    let email = form
        .into_owned()
        .find(|(name, _)| name.contains("email"))
        .map(|(_, email)| email);
    if !state
        .limits
        .sign_in(&email.unwrap_or_default(), caller::address(&parts))
    {
        return Problem::rate_limited(60).into_response();
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

async fn cache_files(request: Request, next: Next) -> Response {
    let hashed = request.uri().path().starts_with("/pkg/");
    let font = request.uri().path().starts_with("/fonts/");
    let mut response = next.run(request).await;
    if (hashed || font) && response.status().is_success() {
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    }
    response
}
