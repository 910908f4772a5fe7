//! What a caller is told when something is wrong: the only place that picks a status and a shape.
//!
//! Handlers return a [`Problem`]. It travels to the edge as an extension of an empty response, where
//! [`shape`] writes it down in the dialect of the path: `{"error", "message", "field"}` under
//! `/api`, `{"error": {"code", "message", "details"}, "meta"}` under `/api/v1`, in words where people
//! follow links. Refusals that axum
//! itself makes (no such route, wrong method) take the same way.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{attribution::TrailStep, fraud::FlagRefusal};
use serde_json::{Value, json};
use store::{StoreError, intake::IntakeError, payout::PayoutError};
use uuid::Uuid;

/// Seconds after which a caller may try again when the database is away or the queue is full.
const RETRY_AFTER: u64 = 2;

/// Seconds after which a stream that was closed is noticed at the latest.
const STREAMS_END: u64 = 15;

/// A refusal or failure.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: Kind,
    code: &'static str,
    message: String,
    field: Option<String>,
    /// What of a selection is in the way: ids with a reason each.
    obstacles: Vec<(Uuid, String)>,
    retry_after: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    BadRequest,
    Invalid,
    Unauthorized,
    Forbidden,
    InsufficientScope,
    NotFound,
    MethodNotAllowed,
    Conflict,
    KeyReused,
    TooLarge,
    NotJson,
    RateLimited,
    Internal,
    Unavailable,
}

impl Kind {
    fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict | Self::KeyReused => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code of dialect B.
    fn v1_code(self) -> &'static str {
        match self {
            Self::BadRequest | Self::MethodNotAllowed | Self::TooLarge | Self::NotJson => {
                "BAD_REQUEST"
            }
            Self::Invalid => "VALIDATION_ERROR",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Forbidden => "FORBIDDEN",
            Self::InsufficientScope => "INSUFFICIENT_SCOPE",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::KeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Internal => "INTERNAL_ERROR",
            Self::Unavailable => "SERVICE_UNAVAILABLE",
        }
    }

    /// What axum's own refusals are in our words.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::NotJson,
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_server_error() => Self::Internal,
            _ => Self::BadRequest,
        }
    }
}

impl Problem {
    fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            field: None,
            obstacles: Vec::new(),
            retry_after: None,
        }
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, code, message)
    }

    /// Well-formed, but not acceptable: `field` names what.
    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(Kind::Invalid, "validation_failed", message)
        }
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(Kind::Unauthorized, "unauthorized", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, "forbidden", message)
    }

    /// The page that calls is on no site of the campaign's, or nobody can tell which page calls.
    pub(crate) fn origin_not_allowed() -> Self {
        let message = "pages of this site may not tell of visits: it must be the program's website, its \
                       landing page's site, or one of its sites";
        Self::new(Kind::Forbidden, "origin_not_allowed", message)
    }

    pub(crate) fn insufficient_scope(scope: domain::scope::Scope) -> Self {
        let message = format!("this key lacks the scope {scope}: use a key that has it");
        Self::new(Kind::InsufficientScope, "insufficient_scope", message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            Kind::NotFound,
            "not_found",
            format!("there is no such {what}"),
        )
    }

    /// A field of the body names a thing that is not there, or not the caller's.
    pub(crate) fn not_found_in(field: &'static str, what: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::not_found(what)
        }
    }

    pub(crate) fn affiliate_not_found(trail: &[TrailStep]) -> Self {
        let looked_at: Vec<&str> = trail.iter().map(|step| step.text.as_str()).collect();
        let message = if looked_at.is_empty() {
            "nobody to credit: the customer is not known from an earlier sale or lead".to_owned()
        } else {
            format!("nobody to credit: {}", looked_at.join("; "))
        };
        Self::new(Kind::NotFound, "affiliate_not_found", message)
    }

    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    /// The same refusal with what of a selection is in the way, and why.
    pub(crate) fn because_of(self, obstacles: Vec<(Uuid, String)>) -> Self {
        Self { obstacles, ..self }
    }

    pub(crate) fn idempotency_key_reused() -> Self {
        let message = "this Idempotency-Key was used for another call: use a new one";
        Self::new(Kind::KeyReused, "idempotency_key_reused", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self::new(Kind::TooLarge, "payload_too_large", message)
    }

    pub(crate) fn not_json() -> Self {
        let message = "send JSON with the header Content-Type: application/json";
        Self::new(Kind::NotJson, "unsupported_media_type", message)
    }

    pub(crate) fn not_csv() -> Self {
        let message = "send CSV with the header Content-Type: text/csv";
        Self::new(Kind::NotJson, "unsupported_media_type", message)
    }

    pub(crate) fn rate_limited(seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds.max(1)),
            ..Self::new(
                Kind::RateLimited,
                "rate_limited",
                "too many calls: wait as long as Retry-After says",
            )
        }
    }

    pub(crate) fn too_many_streams(most: usize) -> Self {
        Self {
            message: format!(
                "{most} streams are open already: close one, or share one between readers"
            ),
            ..Self::rate_limited(STREAMS_END)
        }
    }

    pub(crate) fn unavailable() -> Self {
        let message = "the ledger can't be written or read right now: try again shortly";
        Self {
            retry_after: Some(RETRY_AFTER),
            ..Self::new(Kind::Unavailable, "service_unavailable", message)
        }
    }

    /// Too much of it is going on: what, and after how many seconds to come again.
    pub(crate) fn busy(message: impl Into<String>, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(Kind::Unavailable, "service_unavailable", message)
        }
    }

    /// Ours to mend; the cause is in the log beside the request id.
    pub(crate) fn internal(cause: &dyn std::error::Error) -> Self {
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(cause) = source {
            chain = format!("{chain}: {cause}");
            source = cause.source();
        }
        tracing::error!(cause = %chain, "a request failed");
        Self::broken()
    }

    fn broken() -> Self {
        let message = "something went wrong here; the request id helps to find out what";
        Self::new(Kind::Internal, "internal_error", message)
    }

    fn body(&self, v1: bool, request_id: &str) -> Value {
        if v1 {
            let mut error = json!({"code": self.kind.v1_code(), "message": self.message});
            if let Some(field) = &self.field {
                error["details"]["field"] = json!(field);
            }
            if !self.obstacles.is_empty() {
                let one = |(id, reason): &(Uuid, String)| json!({"id": id, "reason": reason});
                error["details"]["refused"] = self.obstacles.iter().map(one).collect();
            }
            return json!({"error": error, "meta": {"requestId": request_id}});
        }
        let mut body = json!({"error": self.code, "message": self.message});
        if let Some(field) = &self.field {
            body["field"] = json!(field);
        }
        if self.kind == Kind::Internal {
            body["requestId"] = json!(request_id);
        }
        body
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the database is away");
                Self::unavailable()
            }
            StoreError::Forbidden => Self::forbidden(error.to_string()),
            other => Self::internal(&other),
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::NobodyToCredit(trail) => Self::affiliate_not_found(&trail),
            IntakeError::NotDue(_) => Self::conflict("commission_not_due", error.to_string()),
            IntakeError::NoCampaign => Self::not_found_in("campaignId", "campaign"),
            IntakeError::NoConversion(_) => Self::not_found("sale"),
            IntakeError::NoFlag => Self::not_found("flag"),
            IntakeError::Flag(FlagRefusal::BlocksUnconfirmed) => {
                Self::invalid("blockAffiliate", error.to_string())
            }
            IntakeError::Refused { .. } | IntakeError::Flag(_) => {
                Self::conflict("status_conflict", error.to_string())
            }
            IntakeError::NoAffiliate => Self::not_found("affiliate"),
            IntakeError::NotActive(_) => Self::conflict("affiliate_not_active", error.to_string()),
            IntakeError::NotEnrolled => Self::invalid("programId", error.to_string()),
            IntakeError::TooLongAgo => Self::invalid("occurredAt", error.to_string()),
            IntakeError::NothingPaid => Self::invalid("externalEventId", error.to_string()),
            IntakeError::Money(_) => Self::invalid("amountCents", error.to_string()),
            IntakeError::Unavailable => Self::unavailable(),
            IntakeError::Store(error) => error.into(),
        }
    }
}

impl From<PayoutError> for Problem {
    fn from(error: PayoutError) -> Self {
        match error {
            PayoutError::NotFound => Self::not_found("payout"),
            PayoutError::NoAffiliate(_) => Self::not_found("affiliate"),
            PayoutError::NoCampaign => Self::not_found("campaign"),
            PayoutError::Refused(_) => Self::conflict("status_conflict", error.to_string()),
            PayoutError::CarriedOver { .. } => Self::conflict("nothing_to_pay", error.to_string()),
            PayoutError::Money(_) => Self::internal(&error),
            PayoutError::Store(error) => error.into(),
        }
    }
}

/// Gives every refusal under `/api` its body, and every response its request id.
pub(crate) async fn shape(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (api, v1) = (path.starts_with("/api/"), path.starts_with("/api/v1/"));
    let for_people = path.starts_with("/r/");
    let request_id = request_id(&request);
    let mut response = next.run(request).await;
    if let Some(problem) = problem_of(&response, api) {
        let status = problem.kind.status();
        let headers = std::mem::take(response.headers_mut());
        let (kind, body) = if for_people {
            (
                "text/plain; charset=utf-8",
                format!("{}\n", problem.message),
            )
        } else {
            (
                "application/json",
                problem.body(v1, &request_id).to_string(),
            )
        };
        response = (status, Body::from(body)).into_response();
        *response.headers_mut() = headers;
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        if let Some(seconds) = problem.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
    }
    response
}

fn problem_of(response: &Response, api: bool) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    let shaped = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !api || shaped || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match Kind::of_status(status) {
        Kind::NotFound => Problem::not_found("address"),
        Kind::MethodNotAllowed => Problem::new(
            Kind::MethodNotAllowed,
            "method_not_allowed",
            "this address does not take that method",
        ),
        Kind::Unavailable => Problem::unavailable(),
        Kind::Internal => Problem::broken(),
        kind => Problem::new(
            kind,
            "bad_request",
            status.canonical_reason().unwrap_or("refused"),
        ),
    })
}

/// The id that the request-id layer gave.
pub(crate) fn request_id(request: &Request) -> String {
    let id = request.headers().get("x-request-id");
    id.and_then(|id| id.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}
