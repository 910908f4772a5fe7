//! First run: the organization and its owner.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    at_once::at_once,
    call::{Sending, load},
    part::{
        form::{FormState, PostForm, Submit, TextField},
        icon::{Icon, icon},
        state::{Awaited, shows},
    },
    server_fn::session::{Door, SetUp},
    text::{self, setup as words},
};

/// Makes the first organization of an empty database.
#[component]
pub fn Setup() -> impl IntoView {
    let door = load(Signal::stored(0), || Door { setup: true });
    let form = FormState::new("setup", Sending::to::<SetUp>());
    at_once(view! {
        <Title text=words::TITLE/>
        <Awaited answers=vec![door] show=shows(|()| ()) quiet=true/>
        <main class="door">
            <p class="brand">{icon(Icon::Brand)}<span>{text::PRODUCT}</span></p>
            <h1>{words::TITLE}</h1>
            <p class="lead">{words::LEAD}</p>
            <PostForm form class="stack">
                <TextField form name="organization" label=words::ORGANIZATION hint=words::ORGANIZATION_HINT autocomplete="organization"/>
                <TextField form name="email" label=words::EMAIL hint=words::EMAIL_HINT kind="email" autocomplete="username"/>
                <TextField form name="password" label=words::PASSWORD hint=words::PASSWORD_HINT kind="password" autocomplete="new-password"/>
                <Submit form label=words::SUBMIT/>
            </PostForm>
            <p class="hint">{words::NEXT}</p>
        </main>
    })
}
