//! Keys to the API as markup. Written on the server only (see [`super::served`]).

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use domain::{id::ApiKeyId, scope::Scope};
use leptos::{either::Either, prelude::*};
use store::api_key::KeyView;

use super::{
    fields::{Field, Refused, form, input, panel, submit},
    icon::{Icon, icon},
    once::once,
    served::short_moment,
    settings_tabs::{Tab, head},
    state::Empty,
    table,
};
use crate::{
    moment::short_day,
    query::API_KEYS_PATH as HERE,
    server_fn::api_key::{AddKey, RevokeKey},
    text::{ACTIONS, TIMES_ARE_UTC, api_keys as words, sentence},
};

const NAME: Field = Field::new("name", words::NAME, words::NAME_HINT);
const LAST_DAY: Field = Field::new("last_day", words::LAST_DAY, words::LAST_DAY_HINT)
    .kind("date")
    .optional();

/// What is told.
pub(crate) struct Told {
    pub(crate) keys: Vec<KeyView>,
    /// Why the form for a new one was refused, where it is open.
    pub(crate) form: Option<Refused>,
    /// One that was just made.
    pub(crate) key: Option<String>,
    /// What was just done.
    pub(crate) notice: Option<&'static str>,
    /// Why something was not done.
    pub(crate) failed: Option<String>,
    pub(crate) may_edit: bool,
    pub(crate) now: DateTime<Utc>,
}

/// The page.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let add = page.may_edit.then(|| {
        let href = format!("{HERE}?add=key");
        view! { <a class="btn main push" href=href>{icon(Icon::Plus)}<span>{words::ADD}</span></a> }
            .into_any()
    });
    let notice = page
        .notice
        .map(|text| view! { <p class="notice" role="status">{text}</p> });
    let failed = page
        .failed
        .clone()
        .map(|why| view! { <p class="form-error" role="alert">{why}</p> });
    let key = page.key.as_deref();
    let key = key.map(|key| once(words::KEY, words::ONCE, key));
    let list = if page.keys.is_empty() {
        Either::Left(view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> })
    } else {
        Either::Right(keys(page))
    };
    view! {
        {head(Tab::ApiKeys, add)}
        {notice}
        {failed}
        {key}
        {page.form.as_ref().map(add_form)}
        {list}
        <noscript><p class="hint foot">{TIMES_ARE_UTC}</p></noscript>
    }
}

fn keys(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::NAME, ""),
        (words::SCOPES, ""),
        (words::CREATED, ""),
        (words::LAST_USED, ""),
        (words::LAST_DAY, ""),
        (ACTIONS, "num"),
    ];
    let rows = page.keys.iter().map(|key| row(page, key));
    view! {
        <table role="table" class="plain settled keys">
            {table::head(words::CAPTION, columns)}
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
}

fn row(page: &Told, key: &KeyView) -> impl IntoView + use<> {
    let now = page.now.timestamp_millis();
    let used = match key.last_used_at {
        Some(at) => Either::Left(short_moment(at, now)),
        None => Either::Right(words::NOT_USED),
    };
    let end = key.expires_at;
    let is_over = end.is_some_and(|end| end <= page.now);
    let ends = if is_over {
        Either::Left(
            view! { <span class="status denied">{icon(Icon::Denied)}{words::EXPIRED}</span> },
        )
    } else {
        Either::Right(end.map_or_else(|| words::NEVER.to_owned(), |end| last_day(end, page.now)))
    };
    let revoke = page.may_edit.then(|| revoke(key.id, &key.name));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who">{key.name.clone()}<small class="mono">{key.hint.clone()}</small></th>
            <td role="cell" data-label=words::SCOPES class="scopes">{scopes(&key.scopes)}</td>
            <td role="cell" data-label=words::CREATED class="muted">{short_moment(key.created_at, now)}</td>
            <td role="cell" data-label=words::LAST_USED class="muted">{used}</td>
            <td role="cell" data-label=words::LAST_DAY class="muted">{ends}</td>
            <td role="cell" class="num">{revoke}</td>
        </tr>
    }
}

/// The last day on which a key works, in UTC.
fn last_day(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let last = end - TimeDelta::milliseconds(1);
    short_day(last.date_naive(), now.year())
}

/// What a key may do, as the API calls it.
fn scopes(scopes: &[Scope]) -> impl IntoView + use<> {
    if scopes.len() == Scope::ALL.len() {
        return Either::Left(words::ALL);
    }
    let code = |scope: &Scope| view! { <code>{scope.as_str()}</code>" " };
    Either::Right(scopes.iter().map(code).collect_view())
}

fn revoke(id: ApiKeyId, name: &str) -> impl IntoView + use<> {
    let fields = view! {
        <input type="hidden" name="key" value=id.to_string()/>
        <p class="hint">{words::REVOKE_HINT}</p>
        <button type="submit" class="btn danger">{words::REVOKE_NOW}</button>
    };
    view! {
        <details class="asks">
            <summary>{words::REVOKE}<span class="visually-hidden">{format!(" {name}")}</span></summary>
            {form::<RevokeKey>("", &Refused::default(), fields.into_any())}
        </details>
    }
}

fn add_form(refused: &Refused) -> AnyView {
    let fields = view! {
        {input(&NAME, refused, "")}
        {input(&LAST_DAY, refused, "")}
        {boxes(refused)}
        {submit(words::ADD_NOW)}
    };
    panel(
        words::ADD,
        HERE,
        form::<AddKey>("grid", refused, fields.into_any()),
    )
}

/// A box to tick for every scope, those of one resource together.
fn boxes(refused: &Refused) -> impl IntoView + use<> {
    let ticked = refused.kept("scopes").unwrap_or_default();
    let ticked: Vec<&str> = ticked.split(' ').collect();
    let mut groups: Vec<(&str, Vec<Scope>)> = Vec::new();
    for scope in Scope::ALL {
        let resource = scope.as_str().split(':').next().unwrap_or_default();
        match groups.last_mut() {
            Some((last, scopes)) if *last == resource => scopes.push(*scope),
            _ => groups.push((resource, vec![*scope])),
        }
    }
    let tick = |scope: &Scope| {
        let word = scope.as_str();
        let is_ticked = ticked.contains(&word);
        view! {
            <label class="tick">
                <input type="checkbox" name="form[scopes][]" value=word checked=is_ticked/>
                <span>{words::scope(*scope)}<code>{word}</code></span>
            </label>
        }
    };
    let group = |(resource, scopes): &(&str, Vec<Scope>)| {
        let name = words::resource(resource).to_owned();
        view! {
            <div role="group" aria-label=name.clone()>
                <b aria-hidden="true">{name.clone()}</b>
                {scopes.iter().map(tick).collect_view()}
            </div>
        }
    };
    let wrong = refused.about("scopes").map(sentence);
    view! {
        <fieldset class="boxes">
            <legend>{words::SCOPES}</legend>
            <p class="hint">{words::SCOPES_HINT}</p>
            <p class="error" role="alert">{wrong}</p>
            {groups.iter().map(group).collect_view()}
        </fieldset>
    }
}
