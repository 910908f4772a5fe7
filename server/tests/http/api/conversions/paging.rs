//! Pages and cursors: every row once, whatever arrives meanwhile, and cursors only for their own list.

use futures::future::join_all;
use serde_json::{Value, json};

use super::ids;
use crate::support::{Answer, Client, TestServer};

async fn with_sales(count: usize) -> TestServer {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    add(&server, "e", count).await;
    server
}

async fn add(server: &TestServer, prefix: &str, count: usize) {
    let calls = (0..count).map(|number| {
        let id = format!("{prefix}{number}");
        async move { server.sale(&id, "sarah", json!({})).await.expect(201) }
    });
    join_all(calls).await;
}

fn rows(answer: &Answer) -> Vec<Value> {
    answer.data().as_array().expect("a list").clone()
}

fn cursor(answer: &Answer) -> Option<String> {
    answer.json["nextCursor"].as_str().map(str::to_owned)
}

async fn page(client: &Client, query: &str, cursor: Option<&str>) -> Answer {
    let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
    client
        .get(&format!("/api/conversions?{query}{cursor}"))
        .await
}

#[tokio::test]
async fn take_is_the_size_of_a_page() {
    let server = with_sales(205).await;
    for (query, length) in [
        ("", 50),
        ("take=1", 1),
        ("take=50", 50),
        ("take=200", 200),
        ("take=201", 200),
        ("take=100000", 200),
    ] {
        let answer = page(&server, query, None).await.expect(200);
        assert_eq!(rows(&answer).len(), length, "{query}");
        assert!(cursor(&answer).is_some(), "{query}");
    }
    let huge = page(&server, "take=99999999999999999999999", None).await;
    assert!(
        huge.status == 400 || rows(&huge).len() == 200,
        "{}",
        huge.text
    );
    let last = page(
        &server,
        "take=200",
        cursor(&page(&server, "take=200", None).await).as_deref(),
    )
    .await
    .expect(200);
    assert_eq!((rows(&last).len(), cursor(&last)), (5, None));
}

#[tokio::test]
async fn a_list_that_ends_with_its_page_has_no_cursor() {
    let server = with_sales(4).await;
    for (take, length) in [(4, 4), (5, 4)] {
        let answer = page(&server, &format!("take={take}"), None)
            .await
            .expect(200);
        assert_eq!(
            (rows(&answer).len(), cursor(&answer)),
            (length, None),
            "take {take}"
        );
    }
    let first = page(&server, "take=2", None).await;
    let second = page(&server, "take=2", cursor(&first).as_deref()).await;
    assert_eq!((rows(&second).len(), cursor(&second)), (2, None));
}

#[tokio::test]
async fn every_sale_comes_once_while_others_arrive() {
    let server = with_sales(60).await;
    let before = server.sales("").await;
    for query in [
        "take=7",
        "take=7&type=Sale",
        "take=7&status=Pending&source=Server",
        "take=200",
    ] {
        let (mut seen, mut next) = (Vec::new(), None);
        for round in 0.. {
            let answer = page(&server, query, next.as_deref()).await.expect(200);
            seen.extend(rows(&answer));
            add(&server, &format!("{query}-{round}-"), 3).await;
            next = cursor(&answer);
            if next.is_none() {
                break;
            }
        }
        let new = seen.len() - before.len().min(seen.len());
        // What arrived before the first page is older news by now; the list goes on from there.
        assert_eq!(
            ids(&seen)[new..],
            ids(&before),
            "{query}: without gap and double, in order"
        );
        let arrived = seen[..new].iter().filter(|row| {
            row["externalEventId"]
                .as_str()
                .is_some_and(|id| id.starts_with(&format!("{query}-")))
        });
        assert_eq!(
            arrived.count(),
            0,
            "{query}: what arrives while paging does not push into the pages"
        );
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_any_size_of_page_and_any_spelling_of_its_filter() {
    let server = with_sales(10).await;
    let all = server.sales("").await;
    let first = page(
        &server,
        "take=3&status=Pending,Approved&source=server",
        None,
    )
    .await
    .expect(200);
    let next = cursor(&first).expect("more");
    for query in [
        "take=3&status=approved,PENDING&source=Server",
        "take=5&source=server,server&status=Pending,Approved",
    ] {
        let second = page(&server, query, Some(&next)).await.expect(200);
        assert_eq!(ids(&rows(&second))[..3], ids(&all)[3..6], "{query}");
    }
    let again = page(
        &server,
        "take=3&status=Pending,Approved&source=server",
        Some(&next),
    )
    .await
    .expect(200);
    assert_eq!(
        ids(&rows(&again)),
        ids(&all)[3..6],
        "the same cursor again is the same page"
    );
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let server = with_sales(5).await;
    let other = server.second_organization().await;
    other.affiliate("sarah").await;
    for id in ["a", "b", "c"] {
        other.sale(id, "sarah", json!({})).await.expect(201);
    }
    let of_all = cursor(&page(&server, "take=2", None).await).expect("more");
    let of_filter = cursor(&page(&server, "take=2&status=Pending", None).await).expect("more");
    let of_other = cursor(&page(&other, "take=2", None).await).expect("more");
    let flipped = |text: &str, at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).expect("text")
    };
    let id = server.sales("").await[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let cases = [
        ("take=2&status=Pending", of_all.clone()),
        ("take=2&type=Sale", of_filter.clone()),
        ("take=2", of_filter),
        ("take=2&since=2020-01-01", of_all.clone()),
        ("take=2", of_other),
        ("take=2", flipped(&of_all, 3)),
        ("take=2", flipped(&of_all, of_all.len() - 3)),
        ("take=2", of_all[..of_all.len() - 1].to_owned()),
        ("take=2", format!("{of_all}A")),
        ("take=2", "garbage".to_owned()),
        ("take=2", "%00%ff".to_owned()),
        ("take=2", id),
        ("take=2", "x".repeat(2000)),
        ("take=2", "eyJpZCI6MX0".to_owned()),
    ];
    for (query, cursor) in cases {
        let answer = page(&server, query, Some(&cursor)).await.expect(400);
        assert_eq!(answer.error(), "invalid_cursor", "{query} {cursor}");
    }
    page(&server, "take=2", Some(&of_all)).await.expect(200);
}

#[tokio::test]
async fn a_cursor_survives_a_restart_and_is_good_at_every_process() {
    let mut server = with_sales(4).await;
    let all = server.sales("").await;
    let next = cursor(&page(&server, "take=2", None).await);
    let beside = server.start_beside().await;
    let second = page(&beside, "take=2", next.as_deref()).await.expect(200);
    assert_eq!(ids(&rows(&second)), ids(&all)[2..]);
    server.stop().await;
    server.restart().await;
    let second = page(&server, "take=2", next.as_deref()).await.expect(200);
    assert_eq!(ids(&rows(&second)), ids(&all)[2..]);
}

#[tokio::test]
async fn a_first_page_that_was_asked_for_before_tells_what_has_changed_since() {
    let server = with_sales(1).await;
    let beside = server.start_beside().await;
    for round in 0..4 {
        let id = format!("later_{round}");
        for asked in [&*server, &*beside] {
            assert_eq!(asked.sales("").await.len(), 1 + round);
            assert_eq!(asked.sales("status=Pending").await.len(), 1 + round);
        }
        // Told to one, asked of the other at once: nothing waits for a notice.
        let sale = beside.sale(&id, "sarah", json!({})).await.expect(201);
        for asked in [&*server, &*beside] {
            assert_eq!(asked.sales("").await[0]["id"], sale.json["id"]);
        }
    }
    let sale = server.sales("").await.remove(0);
    let id = sale["id"].as_str().expect("an id");
    let deny = format!("/api/v1/conversions/{id}/deny");
    beside
        .post(&deny, json!({"reason": "test"}))
        .await
        .expect(200);
    assert_eq!(server.sales("").await[0]["status"], "Denied");
    assert_eq!(server.sales("status=Pending").await.len(), 4);
    let affiliate = sale["affiliateId"].as_str().expect("an id");
    let renamed = json!({"name": "Sarah Berg"});
    server
        .patch(&format!("/api/v1/affiliates/{affiliate}"), renamed)
        .await
        .expect(200);
    assert_eq!(server.sales("").await[0]["affiliateName"], "Sarah Berg");
}
