//! Dialect B and management, `/api/v1`: its addresses, and the envelope of every answer.
//!
//! A campaign is called a program here. Rows carry every field that the published clients of this
//! dialect ask for; where Tributary has no such thing, a constant stands for it.
//!
//! A resource is one file: what it reads, what it shows, its handlers, and which refusal each error
//! of the store becomes.
//!
//! A handler documents itself. Its first line is the operation's summary, the rest its description;
//! `#[utoipa::path]` says method, address, `tag` (one of [`crate::openapi::TAGS`]), parameters, body, scope and what
//! a success answers, without the envelope; [`routes`] lists it by `routes!`. Bodies and rows derive `ToSchema`, named
//! by `#[schema(as = ...)]` where the struct's name is not unique. Paging is `params(Page, ...)`. A closed set of words
//! that is a text here is `pattern = "^(a|b)$"`; a field that is left out rather than null is `nullable = false`. The
//! envelope, the refusals that follow from all this (401, 403, 404 of an id in the address, 413, ...), headers and
//! `Idempotency-Key` are written by [`crate::openapi`]; other refusals are named: `(status = 409)`.

mod affiliates;
mod api_keys;
mod connections;
mod conversions;
mod coupons;
mod events;
mod field;
mod flags;
mod fx_rates;
mod imports;
mod merchant;
pub(crate) mod outgoing;
mod page;
mod payouts;
mod programs;
mod stats;
mod webhooks;

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::page::Page;
use crate::{input::Query, state::AppState};

/// Every address under `/api/v1`, each with what it documents.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(programs::list, programs::create))
        .routes(routes!(programs::show, programs::change, programs::archive))
        .routes(routes!(coupons::list, coupons::create))
        .routes(routes!(affiliates::list::list_of_program))
        .routes(routes!(stats::of_program))
        .routes(routes!(coupons::remove))
        .routes(routes!(affiliates::list::list, affiliates::create))
        .routes(routes!(affiliates::show, affiliates::change))
        .routes(routes!(affiliates::block))
        .routes(routes!(affiliates::unblock))
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::change, connections::remove))
        .routes(routes!(conversions::list::list, conversions::create))
        .routes(routes!(stats::of_conversions))
        .routes(routes!(conversions::list::recent))
        .routes(routes!(conversions::bulk))
        .routes(routes!(conversions::show))
        .routes(routes!(conversions::approve))
        .routes(routes!(conversions::deny))
        .routes(routes!(conversions::restore))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(events::list))
        .routes(routes!(events::show))
        .routes(routes!(events::replay))
        .routes(routes!(flags::list))
        .routes(routes!(flags::stats))
        .routes(routes!(flags::resolve))
        .routes(routes!(fx_rates::list, fx_rates::create))
        .routes(routes!(imports::list, imports::create))
        .routes(routes!(imports::show, imports::remove))
        .routes(routes!(imports::errors))
        .routes(routes!(imports::stop))
        .routes(routes!(payouts::list, payouts::create))
        .routes(routes!(payouts::pending))
        .routes(routes!(payouts::stats))
        .routes(routes!(payouts::batch))
        .routes(routes!(payouts::show))
        .routes(routes!(payouts::entries))
        .routes(routes!(payouts::process))
        .routes(routes!(payouts::complete))
        .routes(routes!(payouts::fail))
        .routes(routes!(merchant::me))
        .routes(routes!(merchant::show, merchant::change))
        .routes(routes!(merchant::rotate_s2s_secret))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::delivery::test))
        .routes(routes!(webhooks::delivery::deliveries))
        .routes(routes!(webhooks::delivery::replay))
}

/// Refuses a parameter of a write, by name: it is a mistake such as a `dryRun` that belongs into the body. A file's body
/// says nothing but itself, so its address does.
pub(crate) async fn no_parameters(request: Request, next: Next) -> Response {
    let is_write = !request.method().is_safe() && request.uri().path() != "/imports";
    let query = request.uri().query().filter(|_| is_write);
    match Query::read(query.unwrap_or_default()).and_then(Query::done) {
        Err(problem) if is_write => problem.into_response(),
        _ => next.run(request).await,
    }
}

/// Writes answers: `{"data": ..., "meta": {"requestId": "..."}}`.
struct Reply {
    request_id: String,
}

#[derive(Serialize)]
struct Envelope<Data, Meta> {
    data: Data,
    meta: Meta,
}

/// Beside every answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meta {
    request_id: String,
}

/// Beside every page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListMeta {
    request_id: String,
    /// Rows of the whole list.
    total: i64,
    /// From 1 on.
    page: i64,
    page_size: i64,
    has_more: bool,
    /// Send it as `cursor` to go on.
    next_cursor: Option<String>,
}

/// What was asked for is gone.
#[derive(Serialize, ToSchema)]
struct Removed {
    success: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Reply {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let id = parts.headers.get("x-request-id");
        let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
        Ok(Self {
            request_id: id.to_owned(),
        })
    }
}

impl Reply {
    /// 200 with one thing, or with a list that is never cut.
    fn ok(self, data: impl Serialize) -> Response {
        self.answer(StatusCode::OK, data)
    }

    /// 201 with what was made.
    fn created(self, data: impl Serialize) -> Response {
        self.answer(StatusCode::CREATED, data)
    }

    /// 200: what was asked for is gone.
    fn removed(self) -> Response {
        self.ok(Removed { success: true })
    }

    /// 200 with a page of a list that has `total` rows.
    fn list(self, page: &Page, total: i64, rows: &[impl Serialize]) -> Response {
        let end = page.end(rows.len());
        self.part(page, total, (end < total).then(|| page::cursor(end)), rows)
    }

    /// The same of a list that goes on at `next_cursor`, if it does.
    fn part(
        self,
        page: &Page,
        total: i64,
        next_cursor: Option<String>,
        rows: &[impl Serialize],
    ) -> Response {
        let meta = ListMeta {
            request_id: self.request_id,
            total,
            page: page.number(),
            page_size: page.size(),
            has_more: next_cursor.is_some(),
            next_cursor,
        };
        axum::Json(Envelope { data: rows, meta }).into_response()
    }

    fn answer(self, status: StatusCode, data: impl Serialize) -> Response {
        let meta = Meta {
            request_id: self.request_id,
        };
        (status, axum::Json(Envelope { data, meta })).into_response()
    }
}
