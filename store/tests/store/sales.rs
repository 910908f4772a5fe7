//! Lists of sales: every row once whatever happens meanwhile, every filter, sums.

mod listed;
mod summed;
mod told;

use chrono::{DateTime, Duration, Utc};
use domain::{
    conversion::{ConversionType, Source},
    id::{AffiliateId, CampaignId, ConversionId, OrganizationId},
    lifecycle::Status,
    sales::Filter,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{
    Clock, Random, Store, Vault,
    sales::{Cursor, Row, Totals},
};
use uuid::Uuid;

use crate::support::organization;

const USD: &str = "USD";

/// An organization whose conversions are put there by plain SQL.
struct Books {
    store: Store,
    pool: PgPool,
    random: Random,
    organization_id: OrganizationId,
    affiliates: Vec<AffiliateId>,
    campaigns: Vec<CampaignId>,
}

fn start() -> DateTime<Utc> {
    "2026-11-18T06:00:00Z".parse().expect("a time")
}

fn store_on(pool: PgPool) -> Store {
    Store::new(
        pool,
        Clock::manual(start()),
        Random::seeded(7),
        Vault::new(&[7; 32]),
    )
}

impl Books {
    async fn open(pool: PgPool, name: &str) -> Self {
        let random = Random::seeded(name.bytes().map(u64::from).sum());
        let id = || random.uuid_v7(start() - Duration::days(30));
        let organization_id = OrganizationId(id());
        let books = Self {
            store: store_on(pool.clone()),
            pool,
            organization_id,
            affiliates: (0..3).map(|_| AffiliateId(id())).collect(),
            campaigns: (0..2).map(|_| CampaignId(id())).collect(),
            random,
        };
        books.insert("organization", organization(name)).await;
        for (number, campaign_id) in books.campaigns.iter().enumerate() {
            let name = format!("Campaign {number}");
            books.add_campaign(*campaign_id, &name).await;
        }
        for (number, affiliate_id) in books.affiliates.iter().enumerate() {
            let affiliate = json!({
                "affiliate_id": affiliate_id, "name": format!("Affiliate {number}"),
                "email": format!("a{number}@example.com"), "slug": format!("affiliate-{number}"),
                "status": "active",
            });
            books.insert("affiliate", affiliate).await;
        }
        books
    }

    async fn add_campaign(&self, campaign_id: CampaignId, name: &str) {
        let campaign = json!({
            "campaign_id": campaign_id, "name": name, "slug": campaign_id.to_string(), "status": "active",
            "currency": USD, "plan_percent_bp": 2000, "plan_duration": "recurring", "hold_days": 30,
            "cookie_days": 60, "attribution_model": "last_touch", "coupons_override_clicks": true,
            "override_bp": 0, "refund_on_cancel": true, "lead_commission_minor": 0,
            "click_commission_minor": 0, "payout_threshold_minor": 5000, "tracking_requires_consent": false, "sites": [],
            "flag_self_referral": true, "flag_suspicious_activity": true,
        });
        self.insert("campaign", campaign).await;
    }

    async fn insert(&self, table: &str, mut row: Value) {
        row["organization_id"] = json!(self.organization_id);
        if row["created_at"].is_null() {
            row["created_at"] = json!(start());
        }
        let sql =
            format!("insert into {table} select * from jsonb_populate_record(null::{table}, $1)");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(row)
            .execute(&self.pool)
            .await
            .expect("inserted");
    }

    /// Records a pending sale of 49.00 by the first affiliate, except for what `own` says.
    async fn record(&self, at: DateTime<Utc>, own: Value) -> ConversionId {
        let id = self.random.uuid_v7(at);
        let mut row = json!({
            "conversion_id": id, "created_at": at, "occurred_at": at, "kind": "sale", "source": "link",
            "status": "pending", "affiliate_id": self.affiliates[0], "campaign_id": self.campaigns[0],
            "amount_minor": 4900, "base_minor": 4900, "refunded_minor": 0, "currency": USD,
            "commission_minor": 980, "commission_currency": USD, "commission_state": "ready",
            "plan_percent_bp": 2000, "plan_duration": "recurring", "is_covered": true, "is_flagged": false, "external_event_id": id.to_string(),
            "processor": "server", "hold_until": at + Duration::days(30), "metadata": {},
            "trail": [{ "verdict": "answered", "text": "because" }], "change_position": 1, "revision": 1, "settled_minor": 0,
        });
        for (column, value) in own.as_object().expect("an object") {
            row[column] = value.clone();
        }
        self.insert("conversion", row).await;
        ConversionId(id)
    }

    /// Makes the roll-up what it is after these rows were recorded.
    async fn sum_up(&self) {
        let days = "insert into conversion_day
            select organization_id, (created_at at time zone 'UTC')::date, campaign_id, kind, source, status,
                currency, commission_currency, count(*), sum(amount_minor), sum(refunded_minor),
                sum(commission_minor)
            from conversion group by 1, 2, 3, 4, 5, 6, 7, 8";
        let of_affiliates = "insert into affiliate_day
            select organization_id, affiliate_id, (created_at at time zone 'UTC')::date, campaign_id, kind, source,
                status, currency, commission_currency, count(*), sum(amount_minor), sum(refunded_minor),
                sum(commission_minor)
            from conversion group by 1, 2, 3, 4, 5, 6, 7, 8, 9";
        for sums in [days, of_affiliates] {
            sqlx::query(sums).execute(&self.pool).await.expect("summed");
        }
    }

    async fn totals(&self, filter: &Filter) -> Totals {
        let totals = self.store.sales_totals(self.organization_id, filter).await;
        totals.expect("sums")
    }

    async fn record_many(&self, count: i64) -> Vec<ConversionId> {
        let mut ids = Vec::new();
        for number in 0..count {
            let at = start() + Duration::seconds(number);
            ids.push(self.record(at, json!({})).await);
        }
        ids.sort_unstable();
        ids.reverse();
        ids
    }

    /// So many rows that differ in everything a filter can ask for, over three days.
    async fn record_mixed(&self, count: usize) {
        for number in 0..count {
            let at = start() + Duration::milliseconds(self.pick(72 * 3_600_000).into());
            let kind = self.one_of(ConversionType::ALL);
            let lead = kind == ConversionType::Lead;
            let amount = if lead { 0 } else { self.pick(100_000) };
            let own = json!({
                "kind": kind, "source": self.one_of(&Source::ALL[..4]), "status": self.one_of(Status::ALL),
                "affiliate_id": self.one_of(&self.affiliates), "campaign_id": self.one_of(&self.campaigns),
                "amount_minor": amount, "base_minor": 0, "refunded_minor": self.one_of(&[0, 0, amount / 2]),
                "currency": self.one_of(&[USD, "EUR", "JPY"]), "commission_minor": self.pick(10_000),
                "commission_currency": self.one_of(&[USD, "EUR"]), "external_event_id": number.to_string(),
            });
            self.record(at, own).await;
        }
    }

    fn pick(&self, end: u32) -> u32 {
        u32::from_le_bytes(self.random.bytes()) % end
    }

    fn one_of<Thing: Copy>(&self, things: &[Thing]) -> Thing {
        let end = u32::try_from(things.len()).expect("few");
        things[usize::try_from(self.pick(end)).expect("few")]
    }

    /// Pages from the newest end to the oldest.
    async fn older_pages(&self, filter: &Filter, take: u16) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.page(filter, take, cursor).await;
            assert!(page.rows.len() <= usize::from(take));
            assert_eq!(page.newer.is_none(), cursor.is_none(), "the first page");
            rows.extend(page.rows);
            cursor = page.older;
            if cursor.is_none() {
                return rows;
            }
        }
    }

    /// Pages from the oldest end to the newest, newest first nevertheless.
    async fn newer_pages(&self, filter: &Filter, take: u16) -> Vec<Row> {
        let mut pages = Vec::new();
        let mut cursor = Some(Cursor::NewerThan(ConversionId(Uuid::nil())));
        while cursor.is_some() {
            let page = self.page(filter, take, cursor).await;
            pages.push(page.rows);
            cursor = page.newer;
        }
        pages.into_iter().rev().flatten().collect()
    }

    async fn page(&self, filter: &Filter, take: u16, cursor: Option<Cursor>) -> store::sales::Page {
        let page = self
            .store
            .sales_page(self.organization_id, filter, take, cursor)
            .await;
        page.expect("a page")
    }
}

fn ids(rows: &[Row]) -> Vec<ConversionId> {
    rows.iter().map(|row| row.conversion.id).collect()
}

fn lets_through(filter: &Filter, row: &Row) -> bool {
    let sale = &row.conversion;
    filter.affiliate_id.is_none_or(|id| id == sale.affiliate_id)
        && filter.campaign_id.is_none_or(|id| id == sale.campaign_id)
        && (filter.statuses.is_empty() || filter.statuses.contains(&sale.status))
        && (filter.kinds.is_empty() || filter.kinds.contains(&sale.kind))
        && (filter.sources.is_empty() || filter.sources.contains(&sale.source))
        && filter.since.is_none_or(|since| sale.created_at >= since)
        && filter.until.is_none_or(|until| sale.created_at < until)
        && filter.partly_refunded.is_none_or(|wanted| {
            let earns = !matches!(sale.status, Status::Refunded | Status::Denied);
            wanted == (earns && sale.refunded_minor > 0)
        })
}

/// Each part of a filter with every other one: 3 x 2 x 4 x 4 x 3 x 4 of them, and those of any type by whether a part
/// went back.
fn every_filter(books: &Books) -> Vec<Filter> {
    use ConversionType::{Lead, Recurring, Sale};
    use Status::{Denied, Paid, Pending, Refunded};
    let affiliates = [None, Some(books.affiliates[0]), Some(books.affiliates[1])];
    let campaigns = [None, Some(books.campaigns[1])];
    let statuses = [
        vec![],
        vec![Paid],
        vec![Refunded, Denied],
        vec![Paid, Pending, Paid],
    ];
    let kinds = [
        vec![],
        vec![Lead],
        vec![Sale, Recurring],
        ConversionType::ALL.to_vec(),
    ];
    let sources = [
        vec![],
        vec![Source::Link],
        vec![Source::Coupon, Source::Click],
    ];
    let times = [
        (None, None),
        (Some("2026-11-19T00:00:00Z"), Some("2026-11-20T00:00:00Z")),
        (
            Some("2026-11-18T12:34:56.789Z"),
            Some("2026-11-20T01:00:00.0005Z"),
        ),
        (Some("2026-11-19T03:00:00Z"), Some("2026-11-19T15:00:00Z")),
    ];
    let at = |text: Option<&str>| text.map(|text| text.parse().expect("a time"));
    let mut filters = vec![Filter::default()];
    filters = with_each(&filters, &affiliates, |filter, id| filter.affiliate_id = id);
    filters = with_each(&filters, &campaigns, |filter, id| filter.campaign_id = id);
    filters = with_each(&filters, &statuses, |filter, words| filter.statuses = words);
    filters = with_each(&filters, &kinds, |filter, words| filter.kinds = words);
    filters = with_each(&filters, &sources, |filter, words| filter.sources = words);
    filters = with_each(&filters, &times, |filter, (since, until)| {
        (filter.since, filter.until) = (at(since), at(until));
    });
    let of_any_kind = filters.iter().filter(|filter| filter.kinds.is_empty());
    let of_any_kind: Vec<_> = of_any_kind.cloned().collect();
    let partly = with_each(
        &of_any_kind,
        &[Some(true), Some(false)],
        |filter, partly| {
            filter.partly_refunded = partly;
        },
    );
    [filters, partly].concat()
}

fn with_each<Value: Clone>(
    filters: &[Filter],
    values: &[Value],
    set: impl Fn(&mut Filter, Value),
) -> Vec<Filter> {
    let mut all = Vec::new();
    for value in values {
        for filter in filters {
            let mut filter = filter.clone();
            set(&mut filter, value.clone());
            all.push(filter);
        }
    }
    all
}
