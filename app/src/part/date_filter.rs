//! The date filter: ranges that are often wanted, and any other.

use chrono::{Datelike, Days, NaiveDate};
use leptos::prelude::*;

use super::popover::{FilterForm, Popover};
use crate::{
    moment::{Civil, Millis, short_day},
    query::{SalesQuery, format_day, parse_day},
    text::sales as words,
};

/// The ranges on offer, in days up to today.
const PRESETS: [u64; 4] = [1, 7, 30, 90];

/// From when and to when.
#[component]
pub fn DateFilter(
    /// The page's state.
    query: Memo<SalesQuery>,
    /// When the server answered: its day is today.
    #[prop(into)]
    now: Signal<Millis>,
) -> impl IntoView {
    let today = Memo::new(move |_| parse_day(&Civil::utc(now.get()).iso()[..10]));
    let value = move || label(&query.read(), today.get());
    let cleared = move || {
        query
            .read()
            .with(|query| (query.since, query.until) = (None, None))
    };
    let preset = move |days: u64| {
        let since = move || {
            today
                .get()
                .and_then(|today| today.checked_sub_days(Days::new(days - 1)))
        };
        let current = move || query.read().until.is_none() && query.read().since == since();
        view! {
            <li>
                <a data-noscroll href=move || query.read().with(|query| (query.since, query.until) = (since(), None))
                    aria-current=move || current().then_some("true")>
                    {words::last_days(days)}
                </a>
            </li>
        }
    };
    let since = move || query.read().since.map(format_day);
    let to = move || query.read().last_day().map(format_day);
    view! {
        <Popover label=words::DATE value=Signal::derive(value) cleared=Signal::derive(cleared)>
            <ul class="presets">
                {PRESETS.map(preset)}
                <li>
                    <a data-noscroll href=cleared aria-current=move || value().is_none().then_some("true")>{words::ALL_TIME}</a>
                </li>
            </ul>
            <FilterForm query names=&["since", "until"] by_button=true>
                <div class="range">
                    <label>{words::SINCE}<input type="date" name="since" value=since prop:value=move || since().unwrap_or_default()/></label>
                    <label>{words::TO}<input type="date" name="to" value=to prop:value=move || to().unwrap_or_default()/></label>
                </div>
                <p class="hint">{words::UTC_DAYS}</p>
            </FilterForm>
        </Popover>
    }
}

/// What the range is called.
fn label(query: &SalesQuery, today: Option<NaiveDate>) -> Option<String> {
    let start_of =
        |days| today.and_then(|today: NaiveDate| today.checked_sub_days(Days::new(days - 1)));
    let day = |day| short_day(day, today.map_or(0, |today| today.year()));
    match (query.since, query.last_day()) {
        (None, None) => None,
        (Some(since), None) => {
            let preset = PRESETS
                .into_iter()
                .find(|days| start_of(*days) == Some(since));
            Some(preset.map_or_else(|| words::from_day(&day(since)), words::last_days))
        }
        (None, Some(last)) => Some(words::to_day(&day(last))),
        (Some(since), Some(last)) if since == last => Some(day(since)),
        (Some(since), Some(last)) => Some(words::between(&day(since), &day(last))),
    }
}
