//! The pages before one is signed in, as markup. Written on the server only (see [`super::served`]).

use leptos::prelude::*;
use store::invitation::Invited;

use super::{
    fields::{Field, Refused, form, input},
    icon::{Icon, icon},
};
use crate::{
    server_fn::{
        invitation::Join,
        session::{SetUp, SignIn},
    },
    text::{self, invite, members, setup, sign_in},
};

const ORGANIZATION: Field = Field::new(
    "organization",
    setup::ORGANIZATION,
    setup::ORGANIZATION_HINT,
)
.autocomplete("organization");
const OWNER: Field = Field::new("email", setup::EMAIL, setup::EMAIL_HINT)
    .kind("email")
    .autocomplete("username");
const NEW_PASSWORD: Field = Field::new("password", setup::PASSWORD, setup::PASSWORD_HINT)
    .kind("password")
    .autocomplete("new-password");
const EMAIL: Field = Field::new("email", sign_in::EMAIL, "")
    .kind("email")
    .autocomplete("username");
const PASSWORD: Field = Field::new("password", sign_in::PASSWORD, "")
    .kind("password")
    .autocomplete("current-password");
const OWN_PASSWORD: Field = Field::new("password", invite::PASSWORD, invite::PASSWORD_HINT)
    .kind("password")
    .autocomplete("current-password");
const FIRST_PASSWORD: Field =
    Field::new("password", invite::NEW_PASSWORD, invite::NEW_PASSWORD_HINT)
        .kind("password")
        .autocomplete("new-password");

/// Makes the first organization of an empty database.
pub(crate) fn set_up(refused: &Refused) -> impl IntoView + use<> {
    let fields = view! {
        {input(&ORGANIZATION, refused, "")}
        {input(&OWNER, refused, "")}
        {input(&NEW_PASSWORD, refused, "")}
        <button type="submit" class="btn main">{setup::SUBMIT}</button>
    }
    .into_any();
    view! {
        <main class="door">
            {brand()}
            <h1>{setup::TITLE}</h1>
            <p class="lead">{setup::LEAD}</p>
            {form::<SetUp>("stack", refused, fields)}
            <p class="hint">{setup::NEXT}</p>
        </main>
    }
}

/// E-mail and password; `next`: where one wants to go then.
pub(crate) fn sign_in_page(refused: &Refused, next: &str) -> impl IntoView + use<> {
    let next = refused.kept("next").unwrap_or(next).to_owned();
    let fields = view! {
        <input type="hidden" name="form[next]" value=next/>
        {input(&EMAIL, refused, "")}
        {input(&PASSWORD, refused, "")}
        <button type="submit" class="btn main">{sign_in::SUBMIT}</button>
    }
    .into_any();
    view! {
        <main class="door">
            {brand()}
            <h1>{sign_in::TITLE}</h1>
            {form::<SignIn>("stack", refused, fields)}
        </main>
    }
}

/// Joining an organization. `is_himself`: whoever is invited is signed in, and need not prove it again.
pub(crate) fn invitation(
    invited: &Invited,
    is_himself: bool,
    token: &str,
    refused: &Refused,
) -> impl IntoView + use<> {
    let password = match (is_himself, invited.person_id) {
        (true, _) => None,
        (false, Some(_)) => Some(input(&OWN_PASSWORD, refused, "")),
        (false, None) => Some(input(&FIRST_PASSWORD, refused, "")),
    };
    let fields = view! {
        <input type="hidden" name="form[token]" value=token.to_owned()/>
        // What a browser keeps the password under.
        <input type="email" autocomplete="username" value=invited.email.to_string() hidden readonly/>
        {password}
        <button type="submit" class="btn main">{invite::SUBMIT}</button>
    }
    .into_any();
    view! {
        <main class="door">
            {brand()}
            <h1>{invite::heading(&invited.organization_name)}</h1>
            <p class="lead">{invite::lead(invited.email.as_str(), invited.role)}" "{members::role(invited.role)}</p>
            {form::<Join>("stack", refused, fields)}
        </main>
    }
}

/// A link that is not good any more.
pub(crate) fn invitation_gone() -> impl IntoView {
    view! {
        <main class="door">
            {brand()}
            <h1>{invite::GONE}</h1>
            <p class="lead">{invite::GONE_HINT}</p>
            <a class="btn" href="/sign-in">{invite::TO_SIGN_IN}</a>
        </main>
    }
}

fn brand() -> impl IntoView {
    view! { <p class="brand">{icon(Icon::Brand)}<span>{text::PRODUCT}</span></p> }
}
