//! What calls about payouts say.

use axum::extract::{FromRequest, Request};
use domain::{
    id::{AffiliateId, CampaignId, PayoutId},
    money::Currency,
    payout::{PayoutMethod, Selection},
    text::Reason,
};
use serde::Deserialize;
use store::{
    audit::Actor,
    payout::{PayoutDecision, PayoutOrder},
};
use utoipa::ToSchema;

use super::super::field::needed;
use crate::{input::optional, problem::Problem};

/// The most affiliates a run names.
const MAX_NAMED: usize = 1000;

/// A run.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewPayoutBatch)]
pub(crate) struct BatchBody {
    program_id: Option<CampaignId>,
    #[schema(min_items = 1, max_items = 1000)]
    affiliate_ids: Option<Vec<AffiliateId>>,
    #[schema(value_type = Option<Currency>)]
    currency: Option<String>,
    #[schema(pattern = "^(stripe|manual|paypal|bank_transfer)$")]
    method: Option<String>,
    dry_run: Option<bool>,
}

impl BatchBody {
    pub(super) fn read(&self) -> Result<Selection, Problem> {
        let affiliates = self.affiliate_ids.clone();
        if affiliates.as_ref().is_some_and(Vec::is_empty) {
            let message = "name at least one affiliate, or leave it out to pay all";
            return Err(Problem::invalid("affiliateIds", message));
        }
        let affiliates = affiliates.unwrap_or_default();
        if affiliates.len() > MAX_NAMED {
            let message = format!("at most {MAX_NAMED} affiliates can be named");
            return Err(Problem::invalid("affiliateIds", message));
        }
        let currency = self.currency.as_deref().map(Currency::parse).transpose();
        Ok(Selection {
            campaign_id: self.program_id,
            affiliates,
            currency: currency.map_err(|error| Problem::invalid("currency", error.to_string()))?,
            method: method(self.method.as_deref())?,
        })
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run.unwrap_or(false)
    }
}

/// A payout for one affiliate of one program. The dialect's clients say `notes`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewPayout)]
pub(crate) struct NewBody {
    affiliate_id: Option<AffiliateId>,
    program_id: Option<CampaignId>,
    #[schema(pattern = "^(stripe|manual|paypal|bank_transfer)$")]
    method: Option<String>,
    #[schema(max_length = 500)]
    notes: Option<String>,
    #[schema(max_length = 500)]
    note: Option<String>,
}

impl NewBody {
    pub(super) fn read(self, actor: Actor) -> Result<PayoutOrder, Problem> {
        if self.notes.is_some() && self.note.is_some() {
            let message = "note and notes say the same: leave one out";
            return Err(Problem::invalid("notes", message));
        }
        let name = if self.note.is_some() { "note" } else { "notes" };
        Ok(PayoutOrder {
            affiliate_id: needed("affiliateId", self.affiliate_id)?,
            campaign_id: needed("programId", self.program_id)?,
            method: method(self.method.as_deref())?,
            note: words(name, self.note.or(self.notes))?,
            actor,
        })
    }
}

/// What becomes of a payout. The body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PayoutStep)]
pub(crate) struct StepBody {
    #[schema(max_length = 500)]
    note: Option<String>,
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl<S: Send + Sync> FromRequest<S> for StepBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        optional(request).await
    }
}

impl StepBody {
    pub(super) fn read(self, payout_id: PayoutId, actor: Actor) -> Result<PayoutDecision, Problem> {
        Ok(PayoutDecision {
            payout_id,
            reason: words("reason", self.reason)?,
            note: words("note", self.note)?,
            actor,
        })
    }
}

/// How to pay. The dialect's clients know two ways that are both the merchant's own.
fn method(word: Option<&str>) -> Result<Option<PayoutMethod>, Problem> {
    let Some(word) = word else { return Ok(None) };
    let known = match word {
        "paypal" | "bank_transfer" => Some(PayoutMethod::Manual),
        other => PayoutMethod::parse(other),
    };
    let refused = || Problem::invalid("method", "stripe or manual is needed");
    known.ok_or_else(refused).map(Some)
}

fn words(name: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let text = text.filter(|text| !text.trim().is_empty());
    let read = text.map(|text| Reason::parse(&text)).transpose();
    let read = read.map_err(|error| Problem::invalid(name, error.to_string()))?;
    Ok(read.map(String::from))
}
