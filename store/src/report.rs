//! Reports: what came in over a span of UTC days, from the days' roll-ups alone.
//!
//! Sales are payments, first and later ones. What was denied came nowhere, and a recruiter's share is not a
//! sale of its own; its commission counts. Days are those of recording, as in the list of sales. Currencies are
//! never added: sums are of one currency of sales, with what they earned in each currency of commission.

mod affiliates;
mod days;
mod sources;
mod sums;

use chrono::NaiveDate;
use domain::{
    id::{AffiliateId, CampaignId, OrganizationId},
    money::Currency,
    report::{Span, Step},
};

use self::sums::{by_step, currencies, sum};
pub use self::{
    affiliates::TopAffiliate,
    days::{DayClicks, DaySums},
    sources::{SourceSums, TrafficClicks},
    sums::Sums,
};
use crate::{Store, StoreError};

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportFilter {
    /// Which days.
    pub span: Span,
    /// Only this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only this affiliate.
    pub affiliate_id: Option<AffiliateId>,
}

impl ReportFilter {
    /// The same about other days.
    #[must_use]
    pub const fn of(self, span: Span) -> Self {
        Self { span, ..self }
    }
}

/// How many affiliates and traffic sources a report names.
pub const TOP: i64 = 10;

/// What came in over a span of days.
#[derive(Clone, Debug)]
pub struct Report {
    /// Of which sales the sums of money are; `None`: there are none.
    pub currency: Option<Currency>,
    /// In which sales were paid, most sales first.
    pub currencies: Vec<Currency>,
    /// Of the whole span.
    pub sums: Sums,
    /// Of as many days right before, if they were asked for.
    pub before: Option<Sums>,
    /// Of each step that the span is drawn in, in order, with its first day.
    pub steps: Vec<(NaiveDate, Sums)>,
    /// Of each day before, in order, where the span is drawn by day; else empty.
    pub days_before: Vec<Sums>,
    /// By way of attribution, most revenue first; those in `currency`.
    pub sources: Vec<SourceSums>,
    /// Who brought most in `currency`, most first: [`TOP`] of them.
    pub affiliates: Vec<TopAffiliate>,
    /// Where visits came from, most first: [`TOP`] of them.
    pub traffic: Vec<TrafficClicks>,
}

impl Store {
    /// A report. Its money is in `currency`, else in the one with the most sales. `before`: what it is compared
    /// with, if anything is.
    pub async fn report(
        &self,
        organization_id: OrganizationId,
        filter: &ReportFilter,
        before: Option<Span>,
        currency: Option<Currency>,
    ) -> Result<Report, StoreError> {
        let first = before.map_or(filter.span.first(), Span::first);
        let both = Span::new(first, filter.span.last()).unwrap_or(filter.span);
        let both = filter.of(both);
        let (days, clicks, sources, traffic) = tokio::try_join!(
            self.report_days(organization_id, &both),
            self.report_clicks(organization_id, &both),
            self.report_sources(organization_id, filter),
            self.report_traffic(organization_id, filter, TOP),
        )?;
        let currencies = currencies(days.iter().filter(|one| filter.span.has(one.day)));
        let currency = currency.or_else(|| currencies.first().copied());
        let affiliates = match currency {
            Some(currency) => {
                self.report_affiliates(organization_id, filter, currency, TOP)
                    .await?
            }
            None => Vec::new(),
        };
        let of = |span: Span| sum(&days, &clicks, currency, |day| span.has(day));
        Ok(Report {
            sums: of(filter.span),
            before: before.map(of),
            steps: by_step(&days, &clicks, currency, filter.span),
            days_before: match before {
                Some(before) if before.step() == Step::Day => {
                    let days = by_step(&days, &clicks, currency, before);
                    days.into_iter().map(|(_, sums)| sums).collect()
                }
                _ => Vec::new(),
            },
            sources: sources
                .into_iter()
                .filter(|one| Some(one.revenue.currency) == currency)
                .collect(),
            affiliates,
            traffic,
            currencies,
            currency,
        })
    }

    /// The first day of which anything is told: of a click or of a sale. `None`: nothing came yet.
    pub async fn first_report_day(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<NaiveDate>, StoreError> {
        let first = sqlx::query_scalar!(
            "select least(
                 (select min(day) from conversion_day where organization_id = $1),
                 (select min(day) from click_day where organization_id = $1))",
            organization_id.0,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(first)
    }
}
