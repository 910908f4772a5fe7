//! A secret that was just made, to be copied: it is not shown again. Written on the server only (see
//! [`super::served`]).

use leptos::prelude::*;

use super::served::copy_as;

/// `secret`, which people call `name`, and `hint`, what to do with it.
pub(crate) fn once(name: &'static str, hint: &'static str, secret: &str) -> impl IntoView + use<> {
    view! {
        <section class="once" role="status">
            <h2>{name}</h2>
            <p>{hint}</p>
            <span class="copied-text"><code>{secret.to_owned()}</code>{copy_as(name, secret)}</span>
        </section>
    }
}
