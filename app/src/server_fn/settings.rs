//! Settings of the organization as a whole.

use leptos::prelude::*;

use super::Written;
use crate::{call::Question, error::AppError};

/// The first page of settings.
#[server(prefix = "/rpc", endpoint = "settings", input = server_fn::codec::GetUrl)]
pub async fn load_settings() -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.settings_page().await;
    page.map_err(crate::request::refuse)
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

impl Question for LoadSettings {}

#[cfg(feature = "ssr")]
mod server {
    use leptos::prelude::*;

    use super::{AppError, RotateS2sSecret, Written};
    use crate::{
        part::{
            fields::Refused,
            settings::{Told, told},
        },
        request::Caller,
    };

    /// What a new secret for signed calls is called on its way to the page.
    const S2S: &str = "s2s";

    impl Caller {
        pub(super) async fn settings_page(&self) -> Result<Written, AppError> {
            let organization = self.organization();
            let page = Told {
                name: self.viewer.organization_name.clone(),
                id: organization,
                s2s_secrets: self.store.s2s_secrets(organization).await?.len(),
                s2s_refused: Refused::of::<RotateS2sSecret>(),
                new_s2s_secret: self.shown_once(S2S),
                may_edit: self.viewer.role.may_administer(),
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        pub(super) async fn rotate_s2s_secret(&self) -> Result<(), AppError> {
            let (actor, organization) = (self.actor(), self.organization());
            let secret = self.store.rotate_s2s_secret(actor, organization).await?;
            self.show_once(S2S, &secret)
        }
    }
}
