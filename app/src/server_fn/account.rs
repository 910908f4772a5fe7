//! Somebody's own account: e-mail, password, sessions, and the organization he looks at. Open to every member.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// Another e-mail to sign in with.
    EmailForm { email } secret { password }
}

/// Another password. Neither is ever given back.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PasswordForm {
    /// The one there is.
    #[serde(default)]
    pub current: String,
    /// The one there is to be.
    #[serde(default)]
    pub new: String,
}

/// The account of whoever asks; `done` says what was just done.
#[server(prefix = "/rpc", endpoint = "account", input = server_fn::codec::GetUrl)]
pub async fn load_account(#[server(default)] done: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.account_page(&done).await;
    page.map_err(crate::request::refuse)
}

/// Signs in with another e-mail from now on.
#[server(prefix = "/rpc", endpoint = "change_email")]
pub async fn change_email(form: EmailForm) -> Result<(), AppError> {
    use crate::request::{reader, refuse};
    let changed = reader()?.change_email(&form).await;
    changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    server::done("email");
    Ok(())
}

/// Signs in with another password from now on, and signs out everywhere else.
#[server(prefix = "/rpc", endpoint = "change_password")]
pub async fn change_password(form: PasswordForm) -> Result<(), AppError> {
    use crate::request::{reader, refuse};
    let changed = reader()?.change_password(&form).await;
    changed.map_err(refuse)?;
    server::done("password");
    Ok(())
}

/// Signs one browser out.
#[server(prefix = "/rpc", endpoint = "end_session")]
pub async fn end_session(session: String) -> Result<(), AppError> {
    use crate::request::{reader, refuse};
    let ended = reader()?.end_session(&session).await;
    ended.map_err(refuse)?;
    server::done("ended");
    Ok(())
}

/// Signs all other browsers out.
#[server(prefix = "/rpc", endpoint = "end_other_sessions")]
pub async fn end_other_sessions() -> Result<(), AppError> {
    use crate::request::{reader, refuse};
    let ended = reader()?.end_other_sessions().await;
    ended.map_err(refuse)?;
    server::done("ended");
    Ok(())
}

/// Looks at another organization from now on.
#[server(prefix = "/rpc", endpoint = "switch_organization")]
pub async fn switch_organization(organization: String) -> Result<(), AppError> {
    use crate::request::{reader, redirect, refuse, start_session};
    let switched = reader()?.switch_organization(&organization).await;
    start_session(&switched.map_err(refuse)?.token);
    redirect(crate::query::SALES_PATH);
    Ok(())
}

impl Question for LoadAccount {
    fn parameters(&self) -> String {
        parameters(&[("done", &self.done)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        email::Email,
        id::{OrganizationId, SessionId},
    };
    use leptos::prelude::*;
    use store::{account::AccountError, session::SignedIn};

    use super::{AppError, ChangeEmail, ChangePassword, EmailForm, PasswordForm, Written};
    use crate::{
        part::{
            account::{Told, told},
            fields::Refused,
        },
        query::ACCOUNT_PATH,
        request::{Attempt, Caller, attempt, presented_session, redirect, user_agent},
        server_fn::form::field,
        text::account as words,
    };

    /// Back to the page, which says what was done.
    pub(super) fn done(what: &str) {
        redirect(&format!("{ACCOUNT_PATH}?done={what}"));
    }

    /// The session that asks.
    fn token() -> String {
        presented_session().unwrap_or_default()
    }

    impl Caller {
        pub(super) async fn account_page(&self, done: &str) -> Result<Written, AppError> {
            let person = self.viewer.person_id;
            let page = Told {
                email: self.viewer.email.clone(),
                sessions: self.store.own_sessions(person, &token()).await?,
                organizations: self.store.memberships(person).await?,
                here: self.organization(),
                email_refused: Refused::of::<ChangeEmail>(),
                password_refused: Refused::of::<ChangePassword>(),
                notice: match done {
                    "email" => Some(words::EMAIL_SAVED),
                    "password" => Some(words::PASSWORD_SAVED),
                    "ended" => Some(words::ENDED),
                    _ => None,
                },
                now: self.store.now().timestamp_millis(),
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        /// A session that was left open must not become a way to guess its person's password.
        fn tries_password(&self) -> Result<(), AppError> {
            let email = Email::parse(&self.viewer.email).map_err(|_| AppError::broken())?;
            attempt(Attempt::SignIn(&email))
        }

        pub(super) async fn change_email(&self, form: &EmailForm) -> Result<(), AppError> {
            let email = field("email", Email::parse(&form.email))?;
            self.tries_password()?;
            let password = form.password.clone();
            let changed = self.store.change_email(&self.viewer, password, &email);
            changed.await.map_err(|error| of_field("password", error))
        }

        pub(super) async fn change_password(&self, form: &PasswordForm) -> Result<(), AppError> {
            self.tries_password()?;
            let (current, new) = (form.current.clone(), form.new.clone());
            let token = token();
            let changed = self
                .store
                .change_password(&self.viewer, &token, current, new);
            changed.await.map_err(|error| of_field("current", error))
        }

        pub(super) async fn end_session(&self, id: &str) -> Result<(), AppError> {
            let id: SessionId = id.parse().map_err(|_| AppError::NotFound)?;
            let ended = self.store.end_session(&self.viewer, id).await?;
            ended.then_some(()).ok_or(AppError::NotFound)
        }

        pub(super) async fn end_other_sessions(&self) -> Result<(), AppError> {
            self.store
                .end_other_sessions(&self.viewer, &token())
                .await?;
            Ok(())
        }

        pub(super) async fn switch_organization(&self, id: &str) -> Result<SignedIn, AppError> {
            let id: OrganizationId = id.parse().map_err(|_| AppError::NotFound)?;
            let (browser, token) = (user_agent(), token());
            let switched = self
                .store
                .switch_organization(&self.viewer, id, &browser, &token);
            switched.await?.ok_or(AppError::NotFound)
        }
    }

    /// `current` is the form's field for the password that is proven.
    fn of_field(current: &str, error: AccountError) -> AppError {
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::WrongPassword => AppError::invalid(current, error),
            AccountError::BadPassword => AppError::invalid("new", error),
            AccountError::EmailTaken => AppError::invalid("email", error),
        }
    }
}
