//! Settings of the organization as a whole.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// Who the organization is.
    OrganizationForm { name, time_zone }
}

form! {
    /// What new campaigns start with; `consent` is `yes` or `no`.
    DefaultsForm { hold_days, cookie_days, threshold, consent }
}

/// The first page of settings; `done` says that something was just saved.
#[server(prefix = "/rpc", endpoint = "settings", input = server_fn::codec::GetUrl)]
pub async fn load_settings(#[server(default)] done: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.settings_page(!done.is_empty()).await;
    page.map_err(crate::request::refuse)
}

/// Changes the name and the time zone.
#[server(prefix = "/rpc", endpoint = "change_organization")]
pub async fn change_organization(form: OrganizationForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let changed = administrator()?.change_organization(&form).await;
    changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("{}?done=saved", crate::query::SETTINGS_PATH));
    Ok(())
}

/// Changes what new campaigns start with.
#[server(prefix = "/rpc", endpoint = "change_defaults")]
pub async fn change_defaults(form: DefaultsForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let changed = administrator()?.change_defaults(&form).await;
    changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("{}?done=saved", crate::query::SETTINGS_PATH));
    Ok(())
}

/// Makes a new secret for signed calls and shows it once.
#[server(prefix = "/rpc", endpoint = "rotate_s2s_secret")]
pub async fn rotate_s2s_secret() -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    caller.rotate_s2s_secret().await.map_err(refuse)?;
    redirect(crate::query::SETTINGS_PATH);
    Ok(())
}

impl Question for LoadSettings {
    fn parameters(&self) -> String {
        parameters(&[("done", &self.done)])
    }
}

#[cfg(feature = "ssr")]
pub(crate) use server::threshold;

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        campaign::MAX_COOKIE_DAYS,
        lifecycle::MAX_HOLD_DAYS,
        money::{Currency, Money},
        organization::{Defaults, MAX_DEFAULT_THRESHOLD, Settings, TimeZone},
        text::Name,
    };
    use leptos::prelude::*;
    use store::organization::SettingsError;

    use super::{
        AppError, ChangeDefaults, ChangeOrganization, DefaultsForm, OrganizationForm,
        RotateS2sSecret, Written,
    };
    use crate::{
        part::{
            fields::Refused,
            settings::{Told, told},
        },
        request::Caller,
        server_fn::form::{field, number},
        text::settings as words,
    };

    /// What a new secret for signed calls is called on its way to the page.
    const S2S: &str = "s2s";

    /// `5000` hundredths of any currency's unit as people type them: `50.00`.
    pub(crate) fn threshold(hundredths: i64) -> String {
        Money::new(hundredths, Currency::USD).to_decimal()
    }

    impl DefaultsForm {
        fn read(&self) -> Result<Defaults, AppError> {
            let typed = Money::from_decimal(self.threshold.trim(), Currency::USD);
            let hundredths = typed.ok().map(|money| money.minor);
            let fits = hundredths.filter(|it| (0..=MAX_DEFAULT_THRESHOLD).contains(it));
            Ok(Defaults {
                hold_days: number("hold_days", &self.hold_days, 0..=MAX_HOLD_DAYS)?,
                cookie_days: number("cookie_days", &self.cookie_days, 1..=MAX_COOKIE_DAYS)?,
                payout_threshold_hundredths: fits
                    .ok_or_else(|| AppError::invalid("threshold", words::NEED_THRESHOLD))?,
                requires_consent: self.consent == "yes",
            })
        }
    }

    impl Caller {
        pub(super) async fn settings_page(&self, is_saved: bool) -> Result<Written, AppError> {
            let organization = self.organization();
            let may_edit = self.viewer.role.may_administer();
            let time_zones = if may_edit {
                self.store.time_zones().await?
            } else {
                Vec::new()
            };
            let page = Told {
                organization: self.store.organization(organization).await?,
                time_zones,
                organization_refused: Refused::of::<ChangeOrganization>(),
                defaults_refused: Refused::of::<ChangeDefaults>(),
                s2s_secrets: self.store.s2s_secrets(organization).await?.len(),
                s2s_refused: Refused::of::<RotateS2sSecret>(),
                new_s2s_secret: self.shown_once(S2S),
                is_saved,
                may_edit,
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        pub(super) async fn change_organization(
            &self,
            form: &OrganizationForm,
        ) -> Result<(), AppError> {
            let name = field("name", Name::parse(&form.name))?;
            let time_zone = field("time_zone", TimeZone::parse(&form.time_zone))?;
            let change = |settings| {
                Ok(Settings {
                    name,
                    time_zone,
                    ..settings
                })
            };
            self.change_settings(change).await
        }

        pub(super) async fn change_defaults(&self, form: &DefaultsForm) -> Result<(), AppError> {
            let defaults = form.read()?;
            let change = |settings| {
                Ok(Settings {
                    defaults,
                    ..settings
                })
            };
            self.change_settings(change).await
        }

        async fn change_settings(
            &self,
            change: impl FnOnce(Settings) -> Result<Settings, AppError> + Send,
        ) -> Result<(), AppError> {
            let (actor, organization) = (self.actor(), self.organization());
            let changed = self.store.change_settings(actor, organization, change);
            changed.await.map(drop)
        }

        pub(super) async fn rotate_s2s_secret(&self) -> Result<(), AppError> {
            let (actor, organization) = (self.actor(), self.organization());
            let secret = self.store.rotate_s2s_secret(actor, organization).await?;
            self.show_once(S2S, &secret)
        }
    }

    impl From<SettingsError> for AppError {
        fn from(error: SettingsError) -> Self {
            match error {
                SettingsError::NoTimeZone(_) => Self::invalid("time_zone", error),
                SettingsError::Store(error) => error.into(),
            }
        }
    }
}
