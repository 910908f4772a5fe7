//! Somebody's own account as markup. Written on the server only (see [`super::served`]).

use domain::id::OrganizationId;
use leptos::{either::Either, prelude::*};
use store::account::{Membership, SessionView};

use super::{
    fields::{Field, Refused, form, input, submit},
    served::short_moment,
    settings_tabs::{Tab, head, section},
};
use crate::{
    moment::Millis,
    server_fn::account::{
        ChangeEmail, ChangePassword, EndOtherSessions, EndSession, SwitchOrganization,
    },
    text::{TIMES_ARE_UTC, account as words},
};

const EMAIL: Field = Field::new("email", words::NEW_EMAIL, "")
    .kind("email")
    .autocomplete("email");
const CONFIRM: Field = Field::new("password", words::CONFIRM, words::CONFIRM_HINT)
    .kind("password")
    .autocomplete("current-password");
const CURRENT: Field = Field::new("current", words::CURRENT, "")
    .kind("password")
    .autocomplete("current-password");
const NEW: Field = Field::new("new", words::NEW, words::NEW_HINT)
    .kind("password")
    .autocomplete("new-password");

/// What is told.
pub(crate) struct Told {
    pub(crate) email: String,
    pub(crate) sessions: Vec<SessionView>,
    pub(crate) organizations: Vec<Membership>,
    /// The one he is signed in to.
    pub(crate) here: OrganizationId,
    pub(crate) email_refused: Refused,
    pub(crate) password_refused: Refused,
    /// What was just done.
    pub(crate) notice: Option<&'static str>,
    /// When this is told, which decides how moments are written.
    pub(crate) now: Millis,
}

/// The page.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let notice = page
        .notice
        .map(|text| view! { <p class="notice" role="status">{text}</p> });
    let organizations = (page.organizations.len() > 1).then(|| {
        let list = organizations(page);
        section(
            "organizations",
            words::ORGANIZATIONS,
            words::ORGANIZATIONS_HINT,
            list,
        )
    });
    view! {
        {head(Tab::Account, None)}
        {notice}
        {organizations}
        {section("sessions", words::SESSIONS, words::SESSIONS_HINT, sessions(page))}
        {section("sign-in-password", words::PASSWORD, words::PASSWORD_SECTION_HINT, password(page))}
        {section("sign-in-email", words::EMAIL, words::EMAIL_SECTION_HINT, email(page))}
        <noscript><p class="hint foot">{TIMES_ARE_UTC}</p></noscript>
    }
}

fn organizations(page: &Told) -> AnyView {
    let line = |one: &Membership| {
        let way = if one.organization_id == page.here {
            Either::Left(view! { <span class="word">{words::HERE}</span> })
        } else {
            let fields = view! {
                <input type="hidden" name="organization" value=one.organization_id.to_string()/>
                <button type="submit" class="btn">{words::SWITCH}<span class="visually-hidden">{format!(" to {}", one.name)}</span></button>
            };
            let refused = Refused::of::<SwitchOrganization>();
            Either::Right(form::<SwitchOrganization>("", &refused, fields.into_any()))
        };
        view! { <li><span><b>{one.name.clone()}</b><small>{one.role.label()}</small></span>{way}</li> }
    };
    view! { <ul class="lines">{page.organizations.iter().map(line).collect_view()}</ul> }.into_any()
}

fn sessions(page: &Told) -> AnyView {
    let several = page.organizations.len() > 1;
    let lines = page.sessions.iter();
    let lines = lines.map(|one| session(one, several, page.now));
    let others = page.sessions.iter().any(|one| !one.is_this).then(|| {
        let button = view! { <button type="submit" class="btn">{words::END_OTHERS}</button> };
        form::<EndOtherSessions>("", &Refused::of::<EndOtherSessions>(), button.into_any())
    });
    view! {
        <ul class="lines" aria-label=words::SESSIONS_LIST>{lines.collect_view()}</ul>
        {others}
    }
    .into_any()
}

fn session(one: &SessionView, several: bool, now: Millis) -> impl IntoView + use<> {
    let browser = words::browser(&one.user_agent);
    let of = several.then(|| format!("{} · ", one.organization_name));
    let way = if one.is_this {
        Either::Left(view! { <span class="word">{words::THIS}</span> })
    } else {
        let fields = view! {
            <input type="hidden" name="session" value=one.id.to_string()/>
            <button type="submit" class="btn">{words::END}<span class="visually-hidden">{format!(" of {browser}")}</span></button>
        };
        let refused = Refused::of::<EndSession>();
        Either::Right(form::<EndSession>("", &refused, fields.into_any()))
    };
    view! {
        <li>
            <span>
                <b title=one.user_agent.clone()>{browser.clone()}</b>
                <small>{of}{words::LAST_SEEN}{short_moment(one.last_seen_at, now)}{words::SINCE}{short_moment(one.created_at, now)}</small>
            </span>
            {way}
        </li>
    }
}

fn password(page: &Told) -> AnyView {
    let refused = &page.password_refused;
    let fields = view! {
        <input type="email" autocomplete="username" value=page.email.clone() hidden readonly/>
        {input(&CURRENT, refused, "")}
        {input(&NEW, refused, "")}
        {submit(words::SAVE_PASSWORD)}
    };
    form::<ChangePassword>("grid", refused, fields.into_any())
}

fn email(page: &Told) -> AnyView {
    let refused = &page.email_refused;
    let fields = view! {
        {input(&EMAIL, refused, "")}
        {input(&CONFIRM, refused, "")}
        {submit(words::SAVE_EMAIL)}
    };
    view! {
        <p class="name">{page.email.clone()}</p>
        {form::<ChangeEmail>("grid", refused, fields.into_any())}
    }
    .into_any()
}
