//! Campaigns: the terms affiliates earn under.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use super::use_param;
use crate::{
    part::{
        form::{FormError, FormState, Panel, SelectField, Submit, TextField},
        icon::{Icon, icon},
        state::{Empty, Failure, Loading},
    },
    server_fn::{
        Choice,
        campaign::{AddCampaign, CampaignRow, CampaignsPage, load_campaigns},
    },
    text::{self, campaigns as words},
};

const HERE: &str = "/dashboard/campaigns";

/// The campaigns page.
#[component]
pub fn Campaigns() -> impl IntoView {
    let action = ServerAction::<AddCampaign>::new();
    let page = Resource::new(move || action.version().get(), |_| load_campaigns());
    let add = use_param("add");
    let screen = move || {
        Suspend::new(async move {
            match page.await {
                Ok(page) => Either::Left(view! { <Screen page add action/> }),
                Err(error) => Either::Right(view! { <Failure error/> }),
            }
        })
    };
    view! {
        <Title text=words::TITLE/>
        <Transition fallback=Loading>{screen}</Transition>
    }
}

#[component]
fn Screen(page: CampaignsPage, add: Memo<Option<String>>, action: ServerAction<AddCampaign>) -> impl IntoView {
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
        {move || (may_edit && add.read().is_some()).then(|| view! { <AddForm action/> })}
        {list}
    }
}

#[component]
fn Table(rows: Vec<CampaignRow>, added: Memo<Option<String>>) -> impl IntoView {
    let row = move |row: CampaignRow| {
        let slug = row.slug.clone();
        let status = if row.archived { words::ARCHIVED } else { words::ACTIVE };
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
    view! {
        <table role="table" class="plain">
            <caption class="visually-hidden">{words::TITLE}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">{words::NAME}</th>
                    <th role="columnheader" scope="col">{words::SLUG}</th>
                    <th role="columnheader" scope="col">{words::EARNS}</th>
                    <th role="columnheader" scope="col" class="num">{words::HOLD}</th>
                    <th role="columnheader" scope="col" class="num">{words::COOKIE}</th>
                    <th role="columnheader" scope="col">{words::STATUS}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn AddForm(action: ServerAction<AddCampaign>) -> impl IntoView {
    let form = FormState::of("campaign", action);
    let choice = |id: &str, name: &str| Choice { id: id.to_owned(), name: name.to_owned() };
    let units = vec![choice("percent", words::PERCENT), choice("fixed", words::FIXED)];
    let durations = vec![
        choice("recurring", words::RECURRING),
        choice("one_time", words::ONE_TIME),
        choice("recurring_limited", words::LIMITED),
    ];
    view! {
        <Panel title=words::ADD back=HERE>
            <ActionForm action attr:class="grid" attr:novalidate=true>
                <FormError form/>
                <TextField form name="name" label=words::NAME/>
                <TextField form name="currency" label=words::CURRENCY hint=words::CURRENCY_HINT value="USD"/>
                <TextField form name="amount" label=words::AMOUNT value="20" inputmode="decimal"/>
                <SelectField form name="unit" label=words::UNIT choices=units value="percent"/>
                <SelectField form name="duration" label=words::DURATION choices=durations value="recurring"/>
                <TextField form name="months" label=words::MONTHS hint=words::MONTHS_HINT optional=true inputmode="numeric"/>
                <TextField form name="hold_days" label=words::HOLD_DAYS hint=words::HOLD_HINT value="30" inputmode="numeric"/>
                <TextField form name="cookie_days" label=words::COOKIE_DAYS hint=words::COOKIE_HINT value="60" inputmode="numeric"/>
                <footer><Submit form label=words::ADD/></footer>
            </ActionForm>
        </Panel>
    }
}
