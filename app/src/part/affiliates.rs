//! The page of affiliates as markup. Written on the server only (see [`super::served`]).

use domain::affiliate::AffiliateStatus;
use leptos::{either::Either, prelude::*};

use super::{
    fields::{Field, Refused, form, input, panel, select, submit},
    icon::{Icon, icon},
    served::copy,
    state::Empty,
    table::head,
};
use crate::{
    query::{AFFILIATES_PATH as HERE, COUPONS_PATH, affiliate_path},
    server_fn::{
        Choice,
        affiliate::{AddAffiliate, AffiliateRow},
    },
    text::{affiliate as one, affiliates as words, events, grouped, sales},
};

const NAME: Field = Field::new("name", words::NAME, "");
const EMAIL: Field = Field::new("email", words::EMAIL, "").kind("email");
const SLUG: Field = Field::new("slug", words::SLUG, words::SLUG_HINT).optional();
const CAMPAIGN: Field = Field::new("campaign", words::CAMPAIGN, "");
const PERCENT: Field = Field::new("percent", words::PERCENT, words::PERCENT_HINT)
    .optional()
    .decimal();

/// What is told.
pub(crate) struct Told {
    /// Newest first.
    pub(crate) rows: Vec<AffiliateRow>,
    /// What names, referral codes or e-mails begin with; empty: no matter what.
    pub(crate) typed: String,
    /// Only those of this status; `None`: everybody but who was removed.
    pub(crate) status: Option<AffiliateStatus>,
    /// Does the list hide somebody who was removed? Only asked where nobody else is left.
    pub(crate) any_removed: bool,
    /// Where the newest, newer and older ones are.
    pub(crate) steps: [Option<String>; 3],
    /// The campaigns that can be joined.
    pub(crate) campaigns: Vec<Choice>,
    /// The referral code of the one that was just added.
    pub(crate) added: String,
    /// The form to add one, when it is open.
    pub(crate) open: Option<Refused>,
    pub(crate) may_edit: bool,
}

/// A page of affiliates, and the form that is open.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let panel = page.open.as_ref().map(|refused| add_form(page, refused));
    let add = page.may_edit.then(|| {
        view! { <a class="btn main" href=format!("{HERE}?add=affiliate")>{icon(Icon::Plus)}<span>{words::ADD}</span></a> }
    });
    let add_coupon = (page.may_edit && !page.rows.is_empty()).then(|| {
        view! { <a class="btn" href=format!("{COUPONS_PATH}?add=coupon")>{icon(Icon::Coupon)}<span>{words::ADD_COUPON}</span></a> }
    });
    view! {
        <header class="head">
            <h1>{words::TITLE}</h1>
            <div class="push actions">{add_coupon}{add}</div>
        </header>
        {panel}
        {list(page)}
    }
}

fn list(page: &Told) -> impl IntoView + use<> {
    let is_filtered = !page.typed.is_empty() || page.status.is_some();
    match (page.rows.is_empty(), is_filtered) {
        (false, _) => {
            Either::Left(view! { {filters(page)}{table(page)}{pager(page.steps.clone())} })
        }
        (true, true) => Either::Right(Either::Left(view! {
            {filters(page)}
            <Empty title=words::NOBODY_FITS hint=words::NOBODY_FITS_HINT>
                <a class="btn" href=HERE>{events::CLEAR_FILTERS}</a>
            </Empty>
        })),
        (true, false) => {
            let removed = page.any_removed.then(|| {
                view! { <a class="btn" href=format!("{HERE}?status=removed")>{words::SHOW_REMOVED}</a> }
            });
            Either::Right(Either::Right(view! {
                <Empty title=words::EMPTY hint=words::EMPTY_HINT>{removed}</Empty>
            }))
        }
    }
}

/// What is looked for. Going back, a browser would restore what was chosen on the page that was left.
fn filters(page: &Told) -> impl IntoView + use<> {
    let on = |is_on: bool| is_on.then_some("on");
    let status = page.status;
    let everybody = (String::new(), words::EVERYBODY);
    let one = |status: &AffiliateStatus| (status.as_str().to_owned(), status.label());
    let choices = std::iter::once(everybody).chain(AffiliateStatus::ALL.iter().map(one));
    let chosen = status.map_or("", AffiliateStatus::as_str);
    let option = |(value, label): (String, &'static str)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{label}</option> }
    };
    view! {
        <form class="selects" method="get" role="search" autocomplete="off" action=HERE aria-label=words::TITLE>
            <label class=on(!page.typed.is_empty())>
                <span>{words::FIND}</span>
                <input type="search" name="q" value=page.typed.clone() maxlength="100" spellcheck="false"/>
            </label>
            <label class=on(status.is_some())>
                <span>{words::STATUS}</span>
                <select name="status">{choices.map(option).collect_view()}</select>
            </label>
            <button type="submit" class="btn">{events::APPLY}</button>
        </form>
    }
}

fn pager(steps: [Option<String>; 3]) -> impl IntoView {
    let names = [sales::NEWEST, sales::NEWER, sales::OLDER];
    let steps: Vec<_> = names
        .into_iter()
        .zip(steps)
        .filter_map(|(name, href)| Some(view! { <a class="btn" href=href?>{name}</a> }))
        .collect();
    (!steps.is_empty()).then(|| {
        view! {
            <nav class="pager" aria-label=sales::PAGES>
                <div class="steps-through">{steps}</div>
            </nav>
        }
    })
}

fn table(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::NAME, ""),
        (words::SLUG, ""),
        (words::CAMPAIGNS, ""),
        (words::CLICKS, "num"),
        (words::SALES, "num"),
        (words::EARNED, "num"),
        (one::PENDING, "num"),
        (one::PAYABLE, "num"),
    ];
    let row = |row: &AffiliateRow| row_of(row, row.slug == page.added);
    view! {
        <table role="table" class="plain accounts">
            {head(words::TITLE, columns)}
            <tbody role="rowgroup">{page.rows.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row_of(row: &AffiliateRow, is_added: bool) -> impl IntoView + use<> {
    // A cell without anything in it is left out where rows are cards.
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let number = |count: i64| (count != 0).then(|| grouped(count));
    let campaigns = row.campaigns.iter().map(|(name, own)| match own {
        Some(own) => format!("{name} ({own})"),
        None => name.clone(),
    });
    let codes = row.coupons.iter().cloned();
    let codes = codes.map(|code| view! { <code class="code">{code}</code>" " });
    let codes = (!row.coupons.is_empty()).then(|| view! { <small>{codes.collect_view()}</small> });
    let status = (row.status != AffiliateStatus::Active)
        .then(|| view! { <span class="word off">{row.status.label()}</span> });
    let owes = some(&row.debt).map(|debt| view! { <small class="owes">{one::owes(&debt)}</small> });
    view! {
        <tr role="row" class=is_added.then_some("added")>
            <th role="rowheader" scope="row" class="who"><a class="name" href=affiliate_path(row.id)>{row.name.clone()}</a>{status}<small>{row.email.clone()}</small></th>
            <td role="cell" data-label=words::SLUG class="id"><span class="mono">{row.slug.clone()}</span>{copy(&row.slug)}{codes}</td>
            <td role="cell" data-label=words::CAMPAIGNS>{campaigns.collect::<Vec<_>>().join(", ")}</td>
            <td role="cell" data-label=words::CLICKS class="num">{number(row.clicks)}</td>
            <td role="cell" data-label=words::SALES class="num">{number(row.sales)}</td>
            <td role="cell" data-label=words::EARNED class="num">{some(&row.earned)}</td>
            <td role="cell" data-label=one::PENDING class="num">{some(&row.pending)}</td>
            <td role="cell" data-label=one::PAYABLE class="num">{some(&row.payable)}{owes}</td>
        </tr>
    }
}

fn add_form(page: &Told, refused: &Refused) -> impl IntoView + use<> {
    let fields = view! {
        {input(&NAME, refused, "")}
        {input(&EMAIL, refused, "")}
        {input(&SLUG, refused, "")}
        {select(&CAMPAIGN, refused, page.campaigns.clone(), "")}
        {input(&PERCENT, refused, "")}
        {submit(words::ADD)}
    }
    .into_any();
    panel(
        words::ADD,
        HERE,
        form::<AddAffiliate>("grid", refused, fields),
    )
}
