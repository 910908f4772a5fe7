//! The audit log as markup. Written on the server only (see [`super::served`]).

use leptos::{either::Either, prelude::*};
use store::{audit::AuditView, story::Who};

use super::{
    events::{Filter, day, pager, select},
    served::short_moment,
    settings_tabs::{Tab, head},
    state::Empty,
    table,
};
use crate::{
    moment::Millis,
    query::{
        ACCOUNT_PATH, AFFILIATES_PATH, API_KEYS_PATH, AUDIT_PATH as HERE, CAMPAIGNS_PATH,
        COUPONS_PATH, MEMBERS_PATH, SALES_PATH, SETTINGS_PATH, WEBHOOKS_PATH,
    },
    text::{audit as words, events, sale},
};

/// What is told.
pub(crate) struct Told {
    /// Newest first.
    pub(crate) lines: Vec<AuditView>,
    pub(crate) filters: Vec<Filter>,
    /// The first and the last day that are chosen, as an address writes them; empty is any.
    pub(crate) days: [String; 2],
    /// Where the newest lines, newer ones and older ones are.
    pub(crate) steps: [Option<String>; 3],
    /// When this is told, which decides how moments are written.
    pub(crate) now: Millis,
}

/// A page of the log.
pub(crate) fn told(page: Told) -> impl IntoView {
    let days = [("since", events::SINCE), ("to", events::TO)];
    let list = if page.lines.is_empty() {
        // There is always the line of the organization's beginning: only filters leave nothing.
        Either::Left(view! {
            <Empty title=words::NOTHING_FITS hint=words::NOTHING_FITS_HINT>
                <a class="btn" href=HERE>{events::CLEAR_FILTERS}</a>
            </Empty>
        })
    } else {
        Either::Right(view! { {table(&page)}{pager(page.steps)} })
    };
    // Going back, a browser would restore what was chosen on the page that was left.
    view! {
        {head(Tab::Audit, None)}
        <form class="selects" method="get" autocomplete="off" action=HERE aria-label=words::FILTERS>
            {page.filters.into_iter().map(select).collect_view()}
            {days.into_iter().zip(page.days).map(day).collect_view()}
            <button type="submit" class="btn">{events::APPLY}</button>
        </form>
        {list}
    }
}

fn table(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::WHAT, ""),
        (words::DETAIL, ""),
        (words::WHO, ""),
        (words::WHEN, ""),
    ];
    let row = |line: &AuditView| row(line, page.now);
    view! {
        <table role="table" class="plain settled audit">
            {table::head(words::CAPTION, columns)}
            <tbody role="rowgroup">{page.lines.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(line: &AuditView, now: Millis) -> impl IntoView + use<> {
    let done = words::done(&line.subject, &line.action);
    let what = match place(&line.subject, &line.subject_id.to_string()) {
        Some(href) => Either::Left(view! { <a class="link" href=href>{done}</a> }),
        None => Either::Right(done),
    };
    let who = match &line.who {
        Who::Member(email) => Either::Left(email.clone()),
        Who::Key(name) => Either::Left(sale::key(name)),
        Who::System => Either::Left(sale::SERVER.to_owned()),
        Who::Event(id) => {
            let href = place("event", &id.to_string());
            Either::Right(view! { <a class="link" href=href>{words::AN_EVENT}</a> })
        }
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{what}</th>
            <td role="cell" data-label=words::DETAIL>{line.detail.clone()}</td>
            <td role="cell" data-label=words::WHO>{who}</td>
            <td role="cell" data-label=words::WHEN class="muted">{short_moment(line.created_at, now)}</td>
        </tr>
    }
}

/// Where a thing of this kind is to be seen.
fn place(kind: &str, id: &str) -> Option<String> {
    Some(match kind {
        "conversion" => format!("{SALES_PATH}/{id}"),
        "affiliate" => format!("{AFFILIATES_PATH}/{id}"),
        "campaign" => format!("{CAMPAIGNS_PATH}/{id}"),
        "event" => format!("/dashboard/events/{id}"),
        "import" => format!("/dashboard/imports/{id}"),
        "coupon" => COUPONS_PATH.to_owned(),
        "connection" => "/dashboard/connections".to_owned(),
        "organization" | "s2s_secret" => SETTINGS_PATH.to_owned(),
        "member" | "invitation" => MEMBERS_PATH.to_owned(),
        "webhook_endpoint" => format!("{WEBHOOKS_PATH}/{id}"),
        "api_key" => API_KEYS_PATH.to_owned(),
        "person" | "session" => ACCOUNT_PATH.to_owned(),
        _ => return None,
    })
}
