//! What an affiliate is added or changed with.

use domain::{
    affiliate::{AffiliateStatus, is_stripe_account},
    email::Email,
    id::{AffiliateId, CampaignId},
    slug::Slug,
    text::Name,
};
use serde::Deserialize;
use serde_json::Number;
use store::affiliate::{AffiliateChange, NewAffiliate};
use utoipa::ToSchema;

use super::APPROVED;
use crate::{
    api::v1::field::{Change, external_id, percent},
    problem::Problem,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewAffiliate)]
pub(crate) struct NewBody {
    name: Name,
    email: Email,
    code: Slug,
    program_id: Option<CampaignId>,
    recruiter_id: Option<AffiliateId>,
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100, example = 20)]
    commission_percent: Option<Number>,
    #[schema(example = "acct_1A2b3C")]
    stripe_account_id: Option<String>,
}

impl NewBody {
    pub(super) fn read(self) -> Result<NewAffiliate, Problem> {
        let account = self.stripe_account_id.as_deref();
        Ok(NewAffiliate {
            name: self.name,
            email: self.email,
            slug: Some(self.code),
            campaign_id: self.program_id,
            share: percent("commissionPercent", self.commission_percent.as_ref())?,
            recruiter_id: self.recruiter_id,
            stripe_account_id: account.map(stripe_account).transpose()?,
        })
    }
}

/// A change: what is left out stays, `null` empties.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AffiliateChange)]
pub(crate) struct ChangeBody {
    name: Option<Name>,
    email: Option<Email>,
    code: Option<Slug>,
    #[schema(pattern = "^(approved|paused|blocked|removed)$")]
    status: Option<String>,
    /// The program that `commissionPercent` is about, joined if need be; else the primary one.
    program_id: Option<CampaignId>,
    #[serde(default)]
    #[schema(value_type = Option<AffiliateId>)]
    recruiter_id: Change<AffiliateId>,
    #[serde(default)]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100, example = 20)]
    commission_percent: Change<Number>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "acct_1A2b3C")]
    stripe_account_id: Change<String>,
}

impl ChangeBody {
    pub(super) fn read(self) -> Result<AffiliateChange, Problem> {
        let share = |number| percent("commissionPercent", Some(&number));
        let share = self
            .commission_percent
            .given()
            .map(|number| number.map_or(Ok(None), share));
        let account = self.stripe_account_id.read(|text| stripe_account(&text))?;
        Ok(AffiliateChange {
            name: self.name,
            email: self.email,
            slug: self.code,
            status: self.status.as_deref().map(needed_status).transpose()?,
            recruiter_id: self.recruiter_id.given(),
            stripe_account_id: account.given(),
            campaign_id: self.program_id,
            share: share.transpose()?,
            reason: None,
        })
    }
}

/// A status in the dialect's words or in ours.
pub(super) fn read_status(text: &str) -> Option<AffiliateStatus> {
    match text {
        APPROVED => Some(AffiliateStatus::Active),
        text => AffiliateStatus::parse(text),
    }
}

fn needed_status(text: &str) -> Result<AffiliateStatus, Problem> {
    let message = "approved, paused, blocked or removed is needed";
    read_status(text).ok_or_else(|| Problem::invalid("status", message))
}

fn stripe_account(text: &str) -> Result<String, Problem> {
    let id = external_id("stripeAccountId", text)?;
    if is_stripe_account(&id) {
        Ok(id)
    } else {
        Err(Problem::invalid(
            "stripeAccountId",
            "an account's id such as acct_1A2b3C is needed",
        ))
    }
}
