//! Members: listed, invited, changed, removed.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// Whom to invite, as what.
    InviteForm { email, role }
}

form! {
    /// The role that a member is to have.
    RoleForm { person, role }
}

/// The members. `open` asks for the form to invite somebody ([`INVITE`]), or for that of a member by his id; `done`
/// says what was just done.
#[server(prefix = "/rpc", endpoint = "members", input = server_fn::codec::GetUrl)]
pub async fn load_members(
    #[server(default)] open: String,
    #[server(default)] done: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.members_page(&open, &done).await;
    page.map_err(crate::request::refuse)
}

/// Invites somebody and shows the link once.
#[server(prefix = "/rpc", endpoint = "invite")]
pub async fn invite(form: InviteForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    let invited = caller.invite(&form).await;
    invited.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(crate::query::MEMBERS_PATH);
    Ok(())
}

/// Revokes an invitation.
#[server(prefix = "/rpc", endpoint = "revoke_invitation")]
pub async fn revoke_invitation(invitation: String) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    let revoked = caller.revoke_invitation(&invitation).await;
    revoked.map_err(refuse)?;
    redirect(&format!("{}?done=revoked", crate::query::MEMBERS_PATH));
    Ok(())
}

/// Gives a member another role.
#[server(prefix = "/rpc", endpoint = "change_role")]
pub async fn change_role(form: RoleForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    let changed = caller.change_role(&form).await;
    changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("{}?done=saved", crate::query::MEMBERS_PATH));
    Ok(())
}

/// Removes a member.
#[server(prefix = "/rpc", endpoint = "remove_member")]
pub async fn remove_member(person: String) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    caller.remove_member(&person).await.map_err(refuse)?;
    redirect(&format!("{}?done=removed", crate::query::MEMBERS_PATH));
    Ok(())
}

impl Question for LoadMembers {
    fn parameters(&self) -> String {
        parameters(&[("open", &self.open), ("done", &self.done)])
    }
}

/// Asks for the form to invite somebody.
pub const INVITE: &str = "invite";

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        email::Email,
        id::{InvitationId, PersonId},
        member::Role,
    };
    use leptos::prelude::*;
    use store::{
        invitation::InvitationError,
        member::{MemberError, MemberView},
    };

    use super::{
        AppError, ChangeRole, INVITE, Invite, InviteForm, RemoveMember, RevokeInvitation, RoleForm,
        Written,
    };
    use crate::{
        part::{
            fields::Refused,
            members::{Open, Told, told},
        },
        query::INVITE_PATH,
        request::{Caller, public_url},
        server_fn::form::field,
        text::{form, members as words},
    };

    /// What a new link is called on its way to the page.
    const LINK: &str = "invitation";

    impl Caller {
        pub(super) async fn members_page(
            &self,
            open: &str,
            done: &str,
        ) -> Result<Written, AppError> {
            let organization = self.organization();
            let failed = [
                Refused::of::<RemoveMember>(),
                Refused::of::<RevokeInvitation>(),
            ];
            let mut page = Told {
                members: self.store.members(organization).await?,
                invitations: self.store.invitations(organization).await?,
                viewer: (self.viewer.person_id, self.viewer.role),
                form: None,
                link: self.shown_once(LINK),
                notice: match done {
                    "saved" => Some(words::SAVED),
                    "removed" => Some(words::REMOVED),
                    "revoked" => Some(words::REVOKED),
                    _ => None,
                },
                failed: failed.into_iter().find_map(|refused| refused.failed),
                now: self.store.now().timestamp_millis(),
            };
            page.form = form_of(&page, open)?;
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        pub(super) async fn invite(&self, form: &InviteForm) -> Result<(), AppError> {
            let email = field("email", Email::parse(&form.email))?;
            let (actor, organization) = (self.actor(), self.organization());
            let invited = self
                .store
                .invite(actor, organization, &email, role(&form.role)?);
            let link = format!("{}{INVITE_PATH}/{}", public_url(), invited.await?);
            self.show_once(LINK, &link)
        }

        pub(super) async fn revoke_invitation(&self, id: &str) -> Result<(), AppError> {
            let id: InvitationId = id.parse().map_err(|_| AppError::NotFound)?;
            let (actor, organization) = (self.actor(), self.organization());
            let revoked = self
                .store
                .revoke_invitation(actor, organization, id)
                .await?;
            revoked.then_some(()).ok_or(AppError::NotFound)
        }

        pub(super) async fn change_role(&self, form: &RoleForm) -> Result<(), AppError> {
            let person: PersonId = form.person.parse().map_err(|_| AppError::NotFound)?;
            let (actor, organization) = (self.actor(), self.organization());
            let role = role(&form.role)?;
            let changed = self.store.change_role(actor, organization, person, role);
            Ok(changed.await?)
        }

        pub(super) async fn remove_member(&self, person: &str) -> Result<(), AppError> {
            let person: PersonId = person.parse().map_err(|_| AppError::NotFound)?;
            let (actor, organization) = (self.actor(), self.organization());
            Ok(self
                .store
                .remove_member(actor, organization, person)
                .await?)
        }
    }

    /// The form that is asked for, of those whom the member may change.
    fn form_of(page: &Told, open: &str) -> Result<Option<Open>, AppError> {
        if open.is_empty() || !page.may_change(Role::Viewer) {
            return Ok(None);
        }
        if open == INVITE {
            return Ok(Some(Open::Invite(Refused::of::<Invite>())));
        }
        let wanted = |member: &&MemberView| member.person_id.to_string() == open;
        let member = page.members.iter().find(wanted).ok_or(AppError::NotFound)?;
        let change = || Open::Change(member.clone(), Refused::of::<ChangeRole>());
        Ok(page.may_change(member.role).then(change))
    }

    fn role(word: &str) -> Result<Role, AppError> {
        Role::parse(word).ok_or_else(|| AppError::invalid("role", form::CHOOSE))
    }

    impl From<MemberError> for AppError {
        fn from(error: MemberError) -> Self {
            match error {
                MemberError::Store(error) => error.into(),
                MemberError::NotFound => Self::NotFound,
                MemberError::LastOwner => Self::invalid("", error),
            }
        }
    }

    impl From<InvitationError> for AppError {
        fn from(error: InvitationError) -> Self {
            match error {
                InvitationError::Store(error) => error.into(),
                InvitationError::AlreadyMember(_) => Self::invalid("email", error),
                InvitationError::Gone => Self::invalid("", error),
                InvitationError::BadPassword | InvitationError::WrongPassword => {
                    Self::invalid("password", error)
                }
            }
        }
    }
}
