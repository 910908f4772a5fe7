//! The heart: what came in, who earned it, why, and how much. Loaded with the page, then live.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::sale::Sale;
use crate::{
    at_once::at_once,
    call::{Answer, Sending, ask, load},
    error::AppError,
    live::{Link, Pace, use_event_stream},
    part::{
        badge::source_sentences,
        chips::Chips,
        filter_bar::FilterBar,
        icon::{Icon, icon},
        live_mark::LiveMark,
        pager::Pager,
        pill::Pill,
        sales_table::SalesTable,
        selection::Selection,
        served::Served,
        state::{Awaited, Empty, Failure},
        totals::Totals,
    },
    query::{ADD_SALE_PATH, BadQuery, NAMES, SalesQuery},
    server_fn::{
        sale::DecideSales,
        sales::{LoadSales, LoadSalesChoices, SalesChoices, SalesPage},
    },
    shown::{Shown, Taking},
    text::{self, sales as words},
};

/// How far down the page one must be for nothing to move any more, in pixels.
const READING: f64 = 160.0;

/// What the page is asked for.
fn use_sales_query() -> Memo<Result<SalesQuery, BadQuery>> {
    let params = use_query_map();
    Memo::new(move |_| {
        let params = params.read();
        let values = |name: &'static str| {
            params
                .get_all(name)
                .unwrap_or_default()
                .into_iter()
                .map(move |value| (name, value))
        };
        SalesQuery::from_pairs(NAMES.into_iter().flat_map(values))
    })
}

/// An address that is not understood is refused, not read as if it asked for everything.
fn refuse(bad: BadQuery) -> AppError {
    let error = AppError::invalid("", bad);
    #[cfg(feature = "ssr")]
    let error = crate::request::refuse(error);
    error
}

/// The sales page: the list, and over it the sale that is opened from it. A sale that is opened by its
/// address is a page of its own; the list comes when it is closed.
#[component]
pub fn Sales() -> impl IntoView {
    let changes = RwSignal::new(0);
    let link = use_event_stream("/api/live/sales", &["sale", "resync"], move || {
        changes.try_update(|changes| *changes += 1);
    });
    let params = use_params_map();
    let open = Memo::new(move |_| params.read().get("id"));
    let alone = Memo::new(move |was: Option<&bool>| *was.unwrap_or(&true) && open.read().is_some());
    let asked = use_sales_query();
    let query = Memo::new(move |_| asked.get().unwrap_or_default());
    let list = Signal::derive(move || query.read().href());
    let sale = move |alone| {
        move || {
            open.get()
                .map(|id| view! { <Sale id changes=changes.into() list alone/> })
        }
    };
    let news = News {
        changes,
        link,
        open,
    };
    focus_what_was_open(open);
    at_once(move || {
        if alone.get() {
            Either::Left(sale(true))
        } else {
            Either::Right(view! { <List asked query news/>{sale(false)} })
        }
    })
}

/// Back to where one was in the list before a sale was opened.
fn focus_what_was_open(open: Memo<Option<String>>) {
    Effect::new(move |before: Option<Option<String>>| {
        let now = open.get();
        if let (Some(id), None) = (before.flatten(), &now) {
            let link = document().query_selector(&format!("#sale-{id} .open"));
            let link = link.ok().flatten();
            if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
                drop(link.focus());
            }
        }
        now
    });
}

/// What the list hears of.
#[derive(Clone, Copy)]
struct News {
    /// How often sales have changed.
    changes: RwSignal<usize>,
    /// Whether that is told.
    link: ReadSignal<Link>,
    /// The sale that is open.
    open: Memo<Option<String>>,
}

#[component]
fn List(
    asked: Memo<Result<SalesQuery, BadQuery>>,
    query: Memo<SalesQuery>,
    news: News,
) -> impl IntoView {
    // Loaded once. From then on the page asks by itself, keeping what is shown until the answer is
    // there; only an address that is not understood, or no longer, begins anew.
    let anew = Memo::new(move |_| usize::from(asked.read().is_err()));
    let seen = news.changes.get_untracked();
    let page = load(anew.into(), move || LoadSales {
        query: query.get_untracked(),
    });
    let choices = load(Signal::stored(0), || LoadSalesChoices {});
    let show = Arc::new(move |answers: Vec<Answer>| {
        let mut answers = answers.into_iter();
        let page = match asked.get_untracked() {
            Err(bad) => {
                return at_once(view! { <SalesFailure error=refuse(bad) bad=true/> }).into_any();
            }
            Ok(_) => answers
                .next()
                .ok_or_else(AppError::broken)
                .and_then(Answer::read::<SalesPage>),
        };
        let choices = answers
            .next()
            .and_then(|choices| choices.read().ok())
            .unwrap_or_default();
        match page {
            Ok(page) => at_once(view! { <SalesScreen query page choices news seen/> }).into_any(),
            Err(error) => at_once(view! { <SalesFailure error bad=false/> }).into_any(),
        }
    });
    at_once(view! {
        <Title text=words::TITLE/>
        <Awaited answers=vec![page, choices] show/>
    })
}

#[component]
fn SalesFailure(error: AppError, bad: bool) -> impl IntoView {
    let failure = if bad {
        Either::Left(view! {
            <Failure error><a class="btn" href=SalesQuery::default().href()>{words::CLEAR_FILTERS}</a></Failure>
        })
    } else {
        Either::Right(view! { <Failure error/> })
    };
    view! { <header class="head"><h1>{words::TITLE}</h1></header>{failure} }
}

#[component]
fn SalesScreen(
    query: Memo<SalesQuery>,
    page: SalesPage,
    choices: SalesChoices,
    news: News,
    seen: usize,
) -> impl IntoView {
    let shown = Shown::new(page);
    let Refreshed { failed, busy } = use_refresh(query, shown, news.changes, seen);
    let may_edit = shown.summary.read_untracked().may_edit;
    let deciding = Sending::to::<DecideSales>();
    let summary = shown.summary;
    let navigate = use_navigate();
    let release = move || {
        window().scroll_to_with_x_and_y(0.0, 0.0);
        shown.release();
        if query.read_untracked().cursor.is_some() {
            let top = query.read_untracked().with(|_| ());
            navigate(&top, NavigateOptions::default());
        }
    };
    let list = move || {
        if !shown.rows.read().is_empty() {
            return Either::Left(
                view! { <SalesTable shown query open=news.open deciding/><Pager query summary/> },
            );
        }
        Either::Right(match summary.read().first_steps.clone() {
            Some(steps) => Either::Left(view! { <Served html=RwSignal::new(steps)/> }),
            None => Either::Right(view! {
                <Empty title=words::NOTHING_FITS hint=words::NOTHING_FITS_HINT>
                    <a class="btn" data-noscroll href=move || query.read().cleared_all()>{words::CLEAR_FILTERS}</a>
                </Empty>
            }),
        })
    };
    // The list is built anew only when it turns empty or stops being so.
    let empty = Memo::new(move |_| shown.rows.read().is_empty());
    view! {
        <header class="head">
            <h1>{words::TITLE}</h1>
            <LiveMark link=news.link/>
            <div class="push actions">
                {may_edit.then(|| view! { <a class="btn" href=ADD_SALE_PATH>{icon(Icon::Plus)}<span>{text::sale::ADD}</span></a> })}
                <a class="btn" download rel="external" href=move || query.read().export_href()>
                    {icon(Icon::Download)}<span>{words::EXPORT}</span>
                </a>
            </div>
        </header>
        <div class="bar">
            <Chips query counts=Signal::derive(move || summary.read().chips)/>
            <FilterBar query choices now=Signal::derive(move || summary.read().now)
                affiliate=Signal::derive(move || summary.read().affiliate.clone())/>
        </div>
        <Totals query totals=Signal::derive(move || summary.read().totals.clone())/>
        <Pill count=shown.held on_click=release/>
        <p class="notice" role="status" hidden=move || !failed.get()>{text::error::STALE}</p>
        <div class="list" aria-busy=move || busy.get().then_some("true")>
            {move || { let _ = empty.get(); untrack(list) }}
        </div>
        {may_edit.then(|| view! { <Selection sending=deciding/> })}
        {source_sentences()}
    }
}

/// How the page keeps itself up to date.
struct Refreshed {
    failed: RwSignal<bool>,
    busy: RwSignal<bool>,
}

/// Asks again whenever the address or the sales change; what had changed before `seen` is known.
fn use_refresh(
    query: Memo<SalesQuery>,
    shown: Shown,
    changes: RwSignal<usize>,
    seen: usize,
) -> Refreshed {
    let (failed, busy) = (RwSignal::new(false), RwSignal::new(false));
    let answered = StoredValue::new((query.get_untracked(), count(query, shown)));
    let pace = Pace::default();
    let refresh = move || async move {
        let asked = query.get_untracked();
        let answer = ask(LoadSales {
            query: asked.clone(),
        })
        .await
        .read::<SalesPage>();
        let Some((before, count_before)) = answered.try_get_value() else {
            return;
        };
        let wanted = query.get_untracked();
        if asked != wanted {
            return; // the address has moved on, and that has been asked for already
        }
        busy.set(false);
        if answer == Err(AppError::NotSignedIn) {
            drop(window().location().reload()); // the server sends to sign in, and back here
        }
        failed.set(matches!(
            answer,
            Err(AppError::Unavailable | AppError::Internal { .. })
        ));
        let Ok(page) = answer else { return };
        let is_new_question = asked.without_currency() != before.without_currency();
        let taking = if is_new_question {
            Taking::Replace
        } else if asked.cursor.is_none() && is_reading() {
            Taking::Hold
        } else {
            Taking::Follow
        };
        shown.take(page, taking);
        let count_now = count(query, shown);
        if is_new_question || asked.cursor.is_none() {
            answered.set_value((asked, count_now));
        } else {
            shown
                .held
                .set(usize::try_from(count_now - count_before).unwrap_or(0));
        }
    };
    Effect::watch(
        move || query.get(),
        move |_, _, _| {
            busy.set(true);
            pace.ask(refresh);
        },
        false,
    );
    Effect::new(move |_| {
        if changes.get() > seen {
            pace.ask(refresh);
        }
    });
    Refreshed { failed, busy }
}

/// How many sales fit the filter.
fn count(query: Memo<SalesQuery>, shown: Shown) -> i64 {
    query
        .read_untracked()
        .kind
        .count(shown.summary.read_untracked().chips)
}

fn is_reading() -> bool {
    window().scroll_y().is_ok_and(|y| y > READING)
}
