//! What calls about sales say.

use std::collections::BTreeSet;

use axum::extract::{FromRequest, Request};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    email::Email,
    id::{AffiliateId, CampaignId, ConversionId},
    lifecycle::Action,
    money::{Currency, MAX_MINOR, Money},
    text::Reason,
};
use serde::Deserialize;
use store::{
    audit::Actor,
    intake::{MAX_DECIDED, ManualSale},
};
use utoipa::ToSchema;

use super::super::field::{instant, needed};
use crate::{
    input::{self, optional},
    problem::Problem,
};

/// How far a caller's clock may be ahead. What it calls so far ahead happened now.
const MAX_SKEW: TimeDelta = TimeDelta::seconds(60);

/// A decision about one sale or affiliate. The body may be left out: not every decision needs a reason.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Decision)]
pub(crate) struct DecisionBody {
    #[schema(max_length = 500, example = "checked by hand")]
    reason: Option<String>,
}

impl<S: Send + Sync> FromRequest<S> for DecisionBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        optional(request).await
    }
}

impl DecisionBody {
    pub(in crate::api::v1) fn read(&self) -> Result<Option<Reason>, Problem> {
        reason(self.reason.as_deref())
    }
}

/// A decision about several.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = BulkDecision)]
pub(crate) struct BulkBody {
    #[schema(min_items = 1, max_items = 100)]
    ids: Vec<ConversionId>,
    action: Action,
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl BulkBody {
    pub(super) fn read(self) -> Result<(Vec<ConversionId>, Action, Option<Reason>), Problem> {
        let distinct: BTreeSet<ConversionId> = self.ids.iter().copied().collect();
        let fits = (1..=MAX_DECIDED).contains(&self.ids.len());
        if !fits || distinct.len() != self.ids.len() {
            let needs = format!("1 to {MAX_DECIDED} different ids are needed");
            return Err(Problem::invalid("ids", needs));
        }
        let reason = reason(self.reason.as_deref())?;
        Ok((self.ids, self.action, reason))
    }
}

/// A sale entered by hand.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewConversion)]
pub(crate) struct NewBody {
    affiliate_id: AffiliateId,
    program_id: CampaignId,
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000i64, example = 4900)]
    amount: i64,
    #[schema(value_type = Currency)]
    currency: String,
    #[schema(value_type = Option<Email>)]
    customer_email: Option<String>,
    #[schema(min_length = 1, max_length = 255, example = "invoice-2041")]
    external_event_id: Option<String>,
    #[schema(value_type = Option<DateTime<Utc>>)]
    occurred_at: Option<String>,
    #[schema(max_length = 500, example = "paid by bank transfer")]
    note: Option<String>,
}

impl NewBody {
    pub(super) fn read(self, actor: Actor, now: DateTime<Utc>) -> Result<ManualSale, Problem> {
        let currency = Currency::parse(&self.currency)
            .map_err(|error| Problem::invalid("currency", error.to_string()))?;
        if !(1..=MAX_MINOR).contains(&self.amount) {
            let needs = "an integer from 1 to 10^15 is needed";
            return Err(Problem::invalid("amount", needs));
        }
        let email = |text| {
            Email::parse(text).map_err(|error| Problem::invalid("customerEmail", error.to_string()))
        };
        let external_id = |id| input::external_id("externalEventId", id).map(str::to_owned);
        let note = needed("note", self.note)?;
        let note =
            Reason::parse(&note).map_err(|error| Problem::invalid("note", error.to_string()))?;
        Ok(ManualSale {
            affiliate_id: self.affiliate_id,
            campaign_id: self.program_id,
            amount: Money::new(self.amount, currency),
            paid_at: paid_at(self.occurred_at.as_deref(), now)?,
            email: self
                .customer_email
                .as_deref()
                .map(email)
                .transpose()?
                .map(String::from),
            external_event_id: self
                .external_event_id
                .as_deref()
                .map(external_id)
                .transpose()?,
            note: note.into(),
            actor,
        })
    }
}

/// When it was paid: now, or a time that has come.
fn paid_at(value: Option<&str>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let at = instant("occurredAt", value)?.unwrap_or(now);
    if at > now + MAX_SKEW {
        return Err(Problem::invalid("occurredAt", "this time is in the future"));
    }
    Ok(at.min(now))
}

fn reason(text: Option<&str>) -> Result<Option<Reason>, Problem> {
    let read =
        |text| Reason::parse(text).map_err(|error| Problem::invalid("reason", error.to_string()));
    text.map(read).transpose()
}
