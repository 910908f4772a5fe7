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
        connection::{AddConnection, AddSecret, RemoveConnection},
    },
    text::{
        self,
        connections::{
            self as words,
            about::{ALL, About, about},
        },
    },
};

const HERE: &str = "/dashboard/connections";

const NAME: Field = Field::new("name", words::NAME, words::NAME_HINT);
const OLD: Field = Field::new("old", words::OLD, words::OLD_HINT);
const API_KEY: Field = Field::new("api_key", words::API_KEY, words::API_KEY_HINT)
    .kind("password")
    .optional();
const MERCHANT_ID: Field = Field::new("merchant_id", words::MERCHANT_ID, words::MERCHANT_ID_HINT);
const PUBLIC_KEY: Field = Field::new("public_key", words::PUBLIC_KEY, words::PUBLIC_KEY_HINT);
const PRIVATE_KEY: Field =
    Field::new("private_key", words::PRIVATE_KEY, words::PRIVATE_KEY_HINT).kind("password");
const NEW_API_KEY: Field = Field::new("api_key", words::API_KEY, words::NEW_API_KEY_HINT)
    .kind("password")
    .optional();

/// A form that is open.
pub(crate) enum Open {
    /// To connect an account of this processor.
    Connection(&'static About, Refused),
    /// To add a secret to this connection.
    Secret(ConnectionView, Refused),
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
        let link = |about: &About| {
            let href = format!("{HERE}?add={}", about.processor.as_str());
            view! { <a class="btn" href=href data-noscroll>{icon(Icon::Plus)}<span>{about.connect}</span></a> }
        };
        view! { <div class="push choices">{ALL.map(link)}</div> }
    });
    let panel = page.open.as_ref().map(|open| match open {
        Open::Connection(about, refused) => add_form(about, refused),
        Open::Secret(connection, refused) => secret_form(connection, refused),
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
    let about = about(connection.processor);
    let class = match connection.mode {
        Mode::Live => "word",
        Mode::Test => "word test",
    };
    let last = match connection.last_event_at {
        Some(at) => Either::Left(moment(at)),
        None => Either::Right(words::NO_EVENT),
    };
    let change = may_edit.then(|| {
        let href = format!("{HERE}?add={}", connection.id);
        view! { <a class="btn" href=href data-noscroll>{words::ROLL}</a> }
    });
    view! {
        <article class="card">
            <header>
                <h2>{connection.name.to_string()}</h2>
                {(connection.name.as_str() != connection.processor.label())
                    .then(|| view! { <span class="word">{connection.processor.label()}</span> })}
                <span class=class>{mode(about, connection.mode)}</span>
                {change}
            </header>
            <dl>
                <dt>{words::NEXT}</dt>
                <dd>{next(connection, about)}</dd>
                <dt>{words::WEBHOOK_URL}</dt>
                <dd>
                    <span class="copied-text"><code>{url.to_owned()}</code>{copy_as(words::WEBHOOK_URL, url)}</span>
                    <p class="hint">{about.webhook_hint}</p>
                </dd>
                <dt>{words::EVENTS}</dt>
                <dd>
                    <details class="events">
                        <summary>{words::events(about.events.len())}</summary>
                        <pre>{about.events.join("\n")}</pre>
                    </details>
                </dd>
                <dt>{words::REFERRAL}</dt>
                <dd>{about.referral}</dd>
                <dt>{about.secrets}</dt>
                <dd>{connection.secrets}</dd>
                <dt>{words::LAST_EVENT}</dt>
                <dd>{last}</dd>
                {reconciled(connection)}
            </dl>
            {may_edit.then(|| removal(connection))}
        </article>
    }
}

/// A processor's own word for the mode.
fn mode(about: &About, mode: Mode) -> &'static str {
    let [live, test] = about.modes;
    match mode {
        Mode::Live => live,
        Mode::Test => test,
    }
}

/// What is wrong, else what is to be done, else what to expect.
fn next(connection: &ConnectionView, about: &About) -> impl IntoView + use<> {
    if let Some(refused) = &connection.refused {
        let why = words::turned_away(&refused.reason);
        return view! { <p class="form-error">{moment(refused.at)}{why}</p> }.into_any();
    }
    let [live, test] = about.listening;
    match (connection.last_event_at, connection.mode) {
        (None, _) => about.first.into_any(),
        (_, Mode::Live) => live.into_any(),
        (_, Mode::Test) => test.into_any(),
    }
}

/// Asks before it does what can't be undone.
fn removal(connection: &ConnectionView) -> impl IntoView + use<> {
    let fields = view! {
        <input type="hidden" name="connection" value=connection.id.to_string()/>
        <p class="hint">{words::REMOVE_HINT}</p>
        <button type="submit" class="btn">{words::REMOVE_NOW}</button>
    }
    .into_any();
    view! {
        <details class="removal">
            <summary>{words::REMOVE}</summary>
            {form::<RemoveConnection>("", &Refused::default(), fields)}
        </details>
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

fn add_form(about: &'static About, refused: &Refused) -> AnyView {
    let choice = |one: Mode| Choice::new(one.as_str(), mode(about, one));
    let modes = vec![choice(Mode::Live), choice(Mode::Test)];
    let api_key = about.takes_api_key.then(|| input(&API_KEY, refused, ""));
    let merchant_id = about
        .secret
        .is_none()
        .then(|| input(&MERCHANT_ID, refused, ""));
    let fields = view! {
        <input type="hidden" name="form[processor]" value=about.processor.as_str()/>
        {input(&NAME, refused, about.processor.label())}
        {select(&Field::new("mode", words::MODE, about.mode_hint), refused, modes, "live")}
        {merchant_id}
        {secret(about, None, refused)}
        {api_key}
        {submit(about.connect)}
    }
    .into_any();
    panel(
        about.connect,
        HERE,
        form::<AddConnection>("grid", refused, fields),
    )
}

/// What the processor signs with: a secret, or a key pair. `hint` stands for that of a first secret.
fn secret(about: &About, hint: Option<&'static str>, refused: &Refused) -> AnyView {
    let Some(secret) = &about.secret else {
        return view! { {input(&PUBLIC_KEY, refused, "")}{input(&PRIVATE_KEY, refused, "")} }
            .into_any();
    };
    let field = Field::new("secret", secret.label, hint.unwrap_or(secret.hint)).kind("password");
    // Beside it an API key alone may be given anew.
    let field = if hint.is_some() && about.takes_api_key {
        field.optional()
    } else {
        field
    };
    input(&field, refused, "").into_any()
}

fn secret_form(connection: &ConnectionView, refused: &Refused) -> AnyView {
    let about = about(connection.processor);
    let api_key = about
        .takes_api_key
        .then(|| input(&NEW_API_KEY, refused, ""));
    let old = vec![
        Choice::new("keep", words::KEEP_OLD),
        Choice::new("drop", words::DROP_OLD),
    ];
    let fields = view! {
        <input type="hidden" name="form[connection]" value=connection.id.to_string()/>
        {secret(about, Some(words::ROLL_HINT), refused)}
        {select(&OLD, refused, old, "keep")}
        {api_key}
        {submit(words::ADD_SECRET)}
    }
    .into_any();
    panel(
        words::ROLL,
        HERE,
        form::<AddSecret>("grid", refused, fields),
    )
}
