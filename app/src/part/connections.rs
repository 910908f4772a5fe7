//! The page of connections as markup. Written on the server only (see [`super::served`]).

use domain::connection::Mode;
use leptos::{either::Either, prelude::*};
use store::connection::ConnectionView;

use super::{
    fields::{Field, Refused, form, input, panel, select, submit},
    icon::{Icon, icon},
    served::{copy_as, moment},
    state::Empty,
};
use crate::{
    server_fn::{
        Choice,
        connection::{AddConnection, AddSecret},
    },
    text::{self, connections as words},
};

const HERE: &str = "/dashboard/connections";

const NAME: Field = Field::new("name", words::NAME, words::NAME_HINT);
const MODE: Field = Field::new("mode", words::MODE, words::MODE_HINT);
const SECRET: Field = Field::new("secret", words::SECRET, words::SECRET_HINT).kind("password");
const FURTHER: Field = Field::new("secret", words::SECRET, words::ROLL_HINT).kind("password");

/// A form that is open.
pub(crate) enum Open {
    /// To add a connection.
    Connection(Refused),
    /// To add a secret to the connection with this id.
    Secret(String, Refused),
}

/// What is told.
pub(crate) struct Told {
    /// The connections with the addresses that events are sent to.
    pub(crate) connections: Vec<(ConnectionView, String)>,
    pub(crate) open: Option<Open>,
    pub(crate) may_edit: bool,
}

/// All connections, and the form that is open.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let add = page.may_edit.then(|| {
        view! { <a class="btn main push" href=format!("{HERE}?add=stripe")>{icon(Icon::Plus)}<span>{words::ADD}</span></a> }
    });
    let panel = page.open.as_ref().map(|open| match open {
        Open::Connection(refused) => Either::Left(add_form(refused)),
        Open::Secret(id, refused) => Either::Right(secret_form(id, refused)),
    });
    let list = if page.connections.is_empty() {
        Either::Left(view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> })
    } else {
        let cards = page.connections.iter();
        Either::Right(
            cards
                .map(|(one, url)| card(one, url, page.may_edit))
                .collect_view(),
        )
    };
    view! {
        <header class="head"><h1>{words::TITLE}</h1>{add}</header>
        {panel}
        {list}
        <noscript><p class="hint foot">{text::TIMES_ARE_UTC}</p></noscript>
    }
}

/// One connection with what is to be done at the processor.
fn card(connection: &ConnectionView, url: &str, may_edit: bool) -> impl IntoView + use<> {
    let (mode, class) = match connection.mode {
        Mode::Live => (words::LIVE, "word"),
        Mode::Test => (words::TEST, "word test"),
    };
    let last = match connection.last_event_at {
        Some(at) => Either::Left(moment(at)),
        None => Either::Right(words::NO_EVENT),
    };
    let roll = may_edit.then(|| {
        let href = format!("{HERE}?add={}", connection.id);
        view! { <a class="btn" href=href>{words::ROLL}</a> }
    });
    view! {
        <article class="card">
            <header>
                <h2>{connection.name.to_string()}</h2>
                <span class=class>{mode}</span>
                {roll}
            </header>
            <dl>
                <dt>{words::WEBHOOK_URL}</dt>
                <dd>
                    <span class="copied-text"><code>{url.to_owned()}</code>{copy_as(words::WEBHOOK_URL, url)}</span>
                    <p class="hint">{words::WEBHOOK_HINT}</p>
                </dd>
                <dt>{words::EVENTS}</dt>
                <dd>
                    <details class="events">
                        <summary>{words::events(words::STRIPE_EVENTS.len())}</summary>
                        <pre>{words::STRIPE_EVENTS.join("\n")}</pre>
                    </details>
                </dd>
                <dt>{words::SECRETS}</dt>
                <dd>{connection.secrets}</dd>
                <dt>{words::LAST_EVENT}</dt>
                <dd>{last}</dd>
                {reconciled(connection)}
            </dl>
        </article>
    }
}

/// When the events were last compared with the processor's own list, which takes an API key.
fn reconciled(connection: &ConnectionView) -> Option<impl IntoView + use<>> {
    let (at, error) = (connection.last_reconciled_at, &connection.reconcile_error);
    if at.is_none() && error.is_none() {
        return None;
    }
    let at = match at {
        Some(at) => Either::Left(moment(at)),
        None => Either::Right(words::NOT_RECONCILED),
    };
    let error = error
        .as_deref()
        .map(|error| view! { <p class="form-error">{words::broke_off(error)}</p> });
    Some(view! {
        <dt>{words::RECONCILED}</dt>
        <dd>{at}{error}<p class="hint">{words::RECONCILED_HINT}</p></dd>
    })
}

fn add_form(refused: &Refused) -> impl IntoView + use<> {
    let modes = vec![
        Choice::new("live", words::LIVE),
        Choice::new("test", words::TEST),
    ];
    let fields = view! {
        {input(&NAME, refused, "Stripe")}
        {select(&MODE, refused, modes, "live")}
        {input(&SECRET, refused, "")}
        {submit(words::ADD)}
    }
    .into_any();
    panel(
        words::ADD,
        HERE,
        form::<AddConnection>("grid", refused, fields),
    )
}

fn secret_form(id: &str, refused: &Refused) -> impl IntoView + use<> {
    let fields = view! {
        <input type="hidden" name="form[connection]" value=id.to_owned()/>
        {input(&FURTHER, refused, "")}
        {submit(words::ADD_SECRET)}
    }
    .into_any();
    panel(
        words::ROLL,
        HERE,
        form::<AddSecret>("grid", refused, fields),
    )
}
