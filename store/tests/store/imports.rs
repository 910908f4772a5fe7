//! Imports: taken in once, whatever is repeated or cut off, and counted right by everything that counts.

use std::fmt::Write as _;

use chrono::Duration;
use domain::{
    conversion::Source,
    fact::Fact,
    id::ImportId,
    import::{DateOrder, Field, ImportKind, ImportState, Mapping, Platform},
    lifecycle::Status,
};
use sqlx::{AssertSqlSafe, PgPool};
use store::{
    StoreError,
    audit::Actor,
    import::{Import, ImportError, Setup, Standings},
};

use crate::support::{Shop, payment};

const SALES: &str = "\
Sale ID,Affiliate Token,Sale Amount,Currency,Commission Amount,State,Charged At,Customer Email,Stripe Customer ID,Subscription ID,Refund Amount
s1,sarah,\"1,049.00\",USD,209.80,pending,2026-11-10 09:30:00 UTC,ann@example.com,cus_1,sub_1,
s2,sarah,$49.00,USD,9.80,due,2026-08-10T09:30:00Z,bob@example.com,cus_2,,
s3,SARAH,49.00,USD,9.80,paid,2026-03-10,bob@example.com,cus_2,,
s4,sarah,100.00,USD,20.00,paid,2026-03-11,carl@example.com,cus_3,,25.00
s5,sarah,49.00,USD,9.80,voided,2026-03-12,dora@example.com,cus_4,,
s6,sarah,49.00,USD,0.00,refunded,2026-03-12,emil@example.com,cus_5,,49.00
s1,sarah,49.00,USD,9.80,pending,2026-11-10,ann@example.com,cus_1,,
s7,nobody,49.00,USD,9.80,pending,2026-11-10,ann@example.com,,,
s8,sarah,-5,USD,1,pending,2026-11-10,,,,
s9,sarah,5,USD,1,pending,11/10/2026,,,,
";

impl Shop {
    async fn upload(&self, kind: ImportKind, content: &str) -> Import {
        let begun = self
            .store
            .begin_import(Actor::System, self.organization_id, kind, "file.csv")
            .await;
        let mut upload = begun.expect("begins");
        for piece in content.as_bytes().chunks(100_000) {
            upload.push(piece).await.expect("keeps");
        }
        upload.finish().await.expect("is read")
    }

    async fn start(&self, import: &Import, is_dry_run: bool) -> Import {
        let setup = Setup {
            platform: import.platform,
            mapping: import.mapping.clone(),
            dates: DateOrder::Clear,
            campaign_id: None,
            is_dry_run,
        };
        let started = self
            .store
            .start_import(Actor::System, self.organization_id, import.id, setup)
            .await;
        started.expect("starts")
    }

    async fn at(&self, id: ImportId) -> Import {
        let import = self.store.import(self.organization_id, id).await;
        import.expect("reads").expect("is there")
    }

    async fn to_the_end(&self, import: &Import) -> Import {
        while self.store.run_imports().await.expect("runs") {}
        self.at(import.id).await
    }

    pub(crate) async fn imported(&self, kind: ImportKind, content: &str) -> Import {
        let import = self.upload(kind, content).await;
        self.start(&import, false).await;
        self.to_the_end(&import).await
    }

    pub(crate) async fn is_in_order(&self) {
        let recount = self.store.recount().await.expect("counts");
        assert_eq!(recount.differences, Vec::<String>::new());
    }
}

fn counts(import: &Import) -> [i64; 4] {
    [import.read, import.created, import.existing, import.failed]
}

/// So many sales of one affiliate, each of another customer.
fn many(rows: usize) -> String {
    let mut content = String::from(
        "id,affiliate_email,amount,currency,commission,date,customer_email,subscription_id\n",
    );
    for row in 0..rows {
        let day = row % 28 + 1;
        writeln!(
            content,
            "order_{row},sarah@affiliate.example,49.00,USD,9.80,2026-05-{day:02},customer{row}@example.com,sub_{row}"
        )
        .expect("writes");
    }
    content
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sales_are_taken_in_as_they_stood(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let import = shop.imported(ImportKind::Sales, SALES).await;
    assert_eq!(import.platform, Platform::Rewardful);
    assert_eq!(import.state, ImportState::Done, "{:?}", import.problem);
    assert_eq!(counts(&import), [10, 6, 1, 3]);
    let rows = shop.rows().await;
    let standing = |id: &str| {
        let row = rows
            .iter()
            .find(|row| row.conversion.external_event_id.as_deref() == Some(id))
            .expect("is there");
        assert_eq!(row.conversion.source, Source::Imported);
        let one = &row.conversion;
        (one.status, one.commission.minor, one.refunded_minor)
    };
    assert_eq!(standing("s1"), (Status::Pending, 20_980, 0));
    assert_eq!(standing("s2"), (Status::Approved, 980, 0));
    assert_eq!(standing("s3"), (Status::Paid, 980, 0));
    assert_eq!(standing("s4"), (Status::Paid, 2_000, 2_500));
    assert_eq!(standing("s5"), (Status::Denied, 0, 0));
    assert_eq!(standing("s6"), (Status::Refunded, 0, 4_900));
    let errors = shop
        .store
        .import_errors(shop.organization_id, import.id, 0, 100)
        .await
        .expect("reads");
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.row, error.column.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (9, "Affiliate Token"),
            (10, "Sale Amount"),
            (11, "Charged At")
        ]
    );
    let expected = Standings {
        pending: 1,
        approved: 1,
        paid: 2,
        refunded: 1,
        denied: 1,
    };
    assert_eq!(import.standings, expected);
    // What was paid out elsewhere is not payable again.
    let balances = shop
        .store
        .balances(shop.organization_id, &[sarah.id])
        .await
        .expect("adds up");
    let own = balances[&sarah.id][0];
    let parts = (
        own.pending_minor,
        own.approved_minor,
        own.paid_minor,
        own.debt_minor,
    );
    assert_eq!(parts, (20_980, 980, 2_980, 0));
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_taken_in_is_not_taken_in_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let first = shop.imported(ImportKind::Sales, SALES).await;
    let before = shop.rows().await.len();
    // The same import started anew is done; the same file once more is another import.
    let again = shop
        .store
        .start_import(
            Actor::System,
            shop.organization_id,
            first.id,
            Setup {
                platform: first.platform,
                mapping: first.mapping.clone(),
                dates: DateOrder::Clear,
                campaign_id: None,
                is_dry_run: false,
            },
        )
        .await;
    assert!(matches!(
        again,
        Err(ImportError::CantStart(ImportState::Done))
    ));
    let second = shop.imported(ImportKind::Sales, SALES).await;
    assert_eq!(counts(&second), [10, 0, 7, 3]);
    assert_eq!(shop.rows().await.len(), before);
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_dry_run_stores_nothing_and_tells_the_same(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let content = format!(
        "{}order_3,sarah@affiliate.example,49,USD,9.80,2026-05-01,a@example.com,\n",
        many(600)
    );
    let import = shop.upload(ImportKind::Sales, &content).await;
    shop.start(&import, true).await;
    let tried = shop.to_the_end(&import).await;
    assert_eq!(tried.state, ImportState::Checked);
    assert_eq!(tried.standings.pending, 600);
    // The last row repeats one of the batch before.
    assert_eq!(counts(&tried), [601, 600, 1, 0]);
    assert_eq!(shop.rows().await.len(), 0);
    shop.start(&import, false).await;
    let done = shop.to_the_end(&import).await;
    assert_eq!(
        (done.state, counts(&done)),
        (ImportState::Done, counts(&tried))
    );
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_cut_off_in_the_middle_goes_on_where_it_was(pool: PgPool) {
    const ROWS: i64 = 2_600;
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let import = shop.upload(ImportKind::Sales, &many(2_600)).await;
    shop.start(&import, false).await;
    let store = shop.store.clone();
    let running = tokio::spawn(async move { store.run_imports().await });
    while shop.at(import.id).await.read == 0 {
        tokio::task::yield_now().await;
    }
    running.abort();
    let _ = running.await;
    let cut = shop.at(import.id).await;
    assert!(cut.read < ROWS, "it was cut off after {} rows", cut.read);
    // Another server waits until the first has surely lost it.
    let other = shop.beside();
    assert!(!other.run_imports().await.expect("runs"));
    shop.clock.advance(Duration::seconds(31));
    while other.run_imports().await.expect("runs") {}
    let done = shop.at(import.id).await;
    assert_eq!(done.state, ImportState::Done, "{:?}", done.problem);
    assert_eq!(counts(&done), [ROWS, ROWS, 0, 0]);
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_servers_take_every_row_in_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let import = shop.upload(ImportKind::Sales, &many(1_100)).await;
    shop.start(&import, false).await;
    let other = shop.beside();
    let (one, two) = tokio::join!(shop.store.run_imports(), other.run_imports());
    assert!(one.is_ok() && two.is_ok());
    let done = shop.to_the_end(&import).await;
    assert_eq!(counts(&done), [1_100, 1_100, 0, 0]);
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_renewal_of_an_imported_sale_is_its_affiliates(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    shop.imported(ImportKind::Sales, SALES).await;
    let renewal = Fact::Payment(payment("in_9", Some("sub_1"), 0));
    shop.event("evt_9", vec![renewal]).await;
    let renewed = shop.rows_of("in_9").await;
    assert_eq!(renewed[0].affiliate_id, sarah.id);
    assert_eq!(renewed[0].source, Source::CustomerMatch);
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn affiliates_are_taken_in_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let content = "\u{feff}First Name;Last Name;Email;Token;State;PayPal Email\r\n\
        Ann;Lee;Ann@Example.com;ANN-20;active;\r\n\
        Ann;Lee;ann2@example.com;;active;\r\n\
        Ann;Lee;ann3@example.com;;suspicious;\r\n\
        \"Bob;\nJr\";Ray;bob@example.com;bob;active;\r\n\
        Sarah;Two;sarah2@example.com;sarah;active;\r\n\
        Sarah;One;sarah@affiliate.example;other;active;\r\n\
        Nobody;;no e-mail;none;active;\r\n";
    let import = shop.upload(ImportKind::Affiliates, content).await;
    assert_eq!(import.platform, Platform::Rewardful);
    shop.start(&import, true).await;
    let tried = shop.to_the_end(&import).await;
    assert_eq!(counts(&tried), [7, 3, 1, 3]);
    shop.start(&import, false).await;
    let done = shop.to_the_end(&import).await;
    assert_eq!(counts(&done), counts(&tried));
    let again = shop.imported(ImportKind::Affiliates, content).await;
    assert_eq!(counts(&again), [7, 0, 4, 3]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_can_not_be_read_is_said(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let refused = async |content: &[u8]| {
        let begun = shop
            .store
            .begin_import(Actor::System, shop.organization_id, ImportKind::Sales, "x")
            .await;
        let mut upload = begun.expect("begins");
        upload.push(content).await.expect("keeps");
        upload.finish().await.expect_err("is refused").to_string()
    };
    assert!(refused(b"").await.contains("empty"));
    assert!(refused(b"id,amount\n").await.contains("no rows"));
    assert!(
        refused(b"PK\x03\x04\xff\xfe,x\n1,2\n")
            .await
            .contains("row 1 is not UTF-8")
    );
    let open = format!("id,amount\n1,\"{}", "x\n".repeat(200_000));
    assert!(refused(open.as_bytes()).await.contains("quotation mark"));
    // Further down it ends the import, with what was read until then kept.
    let mut content = many(3).into_bytes();
    content.extend_from_slice(b"\xff,sarah,1,USD,1,2026-05-01,,\n");
    let begun = shop
        .store
        .begin_import(Actor::System, shop.organization_id, ImportKind::Sales, "x")
        .await;
    let mut upload = begun.expect("begins");
    upload.push(&content).await.expect("keeps");
    let import = upload.finish().await.expect("reads");
    shop.start(&import, false).await;
    let failed = shop.to_the_end(&import).await;
    assert_eq!(failed.state, ImportState::Failed);
    assert!(
        failed
            .problem
            .expect("says why")
            .contains("row 5 is not UTF-8")
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn columns_are_the_files_and_enough(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let import = shop.upload(ImportKind::Sales, &many(1)).await;
    let start = async |mapping: Mapping| {
        let setup = Setup {
            platform: Platform::Other,
            mapping,
            dates: DateOrder::Clear,
            campaign_id: None,
            is_dry_run: true,
        };
        let started = shop
            .store
            .start_import(Actor::System, shop.organization_id, import.id, setup)
            .await;
        started.expect_err("is refused").to_string()
    };
    let mut lacking = import.mapping.clone();
    lacking.set(Field::Amount, "");
    assert!(start(lacking).await.contains("amount"));
    let mut strange = import.mapping.clone();
    strange.set(Field::Amount, "price");
    assert!(start(strange).await.contains("no column \"price\""));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_stopped_import_can_be_started_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let import = shop.upload(ImportKind::Sales, &many(5)).await;
    shop.start(&import, false).await;
    let (store, organization_id) = (&shop.store, shop.organization_id);
    let stop = async || {
        store
            .stop_import(Actor::System, organization_id, import.id)
            .await
    };
    stop().await.expect("stops");
    assert!(matches!(
        stop().await,
        Err(ImportError::CantStop(ImportState::Cancelled))
    ));
    assert_eq!(shop.to_the_end(&import).await.read, 0);
    shop.start(&import, false).await;
    assert_eq!(counts(&shop.to_the_end(&import).await), [5, 5, 0, 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rows_read_for_an_earlier_start_are_not_taken_in(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let import = shop.upload(ImportKind::Sales, &many(5)).await;
    shop.start(&import, false).await;
    // Its first batch waits for another sale of the organization.
    let mut before = shop.pool.begin().await.expect("begins");
    sqlx::query("select from organization_position for update")
        .execute(&mut *before)
        .await
        .expect("locks");
    let store = shop.store.clone();
    let running = tokio::spawn(async move { store.run_imports().await });
    let waiting = "select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting)
        .fetch_one(&shop.pool)
        .await
        .expect("looks")
    {
        tokio::task::yield_now().await;
    }
    let stopped = shop
        .store
        .stop_import(Actor::System, shop.organization_id, import.id)
        .await;
    stopped.expect("stops");
    shop.start(&import, true).await;
    before.rollback().await.expect("lets go");
    running.await.expect("ends").expect("runs");
    let tried = shop.to_the_end(&import).await;
    let told = (tried.state, counts(&tried));
    assert_eq!(told, (ImportState::Checked, [5, 5, 0, 0]));
    assert_eq!(shop.rows().await.len(), 0);
}

/// Has the database fail for a sale of this id, as `how` says.
async fn trouble(shop: &Shop, id: &str, how: &str) {
    let how = format!(
        "create sequence tries;
         create function trouble() returns trigger language plpgsql as $$ begin
             if new.external_event_id = '{id}' and {how} end if;
             return new;
         end $$;
         create trigger trouble before insert on conversion for each row execute function trouble()"
    );
    sqlx::raw_sql(AssertSqlSafe(how))
        .execute(&shop.pool)
        .await
        .expect("is made");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_databases_words_are_not_told(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let how =
        "true then raise check_violation using message = 'inner_words', constraint = 'inner_name';";
    trouble(&shop, "order_1", how).await;
    let import = shop.imported(ImportKind::Sales, &many(3)).await;
    let told = (import.state, counts(&import));
    assert_eq!(told, (ImportState::Done, [3, 2, 0, 1]));
    let errors = shop
        .store
        .import_errors(shop.organization_id, import.id, 0, 100)
        .await
        .expect("reads");
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.row, error.message.as_str()))
        .collect();
    assert_eq!(told, [(3, "it could not be stored: try this row again")]);
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_deadlock_is_tried_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    // Twice: for its batch, and once more.
    let how = "nextval('tries') <= 2 then raise deadlock_detected;";
    trouble(&shop, "order_1", how).await;
    let import = shop.upload(ImportKind::Sales, &many(3)).await;
    shop.start(&import, false).await;
    for _ in 0..2 {
        assert!(matches!(
            shop.store.run_imports().await,
            Err(StoreError::Unavailable(_))
        ));
        shop.clock.advance(Duration::seconds(31));
    }
    let done = shop.to_the_end(&import).await;
    assert_eq!(counts(&done), [3, 3, 0, 0]);
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn empty_lines_end_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    for line_end in ["\n", "\r\n", "\r"] {
        let few = many(6).replace('\n', line_end);
        let lines: Vec<&str> = few.split_inclusive(line_end).collect();
        let [header, first, second, third, fourth, fifth, sixth] = lines.as_slice() else {
            panic!("seven lines");
        };
        let fourth = fourth.replace("sarah", "nobody");
        // 400,000 lines are more than a slice in bytes, and so are twice as many; odd ones cut their ends in two.
        let content: String = [
            header,
            first,
            line_end.repeat(3).as_str(),
            second,
            line_end.repeat(400_001).as_str(),
            third,
            line_end.repeat(800_000).as_str(),
            &fourth,
            fifth,
            line_end.repeat(400_000).as_str(),
            sixth,
            line_end.repeat(400_000).as_str(),
        ]
        .concat();
        let import = shop.upload(ImportKind::Sales, &content).await;
        shop.start(&import, true).await;
        let tried = shop.to_the_end(&import).await;
        let told = (tried.state, counts(&tried), tried.problem);
        assert_eq!(told, (ImportState::Checked, [6, 5, 0, 1], None));
        let errors = shop
            .store
            .import_errors(shop.organization_id, import.id, 0, 100)
            .await
            .expect("reads");
        let rows: Vec<i64> = errors.iter().map(|error| error.row).collect();
        // Header, first, 3, second, 400,001, third, 800,000.
        assert_eq!(rows, [1_200_009], "{line_end:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn files_are_forgotten_in_time(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let import = shop.imported(ImportKind::Sales, &many(5)).await;
    let pieces = async || {
        let count = sqlx::query_scalar::<_, i64>("select count(*) from import_piece");
        count.fetch_one(&shop.pool).await.expect("counts")
    };
    assert_eq!(pieces().await, 1);
    shop.clock.advance(Duration::days(31));
    shop.store.tidy_imports().await.expect("tidies");
    assert_eq!(pieces().await, 0);
    assert_eq!(shop.at(import.id).await.created, 5);
}

/// How long 100,000 rows take and how much memory, printed. Not part of the other tests: run it with
/// `cargo test -p store -- --ignored a_hundred_thousand --nocapture`.
#[sqlx::test(migrator = "store::MIGRATOR")]
#[ignore = "measures"]
async fn a_hundred_thousand(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let mut affiliates = String::from("name,email,code\n");
    for row in 0..100_000 {
        writeln!(
            affiliates,
            "Affiliate {row},affiliate{row}@example.com,code-{row}"
        )
        .expect("writes");
    }
    for (kind, content) in [
        (ImportKind::Sales, many(100_000)),
        (ImportKind::Affiliates, affiliates),
    ] {
        let begun = std::time::Instant::now();
        let import = shop.imported(kind, &content).await;
        println!("{kind}: {:?} in {:?}", counts(&import), begun.elapsed());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
}
