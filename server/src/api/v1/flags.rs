//! `/api/v1/flags`: suspicions about sales, and resolving them.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    fraud::{Evidence, Flag, FlagRule, FlagStatus, Resolution},
    id::{AffiliateId, CampaignId, ConversionId, FlagId},
    money::Currency,
    scope::Scope,
    text::Reason,
};
use serde::{Deserialize, Serialize};
use store::flag::{FlagDecision, FlagFilter, FlagStart, FlagView};
use utoipa::ToSchema;

use super::{
    Reply,
    field::{Id, needed},
    page::{Page, not_ours},
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// A flag as this dialect shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Flag)]
pub(super) struct FlagRow<'a> {
    id: FlagId,
    affiliate_id: AffiliateId,
    program_id: CampaignId,
    conversion_id: ConversionId,
    #[serde(rename = "type")]
    rule: FlagRule,
    status: FlagStatus,
    details: Details<'a>,
    note: Option<&'a str>,
    created_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
}

/// What it rests on, as facts and in words.
#[derive(Serialize, ToSchema)]
#[schema(as = FlagDetails)]
struct Details<'a> {
    text: String,
    #[serde(flatten)]
    evidence: &'a Evidence,
}

/// A flag in a list, with what its sale was about.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ListedFlag<'a> {
    #[serde(flatten)]
    flag: FlagRow<'a>,
    affiliate_name: &'a str,
    amount_cents: i64,
    currency: Currency,
}

impl<'a> From<&'a Flag> for FlagRow<'a> {
    fn from(flag: &'a Flag) -> Self {
        Self {
            id: flag.id,
            affiliate_id: flag.affiliate_id,
            program_id: flag.campaign_id,
            conversion_id: flag.conversion_id,
            rule: flag.evidence.rule(),
            status: flag.status,
            details: Details {
                text: flag.evidence.to_string(),
                evidence: &flag.evidence,
            },
            note: flag.note.as_deref(),
            created_at: flag.created_at,
            resolved_at: flag.resolved_at,
        }
    }
}

impl<'a> From<&'a FlagView> for ListedFlag<'a> {
    fn from(view: &'a FlagView) -> Self {
        let amount = view.row.conversion.amount;
        Self {
            flag: FlagRow::from(&view.flag),
            affiliate_name: &view.row.affiliate_name,
            amount_cents: amount.minor,
            currency: amount.currency,
        }
    }
}

/// How many flags stand how.
#[derive(Serialize, ToSchema)]
#[schema(as = FlagStats)]
struct Stats {
    open: i64,
    reviewed: i64,
    dismissed: i64,
    confirmed: i64,
    total: i64,
}

/// What a flag comes to. The dialect's pages say `resolution` where its clients say `status`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FlagResolution)]
pub(crate) struct ResolveBody {
    status: Option<Resolution>,
    resolution: Option<Resolution>,
    #[schema(max_length = 500)]
    note: Option<String>,
    block_affiliate: Option<bool>,
}

impl ResolveBody {
    fn read(self, flag_id: FlagId, caller: &Caller) -> Result<FlagDecision, Problem> {
        if let (Some(status), Some(resolution)) = (self.status, self.resolution)
            && status != resolution
        {
            let message = "status and resolution say the same: leave one out";
            return Err(Problem::invalid("resolution", message));
        }
        let note = self.note.filter(|note| !note.trim().is_empty());
        let note = note.map(|note| Reason::parse(&note)).transpose();
        Ok(FlagDecision {
            flag_id,
            resolution: needed("status", self.status.or(self.resolution))?,
            note: note
                .map_err(|error| Problem::invalid("note", error.to_string()))?
                .map(String::from),
            blocks_affiliate: self.block_affiliate.unwrap_or(false),
            actor: caller.actor(),
        })
    }
}

/// Takes the filters out of a query.
fn filter(query: &mut Query) -> Result<FlagFilter, Problem> {
    let rules = "self_referral, high_click_frequency, conversion_anomaly, suspicious_activity or manual_review";
    Ok(FlagFilter {
        status: query.parsed(
            "status",
            "open, reviewed, dismissed or confirmed",
            FlagStatus::parse,
        )?,
        is_resolved: false,
        rule: query.parsed("type", rules, FlagRule::parse)?,
        affiliate_id: query.parsed("affiliateId", "an affiliate's id (a UUID)", |text| {
            text.parse().ok()
        })?,
        campaign_id: program(query)?,
        conversion_id: query.parsed("conversionId", "a conversion's id (a UUID)", |text| {
            text.parse().ok()
        })?,
    })
}

fn program(query: &mut Query) -> Result<Option<CampaignId>, Problem> {
    query.parsed("programId", "a program's id (a UUID)", |text| {
        text.parse().ok()
    })
}

/// Lists flags.
///
/// Newest first.
#[utoipa::path(
    get, path = "/flags", tag = "Flags",
    params(Page, ("status" = Option<FlagStatus>, Query, description = "Only those that stand so."), ("type" = Option<FlagRule>, Query, description = "Only what this rule suspects."), ("affiliateId" = Option<AffiliateId>, Query, description = "Only about this affiliate."), ("programId" = Option<CampaignId>, Query, description = "Only of this program."), ("conversionId" = Option<ConversionId>, Query, description = "Only about this conversion.")),
    responses((status = 200, body = Vec<ListedFlag>)),
    security(("key" = ["flags:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::FlagsRead)?;
    let sealed = query.take("cursor");
    let page = Page::take(&mut query)?;
    let filter = filter(&mut query)?;
    query.done()?;
    let store = &state.store;
    let start = match sealed {
        Some(text) => FlagStart::After(
            store
                .open_flag_cursor(organization_id, filter, &text)
                .map_err(|_| not_ours())?,
        ),
        None => FlagStart::Offset(page.start()),
    };
    let found = store
        .flags(organization_id, filter, start, page.size())
        .await?;
    let next = found
        .next
        .map(|next| store.seal_flag_cursor(organization_id, filter, next));
    let rows: Vec<_> = found.flags.iter().map(ListedFlag::from).collect();
    Ok(reply.part(&page.from(start.seen()), found.total, next, &rows))
}

/// Counts flags.
///
/// By how they stand.
#[utoipa::path(
    get, path = "/flags/stats", tag = "Flags",
    params(("programId" = Option<CampaignId>, Query, description = "Only of this program.")),
    responses((status = 200, body = Stats)),
    security(("key" = ["flags:read"]))
)]
pub(super) async fn stats(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::FlagsRead)?;
    let program_id = program(&mut query)?;
    query.done()?;
    let counts = state.store.flag_counts(organization_id, program_id).await?;
    Ok(reply.ok(Stats {
        open: counts.open,
        reviewed: counts.reviewed,
        dismissed: counts.dismissed,
        confirmed: counts.confirmed,
        total: counts.total(),
    }))
}

/// Resolves a flag.
///
/// Confirming it denies the sale; the other two let it go on. `resolution` is another name of `status`. Blocking the
/// affiliate takes the scope `affiliates:manage` too.
#[utoipa::path(
    post, path = "/flags/{id}/resolve", tag = "Flags",
    params(("id" = FlagId, Path)),
    request_body = ResolveBody,
    responses((status = 200, body = ListedFlag)),
    security(("key" = ["flags:write"]))
)]
pub(super) async fn resolve(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<FlagId>,
    Json(body): Json<ResolveBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::FlagsWrite)?;
    let decision = body.read(id, &caller)?;
    if decision.blocks_affiliate {
        caller.with(Scope::AffiliatesManage)?;
    }
    let store = &state.store;
    store.resolve_flag(organization_id, decision).await?;
    let resolved = store.flag(organization_id, id).await?;
    let resolved = resolved.ok_or_else(|| Problem::not_found("flag"))?;
    Ok(reply.ok(ListedFlag::from(&resolved)))
}
