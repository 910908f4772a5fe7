//! Keys to the API: listed, made, revoked.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Written;
use crate::{
    call::{Question, parameters},
    error::AppError,
};

/// A new key: `last_day` is a day or empty, `scopes` what it may do, as the API calls it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct KeyForm {
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Until when it works.
    #[serde(default)]
    pub last_day: String,
    /// The boxes that are ticked.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// The keys that work. `add` opens the form for a new one; `done` says what was just done.
#[server(prefix = "/rpc", endpoint = "api_keys", input = server_fn::codec::GetUrl)]
pub async fn load_keys(
    #[server(default)] add: String,
    #[server(default)] done: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.keys_page(!add.is_empty(), &done).await;
    page.map_err(crate::request::refuse)
}

/// Makes a key and shows it once.
#[server(prefix = "/rpc", endpoint = "add_api_key")]
pub async fn add_key(form: KeyForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    let added = caller.add_key(&form).await;
    added.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(crate::query::API_KEYS_PATH);
    Ok(())
}

/// Revokes a key.
#[server(prefix = "/rpc", endpoint = "revoke_api_key")]
pub async fn revoke_key(key: String) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    caller.revoke_key(&key).await.map_err(refuse)?;
    redirect(&format!("{}?done=revoked", crate::query::API_KEYS_PATH));
    Ok(())
}

impl Question for LoadKeys {
    fn parameters(&self) -> String {
        parameters(&[("add", &self.add), ("done", &self.done)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use std::collections::BTreeSet;

    use chrono::{DateTime, Utc};
    use domain::{id::ApiKeyId, scope::Scope, text::Name};
    use leptos::prelude::*;

    use super::{AddKey, AppError, KeyForm, RevokeKey, Written};
    use crate::{
        part::{
            api_keys::{Told, told},
            fields::Refused,
        },
        request::Caller,
        server_fn::form::{end_of, field, optional},
        text::api_keys as words,
    };

    /// What a new key is called on its way to the page.
    const KEY: &str = "api_key";

    impl KeyForm {
        /// What was typed and ticked.
        pub(super) fn kept(&self) -> Vec<(String, String)> {
            let kept = [
                ("name", self.name.clone()),
                ("last_day", self.last_day.clone()),
                ("scopes", self.scopes.join(" ")),
            ];
            kept.map(|(name, typed)| (name.to_owned(), typed)).into()
        }

        /// Each once, in the order people read them.
        fn scopes(&self) -> Result<Vec<Scope>, AppError> {
            let unknown = || AppError::invalid("scopes", words::UNKNOWN_SCOPE);
            let scopes = self.scopes.iter();
            let scopes = scopes.map(|word| Scope::parse(word).ok_or_else(unknown));
            let scopes: BTreeSet<Scope> = scopes.collect::<Result<_, _>>()?;
            if scopes.is_empty() {
                return Err(AppError::invalid("scopes", words::SCOPES_ERROR));
            }
            Ok(scopes.into_iter().collect())
        }
    }

    impl Caller {
        pub(super) async fn keys_page(
            &self,
            is_adding: bool,
            done: &str,
        ) -> Result<Written, AppError> {
            let may_edit = self.viewer.role.may_administer();
            let page = Told {
                keys: self.store.api_keys(self.organization()).await?,
                form: (is_adding && may_edit).then(Refused::of::<AddKey>),
                key: self.shown_once(KEY),
                notice: (done == "revoked").then_some(words::REVOKED),
                failed: Refused::of::<RevokeKey>().failed,
                may_edit,
                now: self.store.now(),
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        pub(super) async fn add_key(&self, form: &KeyForm) -> Result<(), AppError> {
            let name = field("name", Name::parse(&form.name))?;
            let end = optional("last_day", &form.last_day, |typed| self.key_end(typed))?;
            let scopes = form.scopes()?;
            let (actor, organization) = (self.actor(), self.organization());
            let added = self
                .store
                .add_api_key(actor, organization, &name, &scopes, end);
            let (_, key) = added.await?;
            self.show_once(KEY, &key)
        }

        /// The end of a day that is not over.
        fn key_end(&self, typed: &str) -> Result<DateTime<Utc>, &'static str> {
            let end = end_of(typed)?;
            Some(end)
                .filter(|end| *end > self.store.now())
                .ok_or(words::PAST)
        }

        pub(super) async fn revoke_key(&self, id: &str) -> Result<(), AppError> {
            let id: ApiKeyId = id.parse().map_err(|_| AppError::NotFound)?;
            let (actor, organization) = (self.actor(), self.organization());
            let revoked = self.store.revoke_api_key(actor, organization, id).await?;
            revoked.then_some(()).ok_or(AppError::NotFound)
        }
    }
}
