//! Campaigns: the list, and adding one.

use leptos::prelude::*;

pub mod one;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// A new campaign. `unit` is `percent` or `fixed`.
    CampaignForm { name, currency, amount, unit, duration, months, hold_days, cookie_days }
}

/// All campaigns. `add` opens the form.
#[server(prefix = "/rpc", endpoint = "campaigns", input = server_fn::codec::GetUrl)]
pub async fn load_campaigns(add: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.campaigns_page(&add).await;
    page.map_err(crate::request::refuse)
}

/// Makes a campaign, and leads to its page.
#[server(prefix = "/rpc", endpoint = "add_campaign")]
pub async fn add_campaign(form: CampaignForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let defaults = caller.campaign_defaults().await.map_err(refuse)?;
    let new = form
        .read(&defaults)
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    let added = caller
        .store
        .add_campaign(caller.actor(), caller.organization(), new)
        .await;
    let added = added.map_err(|error| refuse(server::not_added(error).keeping(form.kept())))?;
    let path = crate::query::campaign_path(added.id);
    redirect(&format!("{path}?done=added"));
    Ok(())
}

impl Question for LoadCampaigns {
    fn parameters(&self) -> String {
        parameters(&[("add", &self.add)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        campaign::{MAX_COOKIE_DAYS, Terms},
        commission::{Duration, MAX_LIMIT_MONTHS, Plan, Rate},
        lifecycle::MAX_HOLD_DAYS,
        money::{Currency, MAX_MINOR, Money},
        organization::Defaults,
        rate::BasisPoints,
        text::Name,
    };
    use leptos::prelude::*;
    use store::campaign::{CampaignError, NewCampaign, SiteOf};

    use super::{AddCampaign, AppError, CampaignForm, Written};
    use crate::{
        part::{
            campaigns::{Told, told},
            fields::Refused,
        },
        request::Caller,
        server_fn::form::{field, number},
        text,
    };

    impl Caller {
        pub(super) async fn campaigns_page(&self, add: &str) -> Result<Written, AppError> {
            let may_edit = self.viewer.role.may_manage();
            let is_open = may_edit && !add.is_empty();
            let page = Told {
                defaults: self.campaign_defaults().await?,
                campaigns: self.store.campaigns(self.organization()).await?,
                form: is_open.then(Refused::of::<AddCampaign>),
                may_edit,
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        /// What a new campaign starts with.
        pub(super) async fn campaign_defaults(&self) -> Result<Defaults, AppError> {
            let organization = self.store.organization(self.organization()).await?;
            Ok(organization.settings.defaults)
        }
    }

    impl CampaignForm {
        pub(super) fn read(&self, defaults: &Defaults) -> Result<NewCampaign, AppError> {
            let name = field("name", Name::parse(&self.name))?;
            let currency = field("currency", Currency::parse(self.currency.trim()))?;
            let plan = Plan {
                rate: rate(&self.amount, &self.unit, currency)?,
                duration: duration(&self.duration, &self.months)?,
            };
            let hold_days = number("hold_days", &self.hold_days, 0..=MAX_HOLD_DAYS)?;
            let cookie_days = number("cookie_days", &self.cookie_days, 1..=MAX_COOKIE_DAYS)?;
            let terms = Terms {
                hold_days,
                cookie_days,
                ..defaults.terms(currency, plan)
            };
            Ok(NewCampaign {
                name,
                slug: None,
                terms,
            })
        }
    }

    /// What a payment earns; `unit` is `percent` or `fixed`.
    pub(super) fn rate(typed: &str, unit: &str, currency: Currency) -> Result<Rate, AppError> {
        if unit == "percent" {
            return field("amount", BasisPoints::from_percent(typed.trim())).map(Rate::Percent);
        }
        amount("amount", typed, currency).map(|amount| Rate::Fixed(amount.minor))
    }

    /// An amount, or nothing of it.
    pub(super) fn amount(name: &str, typed: &str, currency: Currency) -> Result<Money, AppError> {
        let amount = Money::from_decimal(typed.trim(), currency)
            .ok()
            .filter(|amount| (0..=MAX_MINOR).contains(&amount.minor));
        amount.ok_or_else(|| AppError::invalid(name, text::form::amount(currency)))
    }

    /// For which payments it is paid.
    pub(super) fn duration(typed: &str, months: &str) -> Result<Duration, AppError> {
        match typed {
            "one_time" => Ok(Duration::OneTime),
            "recurring" => Ok(Duration::Recurring),
            "recurring_limited" => {
                number("months", months, 1..=MAX_LIMIT_MONTHS).map(Duration::RecurringLimited)
            }
            _ => Err(AppError::invalid("duration", text::error::NOT_UNDERSTOOD)),
        }
    }

    impl From<CampaignError> for AppError {
        fn from(error: CampaignError) -> Self {
            match error {
                CampaignError::Store(error) => error.into(),
                CampaignError::NotFound => Self::NotFound,
                CampaignError::NotOwn(of, _) => {
                    let field = match of {
                        SiteOf::Website => "website",
                        SiteOf::LandingPage => "landing",
                        SiteOf::Sites => "sites",
                    };
                    Self::invalid(field, error)
                }
                CampaignError::SlugTaken(_) => Self::invalid("slug", error),
            }
        }
    }

    /// A new campaign's slug is made from its name.
    pub(super) fn not_added(error: CampaignError) -> AppError {
        match error {
            CampaignError::SlugTaken(_) => AppError::invalid("name", error),
            other => other.into(),
        }
    }
}
