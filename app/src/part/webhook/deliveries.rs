//! What was sent to a webhook, as markup.

use chrono::TimeDelta;
use domain::webhook::{DeliveryStatus, EndpointStatus};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use store::webhook::DeliveryView;

use super::{Done, Told};
use crate::{
    part::{
        events::{Filter, pager, select},
        fields::Refused,
        icon::{Icon, icon},
        served::short_moment,
        state::Empty,
        table::head,
    },
    query::webhook_path,
    server_fn::{Choice, webhook::one::ReplayDelivery},
    text::{self, events, webhooks as words},
};

/// What comes within that needs no time of day.
const SOON: TimeDelta = TimeDelta::minutes(1);

/// What is told of them.
pub(crate) struct Deliveries {
    /// Newest first.
    pub(crate) rows: Vec<DeliveryView>,
    /// Only those that stand so.
    pub(crate) status: Option<DeliveryStatus>,
    /// Where the newest rows, newer ones and older ones are.
    pub(crate) steps: [Option<String>; 3],
}

/// The list. While something that was just sent is on its way, the page comes again by itself.
pub(super) fn told(page: &Told) -> impl IntoView + use<> {
    let list = &page.deliveries;
    let is_sent = matches!(page.done, Some(Done::Tested | Done::Replayed));
    let is_untried =
        |row: &DeliveryView| row.status == DeliveryStatus::Pending && row.attempts == 0;
    let again = (is_sent && list.rows.iter().any(is_untried)).then_some("");
    let failed = Refused::of::<ReplayDelivery>().failed;
    let failed = failed.map(|why| view! { <p class="form-error" role="alert">{why}</p> });
    let all = webhook_path(page.endpoint.id);
    let rows = match (list.rows.is_empty(), list.status) {
        (false, _) => Either::Left(view! {
            {table(page)}
            {list.steps.iter().any(Option::is_some).then(|| pager(list.steps.clone()))}
        }),
        (true, None) => Either::Right(Either::Left(view! {
            <Empty title=words::NO_DELIVERIES hint=words::NO_DELIVERIES_HINT>{()}</Empty>
        })),
        (true, Some(_)) => Either::Right(Either::Right(view! {
            <Empty title=words::NOTHING_FITS hint=words::NOTHING_FITS_HINT>
                <a class="btn" href=all>{words::SHOW_ALL}</a>
            </Empty>
        })),
    };
    view! {
        <section class="deliveries" aria-labelledby="deliveries" data-again=again>
            <header class="head"><h2 id="deliveries">{words::DELIVERIES}</h2></header>
            {failed}
            {filters(page)}
            {rows}
        </section>
    }
}

fn filters(page: &Told) -> impl IntoView + use<> {
    let list = &page.deliveries;
    if list.rows.is_empty() && list.status.is_none() {
        return None;
    }
    let all = std::iter::once(Choice::new("", words::ANY_STATUS));
    let statuses = DeliveryStatus::ALL.iter();
    let statuses = statuses.map(|status| Choice::new(status.as_str(), status.label()));
    let filter = Filter {
        name: "status",
        label: words::STATUS,
        choices: all.chain(statuses).collect(),
        chosen: list.status.map_or("", DeliveryStatus::as_str).to_owned(),
    };
    // Going back, a browser would restore what was chosen on the page that was left.
    Some(view! {
        <form class="selects" method="get" autocomplete="off" action=webhook_path(page.endpoint.id) aria-label=words::FILTERS>
            {select(filter)}
            <button type="submit" class="btn">{events::APPLY}</button>
        </form>
    })
}

fn table(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::EVENT, ""),
        (words::STATUS, ""),
        (words::ANSWER, ""),
        (words::ATTEMPTS, "num"),
        (words::WHEN, ""),
    ];
    let row = |view: &DeliveryView| row(page, view);
    view! {
        <table role="table" class="plain inbox">
            {head(words::DELIVERIES_CAPTION, columns)}
            <tbody role="rowgroup">{page.deliveries.rows.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(page: &Told, view: &DeliveryView) -> impl IntoView + use<> {
    let is_over = view.status != DeliveryStatus::Pending;
    let takes_more = page.endpoint.status() == EndpointStatus::Active;
    let again = (page.may_edit && is_over && takes_more).then(|| replay(page, view));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who">
                {view.topic.as_str()}<small class="mono">{view.public_message_id()}</small>
            </th>
            <td role="cell" data-label=words::STATUS>{badge(view.status)}{next(page, view)}</td>
            <td role="cell" data-label=words::ANSWER>{answer(page, view)}</td>
            <td role="cell" data-label=words::ATTEMPTS class="num">{view.attempts}</td>
            <td role="cell" data-label=words::WHEN class="muted">{short_moment(view.created_at, page.now.timestamp_millis())}{again}</td>
        </tr>
    }
}

/// When it is tried again.
fn next(page: &Told, view: &DeliveryView) -> Option<impl IntoView + use<>> {
    let at = view.next_attempt_at?;
    let when = if at - page.now < SOON {
        Either::Left(words::ON_ITS_WAY)
    } else {
        Either::Right(view! { {words::NEXT}" "{short_moment(at, page.now.timestamp_millis())} })
    };
    Some(view! { <small>{when}</small> })
}

/// What came of the last attempt. What stands behind the address is for those to read who may change it.
fn answer(page: &Told, view: &DeliveryView) -> impl IntoView + use<> {
    let status = view.answer_status.zip(view.duration_ms);
    let status = status.map(|(status, took)| words::answered(status, took));
    let error = view.error.as_deref().map(text::sentence);
    let error = error.map(|error| view! { <small>{error}</small> });
    let body = view.answer.clone().filter(|_| page.may_edit);
    let body = body.map(|body| {
        view! { <details class="events"><summary>{words::BODY}</summary><pre class="answer">{body}</pre></details> }
    });
    view! { {status}{error}{body} }
}

fn replay(page: &Told, view: &DeliveryView) -> impl IntoView + use<> {
    let (webhook, delivery) = (page.endpoint.id.to_string(), view.id.to_string());
    let which = view.topic.as_str();
    view! {
        <form method="post" action=ReplayDelivery::PATH>
            <input type="hidden" name="form[webhook]" value=webhook/>
            <input type="hidden" name="form[delivery]" value=delivery/>
            <button type="submit" class="btn quiet">{words::REPLAY}<span class="visually-hidden">" "{which}</span></button>
        </form>
    }
}

/// Its word, its shape and its colour.
fn badge(status: DeliveryStatus) -> impl IntoView {
    let (shape, class) = match status {
        DeliveryStatus::Pending => (Icon::Pending, "status pending"),
        DeliveryStatus::Delivered => (Icon::Approved, "status approved"),
        DeliveryStatus::Failed => (Icon::Failed, "status denied"),
    };
    view! { <span class=class title=words::delivery(status)>{icon(shape)}{status.label()}</span> }
}
