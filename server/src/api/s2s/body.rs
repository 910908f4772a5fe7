//! What the calls of sales and leads say.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    conversion::{ConversionType, ProcessorIds},
    coupon::CouponCode,
    email::Email,
    fact::{Clue, ClueKind, Payment, Signup},
    id::CampaignId,
    money::{Currency, MAX_MINOR, Money},
    slug::Slug,
    text::{MAX_METADATA, Name},
};
use serde::Deserialize;
use serde_json::Value;
use store::intake::{ServerLead, ServerSale};
use utoipa::ToSchema;

use super::MAX_SKEW;
use crate::{input, problem::Problem};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ServerSale)]
pub(super) struct SaleBody {
    #[schema(min_length = 1, max_length = 255, example = "order-1001")]
    external_event_id: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000i64, example = 4900)]
    amount_cents: Option<i64>,
    #[schema(value_type = Option<Currency>)]
    currency: Option<String>,
    #[schema(value_type = Option<Slug>)]
    affiliate_slug: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    click_id: Option<String>,
    #[schema(value_type = Option<CouponCode>)]
    coupon_code: Option<String>,
    #[schema(min_length = 1, max_length = 255, example = "user-42")]
    customer_external_id: Option<String>,
    #[schema(value_type = Option<Email>)]
    customer_email: Option<String>,
    #[serde(rename = "type")]
    #[schema(pattern = "^(sale|recurring|lead)$")]
    kind: Option<String>,
    campaign_id: Option<CampaignId>,
    #[schema(minimum = 0)]
    tax_cents: Option<i64>,
    #[schema(value_type = Option<DateTime<Utc>>)]
    occurred_at: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    subscription_id: Option<String>,
    #[schema(value_type = Option<Name>)]
    customer_name: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ServerLead)]
pub(super) struct LeadBody {
    #[schema(value_type = Email)]
    email: Option<String>,
    #[schema(value_type = Option<Slug>)]
    affiliate_slug: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    click_id: Option<String>,
    #[schema(value_type = Option<CouponCode>)]
    coupon_code: Option<String>,
    #[schema(value_type = Option<Name>)]
    name: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    customer_external_id: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    external_event_id: Option<String>,
    campaign_id: Option<CampaignId>,
}

impl SaleBody {
    pub(super) fn kind(&self) -> Result<Option<ConversionType>, Problem> {
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

    pub(super) fn sale(
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

    pub(super) fn lead(&self, now: DateTime<Utc>) -> Result<ServerLead, Problem> {
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
    pub(super) fn lead(&self, now: DateTime<Utc>) -> Result<ServerLead, Problem> {
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

pub(super) fn missing(field: &str) -> Problem {
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

pub(super) fn external_id(field: &str, value: Option<&str>) -> Result<Option<String>, Problem> {
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
