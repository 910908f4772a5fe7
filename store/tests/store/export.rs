//! The CSV of a list: the same rows as the list, and text that can't break or run.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::{id::OrganizationId, lifecycle::Status, money::Money, sales::Filter};
use futures::{Stream, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{Clock, Random, Store, Vault, export::ExportError, sales::Row};
use uuid::Uuid;

use crate::support::organization;

/// Longer than anything here takes; what waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Rows of an export that can't be done with before it is read.
const PLENTY: i32 = 8_000;

struct Books {
    store: Store,
    pool: PgPool,
    organization_id: OrganizationId,
}

fn start() -> DateTime<Utc> {
    "2026-11-20T10:00:00.120Z".parse().expect("a time")
}

fn affiliate_id() -> Uuid {
    Uuid::from_u128(0xA)
}

fn campaign_id() -> Uuid {
    Uuid::from_u128(0xC)
}

impl Books {
    async fn open(pool: PgPool) -> Self {
        let store = Store::new(
            pool.clone(),
            Clock::System,
            Random::seeded(7),
            Vault::new(&[7; 32]),
        );
        Self::set_up(store, pool, 0).await
    }

    /// The books of another organization in the same store.
    async fn of_another(&self, number: u128) -> Self {
        Self::set_up(self.store.clone(), self.pool.clone(), number).await
    }

    async fn set_up(store: Store, pool: PgPool, number: u128) -> Self {
        let books = Self {
            store,
            pool,
            organization_id: OrganizationId(Uuid::from_u128(number)),
        };
        books.insert("organization", organization("A")).await;
        let campaign = json!({
            "campaign_id": campaign_id(), "name": "Default, \"20 %\"", "slug": "default", "status": "active",
            "currency": "USD", "plan_percent_bp": 2000, "plan_duration": "recurring", "hold_days": 30,
            "cookie_days": 60, "attribution_model": "last_touch", "coupons_override_clicks": true,
            "override_bp": 0, "refund_on_cancel": true, "lead_commission_minor": 0,
            "click_commission_minor": 0, "payout_threshold_minor": 5000, "tracking_requires_consent": false, "sites": [],
            "flag_self_referral": true, "flag_suspicious_activity": true,
        });
        books.insert("campaign", campaign).await;
        let affiliate = json!({
            "affiliate_id": affiliate_id(), "name": "=Zoë 💶", "email": "zoe@example.com", "slug": "zoe",
            "status": "active",
        });
        books.insert("affiliate", affiliate).await;
        books
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

    async fn record(&self, number: u32, own: Value) {
        let at = start() + chrono::Duration::milliseconds(i64::from(number));
        let id = Uuid::from_u128(domain::id::lower_bound(at).as_u128() + u128::from(number));
        let mut row = json!({
            "conversion_id": id, "created_at": at, "occurred_at": "2026-11-20T09:59:00Z", "kind": "sale",
            "source": "customer_match", "status": "pending", "affiliate_id": affiliate_id(),
            "campaign_id": campaign_id(), "amount_minor": 4900, "base_minor": 4900, "refunded_minor": 0,
            "currency": "USD", "commission_minor": 980, "commission_currency": "USD",
            "commission_state": "ready", "plan_percent_bp": 2000, "plan_duration": "recurring", "is_covered": true, "is_flagged": false, "external_event_id": format!("in_{number}"), "processor": "server",
            "hold_until": "2026-12-20T09:59:00Z", "metadata": {}, "trail": [], "change_position": 1,
            "revision": 1, "settled_minor": 0,
        });
        for (column, value) in own.as_object().expect("an object") {
            row[column] = value.clone();
        }
        self.insert("conversion", row).await;
    }

    /// 20 MB of rows: more than all buffers between here and the database hold.
    async fn record_plenty(&self) {
        self.record(0, json!({ "charge_id": "x".repeat(2_000) }))
            .await;
        let copies = "insert into conversion
            select copy.* from conversion c cross join generate_series(2, $1) number
                cross join lateral jsonb_populate_record(c, jsonb_build_object(
                    'conversion_id', gen_random_uuid(), 'external_event_id', number::text)) copy
            where c.organization_id = $2";
        sqlx::query(copies)
            .bind(PLENTY)
            .bind(self.organization_id.0)
            .execute(&self.pool)
            .await
            .expect("inserted");
    }

    async fn export(
        &self,
        filter: &Filter,
    ) -> impl Stream<Item = Result<Bytes, ExportError>> + use<> {
        let started = tokio::time::timeout(
            PATIENCE,
            self.store.export_sales(self.organization_id, filter),
        );
        started.await.expect("in time").expect("started")
    }

    async fn csv(&self, filter: &Filter) -> String {
        let pieces: Vec<Bytes> = self
            .export(filter)
            .await
            .try_collect()
            .await
            .expect("exported");
        String::from_utf8(pieces.concat()).expect("UTF-8")
    }

    async fn listed(&self, filter: &Filter) -> Vec<Row> {
        let page = self
            .store
            .sales_page(self.organization_id, filter, 200, None)
            .await;
        page.expect("a page").rows
    }

    async fn running_copies(&self) -> i64 {
        let count = "select count(*) from pg_stat_activity
            where datname = current_database() and state = 'active' and query like 'copy %'";
        sqlx::query_scalar(count)
            .fetch_one(&self.pool)
            .await
            .expect("counted")
    }
}

/// Cells as a reader of RFC 4180 sees them.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut letters = csv.chars().peekable();
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().expect("a row");
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                row.last_mut().expect("a cell").push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => {
                assert_eq!(letters.next(), Some('\n'));
                rows.push(vec![String::new()]);
            }
            other => row.last_mut().expect("a cell").push(other),
        }
    }
    assert_eq!(
        rows.pop(),
        Some(vec![String::new()]),
        "the last line ends too"
    );
    rows
}

/// What a row of the list must look like in the CSV.
fn expected(row: &Row) -> Vec<String> {
    let sale = &row.conversion;
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let maybe = |at: Option<DateTime<Utc>>| at.map(time).unwrap_or_default();
    let text = |text: &Option<String>| safe(text.as_deref().unwrap_or_default());
    vec![
        time(sale.created_at),
        time(sale.occurred_at),
        sale.kind.label().to_owned(),
        sale.source.label().to_owned(),
        sale.status.label().to_owned(),
        sale.affiliate_id.to_string(),
        safe(&row.affiliate_name),
        safe(&row.affiliate_slug),
        sale.campaign_id.to_string(),
        safe(&row.campaign_name),
        sale.amount.to_decimal(),
        Money::new(sale.refunded_minor, sale.amount.currency).to_decimal(),
        sale.amount.currency.to_string(),
        sale.commission.to_decimal(),
        sale.commission.currency.to_string(),
        text(&sale.external_event_id),
        sale.processor.as_str().to_owned(),
        text(&sale.ids.subscription),
        text(&sale.ids.customer),
        text(&sale.ids.invoice),
        text(&sale.ids.charge),
        text(&sale.customer_email),
        time(sale.hold_until),
        maybe(sale.approved_at),
        maybe(sale.paid_at),
        maybe(sale.refunded_at),
        sale.parent_conversion_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        sale.id.to_string(),
        sale.source.as_str().to_owned(),
        text(&sale.coupon_code),
    ]
}

fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Rows of every kind, with everything in their texts that could go wrong.
async fn record_strange_rows(books: &Books) {
    let texts = [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "a,b",
        "say \"hi\"",
        "two\r\nlines",
        "\ttab",
        "back\\slash",
        "\\N",
        "Łódź 💶",
    ];
    for (number, text) in (1..).zip(texts) {
        let own = json!({
            "customer_email": text, "coupon_code": text, "external_event_id": text, "customer_id": text,
            "subscription_id": text, "invoice_id": text, "charge_id": text,
        });
        books.record(number, own).await;
    }
    for (number, currency) in (20..).zip(["JPY", "KWD", "EUR", "ISK"]) {
        let own = json!({
            "currency": currency, "amount_minor": 1580, "refunded_minor": 5, "commission_minor": 3,
            "commission_currency": "EUR", "kind": "recurring", "status": "paid", "source": "manual",
            "approved_at": "2026-11-20T10:00:00.123456Z", "paid_at": start(),
        });
        books.record(number, own).await;
    }
    let lead = json!({
        "kind": "lead", "amount_minor": 0, "commission_minor": 0, "status": "approved",
        "external_event_id": null,
    });
    books.record(30, lead).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_csv_is_the_list(pool: PgPool) {
    let books = Books::open(pool).await;
    record_strange_rows(&books).await;
    let paid = Filter {
        statuses: vec![Status::Paid, Status::Approved],
        ..Filter::default()
    };
    for (filter, count) in [(Filter::default(), 16), (paid, 5)] {
        let csv = cells(&books.csv(&filter).await);
        let rows: Vec<_> = books.listed(&filter).await.iter().map(expected).collect();
        assert_eq!(rows.len(), count);
        assert_eq!(csv[1..], rows);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_csv_to_the_letter(pool: PgPool) {
    let books = Books::open(pool).await;
    let own = json!({
        "currency": "JPY", "amount_minor": 1580, "refunded_minor": 80, "coupon_code": "SARAH20",
        "source": "coupon", "subscription_id": "sub_1", "customer_id": "cus_1", "invoice_id": "in_1",
        "charge_id": "ch_1", "customer_email": "ann@example.com",
    });
    books.record(1, own).await;
    let csv = books
        .csv(&Filter::default())
        .await
        .replace("\r\n", "<crlf>\n");
    insta::assert_snapshot!(csv, @r#"
    created_at,occurred_at,type,source,status,affiliate_id,affiliate_name,affiliate_slug,campaign_id,campaign_name,amount,refunded,currency,commission,commission_currency,external_event_id,processor,subscription_id,customer_id,invoice_id,charge_id,customer_email,hold_until,approved_at,paid_at,refunded_at,parent_conversion_id,id,attribution_method,coupon_code<crlf>
    2026-11-20T10:00:00.121Z,2026-11-20T09:59:00.000Z,Sale,Coupon,Pending,00000000-0000-0000-0000-00000000000a,'=Zoë 💶,zoe,00000000-0000-0000-0000-00000000000c,"Default, ""20 %""",1580,80,JPY,9.80,USD,in_1,server,sub_1,cus_1,in_1,ch_1,ann@example.com,2026-12-20T09:59:00.000Z,,,,,01a1f866-0d79-0000-0000-000000000001,coupon,SARAH20<crlf>
    "#);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_list_without_rows_is_a_header(pool: PgPool) {
    let books = Books::open(pool).await;
    let csv = books.csv(&Filter::default()).await;
    assert!(csv.starts_with("created_at,occurred_at,type,") && csv.ends_with(",coupon_code\r\n"));
    assert_eq!(cells(&csv).len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_export_that_nobody_reads_on_ends(pool: PgPool) {
    let books = Books::open(pool).await;
    books.record_plenty().await;
    let mut export = Box::pin(books.export(&Filter::default()).await);
    export.next().await.expect("a piece").expect("exported");
    assert_eq!(books.running_copies().await, 1, "held back by its reader");
    drop(export);
    let all_ended = async { while books.running_copies().await > 0 {} };
    tokio::time::timeout(PATIENCE, all_ended)
        .await
        .expect("the database stopped");

    // And every connection of the pool is as good as before.
    let queries = (0..20).map(|_| books.running_copies());
    assert_eq!(futures::future::join_all(queries).await, [0; 20]);
    let lines = books.csv(&Filter::default()).await.lines().count();
    assert_eq!(i32::try_from(lines), Ok(PLENTY + 1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn there_are_two_places_for_an_organization_and_four_for_all(pool: PgPool) {
    let books = Books::open(pool).await;
    let (second, third) = (books.of_another(1).await, books.of_another(2).await);
    let all = Filter::default();
    let mut running = Vec::new();
    for books in [&books, &second] {
        books.record_plenty().await;
        for _ in 0..2 {
            running.push(books.export(&all).await);
        }
        let refused = books.store.export_sales(books.organization_id, &all).await;
        assert!(matches!(refused, Err(ExportError::Full)), "a third of one");
    }
    let refused = third.store.export_sales(third.organization_id, &all).await;
    assert!(matches!(refused, Err(ExportError::Full)), "a fifth of all");
    drop(running);
    let freed = async { while books.running_copies().await > 0 {} };
    tokio::time::timeout(PATIENCE, freed).await.expect("freed");
    assert_eq!(cells(&third.csv(&all).await).len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_export_of_which_nothing_is_taken_for_long_ends_and_says_so(pool: PgPool) {
    let books = Books::open(pool).await;
    books.record_plenty().await;
    let patience = Duration::from_millis(200);
    let export = books
        .store
        .export_sales_within(books.organization_id, &Filter::default(), patience)
        .await
        .expect("started");
    let ended = async { while books.running_copies().await > 0 {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("ended");
    let read: Result<Vec<Bytes>, ExportError> = export.try_collect().await;
    assert!(
        matches!(read, Err(ExportError::Stalled)),
        "not a whole file"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn closing_ends_exports_that_nobody_reads(pool: PgPool) {
    let books = Books::open(pool).await;
    books.record_plenty().await;
    let export = books.export(&Filter::default()).await;
    tokio::time::timeout(PATIENCE, books.store.close_within(PATIENCE * 2))
        .await
        .expect("closed before its limit");
    let read: Result<Vec<Bytes>, ExportError> = export.try_collect().await;
    assert!(
        matches!(read, Err(ExportError::Stopped)),
        "not a whole file"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn closing_does_not_wait_for_ever(pool: PgPool) {
    let books = Books::open(pool.clone()).await;
    let held = pool.acquire().await.expect("a connection");
    let closing = books.store.close_within(Duration::from_millis(100));
    tokio::time::timeout(PATIENCE, closing)
        .await
        .expect("closed");
    drop(held);
}
