//! What is taken in, once, and a dry run that takes nothing in.

use chrono::Duration;
use domain::{
    conversion::Source,
    fact::Fact,
    import::{DateOrder, ImportKind, ImportState, Platform},
    lifecycle::Status,
    money::Currency,
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    import::{CurrencySum, ImportError, Setup, Standings},
};

use super::{SALES, counts, many};
use crate::support::{Shop, payment};

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
    let sum = CurrencySum {
        currency: Currency::USD,
        amount_minor: 600 * 4900,
        commission_minor: 600 * 980,
    };
    assert_eq!(tried.sums, [sum]);
    // The last row repeats one of the batch before.
    assert_eq!(counts(&tried), [601, 600, 1, 0]);
    assert_eq!(shop.rows().await.len(), 0);
    shop.start(&import, false).await;
    let done = shop.to_the_end(&import).await;
    assert_eq!(
        (done.state, counts(&done)),
        (ImportState::Done, counts(&tried))
    );
    assert_eq!(done.sums, tried.sums);
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
