//! The page of an affiliate as markup. Written on the server only (see [`super::served`]).

use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    campaign::Campaign,
    conversion::CommissionState,
    ledger::{Balance, EntryKind},
};
use leptos::{either::Either, prelude::*};
use store::{funnel::Funnel, ledger::Entry, payout::PayoutView, sales::Row};

use super::{
    affiliate_form::{Edited, edit_form},
    affiliate_place::{Asked, enrollments, panel, ways},
    badge::{source_badge, source_sentences, status_badge},
    funnel::{Period, funnel},
    icon::{Icon, icon},
    links::Links,
    payouts::of_affiliate,
    served::{copy, moment},
    table::head,
};
use crate::{
    moment::Millis,
    query::{AFFILIATES_PATH, SalesQuery, affiliate_path, sale_path},
    text::{self, affiliate as words, affiliates, sales},
};

/// What is told.
pub(crate) struct Told {
    pub(crate) affiliate: Affiliate,
    pub(crate) recruiter: Option<Affiliate>,
    /// All campaigns.
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) coupons: Vec<String>,
    pub(crate) balances: Vec<Balance>,
    /// How many came how far, and since when.
    pub(crate) funnel: (Funnel, Period),
    /// The newest ones.
    pub(crate) sales: Vec<Row>,
    /// The newest ones.
    pub(crate) payouts: Vec<PayoutView>,
    /// When this is told, which decides how moments are written.
    pub(crate) now: Millis,
    /// A page of the account.
    pub(crate) entries: Vec<Entry>,
    /// Where the newest entries, newer and older ones are.
    pub(crate) steps: [Option<String>; 3],
    /// The form, when it is open.
    pub(crate) form: Option<Edited>,
    /// Another form that is open.
    pub(crate) asked: Option<Asked>,
    pub(crate) links: Links,
    /// Was a change just taken?
    pub(crate) is_saved: bool,
    pub(crate) may_edit: bool,
}

/// Everything about one affiliate.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let form = page.form.as_ref();
    let (counts, period) = page.funnel;
    let saved = page
        .is_saved
        .then(|| view! { <p class="notice" role="status">{words::SAVED}</p> });
    view! {
        <p class="back"><a class="link" href=AFFILIATES_PATH>{words::ALL}</a></p>
        {saved}
        <div class="person">
            {headline(page)}
            {form.map(|form| edit_form(&page.affiliate, &page.campaigns, form))}
            {page.asked.as_ref().map(|asked| panel(&page.affiliate, asked))}
            {known(page)}
            <section aria-labelledby="balances">
                <header><h2 id="balances">{words::BALANCES}</h2></header>
                {balances(&page.balances)}
            </section>
            {funnel(counts, period, &affiliate_path(page.affiliate.id))}
            <section aria-labelledby="sales">{newest_sales(page)}</section>
            <section aria-labelledby="payouts">{of_affiliate(page.affiliate.id, &page.payouts, page.now)}</section>
            <section aria-labelledby="ledger">
                <header><h2 id="ledger">{words::LEDGER}</h2></header>
                {account(&page.entries, &page.steps)}
            </section>
            <noscript><p class="hint">{text::TIMES_ARE_UTC}</p></noscript>
        </div>
    }
}

fn headline(page: &Told) -> impl IntoView + use<> {
    let affiliate = &page.affiliate;
    let class = match affiliate.status {
        AffiliateStatus::Active => "word",
        _ => "word off",
    };
    let edit = page.may_edit.then(|| {
        let href = format!("{}?edit=1", affiliate_path(affiliate.id));
        view! { <div class="push actions">{ways(affiliate)}<a class="btn" href=href>{words::EDIT}</a></div> }
    });
    let means = (affiliate.status != AffiliateStatus::Active)
        .then(|| view! { <p class="hint">{words::is(affiliate.status)}</p> });
    view! {
        <header class="head">
            <h1>{affiliate.name.to_string()}</h1>
            <span class=class>{affiliate.status.label()}</span>
            {edit}
        </header>
        {means}
    }
}

/// What is known about the affiliate.
fn known(page: &Told) -> impl IntoView + use<> {
    let affiliate = &page.affiliate;
    let slug = affiliate.slug.to_string();
    let recruiter = page.recruiter.as_ref().map(|recruiter| {
        let href = affiliate_path(recruiter.id);
        view! { <dt>{words::RECRUITER}</dt><dd><a class="link" href=href>{recruiter.name.to_string()}</a></dd> }
    });
    let account = affiliate.stripe_account_id.clone();
    let account = account.map(|id| view! { <dt>{words::ACCOUNT}</dt><dd><code>{id}</code></dd> });
    let codes = page.coupons.iter().cloned();
    let codes = codes.map(|code| view! { <code class="code">{code}</code> });
    let coupons = (!page.coupons.is_empty())
        .then(|| view! { <dt>{affiliates::COUPONS}</dt><dd>{codes.collect_view()}</dd> });
    view! {
        <article class="card">
            <dl>
                <dt>{affiliates::EMAIL}</dt>
                <dd>{affiliate.email.to_string()}</dd>
                <dt>{affiliates::SLUG}</dt>
                <dd class="id"><span class="copied-text"><code>{slug.clone()}</code>{copy(&slug)}</span></dd>
                {recruiter}
                {account}
                <dt>{affiliates::CAMPAIGNS}</dt>
                <dd>{enrollments(affiliate, &page.campaigns, &page.links, page.may_edit)}</dd>
                {coupons}
                <dt>{affiliates::ADDED}</dt>
                <dd>{moment(affiliate.created_at)}</dd>
            </dl>
        </article>
    }
}

/// Currencies are never added to each other: each has its own.
fn balances(balances: &[Balance]) -> impl IntoView + use<> {
    if balances.is_empty() {
        return Either::Left(view! { <p class="none">{words::NO_BALANCE}</p> });
    }
    let names = [
        (words::PENDING, "pending"),
        (words::PAYABLE, "approved"),
        (words::PAID, "paid"),
        (words::DEBT, "denied"),
    ];
    let of_currency = |balance: &Balance| {
        let part =
            |((name, class), amount): ((&'static str, &'static str), domain::money::Money)| {
                let class = if amount.minor == 0 { "" } else { class };
                view! { <div><dt class=class>{name}</dt><dd>{amount.to_string()}</dd></div> }
            };
        let name = words::balance_in(balance.currency.code());
        let parts = names.into_iter().zip(balance.parts()).map(part);
        view! { <div class="totals" role="group" aria-label=name><dl>{parts.collect_view()}</dl></div> }
    };
    Either::Right(view! {
        {balances.iter().map(of_currency).collect_view()}
        <p class="hint">{words::BALANCES_HINT}</p>
    })
}

fn newest_sales(page: &Told) -> impl IntoView + use<> {
    let title = view! { <h2 id="sales">{words::SALES}</h2> };
    if page.sales.is_empty() {
        return Either::Left(
            view! { <header>{title}</header><p class="none">{words::NO_SALES}</p> },
        );
    }
    let all = SalesQuery {
        affiliate: Some(page.affiliate.id),
        ..SalesQuery::default()
    };
    let columns = vec![
        (sales::DATE, ""),
        (sales::TYPE, ""),
        (sales::SOURCE, ""),
        (sales::AMOUNT, "num"),
        (words::COMMISSION, "num"),
        (words::STATUS, ""),
    ];
    Either::Right(view! {
        <header>{title}<a class="link" href=all.href()>{words::ALL_SALES}</a></header>
        <table role="table" class="plain">
            {head(words::SALES, columns)}
            <tbody role="rowgroup">{page.sales.iter().map(sale).collect_view()}</tbody>
        </table>
        {source_sentences()}
    })
}

fn sale(row: &Row) -> impl IntoView + use<> {
    let sale = &row.conversion;
    let commission = match sale.commission_state {
        CommissionState::Ready => sale.commission.to_string(),
        CommissionState::AwaitingRate => sales::AWAITING_RATE.to_owned(),
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who">
                <a class="link" href=sale_path(sale.id)>{moment(sale.created_at)}</a><small>{row.campaign_name.clone()}</small>
            </th>
            <td role="cell" data-label=sales::TYPE>{sale.kind.label()}</td>
            <td role="cell" data-label=sales::SOURCE>{source_badge(sale.source, sale.coupon_code.clone())}</td>
            <td role="cell" data-label=sales::AMOUNT class="num">{sale.amount.to_string()}</td>
            <td role="cell" data-label=words::COMMISSION class="num">{commission}</td>
            <td role="cell" data-label=words::STATUS>{status_badge(sale.status, None)}</td>
        </tr>
    }
}

fn account(entries: &[Entry], steps: &[Option<String>; 3]) -> impl IntoView + use<> {
    if entries.is_empty() {
        return Either::Left(view! { <p class="none">{words::NO_ENTRIES}</p> });
    }
    let columns = vec![
        (sales::DATE, ""),
        (words::ENTRY, ""),
        (words::REASON, ""),
        (sales::AMOUNT, "num"),
    ];
    let names = [sales::NEWEST, sales::NEWER, sales::OLDER];
    let ways = names.into_iter().zip(steps.clone());
    let ways: Vec<_> = ways
        .filter_map(|(name, href)| Some(view! { <a class="btn" href=href?>{name}</a> }))
        .collect();
    let pager = (!ways.is_empty()).then(|| {
        view! { <nav class="pager" aria-label=sales::PAGES><div class="steps-through">{ways}</div></nav> }
    });
    Either::Right(view! {
        <table role="table" class="plain">
            {head(words::LEDGER_CAPTION, columns)}
            <tbody role="rowgroup">{entries.iter().map(entry).collect_view()}</tbody>
        </table>
        {pager}
    })
}

fn entry(entry: &Entry) -> impl IntoView + use<> {
    let (shape, class) = entry_look(entry.kind);
    let sale = entry
        .conversion_id
        .map(|id| view! { " "<a class="link" href=sale_path(id)>{text::events::OPEN_SALE}</a> });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who">{moment(entry.created_at)}</th>
            <td role="cell" data-label=words::ENTRY><span class=class>{icon(shape)}{entry.kind.label()}</span></td>
            <td role="cell" data-label=words::REASON>{entry.reason.clone()}{sale}</td>
            <td role="cell" data-label=sales::AMOUNT class="num">{words::signed(entry.amount)}</td>
        </tr>
    }
}

/// An entry's shape and colour.
pub(super) fn entry_look(kind: EntryKind) -> (Icon, &'static str) {
    match kind {
        EntryKind::Accrual => (Icon::Approved, "status approved"),
        EntryKind::Clawback => (Icon::Refunded, "status refunded"),
        EntryKind::Reinstatement => (Icon::Up, "status approved"),
        EntryKind::Denial => (Icon::Denied, "status denied"),
        EntryKind::Payout => (Icon::Paid, "status paid"),
        EntryKind::Adjustment => (Icon::Manual, "status pending"),
    }
}
