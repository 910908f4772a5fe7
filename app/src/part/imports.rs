//! The list of imports as markup, and the form for a file. Written on the server only (see [`super::served`]).

use domain::import::{ImportKind, ImportState};
use leptos::{either::Either, prelude::*};
use store::import::Import;

use super::{
    icon::{Icon, icon},
    served::short_moment,
    state::Empty,
    table::head,
};
use crate::{
    moment::Millis,
    text::{self, grouped, imports as words},
};

/// Where the list is.
pub(super) const HERE: &str = "/dashboard/imports";

/// What is told.
pub(crate) struct Told {
    /// Newest first.
    pub(crate) rows: Vec<Import>,
    pub(crate) now: Millis,
    /// Is the form for a file open?
    pub(crate) is_open: bool,
    /// What was wrong with the last file.
    pub(crate) bad: Option<String>,
    pub(crate) may_edit: bool,
}

/// The newest imports, and the form when it is open.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let add = page.may_edit.then(|| {
        view! { <a class="btn main push" href=format!("{HERE}?add=file")>{icon(Icon::Plus)}<span>{words::ADD}</span></a> }
    });
    let list = if page.rows.is_empty() {
        Either::Left(view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> })
    } else {
        Either::Right(table(page))
    };
    view! {
        <header class="head"><h1>{words::TITLE}</h1>{add}</header>
        <p class="muted">{words::LEAD}</p>
        {page.is_open.then(|| upload_form(page.bad.clone()))}
        {list}
    }
}

fn upload_form(bad: Option<String>) -> impl IntoView {
    let kinds = ImportKind::ALL
        .iter()
        .map(|kind| view! { <option value=kind.as_str()>{kind.label()}</option> });
    let is_wrong = bad.is_some();
    view! {
        <section class="panel" aria-label=words::ADD>
            <header>
                <h2>{words::ADD}</h2>
                <a class="btn quiet" href=HERE data-noscroll>{text::CANCEL}</a>
            </header>
            <form method="post" enctype="multipart/form-data" action="/dashboard/imports/upload" class="grid">
                <div class="field">
                    <label for="kind">{words::KIND}</label>
                    <select id="kind" name="kind">{kinds.collect_view()}</select>
                </div>
                <div class=if is_wrong { "field wrong" } else { "field" }>
                    <label for="file">{words::FILE}</label>
                    <input id="file" name="file" type="file" accept=".csv,.tsv,.txt,text/csv" required=true
                        aria-invalid=is_wrong.then_some("true") aria-describedby="file-error file-hint"/>
                    <p class="error" id="file-error">{bad}</p>
                    <p class="hint" id="file-hint">{words::FILE_HINT}</p>
                </div>
                <footer><button type="submit" class="btn main">{words::UPLOAD}</button></footer>
            </form>
        </section>
    }
}

/// Where an import stands: a word whose colour says whether something is to be done.
pub(super) fn state_word(import: &Import) -> impl IntoView + use<> {
    let class = match import.state {
        ImportState::Done => "word",
        ImportState::Failed | ImportState::Cancelled => "word off",
        _ => "word test",
    };
    let told = words::state(import.state, import.is_dry_run, import.percent());
    view! { <span class=class>{told}</span> }
}

fn table(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::NAME, ""),
        (words::STATE, ""),
        (words::READ, "num"),
        (words::created(false), "num"),
        (words::EXISTING, "num"),
        (words::FAILED, "num"),
        (words::UPLOADED, ""),
    ];
    let row = |import: &Import| row(import, page.now);
    view! {
        <table role="table" class="plain accounts">
            {head(words::CAPTION, columns)}
            <tbody role="rowgroup">{page.rows.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(import: &Import, now: Millis) -> impl IntoView + use<> {
    let what = words::kind_of(import.kind, import.platform.label());
    // Of a dry run nothing was created.
    let created = (!import.is_dry_run).then(|| grouped(import.created));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who"><a class="name" href=format!("{HERE}/{}", import.id)>{import.file_name.clone()}</a><small>{what}</small></th>
            <td role="cell" data-label=words::STATE>{state_word(import)}</td>
            <td role="cell" data-label=words::READ class="num">{grouped(import.read)}</td>
            <td role="cell" data-label=words::created(false) class="num">{created}</td>
            <td role="cell" data-label=words::EXISTING class="num">{grouped(import.existing)}</td>
            <td role="cell" data-label=words::FAILED class="num">{grouped(import.failed)}</td>
            <td role="cell" data-label=words::UPLOADED class="muted">{short_moment(import.created_at, now)}</td>
        </tr>
    }
}
