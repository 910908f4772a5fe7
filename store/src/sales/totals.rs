//! Sums of a filtered list. They come from the days' roll-ups where they know the answer, else from the
//! rows; both ways must agree.
//!
//! An affiliate's sums come from the roll-up that has affiliates, all others from the smaller one that has
//! none. Both know whole days only, so what a time filter cuts off a first or last day comes from the rows.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::{
    conversion::{ConversionType, Source},
    id::{AffiliateId, OrganizationId},
    lifecycle::Status,
    money::Currency,
    sales::{ChipCounts, CurrencyTotals, Filter},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::bounds::Bounds;
use crate::{Store, StoreError, error::readable};

/// Sums of a list, and the counts of its type chips.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Per pair of currencies that the list holds, in the order of their codes.
    pub by_currency: Vec<CurrencyTotals>,
    /// What the list would hold for each type chip: the filter's own types don't count here.
    pub chips: ChipCounts,
}

struct Sums {
    currency: String,
    commission_currency: String,
    /// Rows of any type.
    all: i64,
    leads: i64,
    /// Rows of the wanted types; everything below is about them.
    listed: i64,
    sales: i64,
    amount_minor: i64,
    commission_minor: i64,
    pending_minor: i64,
    approved_minor: i64,
    paid_minor: i64,
}

impl Sums {
    fn less(self, part: &Self) -> Self {
        Self {
            all: self.all - part.all,
            leads: self.leads - part.leads,
            listed: self.listed - part.listed,
            sales: self.sales - part.sales,
            amount_minor: self.amount_minor - part.amount_minor,
            commission_minor: self.commission_minor - part.commission_minor,
            pending_minor: self.pending_minor - part.pending_minor,
            approved_minor: self.approved_minor - part.approved_minor,
            paid_minor: self.paid_minor - part.paid_minor,
            ..self
        }
    }
}

/// Adds up parts, each with the columns of `conversion_day`; `$2` holds the wanted types.
macro_rules! sums {
    ($($parts:literal)+, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Sums,
            "select part.currency as \"currency!\", part.commission_currency as \"commission_currency!\",
                 sum(conversions)::bigint as \"all!\",
                 coalesce(sum(conversions) filter (where kind = 'lead'), 0)::bigint as \"leads!\",
                 coalesce(sum(conversions) filter (where kind = any($2)), 0)::bigint as \"listed!\",
                 coalesce(sum(conversions) filter (where kind = any($2) and kind <> 'lead'), 0)::bigint
                     as \"sales!\",
                 coalesce(sum(amount_minor) filter (where kind = any($2)), 0)::bigint as \"amount_minor!\",
                 coalesce(sum(commission_minor) filter (where kind = any($2)), 0)::bigint
                     as \"commission_minor!\",
                 coalesce(sum(commission_minor) filter (where kind = any($2) and status = 'pending'), 0)::bigint
                     as \"pending_minor!\",
                 coalesce(sum(commission_minor) filter (where kind = any($2) and status = 'approved'), 0)::bigint
                     as \"approved_minor!\",
                 coalesce(sum(commission_minor) filter (where kind = any($2) and status = 'paid'), 0)::bigint
                     as \"paid_minor!\"
             from (" $(+ $parts)+ + ") part
             group by part.currency, part.commission_currency
             having sum(conversions) > 0
             order by part.currency, part.commission_currency",
            $($argument),+
        )
    };
}

impl Store {
    /// The sums of everything that the filter lets through.
    pub async fn sales_totals(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
    ) -> Result<Totals, StoreError> {
        let mut db = self.pool.acquire().await?;
        read(&mut db, organization_id, filter).await
    }
}

/// The sums of everything that the filter lets through.
pub(super) async fn read(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
) -> Result<Totals, StoreError> {
    let wanted = Wanted::new(organization_id, filter);
    let sums = match filter.partly_refunded {
        None => sums_of_all(db, &wanted, filter).await?,
        Some(true) => sums_of_partly_refunded(db, &wanted, filter).await?,
        Some(false) => {
            let all = sums_of_all(db, &wanted, filter).await?;
            without(all, &sums_of_partly_refunded(db, &wanted, filter).await?)
        }
    };
    total(sums)
}

/// Whatever went back of them.
async fn sums_of_all(
    db: &mut PgConnection,
    wanted: &Wanted,
    filter: &Filter,
) -> Result<Vec<Sums>, sqlx::Error> {
    let spans = Spans::of(filter);
    match filter.affiliate_id {
        Some(affiliate_id) => sums_of_affiliate(db, wanted, affiliate_id, &spans).await,
        None => sums_of_days(db, wanted, &spans).await,
    }
}

/// The roll-ups don't know of which sales a part went back. They are few, and have an index of their own.
async fn sums_of_partly_refunded(
    db: &mut PgConnection,
    wanted: &Wanted,
    filter: &Filter,
) -> Result<Vec<Sums>, sqlx::Error> {
    let bounds = Bounds::of(filter);
    sums!(
        "select kind, status, currency, commission_currency, 1 as conversions, amount_minor, commission_minor
             from conversion
             where organization_id = $1 and conversion_id >= $6 and conversion_id < $7
                 and refunded_minor > 0 and status in ('pending', 'approved', 'paid')
                 and status = any($3) and source = any($4) and ($5::uuid is null or campaign_id = $5)
                 and ($8::uuid is null or affiliate_id = $8)",
        wanted.organization_id.0,
        &wanted.kinds,
        &wanted.statuses,
        &wanted.sources,
        wanted.campaign_id,
        bounds.lower,
        bounds.upper,
        filter.affiliate_id.map(Uuid::from),
    )
    .fetch_all(db)
    .await
}

/// Sums without those of some of their rows.
fn without(sums: Vec<Sums>, part: &[Sums]) -> Vec<Sums> {
    let less = |sum: Sums| {
        let of_pair = |other: &&Sums| {
            other.currency == sum.currency && other.commission_currency == sum.commission_currency
        };
        match part.iter().find(of_pair) {
            Some(part) => sum.less(part),
            None => sum,
        }
    };
    sums.into_iter().map(less).collect()
}

async fn sums_of_affiliate(
    db: &mut PgConnection,
    wanted: &Wanted,
    affiliate_id: AffiliateId,
    spans: &Spans,
) -> Result<Vec<Sums>, sqlx::Error> {
    sums!(
            "select kind, status, currency, commission_currency, conversions, amount_minor, commission_minor
             from affiliate_day
             where organization_id = $1 and affiliate_id = $12 and day >= $6 and day < $7
                 and status = any($3) and source = any($4) and ($5::uuid is null or campaign_id = $5)
             union all
             select kind, status, currency, commission_currency, 1, amount_minor, commission_minor
             from conversion
             where organization_id = $1 and affiliate_id = $12 and conversion_id >= $8 and conversion_id < $9
                 and status = any($3) and source = any($4) and ($5::uuid is null or campaign_id = $5)
             union all
             select kind, status, currency, commission_currency, 1, amount_minor, commission_minor
             from conversion
             where organization_id = $1 and affiliate_id = $12 and conversion_id >= $10 and conversion_id < $11
                 and status = any($3) and source = any($4) and ($5::uuid is null or campaign_id = $5)",
            wanted.organization_id.0,
            &wanted.kinds,
            &wanted.statuses,
            &wanted.sources,
            wanted.campaign_id,
            spans.first_day,
            spans.end_day,
            spans.before.lower,
            spans.before.upper,
            spans.after.lower,
            spans.after.upper,
            affiliate_id.0,
        )
        .fetch_all(db)
        .await
}

async fn sums_of_days(
    db: &mut PgConnection,
    wanted: &Wanted,
    spans: &Spans,
) -> Result<Vec<Sums>, sqlx::Error> {
    sums!(
            "select kind, status, currency, commission_currency, conversions, amount_minor, commission_minor
             from conversion_day
             where organization_id = $1 and day >= $6 and day < $7
                 and status = any($3) and source = any($4) and ($5::uuid is null or campaign_id = $5)
             union all
             select kind, status, currency, commission_currency, 1, amount_minor, commission_minor
             from conversion
             where organization_id = $1 and conversion_id >= $8 and conversion_id < $9
                 and status = any($3) and source = any($4) and ($5::uuid is null or campaign_id = $5)
             union all
             select kind, status, currency, commission_currency, 1, amount_minor, commission_minor
             from conversion
             where organization_id = $1 and conversion_id >= $10 and conversion_id < $11
                 and status = any($3) and source = any($4) and ($5::uuid is null or campaign_id = $5)",
            wanted.organization_id.0,
            &wanted.kinds,
            &wanted.statuses,
            &wanted.sources,
            wanted.campaign_id,
            spans.first_day,
            spans.end_day,
            spans.before.lower,
            spans.before.upper,
            spans.after.lower,
            spans.after.upper,
        )
        .fetch_all(db)
        .await
}

/// A filter as arguments: lists that let everything through are spelled out.
struct Wanted {
    organization_id: OrganizationId,
    kinds: Vec<String>,
    statuses: Vec<String>,
    sources: Vec<String>,
    campaign_id: Option<Uuid>,
}

impl Wanted {
    fn new(organization_id: OrganizationId, filter: &Filter) -> Self {
        Self {
            organization_id,
            kinds: spelled_out(&filter.kinds, ConversionType::ALL, ConversionType::as_str),
            statuses: spelled_out(&filter.statuses, Status::ALL, Status::as_str),
            sources: spelled_out(&filter.sources, Source::ALL, Source::as_str),
            campaign_id: filter.campaign_id.map(Uuid::from),
        }
    }
}

fn spelled_out<Word: Copy>(
    chosen: &[Word],
    all: &[Word],
    text: impl Fn(Word) -> &'static str,
) -> Vec<String> {
    let words = if chosen.is_empty() { all } else { chosen };
    words.iter().map(|word| text(*word).to_owned()).collect()
}

/// A range of time as whole UTC days and what is left over on either side.
#[derive(Debug, PartialEq, Eq)]
struct Spans {
    first_day: NaiveDate,
    /// The first day that is not in it.
    end_day: NaiveDate,
    before: Bounds,
    after: Bounds,
}

impl Spans {
    fn of(filter: &Filter) -> Self {
        let first_day = filter
            .since
            .map_or(FIRST_DAY, first_whole_day)
            .clamp(FIRST_DAY, LAST_DAY);
        let end_day = filter
            .until
            .map_or(LAST_DAY, |until| until.date_naive())
            .clamp(FIRST_DAY, LAST_DAY);
        if first_day > end_day {
            // All within one day.
            return Self {
                first_day,
                end_day,
                before: Bounds::of(filter),
                after: Bounds::NONE,
            };
        }
        let rest_before = |since| Bounds::between(Some(since), Some(midnight(first_day)));
        let rest_after = |until| Bounds::between(Some(midnight(end_day)), Some(until));
        Self {
            first_day,
            end_day,
            before: filter.since.map_or(Bounds::NONE, rest_before),
            after: filter.until.map_or(Bounds::NONE, rest_after),
        }
    }
}

/// Before and after every day that an id can carry and Postgres can hold.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day");
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(10_900, 1, 1).expect("a day");

pub(super) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

fn first_whole_day(since: DateTime<Utc>) -> NaiveDate {
    let day = since.date_naive();
    if since == midnight(day) {
        day
    } else {
        day.checked_add_days(Days::new(1)).unwrap_or(day)
    }
}

fn total(sums: Vec<Sums>) -> Result<Totals, StoreError> {
    let mut totals = Totals::default();
    for sum in sums {
        totals.chips.all += sum.all;
        totals.chips.leads += sum.leads;
        totals.chips.sales += sum.all - sum.leads;
        if sum.listed > 0 {
            totals.by_currency.push(of_pair(&sum)?);
        }
    }
    Ok(totals)
}

fn of_pair(sum: &Sums) -> Result<CurrencyTotals, StoreError> {
    let currency = Currency::parse(&sum.currency).ok();
    let commission_currency = Currency::parse(&sum.commission_currency).ok();
    Ok(CurrencyTotals {
        currency: readable(currency, "conversion_day", "currency")?,
        commission_currency: readable(
            commission_currency,
            "conversion_day",
            "commission_currency",
        )?,
        sales: sum.sales,
        amount_minor: sum.amount_minor,
        commission_minor: sum.commission_minor,
        pending_minor: sum.pending_minor,
        approved_minor: sum.approved_minor,
        paid_minor: sum.paid_minor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(since: Option<&str>, until: Option<&str>) -> Spans {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        Spans::of(&Filter {
            since: since.map(at),
            until: until.map(at),
            ..Filter::default()
        })
    }

    fn is_empty(bounds: Bounds) -> bool {
        bounds.lower >= bounds.upper
    }

    #[test]
    fn whole_days_leave_nothing_over() {
        let spans = spans(Some("2026-11-18T00:00:00Z"), Some("2026-11-20T00:00:00Z"));
        assert_eq!((spans.end_day - spans.first_day).num_days(), 2);
        assert!(is_empty(spans.before) && is_empty(spans.after));
    }

    #[test]
    fn parts_of_days_are_left_over_on_both_sides() {
        let spans = spans(Some("2026-11-18T12:00:00Z"), Some("2026-11-20T06:00:00Z"));
        assert_eq!((spans.end_day - spans.first_day).num_days(), 1);
        assert_eq!(
            spans.before.upper,
            Bounds::between(Some(midnight(spans.first_day)), None).lower
        );
        assert_eq!(
            spans.after.lower,
            Bounds::between(Some(midnight(spans.end_day)), None).lower
        );
        assert!(!is_empty(spans.before) && !is_empty(spans.after));
    }

    #[test]
    fn a_range_within_a_day_has_no_whole_day() {
        let spans = spans(Some("2026-11-18T09:00:00Z"), Some("2026-11-18T10:00:00Z"));
        assert!(
            spans.first_day > spans.end_day && !is_empty(spans.before) && is_empty(spans.after)
        );
    }

    #[test]
    fn times_beyond_all_days_are_cut_to_them() {
        let far = Filter {
            since: Some(DateTime::<Utc>::MIN_UTC),
            until: Some(DateTime::<Utc>::MAX_UTC),
            ..Filter::default()
        };
        let far = Spans::of(&far);
        assert_eq!((far.first_day, far.end_day), (FIRST_DAY, LAST_DAY));
        assert!(is_empty(far.before) && is_empty(far.after));
    }

    #[test]
    fn an_open_end_is_all_days() {
        let all = spans(None, None);
        assert_eq!((all.first_day, all.end_day), (FIRST_DAY, LAST_DAY));
        assert!(is_empty(all.before) && is_empty(all.after));
    }
}
