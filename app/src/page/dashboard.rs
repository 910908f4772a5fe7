//! What the pages for members share: navigation, who is signed in, and the place for the page.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::Outlet;

use crate::{
    at_once::at_once,
    call::{Answer, load},
    part::{
        nav::{Account, Nav},
        state::Awaited,
    },
    server_fn::session::{LoadSession, Session},
    text,
};

/// The frame around the pages.
#[component]
pub fn Dashboard() -> impl IntoView {
    let session = load(Signal::stored(0), || LoadSession {});
    let account = Arc::new(|answers: Vec<Answer>| {
        match answers.into_iter().next().map(Answer::read::<Session>) {
            Some(Ok(session)) => at_once(view! { <Account session/> }).into_any(),
            _ => ().into_any(),
        }
    });
    at_once(view! {
        <a class="skip" href="#main">{text::nav::SKIP}</a>
        <div class="shell">
            <Nav><Awaited answers=vec![session] show=account quiet=true/></Nav>
            <main id="main" tabindex="-1"><Outlet/></main>
        </div>
    })
}
