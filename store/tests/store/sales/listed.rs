//! Every row once, by every filter, in both directions.

use chrono::Duration;
use domain::sales::Filter;
use serde_json::json;
use sqlx::PgPool;
use store::sales::Cursor;

use super::{Books, every_filter, ids, lets_through, start};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn pages_meet_every_row_once_while_rows_arrive(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    let there = books.record_many(23).await;
    let all = Filter::default();
    let (mut met, mut arrived, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let page = books.page(&all, 5, cursor).await;
        met.extend(ids(&page.rows));
        let seconds = i64::try_from(met.len()).expect("few");
        let now = start() + Duration::hours(1) + Duration::seconds(seconds);
        arrived.push(books.record(now, json!({})).await);
        cursor = page.older;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(met, there);

    // And back again: what was met, and what has arrived since.
    arrived.reverse();
    let back = books.newer_pages(&all, 5).await;
    assert_eq!(ids(&back), [arrived, there].concat());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_page_says_where_the_list_goes_on(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    let there = books.record_many(6).await;
    let all = Filter::default();

    let first = books.page(&all, 3, None).await;
    assert_eq!((ids(&first.rows), first.newer), (there[..3].to_vec(), None));
    let second = books.page(&all, 3, first.older).await;
    assert_eq!(
        (ids(&second.rows), second.older),
        (there[3..].to_vec(), None)
    );
    let back = books.page(&all, 3, second.newer).await;
    assert_eq!(back, first);

    // A page whose rows have all gone still leads to where it stood.
    let beyond = books.page(&all, 3, Some(Cursor::OlderThan(there[5]))).await;
    assert_eq!((beyond.rows.len(), beyond.older), (0, None));
    assert_eq!(
        ids(&books.page(&all, 3, beyond.newer).await.rows),
        there[3..]
    );
    let above = books.page(&all, 3, Some(Cursor::NewerThan(there[0]))).await;
    assert_eq!((above.rows.len(), above.newer), (0, None));
    assert_eq!(
        ids(&books.page(&all, 3, above.older).await.rows),
        there[..3]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_filter_finds_its_rows_in_both_directions(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    books.record_mixed(150).await;
    let all = books.older_pages(&Filter::default(), 200).await;
    assert_eq!(all.len(), 150);
    for filter in every_filter(&books) {
        let expected: Vec<_> = all
            .iter()
            .filter(|row| lets_through(&filter, row))
            .cloned()
            .collect();
        assert_eq!(books.older_pages(&filter, 20).await, expected, "{filter:?}");
        assert_eq!(books.newer_pages(&filter, 20).await, expected, "{filter:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_filter_finds_the_rows_at_a_place(pool: PgPool) {
    let books = Books::open(pool, "a").await;
    books.record_mixed(150).await;
    books.sum_up().await;
    let all = books.older_pages(&Filter::default(), 200).await;
    let filters = every_filter(&books)
        .into_iter()
        .filter(|filter| filter.kinds.is_empty());
    for filter in filters.step_by(5) {
        let expected: Vec<_> = all
            .iter()
            .filter(|row| lets_through(&filter, row))
            .collect();
        let (take, skip) = (4, 3);
        let view = books
            .store
            .sales_view_at(books.organization_id, &filter, take, skip);
        let (page, totals) = view.await.expect("a page");
        let there: Vec<_> = expected.iter().skip(3).take(4).copied().cloned().collect();
        assert_eq!(page.rows, there, "{filter:?}");
        assert_eq!(page.older.is_some(), expected.len() > 7, "{filter:?}");
        assert_eq!(
            usize::try_from(totals.chips.all),
            Ok(expected.len()),
            "{filter:?}"
        );
        let next = books.page(&filter, 20, page.older).await;
        if page.older.is_some() {
            assert_eq!(ids(&next.rows)[0], expected[7].conversion.id);
        }
    }
}
