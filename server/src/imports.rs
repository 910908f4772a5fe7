//! What browsers send and fetch about imports beside the pages: the file, as a form sends it, and the rows that
//! could not be taken.

use axum::{
    body::{Body, Bytes},
    extract::{Multipart, Path, State, multipart::Field},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    id::{ImportId, OrganizationId},
    import::ImportKind,
};
use store::{
    StoreError,
    audit::Actor,
    import::{Import, ImportError, RowError},
    session::Viewer,
};

use crate::{caller, problem::Problem, state::AppState};

/// How many errors are read at a time.
const AT_A_TIME: i64 = 1000;
const PAGE: &str = "/dashboard/imports";
/// The word for a file that there is no room for.
const FULL: &str = "full";
/// How much of a form is read behind a refusal, in bytes.
const MAX_READ_OUT: usize = 1024 * 1024;
/// How long the word for what is in the file may be, in bytes.
const MAX_KIND: usize = 16;

/// `POST /dashboard/imports/upload`: a form with the kind and the file, in this order. A file that can't be read is
/// told on the page.
pub(crate) async fn upload(
    State(state): State<AppState>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Result<Response, Problem> {
    let Some(viewer) = caller::viewer(&headers, &state).await? else {
        return Ok(Redirect::to(&format!("/sign-in?next={PAGE}")).into_response());
    };
    // Nothing is read of whoever may not import.
    if !viewer.role.may_manage() {
        return Err(StoreError::Forbidden.into());
    }
    let taken = taken(&state, &viewer, &mut form).await;
    if taken.is_err() {
        read_out(form).await;
    }
    let path = match taken? {
        Ok(import) => format!("{PAGE}/{}", import.id),
        Err(ImportError::File(bad)) => {
            let row = bad
                .row()
                .map_or_else(String::new, |row| format!("&row={row}"));
            format!("{PAGE}?add=file&bad={}{row}", bad.word())
        }
        Err(ImportError::Full) => format!("{PAGE}?add=file&bad={FULL}"),
        Err(error) => return Err(error.into()),
    };
    Ok(Redirect::to(&path).into_response())
}

async fn taken(
    state: &AppState,
    viewer: &Viewer,
    form: &mut Multipart,
) -> Result<Result<Import, ImportError>, Problem> {
    let mut kind = None;
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        match field.name() {
            Some("kind") => kind = kind_of(field).await?,
            Some("file") => {
                let kind = kind.ok_or_else(no_kind)?;
                return received(state, viewer, kind, field).await;
            }
            _ => {}
        }
    }
    Err(Problem::invalid("file", "a file is needed"))
}

/// Reads on a little behind a refusal: who is cut off while he sends never sees why.
async fn read_out(mut form: Multipart) {
    let mut left = MAX_READ_OUT;
    while let Ok(Some(mut field)) = form.next_field().await {
        while let Ok(Some(piece)) = field.chunk().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                return;
            }
        }
    }
}

/// What is in the file; `None`: no such kind. No more is read than a kind has.
async fn kind_of(mut field: Field<'_>) -> Result<Option<ImportKind>, Problem> {
    let mut word = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|_| cut_off())? {
        if word.len() + piece.len() > MAX_KIND {
            return Err(no_kind());
        }
        word.extend_from_slice(&piece);
    }
    let word = String::from_utf8(word).unwrap_or_default();
    Ok(ImportKind::parse(&word))
}

fn no_kind() -> Problem {
    Problem::invalid("kind", "affiliates or sales is needed")
}

fn cut_off() -> Problem {
    Problem::bad_request("bad_request", "the form did not arrive whole")
}

async fn received(
    state: &AppState,
    viewer: &Viewer,
    kind: ImportKind,
    mut file: Field<'_>,
) -> Result<Result<Import, ImportError>, Problem> {
    let actor = Actor::Person {
        id: viewer.person_id,
        role: viewer.role,
    };
    let name = file.file_name().unwrap_or_default().to_owned();
    let (store, organization_id) = (&state.store, viewer.organization_id);
    let mut upload = match store
        .begin_import(actor, organization_id, kind, &name)
        .await
    {
        Ok(upload) => upload,
        Err(error) => return Ok(Err(error)),
    };
    loop {
        match file.chunk().await {
            Ok(Some(piece)) => {
                if let Err(error) = upload.push(&piece).await {
                    return Ok(Err(error));
                }
            }
            Ok(None) => return Ok(upload.finish().await),
            Err(_) => {
                upload.discard().await?;
                return Err(cut_off());
            }
        }
    }
}

/// `GET /dashboard/imports/{id}/errors.csv`
pub(crate) async fn errors(
    State(state): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Some(viewer) = caller::viewer(&headers, &state).await? else {
        return Ok(Redirect::to(&format!("/sign-in?next={PAGE}")).into_response());
    };
    let nothing = || Problem::not_found("import");
    let id: ImportId = id.parse().map_err(|_| nothing())?;
    let organization_id = viewer.organization_id;
    let import = state.store.import(organization_id, id).await?;
    let import = import.ok_or_else(nothing)?;
    Ok(error_rows(&state, organization_id, import.id))
}

/// The rows of an import that could not be taken as CSV: which, the column, what to do, and its cells.
pub(crate) fn error_rows(
    state: &AppState,
    organization_id: OrganizationId,
    id: ImportId,
) -> Response {
    let store = state.store.clone();
    let lines = async_stream::try_stream! {
        yield Bytes::from_static(b"row,column,message,cells\r\n");
        let mut after = 0;
        loop {
            let errors = store.import_errors(organization_id, id, after, AT_A_TIME).await?;
            let Some(last) = errors.last() else { break };
            after = last.row;
            yield lines_of(&errors);
        }
    };
    let lines: std::pin::Pin<Box<dyn futures::Stream<Item = Result<Bytes, StoreError>> + Send>> =
        Box::pin(lines);
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    let name = HeaderValue::from_static("attachment; filename=\"import-errors.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    response
}

fn lines_of(errors: &[RowError]) -> Bytes {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for error in errors {
        let row = error.row.to_string();
        let cells = [&error.column, &error.message, &error.text].map(|text| unformulated(text));
        // It writes into memory, which does not fail.
        let _ = writer.write_record(std::iter::once(&row).chain(&cells));
    }
    Bytes::from(writer.into_inner().unwrap_or_default())
}

/// Text that no spreadsheet takes for a formula.
pub(crate) fn unformulated(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_lines_that_no_spreadsheet_runs() {
        let error = RowError {
            row: 3,
            column: "Amount, paid".to_owned(),
            message: "\"x\": an amount is needed".to_owned(),
            text: "=1+1 | y".to_owned(),
        };
        let lines = lines_of(&[error]);
        let expected = "3,\"Amount, paid\",\"\"\"x\"\": an amount is needed\",'=1+1 | y\r\n";
        assert_eq!(lines, expected.as_bytes());
    }
}
