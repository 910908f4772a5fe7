//! First run: the organization and its owner.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    part::{
        form::{FormError, FormState, Submit, TextField},
        icon::{Icon, icon},
    },
    server_fn::session::{SetUp, door},
    text::{self, setup as words},
};

/// Makes the first organization of an empty database.
#[component]
pub fn Setup() -> impl IntoView {
    let door = Resource::new(|| (), |()| door(true));
    let action = ServerAction::<SetUp>::new();
    let form = FormState::of("setup", action);
    view! {
        <Title text=words::TITLE/>
        <Suspense>{move || Suspend::new(async move { drop(door.await) })}</Suspense>
        <main class="door">
            <p class="brand">{icon(Icon::Brand)}<span>{text::PRODUCT}</span></p>
            <h1>{words::TITLE}</h1>
            <p class="lead">{words::LEAD}</p>
            <ActionForm action attr:class="stack" attr:novalidate=true>
                <FormError form/>
                <TextField form name="organization" label=words::ORGANIZATION hint=words::ORGANIZATION_HINT autocomplete="organization"/>
                <TextField form name="email" label=words::EMAIL hint=words::EMAIL_HINT kind="email" autocomplete="username"/>
                <TextField form name="password" label=words::PASSWORD hint=words::PASSWORD_HINT kind="password" autocomplete="new-password"/>
                <Submit form label=words::SUBMIT/>
            </ActionForm>
            <p class="hint">{words::NEXT}</p>
        </main>
    }
}
