//! The way between the pages of settings. Written on the server only (see [`super::served`]).

use leptos::prelude::*;

use crate::{
    query::{ACCOUNT_PATH, API_KEYS_PATH, AUDIT_PATH, MEMBERS_PATH, SETTINGS_PATH, WEBHOOKS_PATH},
    text::{settings as words, webhooks},
};

/// The pages of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    General,
    Members,
    ApiKeys,
    Webhooks,
    Audit,
    Account,
}

impl Tab {
    /// In the order people read them.
    const ALL: [Self; 6] = [
        Self::General,
        Self::Members,
        Self::ApiKeys,
        Self::Webhooks,
        Self::Audit,
        Self::Account,
    ];

    /// Where it lives, and what it is called.
    fn link(self) -> (&'static str, &'static str) {
        match self {
            Self::General => (SETTINGS_PATH, words::GENERAL),
            Self::Members => (MEMBERS_PATH, words::MEMBERS),
            Self::ApiKeys => (API_KEYS_PATH, words::API_KEYS),
            Self::Webhooks => (WEBHOOKS_PATH, webhooks::TITLE),
            Self::Audit => (AUDIT_PATH, words::AUDIT),
            Self::Account => (ACCOUNT_PATH, words::ACCOUNT),
        }
    }
}

/// The head of a page of settings: what they are called, `action` beside it, and the tabs.
pub(crate) fn head(here: Tab, action: Option<AnyView>) -> impl IntoView {
    let link = |tab: Tab| {
        let (href, name) = tab.link();
        let current = (tab == here).then_some("page");
        view! { <a href=href aria-current=current>{name}</a> }
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
