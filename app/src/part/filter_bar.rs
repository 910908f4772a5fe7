//! The filters of the sales page. On a narrow screen they fold into one button with a count.

use domain::{conversion::Source, lifecycle::Status};
use leptos::prelude::*;

use super::{
    badge::{source_word, status_word},
    date_filter::DateFilter,
    icon::{Icon, icon},
    popover::{FilterForm, Popover},
};
use crate::{
    moment::Millis,
    query::SalesQuery,
    server_fn::{Choice, sales::SalesChoices},
    text::sales as words,
};

/// All filters, and the way to clear them.
#[component]
pub fn FilterBar(
    /// The page's state.
    query: Memo<SalesQuery>,
    /// What can be chosen.
    choices: SalesChoices,
    /// When the server answered.
    #[prop(into)]
    now: Signal<Millis>,
) -> impl IntoView {
    let active = Memo::new(move |_| query.read().active_filters());
    let count = move || (active.get() > 0).then(|| view! { <b>{active.get()}</b> });
    let any = move || active.get() > 0;
    view! {
        <button type="button" class="btn fold" class:on=any popovertarget="filters">
            {icon(Icon::Filter)}<span>{words::FILTERS}</span>{count}
        </button>
        <div class="filters" id="filters" popover="auto" role="group" aria-label=words::FILTERS>
            <StatusFilter query/>
            <SourceFilter query/>
            <ChoiceFilter query label=words::AFFILIATE all=words::ALL_AFFILIATES name="affiliate" choices=choices.affiliates/>
            <ChoiceFilter query label=words::CAMPAIGN all=words::ALL_CAMPAIGNS name="campaign" choices=choices.campaigns/>
            <DateFilter query now/>
            {move || any().then(|| view! {
                <a class="btn quiet" data-noscroll href=move || query.read().cleared().href()>{words::CLEAR_ALL}</a>
            })}
            <button type="button" class="btn main fold" popovertarget="filters" popovertargetaction="hide">{words::CLOSE_FILTERS}</button>
        </div>
    }
}

#[component]
fn StatusFilter(query: Memo<SalesQuery>) -> impl IntoView {
    let value = move || {
        let labels: Vec<_> = query.read().statuses.iter().map(|status| status.label()).collect();
        (!labels.is_empty()).then(|| words::several(&labels))
    };
    let cleared = move || query.read().with(|query| query.statuses.clear());
    let tick = move |status: &'static Status| {
        let on = move || query.read().statuses.contains(status);
        view! {
            <label class="tick">
                <input type="checkbox" name="status" value=status.as_str() checked=on prop:checked=on/>
                {status_word(*status)}
            </label>
        }
    };
    view! {
        <Popover label=words::STATUS value=Signal::derive(value) cleared=Signal::derive(cleared)>
            <FilterForm query names=&["status"]>{Status::ALL.iter().map(tick).collect_view()}</FilterForm>
        </Popover>
    }
}

#[component]
fn SourceFilter(query: Memo<SalesQuery>) -> impl IntoView {
    let value = move || {
        let labels: Vec<_> = query.read().sources.iter().map(|source| source.label()).collect();
        (!labels.is_empty()).then(|| words::several(&labels))
    };
    let cleared = move || query.read().with(|query| query.sources.clear());
    let tick = move |source: &'static Source| {
        let on = move || query.read().sources.contains(source);
        view! {
            <label class="tick">
                <input type="checkbox" name="source" value=source.as_str() checked=on prop:checked=on/>
                {source_word(*source)}
            </label>
        }
    };
    view! {
        <Popover label=words::SOURCE value=Signal::derive(value) cleared=Signal::derive(cleared)>
            <FilterForm query names=&["source"]>{Source::ALL.iter().map(tick).collect_view()}</FilterForm>
        </Popover>
    }
}

/// From this many choices on, they can be searched.
const MANY: usize = 8;

/// One of a list: an affiliate, a campaign.
#[component]
fn ChoiceFilter(
    query: Memo<SalesQuery>,
    label: &'static str,
    all: &'static str,
    name: &'static str,
    choices: Vec<Choice>,
) -> impl IntoView {
    let find = RwSignal::new(String::new());
    let names: &'static [&'static str] = if name == "affiliate" { &["affiliate"] } else { &["campaign"] };
    let chosen = move || {
        let query = query.read();
        if name == "affiliate" { query.affiliate.map(|id| id.to_string()) } else { query.campaign.map(|id| id.to_string()) }
    };
    let known = choices.clone();
    let value = move || {
        let id = chosen()?;
        Some(known.iter().find(|choice| choice.id == id).map_or(id, |choice| choice.name.clone()))
    };
    let cleared = move || query.read().with(|query| if name == "affiliate" { query.affiliate = None } else { query.campaign = None });
    let search = (choices.len() >= MANY).then(|| view! {
        <input type="search" class="find" placeholder=words::FIND aria-label=words::FIND
            on:change=|event| event.stop_propagation() on:input=move |event| find.set(event_target_value(&event).to_lowercase())/>
    });
    let radio = move |choice: Choice| {
        let (id, lower) = (choice.id.clone(), choice.name.to_lowercase());
        let on = move || chosen().unwrap_or_default() == id;
        view! {
            <label class="tick" hidden=move || !lower.contains(find.read().as_str())>
                <input type="radio" name=name value=choice.id checked=on.clone() prop:checked=on/>
                {choice.name}
            </label>
        }
    };
    let everything = Choice { id: String::new(), name: all.to_owned() };
    view! {
        <Popover label value=Signal::derive(value) cleared=Signal::derive(cleared)>
            {search}
            <FilterForm query names>
                <div class="choices">{std::iter::once(everything).chain(choices).map(radio).collect_view()}</div>
            </FilterForm>
        </Popover>
    }
}
