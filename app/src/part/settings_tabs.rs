//! The way between the pages of settings. Written on the server only (see [`super::served`]).

use leptos::prelude::*;

use crate::{
    query::{SETTINGS_PATH, WEBHOOKS_PATH},
    text::{settings as words, webhooks},
};

/// The pages of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    General,
    Webhooks,
}

impl Tab {
    /// In the order people read them.
    const ALL: [Self; 2] = [Self::General, Self::Webhooks];

    /// Where it lives.
    pub(crate) fn path(self) -> String {
        match self {
            Self::General => SETTINGS_PATH.to_owned(),
            Self::Webhooks => WEBHOOKS_PATH.to_owned(),
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::General => words::GENERAL,
            Self::Webhooks => webhooks::TITLE,
        }
    }
}

/// The head of a page of settings: what they are called, `action` beside it, and the tabs.
pub(crate) fn head(here: Tab, action: Option<AnyView>) -> impl IntoView {
    let link = |tab: Tab| {
        let current = (tab == here).then_some("page");
        view! { <a href=tab.path() aria-current=current>{tab.label()}</a> }
    };
    view! {
        <header class="head"><h1>{words::TITLE}</h1>{action}</header>
        <nav class="tabs" aria-label=words::TITLE>{Tab::ALL.map(link)}</nav>
    }
}

/// A section of a page: on the left what it is about, beside it what can be done.
pub(crate) fn section(
    id: &'static str,
    title: &'static str,
    hint: &'static str,
    inside: AnyView,
) -> impl IntoView {
    view! {
        <section class="setting" aria-labelledby=id>
            <header><h2 id=id>{title}</h2><p>{hint}</p></header>
            <div>{inside}</div>
        </section>
    }
}
