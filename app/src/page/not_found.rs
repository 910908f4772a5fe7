//! Nothing at this address.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    at_once::at_once,
    part::icon::{Icon, icon},
    text,
};

/// The page for addresses that lead nowhere; a 404 for programs.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    drop(crate::request::refuse(crate::error::AppError::NotFound));
    at_once(view! {
        <Title text=text::not_found::TITLE/>
        <main class="door">
            <p class="brand">{icon(Icon::Brand)}<span>{text::PRODUCT}</span></p>
            <h1>{text::not_found::TITLE}</h1>
            <p class="lead">{text::not_found::BODY}</p>
            <a class="btn main" href="/dashboard/sales">{text::not_found::HOME}</a>
        </main>
    })
}
