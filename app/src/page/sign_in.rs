//! Signing in.

use leptos::prelude::*;
use leptos_meta::Title;

use super::use_param;
use crate::{
    at_once::at_once,
    call::{Sending, load},
    part::{
        form::{FormState, PostForm, Submit, TextField},
        icon::{Icon, icon},
        state::{Awaited, shows},
    },
    server_fn::session::{Door, SignIn as SignInForm},
    text::{self, sign_in as words},
};

/// E-mail and password.
#[component]
pub fn SignIn() -> impl IntoView {
    let door = load(Signal::stored(0), || Door { setup: false });
    let form = FormState::new("sign-in", Sending::to::<SignInForm>());
    let next = use_param("next");
    let next = move || form.kept("next").or_else(|| next.get()).unwrap_or_default();
    at_once(view! {
        <Title text=words::TITLE/>
        <Awaited answers=vec![door] show=shows(|()| ()) quiet=true/>
        <main class="door">
            <p class="brand">{icon(Icon::Brand)}<span>{text::PRODUCT}</span></p>
            <h1>{words::TITLE}</h1>
            <PostForm form class="stack">
                <input type="hidden" name="form[next]" value=next/>
                <TextField form name="email" label=words::EMAIL kind="email" autocomplete="username"/>
                <TextField form name="password" label=words::PASSWORD kind="password" autocomplete="current-password"/>
                <Submit form label=words::SUBMIT/>
            </PostForm>
        </main>
    })
}
