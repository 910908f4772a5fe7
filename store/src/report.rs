//! Reports: what came in over a span of UTC days, from the days' roll-ups alone.
//!
//! Sales are payments, first and later ones. What was denied came nowhere, and a recruiter's share is not a
//! sale of its own; its commission counts. Days are those of recording, as in the list of sales. Currencies are
//! never added: sums are of one currency of sales, with what they earned in each currency of commission.

mod affiliates;
mod days;
mod sources;

use chrono::NaiveDate;
use domain::{
    id::{AffiliateId, CampaignId, OrganizationId},
    report::Span,
};

pub use self::{
    affiliates::TopAffiliate,
    days::{DayClicks, DaySums},
    sources::{SourceSums, TrafficClicks},
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

impl Store {
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
