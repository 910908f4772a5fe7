//! The page of one event as markup. Written on the server only (see [`super::served`]).

use chrono::{DateTime, TimeDelta, Utc};
use leptos::{either::Either, prelude::*};
use store::event::EventView;

use super::{
    badge::outcome_badge,
    events::{connection, sale_link},
    fields::{Refused, form},
    served::{copy_as, copy_text, moment},
};
use crate::{
    server_fn::event::ReplayEvent,
    text::{self, events as words},
};

/// What comes within that needs no time of day.
const SOON: TimeDelta = TimeDelta::minutes(1);

/// What is told.
pub(crate) struct Told {
    pub(crate) event: EventView,
    /// The body as received; JSON is laid out to be read.
    pub(crate) payload: String,
    /// Is there more of it than is shown?
    pub(crate) is_cut: bool,
    /// When this is told.
    pub(crate) now: DateTime<Utc>,
    /// Was it just taken in again?
    pub(crate) is_replayed: bool,
    pub(crate) refused: Refused,
    pub(crate) may_edit: bool,
}

/// Everything about one event.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let replay = page.may_edit.then(|| replay(page));
    let replayed = page
        .is_replayed
        .then(|| view! { <p class="notice" role="status">{words::REPLAYED}</p> });
    view! {
        <p class="back"><a class="link" href="/dashboard/events">{words::ALL}</a></p>
        <header class="head event"><h1>{page.event.kind.clone()}</h1>{replay}</header>
        {replayed}
        {facts(page)}
        <section class="payload laid-out" aria-labelledby="payload">
            <header><h2 id="payload">{words::PAYLOAD}</h2>{copy_text(words::PAYLOAD)}</header>
            <pre tabindex="0" aria-labelledby="payload" role="group">{page.payload.clone()}</pre>
            {page.is_cut.then(|| view! { <p class="muted foot">{words::CUT}</p> })}
        </section>
        <noscript><p class="hint foot">{text::TIMES_ARE_UTC}</p></noscript>
    }
}

fn replay(page: &Told) -> impl IntoView + use<> {
    let fields = view! {
        <input type="hidden" name="form[event]" value=page.event.id.to_string()/>
        <button type="submit" class="btn main">{words::REPLAY}</button>
    }
    .into_any();
    form::<ReplayEvent>("push", &page.refused, fields)
}

fn facts(page: &Told) -> impl IntoView + use<> {
    let event = &page.event;
    let next = event.next_attempt_at.map(|at| {
        let when = if at - page.now < SOON {
            Either::Left(words::SOON)
        } else {
            Either::Right(moment(at))
        };
        view! { <dt>{words::NEXT_ATTEMPT}</dt><dd>{when}</dd> }
    });
    view! {
        <article class="card">
            <dl>
                <dt>{words::OUTCOME}</dt>
                <dd>{outcome_badge(event.outcome)}</dd>
                <dt>{words::DETAIL}</dt>
                <dd>{event.detail.clone()}" "{sale_link(event)}</dd>
                <dt>{words::CONNECTION}</dt>
                <dd>{connection(event)}</dd>
                <dt>{words::EXTERNAL_ID}</dt>
                <dd class="id"><span class="mono">{event.external_id.clone()}</span>{copy_as(words::EXTERNAL_ID, &event.external_id)}</dd>
                <dt>{words::OCCURRED}</dt>
                <dd>{moment(event.occurred_at)}</dd>
                <dt>{words::RECEIVED}</dt>
                <dd>{moment(event.received_at)}</dd>
                <dt>{words::ATTEMPTS}</dt>
                <dd>{event.attempts}</dd>
                {next}
            </dl>
        </article>
    }
}
