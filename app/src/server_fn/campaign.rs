//! Campaigns: the list, and adding one.

use domain::{commission::Plan, id::CampaignId, money::Currency};
use leptos::prelude::*;

use super::form::form;
use crate::{call::Question, error::AppError, wire::wire};

wire! {
    /// The campaigns page.
    CampaignsPage {
        /// All campaigns.
        rows: Vec<CampaignRow>,
        /// May the viewer add one?
        may_edit: bool,
    }
}

wire! {
    /// One campaign.
    CampaignRow {
        /// Which.
        id: CampaignId,
        /// Its name.
        name: String,
        /// Its name in links.
        slug: String,
        /// Is it closed to new customers?
        archived: bool,
        /// What commissions are in.
        currency: Currency,
        /// What a sale earns.
        plan: Plan,
        /// Days until approval.
        hold_days: u16,
        /// Days a click counts.
        cookie_days: u16,
    }
}

form! {
    /// A new campaign. `unit` is `percent` or `fixed`.
    CampaignForm { name, currency, amount, unit, duration, months, hold_days, cookie_days }
}

/// All campaigns.
#[server(prefix = "/rpc", endpoint = "campaigns", input = server_fn::codec::GetUrl)]
pub async fn load_campaigns() -> Result<CampaignsPage, AppError> {
    let caller = crate::request::reader()?;
    let campaigns = caller
        .store
        .campaigns(caller.organization())
        .await
        .map_err(crate::request::refuse)?;
    Ok(CampaignsPage {
        rows: campaigns.into_iter().map(CampaignRow::from).collect(),
        may_edit: caller.viewer.role.may_manage(),
    })
}

/// Makes a campaign.
#[server(prefix = "/rpc", endpoint = "add_campaign")]
pub async fn add_campaign(form: CampaignForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let new = form
        .read()
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    let added = caller
        .store
        .add_campaign(caller.actor(), caller.organization(), new)
        .await;
    let added = added.map_err(|error| refuse(AppError::from(error).keeping(form.kept())))?;
    redirect(&format!("/dashboard/campaigns?added={}", added.slug));
    Ok(())
}

impl Question for LoadCampaigns {}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        campaign::{Campaign, CampaignStatus, MAX_COOKIE_DAYS, Terms},
        commission::{Duration, MAX_LIMIT_MONTHS, Plan, Rate},
        lifecycle::MAX_HOLD_DAYS,
        money::{Currency, Money},
        rate::BasisPoints,
        text::Name,
    };
    use store::campaign::{CampaignError, NewCampaign};

    use super::{AppError, CampaignForm, CampaignRow};
    use crate::{
        server_fn::form::{field, number},
        text,
    };

    impl From<Campaign> for CampaignRow {
        fn from(campaign: Campaign) -> Self {
            Self {
                id: campaign.id,
                name: campaign.name.into(),
                slug: campaign.slug.into(),
                archived: campaign.status == CampaignStatus::Archived,
                currency: campaign.terms.currency,
                plan: campaign.terms.plan,
                hold_days: campaign.terms.hold_days,
                cookie_days: campaign.terms.cookie_days,
            }
        }
    }

    impl CampaignForm {
        pub(super) fn read(&self) -> Result<NewCampaign, AppError> {
            let name = field("name", Name::parse(&self.name))?;
            let currency = field("currency", Currency::parse(self.currency.trim()))?;
            let plan = Plan {
                rate: self.rate(currency)?,
                duration: self.duration()?,
            };
            let hold_days = number("hold_days", &self.hold_days, 0..=MAX_HOLD_DAYS)?;
            let cookie_days = number("cookie_days", &self.cookie_days, 1..=MAX_COOKIE_DAYS)?;
            let terms = Terms {
                hold_days,
                cookie_days,
                ..Terms::new(currency, plan)
            };
            Ok(NewCampaign {
                name,
                slug: None,
                terms,
            })
        }

        fn rate(&self, currency: Currency) -> Result<Rate, AppError> {
            let typed = self.amount.trim();
            if self.unit == "percent" {
                return field("amount", BasisPoints::from_percent(typed)).map(Rate::Percent);
            }
            let amount = Money::from_decimal(typed, currency)
                .ok()
                .filter(|amount| amount.minor >= 0);
            let amount =
                amount.ok_or_else(|| AppError::invalid("amount", text::form::amount(currency)))?;
            Ok(Rate::Fixed(amount.minor))
        }

        fn duration(&self) -> Result<Duration, AppError> {
            match self.duration.as_str() {
                "one_time" => Ok(Duration::OneTime),
                "recurring" => Ok(Duration::Recurring),
                "recurring_limited" => number("months", &self.months, 1..=MAX_LIMIT_MONTHS)
                    .map(Duration::RecurringLimited),
                _ => Err(AppError::invalid("duration", text::error::NOT_UNDERSTOOD)),
            }
        }
    }

    impl From<CampaignError> for AppError {
        fn from(error: CampaignError) -> Self {
            match error {
                CampaignError::Store(error) => error.into(),
                CampaignError::NotFound => Self::NotFound,
                CampaignError::SlugTaken(_) => Self::invalid("name", error),
            }
        }
    }
}
