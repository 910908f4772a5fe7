//! One outgoing webhook as markup. Written on the server only (see [`super::served`]).

mod deliveries;

use chrono::{DateTime, Utc};
use domain::webhook::EndpointStatus;
use leptos::prelude::*;
use store::webhook::Endpoint;

pub(crate) use self::deliveries::Deliveries;
use super::{
    fields::{Refused, form, submit},
    once::once,
    served::{copy_as, moment},
    settings_tabs::section,
    webhooks::{badge, campaign, fields},
};
use crate::{
    query::WEBHOOKS_PATH,
    server_fn::{
        Choice,
        webhook::one::{
            ChangeWebhook, RemoveWebhook, RotateWebhookSecret, SwitchWebhook, TestWebhook,
        },
    },
    text::{self, settings, webhooks as words},
};

/// What a form has just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Saved,
    Enabled,
    Disabled,
    Tested,
    Replayed,
}

impl Done {
    /// Reads the word in the address.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "saved" => Some(Self::Saved),
            "active" => Some(Self::Enabled),
            "disabled" => Some(Self::Disabled),
            "tested" => Some(Self::Tested),
            "replayed" => Some(Self::Replayed),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Saved => words::SAVED,
            Self::Enabled => words::ENABLED,
            Self::Disabled => words::DISABLED,
            Self::Tested => words::TESTED,
            Self::Replayed => words::REPLAYED,
        }
    }
}

/// What is told.
pub(crate) struct Told {
    pub(crate) endpoint: Endpoint,
    pub(crate) deliveries: Deliveries,
    /// All campaigns, or one of them.
    pub(crate) campaigns: Vec<Choice>,
    /// A secret that was just made.
    pub(crate) secret: Option<String>,
    pub(crate) done: Option<Done>,
    pub(crate) refused: Refused,
    pub(crate) may_edit: bool,
    /// When this is told.
    pub(crate) now: DateTime<Utc>,
}

/// Everything about one webhook.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let endpoint = &page.endpoint;
    let is_active = endpoint.status() == EndpointStatus::Active;
    let test = (page.may_edit && is_active)
        .then(|| button::<TestWebhook>(page, words::TEST, "btn main", ()));
    let secret = page.secret.as_deref();
    let secret = secret.map(|secret| once(words::SECRET, words::SECRET_ONCE, secret));
    let done = page
        .done
        .map(|done| view! { <p class="notice" role="status">{done.words()}</p> });
    let reason = endpoint.disabled_reason.as_deref();
    let reason = reason.map(|reason| {
        view! { <p class="form-error" role="alert">{words::disabled(reason)}</p> }
    });
    let settings = page.may_edit.then(|| settings_of(page));
    view! {
        <p class="back"><a class="link" href=WEBHOOKS_PATH>{words::ALL}</a></p>
        <header class="head event"><h1>{endpoint.name.to_string()}</h1>{test}</header>
        {done}
        {secret}
        {reason}
        {facts(page)}
        {deliveries::told(page)}
        {settings}
        <noscript><p class="hint foot">{text::TIMES_ARE_UTC}</p></noscript>
    }
}

fn facts(page: &Told) -> impl IntoView + use<> {
    let endpoint = &page.endpoint;
    let since = match (endpoint.disabled_at, endpoint.failing_since) {
        (Some(at), _) => Some(view! { " "{moment(at)} }.into_any()),
        (None, Some(at)) => Some(
            view! { " "<span class="word off" title=words::FAILING_HINT>{words::FAILING}</span>" "{moment(at)} }.into_any(),
        ),
        (None, None) => None,
    };
    let topics = endpoint.topics.iter().map(|topic| topic.as_str());
    let topics = topics.collect::<Vec<_>>().join("\n");
    view! {
        <article class="card" aria-label=words::ONE>
            <dl>
                <dt>{words::STATUS}</dt>
                <dd>{badge(endpoint.status())}{since}</dd>
                <dt>{words::URL}</dt>
                <dd><span class="copied-text"><code>{endpoint.url.clone()}</code>{copy_as(words::URL, &endpoint.url)}</span></dd>
                <dt>{words::CAMPAIGN}</dt>
                <dd>{campaign(&page.campaigns, endpoint)}</dd>
                <dt>{words::EVENTS}</dt>
                <dd><details class="events"><summary>{words::events(endpoint.topics.len())}</summary><pre>{topics}</pre></details></dd>
            </dl>
        </article>
    }
}

fn settings_of(page: &Told) -> impl IntoView + use<> {
    let id = page.endpoint.id.to_string();
    let change = view! {
        <input type="hidden" name="form[webhook]" value=id/>
        {fields(&page.campaigns, &page.refused, Some(&page.endpoint))}
        {submit(words::SAVE)}
    }
    .into_any();
    let change = form::<ChangeWebhook>("grid", &page.refused, change);
    view! {
        {section("change", words::CHANGE, words::CHANGE_HINT, change)}
        {section("secret", words::SECRET, words::SECRET_HINT, secret(page))}
        {section("state", words::STATE, words::STATE_HINT, state(page))}
    }
}

fn secret(page: &Told) -> AnyView {
    let endpoint = &page.endpoint;
    let overlap = endpoint.overlap_until.filter(|until| page.now < *until);
    let overlap = overlap
        .map(|until| view! { <p class="hint">{settings::S2S_OVERLAP}" "{moment(until)}</p> });
    let hint = view! { <p class="hint">{words::ROTATE_HINT}</p> };
    view! {
        <p>{words::hint(&endpoint.secret_hint)}</p>
        {overlap}
        {button::<RotateWebhookSecret>(page, words::ROTATE, "btn", hint)}
    }
    .into_any()
}

fn state(page: &Told) -> AnyView {
    let (word, label) = match page.endpoint.status() {
        EndpointStatus::Active => (EndpointStatus::Disabled, words::DISABLE),
        EndpointStatus::Disabled => (EndpointStatus::Active, words::ENABLE),
    };
    let word = view! { <input type="hidden" name="state" value=word.as_str()/> };
    let hint = view! { <p class="hint">{words::REMOVE_HINT}</p> };
    view! {
        {button::<SwitchWebhook>(page, label, "btn", word)}
        <details class="removal">
            <summary>{words::REMOVE}</summary>
            {button::<RemoveWebhook>(page, words::REMOVE_NOW, "btn danger", hint)}
        </details>
    }
    .into_any()
}

/// A form of one button that says which webhook is meant.
fn button<S: leptos::server_fn::ServerFn<Error = crate::error::AppError>>(
    page: &Told,
    label: &'static str,
    class: &'static str,
    beside: impl IntoView + 'static,
) -> AnyView {
    let failed = Refused::of::<S>().failed;
    let failed = failed.map(|why| view! { <p class="form-error" role="alert">{why}</p> });
    let id = page.endpoint.id.to_string();
    view! {
        <form method="post" action=S::PATH class="one-button">
            {failed}
            <input type="hidden" name="webhook" value=id/>
            <button type="submit" class=class>{label}</button>
            {beside.into_any()}
        </form>
    }
    .into_any()
}
