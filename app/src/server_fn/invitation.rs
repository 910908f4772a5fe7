//! Joining an organization by an invitation's link.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// Whoever holds the link, and the password he signs in with, or will.
    JoinForm { token } secret { password }
}

/// The page behind a link.
#[server(prefix = "/rpc", endpoint = "invitation", input = server_fn::codec::GetUrl)]
pub async fn load_invitation(token: String) -> Result<Written, AppError> {
    server::invitation_page(&token)
        .await
        .map_err(crate::request::refuse)
}

/// Joins, and signs in.
#[server(prefix = "/rpc", endpoint = "join")]
pub async fn join(form: JoinForm) -> Result<(), AppError> {
    use crate::request::{presented_session, redirect, refuse, start_session, store, user_agent};
    let joined = server::joined(&form).await;
    let (person, organization) = joined.map_err(|error| refuse(error.keeping(form.kept())))?;
    let replaces = presented_session();
    let opened = store()
        .open_session(person, organization, &user_agent(), replaces.as_deref())
        .await;
    start_session(&opened.map_err(refuse)?.token);
    redirect("/dashboard/sales");
    Ok(())
}

impl Question for LoadInvitation {
    fn parameters(&self) -> String {
        parameters(&[("token", &self.token)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::id::{OrganizationId, PersonId};
    use leptos::prelude::*;
    use store::{
        invitation::{InvitationError, Invited, Proof},
        session::Viewer,
    };

    use super::{AppError, Join, JoinForm, Written};
    use crate::{
        part::{door, fields::Refused},
        request::{Attempt, attempt, refuse, store},
    };

    pub(super) async fn invitation_page(token: &str) -> Result<Written, AppError> {
        let html = if let Some(invited) = store().invitation(token).await? {
            let is_himself = signed_in_as(&invited).is_some();
            let refused = Refused::of::<Join>();
            door::invitation(&invited, is_himself, token, &refused).to_html()
        } else {
            drop(refuse(AppError::NotFound));
            door::invitation_gone().to_html()
        };
        Ok(Written { html })
    }

    /// Whoever proves to be the one who is invited is a member then. Passwords can't be guessed here either.
    pub(super) async fn joined(form: &JoinForm) -> Result<(PersonId, OrganizationId), AppError> {
        let invited = store().invitation(&form.token).await?;
        let invited = invited.ok_or_else(|| AppError::from(InvitationError::Gone))?;
        let proof = if let Some(viewer) = signed_in_as(&invited) {
            Proof::Session(viewer.person_id)
        } else {
            attempt(Attempt::SignIn(&invited.email))?;
            Proof::Password(form.password.clone())
        };
        Ok(store().join(&form.token, proof).await?)
    }

    /// The one who is invited, if he is signed in.
    fn signed_in_as(invited: &Invited) -> Option<Viewer> {
        let viewer = use_context::<Option<Viewer>>().flatten();
        viewer.filter(|viewer| Some(viewer.person_id) == invited.person_id)
    }
}
