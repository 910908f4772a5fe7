//! Whose page calls: which campaigns its host belongs to, and what its browser is told about that.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{
    id::OrganizationId,
    site::{Site, open_address},
};
use store::link::OnSite;
use url::{Url, form_urlencoded};

use crate::{problem::Problem, state::AppState};

/// How long a browser may remember that a page may call: two hours, which is all that Chromium allows.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Answers browsers that ask whether a page may call, and lets pages of campaigns read the answers.
pub(crate) async fn cors(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = is_campaigns(&state, request.headers()).await;
    let mut response = if request.method() == Method::OPTIONS {
        preflight(allowed.clone()?)?
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let (Some(origin), Ok(true)) = (origin, allowed) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    Ok(response)
}

fn preflight(allowed: bool) -> Result<Response, Problem> {
    if !allowed {
        return Err(Problem::origin_not_allowed());
    }
    let headers = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("content-type"),
        ),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Is the calling page's host one of any campaign's?
async fn is_campaigns(state: &AppState, headers: &HeaderMap) -> Result<bool, Problem> {
    match origin(headers) {
        Ok(Some(site)) => Ok(!state.store.campaigns_on(&site).await?.is_empty()),
        Ok(None) | Err(_) => Ok(false),
    }
}

/// The site of the page that calls, as its browser says it; `None`: nothing is said of it.
fn origin(headers: &HeaderMap) -> Result<Option<Site>, Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(None);
    };
    let page = origin.to_str().ok().and_then(open_address);
    let site = page.as_ref().and_then(Site::of);
    site.map(Some).ok_or_else(Problem::origin_not_allowed)
}

/// The organization that the call's address names, if it does.
fn named(parts: &Parts) -> Result<Option<OrganizationId>, Problem> {
    let query = parts.uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let named = pairs
        .find(|(name, _)| name == "o")
        .map(|(_, id)| id.parse());
    named
        .transpose()
        .map_err(|_| Problem::invalid("o", "an organization's id (a UUID) is needed"))
}

/// The campaigns that the calling page belongs to, in order; of `page` where the call tells of one, else of the
/// calling page's host. Where both are known, both must be the campaign's.
pub(super) async fn campaigns(
    state: &AppState,
    parts: &Parts,
    page: Option<&Url>,
) -> Result<Vec<OnSite>, Problem> {
    let (organization_id, origin) = (named(parts)?, origin(&parts.headers)?);
    let page = match page {
        Some(page) => Some(Site::of(page).ok_or_else(Problem::origin_not_allowed)?),
        None => None,
    };
    let mut found: Option<Arc<Vec<OnSite>>> = None;
    for site in origin.iter().chain(&page) {
        let on_site = state.store.campaigns_on(site).await?;
        found = Some(match found {
            Some(before) => Arc::new(
                before
                    .iter()
                    .filter(|one| on_site.contains(one))
                    .copied()
                    .collect(),
            ),
            None => on_site,
        });
    }
    let found = found.unwrap_or_default();
    let ours = |one: &&OnSite| organization_id.is_none_or(|id| id == one.organization_id);
    let campaigns: Vec<OnSite> = found.iter().filter(ours).copied().collect();
    if campaigns.is_empty() {
        return Err(Problem::origin_not_allowed());
    }
    Ok(campaigns)
}
