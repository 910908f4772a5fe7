//! Server-to-server calls: a merchant's own server tells of sales, leads and refunds.

use std::{collections::BTreeMap, net::IpAddr};

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, Utc};
use domain::{
    conversion::{ConversionType, ProcessorIds},
    coupon::CouponCode,
    email::Email,
    fact::{Clue, ClueKind, Payment, Signup},
    id::{CampaignId, OrganizationId},
    money::{Currency, MAX_MINOR, Money},
    scope::Scope,
    slug::Slug,
    text::{MAX_METADATA, Name},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::intake::{IntakeError, Recorded, ServerLead, ServerSale};

mod refund;

pub(crate) use self::refund::refund;
use super::{conversions::Sale, signature};
use crate::{
    caller::{Caller, address},
    input::{self, MAX_BODY, parse, read_body, require_json},
    problem::Problem,
    state::AppState,
};

/// How far back a sale may lie.
const MAX_AGE: Duration = Duration::days(400);
/// How far a caller's clock may be ahead. What it calls so far ahead happened now; more is the future.
const MAX_SKEW: Duration = Duration::seconds(60);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SaleBody {
    external_event_id: Option<String>,
    amount_cents: Option<i64>,
    currency: Option<String>,
    affiliate_slug: Option<String>,
    click_id: Option<String>,
    coupon_code: Option<String>,
    customer_external_id: Option<String>,
    customer_email: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    campaign_id: Option<CampaignId>,
    tax_cents: Option<i64>,
    occurred_at: Option<String>,
    subscription_id: Option<String>,
    customer_name: Option<String>,
    metadata: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LeadBody {
    email: Option<String>,
    affiliate_slug: Option<String>,
    click_id: Option<String>,
    coupon_code: Option<String>,
    name: Option<String>,
    customer_external_id: Option<String>,
    external_event_id: Option<String>,
    campaign_id: Option<CampaignId>,
}

#[derive(Serialize)]
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

/// `POST /api/tracking/s2s`
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

/// `POST /api/tracking/lead`
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

impl SaleBody {
    fn kind(&self) -> Result<Option<ConversionType>, Problem> {
        let Some(text) = &self.kind else {
            return Ok(None);
        };
        let words = [
            ConversionType::Sale,
            ConversionType::Recurring,
            ConversionType::Lead,
        ];
        let found = words.into_iter().find(|kind| kind.as_str() == text);
        let needed = || Problem::invalid("type", "sale, recurring or lead is needed");
        found.map(Some).ok_or_else(needed)
    }

    fn clues(&self) -> Result<Vec<Clue>, Problem> {
        clues(
            self.affiliate_slug.as_deref(),
            self.click_id.as_deref(),
            self.coupon_code.as_deref(),
        )
    }

    fn currency(&self) -> Result<Option<Currency>, Problem> {
        let read = |text: &String| {
            Currency::parse(text).map_err(|error| Problem::invalid("currency", error.to_string()))
        };
        self.currency.as_ref().map(read).transpose()
    }

    fn ids(&self) -> Result<ProcessorIds, Problem> {
        Ok(ProcessorIds {
            customer: external_id("customerExternalId", self.customer_external_id.as_deref())?,
            subscription: external_id("subscriptionId", self.subscription_id.as_deref())?,
            ..ProcessorIds::default()
        })
    }

    fn sale(
        &self,
        kind: Option<ConversionType>,
        now: DateTime<Utc>,
    ) -> Result<ServerSale, Problem> {
        let external_event_id = external_id("externalEventId", self.external_event_id.as_deref())?
            .ok_or_else(|| missing("externalEventId"))?;
        let minor = self.amount_cents.ok_or_else(|| missing("amountCents"))?;
        if !(1..=MAX_MINOR).contains(&minor) {
            return Err(Problem::invalid(
                "amountCents",
                "an integer from 1 to 10^15 is needed",
            ));
        }
        let currency = self.currency()?.ok_or_else(|| missing("currency"))?;
        let tax = self.tax_cents.unwrap_or(0);
        if !(0..minor).contains(&tax) {
            return Err(Problem::invalid(
                "taxCents",
                "an integer from 0 to less than amountCents is needed",
            ));
        }
        let (ids, clues) = (self.ids()?, self.clues()?);
        let email = email("customerEmail", self.customer_email.as_deref())?;
        if clues.is_empty() && ids.customer.is_none() && email.is_none() {
            return Err(nobody_named(
                "affiliateSlug, clickId, couponCode, customerExternalId or customerEmail",
            ));
        }
        let payment = Payment {
            external_event_id,
            amount: Money::new(minor, currency),
            base_minor: minor - tax,
            paid_at: occurred_at(self.occurred_at.as_deref(), now)?,
            ids,
            email,
            name: name("customerName", self.customer_name.as_deref())?,
            clues,
            metadata: metadata(self.metadata.as_ref())?,
        };
        Ok(ServerSale {
            payment,
            kind,
            campaign_id: self.campaign_id,
        })
    }

    fn lead(&self, now: DateTime<Utc>) -> Result<ServerLead, Problem> {
        for (field, cents) in [
            ("amountCents", self.amount_cents),
            ("taxCents", self.tax_cents),
        ] {
            if cents.is_some_and(|cents| cents != 0) {
                let needs = "a lead has no amount: leave it out or send 0";
                return Err(Problem::invalid(field, needs));
            }
        }
        self.currency()?;
        let (ids, clues) = (self.ids()?, self.clues()?);
        let email = email("customerEmail", self.customer_email.as_deref())?;
        if clues.is_empty() && ids.customer.is_none() && email.is_none() {
            return Err(nobody_named(
                "affiliateSlug, clickId, couponCode, customerExternalId or customerEmail",
            ));
        }
        let external_event_id = external_id("externalEventId", self.external_event_id.as_deref())?;
        let signup = Signup {
            external_event_id: Some(external_event_id.ok_or_else(|| missing("externalEventId"))?),
            occurred_at: occurred_at(self.occurred_at.as_deref(), now)?,
            ids,
            email,
            name: name("customerName", self.customer_name.as_deref())?,
            clues,
            metadata: metadata(self.metadata.as_ref())?,
        };
        Ok(ServerLead {
            signup,
            campaign_id: self.campaign_id,
        })
    }
}

impl LeadBody {
    fn lead(&self, now: DateTime<Utc>) -> Result<ServerLead, Problem> {
        let email = email("email", self.email.as_deref())?.ok_or_else(|| missing("email"))?;
        let clues = clues(
            self.affiliate_slug.as_deref(),
            self.click_id.as_deref(),
            self.coupon_code.as_deref(),
        )?;
        if clues.is_empty() {
            return Err(nobody_named("affiliateSlug, clickId or couponCode"));
        }
        let signup = Signup {
            external_event_id: external_id("externalEventId", self.external_event_id.as_deref())?,
            occurred_at: now,
            ids: ProcessorIds {
                customer: external_id("customerExternalId", self.customer_external_id.as_deref())?,
                ..ProcessorIds::default()
            },
            email: Some(email),
            name: name("name", self.name.as_deref())?,
            clues,
            metadata: "{}".to_owned(),
        };
        Ok(ServerLead {
            signup,
            campaign_id: self.campaign_id,
        })
    }
}

fn missing(field: &str) -> Problem {
    Problem::invalid(field, format!("{field} is needed"))
}

fn nobody_named(one_of: &str) -> Problem {
    Problem::invalid("affiliateSlug", format!("one of {one_of} is needed"))
}

fn clues(
    slug: Option<&str>,
    click: Option<&str>,
    coupon: Option<&str>,
) -> Result<Vec<Clue>, Problem> {
    let mut clues = Vec::new();
    let mut add = |kind, value: &str, field: &str| {
        let place = format!("{field} of the call");
        clues.push(Clue {
            kind,
            value: value.trim().to_owned(),
            place,
        });
    };
    if let Some(click) = external_id("clickId", click)? {
        add(ClueKind::Click, &click, "clickId");
    }
    if let Some(slug) = slug {
        Slug::parse(slug).map_err(|error| Problem::invalid("affiliateSlug", error.to_string()))?;
        add(ClueKind::Slug, slug, "affiliateSlug");
    }
    if let Some(code) = coupon {
        CouponCode::parse(code)
            .map_err(|error| Problem::invalid("couponCode", error.to_string()))?;
        add(ClueKind::CouponCode, code, "couponCode");
    }
    Ok(clues)
}

fn external_id(field: &str, value: Option<&str>) -> Result<Option<String>, Problem> {
    let read = |id| input::external_id(field, id).map(str::to_owned);
    value.map(read).transpose()
}

fn email(field: &str, value: Option<&str>) -> Result<Option<String>, Problem> {
    let read =
        |text| Email::parse(text).map_err(|error| Problem::invalid(field, error.to_string()));
    Ok(value.map(read).transpose()?.map(String::from))
}

fn name(field: &str, value: Option<&str>) -> Result<Option<String>, Problem> {
    let read = |text| Name::parse(text).map_err(|error| Problem::invalid(field, error.to_string()));
    Ok(value.map(read).transpose()?.map(String::from))
}

fn occurred_at(value: Option<&str>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let Some(text) = value else { return Ok(now) };
    let at = DateTime::parse_from_rfc3339(text).map_err(|_| {
        let needs = "an RFC 3339 time such as 2026-11-20T10:32:06Z is needed";
        Problem::invalid("occurredAt", needs)
    })?;
    let at = at.with_timezone(&Utc);
    Ok(if at <= now + MAX_SKEW {
        at.min(now)
    } else {
        at
    })
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

fn metadata(value: Option<&BTreeMap<String, Value>>) -> Result<String, Problem> {
    let Some(map) = value else {
        return Ok("{}".to_owned());
    };
    let refuse = |needs: &str| Problem::invalid("metadata", needs.to_owned());
    if map
        .values()
        .any(|value| value.is_object() || value.is_array())
    {
        return Err(refuse(
            "a flat object is needed: text, numbers, true, false or null",
        ));
    }
    let text = serde_json::to_string(map).map_err(|_| refuse("a JSON object is needed"))?;
    if text.len() > MAX_METADATA || text.contains("\\u0000") {
        return Err(refuse("at most 4 KiB without NUL characters are accepted"));
    }
    Ok(text)
}
