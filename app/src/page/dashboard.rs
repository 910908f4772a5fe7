//! What the pages for members share: navigation, who is signed in, and the place for the page.

use leptos::prelude::*;
use leptos_router::components::Outlet;

use crate::{
    part::nav::{Account, Nav},
    server_fn::session::load_session,
    text,
};

/// The frame around the pages.
#[component]
pub fn Dashboard() -> impl IntoView {
    let session = Resource::new(|| (), |()| load_session());
    let account = move || {
        Suspend::new(async move { session.await.ok().map(|session| view! { <Account session/> }) })
    };
    view! {
        <a class="skip" href="#main">{text::nav::SKIP}</a>
        <div class="shell">
            <Nav><Suspense>{account}</Suspense></Nav>
            <main id="main" tabindex="-1"><Outlet/></main>
        </div>
    }
}
