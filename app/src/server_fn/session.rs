//! First run, signing in and out, and who is signed in.

use domain::member::Role;
use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
    wire::wire,
};

wire! {
    /// Who is signed in.
    Session {
        /// The organization's name.
        organization: String,
        /// The member's e-mail.
        email: String,
        /// What he may do.
        role: Role,
        /// How many events failed, counted up to `domain::event::MAX_FAILED_COUNT`.
        failed_events: i64,
        /// How many flags are open, counted up to `domain::fraud::MAX_OPEN_COUNT`.
        open_flags: i64,
    }
}

form! {
    /// The first run.
    SetUpForm { organization, email } secret { password }
}

form! {
    /// Signing in, and where to go then.
    SignInForm { email, next } secret { password }
}

/// Who is signed in; everybody else is sent to sign in.
#[server(prefix = "/rpc", endpoint = "session", input = server_fn::codec::GetUrl)]
pub async fn load_session() -> Result<Session, AppError> {
    let caller = crate::request::reader()?;
    let failed_events = caller.store.failed_events(caller.organization()).await;
    let open_flags = caller.store.open_flags(caller.organization()).await;
    let viewer = caller.viewer;
    Ok(Session {
        failed_events: failed_events.map_err(crate::request::refuse)?,
        open_flags: open_flags.map_err(crate::request::refuse)?,
        organization: viewer.organization_name,
        email: viewer.email,
        role: viewer.role,
    })
}

/// The page of the first run, which is for an empty database.
#[server(prefix = "/rpc", endpoint = "setup_page", input = server_fn::codec::GetUrl)]
pub async fn load_setup() -> Result<Written, AppError> {
    use crate::part::{door, fields::Refused};
    server::at_the_right_door(true).await?;
    let html = door::set_up(&Refused::of::<SetUp>()).to_html();
    Ok(Written { html })
}

/// The page to sign in.
#[server(prefix = "/rpc", endpoint = "sign_in_page", input = server_fn::codec::GetUrl)]
pub async fn load_sign_in(next: String) -> Result<Written, AppError> {
    use crate::part::{door, fields::Refused};
    server::at_the_right_door(false).await?;
    let html = door::sign_in_page(&Refused::of::<SignIn>(), &next).to_html();
    Ok(Written { html })
}

/// Makes the first organization and signs its owner in.
#[server(prefix = "/rpc", endpoint = "set_up")]
pub async fn set_up(form: SetUpForm) -> Result<(), AppError> {
    use crate::request::{
        Attempt, attempt, presented_session, redirect, refuse, start_session, store, user_agent,
    };
    let new = attempt(Attempt::SetUp).and_then(|()| form.read());
    let new = new.map_err(|error| refuse(error.keeping(form.kept())))?;
    let store = store();
    let created = store
        .set_up(new)
        .await
        .map_err(|error| refuse(AppError::from(error).keeping(form.kept())))?;
    let (owner, organization) = (created.owner_id, created.organization_id);
    let replaces = presented_session();
    let opened = store
        .open_session(owner, organization, &user_agent(), replaces.as_deref())
        .await;
    start_session(&opened.map_err(refuse)?.token);
    redirect("/dashboard/sales");
    Ok(())
}

/// Signs in and goes where one wanted to go.
#[server(prefix = "/rpc", endpoint = "sign_in")]
pub async fn sign_in(form: SignInForm) -> Result<(), AppError> {
    use crate::request::{
        Attempt, attempt, presented_session, redirect, refuse, safe_next, start_session, store,
        user_agent,
    };
    let email = super::form::field("email", domain::email::Email::parse(&form.email));
    let email = email.and_then(|email| attempt(Attempt::SignIn(&email)).map(|()| email));
    let email = email.map_err(|error| refuse(error.keeping(form.kept())))?;
    let (password, replaces) = (form.password.clone(), presented_session());
    let signed_in = store()
        .sign_in(&email, password, &user_agent(), replaces.as_deref())
        .await;
    let signed_in =
        signed_in.map_err(|error| refuse(AppError::from(error).keeping(form.kept())))?;
    start_session(&signed_in.token);
    redirect(safe_next(&form.next));
    Ok(())
}

/// Ends the session.
#[server(prefix = "/rpc", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), AppError> {
    use crate::request::{end_session, redirect, refuse, store};
    if let Some(token) = end_session() {
        store().sign_out(&token).await.map_err(refuse)?;
    }
    redirect("/sign-in");
    Ok(())
}

impl Question for LoadSession {}

impl Question for LoadSetup {}

impl Question for LoadSignIn {
    fn parameters(&self) -> String {
        parameters(&[("next", &self.next)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{email::Email, text::Name};
    use store::{
        organization::{NewOrganization, OrganizationError},
        session::SignInError,
    };

    use leptos::prelude::use_context;

    use super::{AppError, SetUpForm};
    use crate::{
        request::{redirect, refuse, store},
        server_fn::form::field,
    };

    /// Sends those who are at the wrong door to the right one: those who are signed in need neither.
    pub(super) async fn at_the_right_door(is_setup: bool) -> Result<(), AppError> {
        let needs_setup = store().needs_setup().await.map_err(refuse)?;
        let is_signed_in = use_context::<Option<store::session::Viewer>>()
            .flatten()
            .is_some();
        match (needs_setup, is_setup) {
            (true, false) => redirect("/setup"),
            (false, true) => redirect("/sign-in"),
            (false, false) if is_signed_in => redirect("/dashboard/sales"),
            _ => {}
        }
        Ok(())
    }

    impl SetUpForm {
        pub(super) fn read(&self) -> Result<NewOrganization, AppError> {
            Ok(NewOrganization {
                name: field("organization", Name::parse(&self.organization))?,
                owner_email: field("email", Email::parse(&self.email))?,
                owner_password: self.password.clone(),
                api_key: None,
            })
        }
    }

    impl From<OrganizationError> for AppError {
        fn from(error: OrganizationError) -> Self {
            match error {
                OrganizationError::Store(error) => error.into(),
                OrganizationError::AlreadySetUp
                | OrganizationError::BadKey(_)
                | OrganizationError::KeyTaken => Self::invalid("", error),
                OrganizationError::BadPassword | OrganizationError::WrongPassword => {
                    Self::invalid("password", error)
                }
            }
        }
    }

    impl From<SignInError> for AppError {
        fn from(error: SignInError) -> Self {
            match error {
                SignInError::Store(error) => error.into(),
                SignInError::Refused => Self::invalid("", error),
            }
        }
    }
}
