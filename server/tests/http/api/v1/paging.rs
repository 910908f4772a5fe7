//! The three ways to page, which are the same for every list.

use serde_json::Value;

use super::refusal::{invalid, refused};
use crate::support::{Answer, TestServer};

fn ids(answer: &Answer) -> Vec<String> {
    let rows = answer.data().as_array().expect("a list");
    rows.iter()
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn page_offset_and_cursor_give_the_same_rows() {
    let server = TestServer::start().await;
    for number in 0..25 {
        server.affiliate(&format!("affiliate-{number}")).await;
    }
    let list = "/api/v1/affiliates";
    let all = ids(&server.get(&format!("{list}?limit=100")).await.expect(200));
    let mut newest_first = all.clone();
    newest_first.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!((all.len(), &all), (25, &newest_first));

    let first = server.get(list).await.expect(200);
    assert_eq!(ids(&first), all[..20], "20 when nothing is said");
    assert_eq!(first.json["meta"]["total"], 25);
    assert_eq!(first.json["meta"]["hasMore"], true);

    for query in [
        "page=3&pageSize=10",
        "page=3&limit=10",
        "offset=20&limit=10",
        "offset=20&page=9&limit=10",
    ] {
        let last = server.get(&format!("{list}?{query}")).await.expect(200);
        assert_eq!(ids(&last), all[20..], "{query}");
        let meta = &last.json["meta"];
        assert_eq!(
            (&meta["page"], &meta["pageSize"]),
            (&3.into(), &10.into()),
            "{query}"
        );
        assert_eq!(
            (&meta["hasMore"], &meta["nextCursor"]),
            (&false.into(), &Value::Null),
            "{query}"
        );
    }

    let (mut seen, mut path) = (Vec::new(), format!("{list}?limit=10"));
    loop {
        let page = server.get(&path).await.expect(200);
        seen.extend(ids(&page));
        let Some(next) = page.json["meta"]["nextCursor"].as_str() else {
            break;
        };
        path = format!("{list}?limit=10&cursor={next}");
    }
    assert_eq!(seen, all);

    let beyond = server.get(&format!("{list}?page=9")).await.expect(200);
    assert_eq!(
        (ids(&beyond).len(), &beyond.json["meta"]["total"]),
        (0, &25.into())
    );
}

#[tokio::test]
async fn sizes_and_places_outside_are_refused() {
    let server = TestServer::start().await;
    let program = server.default_campaign().await;
    for list in [
        "/api/v1/programs".to_owned(),
        "/api/v1/affiliates".to_owned(),
        format!("/api/v1/programs/{program}/affiliates"),
        format!("/api/v1/programs/{program}/coupons"),
        "/api/v1/connections".to_owned(),
        "/api/v1/api-keys".to_owned(),
    ] {
        for (name, values) in [
            ("limit", &["0", "101", "-1", "ten", "1.5"][..]),
            ("pageSize", &["0", "101"]),
            ("page", &["0", "-1", "one"]),
            ("offset", &["-1", "x"]),
        ] {
            for value in values {
                invalid(&server.get(&format!("{list}?{name}={value}")).await, name);
            }
        }
        invalid(
            &server.get(&format!("{list}?limit=5&limit=6")).await,
            "limit",
        );
        refused(
            &server.get(&format!("{list}?cursor=nonsense")).await,
            400,
            "BAD_REQUEST",
        );
        server.get(&format!("{list}?limit=100")).await.expect(200);
        server.get(&format!("{list}?limit=1")).await.expect(200);
    }
}

#[tokio::test]
async fn who_is_added_while_somebody_pages_pushes_nobody_out() {
    let server = TestServer::start().await;
    for number in 0..5 {
        server.affiliate(&format!("affiliate-{number}")).await;
    }
    let list = "/api/v1/affiliates";
    let all = ids(&server.get(list).await.expect(200));
    let first = server.get(&format!("{list}?limit=2")).await.expect(200);
    let cursor = first.json["meta"]["nextCursor"].as_str().expect("a cursor");
    server.affiliate("newcomer").await;
    let next = format!("{list}?limit=2&cursor={cursor}");
    let second = server.get(&next).await.expect(200);
    assert_eq!(
        (ids(&first), ids(&second)),
        (all[..2].to_vec(), all[2..4].to_vec())
    );
    let meta = &second.json["meta"];
    assert_eq!((&meta["page"], &meta["hasMore"]), (&2.into(), &true.into()));

    // It is good for this list only, and for this organization's.
    let stranger = server.second_organization().await;
    for answer in [
        server.get(&format!("{next}&status=approved")).await,
        server.get(&format!("{next}x")).await,
        stranger.get(&next).await,
    ] {
        refused(&answer, 400, "BAD_REQUEST");
    }
}
