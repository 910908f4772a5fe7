//! The story of a sale as markup. Written on the server only: nothing in it changes by itself, so the
//! browser's program need not know how it is made (see [`super::served`]).

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    attribution::{TrailStep, Verdict},
    computation::{Step, StepKind},
    conversion::Conversion,
    id::{ConversionId, EventId},
    ledger::EntryKind,
    lifecycle::{Action, Status, Transition},
    money::Money,
    text::MAX_REASON,
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use store::{
    sales::Row,
    story::{BackLine, LedgerLine, Story, Who},
};

use super::{
    badge::{source_icon, status_badge},
    flags,
    icon::{Icon, icon},
    served::{copy, moment},
    table::head,
};
use crate::{
    outside::{self, Named},
    query::sale_path,
    server_fn::sale::DecideSales,
    text::{self, flags as flag_words, sale as words},
};

/// Everything about one sale; `may_edit`: with what can be decided about it, as of `now`.
pub fn story(story: &Story, may_edit: bool, now: DateTime<Utc>) -> impl IntoView + use<> {
    let sale = &story.row.conversion;
    view! {
        {headline(story)}
        {section(words::COMPUTED, computation(&story.computation()))}
        {section(words::WHY, trail(&sale.trail))}
        {(!story.backs.is_empty()).then(|| section(words::WENT_BACK, backs(&story.backs)))}
        {(!story.flags.is_empty()).then(|| section(flag_words::SECTION, flags::of_sale(&story.flags)))}
        {section(words::HAPPENED, timeline(story))}
        {section(words::LEDGER, ledger(story))}
        {section(words::IDS, ids(&story.row))}
        {may_edit.then(|| actions(sale, now))}
        <noscript><p class="hint">{text::TIMES_ARE_UTC}</p></noscript>
    }
}

fn section<V: IntoView>(title: &'static str, content: V) -> impl IntoView {
    view! { <section><h3>{title}</h3>{content}</section> }
}

/// Where it stands, how much it is for whom, and for what.
fn headline(story: &Story) -> impl IntoView + use<> {
    let sale = &story.row.conversion;
    let until = (sale.status == Status::Pending)
        .then(|| view! { <small>"until "{moment(sale.hold_until)}</small> });
    let source = sale.source;
    let coupon = sale.coupon_code.clone();
    let held = sale
        .held_by
        .map(|why| view! { <span class="word off">{why.label()}</span> });
    let parent = story.parent.as_ref().map(|parent| {
        let text = words::as_recruiter(&parent.affiliate_name);
        view! { <a class="link" data-noscroll href=sale_path(parent.conversion.id)>{text}</a>", " }
    });
    let of = story.parent.as_ref().map_or(sale, |row| &row.conversion);
    let payer = of.customer_email.as_deref();
    let share = story.share.as_ref().map(|share| {
        let text = words::share(share.conversion.commission, &share.affiliate_name);
        let href = sale_path(share.conversion.id);
        view! { <p class="muted">{words::RECRUITER}": "<a class="link" data-noscroll href=href>{text}</a></p> }
    });
    view! {
        <p class="stands">{status_badge(sale.status, None)}{until}{held}</p>
        <h2>{words::headline(sale.commission, &story.row.affiliate_name)}</h2>
        <p class="muted">{parent}{words::earned_by(of, payer)}</p>
        {share}
        <p class="from">
            {icon(source_icon(source))}
            <span>{source.label()}{coupon.map(|code| view! { " "<code>{code}</code> })}", "{story.row.campaign_name.clone()}</span>
            <small>{text::sales::source(source)}</small>
        </p>
    }
}

fn computation(steps: &[Step]) -> impl IntoView + use<> {
    let line = |step: &Step| {
        let class = match step.kind {
            StepKind::Commission => "sum",
            StepKind::Nothing => "why",
            StepKind::Excluded | StepKind::Returned | StepKind::Exchange => "muted",
            _ => "",
        };
        let amount = step.amount.map(|amount| amount.to_string());
        view! { <li class=class><span>{step.text.clone()}</span><span class="num">{amount}</span></li> }
    };
    view! { <ol class="lines">{steps.iter().map(line).collect_view()}</ol> }
}

fn trail(steps: &[TrailStep]) -> impl IntoView + use<> {
    let line = |step: &TrailStep| {
        let mark = match step.verdict {
            Verdict::Answered => Either::Left(icon(Icon::Check)),
            Verdict::PassedOver | Verdict::Revised | Verdict::Capped => {
                Either::Right(view! { <span aria-hidden="true">"–"</span> })
            }
        };
        view! {
            <li class=step.verdict.as_str()>
                {mark}
                <span><span class="visually-hidden">{step.verdict.label()}": "</span>{step.text.clone()}</span>
            </li>
        }
    };
    view! { <ol class="trail">{steps.iter().map(line).collect_view()}</ol> }
}

fn backs(lines: &[BackLine]) -> impl IntoView + use<> {
    let line = |line: &BackLine| {
        let reason = line
            .reason
            .clone()
            .map(|reason| view! { <small>{reason}</small> });
        let is_left_out = line.status.counts() && !line.is_counted;
        let uncounted = is_left_out.then(|| view! { <small>{words::NOT_COUNTED}</small> });
        view! {
            <li>
                {moment(line.occurred_at)}
                <span>
                    {words::back(line.kind, line.is_imported)}" of "{line.amount.to_string()}", "{line.status.label().to_lowercase()}
                    {uncounted}{reason}
                    <span class="id"><span class="mono">{line.external_id.clone()}</span>{copy(&line.external_id)}</span>
                </span>
            </li>
        }
    };
    view! { <ol class="time">{lines.iter().map(line).collect_view()}</ol> }
}

/// Events, its making, and every change, oldest first.
fn timeline(story: &Story) -> impl IntoView + use<> {
    let sale = &story.row.conversion;
    let mut lines: Vec<(DateTime<Utc>, AnyView)> = Vec::new();
    for event in &story.events {
        let detail = format!(": {}", event.detail);
        let line = view! { {event_link(event.id, &event.kind)}{detail} };
        lines.push((event.received_at, line.into_any()));
    }
    if let Some(click) = &story.click {
        let came = words::came(click.page_url.as_deref(), click.referrer.as_deref());
        lines.push((click.clicked_at, view! { {came} }.into_any()));
    }
    // While its rate was awaited nothing was; what came later is told by its own line.
    let at_once = |entry: &&LedgerLine| {
        let later = entry.created_at - sale.created_at;
        entry.kind == EntryKind::Accrual && later < TimeDelta::seconds(1)
    };
    let accrued = story.ledger.first().filter(at_once);
    let accrued = accrued.map(|entry| entry.amount);
    let recorded = view! { {words::recorded(accrued)} }.into_any();
    lines.push((sale.created_at, recorded));
    for line in &story.audit {
        let who = match &line.who {
            Who::Member(email) => email.clone().into_any(),
            Who::Key(name) => words::key(name).into_any(),
            Who::System => words::SERVER.into_any(),
            Who::Event(id) => {
                let known = story.events.iter().find(|event| event.id == *id);
                let kind = known.map_or(words::EVENT, |event| event.kind.as_str());
                event_link(*id, kind).into_any()
            }
        };
        let shown = view! { {line.detail.clone()}<small>{who}</small> };
        lines.push((line.created_at, shown.into_any()));
    }
    for line in &story.payouts {
        let payout = &line.payout;
        lines.push((payout.created_at, words::taken(line.amount).into_any()));
        let began = payout
            .processing_at
            .filter(|at| payout.completed_at != Some(*at));
        lines.extend(began.map(|at| (at, words::PAYOUT_BEGAN.into_any())));
        let failed = words::payout_failed(payout.failure.as_deref());
        lines.extend(payout.failed_at.map(|at| (at, failed.into_any())));
    }
    // What an event did is told after it, though both were written in one go.
    lines.sort_by_key(|(at, _)| at.timestamp());
    let line = |(at, line)| view! { <li>{moment(at)}<span>{line}</span></li> };
    view! { <ol class="time">{lines.into_iter().map(line).collect_view()}</ol> }
}

fn event_link(id: EventId, kind: &str) -> impl IntoView + use<> {
    view! { <a class="link" href=format!("/dashboard/events/{id}")>{kind.to_owned()}</a> }
}

/// The entries of this sale and their sum, which is the commission.
fn ledger(story: &Story) -> impl IntoView + use<> {
    if story.ledger.is_empty() {
        return Either::Left(view! { <p class="muted">{words::NO_ENTRY}</p> });
    }
    let line = |entry: &LedgerLine| {
        view! {
            <tr role="row">
                <td role="cell">{moment(entry.created_at)}</td>
                <td role="cell">{entry.kind.label()}<small>{entry.reason.clone()}</small></td>
                <td role="cell" class="num">{entry.amount.to_string()}</td>
            </tr>
        }
    };
    let sum = story.ledger.iter().map(|entry| entry.amount.minor).sum();
    let sum = Money::new(sum, story.row.conversion.commission.currency);
    let columns = vec![
        (words::WHEN, ""),
        (words::ENTRY, ""),
        (words::AMOUNT, "num"),
    ];
    Either::Right(view! {
        <table role="table" class="entries">
            {head(words::LEDGER_CAPTION, columns)}
            <tbody role="rowgroup">
                {story.ledger.iter().map(line).collect_view()}
                <tr role="row" class="sum"><td role="cell"></td><td role="cell">{words::SUM}</td><td role="cell" class="num">{sum.to_string()}</td></tr>
            </tbody>
        </table>
    })
}

/// Every id by which others know it, to copy, and to open where its processor shows it.
fn ids(row: &Row) -> impl IntoView + use<> {
    let (sale, known) = (&row.conversion, &row.conversion.ids);
    let own = sale.id.to_string();
    let all = [
        (
            words::EXTERNAL_ID,
            Some(Named::Sale),
            sale.external_event_id.as_ref(),
        ),
        (words::INVOICE, Some(Named::Invoice), known.invoice.as_ref()),
        (
            words::SUBSCRIPTION,
            Some(Named::Subscription),
            known.subscription.as_ref(),
        ),
        (
            words::CUSTOMER,
            Some(Named::Customer),
            known.customer.as_ref(),
        ),
        (
            words::PAYMENT,
            Some(Named::Payment),
            known.payment_intent.as_ref(),
        ),
        (words::CHARGE, Some(Named::Payment), known.charge.as_ref()),
        (words::SESSION, None, known.session.as_ref()),
        (words::OWN_ID, None, Some(&own)),
    ];
    let line = |(name, named, id): (&'static str, Option<Named>, Option<&String>)| {
        let id = id?;
        let href = named.and_then(|named| outside::href(sale.processor, row.mode, named, id));
        let shown = match href {
            Some(href) => Either::Left(view! {
                <a class="mono" href=href target="_blank" rel="external noreferrer" title=text::sales::OPEN_OUTSIDE>{id.clone()}</a>
            }),
            None => Either::Right(view! { <span class="mono">{id.clone()}</span> }),
        };
        Some(view! { <dt>{name}</dt><dd>{shown}{copy(id)}</dd> })
    };
    view! { <dl class="ids">{all.into_iter().filter_map(line).collect_view()}</dl> }
}

/// What can be decided about it now.
fn actions(sale: &Conversion, now: DateTime<Utc>) -> Option<impl IntoView + use<>> {
    let can = |step| sale.after(step, now).is_ok();
    let id = sale.id;
    let offered = [
        can(Transition::HoldPassed).then(|| at_once(id, Action::Approve, words::APPROVE, "")),
        (can(Transition::ApproveEarly) && !can(Transition::HoldPassed))
            .then(|| explained(id, Action::Approve, words::APPROVE_EARLY, words::EARLY_HINT)),
        can(Transition::Deny).then(|| explained(id, Action::Deny, words::DENY, words::DENY_HINT)),
        can(Transition::Restore)
            .then(|| at_once(id, Action::Restore, words::RESTORE, words::RESTORE_HINT)),
        sale.check_flaggable().is_ok().then(|| flags::flag_sale(id)),
    ];
    let offered: Vec<AnyView> = offered.into_iter().flatten().collect();
    (!offered.is_empty())
        .then(|| view! { <div class="acts" role="group" aria-label=words::DECIDE>{offered}</div> })
}

/// A decision that needs no reason.
fn at_once(id: ConversionId, action: Action, name: &'static str, hint: &'static str) -> AnyView {
    view! { <form method="post" action=DecideSales::PATH>{about(id, action)}<button type="submit" class="btn" title=hint>{name}</button></form> }
        .into_any()
}

/// A decision that needs a reason, which is asked for when it is chosen.
fn explained(id: ConversionId, action: Action, name: &'static str, hint: &'static str) -> AnyView {
    let field = format!("{}-reason", action.as_str());
    let described = format!("{field}-hint");
    view! {
        <details name="decide">
            <summary class="btn">{name}</summary>
            <form method="post" action=DecideSales::PATH class="field">
                {about(id, action)}
                <label for=field.clone()>{words::REASON}</label>
                <input id=field name="form[reason]" required maxlength=MAX_REASON autocomplete="off" aria-describedby=described.clone()/>
                <p class="hint" id=described>{hint}</p>
                <button type="submit" class="btn main">{name}</button>
            </form>
        </details>
    }
    .into_any()
}

fn about(id: ConversionId, action: Action) -> impl IntoView {
    view! {
        <input type="hidden" name="form[ids][]" value=id.to_string()/>
        <input type="hidden" name="form[action]" value=action.as_str()/>
    }
}
