//! Server-to-server calls: a merchant's own server tells of sales, leads and refunds.

use std::net::IpAddr;

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, Utc};
use domain::{conversion::ConversionType, id::OrganizationId, scope::Scope};
use serde::Serialize;
use store::intake::{IntakeError, Recorded, ServerLead, ServerSale};
use utoipa::ToSchema;

mod body;
pub(crate) mod refund;

use self::body::{LeadBody, SaleBody};
use super::{conversions::Sale, signature};
use crate::{
    caller::{Caller, address},
    input::{MAX_BODY, Query, parse, read_body, require_json},
    problem::Problem,
    state::AppState,
};

/// How far back a sale may lie.
const MAX_AGE: Duration = Duration::days(400);
/// How far a caller's clock may be ahead. What it calls so far ahead happened now; more is the future.
const MAX_SKEW: Duration = Duration::seconds(60);

#[derive(Serialize, ToSchema)]
#[schema(as = RecordedSale)]
struct Answer<'a> {
    #[serde(flatten)]
    sale: Sale<'a>,
    deduped: bool,
}

/// What a call tells of.
enum Told {
    Sale(ServerSale),
    Lead(ServerLead),
}

/// Tells of a sale.
///
/// At least one of `affiliateSlug`, `clickId`, `couponCode`, `customerExternalId` and `customerEmail` says whom
/// to credit. The same `externalEventId` again is the first sale: 200 with `deduped` true. A lead is a sale
/// without an amount.
#[utoipa::path(
    post, path = "/api/tracking/s2s", tag = "Server to server",
    request_body = SaleBody,
    responses((status = 201, body = Answer), (status = 200, body = Answer), (status = 404)),
    security(("key" = ["conversions:write"]), ("signature" = [], "organization" = []))
)]
pub(crate) async fn sale(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let (organization_id, body) = authenticated(&state, request).await?;
    let body: SaleBody = parse(&body)?;
    let told = match body.kind()? {
        Some(ConversionType::Lead) => Told::Lead(body.lead(state.store.now())?),
        kind => Told::Sale(body.sale(kind, state.store.now())?),
    };
    Ok(answer(&record(&state, organization_id, told).await?))
}

/// Tells of a lead.
///
/// One of `affiliateSlug`, `clickId` and `couponCode` says whom to credit.
#[utoipa::path(
    post, path = "/api/tracking/lead", tag = "Server to server",
    request_body = LeadBody,
    responses((status = 201, body = Answer), (status = 200, body = Answer), (status = 404), (status = 409)),
    security(("key" = ["conversions:write"]), ("signature" = [], "organization" = []))
)]
pub(crate) async fn lead(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let (organization_id, body) = authenticated(&state, request).await?;
    let body: LeadBody = parse(&body)?;
    let told = Told::Lead(body.lead(state.store.now())?);
    Ok(answer(&record(&state, organization_id, told).await?))
}

/// Records what was told. Its time and its campaign matter only the first time: a call that comes
/// again, even years later, gets the first one's conversion.
async fn record(
    state: &AppState,
    organization_id: OrganizationId,
    told: Told,
) -> Result<Recorded, Problem> {
    let external_id = told.external_id().map(str::to_owned);
    let refused = match timely(told.occurred_at(), state.store.now()) {
        Ok(()) => match told.write(state, organization_id).await {
            Err(error @ IntakeError::NoCampaign) => error.into(),
            recorded => return Ok(recorded?),
        },
        Err(problem) => problem,
    };
    let Some(id) = external_id else {
        return Err(refused);
    };
    let first = state
        .store
        .sale_of_external_id(organization_id, &id)
        .await?;
    first
        .map(|row| Recorded::Existing(Box::new(row)))
        .ok_or(refused)
}

impl Told {
    fn external_id(&self) -> Option<&str> {
        match self {
            Self::Sale(sale) => Some(&sale.payment.external_event_id),
            Self::Lead(lead) => lead.signup.external_event_id.as_deref(),
        }
    }

    fn occurred_at(&self) -> DateTime<Utc> {
        match self {
            Self::Sale(sale) => sale.payment.paid_at,
            Self::Lead(lead) => lead.signup.occurred_at,
        }
    }

    async fn write(
        self,
        state: &AppState,
        organization_id: OrganizationId,
    ) -> Result<Recorded, IntakeError> {
        match self {
            Self::Sale(sale) => state.store.record_sale(organization_id, sale).await,
            Self::Lead(lead) => state.store.record_lead(organization_id, lead).await,
        }
    }
}

fn answer(recorded: &Recorded) -> Response {
    let (status, row, deduped) = match recorded {
        Recorded::New(row) => (StatusCode::CREATED, row, false),
        Recorded::Existing(row) => (StatusCode::OK, row, true),
    };
    (
        status,
        axum::Json(Answer {
            sale: Sale::from(row.as_ref()),
            deduped,
        }),
    )
        .into_response()
}

/// The caller's organization, proven by a key or by a signature over the body.
async fn authenticated(
    state: &AppState,
    request: Request,
) -> Result<(OrganizationId, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let address = address(&parts, state);
    let signed = parts.headers.contains_key(signature::SIGNATURE_HEADER);
    let by_key = if signed {
        None
    } else {
        let caller = Caller::uncounted(&parts, state).await?;
        Some(caller.with(Scope::ConversionsWrite)?)
    };
    Query::read(parts.uri.query().unwrap_or_default())?.done()?;
    require_json(&parts.headers)?;
    let body = read_body(body, MAX_BODY).await?;
    let organization_id = match by_key {
        Some(id) => id,
        None => by_signature(state, &parts.headers, &body, address).await?,
    };
    state.limits.s2s(organization_id)?;
    Ok((organization_id, body))
}

async fn by_signature(
    state: &AppState,
    headers: &HeaderMap,
    body: &[u8],
    address: IpAddr,
) -> Result<OrganizationId, Problem> {
    let organization = headers
        .get(signature::ORGANIZATION_HEADER)
        .and_then(|id| id.to_str().ok());
    let organization: Option<OrganizationId> = organization.and_then(|id| id.parse().ok());
    let verified = match organization {
        None => {
            Err("the header X-Tributary-Organization must hold the organization's id".to_owned())
        }
        Some(id) => {
            let secrets = state.store.s2s_secrets(id).await?;
            signature::verify(headers, body, &secrets, state.store.now()).map(|()| id)
        }
    };
    match verified {
        Ok(id) => Ok(id),
        Err(reason) => {
            state.limits.keyless(address)?;
            Err(Problem::unauthorized(reason))
        }
    }
}

/// What a new sale's or lead's time must satisfy.
fn timely(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Problem> {
    let refuse = |needs: &str| Err(Problem::invalid("occurredAt", needs));
    if at > now + MAX_SKEW {
        return refuse("this time is in the future");
    }
    if at < now - MAX_AGE {
        return refuse("this time is more than 400 days ago: import old sales instead");
    }
    Ok(())
}
