//! Settings of the organization as markup. Written on the server only (see [`super::served`]).

use domain::id::OrganizationId;
use leptos::{either::Either, prelude::*};

use super::{
    fields::{Refused, form},
    once::once,
    served::copy_as,
    settings_tabs::{Tab, head, section},
};
use crate::{server_fn::settings::RotateS2sSecret, text::settings as words};

/// What is told.
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) id: OrganizationId,
    /// How many secrets for signed calls are valid.
    pub(crate) s2s_secrets: usize,
    pub(crate) s2s_refused: Refused,
    /// One that was just made.
    pub(crate) new_s2s_secret: Option<String>,
    pub(crate) may_edit: bool,
}

/// The page.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let new = page.new_s2s_secret.as_deref();
    let new = new.map(|secret| once(words::S2S_SECRET, words::S2S_ONCE, secret));
    view! {
        {head(Tab::General, None)}
        {new}
        {section("organization", words::ORGANIZATION, words::ORGANIZATION_HINT, organization(page))}
        {section("s2s", words::S2S, words::S2S_HINT, s2s(page))}
    }
}

fn organization(page: &Told) -> AnyView {
    let id = page.id.to_string();
    view! {
        <p class="name">{page.name.clone()}</p>
        <span class="copied-text"><code>{id.clone()}</code>{copy_as(words::ID, &id)}</span>
    }
    .into_any()
}

fn s2s(page: &Told) -> AnyView {
    let count = words::s2s_count(page.s2s_secrets);
    let change = if page.may_edit {
        let button = view! {
            <button type="submit" class="btn">{words::S2S_NEW}</button>
            <p class="hint">{words::S2S_OVERLAP}</p>
        }
        .into_any();
        Either::Left(form::<RotateS2sSecret>(
            "stack narrow",
            &page.s2s_refused,
            button,
        ))
    } else {
        Either::Right(view! { <p class="hint">{words::ONLY_ADMINS}</p> })
    };
    view! { <p>{count}</p>{change} }.into_any()
}
