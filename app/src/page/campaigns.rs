//! Campaigns: the terms affiliates earn under.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use super::use_param;
use crate::{
    at_once::at_once,
    call::{Sending, load},
    part::{
        form::{FormState, Panel, PostForm, SelectField, Submit, TextField},
        icon::{Icon, icon},
        state::{Awaited, Empty, shows},
        table::head,
    },
    server_fn::{
        Choice,
        campaign::{AddCampaign, CampaignRow, CampaignsPage, LoadCampaigns},
    },
    text::{self, campaigns as words},
};

const HERE: &str = "/dashboard/campaigns";

/// The campaigns page.
#[component]
pub fn Campaigns() -> impl IntoView {
    let sending = Sending::to::<AddCampaign>();
    let page = load(sending.taken.into(), || LoadCampaigns {});
    let add = use_param("add");
    let show = shows(move |page: CampaignsPage| view! { <Screen page add sending/> });
    at_once(view! {
        <Title text=words::TITLE/>
        <Awaited answers=vec![page] show/>
    })
}

#[component]
fn Screen(page: CampaignsPage, add: Memo<Option<String>>, sending: Sending) -> impl IntoView {
    let may_edit = page.may_edit;
    let added = use_param("added");
    let list = if page.rows.is_empty() {
        Either::Left(view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> })
    } else {
        Either::Right(view! { <Table rows=page.rows added/> })
    };
    view! {
        <header class="head">
            <h1>{words::TITLE}</h1>
            {may_edit.then(|| view! { <a class="btn main push" href="/dashboard/campaigns?add=campaign">{icon(Icon::Plus)}<span>{words::ADD}</span></a> })}
        </header>
        {move || (may_edit && add.read().is_some()).then(|| view! { <AddForm sending/> })}
        {list}
    }
}

#[component]
fn Table(rows: Vec<CampaignRow>, added: Memo<Option<String>>) -> impl IntoView {
    let row = move |row: CampaignRow| {
        let slug = row.slug.clone();
        let status = if row.archived {
            words::ARCHIVED
        } else {
            words::ACTIVE
        };
        view! {
            <tr role="row" class:added=move || added.read().as_deref() == Some(slug.as_str())>
                <th role="rowheader" scope="row">{row.name}</th>
                <td role="cell" data-label=words::SLUG class="mono">{row.slug}</td>
                <td role="cell" data-label=words::EARNS>{text::plan(row.plan, row.currency)}" · "{row.currency.code()}</td>
                <td role="cell" data-label=words::HOLD class="num">{text::days(row.hold_days)}</td>
                <td role="cell" data-label=words::COOKIE class="num">{text::days(row.cookie_days)}</td>
                <td role="cell" data-label=words::STATUS>{status}</td>
            </tr>
        }
    };
    let columns = vec![
        (words::NAME, ""),
        (words::SLUG, ""),
        (words::EARNS, ""),
        (words::HOLD, "num"),
        (words::COOKIE, "num"),
        (words::STATUS, ""),
    ];
    view! {
        <table role="table" class="plain">
            {head(words::TITLE, columns)}
            <tbody role="rowgroup">{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn AddForm(sending: Sending) -> impl IntoView {
    let form = FormState::new("campaign", sending);
    let choice = |id: &str, name: &str| Choice {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let units = vec![
        choice("percent", words::PERCENT),
        choice("fixed", words::FIXED),
    ];
    let durations = vec![
        choice("recurring", words::RECURRING),
        choice("one_time", words::ONE_TIME),
        choice("recurring_limited", words::LIMITED),
    ];
    view! {
        <Panel title=words::ADD back=HERE>
            <PostForm form class="grid">
                <TextField form name="name" label=words::NAME/>
                <TextField form name="currency" label=words::CURRENCY hint=words::CURRENCY_HINT value="USD"/>
                <TextField form name="amount" label=words::AMOUNT value="20" inputmode="decimal"/>
                <SelectField form name="unit" label=words::UNIT choices=units value="percent"/>
                <SelectField form name="duration" label=words::DURATION choices=durations value="recurring"/>
                <TextField form name="months" label=words::MONTHS hint=words::MONTHS_HINT optional=true inputmode="numeric"/>
                <TextField form name="hold_days" label=words::HOLD_DAYS hint=words::HOLD_HINT value="30" inputmode="numeric"/>
                <TextField form name="cookie_days" label=words::COOKIE_DAYS hint=words::COOKIE_HINT value="60" inputmode="numeric"/>
                <footer><Submit form label=words::ADD/></footer>
            </PostForm>
        </Panel>
    }
}
