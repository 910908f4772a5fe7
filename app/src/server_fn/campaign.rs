//! Campaigns: the list, and adding one.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// A new campaign. `unit` is `percent` or `fixed`.
    CampaignForm { name, currency, amount, unit, duration, months, hold_days, cookie_days }
}

/// All campaigns. `add` opens the form; `added` is the slug of one to show off.
#[server(prefix = "/rpc", endpoint = "campaigns", input = server_fn::codec::GetUrl)]
pub async fn load_campaigns(add: String, added: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.campaigns_page(&add, added).await;
    page.map_err(crate::request::refuse)
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

impl Question for LoadCampaigns {
    fn parameters(&self) -> String {
        parameters(&[("add", &self.add), ("added", &self.added)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        campaign::{MAX_COOKIE_DAYS, Terms},
        commission::{Duration, MAX_LIMIT_MONTHS, Plan, Rate},
        lifecycle::MAX_HOLD_DAYS,
        money::{Currency, Money},
        rate::BasisPoints,
        text::Name,
    };
    use leptos::prelude::*;
    use store::campaign::{CampaignError, NewCampaign};

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
        pub(super) async fn campaigns_page(
            &self,
            add: &str,
            added: String,
        ) -> Result<Written, AppError> {
            let may_edit = self.viewer.role.may_manage();
            let is_open = may_edit && !add.is_empty();
            let page = Told {
                campaigns: self.store.campaigns(self.organization()).await?,
                added,
                form: is_open.then(Refused::of::<AddCampaign>),
                may_edit,
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
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
