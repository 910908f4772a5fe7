//! What protects the browser: headers on every response, and writes only from our own pages.

use axum::{
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::Url;

use crate::{problem::Problem, state::AppState};

const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
];

/// One year.
const HSTS: &str = "max-age=31536000";

/// Does the outside come by HTTPS? The configuration says so, or a trusted proxy does.
pub(crate) fn by_https(state: &AppState, headers: &HeaderMap, extensions: &Extensions) -> bool {
    state.public_url.starts_with("https:") || state.proxies.forwarded_https(headers, extensions)
}

/// Adds the headers that every response carries; HSTS where the outside comes by HTTPS.
pub(crate) async fn headers(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let by_https = by_https(&state, request.headers(), request.extensions());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // Who answers may have said otherwise.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    if by_https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(HSTS),
        );
    }
    response
}

/// Writes that pages of any site may ask for. No cookie of a member's gives them any power; whose page it is, is
/// looked at where they are answered.
const OPEN_TO_PAGES: [&str; 2] = ["/api/tracking/click", "/api/tracking/click/lead"];

/// Refuses a write that another site's page sends with our member's cookie. Programs carry keys and
/// signatures instead of cookies and send neither header.
pub(crate) async fn same_origin(request: Request, next: Next) -> Response {
    let is_open = OPEN_TO_PAGES.contains(&request.uri().path());
    if is_open || request.method().is_safe() || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    Problem::forbidden("this write came from another site's page").into_response()
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else {
        return true;
    };
    let host = text(header::HOST).unwrap_or_default();
    Url::parse(origin).is_ok_and(|origin| {
        let port = origin
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        origin
            .host_str()
            .is_some_and(|name| format!("{name}{port}") == host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        is_same_origin(&headers)
    }

    #[test]
    fn only_our_own_pages_and_programs_write() {
        assert!(judged(&[("host", "t.example:3000")]));
        assert!(judged(&[
            ("host", "t.example:3000"),
            ("origin", "http://t.example:3000")
        ]));
        assert!(judged(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "null")
        ]));
        assert!(!judged(&[
            ("host", "t.example"),
            ("origin", "http://evil.example")
        ]));
        assert!(!judged(&[("host", "t.example"), ("origin", "null")]));
        assert!(!judged(&[
            ("host", "t.example"),
            ("sec-fetch-site", "cross-site")
        ]));
        assert!(!judged(&[
            ("host", "t.example"),
            ("sec-fetch-site", "same-site")
        ]));
    }
}
