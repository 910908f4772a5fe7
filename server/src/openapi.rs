//! The document of the API at `/api/v1/openapi.json`, and the page at `/api/docs` that shows it.
//!
//! A handler says what is its own, where it stands (see [`crate::api::v1`]); what holds for all of them is written
//! here, once. Nothing is read from files and nothing from elsewhere: both work without the internet.

mod complete;
mod page;
mod refusals;

use axum::{
    Router,
    body::Bytes,
    http::header,
    routing::{MethodRouter, get},
};
use utoipa::openapi::OpenApi;

use crate::state::AppState;

/// What the operations are grouped by, in the order that people read them.
pub(crate) const TAGS: [(&str, &str); 17] = [
    (
        "Sales",
        "Reading sales: as a list, as CSV, and as they happen.",
    ),
    (
        "Server to server",
        "Telling of sales, leads and refunds from your own server, with a key or a signature.",
    ),
    (
        "Browser tracking",
        "What the loader `/t.js` tells from the pages of a shop.",
    ),
    (
        "Processors' webhooks",
        "Where Stripe, Paddle and Braintree send their events.",
    ),
    (
        "Conversions",
        "One sale with its whole story, decisions about sales, and sales entered by hand.",
    ),
    ("Programs", "Campaigns and their terms."),
    ("Coupons", "Codes that name an affiliate."),
    ("Affiliates", "Who earns."),
    ("Payouts", "What affiliates are paid."),
    ("Flags", "Suspicions about sales."),
    (
        "Webhooks",
        "Being told what happens here, at an address of yours.",
    ),
    (
        "Connections",
        "Accounts at processors. Secrets come in and never go out.",
    ),
    ("Events", "The inbox of processors' events."),
    ("Imports", "Affiliates and sales of other platforms as CSV."),
    (
        "Exchange rates",
        "The rates that commissions are computed with.",
    ),
    ("Merchant", "The organization behind the key."),
    ("API keys", "Keys to this API."),
];

/// What the page may reach: its own files, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The document and its page. They are written when the server starts and never change.
pub(crate) fn routes(document: &OpenApi, public_url: &str) -> Router<AppState> {
    let document = complete::complete(document, public_url);
    let html = Bytes::from(page::page(&document));
    let json = Bytes::from(document.to_string());
    Router::new()
        .route("/api/v1/openapi.json", file("application/json", json))
        .route("/api/docs", file("text/html; charset=utf-8", html))
        .route(
            "/api/docs/page.css",
            file("text/css; charset=utf-8", page::STYLE.into()),
        )
        .route(
            "/api/docs/page.js",
            file("text/javascript; charset=utf-8", page::SCRIPT.into()),
        )
}

/// Something that is the same for everybody, until another version of the server is started.
fn file(kind: &'static str, content: Bytes) -> MethodRouter<AppState> {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    get(async move || (headers, content))
}

#[cfg(test)]
mod tests;
