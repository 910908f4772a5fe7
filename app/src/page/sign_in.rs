//! Signing in.

use leptos::prelude::*;
use leptos_meta::Title;

use super::use_param;
use crate::{
    part::{
        form::{FormError, FormState, Submit, TextField},
        icon::{Icon, icon},
    },
    server_fn::session::{SignIn as SignInAction, door},
    text::{self, sign_in as words},
};

/// E-mail and password.
#[component]
pub fn SignIn() -> impl IntoView {
    let door = Resource::new(|| (), |()| door(false));
    let action = ServerAction::<SignInAction>::new();
    let form = FormState::of("sign-in", action);
    let next = use_param("next");
    let next = move || form.kept("next").or_else(|| next.get()).unwrap_or_default();
    view! {
        <Title text=words::TITLE/>
        <Suspense>{move || Suspend::new(async move { drop(door.await) })}</Suspense>
        <main class="door">
            <p class="brand">{icon(Icon::Brand)}<span>{text::PRODUCT}</span></p>
            <h1>{words::TITLE}</h1>
            <ActionForm action attr:class="stack" attr:novalidate=true>
                <FormError form/>
                <input type="hidden" name="form[next]" value=next/>
                <TextField form name="email" label=words::EMAIL kind="email" autocomplete="username"/>
                <TextField form name="password" label=words::PASSWORD kind="password" autocomplete="current-password"/>
                <Submit form label=words::SUBMIT/>
            </ActionForm>
        </main>
    }
}
