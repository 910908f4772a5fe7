//! One event: what it did, the payload as received, and taking it in again.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{
    events::{connection, sale_link},
    use_param,
};
use crate::{
    at_once::at_once,
    call::{Answer, Sending, load},
    part::{
        badge::outcome_badge,
        copy::CopyButton,
        form::{FormState, PostForm, Submit},
        nav::SessionChanged,
        state::{Awaited, Failure},
        time::Moment,
    },
    server_fn::event::{LoadEvent, ReplayEvent, WholeEvent},
    text::events as words,
};

/// What comes within so many milliseconds needs no time of day.
const SOON: i64 = 60_000;

/// One event at its own address.
#[component]
pub fn Event() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let replay = Sending::to::<ReplayEvent>();
    let again = Memo::new(move |asked: Option<&usize>| {
        drop(id.read());
        replay.taken.track();
        asked.map_or(0, |asked| asked + 1)
    });
    // A failed one that was mended is no longer counted in the navigation.
    if let Some(SessionChanged(changed)) = use_context() {
        Effect::watch(
            move || replay.taken.get(),
            move |_, _, _| changed.update(|times| *times += 1),
            false,
        );
    }
    let event = load(again.into(), move || LoadEvent {
        id: id.get_untracked(),
    });
    let show = Arc::new(move |answers: Vec<Answer>| {
        match answers.into_iter().next().map(Answer::read::<WholeEvent>) {
            Some(Ok(event)) => at_once(view! { <Screen event replay/> }).into_any(),
            Some(Err(error)) => at_once(view! {
                <header class="head"><h1>{words::ONE}</h1></header>
                <Failure error/>
            })
            .into_any(),
            None => ().into_any(),
        }
    });
    at_once(view! {
        <Title text=words::ONE/>
        <p class="back"><a class="link" href="/dashboard/events">{words::ALL}</a></p>
        <Awaited answers=vec![event] show/>
    })
}

#[component]
fn Screen(event: WholeEvent, replay: Sending) -> impl IntoView {
    let WholeEvent {
        row,
        occurred_at,
        attempts,
        next_attempt_at,
        payload,
        is_cut,
        now,
        may_edit,
    } = event;
    let form = FormState::new("replay", replay);
    let id = row.id.to_string();
    let button = may_edit.then(|| {
        view! {
            <PostForm form class="push">
                <input type="hidden" name="form[event]" value=id/>
                <Submit form label=words::REPLAY/>
            </PostForm>
        }
    });
    let replayed = use_param("replayed");
    let next = next_attempt_at.map(|at| {
        let when = if at - now < SOON {
            Either::Left(words::SOON)
        } else {
            Either::Right(view! { <Moment at server_now=now/> })
        };
        view! { <dt>{words::NEXT_ATTEMPT}</dt><dd>{when}</dd> }
    });
    view! {
        <header class="head event"><h1>{row.kind}</h1>{button}</header>
        <p class="notice" role="status" hidden=move || replayed.read().is_none()>{words::REPLAYED}</p>
        <article class="card">
            <dl>
                <dt>{words::OUTCOME}</dt>
                <dd>{outcome_badge(row.outcome)}</dd>
                <dt>{words::DETAIL}</dt>
                <dd>{row.detail}" "{row.conversion_id.map(sale_link)}</dd>
                <dt>{words::CONNECTION}</dt>
                <dd>{connection(row.connection, row.processor, row.is_test)}</dd>
                <dt>{words::EXTERNAL_ID}</dt>
                <dd class="id"><span class="mono">{row.external_id.clone()}</span><CopyButton value=row.external_id what=words::EXTERNAL_ID/></dd>
                <dt>{words::OCCURRED}</dt>
                <dd><Moment at=occurred_at server_now=now/></dd>
                <dt>{words::RECEIVED}</dt>
                <dd><Moment at=row.received_at server_now=now/></dd>
                <dt>{words::ATTEMPTS}</dt>
                <dd>{attempts}</dd>
                {next}
            </dl>
        </article>
        <section class="payload" aria-labelledby="payload">
            <header><h2 id="payload">{words::PAYLOAD}</h2><CopyButton value=payload.clone() what=words::PAYLOAD/></header>
            <pre tabindex="0" aria-labelledby="payload" role="group">{payload}</pre>
            {is_cut.then(|| view! { <p class="muted foot">{words::CUT}</p> })}
        </section>
    }
}
