//! The page of outgoing webhooks as markup, and the fields of one. Written on the server only (see
//! [`super::served`]).

use domain::webhook::{EndpointStatus, Topic};
use leptos::{either::Either, prelude::*};
use store::webhook::Endpoint;

use super::{
    fields::{Field, Refused, form, input, panel, select, submit},
    icon::{Icon, icon},
    served::short_moment,
    settings_tabs::{self, Tab},
    state::Empty,
    table,
};
use crate::{
    moment::Millis,
    query::{WEBHOOKS_PATH as HERE, webhook_path},
    server_fn::{Choice, webhook::AddWebhook},
    text::webhooks as words,
};

const NAME: Field = Field::new("name", words::NAME, words::NAME_HINT);
const URL: Field = Field::new("url", words::URL, words::URL_HINT).kind("url");
const CAMPAIGN: Field = Field::new("campaign", words::CAMPAIGN, words::CAMPAIGN_HINT);

/// What most programs want to know.
const USUAL: [Topic; 4] = [
    Topic::ConversionCreated,
    Topic::ConversionApproved,
    Topic::ConversionRefunded,
    Topic::ConversionDenied,
];

/// What is told.
pub(crate) struct Told {
    pub(crate) endpoints: Vec<Endpoint>,
    /// All campaigns, or one of them.
    pub(crate) campaigns: Vec<Choice>,
    /// The form for one more is open.
    pub(crate) form: Option<Refused>,
    pub(crate) may_edit: bool,
    /// When this is told, which decides how moments are written.
    pub(crate) now: Millis,
}

/// All webhooks, and the form for one more.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let add = page.may_edit.then(|| {
        let href = format!("{HERE}?add=webhook");
        view! { <a class="btn main push" href=href data-noscroll>{icon(Icon::Plus)}<span>{words::ADD}</span></a> }
            .into_any()
    });
    let panel = page.form.as_ref().map(|refused| add_form(page, refused));
    let list = if page.endpoints.is_empty() {
        Either::Left(view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> })
    } else {
        Either::Right(list(page))
    };
    view! {
        {settings_tabs::head(Tab::Webhooks, add)}
        <p class="lead">{words::ABOUT}</p>
        {panel}
        {list}
    }
}

fn list(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::NAME, ""),
        (words::CAMPAIGN, ""),
        (words::EVENTS, ""),
        (words::STATUS, ""),
    ];
    let row = |endpoint: &Endpoint| row(page, endpoint);
    view! {
        <table role="table" class="plain webhooks">
            {table::head(words::CAPTION, columns)}
            <tbody role="rowgroup">{page.endpoints.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(page: &Told, endpoint: &Endpoint) -> impl IntoView + use<> {
    let campaign = campaign(&page.campaigns, endpoint);
    let topics = endpoint.topics.iter().map(|topic| topic.as_str());
    let topics = topics.collect::<Vec<_>>().join(", ");
    let failing = endpoint
        .failing_since
        .filter(|_| endpoint.disabled_at.is_none());
    let failing = failing.map(|since| {
        view! { " "<span class="word off" title=words::FAILING_HINT>{words::FAILING}</span><small>{short_moment(since, page.now)}</small> }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who">
                <a class="name link" href=webhook_path(endpoint.id)>{endpoint.name.to_string()}</a><small class="mono">{endpoint.url.clone()}</small>
            </th>
            <td role="cell" data-label=words::CAMPAIGN>{campaign}</td>
            <td role="cell" data-label=words::EVENTS>{words::events(endpoint.topics.len())}<small>{topics}</small></td>
            <td role="cell" data-label=words::STATUS>{badge(endpoint.status())}{failing}</td>
        </tr>
    }
}

/// Which campaign it is told of.
pub(super) fn campaign(campaigns: &[Choice], endpoint: &Endpoint) -> String {
    let id = endpoint.campaign_id.map(|id| id.to_string());
    let id = id.unwrap_or_default();
    let found = campaigns.iter().find(|choice| choice.id == id);
    found.map(|choice| choice.name.clone()).unwrap_or_default()
}

/// Its word, its shape and its colour.
pub(super) fn badge(status: EndpointStatus) -> impl IntoView {
    let (shape, class) = match status {
        EndpointStatus::Active => (Icon::Approved, "status approved"),
        EndpointStatus::Disabled => (Icon::Denied, "status denied"),
    };
    view! { <span class=class title=words::status(status)>{icon(shape)}{status.label()}</span> }
}

fn add_form(page: &Told, refused: &Refused) -> AnyView {
    let fields = view! {
        {fields(&page.campaigns, refused, None)}
        {submit(words::ADD)}
    }
    .into_any();
    panel(
        words::ADD,
        HERE,
        form::<AddWebhook>("grid", refused, fields),
    )
}

/// What is typed and ticked: as it was typed before, else as it is, else as is usual.
pub(super) fn fields(
    campaigns: &[Choice],
    refused: &Refused,
    endpoint: Option<&Endpoint>,
) -> AnyView {
    let (name, url) = endpoint.map_or(("", ""), |one| (one.name.as_str(), one.url.as_str()));
    let campaign = endpoint.and_then(|one| one.campaign_id);
    let campaign = campaign.map(|id| id.to_string()).unwrap_or_default();
    let chosen = endpoint.map_or(&USUAL[..], |one| &one.topics);
    let ticked: Vec<Topic> = match refused.kept("topics") {
        Some(kept) => kept.split(' ').filter_map(Topic::parse).collect(),
        None => chosen.to_vec(),
    };
    view! {
        {input(&NAME, refused, name)}
        {input(&URL, refused, url)}
        {select(&CAMPAIGN, refused, campaigns.to_vec(), &campaign)}
        {topics(&ticked)}
    }
    .into_any()
}

/// What can be asked for, by what it is about.
fn topics(ticked: &[Topic]) -> impl IntoView + use<> {
    let groups = [
        (words::SALES, "conversion."),
        (words::PAYOUTS, "payout."),
        (words::AFFILIATES, "affiliate."),
        (words::CAMPAIGNS, "program."),
        (words::FLAGS, "flag."),
    ];
    let box_of = |topic: Topic| {
        let is_ticked = ticked.contains(&topic);
        view! {
            <label class="tick" title=topic.as_str()>
                <input type="checkbox" name="form[topics][]" value=topic.as_str() checked=is_ticked/>{topic.label()}
            </label>
        }
    };
    let group = |(name, begins): (&'static str, &str)| {
        let of_it = Topic::to_ask_for().filter(|topic| topic.as_str().starts_with(begins));
        let boxes = of_it.map(box_of).collect_view();
        view! { <div role="group" aria-label=name><b>{name}</b>{boxes}</div> }
    };
    view! {
        <fieldset class="topics">
            <legend>{words::EVENTS}<small>{words::EVENTS_HINT}</small></legend>
            {groups.map(group)}
        </fieldset>
    }
}
