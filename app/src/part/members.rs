//! Members and invitations as markup. Written on the server only (see [`super::served`]).

use domain::{id::PersonId, member::Role};
use leptos::prelude::*;
use store::{invitation::InvitationView, member::MemberView};

use super::{
    fields::{Field, Refused, form, input, panel, select, submit},
    icon::{Icon, icon},
    once::once,
    served::short_moment,
    settings_tabs::{Tab, head, section},
    table,
};
use crate::{
    moment::Millis,
    query::MEMBERS_PATH as HERE,
    server_fn::{
        Choice,
        member::{ChangeRole, Invite, RemoveMember, RevokeInvitation},
    },
    text::{ACTIONS, TIMES_ARE_UTC, members as words},
};

const EMAIL: Field = Field::new("email", words::EMAIL, words::EMAIL_HINT).kind("email");
const ROLE: Field = Field::new("role", words::ROLE, words::ROLE_HINT);

/// A form that is open.
pub(crate) enum Open {
    /// To invite somebody.
    Invite(Refused),
    /// To change this member.
    Change(MemberView, Refused),
}

/// What is told.
pub(crate) struct Told {
    pub(crate) members: Vec<MemberView>,
    pub(crate) invitations: Vec<InvitationView>,
    /// Who looks at it, and what he may do.
    pub(crate) viewer: (PersonId, Role),
    pub(crate) form: Option<Open>,
    /// A link that was just made.
    pub(crate) link: Option<String>,
    /// What was just done.
    pub(crate) notice: Option<&'static str>,
    /// Why something was not done.
    pub(crate) failed: Option<String>,
    /// When this is told, which decides how moments are written.
    pub(crate) now: Millis,
}

impl Told {
    /// May whoever looks at it change a member of this role, or invite one?
    pub(crate) fn may_change(&self, role: Role) -> bool {
        let (_, own) = self.viewer;
        own.may_administer() && (role != Role::Owner || own.may_own())
    }

    /// The roles that whoever looks at it may give.
    fn roles(&self) -> Vec<Choice> {
        let may = Role::ALL.iter().filter(|role| self.may_change(**role));
        may.map(|role| Choice::new(role.as_str(), role.label()))
            .collect()
    }
}

/// The page.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let add = page.may_change(Role::Viewer).then(|| {
        let href = format!("{HERE}?open=invite");
        view! { <a class="btn main push" href=href>{icon(Icon::Plus)}<span>{words::INVITE}</span></a> }
            .into_any()
    });
    let notice = page
        .notice
        .map(|text| view! { <p class="notice" role="status">{text}</p> });
    let failed = page
        .failed
        .clone()
        .map(|why| view! { <p class="form-error" role="alert">{why}</p> });
    let link = page.link.as_deref();
    let link = link.map(|link| once(words::LINK, words::LINK_ONCE, link));
    let open = page.form.as_ref().map(|open| match open {
        Open::Invite(refused) => invite_form(page, refused),
        Open::Change(member, refused) => change_form(page, member, refused),
    });
    view! {
        {head(Tab::Members, add)}
        {notice}
        {failed}
        {link}
        {open}
        {members(page)}
        {invitations(page)}
        {section("roles", words::ROLES, "", roles())}
        <noscript><p class="hint foot">{TIMES_ARE_UTC}</p></noscript>
    }
}

fn members(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::EMAIL, ""),
        (words::ROLE, ""),
        (words::JOINED, ""),
        (words::LAST_SEEN, ""),
        (ACTIONS, "num"),
    ];
    let rows = page.members.iter().map(|member| row(page, member));
    view! {
        <table role="table" class="plain settled">
            {table::head(words::CAPTION, columns)}
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
}

fn row(page: &Told, member: &MemberView) -> impl IntoView + use<> {
    let is_self = member.person_id == page.viewer.0;
    let you = is_self.then(|| view! { " "<span class="word">{words::YOU}</span> });
    let seen = match member.last_seen_at {
        Some(at) => short_moment(at, page.now).into_any(),
        None => words::NOT_SEEN.into_any(),
    };
    let change = page.may_change(member.role).then(|| {
        let href = format!("{HERE}?open={}", member.person_id);
        let whose = format!(" {}", member.email);
        view! { <a class="link" href=href>{words::CHANGE}<span class="visually-hidden">{whose}</span></a> }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{member.email.clone()}{you}</th>
            <td role="cell" data-label=words::ROLE><span title=words::role(member.role)>{member.role.label()}</span></td>
            <td role="cell" data-label=words::JOINED class="muted">{short_moment(member.joined_at, page.now)}</td>
            <td role="cell" data-label=words::LAST_SEEN class="muted">{seen}</td>
            <td role="cell" class="num">{change}</td>
        </tr>
    }
}

fn invitations(page: &Told) -> Option<impl IntoView + use<>> {
    if page.invitations.is_empty() {
        return None;
    }
    let columns = vec![
        (words::EMAIL, ""),
        (words::ROLE, ""),
        (words::INVITED, ""),
        (words::ENDS, ""),
        (ACTIONS, "num"),
    ];
    let rows = page.invitations.iter().map(|one| invitation(page, one));
    Some(view! {
        <h2 class="above">{words::INVITED}</h2>
        <table role="table" class="plain settled">
            {table::head(words::INVITED_CAPTION, columns)}
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    })
}

fn invitation(page: &Told, one: &InvitationView) -> impl IntoView + use<> {
    let is_over = one.expires_at.timestamp_millis() <= page.now;
    let ends = if is_over {
        view! { <span class="status denied">{icon(Icon::Denied)}{words::EXPIRED}</span> }.into_any()
    } else {
        short_moment(one.expires_at, page.now).into_any()
    };
    let revoke = page.may_change(Role::Viewer).then(|| {
        let fields = view! {
            <input type="hidden" name="invitation" value=one.id.to_string()/>
            <button type="submit" class="as-link">{words::REVOKE}<span class="visually-hidden">{format!(" {}", one.email)}</span></button>
        };
        form::<RevokeInvitation>("", &Refused::default(), fields.into_any())
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{one.email.clone()}</th>
            <td role="cell" data-label=words::ROLE>{one.role.label()}</td>
            <td role="cell" data-label=words::INVITED class="muted">{short_moment(one.created_at, page.now)}</td>
            <td role="cell" data-label=words::ENDS class="muted">{ends}</td>
            <td role="cell" class="num">{revoke}</td>
        </tr>
    }
}

/// What each role may do.
fn roles() -> AnyView {
    let line = |role: &Role| view! { <dt>{role.label()}</dt><dd>{words::role(*role)}</dd> };
    view! { <dl class="pairs">{Role::ALL.iter().map(line).collect_view()}</dl> }.into_any()
}

fn invite_form(page: &Told, refused: &Refused) -> AnyView {
    let fields = view! {
        {input(&EMAIL, refused, "")}
        {select(&ROLE, refused, page.roles(), Role::Viewer.as_str())}
        {submit(words::INVITE_NOW)}
    }
    .into_any();
    panel(words::INVITE, HERE, form::<Invite>("grid", refused, fields))
}

fn change_form(page: &Told, member: &MemberView, refused: &Refused) -> AnyView {
    let person = member.person_id.to_string();
    let fields = view! {
        <input type="hidden" name="form[person]" value=person.clone()/>
        {select(&ROLE, refused, page.roles(), member.role.as_str())}
        {submit(words::SAVE)}
    }
    .into_any();
    let removal = view! {
        <input type="hidden" name="person" value=person/>
        <p class="hint">{words::REMOVE_HINT}</p>
        <button type="submit" class="btn danger">{words::REMOVE_NOW}</button>
    }
    .into_any();
    let both = view! {
        <p class="about"><b>{member.email.clone()}</b></p>
        {form::<ChangeRole>("grid", refused, fields)}
        <details class="removal">
            <summary>{words::REMOVE}</summary>
            {form::<RemoveMember>("", &Refused::default(), removal)}
        </details>
    };
    panel(words::CHANGE_ONE, HERE, both.into_any())
}
