//! The pages before one is signed in, as markup. Written on the server only (see [`super::served`]).

use leptos::prelude::*;

use super::{
    fields::{Field, Refused, form, input},
    icon::{Icon, icon},
};
use crate::{
    server_fn::session::{SetUp, SignIn},
    text::{self, setup, sign_in},
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

fn brand() -> impl IntoView {
    view! { <p class="brand">{icon(Icon::Brand)}<span>{text::PRODUCT}</span></p> }
}
