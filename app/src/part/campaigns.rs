//! The page of campaigns as markup. Written on the server only (see [`super::served`]).

use domain::{
    campaign::{Campaign, CampaignStatus},
    organization::Defaults,
};
use leptos::{either::Either, prelude::*};

use super::{
    fields::{Field, Refused, form, input, panel, select, submit},
    icon::{Icon, icon},
    state::Empty,
    table::head,
};
use crate::{
    query::{CAMPAIGNS_PATH as HERE, campaign_path},
    server_fn::campaign::AddCampaign,
    text::{self, campaigns as words},
};

const NAME: Field = Field::new("name", words::NAME, "");
const CURRENCY: Field = Field::new("currency", words::CURRENCY, words::CURRENCY_HINT);
const AMOUNT: Field = Field::new("amount", words::AMOUNT, "").decimal();
const UNIT: Field = Field::new("unit", words::UNIT, "");
const DURATION: Field = Field::new("duration", words::DURATION, "");
const MONTHS: Field = Field::new("months", words::MONTHS, words::MONTHS_HINT)
    .optional()
    .numeric();
const HOLD_DAYS: Field = Field::new("hold_days", words::HOLD_DAYS, words::HOLD_HINT).numeric();
const COOKIE_DAYS: Field =
    Field::new("cookie_days", words::COOKIE_DAYS, words::COOKIE_HINT).numeric();

/// What is told.
pub(crate) struct Told {
    pub(crate) campaigns: Vec<Campaign>,
    /// What a new one starts with.
    pub(crate) defaults: Defaults,
    /// The form, when it is open.
    pub(crate) form: Option<Refused>,
    pub(crate) may_edit: bool,
}

/// All campaigns, and the form to add one.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let add = page.may_edit.then(|| {
        view! { <a class="btn main push" href=format!("{HERE}?add=campaign")>{icon(Icon::Plus)}<span>{words::ADD}</span></a> }
    });
    let list = if page.campaigns.is_empty() {
        Either::Left(view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> })
    } else {
        Either::Right(table(page))
    };
    view! {
        <header class="head"><h1>{words::TITLE}</h1>{add}</header>
        {page.form.as_ref().map(|refused| add_form(refused, &page.defaults))}
        {list}
    }
}

fn table(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::NAME, ""),
        (words::SLUG, ""),
        (words::EARNS, ""),
        (words::HOLD, "num"),
        (words::COOKIE, "num"),
        (words::STATUS, ""),
    ];
    view! {
        <table role="table" class="plain accounts">
            {head(words::TITLE, columns)}
            <tbody role="rowgroup">{page.campaigns.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(campaign: &Campaign) -> impl IntoView + use<> {
    let terms = &campaign.terms;
    let status = match campaign.status {
        CampaignStatus::Active => words::ACTIVE,
        CampaignStatus::Archived => words::ARCHIVED,
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row"><a class="name" href=campaign_path(campaign.id)>{campaign.name.to_string()}</a></th>
            <td role="cell" data-label=words::SLUG class="mono">{campaign.slug.to_string()}</td>
            <td role="cell" data-label=words::EARNS>{text::plan(terms.plan, terms.currency)}" · "{terms.currency.code()}</td>
            <td role="cell" data-label=words::HOLD class="num">{text::days(terms.hold_days)}</td>
            <td role="cell" data-label=words::COOKIE class="num">{text::days(terms.cookie_days)}</td>
            <td role="cell" data-label=words::STATUS>{status}</td>
        </tr>
    }
}

fn add_form(refused: &Refused, defaults: &Defaults) -> impl IntoView + use<> {
    let fields = view! {
        {input(&NAME, refused, "")}
        {input(&CURRENCY, refused, "USD")}
        {input(&AMOUNT, refused, "20")}
        {select(&UNIT, refused, words::units(), "percent")}
        {select(&DURATION, refused, words::durations(), "recurring")}
        {input(&MONTHS, refused, "")}
        {input(&HOLD_DAYS, refused, &defaults.hold_days.to_string())}
        {input(&COOKIE_DAYS, refused, &defaults.cookie_days.to_string())}
        {submit(words::ADD)}
    }
    .into_any();
    panel(
        words::ADD,
        HERE,
        form::<AddCampaign>("grid", refused, fields),
    )
}
