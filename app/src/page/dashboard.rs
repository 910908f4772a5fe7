//! What the pages for members share: navigation, who is signed in, and the place for the page.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::Outlet;

use crate::{
    at_once::at_once,
    call::{Answer, load},
    part::{
        nav::{Account, Nav, failed_count, open_count},
        state::Awaited,
    },
    server_fn::session::{LoadSession, Session},
    text,
};

/// The frame around the pages.
#[component]
pub fn Dashboard() -> impl IntoView {
    let session = load(Signal::stored(0), || LoadSession {});
    let open = shows_quietly(open_count);
    let failed = shows_quietly(failed_count);
    let account = shows_quietly(|session| view! { <Account session/> });
    at_once(view! {
        <a class="skip" href="#main">{text::nav::SKIP}</a>
        <div class="shell">
            <Nav open=view! { <Awaited answers=vec![session] show=open quiet=true/> } failed=view! { <Awaited answers=vec![session] show=failed quiet=true/> }><Awaited answers=vec![session] show=account quiet=true/></Nav>
            <main id="main" tabindex="-1"><Outlet/></main>
        </div>
    })
}

/// Shows something of the session, and nothing when there is none: the page says why.
fn shows_quietly<V: IntoView + 'static>(
    view: impl Fn(Session) -> V + Send + Sync + 'static,
) -> Arc<dyn Fn(Vec<Answer>) -> AnyView + Send + Sync> {
    Arc::new(
        move |answers| match answers.into_iter().next().map(Answer::read::<Session>) {
            Some(Ok(session)) => at_once(view(session)).into_any(),
            _ => ().into_any(),
        },
    )
}
