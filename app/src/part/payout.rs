//! One payout as markup: where it stands, what is to be done, what it pays, what happened. Written on the
//! server only (see [`super::served`]).

use domain::{
    connection::Mode,
    payout::{Payout, PayoutMethod, PayoutStatus},
    text::MAX_REASON,
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use store::{
    payout::{PaidRow, PayoutRows, PayoutView},
    story::{AuditLine, Who},
};

use super::{
    affiliate::entry_look,
    badge::{payout_badge, status_badge},
    fields::Refused,
    icon::icon,
    served::{copy, moment},
    table::head,
};
use crate::{
    query::{PAYOUTS_PATH, affiliate_path, sale_path},
    server_fn::payout::{CompletePayout, FailPayout, ProcessPayout},
    text::{self, affiliate as account, form, payouts as words, sale, sales},
};

/// What is told.
pub(crate) struct Told {
    pub(crate) view: PayoutView,
    /// What it takes, oldest first.
    pub(crate) entries: PayoutRows,
    /// What was done, oldest first.
    pub(crate) steps: Vec<AuditLine>,
    /// Of the account that sends its transfer.
    pub(crate) mode: Mode,
    /// Was a change just taken?
    pub(crate) is_saved: bool,
    /// Why a change was not taken.
    pub(crate) refused: [Refused; 3],
    pub(crate) may_edit: bool,
}

/// Everything about one payout.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let payout = &page.view.payout;
    let saved = page
        .is_saved
        .then(|| view! { <p class="notice" role="status">{words::DONE}</p> });
    let failed = page.refused.iter().find_map(|one| one.failed.clone());
    let failed = failed.map(|why| view! { <p class="form-error" role="alert">{why}</p> });
    view! {
        <p class="back"><a class="link" href=PAYOUTS_PATH>{words::ALL}</a></p>
        {saved}
        {failed}
        <div class="payout">
            <header class="head"><h1>{payout.amount.to_string()}</h1>{payout_badge(payout.status)}</header>
            <p class="muted">{words::status(payout.status)}</p>
            {trouble(payout)}
            {page.may_edit.then(|| acts(page)).flatten()}
            {known(page)}
            <section aria-labelledby="items">
                <header><h2 id="items">{words::pays(payout.status)}</h2></header>
                {items(page)}
            </section>
            <section aria-labelledby="steps">
                <header><h2 id="steps">{words::TIMELINE}</h2></header>
                <ol class="time">{page.steps.iter().map(step).collect_view()}</ol>
            </section>
            <noscript><p class="hint">{text::TIMES_ARE_UTC}</p></noscript>
        </div>
    }
}

/// Why it failed, or why the last try did.
fn trouble(payout: &Payout) -> Option<impl IntoView + use<>> {
    let why = text::sentence(payout.failure.as_deref()?);
    let is_over = payout.status == PayoutStatus::Failed;
    let (class, name) = if is_over {
        ("form-error", words::REASON)
    } else {
        ("notice", words::TROUBLE)
    };
    Some(view! { <p class=class><b>{name}": "</b>{why}</p> })
}

/// What can be done about it now; each asks what it needs when it is chosen.
fn acts(page: &Told) -> Option<impl IntoView + use<>> {
    let payout = &page.view.payout;
    let is_over = [PayoutStatus::Completed, PayoutStatus::Failed].contains(&payout.status);
    // Once Stripe was asked for the money, it says what became of it.
    let is_ours = payout.clone().by_hand().is_ok();
    if is_over || !is_ours {
        return None;
    }
    let by_stripe = payout.method == PayoutMethod::Stripe;
    let (name, hint) = if by_stripe {
        (words::SEND, words::SEND_HINT)
    } else {
        (words::PROCESS, words::PROCESS_HINT)
    };
    let id = payout.id.to_string();
    let process = (payout.status == PayoutStatus::Pending).then(|| {
        view! {
            <form method="post" action=ProcessPayout::PATH>
                <input type="hidden" name="form[payout]" value=id/>
                <button type="submit" class="btn main" title=hint>{name}</button>
            </form>
        }
    });
    let [_, completing, failing] = &page.refused;
    let complete = Act {
        path: CompletePayout::PATH,
        field: "note",
        name: words::COMPLETE,
        hint: words::COMPLETE_HINT,
        label: words::NOTE,
        needed: false,
    };
    let fail = Act {
        path: FailPayout::PATH,
        field: "reason",
        name: words::FAIL,
        hint: words::FAIL_HINT,
        label: words::REASON,
        needed: true,
    };
    let id = payout.id.to_string();
    Some(view! {
        <div class="acts">
            {process}
            {complete.asked(&id, completing)}
            {fail.asked(&id, failing)}
        </div>
    })
}

/// A step that is taken with some words.
struct Act {
    path: &'static str,
    field: &'static str,
    name: &'static str,
    hint: &'static str,
    label: &'static str,
    needed: bool,
}

impl Act {
    fn asked(&self, id: &str, refused: &Refused) -> impl IntoView + use<> {
        let kept = refused.kept(self.field).unwrap_or_default().to_owned();
        let is_open = refused.failed.is_some() || refused.kept(self.field).is_some();
        let (field, hint) = (self.field, format!("{}-hint", self.field));
        let optional = (!self.needed).then(|| view! { <small>{form::OPTIONAL}</small> });
        view! {
            <details name="act" open=is_open>
                <summary class="btn">{self.name}</summary>
                <form method="post" action=self.path class="field">
                    <input type="hidden" name="form[payout]" value=id.to_owned()/>
                    <label for=field>{self.label}{optional}</label>
                    <input id=field name=format!("form[{field}]") value=kept required=self.needed maxlength=MAX_REASON autocomplete="off" aria-describedby=hint.clone()/>
                    <p class="hint" id=hint>{self.hint}</p>
                    <button type="submit" class="btn main">{self.name}</button>
                </form>
            </details>
        }
    }
}

fn known(page: &Told) -> impl IntoView + use<> {
    let payout = &page.view.payout;
    let id = payout.id.to_string();
    let batch = payout.batch_id.map(|id| {
        let href = format!("{PAYOUTS_PATH}?batch={id}");
        view! { <dt>{words::BATCH}</dt><dd><a class="link" href=href>{words::WITH_IT}</a></dd> }
    });
    let campaign = page
        .view
        .campaign_name
        .clone()
        .map(|name| view! { <dt>{words::CAMPAIGN}</dt><dd>{name}</dd> });
    let account = payout.account.clone();
    let account = account.map(|id| view! { <dt>{words::ACCOUNT}</dt><dd><code>{id}</code></dd> });
    let note = payout
        .note
        .clone()
        .map(|note| view! { <dt>{words::NOTE}</dt><dd>{note}</dd> });
    view! {
        <article class="card" aria-label=words::KNOWN>
            <dl>
                <dt>{words::AFFILIATE}</dt>
                <dd><a class="link" href=affiliate_path(payout.affiliate_id)>{page.view.affiliate_name.clone()}</a></dd>
                {campaign}
                <dt>{words::METHOD}</dt>
                <dd>{words::method(payout.method)}</dd>
                {account}
                {transfer(page)}
                {batch}
                {note}
                <dt>{words::REFERENCE}</dt>
                <dd class="id"><span class="copied-text"><code>{id.clone()}</code>{copy(&id)}</span></dd>
            </dl>
        </article>
    }
}

/// Its transfer, and where it is at Stripe.
fn transfer(page: &Told) -> Option<impl IntoView + use<>> {
    let id = page.view.payout.transfer_id.clone()?;
    let test = match page.mode {
        Mode::Live => "",
        Mode::Test => "test/",
    };
    let href = format!("https://dashboard.stripe.com/{test}connect/transfers/{id}");
    Some(view! {
        <dt>{words::TRANSFER}</dt>
        <dd class="id"><span class="copied-text"><code>{id.clone()}</code>{copy(&id)}</span>" "<a class="link" href=href rel="noreferrer external" target="_blank">{words::AT_STRIPE}</a></dd>
    })
}

fn items(page: &Told) -> impl IntoView + use<> {
    let PayoutRows { rows, total } = &page.entries;
    if rows.is_empty() {
        return Either::Left(view! { <p class="none">{words::NO_ENTRIES}</p> });
    }
    let columns = vec![
        (sales::DATE, ""),
        (words::ENTRY, ""),
        (account::REASON, ""),
        (words::STATUS, ""),
        (words::AMOUNT, "num"),
    ];
    let rest = total.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    let more = (rest > 0).then(|| view! { <p class="hint">{words::further(rest)}</p> });
    Either::Right(view! {
        <table role="table" class="plain">
            {head(words::PAYS_CAPTION, columns)}
            <tbody role="rowgroup">{rows.iter().map(item).collect_view()}</tbody>
        </table>
        {more}
    })
}

fn item(item: &PaidRow) -> impl IntoView + use<> {
    let (shape, class) = entry_look(item.kind);
    let sale = item.row.as_ref().map(|row| &row.conversion);
    let link = sale.map(|sale| {
        view! { " "<a class="link" href=sale_path(sale.id)>{text::events::OPEN_SALE}</a> }
    });
    let stands = sale.map(|sale| status_badge(sale.status, None));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who">{moment(item.created_at)}</th>
            <td role="cell" data-label=words::ENTRY><span class=class>{icon(shape)}{item.kind.label()}</span></td>
            <td role="cell" data-label=account::REASON>{item.reason.clone()}{link}</td>
            <td role="cell" data-label=words::STATUS>{stands}</td>
            <td role="cell" data-label=words::AMOUNT class="num">{account::signed(item.amount)}</td>
        </tr>
    }
}

fn step(line: &AuditLine) -> impl IntoView + use<> {
    let who = match &line.who {
        Who::Member(email) => email.clone(),
        Who::Key(name) => sale::key(name),
        Who::System => sale::SERVER.to_owned(),
        Who::Event(_) => words::BY_EVENT.to_owned(),
    };
    let event = match &line.who {
        Who::Event(id) => Some(format!("/dashboard/events/{id}")),
        _ => None,
    };
    let who = match event {
        Some(href) => Either::Left(view! { <a class="link" href=href>{who}</a> }),
        None => Either::Right(who),
    };
    view! { <li>{moment(line.created_at)}<span>{text::sentence(&line.detail)}<small>{who}</small></span></li> }
}
