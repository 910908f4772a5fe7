//! What of a file can be read, and what is said of the rest.

use domain::import::{DateOrder, Field, ImportKind, ImportState, Mapping, Platform};
use sqlx::PgPool;
use store::{audit::Actor, import::Setup};

use super::{counts, many};
use crate::support::Shop;

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
