//! A filter that is picked from a list: several of a few words, or one of many names.

use leptos::prelude::*;

use super::{
    icon::{Icon, icon},
    popover::{FilterForm, Popover},
};
use crate::{query::SalesQuery, server_fn::Choice, text::sales as words};

/// From this many choices on, they can be searched.
const MANY: usize = 9;

/// What is picked and how it stands in the page's state.
pub struct Picked {
    /// What it filters by.
    pub label: &'static str,
    /// Its parameter in the address.
    pub names: &'static [&'static str],
    /// Can several be picked?
    pub several: bool,
    /// The list. The empty value stands for all.
    pub choices: Vec<Choice>,
    /// The shape beside a word.
    pub icon: fn(&str) -> Option<Icon>,
    /// What is picked.
    pub chosen: fn(&SalesQuery) -> Vec<String>,
    /// Picks nothing.
    pub clear: fn(&mut SalesQuery),
}

/// A filter with its list.
#[component]
pub fn OptionFilter(
    /// The page's state.
    query: Memo<SalesQuery>,
    /// What is picked.
    picked: Picked,
) -> impl IntoView {
    let Picked {
        label,
        names,
        several,
        choices,
        icon: shape,
        chosen,
        clear,
    } = picked;
    let chosen = Memo::new(move |_| chosen(&query.read()));
    let find = RwSignal::new(String::new());
    let known = choices.clone();
    let value = Signal::derive(move || {
        let chosen = chosen.read();
        let name = |id: &String| {
            known
                .iter()
                .find(|choice| choice.id == *id)
                .map_or("…", |choice| choice.name.as_str())
        };
        let names: Vec<_> = chosen.iter().map(name).collect();
        (!names.is_empty()).then(|| words::several(&names))
    });
    let cleared = Signal::derive(move || query.read().with(clear));
    let search = (!several && choices.len() >= MANY).then(|| {
        view! {
            <input type="search" class="find" placeholder=words::FIND aria-label=words::FIND
                on:change=|event| event.stop_propagation()
                on:input=move |event| find.set(event_target_value(&event).to_lowercase())/>
        }
    });
    let option = move |choice: Choice| {
        let (id, lower) = (choice.id.clone(), choice.name.to_lowercase());
        let on = Memo::new(move |_| {
            if id.is_empty() {
                chosen.read().is_empty()
            } else {
                chosen.read().contains(&id)
            }
        });
        view! {
            <label class=format!("tick {}", choice.id) hidden=move || !lower.contains(find.read().as_str())>
                <input type=if several { "checkbox" } else { "radio" } name=names[0] value=choice.id.clone()
                    checked=on prop:checked=on/>
                {shape(&choice.id).map(icon)}
                {choice.name}
            </label>
        }
    };
    view! {
        <Popover label value cleared>
            {search}
            <FilterForm query names><div class="choices">{choices.into_iter().map(option).collect_view()}</div></FilterForm>
        </Popover>
    }
}
