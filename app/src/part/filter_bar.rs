//! The filters of the sales page. On a narrow screen they fold into one button with a count.

use domain::{conversion::Source, lifecycle::Status};
use leptos::prelude::*;

use super::{
    badge::{source_icon, status_icon},
    date_filter::DateFilter,
    icon::{Icon, icon},
    option_filter::{Beyond, OptionFilter, Picked},
};
use crate::{
    call::ask,
    moment::Millis,
    query::SalesQuery,
    server_fn::{
        Choice,
        sales::{FindAffiliates, SalesChoices},
    },
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
    /// The affiliate of the filter, as the server's answer names it.
    affiliate: Signal<Option<Choice>>,
) -> impl IntoView {
    let active = Memo::new(move |_| query.read().active_filters());
    let any = move || active.get() > 0;
    let none = move || active.get() == 0;
    let options = [
        statuses(),
        sources(),
        affiliates(choices.affiliates, affiliate),
        campaigns(choices.campaigns),
    ];
    let filter = move |picked: Picked| view! { <OptionFilter query picked/> };
    view! {
        <button type="button" class="btn fold" class:on=any popovertarget="filters">
            {icon(Icon::Filter)}<span>{words::FILTERS}</span><b hidden=none>{move || active.get().to_string()}</b>
        </button>
        <div class="filters" id="filters" popover="auto" role="group" aria-label=words::FILTERS>
            {options.map(filter)}
            <DateFilter query now/>
            <a class="btn quiet" data-noscroll hidden=none href=move || query.read().cleared().href()>{words::CLEAR_ALL}</a>
            <button type="button" class="btn main fold" popovertarget="filters" popovertargetaction="hide">{words::CLOSE_FILTERS}</button>
        </div>
    }
}

fn statuses() -> Picked {
    let choice = |status: &Status| Choice {
        id: status.as_str().to_owned(),
        name: status.label().to_owned(),
    };
    Picked {
        label: words::STATUS,
        names: &["status"],
        several: true,
        choices: Status::ALL.iter().map(choice).collect(),
        icon: |word| Status::parse(word).map(status_icon),
        chosen: |query| {
            query
                .statuses
                .iter()
                .map(|status| status.as_str().to_owned())
                .collect()
        },
        clear: |query| query.statuses.clear(),
        beyond: None,
    }
}

fn sources() -> Picked {
    let choice = |source: &Source| Choice {
        id: source.as_str().to_owned(),
        name: source.label().to_owned(),
    };
    Picked {
        label: words::SOURCE,
        names: &["source"],
        several: true,
        choices: Source::ALL.iter().map(choice).collect(),
        icon: |word| Source::parse(word).map(source_icon),
        chosen: |query| {
            query
                .sources
                .iter()
                .map(|source| source.as_str().to_owned())
                .collect()
        },
        clear: |query| query.sources.clear(),
        beyond: None,
    }
}

fn affiliates(choices: Vec<Choice>, picked: Signal<Option<Choice>>) -> Picked {
    let find = |typed| ask(FindAffiliates { typed });
    Picked {
        label: words::AFFILIATE,
        names: &["affiliate"],
        several: false,
        choices: with_all(words::ALL_AFFILIATES, choices),
        icon: |_| None,
        chosen: |query| query.affiliate.iter().map(ToString::to_string).collect(),
        clear: |query| query.affiliate = None,
        beyond: Some(Beyond { picked, find }),
    }
}

fn campaigns(choices: Vec<Choice>) -> Picked {
    Picked {
        label: words::CAMPAIGN,
        names: &["campaign"],
        several: false,
        choices: with_all(words::ALL_CAMPAIGNS, choices),
        icon: |_| None,
        chosen: |query| query.campaign.iter().map(ToString::to_string).collect(),
        clear: |query| query.campaign = None,
        beyond: None,
    }
}

/// The choice of all stands first; its value is empty.
fn with_all(name: &str, choices: Vec<Choice>) -> Vec<Choice> {
    let all = Choice {
        id: String::new(),
        name: name.to_owned(),
    };
    std::iter::once(all).chain(choices).collect()
}
