//! `/api/v1/imports`: affiliates and sales of other platforms as CSV.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{
    id::{CampaignId, ImportId, OrganizationId},
    import::{DateOrder, Field, ImportKind, ImportState, MAX_FILE, Mapping, Platform},
    money::Currency,
    scope::Scope,
};
use futures::StreamExt;
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{
    audit::Actor,
    import::{BadFile, CurrencySum, Import, ImportError, Setup, Standings, Upload},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    Removed, Reply,
    field::{Id, NoBody, Nothing},
    page::Page,
};
use crate::{
    caller::Caller,
    idempotency::{self, Key},
    imports::error_rows,
    input::Query,
    problem::Problem,
    state::AppState,
};

/// An import as the API shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Import)]
struct ImportRow {
    id: ImportId,
    kind: ImportKind,
    state: ImportState,
    file_name: String,
    file_bytes: i64,
    platform: Platform,
    columns: Vec<String>,
    mapping: Mapping,
    dates: DateOrder,
    program_id: Option<CampaignId>,
    dry_run: bool,
    /// How much of the file was read, in percent.
    #[schema(minimum = 0, maximum = 100)]
    progress: i64,
    rows_read: i64,
    created: i64,
    /// As what those stand that were created; of sales.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    created_by_status: Option<ByStatus>,
    /// What those come to, by currency; of sales.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sums: Option<Vec<Sum>>,
    existing: i64,
    failed: i64,
    /// Why the file was not read to its end.
    problem: Option<String>,
    errors_url: String,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

/// How many sales of an import stand as what.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportedByStatus)]
struct ByStatus {
    pending: i64,
    approved: i64,
    paid: i64,
    refunded: i64,
    denied: i64,
}

/// What the sales of an import come to in one currency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ImportedSum)]
struct Sum {
    currency: Currency,
    amount_cents: i64,
    commission_cents: i64,
}

impl From<CurrencySum> for Sum {
    fn from(sum: CurrencySum) -> Self {
        Self {
            currency: sum.currency,
            amount_cents: sum.amount_minor,
            commission_cents: sum.commission_minor,
        }
    }
}

impl From<Standings> for ByStatus {
    fn from(told: Standings) -> Self {
        Self {
            pending: told.pending,
            approved: told.approved,
            paid: told.paid,
            refunded: told.refunded,
            denied: told.denied,
        }
    }
}

impl From<Import> for ImportRow {
    fn from(import: Import) -> Self {
        let is_of_sales = import.kind == ImportKind::Sales;
        let sums = import.sums.iter().map(|sum| Sum::from(*sum));
        Self {
            id: import.id,
            progress: import.percent(),
            errors_url: format!("/api/v1/imports/{}/errors", import.id),
            created_by_status: is_of_sales.then(|| import.standings.into()),
            sums: is_of_sales.then(|| sums.collect()),
            kind: import.kind,
            state: import.state,
            file_name: import.file_name,
            file_bytes: import.file_bytes,
            platform: import.platform,
            columns: import.header,
            mapping: import.mapping,
            dates: import.dates,
            program_id: import.campaign_id,
            dry_run: import.is_dry_run,
            rows_read: import.read,
            created: import.created,
            existing: import.existing,
            failed: import.failed,
            problem: import.problem,
            created_at: import.created_at,
            finished_at: import.finished_at,
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::NotFound => Self::not_found("import"),
            ImportError::CantStart(_)
            | ImportError::CantStop(_)
            | ImportError::CantRemove(_)
            | ImportError::Full => Self::conflict("conflict", error.to_string()),
            ImportError::NoCampaign => Self::not_found_in("programId", "program"),
            ImportError::Mapping(why) => Self::invalid("mapping", why.to_string()),
            ImportError::File(BadFile::TooLarge) => {
                Self::too_large(usize::try_from(MAX_FILE).unwrap_or(usize::MAX))
            }
            ImportError::File(why) => Self::invalid("body", why.to_string()),
            ImportError::Store(error) => error.into(),
        }
    }
}

/// What the address of an upload can say, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "`Asked` reads them")]
struct UploadParams {
    /// What the file holds.
    kind: ImportKind,
    /// Where it comes from; what its columns suggest, when it is left out.
    platform: Option<Platform>,
    /// Columns by what they hold, as a JSON object, where the names of the columns do not say it.
    #[param(example = r#"{"amount": "Total"}"#)]
    mapping: Option<String>,
    /// What comes first in dates such as 03/04/2026.
    dates: Option<DateOrder>,
    /// The program that the rows belong to, unless they name one.
    program_id: Option<CampaignId>,
    /// Reads everything and creates nothing.
    dry_run: Option<bool>,
    /// Under which name it is shown.
    #[param(example = "sales.csv")]
    file_name: Option<String>,
}

/// What the address of an upload says.
struct Asked {
    kind: ImportKind,
    platform: Option<Platform>,
    mapping: Vec<(Field, String)>,
    dates: DateOrder,
    campaign_id: Option<CampaignId>,
    is_dry_run: bool,
    file_name: String,
}

impl Asked {
    fn take(mut query: Query) -> Result<Self, Problem> {
        let kind = query.parsed("kind", "affiliates or sales", ImportKind::parse)?;
        let truth = |text: &str| text.parse().ok();
        let dates = "clear, month_first or day_first";
        let columns = "a JSON object of fields and columns such as {\"amount\": \"Total\"}";
        let asked = Self {
            kind: kind.ok_or_else(|| Problem::invalid("kind", "affiliates or sales is needed"))?,
            platform: query.parsed("platform", "the name of a platform", Platform::parse)?,
            mapping: query
                .parsed("mapping", columns, mapping_of)?
                .unwrap_or_default(),
            dates: query
                .parsed("dates", dates, DateOrder::parse)?
                .unwrap_or(DateOrder::Clear),
            campaign_id: query.parsed("programId", "an id", |text| text.parse().ok())?,
            is_dry_run: query
                .parsed("dryRun", "true or false", truth)?
                .unwrap_or(false),
            file_name: query
                .take("fileName")
                .unwrap_or_else(|| "upload.csv".to_owned()),
        };
        query.done()?;
        Ok(asked)
    }

    /// How the file is to be read: as its columns suggest, but for what was said.
    fn setup(self, import: &Import) -> Setup {
        let platform = self.platform.unwrap_or(import.platform);
        let mut mapping = Mapping::guess(import.kind, platform, &import.header);
        for (field, column) in &self.mapping {
            mapping.set(*field, column);
        }
        Setup {
            platform,
            mapping,
            dates: self.dates,
            campaign_id: self.campaign_id,
            is_dry_run: self.is_dry_run,
        }
    }
}

fn mapping_of(text: &str) -> Option<Vec<(Field, String)>> {
    let pairs: std::collections::BTreeMap<Field, String> = serde_json::from_str(text).ok()?;
    Some(pairs.into_iter().collect())
}

/// What a key must be allowed for it.
fn scope(kind: ImportKind) -> Scope {
    match kind {
        ImportKind::Affiliates => Scope::AffiliatesManage,
        ImportKind::Sales => Scope::ConversionsWrite,
    }
}

/// Lists imports.
///
/// Newest first: those of the kinds that the key may import.
#[utoipa::path(
    get, path = "/imports", tag = "Imports",
    params(Page),
    responses((status = 200, body = Vec<ImportRow>), (status = 403)),
    security(("key" = []))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let may = |kind: &&ImportKind| caller.with(scope(**kind)).is_ok();
    let kinds: Vec<ImportKind> = ImportKind::ALL.iter().filter(may).copied().collect();
    let organization_id = caller.with(
        kinds
            .first()
            .map_or(Scope::ConversionsWrite, |kind| scope(*kind)),
    )?;
    let page = Page::take(&mut query)?;
    query.done()?;
    let found = state
        .store
        .imports(organization_id, &kinds, page.start(), page.size())
        .await?;
    let rows: Vec<ImportRow> = found.0.into_iter().map(ImportRow::from).collect();
    Ok(reply.list(&page, found.1, &rows))
}

/// Imports a CSV file of another platform.
///
/// Takes the file in and starts to read it; `GET` its id to see how far it is. Importing affiliates takes the
/// scope `affiliates:manage`, sales `conversions:write`. The same file again creates nothing; with the same `Idempotency-Key` it
/// isn't read again either.
#[utoipa::path(
    post, path = "/imports", tag = "Imports",
    params(UploadParams),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = ImportRow), (status = 403), (status = 404)),
    security(("key" = []))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    query: Query,
    request: Request,
) -> Result<Response, Problem> {
    let asked = Asked::take(query)?;
    let organization_id = caller.with(scope(asked.kind))?;
    let (parts, body) = request.into_parts();
    require_csv(&parts.headers)?;
    let key = Key::of(&parts.headers)?;
    let (store, actor) = (&state.store, caller.actor());
    let upload = store
        .begin_import(actor, organization_id, asked.kind, &asked.file_name)
        .await?;
    let mut hash = Sha256::new_with_prefix(parts.uri.to_string());
    let import = received(upload, body, &mut hash).await?;
    let (id, setup) = (import.id, asked.setup(&import));
    let Some(key) = key else {
        let started = start(&state, actor, organization_id, id, setup).await?;
        return Ok(reply.created(ImportRow::from(started)));
    };
    let on = state.clone();
    let work = async move {
        let started = start(&on, actor, organization_id, id, setup).await;
        let started = started.map(|started| reply.created(ImportRow::from(started)));
        started.into_response()
    };
    let answer = idempotency::run_once(&state, &caller, key, &hash.finalize(), work).await;
    // Where another call had the key, the file came in for nothing.
    store.discard_import(actor, organization_id, id).await?;
    answer
}

/// Takes the body in as it comes, and hashes it; what breaks off leaves nothing.
async fn received(mut upload: Upload, body: Body, hash: &mut Sha256) -> Result<Import, Problem> {
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let Ok(piece) = piece else {
            upload.discard().await?;
            let message = "the body did not arrive whole";
            return Err(Problem::bad_request("bad_request", message));
        };
        hash.update(&piece);
        upload.push(&piece).await?;
    }
    Ok(upload.finish().await?)
}

/// Starts it; an import that can't be started is not kept.
async fn start(
    state: &AppState,
    actor: Actor,
    organization_id: OrganizationId,
    id: ImportId,
    setup: Setup,
) -> Result<Import, Problem> {
    let store = &state.store;
    let started = store.start_import(actor, organization_id, id, setup).await;
    if started.is_err() {
        store.discard_import(actor, organization_id, id).await?;
    }
    Ok(started?)
}

fn require_csv(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("text/csv") {
        Ok(())
    } else {
        Err(Problem::not_csv())
    }
}

/// One that is there and that the key may import.
async fn one(
    state: &AppState,
    caller: &Caller,
    id: ImportId,
) -> Result<(OrganizationId, Import), Problem> {
    let organization_id = caller.holder().organization_id;
    let import = state.store.import(organization_id, id).await?;
    let import = import.ok_or_else(|| Problem::not_found("import"))?;
    caller.with(scope(import.kind))?;
    Ok((organization_id, import))
}

/// Shows an import.
///
/// With how far it has got.
#[utoipa::path(
    get, path = "/imports/{id}", tag = "Imports",
    params(("id" = ImportId, Path)),
    responses((status = 200, body = ImportRow), (status = 403)),
    security(("key" = []))
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ImportId>,
    query: Query,
) -> Result<Response, Problem> {
    query.done()?;
    let (_, import) = one(&state, &caller, id).await?;
    Ok(reply.ok(ImportRow::from(import)))
}

/// Hands out the rows that could not be taken.
///
/// As CSV, with a reason each.
#[utoipa::path(
    get, path = "/imports/{id}/errors", tag = "Imports",
    params(("id" = ImportId, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 403)),
    security(("key" = []))
)]
pub(crate) async fn errors(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<ImportId>,
    query: Query,
) -> Result<Response, Problem> {
    query.done()?;
    let (organization_id, import) = one(&state, &caller, id).await?;
    Ok(error_rows(&state, organization_id, import.id))
}

/// Stops an import.
///
/// What it has created stays.
#[utoipa::path(
    post, path = "/imports/{id}/stop", tag = "Imports",
    params(("id" = ImportId, Path)),
    request_body = Option<Nothing>,
    responses((status = 200, body = ImportRow), (status = 403)),
    security(("key" = []))
)]
pub(crate) async fn stop(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ImportId>,
    _: NoBody,
) -> Result<Response, Problem> {
    let (organization_id, _) = one(&state, &caller, id).await?;
    let store = &state.store;
    store
        .stop_import(caller.actor(), organization_id, id)
        .await?;
    let (_, import) = one(&state, &caller, id).await?;
    Ok(reply.ok(ImportRow::from(import)))
}

/// Removes an import that has not been started.
#[utoipa::path(
    delete, path = "/imports/{id}", tag = "Imports",
    params(("id" = ImportId, Path)),
    responses((status = 200, body = Removed), (status = 403), (status = 409)),
    security(("key" = []))
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ImportId>,
) -> Result<Response, Problem> {
    let (organization_id, _) = one(&state, &caller, id).await?;
    let store = &state.store;
    store
        .remove_import(caller.actor(), organization_id, id)
        .await?;
    Ok(reply.removed())
}
