//! What the sales page is asked for, as it stands in the address. Parsed once; every link, form and
//! request of the page is made from it, so all of them agree.
//!
//! Days are UTC days. `until` is exclusive, as in the API; forms send `to`, the last day included.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use domain::{
    conversion::{ConversionType, Source},
    id::{AffiliateId, CampaignId, ConversionId},
    lifecycle::Status,
    money::Currency,
    sales::{ChipCounts, DEFAULT_TAKE, Filter},
};
use serde::{Deserialize, Serialize};

pub use self::path::{
    ACCOUNT_PATH, ADD_SALE_PATH, AFFILIATES_PATH, API_KEYS_PATH, AUDIT_PATH, CAMPAIGNS_PATH,
    COUPONS_PATH, EXPORT_PICKED_PATH, INVITE_PATH, MEMBERS_PATH, PAYOUTS_PATH, REPORTS_CSV_PATH,
    REPORTS_PATH, SALES_PATH, SETTINGS_PATH, WEBHOOKS_PATH, affiliate_path, campaign_path,
    sale_path, webhook_path,
};

mod path;

/// The page sizes on offer.
pub const TAKES: [u16; 4] = [25, 50, 100, 200];

/// The parameters of the address that are ours.
pub const NAMES: [&str; 11] = [
    "type",
    "status",
    "source",
    "affiliate",
    "campaign",
    "since",
    "until",
    "to",
    "currency",
    "cursor",
    "take",
];

/// Which of the chips at the top is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Everything.
    #[default]
    All,
    /// First, one-off and recurring payments.
    Sales,
    /// Signups.
    Leads,
}

impl Kind {
    /// The chips in their order.
    pub const ALL: [Self; 3] = [Self::All, Self::Sales, Self::Leads];

    /// The word in the address; `All` has none.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Sales => Some("sales"),
            Self::Leads => Some("leads"),
        }
    }

    /// How many rows the chip stands for.
    pub fn count(self, chips: ChipCounts) -> i64 {
        match self {
            Self::All => chips.all,
            Self::Sales => chips.sales,
            Self::Leads => chips.leads,
        }
    }

    /// The types the chip stands for; none means all.
    pub fn types(self) -> &'static [ConversionType] {
        match self {
            Self::All => &[],
            Self::Sales => &[ConversionType::Sale, ConversionType::Recurring],
            Self::Leads => &[ConversionType::Lead],
        }
    }
}

/// The page's state: filters, place and what is summed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SalesQuery {
    /// The chip.
    pub kind: Kind,
    /// Only these statuses; empty is all.
    pub statuses: Vec<Status>,
    /// Only these sources; empty is all.
    pub sources: Vec<Source>,
    /// Only this affiliate's.
    pub affiliate: Option<AffiliateId>,
    /// Only this campaign's.
    pub campaign: Option<CampaignId>,
    /// Recorded on this day or later.
    pub since: Option<NaiveDate>,
    /// Recorded before this day.
    pub until: Option<NaiveDate>,
    /// The currency of the totals; none is the one with the most sales.
    pub currency: Option<Currency>,
    /// The place in the list; none is its top.
    pub cursor: Option<String>,
    /// Rows per page.
    pub take: u16,
}

impl Default for SalesQuery {
    fn default() -> Self {
        Self {
            kind: Kind::All,
            statuses: Vec::new(),
            sources: Vec::new(),
            affiliate: None,
            campaign: None,
            since: None,
            until: None,
            currency: None,
            cursor: None,
            take: DEFAULT_TAKE,
        }
    }
}

/// The name of a parameter whose value is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadQuery(pub String);

impl fmt::Display for BadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::text::sales::bad_filter(&self.0))
    }
}

impl SalesQuery {
    /// Reads names and values. Lists may repeat the name or be separated by commas; empty values
    /// count as missing; names that are not ours are passed over.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, BadQuery> {
        let mut query = Self::default();
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref().trim());
            if !value.is_empty() {
                query
                    .set(name, value)
                    .ok_or_else(|| BadQuery(name.to_owned()))?;
            }
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "type" => {
                self.kind = Kind::ALL
                    .into_iter()
                    .find(|kind| kind.word() == Some(value))
                    .or((value == "all").then_some(Kind::All))?
            }
            "status" => collect(&mut self.statuses, value, Status::parse)?,
            "source" => collect(&mut self.sources, value, Source::parse)?,
            "affiliate" => self.affiliate = Some(value.parse().ok()?),
            "campaign" => self.campaign = Some(value.parse().ok()?),
            "since" => self.since = Some(parse_day(value)?),
            "until" => self.until = Some(parse_day(value)?),
            "to" => self.until = Some(parse_day(value)?.checked_add_days(Days::new(1))?),
            "currency" => self.currency = Some(Currency::parse(value).ok()?),
            "cursor" => self.cursor = is_plain(value).then(|| Some(value.to_owned()))?,
            "take" => self.take = value.parse().ok().filter(|take| TAKES.contains(take))?,
            _ => {}
        }
        Some(())
    }

    /// The names and values that say something, in the order they are written.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut add = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        add("type", self.kind.word().map(str::to_owned));
        add("status", list(&self.statuses, |status| status.as_str()));
        add("source", list(&self.sources, |source| source.as_str()));
        add("affiliate", self.affiliate.map(|id| id.to_string()));
        add("campaign", self.campaign.map(|id| id.to_string()));
        add("since", self.since.map(format_day));
        add("until", self.until.map(format_day));
        add(
            "currency",
            self.currency.map(|currency| currency.code().to_owned()),
        );
        add(
            "take",
            (self.take != DEFAULT_TAKE).then(|| self.take.to_string()),
        );
        add("cursor", self.cursor.clone());
        pairs
    }

    /// The address of the page in this state.
    pub fn href(&self) -> String {
        match self.to_string() {
            query if query.is_empty() => SALES_PATH.to_owned(),
            query => format!("{SALES_PATH}?{query}"),
        }
    }

    /// The address of a sale that is opened over the list in this state.
    pub fn sale_href(&self, id: ConversionId) -> String {
        match self.to_string() {
            query if query.is_empty() => sale_path(id),
            query => format!("{}?{query}", sale_path(id)),
        }
    }

    /// The address after a change, from the top of the list.
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut query = self.clone();
        query.cursor = None;
        change(&mut query);
        query.href()
    }

    /// Everything but the chip, the currency, the place and the page size: what "clear" clears.
    #[must_use]
    pub fn cleared(&self) -> Self {
        Self {
            kind: self.kind,
            currency: self.currency,
            take: self.take,
            ..Self::default()
        }
    }

    /// The same without any filter, chip included.
    pub fn cleared_all(&self) -> String {
        Self {
            kind: Kind::All,
            ..self.cleared()
        }
        .href()
    }

    /// What decides which rows are listed; the currency only picks totals.
    #[must_use]
    pub fn without_currency(&self) -> Self {
        Self {
            currency: None,
            ..self.clone()
        }
    }

    /// How many of the filters are on.
    pub fn active_filters(&self) -> usize {
        let on = [
            !self.statuses.is_empty(),
            !self.sources.is_empty(),
            self.affiliate.is_some(),
            self.campaign.is_some(),
            self.since.is_some() || self.until.is_some(),
        ];
        on.into_iter().filter(|on| *on).count()
    }

    /// Does it let everything through?
    pub fn is_unfiltered(&self) -> bool {
        self.kind == Kind::All && self.active_filters() == 0
    }

    /// What the store is asked for.
    pub fn filter(&self) -> Filter {
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        Filter {
            affiliate_id: self.affiliate,
            campaign_id: self.campaign,
            statuses: self.statuses.clone(),
            kinds: self.kind.types().to_vec(),
            sources: self.sources.clone(),
            since: self.since.map(midnight),
            until: self.until.map(midnight),
            partly_refunded: None,
        }
    }

    /// The same filters at the API's CSV export.
    pub fn export_href(&self) -> String {
        let mut parts = Vec::new();
        let mut add = |name, value: Option<String>| {
            parts.extend(value.map(|value| format!("{name}={value}")))
        };
        add("affiliateId", self.affiliate.map(|id| id.to_string()));
        add("campaignId", self.campaign.map(|id| id.to_string()));
        add("status", list(&self.statuses, |status| status.label()));
        add("type", list(self.kind.types(), |kind| kind.label()));
        add("source", list(&self.sources, |source| source.as_str()));
        add("since", self.since.map(format_day));
        add("until", self.until.map(format_day));
        if parts.is_empty() {
            return "/api/conversions/export".to_owned();
        }
        format!("/api/conversions/export?{}", parts.join("&"))
    }

    /// The last day that is let through.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.until.and_then(|until| until.pred_opt())
    }
}

impl fmt::Display for SalesQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.pairs().into_iter().enumerate() {
            let and = if index == 0 { "" } else { "&" };
            write!(f, "{and}{name}={value}")?;
        }
        Ok(())
    }
}

impl From<SalesQuery> for String {
    fn from(query: SalesQuery) -> Self {
        query.to_string()
    }
}

/// Reads what `Display` writes.
impl TryFrom<String> for SalesQuery {
    type Error = BadQuery;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_pairs(text.split('&').filter_map(|pair| pair.split_once('=')))
    }
}

fn collect<T: PartialEq>(
    into: &mut Vec<T>,
    value: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<()> {
    for word in value.split(',') {
        let item = parse(word)?;
        if !into.contains(&item) {
            into.push(item);
        }
    }
    Some(())
}

fn list<T: Copy>(items: &[T], word: impl Fn(T) -> &'static str) -> Option<String> {
    let words: Vec<_> = items.iter().map(|item| word(*item)).collect();
    (!words.is_empty()).then(|| words.join(","))
}

/// Text that stands in an address as it is.
fn is_plain(text: &str) -> bool {
    text.len() <= 512
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}

/// `2026-11-20`.
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.splitn(3, '-');
    let mut next = |digits| {
        parts
            .next()
            .filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (year, month, day) = (next(4)?, next(2)?, next(2)?);
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// `2026-11-20`.
pub fn format_day(day: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SalesQuery, BadQuery> {
        SalesQuery::try_from(text.to_owned())
    }

    #[test]
    fn an_address_is_read_back_as_it_was_written() {
        let text = "type=sales&status=pending,approved&source=coupon,customer_match\
                    &affiliate=0193d5a0-0000-7000-8000-000000000001&campaign=0193d5a0-0000-7000-8000-000000000002\
                    &since=2026-11-01&until=2026-11-21&currency=EUR&take=100&cursor=abc.d-e_f";
        assert_eq!(
            parse(text).map(|query| query.to_string()),
            Ok(text.to_owned())
        );
        assert_eq!(parse(""), Ok(SalesQuery::default()));
        assert_eq!(SalesQuery::default().href(), "/dashboard/sales");
    }

    #[test]
    fn forms_may_repeat_names_send_blanks_and_name_the_last_day() {
        let query = parse(
            "type=&status=pending&status=Paid&status=pending&since=&to=2026-11-20&utm_source=x",
        )
        .expect("fine");
        assert_eq!(query.statuses, [Status::Pending, Status::Paid]);
        assert_eq!(query.to_string(), "status=pending,paid&until=2026-11-21");
        assert_eq!(
            query.last_day().map(format_day).as_deref(),
            Some("2026-11-20")
        );
    }

    #[test]
    fn a_value_that_is_not_understood_never_returns_everything() {
        for text in [
            "type=sale",
            "status=open",
            "status=pending,",
            "source=x",
            "affiliate=7",
            "since=2026-13-01",
            "since=20-1-1",
            "until=yesterday",
            "to=9999999",
            "currency=XAU",
            "take=7",
            "cursor=a b",
            "cursor=%2f",
        ] {
            let name = text.split('=').next().unwrap_or_default();
            assert_eq!(parse(text), Err(BadQuery(name.to_owned())), "{text}");
        }
    }

    #[test]
    fn the_export_has_the_filters_under_the_names_of_the_api() {
        let query =
            parse("type=sales&status=pending&source=coupon&since=2026-11-01&take=25&currency=EUR")
                .expect("fine");
        assert_eq!(
            query.export_href(),
            "/api/conversions/export?status=Pending&type=Sale,Recurring&source=coupon&since=2026-11-01"
        );
        assert_eq!(
            SalesQuery::from_pairs([("status", ""), ("affiliate", ""), ("since", ""), ("to", "")])
                .expect("a query")
                .export_href(),
            "/api/conversions/export"
        );
    }

    #[test]
    fn a_change_begins_at_the_top_again() {
        let query = parse("status=paid&cursor=abc&take=25").expect("fine");
        assert_eq!(
            query.with(|q| q.kind = Kind::Leads),
            "/dashboard/sales?type=leads&status=paid&take=25"
        );
        assert_eq!(query.cleared().href(), "/dashboard/sales?take=25");
        assert_eq!(query.active_filters(), 1);
    }
}
