//! The caller's id of a sale makes it one sale, whatever comes again and however often.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

fn without_deduped(answer: &Answer) -> (Value, Value) {
    let mut row = answer.json.clone();
    let deduped = row
        .as_object_mut()
        .expect("a row")
        .remove("deduped")
        .expect("deduped is said");
    (row, deduped)
}

#[tokio::test]
async fn a_replay_is_the_first_sale_whatever_it_says() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.affiliate("mia").await;
    let first = server
        .sale(
            "order-1",
            "sarah",
            json!({"customerEmail": "ann@example.com"}),
        )
        .await
        .expect(201);
    let (row, deduped) = without_deduped(&first);
    assert_eq!(deduped, json!(false));
    let replays = [
        json!({"customerEmail": "ann@example.com"}),
        json!({"amountCents": 9900}),
        json!({"amountCents": 1, "currency": "EUR"}),
        json!({"affiliateSlug": "mia"}),
        json!({"affiliateSlug": "nobody-at-all"}),
        json!({"occurredAt": "2020-01-01T00:00:00Z"}),
        json!({"occurredAt": "2999-01-01T00:00:00Z"}),
        json!({"campaignId": "01890000-0000-7000-8000-000000000000"}),
        json!({"type": "lead", "amountCents": 0, "occurredAt": "2020-01-01T00:00:00Z"}),
        json!({"type": "recurring", "subscriptionId": "sub_9", "metadata": {"other": true}}),
    ];
    for replay in replays {
        let again = server.sale("order-1", "sarah", replay.clone()).await;
        assert_eq!(again.status, 200, "{replay}: {}", again.text);
        assert_eq!(
            without_deduped(&again),
            (row.clone(), json!(true)),
            "{replay}"
        );
    }
    assert_eq!(server.sales("").await, [row]);
    assert_eq!(server.database().count("ledger_entry").await, 1);
}

#[tokio::test]
async fn fifty_parallel_calls_make_one_sale() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let calls = (0..50)
        .map(|number| server.sale("order-1", "sarah", json!({"amountCents": 1000 + number})));
    let answers = join_all(calls).await;
    let made: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .collect();
    assert_eq!(made.len(), 1, "exactly one call makes it");
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        49
    );
    let ids: BTreeSet<&str> = answers.iter().map(Answer::id).collect();
    let amounts: BTreeSet<String> = answers
        .iter()
        .map(|answer| answer.json["amountCents"].to_string())
        .collect();
    assert_eq!(
        (ids.len(), amounts.len()),
        (1, 1),
        "all are told of the same sale"
    );
    assert!(
        answers
            .iter()
            .all(|answer| answer.json["deduped"] == json!(answer.status == 200))
    );
    assert_eq!(server.sales("").await.len(), 1);
    assert_eq!(server.database().count("ledger_entry").await, 1);
    assert_eq!(
        server
            .database()
            .number("select sum(conversions)::bigint from conversion_day")
            .await,
        1
    );
}

#[tokio::test]
async fn parallel_calls_to_two_processes_make_one_sale() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let beside = server.start_beside().await;
    let to = |number: usize| {
        if number.is_multiple_of(2) {
            &*server
        } else {
            &*beside
        }
    };
    let calls = (0..40).map(|number| {
        let id = format!("order-{}", number % 4);
        async move { to(number).sale(&id, "sarah", json!({})).await }
    });
    let answers = join_all(calls).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        4
    );
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        36
    );
    assert_eq!(beside.sales("").await.len(), 4);
}

#[tokio::test]
async fn organizations_do_not_share_ids() {
    let server = TestServer::start().await;
    let other = server.second_organization().await;
    server.affiliate("sarah").await;
    other.affiliate("sarah").await;
    let ours = server.sale("order-1", "sarah", json!({})).await.expect(201);
    let theirs = other
        .sale("order-1", "sarah", json!({"amountCents": 100}))
        .await
        .expect(201);
    assert_ne!(ours.id(), theirs.id());
    assert_eq!(server.sales("").await.len(), 1);
    assert_eq!(other.sales("").await.len(), 1);
    assert_eq!(
        other.sale_of("order-1").await.expect("a sale")["amountCents"],
        100
    );
}
