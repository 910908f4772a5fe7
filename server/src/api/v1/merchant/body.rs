//! What a merchant is changed with: a field that is left out stays as it is.

use domain::{
    campaign::MAX_COOKIE_DAYS,
    lifecycle::MAX_HOLD_DAYS,
    organization::{Defaults, MAX_DEFAULT_THRESHOLD, Settings, TimeZone},
    text::Name,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::v1::field::{Change, whole},
    problem::Problem,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = MerchantChange)]
pub(crate) struct MerchantBody {
    company_name: Option<Name>,
    timezone: Option<TimeZone>,
    #[schema(minimum = 0, maximum = 365)]
    default_commission_hold_days: Option<i64>,
    #[schema(minimum = 1, maximum = 365)]
    default_cookie_duration: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000i64)]
    default_payout_threshold: Option<i64>,
    tracking_requires_consent: Option<bool>,
    // Parts of the dialect that can have one value only.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    logo_url: Change<String>,
    tracking_param_aliases: Option<Vec<String>>,
    tracking_legacy_metadata_fallback_enabled: Option<bool>,
}

impl MerchantBody {
    /// The settings as they are after the change.
    pub(super) fn change(self, old: Settings) -> Result<Settings, Problem> {
        self.only_what_there_is()?;
        let hold = whole(
            "defaultCommissionHoldDays",
            self.default_commission_hold_days,
            0..=MAX_HOLD_DAYS,
        )?;
        let cookie = whole(
            "defaultCookieDuration",
            self.default_cookie_duration,
            1..=MAX_COOKIE_DAYS,
        )?;
        let threshold = whole(
            "defaultPayoutThreshold",
            self.default_payout_threshold,
            0..=MAX_DEFAULT_THRESHOLD,
        )?;
        Ok(Settings {
            name: self.company_name.unwrap_or(old.name),
            time_zone: self.timezone.unwrap_or(old.time_zone),
            defaults: Defaults {
                hold_days: hold.unwrap_or(old.defaults.hold_days),
                cookie_days: cookie.unwrap_or(old.defaults.cookie_days),
                payout_threshold_hundredths: threshold
                    .unwrap_or(old.defaults.payout_threshold_hundredths),
                requires_consent: self
                    .tracking_requires_consent
                    .unwrap_or(old.defaults.requires_consent),
            },
        })
    }

    fn only_what_there_is(&self) -> Result<(), Problem> {
        if matches!(self.logo_url, Change::To(Some(_))) {
            let message = "no logo is kept: leave this out";
            return Err(Problem::invalid("logoUrl", message));
        }
        let aliases = self.tracking_param_aliases.as_deref();
        if aliases.is_some_and(|aliases| !aliases.is_empty()) {
            let message =
                "further parameters are named where the snippet is, in data-params: leave this out";
            return Err(Problem::invalid("trackingParamAliases", message));
        }
        if self.tracking_legacy_metadata_fallback_enabled == Some(true) {
            let message = "there is no older metadata to fall back to: leave this out";
            let field = "trackingLegacyMetadataFallbackEnabled";
            return Err(Problem::invalid(field, message));
        }
        Ok(())
    }
}
