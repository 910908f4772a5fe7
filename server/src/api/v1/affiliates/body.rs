//! What an affiliate is added or changed with.

use domain::{
    affiliate::{Affiliate, AffiliateStatus, Enrollment},
    campaign::{Campaign, CampaignStatus},
    commission::{Plan, Rate},
    email::Email,
    id::{AffiliateId, CampaignId},
    rate::BasisPoints,
    slug::Slug,
    text::Name,
};
use serde::Deserialize;
use serde_json::Number;
use store::affiliate::{AffiliateError, NewAffiliate};

use super::APPROVED;
use crate::{
    api::v1::field::{Change, external_id, percent},
    problem::Problem,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewBody {
    name: Name,
    email: Email,
    code: Slug,
    program_id: Option<CampaignId>,
    recruiter_id: Option<AffiliateId>,
    commission_percent: Option<Number>,
    stripe_account_id: Option<String>,
}

impl NewBody {
    /// A new affiliate in one of `campaigns`: the one named, else the oldest that is open.
    pub(super) fn read(self, campaigns: &[Campaign]) -> Result<NewAffiliate, Problem> {
        let wanted = |campaign: &&Campaign| match self.program_id {
            Some(id) => campaign.id == id,
            None => campaign.status == CampaignStatus::Active,
        };
        let campaign = campaigns
            .iter()
            .find(wanted)
            .ok_or(AffiliateError::NoCampaign)?;
        let share = percent("commissionPercent", self.commission_percent.as_ref())?;
        let account = self.stripe_account_id.as_deref();
        Ok(NewAffiliate {
            name: self.name,
            email: self.email,
            slug: Some(self.code),
            campaign_id: Some(campaign.id),
            plan: share.map(|share| own_plan(share, campaign)),
            recruiter_id: self.recruiter_id,
            stripe_account_id: account.map(stripe_account).transpose()?,
        })
    }
}

/// A change: what is left out stays, `null` empties.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangeBody {
    name: Option<Name>,
    email: Option<Email>,
    code: Option<Slug>,
    status: Option<String>,
    /// The program that `commissionPercent` is about, joined if need be; else the primary one.
    program_id: Option<CampaignId>,
    #[serde(default)]
    recruiter_id: Change<AffiliateId>,
    #[serde(default)]
    commission_percent: Change<Number>,
    #[serde(default)]
    stripe_account_id: Change<String>,
}

impl ChangeBody {
    pub(super) fn program_id(&self) -> Option<CampaignId> {
        self.program_id
    }

    /// The affiliate as he is after the change.
    pub(super) fn change(
        self,
        old: Affiliate,
        campaigns: &[Campaign],
    ) -> Result<Affiliate, Problem> {
        let status = self.status.as_deref().map(needed_status).transpose()?;
        let enrollments = self.enrollments(&old, campaigns)?;
        let account = self.stripe_account_id.read(|text| stripe_account(&text))?;
        Ok(Affiliate {
            id: old.id,
            name: self.name.unwrap_or(old.name),
            email: self.email.unwrap_or(old.email),
            slug: self.code.unwrap_or(old.slug),
            status: status.unwrap_or(old.status),
            recruiter_id: self.recruiter_id.applied_to(old.recruiter_id),
            stripe_account_id: account.applied_to(old.stripe_account_id),
            enrollments,
            created_at: old.created_at,
        })
    }

    fn enrollments(
        &self,
        old: &Affiliate,
        campaigns: &[Campaign],
    ) -> Result<Vec<Enrollment>, Problem> {
        let mut enrollments = old.enrollments.clone();
        let Some(id) = self.program_id.or(old.primary_campaign()) else {
            return Ok(enrollments);
        };
        let campaign = campaigns.iter().find(|campaign| campaign.id == id);
        let campaign = campaign.ok_or(AffiliateError::NoCampaign)?;
        if old.enrollment(id).is_none() {
            enrollments.push(Enrollment {
                campaign_id: id,
                plan: None,
            });
        }
        if let Change::To(number) = &self.commission_percent {
            let share = percent("commissionPercent", number.as_ref())?;
            let plan = share.map(|share| own_plan(share, campaign));
            for enrollment in enrollments
                .iter_mut()
                .filter(|joined| joined.campaign_id == id)
            {
                enrollment.plan = plan;
            }
        }
        Ok(enrollments)
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

/// A share of one's own, for the payments for which the campaign pays.
fn own_plan(share: BasisPoints, campaign: &Campaign) -> Plan {
    Plan {
        rate: Rate::Percent(share),
        duration: campaign.terms.plan.duration,
    }
}

fn stripe_account(text: &str) -> Result<String, Problem> {
    let id = external_id("stripeAccountId", text)?;
    if id.starts_with("acct_") {
        Ok(id)
    } else {
        Err(Problem::invalid(
            "stripeAccountId",
            "an account's id such as acct_1A2b3C is needed",
        ))
    }
}
