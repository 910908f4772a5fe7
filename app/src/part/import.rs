//! One import as markup: its progress or its result, and the form that says what its columns mean. Written on
//! the server only (see [`super::served`]).

use domain::{
    import::{DateOrder, Field, ImportKind, ImportState, Platform},
    lifecycle::Status,
    money::Money,
};
use leptos::{prelude::*, server_fn::ServerFn};
use store::import::{CurrencySum, Import, RowError};

use super::{
    fields::{self, Refused, form},
    imports::{HERE, state_word},
    table::head,
};
use crate::{
    server_fn::{
        Choice,
        import::{RemoveImport, StartImport, StopImport},
    },
    text::{grouped, imports as words},
};

const CAMPAIGN: fields::Field =
    fields::Field::new("campaign", words::CAMPAIGN, words::CAMPAIGN_HINT);
const DATES: fields::Field = fields::Field::new("dates", words::DATES, "");

/// What is told.
pub(crate) struct Told {
    pub(crate) import: Import,
    /// The first rows that were not taken.
    pub(crate) errors: Vec<RowError>,
    /// The first rows of the file.
    pub(crate) sample: Vec<Vec<String>>,
    /// The campaigns that are open.
    pub(crate) campaigns: Vec<Choice>,
    pub(crate) refused: Refused,
    pub(crate) may_edit: bool,
}

/// Everything about one import.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let import = &page.import;
    let is_running = import.state == ImportState::Running;
    let was_run = is_running || import.read > 0 || import.finished_at.is_some();
    let can_start = page.may_edit && import.state.can_start();
    view! {
        <p class="back"><a class="link" href=HERE>{words::ALL}</a></p>
        <header class="head"><h1>{import.file_name.clone()}</h1>{state_word(import)}</header>
        <p class="muted">{words::kind_of(import.kind, import.platform.label())}</p>
        {is_running.then(|| progress(page))}
        {was_run.then(|| result(import))}
        {(!page.errors.is_empty()).then(|| errors(page))}
        {can_start.then(|| start(page))}
    }
}

/// How far it is. The page comes again by itself until it is over.
fn progress(page: &Told) -> impl IntoView + use<> {
    let percent = page.import.percent();
    let id = page.import.id.to_string();
    let stop = page.may_edit.then(|| {
        view! {
            <form method="post" action=StopImport::PATH>
                <input type="hidden" name="form[import]" value=id/>
                <button type="submit" class="btn">{words::STOP}</button>
            </form>
        }
    });
    view! {
        <noscript><meta http-equiv="refresh" content="2"/></noscript>
        <section class="panel progress" data-again="" aria-label=words::PROGRESS>
            <progress max="100" value=percent.to_string() aria-label=words::PROGRESS>{percent}" %"</progress>
            <p class="hint">{words::GOES_ON}</p>
            {stop}
        </section>
    }
}

fn result(import: &Import) -> impl IntoView + use<> {
    let problem = import.problem.as_ref().map(
        |problem| view! { <p class="form-error" role="alert">{crate::text::sentence(problem)}</p> },
    );
    view! {
        {problem}
        <article class="card" aria-label=words::RESULT>
            <dl>
                <dt>{words::READ}</dt><dd>{grouped(import.read)}</dd>
                <dt>{words::created(import.is_dry_run)}</dt><dd>{grouped(import.created)}</dd>
                {standings(import)}
                {sums(import)}
                <dt>{words::EXISTING}</dt><dd>{grouped(import.existing)}</dd>
                <dt>{words::FAILED}</dt><dd>{grouped(import.failed)}</dd>
            </dl>
        </article>
    }
}

/// As what the sales stand that were created, or would be: what is paid out elsewhere is not paid here.
fn standings(import: &Import) -> impl IntoView + use<> {
    let told = import.standings;
    let all = [
        (Status::Pending, told.pending),
        (Status::Approved, told.approved),
        (Status::Paid, told.paid),
        (Status::Refunded, told.refunded),
        (Status::Denied, told.denied),
    ];
    let some = all.into_iter().filter(|(_, count)| *count > 0);
    some.map(|(status, count)| {
        view! { <dt>{words::stands_as(status)}</dt><dd>{grouped(count)}</dd> }
    })
    .collect_view()
}

/// What those sales come to: compared with the other platform's own sums before anything is stored.
fn sums(import: &Import) -> impl IntoView + use<> {
    let listed = |minor: fn(&CurrencySum) -> i64| {
        let some = import.sums.iter().filter(|sum| minor(sum) != 0);
        let told = some.map(|sum| Money::new(minor(sum), sum.currency).to_string());
        told.collect::<Vec<_>>().join(" · ")
    };
    let all = [
        (words::PAID_BY_CUSTOMERS, listed(|sum| sum.amount_minor)),
        (words::EARNED, listed(|sum| sum.commission_minor)),
    ];
    all.into_iter()
        .filter(|(_, told)| !told.is_empty())
        .map(|(name, told)| view! { <dt>{name}</dt><dd>{told}</dd> })
        .collect_view()
}

/// Asks before it forgets the file.
fn removal(import: &Import) -> impl IntoView + use<> {
    let refused = Refused::of::<RemoveImport>();
    let fields = view! {
        <input type="hidden" name="form[import]" value=import.id.to_string()/>
        <p class="hint">{words::REMOVE_HINT}</p>
        <button type="submit" class="btn">{words::REMOVE_NOW}</button>
    }
    .into_any();
    view! {
        <details class="removal">
            <summary>{words::REMOVE}</summary>
            {form::<RemoveImport>("", &refused, fields)}
        </details>
    }
}

fn errors(page: &Told) -> impl IntoView + use<> {
    let columns = vec![(words::ROW, ""), (words::COLUMN, ""), (words::WHY, "")];
    let row = |error: &RowError| {
        view! {
            <tr role="row">
                <th role="rowheader" scope="row" data-label=words::ROW>{grouped(error.row)}</th>
                <td role="cell" data-label=words::COLUMN>{error.column.clone()}</td>
                <td role="cell" data-label=words::WHY>{crate::text::sentence(&error.message)}</td>
            </tr>
        }
    };
    let href = format!("{HERE}/{}/errors.csv", page.import.id);
    view! {
        <section aria-labelledby="errors">
            <header class="head"><h2 id="errors">{words::ERRORS}</h2><a class="btn push" rel="external" href=href>{words::ALL_ERRORS}</a></header>
            <p class="hint">{words::KEPT}</p>
            <table role="table" class="plain">
                {head(words::ERRORS, columns)}
                <tbody role="rowgroup">{page.errors.iter().map(row).collect_view()}</tbody>
            </table>
        </section>
    }
}

/// The columns, and the buttons that start.
fn start(page: &Told) -> impl IntoView + use<> {
    let import = &page.import;
    let missing = import.mapping.missing(import.kind);
    let missing = (!missing.is_empty()).then(|| {
        let words = missing.join("; ");
        view! { <p class="notice" role="status">{words::MISSING}": "{words}"."</p> }
    });
    let own = match import.kind {
        ImportKind::Sales => words::OWN_CAMPAIGN,
        ImportKind::Affiliates => words::OLDEST_CAMPAIGN,
    };
    let campaigns = std::iter::once(Choice::new("", own)).chain(page.campaigns.iter().cloned());
    let chosen = import
        .campaign_id
        .map(|id| id.to_string())
        .unwrap_or_default();
    let dates = DateOrder::ALL
        .iter()
        .map(|order| Choice::new(order.as_str(), order.label()));
    let dates = (import.kind == ImportKind::Sales).then(|| {
        fields::select(
            &DATES,
            &page.refused,
            dates.collect(),
            import.dates.as_str(),
        )
    });
    let no_dates = (import.kind == ImportKind::Affiliates).then(|| {
        view! { <input type="hidden" name="form[dates]" value=DateOrder::Clear.as_str()/> }
    });
    let columns = Field::of(import.kind)
        .iter()
        .map(|field| column(page, *field));
    let inside = view! {
        <input type="hidden" name="form[import]" value=import.id.to_string()/>
        <input type="hidden" name="form[platform]" value=import.platform.as_str()/>
        {no_dates}
        {columns.collect_view()}
        {fields::select(&CAMPAIGN, &page.refused, campaigns.collect(), &chosen)}
        {dates}
        <footer>
            <button type="submit" class="btn" name="form[how]" value="check">{words::CHECK}</button>
            <button type="submit" class="btn main" name="form[how]" value="run">{words::RUN}</button>
        </footer>
    };
    view! {
        <section class="panel columns" aria-labelledby="columns">
            <header><h2 id="columns">{words::COLUMNS}</h2></header>
            {platform(import)}
            <p class="hint">{words::COLUMNS_HINT}</p>
            {missing}
            {form::<StartImport>("grid", &page.refused, inside.into_any())}
            {removal(import)}
        </section>
        {sample(page)}
    }
}

/// Whose names the columns have; another choice suggests others.
fn platform(import: &Import) -> Option<impl IntoView + use<>> {
    let now = import.platform;
    let option = move |platform: &Platform| {
        view! { <option value=platform.as_str() selected=*platform == now>{platform.label()}</option> }
    };
    (import.state == ImportState::Uploaded).then(|| {
        view! {
            <form class="selects" method="get" autocomplete="off" action=format!("{HERE}/{}", import.id) aria-label=words::PLATFORM>
                <label><span>{words::PLATFORM}</span><select name="platform">{Platform::ALL.iter().map(option).collect_view()}</select></label>
                <button type="submit" class="btn">{words::APPLY}</button>
            </form>
        }
    })
}

/// The choice of a field's column.
fn column(page: &Told, field: Field) -> impl IntoView + use<> {
    let import = &page.import;
    let chosen = import.mapping.column(field).unwrap_or_default().to_owned();
    let first = page.sample.first();
    let option = |(place, name): (usize, &String)| {
        let example = first.and_then(|row| row.get(place)).map(|cell| short(cell));
        let told = match example.filter(|cell| !cell.is_empty()) {
            Some(cell) => format!("{name} · {cell}"),
            None => name.clone(),
        };
        view! { <option value=name.clone() selected=*name == chosen>{told}</option> }
    };
    let named = import
        .header
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty());
    let id = format!("column-{}", field.as_str());
    let hint = format!("{id}-hint");
    view! {
        <div class="field">
            <label for=id.clone()>{field.label()}</label>
            <select id=id name=format!("form[columns][{}]", field.as_str()) aria-describedby=hint.clone()>
                <option value="">{words::NONE}</option>
                {named.map(option).collect_view()}
            </select>
            <p class="hint" id=hint>{words::hint(field)}</p>
        </div>
    }
}

fn short(cell: &str) -> String {
    let mut short: String = cell.chars().take(24).collect();
    if short.len() < cell.len() {
        short.push('…');
    }
    short
}

fn sample(page: &Told) -> Option<impl IntoView + use<>> {
    let names = page.import.header.iter();
    let names = names.map(|name| view! { <th scope="col">{name.clone()}</th> });
    let row = |row: &Vec<String>| {
        let cells = row.iter().map(|cell| view! { <td>{short(cell)}</td> });
        view! { <tr>{cells.collect_view()}</tr> }
    };
    (!page.sample.is_empty()).then(|| {
        view! {
            <section class="sample" aria-labelledby="sample">
                <h2 id="sample">{words::SAMPLE}</h2>
                <div tabindex="0" role="group" aria-labelledby="sample">
                    <table>
                        <thead><tr>{names.collect_view()}</tr></thead>
                        <tbody>{page.sample.iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            </section>
        }
    })
}
