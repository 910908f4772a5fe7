//! `/conversions/stats` and `/programs/{id}/stats`: how much of what, from the days' roll-ups.
//!
//! A period is whole UTC days, today among them. Amounts in different currencies are never added: the totals are those
//! of the currency that is named beside them, and `byCurrency` has all of them.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::{
    affiliate::AffiliateStatus, campaign::CampaignStatus, id::CampaignId, lifecycle::Status,
    money::Currency, scope::Scope,
};
use serde::Serialize;
use store::{
    affiliate::AffiliateFilter,
    sales::{SalesStats, StatusTotals},
};
use utoipa::ToSchema;

use super::{Reply, field::Id, programs};
use crate::{caller::Caller, input::Query, problem::Problem, state::AppState};

/// Days of the period when none is asked for.
const DEFAULT_DAYS: u64 = 30;

/// Conversions by where they stand: each is counted once, under the word that lists take as `status`.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversionCounts)]
struct Counts {
    pending: i64,
    approved: i64,
    paid: i64,
    partially_refunded: i64,
    refunded: i64,
    rejected: i64,
}

/// Sums of one pair of currencies, in minor units.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CurrencySums)]
struct PairSums {
    /// What customers paid in.
    currency: Currency,
    commission_currency: Currency,
    conversions: i64,
    /// What customers paid, refunds not taken off.
    revenue: i64,
    /// What went back to them.
    refunded: i64,
    /// Commission due now.
    commissions: i64,
    pending_commissions: i64,
    approved_commissions: i64,
    paid_commissions: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversionSums)]
struct Money {
    /// Of the currency beside it, in which most of what was paid for is.
    total_revenue: i64,
    revenue_currency: Option<Currency>,
    total_commissions: i64,
    pending_commissions: i64,
    commission_currency: Option<Currency>,
    by_currency: Vec<PairSums>,
}

#[derive(Serialize, ToSchema)]
struct ConversionStats {
    total: i64,
    #[serde(flatten)]
    counts: Counts,
    #[serde(flatten)]
    money: Money,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProgramStats<'a> {
    program_id: CampaignId,
    program_name: &'a str,
    status: CampaignStatus,
    total_conversions: i64,
    /// Who can earn in it now.
    active_affiliates: i64,
    conversions_by_status: Counts,
    #[serde(flatten)]
    money: Money,
}

/// Sums up conversions.
///
/// By where they stand and by currency.
#[utoipa::path(
    get, path = "/conversions/stats", tag = "Conversions",
    params(("period" = Option<String>, Query, pattern = "^(7d|30d|90d|all)$", description = "Whole UTC days, today among them; 30d when left out."), ("programId" = Option<CampaignId>, Query, description = "Only of this program.")),
    responses((status = 200, body = ConversionStats)),
    security(("key" = ["stats:read"]))
)]
pub(super) async fn of_conversions(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::StatsRead)?;
    let since = period(&mut query, state.store.now())?;
    let program = query.parsed("programId", "a program's id (a UUID)", |text| {
        text.parse().ok()
    })?;
    query.done()?;
    let stats = state
        .store
        .sales_stats(organization_id, program, since)
        .await?;
    Ok(reply.ok(ConversionStats {
        total: total(&stats),
        counts: Counts::from(&stats),
        money: Money::from(stats.by_status.as_slice()),
    }))
}

/// Sums up a program.
///
/// Its conversions by where they stand and by currency.
#[utoipa::path(
    get, path = "/programs/{id}/stats", tag = "Programs",
    params(("id" = CampaignId, Path), ("period" = Option<String>, Query, pattern = "^(7d|30d|90d|all)$", description = "Whole UTC days, today among them; 30d when left out.")),
    responses((status = 200, body = ProgramStats)),
    security(("key" = ["stats:read"]))
)]
pub(super) async fn of_program(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<CampaignId>,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::StatsRead)?;
    let since = period(&mut query, state.store.now())?;
    query.done()?;
    let campaign = programs::find(&state, organization_id, id).await?;
    let stats = state
        .store
        .sales_stats(organization_id, Some(id), since)
        .await?;
    let earning = AffiliateFilter {
        campaign_id: Some(id),
        status: Some(AffiliateStatus::Active),
        ..AffiliateFilter::default()
    };
    Ok(reply.ok(ProgramStats {
        program_id: id,
        program_name: campaign.name.as_str(),
        status: campaign.status,
        total_conversions: total(&stats),
        active_affiliates: state
            .store
            .count_affiliates(organization_id, &earning)
            .await?,
        conversions_by_status: Counts::from(&stats),
        money: Money::from(stats.by_status.as_slice()),
    }))
}

/// Takes the period out of a query: its first day, or none for all time.
pub(super) fn period(query: &mut Query, now: DateTime<Utc>) -> Result<Option<NaiveDate>, Problem> {
    let days = |text: &str| match text {
        "7d" => Some(Some(7)),
        "30d" => Some(Some(30)),
        "90d" => Some(Some(90)),
        "all" => Some(None),
        _ => None,
    };
    let days = query.parsed("period", "7d, 30d, 90d or all", days)?;
    let first = |days: u64| now.date_naive().checked_sub_days(Days::new(days - 1));
    Ok(days.unwrap_or(Some(DEFAULT_DAYS)).and_then(first))
}

fn total(stats: &SalesStats) -> i64 {
    stats.by_status.iter().map(|sums| sums.conversions).sum()
}

impl From<&SalesStats> for Counts {
    fn from(stats: &SalesStats) -> Self {
        let mut counts = Self::default();
        for sums in &stats.by_status {
            *counts.of(sums.status) += sums.conversions;
        }
        for (status, partly) in &stats.partly_refunded {
            *counts.of(*status) -= partly;
            counts.partially_refunded += partly;
        }
        counts
    }
}

impl Counts {
    fn of(&mut self, status: Status) -> &mut i64 {
        match status {
            Status::Pending => &mut self.pending,
            Status::Approved => &mut self.approved,
            Status::Paid => &mut self.paid,
            Status::Refunded => &mut self.refunded,
            Status::Denied => &mut self.rejected,
        }
    }
}

impl From<&[StatusTotals]> for Money {
    fn from(sums: &[StatusTotals]) -> Self {
        let revenue_currency = most(sums, |one| (one.currency, one.amount_minor));
        let commission_currency = most(sums, |one| (one.commission_currency, one.commission_minor));
        let of =
            |sum: fn(&PairSums) -> i64, fits: &dyn Fn(&PairSums) -> bool, pairs: &[PairSums]| {
                pairs.iter().filter(|pair| fits(pair)).map(sum).sum()
            };
        let by_currency = pairs(sums);
        let sold = |pair: &PairSums| Some(pair.currency) == revenue_currency;
        let earned = |pair: &PairSums| Some(pair.commission_currency) == commission_currency;
        Self {
            total_revenue: of(|pair| pair.revenue, &sold, &by_currency),
            revenue_currency,
            total_commissions: of(|pair| pair.commissions, &earned, &by_currency),
            pending_commissions: of(|pair| pair.pending_commissions, &earned, &by_currency),
            commission_currency,
            by_currency,
        }
    }
}

/// The currency of most conversions, those first that have an amount; of several the first by its code.
fn most(
    sums: &[StatusTotals],
    read: impl Fn(&StatusTotals) -> (Currency, i64),
) -> Option<Currency> {
    let mut found: Vec<(Currency, bool, i64)> = Vec::new();
    for one in sums {
        let (currency, minor) = read(one);
        match found.iter_mut().find(|known| known.0 == currency) {
            Some(known) => {
                known.1 |= minor > 0;
                known.2 += one.conversions;
            }
            None => found.push((currency, minor > 0, one.conversions)),
        }
    }
    found.sort_by_key(|(currency, _, _)| currency.code());
    let best = found
        .iter()
        .rev()
        .max_by_key(|(_, has_amount, conversions)| (*has_amount, *conversions));
    best.map(|(currency, _, _)| *currency)
}

/// One line for each pair of currencies; the sums come in their order.
fn pairs(sums: &[StatusTotals]) -> Vec<PairSums> {
    let same = |one: &StatusTotals, other: &StatusTotals| {
        (one.currency, one.commission_currency) == (other.currency, other.commission_currency)
    };
    sums.chunk_by(same).filter_map(pair).collect()
}

fn pair(sums: &[StatusTotals]) -> Option<PairSums> {
    let first = sums.first()?;
    let sum = |read: fn(&StatusTotals) -> i64| sums.iter().map(read).sum();
    let due = |status: Status| {
        let those = sums.iter().filter(|one| one.status == status);
        those.map(|one| one.commission_minor).sum()
    };
    Some(PairSums {
        currency: first.currency,
        commission_currency: first.commission_currency,
        conversions: sum(|one| one.conversions),
        revenue: sum(|one| one.amount_minor),
        refunded: sum(|one| one.refunded_minor),
        commissions: sum(|one| one.commission_minor),
        pending_commissions: due(Status::Pending),
        approved_commissions: due(Status::Approved),
        paid_commissions: due(Status::Paid),
    })
}
