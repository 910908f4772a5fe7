//! `GET /r/{slug}`: an affiliate's link. Whatever else goes wrong, the visitor arrives at the shop.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{id::ClickId, link::Route, site, slug::Slug};
use store::{
    click::{Clicked, Visit, Visitor},
    link::{Asked, Link},
};
use url::{Url, form_urlencoded};

use super::{count, keep, visitor};
use crate::{problem::Problem, state::AppState};

/// Lets the shop see as much of where the visitor came from as the page with the link allows.
const REFERRER_POLICY: HeaderValue = HeaderValue::from_static("no-referrer-when-downgrade");

/// `GET /r/{slug}`
pub(crate) async fn follow(
    State(state): State<AppState>,
    code: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let nowhere = || Problem::not_found("link: check its spelling");
    let asked = Asked {
        organization_id: match parameter(&parts, "o") {
            Some(id) => Some(id.parse().map_err(|_| nowhere())?),
            None => None,
        },
        code: code.ok().and_then(|Path(code)| Slug::parse(&code).ok()),
    };
    let link = state.store.link(&asked).await?.ok_or_else(nowhere)?;
    let named = parameter(&parts, "c").and_then(|slug| Slug::parse(&slug).ok());
    let route = link.route(named.as_ref()).ok_or_else(nowhere)?;
    let target = target(&route, &parts).ok_or_else(nowhere)?;
    Ok(match visit(&state, &parts, &link, &route, &target).await {
        Some(kept) => send(&site::with_click(target, kept.click), kept.cookie),
        None => send(&target, None),
    })
}

/// A parameter of the query. There may be others of every kind: networks add theirs to links.
fn parameter(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(found, value)| (found == name).then(|| value.into_owned()))
}

/// The page of the shop, which learns whose link it was if that counts, and by which advertisement he was found.
fn target(route: &Route<'_>, parts: &Parts) -> Option<Url> {
    let terms = &route.campaign.terms;
    let wanted = parameter(parts, "to");
    let page = site::destination(&terms.landing()?, wanted.as_deref(), &terms.all_sites());
    let page = site::with_utm(page, parts.uri.query().unwrap_or_default());
    Some(match route.affiliate {
        Some(affiliate) => site::with_code(page, affiliate.slug.as_str()),
        None => page,
    })
}

/// A visit that counts.
struct Kept {
    /// Handed on to the shop's page, so that its loader does not make another of the same visit.
    click: ClickId,
    /// What the visitor is told again by.
    cookie: Option<String>,
}

/// Keeps the visit, if it is one that counts. Where the shop asks its visitors first, its page tells of the visit
/// when they have agreed.
async fn visit(
    state: &AppState,
    parts: &Parts,
    link: &Link,
    route: &Route<'_>,
    target: &Url,
) -> Option<Kept> {
    let campaign = route.campaign;
    let Some(affiliate) = route.affiliate else {
        count("uncredited");
        return None;
    };
    if parts.method == Method::HEAD || !visitor::is_person(&parts.headers) {
        count("bot");
        return None;
    }
    if campaign.terms.tracking_requires_consent {
        count("unasked");
        return None;
    }
    if state.limits.click(visitor::address(parts, state)).is_err() {
        count("limited");
        return None;
    }
    let who = visitor::known(&parts.headers).unwrap_or_else(|| visitor::new(state));
    let visit = Visit {
        affiliate_id: affiliate.id,
        campaign_id: campaign.id,
        network: visitor::network(parts, state),
        visitor: Some(who.clone()),
        page_url: Some(site::kept_page(target)),
        referrer: visitor::referrer(&parts.headers),
    };
    let is_known = matches!(who, Visitor::Known(_));
    let clicked = keep(state, link.organization_id, visit)
        .await
        .inspect_err(|error| tracing::warn!(%error, "a click was not kept"))
        .ok()?;
    // Who is told by his network alone may have a cookie already, which is on its way.
    let gets_cookie = is_known || matches!(clicked, Clicked::New(_));
    let days = campaign.terms.cookie_days;
    Some(Kept {
        click: clicked.click().id,
        cookie: gets_cookie.then(|| visitor::cookie(&who, days, parts, state)),
    })
}

fn send(target: &Url, cookie: Option<String>) -> Response {
    // Addresses and cookies of ours are ASCII.
    let value = |text: &str| HeaderValue::from_str(text).ok();
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.extend(value(target.as_str()).map(|target| (header::LOCATION, target)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, REFERRER_POLICY);
    let cookie = cookie.and_then(|cookie| value(&cookie));
    headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}
