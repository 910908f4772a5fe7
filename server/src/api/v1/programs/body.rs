//! What a program is made or changed with. One body for both: a field that is left out has its
//! default in a new program and stays as it is in an old one.

use std::{collections::BTreeSet, fmt::Display};

use domain::{
    campaign::{AttributionModel, Campaign, CampaignStatus, MAX_COOKIE_DAYS, MAX_SITES, Terms},
    cap::{Caps, MAX_CAP},
    commission::{Duration, MAX_LIMIT_MONTHS, Plan, Rate},
    fraud::{FlagRules, MAX_FLAG_CLICKS, MAX_FLAG_PERCENT},
    lifecycle::MAX_HOLD_DAYS,
    money::{Currency, MAX_MINOR},
    organization::Defaults,
    site::Site,
    slug::Slug,
    text::{Description, Name},
};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use store::campaign::NewCampaign;
use utoipa::ToSchema;

use crate::{
    api::v1::field::{Change, needed, percent, web_address, whole},
    problem::Problem,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProgramBody {
    name: Option<Name>,
    slug: Option<Slug>,
    status: Option<CampaignStatus>,
    currency: Option<Currency>,
    commission_type: Option<CommissionType>,
    commission_model: Option<CommissionModel>,
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100, example = 20)]
    commission_percent: Option<Number>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000i64)]
    commission_amount_cents: Option<i64>,
    #[schema(minimum = 1, maximum = 120)]
    commission_limit_months: Option<i64>,
    #[schema(minimum = 0, maximum = 365)]
    commission_hold_days: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000i64)]
    lead_commission_cents: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000i64)]
    click_commission_cents: Option<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000)]
    lead_cap_per_day: Change<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000)]
    lead_cap_per_month: Change<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000)]
    click_cap_per_day: Change<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000)]
    click_cap_per_month: Change<i64>,
    #[schema(minimum = 1, maximum = 365)]
    cookie_duration: Option<i64>,
    attribution_model: Option<AttributionModel>,
    coupons_override_clicks: Option<bool>,
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100, example = 20)]
    override_percent: Option<Number>,
    refund_on_cancel: Option<bool>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000i64)]
    payout_threshold: Option<i64>,
    tracking_requires_consent: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2048, example = "https://shop.example.com")]
    website: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2048, example = "https://shop.example.com/welcome")]
    landing_page_url: Change<String>,
    #[schema(value_type = Option<Vec<Site>>, max_items = 20)]
    sites: Option<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    description: Change<String>,
    flag_self_referral: Option<bool>,
    flag_suspicious_activity: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000)]
    flag_clicks_per_day: Change<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    flag_conversion_percent: Change<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000_000_000_000i64)]
    flag_review_from_cents: Change<i64>,
    /// Part of the dialect; `true` is the only thing it can be.
    auto_approve_affiliates: Option<bool>,
}

/// For which payments a program pays.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CommissionType {
    OneTime,
    Recurring,
    RecurringLimited,
}

/// How a program reckons.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CommissionModel {
    Percent,
    Fixed,
}

impl From<Duration> for CommissionType {
    fn from(duration: Duration) -> Self {
        match duration {
            Duration::OneTime => Self::OneTime,
            Duration::Recurring => Self::Recurring,
            Duration::RecurringLimited(_) => Self::RecurringLimited,
        }
    }
}

impl From<Rate> for CommissionModel {
    fn from(rate: Rate) -> Self {
        match rate {
            Rate::Percent(_) => Self::Percent,
            Rate::Fixed(_) => Self::Fixed,
        }
    }
}

impl ProgramBody {
    /// A new program of an organization with these defaults.
    pub(super) fn create(self, defaults: &Defaults) -> Result<NewCampaign, Problem> {
        if self
            .status
            .is_some_and(|status| status != CampaignStatus::Active)
        {
            return Err(Problem::invalid(
                "status",
                "a new program is active: leave this out",
            ));
        }
        let currency = self.currency.unwrap_or(Currency::USD);
        let name = needed("name", self.name.clone())?;
        let plan = self.plan(None)?;
        let terms = self.terms(defaults.terms(currency, plan))?;
        Ok(NewCampaign {
            name,
            slug: self.slug,
            terms,
        })
    }

    /// The program as it is after the change.
    pub(super) fn change(self, old: Campaign) -> Result<Campaign, Problem> {
        if self
            .currency
            .is_some_and(|currency| currency != old.terms.currency)
        {
            let message = "commissions are recorded in this currency: it can't change";
            return Err(Problem::invalid("currency", message));
        }
        let plan = self.plan(Some(old.terms.plan))?;
        let terms = self.terms(Terms { plan, ..old.terms })?;
        let name = self.name.unwrap_or(old.name);
        let status = self.status.unwrap_or(old.status);
        Ok(Campaign {
            id: old.id,
            name,
            slug: self.slug.unwrap_or(old.slug),
            status,
            terms,
            created_at: old.created_at,
        })
    }

    fn terms(&self, old: Terms) -> Result<Terms, Problem> {
        if self.auto_approve_affiliates == Some(false) {
            let message = "affiliates are approved when they are added: leave this out";
            return Err(Problem::invalid("autoApproveAffiliates", message));
        }
        let minor =
            |name, value, old| Ok::<_, Problem>(whole(name, value, 0..=MAX_MINOR)?.unwrap_or(old));
        let lead = minor(
            "leadCommissionCents",
            self.lead_commission_cents,
            old.lead_commission_minor,
        )?;
        let click = minor(
            "clickCommissionCents",
            self.click_commission_cents,
            old.click_commission_minor,
        )?;
        let payout_threshold = minor(
            "payoutThreshold",
            self.payout_threshold,
            old.payout_threshold_minor,
        )?;
        let hold = whole(
            "commissionHoldDays",
            self.commission_hold_days,
            0..=MAX_HOLD_DAYS,
        )?;
        let cookie = whole("cookieDuration", self.cookie_duration, 1..=MAX_COOKIE_DAYS)?;
        let override_share = percent("overridePercent", self.override_percent.as_ref())?;
        Ok(Terms {
            hold_days: hold.unwrap_or(old.hold_days),
            cookie_days: cookie.unwrap_or(old.cookie_days),
            attribution_model: self.attribution_model.unwrap_or(old.attribution_model),
            coupons_override_clicks: self
                .coupons_override_clicks
                .unwrap_or(old.coupons_override_clicks),
            override_share: override_share.unwrap_or(old.override_share),
            refund_on_cancel: self.refund_on_cancel.unwrap_or(old.refund_on_cancel),
            lead_commission_minor: lead,
            click_commission_minor: click,
            lead_caps: self.lead_caps(old.lead_caps)?,
            click_caps: self.click_caps(old.click_caps)?,
            payout_threshold_minor: payout_threshold,
            tracking_requires_consent: self
                .tracking_requires_consent
                .unwrap_or(old.tracking_requires_consent),
            website: site("website", &self.website, old.website)?,
            landing_page_url: site(
                "landingPageUrl",
                &self.landing_page_url,
                old.landing_page_url,
            )?,
            sites: sites(self.sites.as_deref())?.unwrap_or(old.sites),
            flags: self.flags(old.flags)?,
            description: described(&self.description, old.description)?,
            currency: old.currency,
            plan: old.plan,
        })
    }

    fn flags(&self, old: FlagRules) -> Result<FlagRules, Problem> {
        Ok(FlagRules {
            self_referral: self.flag_self_referral.unwrap_or(old.self_referral),
            suspicious_activity: self
                .flag_suspicious_activity
                .unwrap_or(old.suspicious_activity),
            clicks_per_day: threshold(
                "flagClicksPerDay",
                &self.flag_clicks_per_day,
                old.clicks_per_day,
                MAX_FLAG_CLICKS,
            )?,
            conversion_percent: threshold(
                "flagConversionPercent",
                &self.flag_conversion_percent,
                old.conversion_percent,
                MAX_FLAG_PERCENT,
            )?,
            review_from_minor: threshold(
                "flagReviewFromCents",
                &self.flag_review_from_cents,
                old.review_from_minor,
                MAX_MINOR,
            )?,
        })
    }

    fn lead_caps(&self, old: Caps) -> Result<Caps, Problem> {
        let (day, month) = (&self.lead_cap_per_day, &self.lead_cap_per_month);
        Ok(Caps {
            per_day: threshold("leadCapPerDay", day, old.per_day, MAX_CAP)?,
            per_month: threshold("leadCapPerMonth", month, old.per_month, MAX_CAP)?,
        })
    }

    fn click_caps(&self, old: Caps) -> Result<Caps, Problem> {
        let (day, month) = (&self.click_cap_per_day, &self.click_cap_per_month);
        Ok(Caps {
            per_day: threshold("clickCapPerDay", day, old.per_day, MAX_CAP)?,
            per_month: threshold("clickCapPerMonth", month, old.per_month, MAX_CAP)?,
        })
    }

    fn plan(&self, old: Option<Plan>) -> Result<Plan, Problem> {
        Ok(Plan {
            rate: self.rate(old.map(|plan| plan.rate))?,
            duration: self.duration(old.map(|plan| plan.duration))?,
        })
    }

    fn rate(&self, old: Option<Rate>) -> Result<Rate, Problem> {
        let share = percent("commissionPercent", self.commission_percent.as_ref())?;
        let amount = whole(
            "commissionAmountCents",
            self.commission_amount_cents,
            0..=MAX_MINOR,
        )?;
        let model = self.commission_model.or(old.map(CommissionModel::from));
        match model.unwrap_or(CommissionModel::Percent) {
            CommissionModel::Percent => {
                let kept = match old {
                    Some(Rate::Percent(share)) => Some(share),
                    _ => None,
                };
                refuse(
                    "commissionAmountCents",
                    amount.is_some(),
                    "an amount needs the commissionModel fixed",
                )?;
                needed("commissionPercent", share.or(kept)).map(Rate::Percent)
            }
            CommissionModel::Fixed => {
                let kept = match old {
                    Some(Rate::Fixed(minor)) => Some(minor),
                    _ => None,
                };
                refuse(
                    "commissionPercent",
                    share.is_some(),
                    "a percentage needs the commissionModel percent",
                )?;
                needed("commissionAmountCents", amount.or(kept)).map(Rate::Fixed)
            }
        }
    }

    fn duration(&self, old: Option<Duration>) -> Result<Duration, Problem> {
        let name = "commissionLimitMonths";
        let months = whole(name, self.commission_limit_months, 1..=MAX_LIMIT_MONTHS)?;
        let kind = self.commission_type.or(old.map(CommissionType::from));
        let unlimited = match needed("commissionType", kind)? {
            CommissionType::OneTime => Duration::OneTime,
            CommissionType::Recurring => Duration::Recurring,
            CommissionType::RecurringLimited => {
                let kept = match old {
                    Some(Duration::RecurringLimited(months)) => Some(months),
                    _ => None,
                };
                return needed(name, months.or(kept)).map(Duration::RecurringLimited);
            }
        };
        refuse(
            name,
            months.is_some(),
            "a limit needs the commissionType recurring_limited",
        )?;
        Ok(unlimited)
    }
}

/// Refuses a field that contradicts another.
fn refuse(name: &str, given: bool, message: &str) -> Result<(), Problem> {
    if given {
        Err(Problem::invalid(name, message))
    } else {
        Ok(())
    }
}

/// From when on a rule asks or a cap bites, 1 to `most`; `null` turns it off.
fn threshold<T: TryFrom<i64> + PartialOrd + Display + From<u8>>(
    name: &str,
    change: &Change<i64>,
    old: Option<T>,
    most: T,
) -> Result<Option<T>, Problem> {
    let read = |number| {
        let read = whole(name, Some(number), T::from(1)..=most)?;
        needed(name, read)
    };
    Ok(change.clone().read(read)?.applied_to(old))
}

fn site(
    name: &str,
    change: &Change<String>,
    old: Option<String>,
) -> Result<Option<String>, Problem> {
    let new = change.clone().read(|text| web_address(name, &text))?;
    Ok(new.applied_to(old))
}

fn described(
    change: &Change<String>,
    old: Option<Description>,
) -> Result<Option<Description>, Problem> {
    let read = |text: String| {
        Description::parse(&text)
            .map_err(|error| Problem::invalid("description", error.to_string()))
    };
    Ok(change.clone().read(read)?.applied_to(old))
}

/// Further hosts of the merchant's, each once.
fn sites(texts: Option<&[String]>) -> Result<Option<Vec<Site>>, Problem> {
    let Some(texts) = texts else { return Ok(None) };
    let refused = |text: String| Problem::invalid("sites", text);
    let read = |text: &String| {
        Site::parse(text).map_err(|error| refused(format!("{error}, not \"{text}\"")))
    };
    let sites: BTreeSet<Site> = texts.iter().map(read).collect::<Result<_, _>>()?;
    if sites.len() > MAX_SITES {
        return Err(refused(format!("at most {MAX_SITES} sites are possible")));
    }
    Ok(Some(sites.into_iter().collect()))
}
