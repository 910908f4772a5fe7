//! A filter that is picked from a list: several of a few words, or one of many names.

use leptos::prelude::*;

use super::{
    icon::{Icon, icon},
    popover::{FilterForm, Popover},
};
use crate::{call::Asked, live::Pace, query::SalesQuery, server_fn::Choice, text::sales as words};

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
    /// What there is beyond the list.
    pub beyond: Option<Beyond>,
}

/// Choices that are too many for a list.
pub struct Beyond {
    /// What is picked, in the list or not.
    pub picked: Signal<Option<Choice>>,
    /// Finds some by what is typed.
    pub find: fn(String) -> Asked,
}

/// What of a list is shown: what the typed text is in, and what was found by it.
#[derive(Clone, Copy)]
struct Search {
    typed: RwSignal<String>,
    found: RwSignal<Vec<Choice>>,
    pace: Pace,
}

impl Search {
    fn new() -> Self {
        Self {
            typed: RwSignal::new(String::new()),
            found: RwSignal::new(Vec::new()),
            pace: Pace::default(),
        }
    }

    fn shows(self, id: &str, lower: &str) -> bool {
        lower.contains(self.typed.read().as_str())
            || self.found.read().iter().any(|found| found.id == id)
    }

    fn type_in(self, text: &str, find: Option<fn(String) -> Asked>) {
        self.typed.set(text.to_lowercase());
        if let Some(find) = find {
            self.pace.ask(move || self.look(find));
        }
    }

    /// Looks for what is typed by now.
    async fn look(self, find: fn(String) -> Asked) {
        let Some(typed) = self.typed.try_get_untracked() else {
            return; // the page is gone
        };
        let found = match typed.trim() {
            "" => Vec::new(),
            typed => find(typed.to_owned()).await.read().unwrap_or_default(),
        };
        self.found.try_set(found);
    }
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
        beyond,
    } = picked;
    let chosen = Memo::new(move |_| chosen(&query.read()));
    let search = Search::new();
    let (picked, find) = beyond.map(|beyond| (beyond.picked, beyond.find)).unzip();
    let known = StoredValue::new(choices.clone());
    // What is picked or was found and is not in the list, each once.
    let others = Memo::new(move |_| {
        let mut others: Vec<Choice> = picked.and_then(|picked| picked.get()).into_iter().collect();
        let is_in = |list: &[Choice], id: &str| list.iter().any(|choice| choice.id == id);
        for found in search.found.get() {
            if !is_in(&others, &found.id) {
                others.push(found);
            }
        }
        let known = known.read_value();
        others.retain(|other| !is_in(&known, &other.id));
        others
    });
    let value = Signal::derive(move || {
        let (chosen, others, known) = (chosen.read(), others.read(), known.read_value());
        let name = |id: &String| {
            let mut all = known.iter().chain(others.iter());
            all.find(|choice| choice.id == *id)
                .map_or("…", |choice| choice.name.as_str())
        };
        let names: Vec<_> = chosen.iter().map(name).collect();
        (!names.is_empty()).then(|| words::several(&names))
    });
    let cleared = Signal::derive(move || query.read().with(clear));
    let input = (!several && choices.len() >= MANY).then(|| {
        view! {
            <input type="search" class="find" placeholder=words::FIND aria-label=words::FIND
                on:change=|event| event.stop_propagation()
                on:input=move |event| search.type_in(&event_target_value(&event), find)/>
        }
    });
    let option = move |choice: Choice| {
        let (id, own, lower) = (
            choice.id.clone(),
            choice.id.clone(),
            choice.name.to_lowercase(),
        );
        let on = Memo::new(move |_| {
            if id.is_empty() {
                chosen.read().is_empty()
            } else {
                chosen.read().contains(&id)
            }
        });
        view! {
            <label class=format!("tick {}", choice.id) hidden=move || !search.shows(&own, &lower)>
                <input type=if several { "checkbox" } else { "radio" } name=names[0] value=choice.id.clone()
                    checked=on prop:checked=on/>
                {shape(&choice.id).map(icon)}
                {choice.name}
            </label>
        }
    };
    view! {
        <Popover label value cleared>
            {input}
            <FilterForm query names>
                <div class="choices">
                    {choices.into_iter().map(option).collect_view()}
                    {move || others.get().into_iter().map(option).collect_view()}
                </div>
            </FilterForm>
        </Popover>
    }
}
