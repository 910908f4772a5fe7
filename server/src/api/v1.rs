//! Dialect B and management, `/api/v1`: its addresses, and the envelope of every answer.
//!
//! A campaign is called a program here. Rows carry every field that the published clients of this
//! dialect ask for; where Tributary has no such thing, a constant stands for it.
//!
//! A resource is one file: what it reads, what it shows, its handlers, and which refusal each error
//! of the store becomes.

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
mod programs;
mod stats;
mod webhooks;

use std::convert::Infallible;

use axum::{
    Router,
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::{delete, get, patch, post},
};
use serde::Serialize;

use self::page::Page;
use crate::state::AppState;

/// Every address under `/api/v1`.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/programs", get(programs::list).post(programs::create))
        .route(
            "/programs/{id}",
            get(programs::show)
                .patch(programs::change)
                .delete(programs::archive),
        )
        .route("/programs/{id}/stats", get(stats::of_program))
        .route(
            "/programs/{id}/coupons",
            get(coupons::list).post(coupons::create),
        )
        .route(
            "/programs/{id}/affiliates",
            get(affiliates::list_of_program),
        )
        .route("/coupons/{id}", delete(coupons::remove))
        .route(
            "/affiliates",
            get(affiliates::list).post(affiliates::create),
        )
        .route(
            "/affiliates/{id}",
            get(affiliates::show).patch(affiliates::change),
        )
        .route("/affiliates/{id}/block", post(affiliates::block))
        .route("/affiliates/{id}/unblock", post(affiliates::unblock))
        .route(
            "/connections",
            get(connections::list).post(connections::create),
        )
        .route(
            "/connections/{id}",
            patch(connections::change).delete(connections::remove),
        )
        .route(
            "/conversions",
            get(conversions::list).post(conversions::create),
        )
        .route("/conversions/stats", get(stats::of_conversions))
        .route("/conversions/recent", get(conversions::recent))
        .route("/conversions/bulk", post(conversions::bulk))
        .route("/conversions/{id}", get(conversions::show))
        .route("/conversions/{id}/approve", post(conversions::approve))
        .route("/conversions/{id}/deny", post(conversions::deny))
        .route("/conversions/{id}/restore", post(conversions::restore))
        .route("/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/api-keys/{id}", delete(api_keys::revoke))
        .route("/events", get(events::list))
        .route("/events/{id}", get(events::show))
        .route("/events/{id}/replay", post(events::replay))
        .route("/flags", get(flags::list))
        .route("/flags/stats", get(flags::stats))
        .route("/flags/{id}/resolve", post(flags::resolve))
        .route("/fx-rates", get(fx_rates::list).post(fx_rates::create))
        .route("/imports", get(imports::list).post(imports::create))
        .route("/imports/{id}", get(imports::show).delete(imports::remove))
        .route("/imports/{id}/errors", get(imports::errors))
        .route("/imports/{id}/stop", post(imports::stop))
        .route("/me", get(merchant::me))
        .route("/merchant", get(merchant::show).patch(merchant::change))
        .route("/merchant/s2s-secret", post(merchant::rotate_s2s_secret))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route(
            "/webhooks/{id}",
            get(webhooks::show)
                .patch(webhooks::change)
                .delete(webhooks::remove),
        )
        .route("/webhooks/{id}/rotate-secret", post(webhooks::rotate))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/deliveries", get(webhooks::deliveries))
        .route(
            "/webhooks/{id}/deliveries/{delivery}/replay",
            post(webhooks::replay),
        )
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    request_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    request_id: String,
    total: i64,
    page: i64,
    page_size: i64,
    has_more: bool,
    next_cursor: Option<String>,
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
        self.ok(serde_json::json!({"success": true}))
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
