//! What a list of sales can be asked for, and its sums. One type for the API, the CSV and the screen,
//! so that the three can't disagree.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    conversion::{ConversionType, Source},
    id::{AffiliateId, CampaignId},
    lifecycle::Status,
    money::Currency,
};

/// Page size when none is asked for.
pub const DEFAULT_TAKE: u16 = 50;
/// The largest page.
pub const MAX_TAKE: u16 = 200;

/// Which sales. An empty list means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter {
    /// Only this affiliate's.
    pub affiliate_id: Option<AffiliateId>,
    /// Only this campaign's.
    pub campaign_id: Option<CampaignId>,
    /// Only these statuses.
    pub statuses: Vec<Status>,
    /// Only these types.
    pub kinds: Vec<ConversionType>,
    /// Only these sources.
    pub sources: Vec<Source>,
    /// Recorded at or after.
    pub since: Option<DateTime<Utc>>,
    /// Recorded before.
    pub until: Option<DateTime<Utc>>,
    /// Only those of which a part went back, while the rest still earns; or only all others.
    pub partly_refunded: Option<bool>,
}

impl Filter {
    /// Does it let everything through?
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// The same filter without its types: what the type chips count.
    #[must_use]
    pub fn of_any_kind(&self) -> Self {
        Self {
            kinds: Vec::new(),
            ..self.clone()
        }
    }
}

/// Reads `2026-11-20` (midnight UTC) or an RFC 3339 time.
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    Some(instant.with_timezone(&Utc))
}

/// Sums of a filtered list, per pair of sale currency and commission currency. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrencyTotals {
    /// What the sales are in.
    pub currency: Currency,
    /// What their commissions are in.
    pub commission_currency: Currency,
    /// Sales and recurring payments; leads are not counted here.
    pub sales: i64,
    /// What customers paid.
    pub amount_minor: i64,
    /// Commission due now, all statuses.
    pub commission_minor: i64,
    /// The part of it that is pending.
    pub pending_minor: i64,
    /// The part of it that is approved.
    pub approved_minor: i64,
    /// The part of it that is paid.
    pub paid_minor: i64,
}

/// How many rows each type chip stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChipCounts {
    /// Sales and leads.
    pub all: i64,
    /// First, one-off and recurring payments.
    pub sales: i64,
    /// Leads.
    pub leads: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_a_day_or_a_time_with_its_zone() {
        let day = parse_instant("2026-11-20").map(|at| at.to_rfc3339());
        assert_eq!(day.as_deref(), Some("2026-11-20T00:00:00+00:00"));
        let time = parse_instant("2026-11-20T02:00:00+02:00");
        assert_eq!(time, parse_instant("2026-11-20"));
        for text in ["", "yesterday", "2026-13-01", "2026-11-20T10:00:00"] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }
}
