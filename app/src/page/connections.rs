//! Connections: the processor accounts that tell us of payments.

use domain::connection::Mode;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use super::use_param;
use crate::{
    at_once::at_once,
    call::{Sending, load},
    part::{
        copy::CopyButton,
        form::{FormState, Panel, PostForm, SelectField, Submit, TextField},
        icon::{Icon, icon},
        state::{Awaited, Empty, shows},
        time::Moment,
    },
    server_fn::{
        Choice,
        connection::{AddConnection, AddSecret, ConnectionRow, ConnectionsPage, LoadConnections},
    },
    text::connections as words,
};

const HERE: &str = "/dashboard/connections";

/// The connections page.
#[component]
pub fn Connections() -> impl IntoView {
    let forms = [Sending::to::<AddConnection>(), Sending::to::<AddSecret>()];
    let changes = Signal::derive(move || forms[0].taken.get() + forms[1].taken.get());
    let page = load(changes, || LoadConnections {});
    let add = use_param("add");
    let show = shows(move |page: ConnectionsPage| view! { <Screen page add forms/> });
    at_once(view! {
        <Title text=words::TITLE/>
        <Awaited answers=vec![page] show/>
    })
}

#[component]
fn Screen(page: ConnectionsPage, add: Memo<Option<String>>, forms: [Sending; 2]) -> impl IntoView {
    let ConnectionsPage {
        rows,
        now,
        may_edit,
    } = page;
    let panel = move || match add.get() {
        Some(what) if may_edit && what == "stripe" => {
            Some(Either::Left(view! { <AddForm sending=forms[0]/> }))
        }
        Some(id) if may_edit => Some(Either::Right(view! { <SecretForm sending=forms[1] id/> })),
        _ => None,
    };
    let list = if rows.is_empty() {
        Either::Left(view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> })
    } else {
        Either::Right(
            rows.into_iter()
                .map(|row| view! { <Card row now may_edit/> })
                .collect_view(),
        )
    };
    view! {
        <header class="head">
            <h1>{words::TITLE}</h1>
            {may_edit.then(|| view! { <a class="btn main push" href="/dashboard/connections?add=stripe">{icon(Icon::Plus)}<span>{words::ADD}</span></a> })}
        </header>
        {panel}
        {list}
    }
}

/// One connection with what is to be done at the processor.
#[component]
fn Card(row: ConnectionRow, now: i64, may_edit: bool) -> impl IntoView {
    let mode = if row.mode == Mode::Live {
        words::LIVE
    } else {
        words::TEST
    };
    let last = match row.last_event_at {
        Some(at) => Either::Left(view! { <Moment at server_now=now/> }),
        None => Either::Right(words::NO_EVENT),
    };
    let roll = may_edit
        .then(|| view! { <a class="btn" href=format!("{HERE}?add={}", row.id)>{words::ROLL}</a> });
    view! {
        <article class="card">
            <header>
                <h2>{row.name}</h2>
                <span class="word" class:test=row.mode == Mode::Test>{mode}</span>
                {roll}
            </header>
            <dl>
                <dt>{words::WEBHOOK_URL}</dt>
                <dd>
                    <span class="copied-text"><code>{row.webhook_url.clone()}</code><CopyButton value=row.webhook_url what=words::WEBHOOK_URL/></span>
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
                <dd>{row.secrets}</dd>
                <dt>{words::LAST_EVENT}</dt>
                <dd>{last}</dd>
            </dl>
        </article>
    }
}

#[component]
fn AddForm(sending: Sending) -> impl IntoView {
    let form = FormState::new("connection", sending);
    let choice = |id: &str, name: &str| Choice {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let modes = vec![choice("live", words::LIVE), choice("test", words::TEST)];
    view! {
        <Panel title=words::ADD back=HERE>
            <PostForm form class="grid">
                <TextField form name="name" label=words::NAME hint=words::NAME_HINT value="Stripe"/>
                <SelectField form name="mode" label=words::MODE hint=words::MODE_HINT choices=modes/>
                <TextField form name="secret" label=words::SECRET hint=words::SECRET_HINT kind="password"/>
                <footer><Submit form label=words::ADD/></footer>
            </PostForm>
        </Panel>
    }
}

#[component]
fn SecretForm(sending: Sending, id: String) -> impl IntoView {
    let form = FormState::new("secret", sending);
    view! {
        <Panel title=words::ROLL back=HERE>
            <PostForm form class="grid">
                <input type="hidden" name="form[connection]" value=id/>
                <TextField form name="secret" label=words::SECRET hint=words::ROLL_HINT kind="password"/>
                <footer><Submit form label=words::ADD_SECRET/></footer>
            </PostForm>
        </Panel>
    }
}
