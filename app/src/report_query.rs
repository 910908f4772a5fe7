//! What the page of reports is asked for, as it stands in the address. The page and its CSV are made from it, so
//! both agree.

use chrono::NaiveDate;
use domain::{
    id::{CampaignId, OrganizationId},
    money::Currency,
    report::{NotASpan, Span},
    slug::Slug,
};
use store::{Store, StoreError, report::ReportFilter};
use thiserror::Error;

use crate::query::{REPORTS_CSV_PATH, REPORTS_PATH, format_day, parse_day};

/// Of how many days, today included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// Seven days.
    Week,
    /// Thirty days.
    #[default]
    Month,
    /// Ninety days.
    Quarter,
    /// From the first sale or click on.
    All,
    /// The days that are given beside it.
    Own,
}

impl Period {
    /// The choices in their order.
    pub const EVERY: [Self; 5] = [Self::Week, Self::Month, Self::Quarter, Self::All, Self::Own];

    /// The word in the address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Week => "7",
            Self::Month => "30",
            Self::Quarter => "90",
            Self::All => "all",
            Self::Own => "own",
        }
    }

    const fn days(self) -> Option<u32> {
        match self {
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Quarter => Some(90),
            Self::All | Self::Own => None,
        }
    }
}

/// Parameters of the address, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportQuery {
    /// The period; `None`: the days that are given, else the usual one.
    pub period: Option<Period>,
    /// The first day.
    pub since: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
    /// Only this campaign.
    pub campaign: Option<CampaignId>,
    /// Only the affiliate with this code.
    pub affiliate: Option<Slug>,
    /// The currency of the money.
    pub currency: Option<Currency>,
}

/// The name of a parameter whose value is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadParameter(pub &'static str);

/// Why nothing can be reported. The text tells the reader what to do.
#[derive(Debug, Error)]
pub enum NotReported {
    /// The days are no span.
    #[error(transparent)]
    Span(#[from] NotASpan),
    /// The organization has no such affiliate.
    #[error("{}", crate::text::reports::unknown_affiliate(.0.as_str()))]
    Affiliate(Slug),
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReportQuery {
    /// What the store is asked for, and what it is compared with.
    ///
    /// # Errors
    /// [`NotReported`] where days or affiliate are none.
    pub async fn asked(
        &self,
        store: &Store,
        organization_id: OrganizationId,
    ) -> Result<(ReportFilter, Option<Span>), NotReported> {
        let first = store.first_report_day(organization_id).await?;
        let span = self.span(first, store.now().date_naive())?;
        let affiliate_id = match &self.affiliate {
            Some(code) => {
                let found = store.affiliate_of_code(organization_id, code).await?;
                Some(found.ok_or_else(|| NotReported::Affiliate(code.clone()))?)
            }
            None => None,
        };
        let filter = ReportFilter {
            span,
            campaign_id: self.campaign,
            affiliate_id,
        };
        Ok((filter, self.before(span)))
    }

    /// Reads a parameter; empty ones say nothing, unknown ones are passed over.
    ///
    /// # Errors
    /// [`BadParameter`] names what is not understood.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), BadParameter> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(());
        }
        match name {
            "period" => {
                let period = Period::EVERY.into_iter().find(|one| one.word() == value);
                self.period = Some(period.ok_or(BadParameter("period"))?);
            }
            "since" => self.since = Some(parse_day(value).ok_or(BadParameter("since"))?),
            "to" => self.to = Some(parse_day(value).ok_or(BadParameter("to"))?),
            "campaign" => {
                self.campaign = Some(value.parse().map_err(|_| BadParameter("campaign"))?);
            }
            "affiliate" => {
                let code = value.to_lowercase();
                self.affiliate = Some(Slug::parse(&code).map_err(|_| BadParameter("affiliate"))?);
            }
            "currency" => {
                self.currency = Some(Currency::parse(value).map_err(|_| BadParameter("currency"))?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Which period is meant.
    pub fn period(&self) -> Period {
        let is_own = self.since.is_some() || self.to.is_some();
        let unsaid = if is_own {
            Period::Own
        } else {
            Period::default()
        };
        self.period.unwrap_or(unsaid)
    }

    /// The days it is about. `first`: of which anything can be told; `today` is the last one of a period. Days of
    /// one's own that are not given are those of the usual period.
    ///
    /// # Errors
    /// [`NotASpan`] where the days of one's own are no span.
    pub fn span(&self, first: Option<NaiveDate>, today: NaiveDate) -> Result<Span, NotASpan> {
        let period = self.period();
        if let Some(days) = period.days() {
            return Ok(Span::latest(today, days));
        }
        if period == Period::All {
            return Ok(Span::since(first.unwrap_or(today), today));
        }
        let last = self.to.unwrap_or(today);
        let usual = Period::default().days().unwrap_or(1);
        Span::new(
            self.since.unwrap_or(Span::latest(last, usual).first()),
            last,
        )
    }

    /// What it is compared with: as many days before, unless it is about all time.
    pub fn before(&self, span: Span) -> Option<Span> {
        if self.period() == Period::All {
            None
        } else {
            span.before()
        }
    }

    /// The address of the page without a currency.
    pub fn href(&self) -> String {
        address(REPORTS_PATH, &self.pairs())
    }

    /// The address of the CSV.
    pub fn csv_href(&self) -> String {
        let mut pairs = self.pairs();
        pairs.extend(
            self.currency
                .map(|currency| ("currency", currency.code().to_owned())),
        );
        address(REPORTS_CSV_PATH, &pairs)
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut add = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        let period = self.period();
        let is_own = period == Period::Own;
        add(
            "period",
            (period != Period::default()).then(|| period.word().to_owned()),
        );
        add("since", self.since.filter(|_| is_own).map(format_day));
        add("to", self.to.filter(|_| is_own).map(format_day));
        add("campaign", self.campaign.map(|id| id.to_string()));
        add(
            "affiliate",
            self.affiliate.as_ref().map(ToString::to_string),
        );
        pairs
    }
}

/// Values are words, days, ids and codes: nothing in them needs escaping.
fn address(path: &str, pairs: &[(&'static str, String)]) -> String {
    let parts: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if parts.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", parts.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<ReportQuery, BadParameter> {
        let mut query = ReportQuery::default();
        for (name, value) in pairs {
            query.set(name, value)?;
        }
        Ok(query)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn span(pairs: &[(&str, &str)]) -> Result<(String, String, bool), NotASpan> {
        let query = read(pairs).expect("understood");
        let span = query.span(Some(day("2025-01-05")), day("2026-11-20"))?;
        let before = query.before(span).is_some();
        Ok((span.first().to_string(), span.last().to_string(), before))
    }

    #[expect(clippy::unnecessary_wraps, reason = "as what it is compared with")]
    fn told(first: &str, last: &str, before: bool) -> Result<(String, String, bool), NotASpan> {
        Ok((first.to_owned(), last.to_owned(), before))
    }

    #[test]
    fn periods_end_today_and_days_of_ones_own_win() {
        assert_eq!(span(&[]), told("2026-10-22", "2026-11-20", true));
        assert_eq!(
            span(&[("period", "7")]),
            told("2026-11-14", "2026-11-20", true)
        );
        assert_eq!(
            span(&[("period", "all")]),
            told("2025-01-05", "2026-11-20", false)
        );
        let own = [("since", "2026-01-01"), ("to", "2026-01-31")];
        assert_eq!(span(&own), told("2026-01-01", "2026-01-31", true));
        // A period that is chosen beats days that a form still holds.
        let both = [
            ("period", "7"),
            ("since", "2026-01-01"),
            ("to", "2026-01-31"),
        ];
        assert_eq!(span(&both), told("2026-11-14", "2026-11-20", true));
        assert_eq!(
            span(&[("period", "own")]),
            told("2026-10-22", "2026-11-20", true)
        );
        assert_eq!(
            span(&[("since", "2026-11-01")]),
            told("2026-11-01", "2026-11-20", true)
        );
        assert_eq!(
            span(&[("to", "2026-02-01")]),
            told("2026-01-03", "2026-02-01", true)
        );
        let wrong = [("since", "2026-02-01"), ("to", "2026-01-01")];
        assert_eq!(span(&wrong), Err(NotASpan::EndsFirst));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (name, value) in [
            ("period", "31"),
            ("since", "yesterday"),
            ("to", "2026-02-30"),
            ("campaign", "x"),
            ("affiliate", "a b"),
            ("currency", "XYZ"),
        ] {
            assert_eq!(
                read(&[(name, value)]),
                Err(BadParameter(name)),
                "{name}={value}"
            );
        }
        assert_eq!(
            read(&[("since", " "), ("other", "x")]),
            Ok(ReportQuery::default())
        );
    }

    #[test]
    fn addresses_say_what_was_asked_for() {
        let query = read(&[
            ("period", "90"),
            ("affiliate", "Sarah"),
            ("currency", "EUR"),
        ])
        .expect("understood");
        assert_eq!(query.href(), "/dashboard/reports?period=90&affiliate=sarah");
        assert_eq!(
            query.csv_href(),
            "/dashboard/reports/report.csv?period=90&affiliate=sarah&currency=EUR"
        );
    }
}
