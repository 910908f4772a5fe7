//! Refunds that no notification tells are found in Braintree's list of transactions, once each.

use serde_json::{Value, json};

use super::{DAY, held, outcome, pending, shop_with, stands};
use crate::support::{
    BraintreeStandIn, Connection, TestServer,
    braintree::{MERCHANT, PRIVATE, Subscriber, Transaction, notification},
    eventually, now,
};

async fn polled_shop() -> (TestServer, Connection, BraintreeStandIn) {
    polled_shop_with(&[]).await
}

/// A shop whose account is asked every second.
async fn polled_shop_with(
    variables: &[(&str, &str)],
) -> (TestServer, Connection, BraintreeStandIn) {
    let braintree = BraintreeStandIn::start().await;
    let base_url = braintree.base_url.clone();
    let mut all = vec![
        ("TRIBUTARY_BRAINTREE_API", base_url.as_str()),
        ("TRIBUTARY_RECONCILE_SECONDS", "1"),
    ];
    all.extend(variables);
    let (server, connection) = shop_with(&all).await;
    (server, connection, braintree)
}

/// Waits until the account was read once more from beginning to end.
async fn read_again(server: &TestServer) {
    // The first of two ends may be that of a reading that had begun before.
    for _ in 0..2 {
        let before = server.only_connection().await["lastReconciledAt"].clone();
        eventually("the list is read again", async || {
            (server.only_connection().await["lastReconciledAt"] != before).then_some(())
        })
        .await;
    }
}

async fn stands_at_last(server: &TestServer, id: &str, end: (String, i64, i64, bool)) {
    let mut last = None;
    let found = eventually("the refund is found", async || {
        last = Some(stands(server, id).await);
        (last.as_ref() == Some(&end)).then_some(())
    });
    found.await;
}

#[tokio::test]
async fn a_cards_refund_is_found_once_and_nothing_is_doubled() {
    let (server, connection, braintree) = polled_shop().await;
    let ann = Subscriber::new("ann");
    let sale = ann.sale("t1", 0).by("sarah");
    let paid = ann.charged(1, std::slice::from_ref(&sale));
    assert_eq!(outcome(&server, &connection, &paid).await, "recorded");
    let credit = sale.credit("r1_ann", "24.50", now());
    let of_others = Subscriber::new("ben")
        .sale("t9", 0)
        .credit("r9_ben", "1.00", now());
    let gift = Transaction {
        refunds: None,
        ..credit.clone()
    };
    let gift = Transaction {
        id: "gift".to_owned(),
        ..gift
    };
    braintree.account().transactions = vec![credit.clone(), of_others, gift, sale];
    stands_at_last(&server, "t1_ann", pending(2450, 490)).await;
    read_again(&server).await;
    let events = "select string_agg(external_id || ' ' || outcome, ', ' order by external_id) from event where kind = 'transaction_search'";
    let events = server.database().text(events).await;
    let told: Vec<&str> = events.split(", ").collect();
    assert_eq!(told.len(), 2, "{events}");
    assert!(
        told[0].starts_with("transaction_search:r1_ann:settled:") && told[0].ends_with("recorded")
    );
    assert!(
        told[1].starts_with("transaction_search:r9_ben:settled:") && told[1].ends_with("parked")
    );
    // What was found is in the inbox as a document, and can be taken in again.
    let list = server
        .get("/api/v1/events?type=transaction_search")
        .await
        .expect(200);
    let id = list.data()[1]["id"].as_str().expect("an id").to_owned();
    let event = server
        .get(&format!("/api/v1/events/{id}"))
        .await
        .expect(200);
    assert_eq!(event.data()["payloadEncoding"], "xml");
    assert!(
        event.data()["payload"]
            .as_str()
            .expect("text")
            .contains("<type>credit</type>")
    );
    let replayed = server
        .post(&format!("/api/v1/events/{id}/replay"), json!({}))
        .await
        .expect(200);
    assert_ne!(replayed.data()["outcome"], "failed", "{}", replayed.text);
    assert_eq!(stands(&server, "t1_ann").await, pending(2450, 490));
    let shown = server.only_connection().await;
    assert!(shown["lastReconciledAt"].is_string(), "{shown}");
    assert_eq!(shown["reconcileError"], Value::Null);
    let calls = braintree.account().calls.clone();
    let base = format!("/merchants/{MERCHANT}/transactions/");
    assert!(
        calls.iter().all(|(path, _)| path.starts_with(&base)),
        "{calls:?}"
    );
    assert!(!server.log().contains("hush"), "{}", server.log());
}

#[tokio::test]
async fn a_refund_of_unknown_amount_is_asked_for_by_its_id() {
    let (server, connection, braintree) = polled_shop().await;
    let ann = Subscriber::paid_at("ann", now() - 50 * DAY);
    let first = ann.sale("t1", 0).by("sarah");
    read_again(&server).await;
    // Made before what the list is asked for by now.
    let credit = first.credit("r1_ann", "49.00", ann.at + DAY);
    let list = [ann.sale("t2", 45 * DAY), first.refunded_by(&["r1_ann"])];
    let renewal = ann.charged(45 * DAY, &list);
    assert_eq!(outcome(&server, &connection, &renewal).await, "recorded");
    assert_eq!(stands(&server, "t1_ann").await, held());
    read_again(&server).await;
    assert!(braintree.asked("/r1_ann") > 0, "it is not there yet");
    assert_eq!(stands(&server, "t1_ann").await, held());
    let pending = credit.is("submitted_for_settlement", ann.at + DAY);
    braintree.account().transactions = vec![pending];
    let taken = ("refunded".to_owned(), 4900, 0, false);
    stands_at_last(&server, "t1_ann", taken).await;
    // Until it is settled it may fail, and is asked for.
    braintree.account().transactions = vec![credit.is("voided", ann.at + 2 * DAY)];
    let kept = ("approved".to_owned(), 0, 980, false);
    stands_at_last(&server, "t1_ann", kept).await;
    let asked = braintree.asked("/r1_ann");
    read_again(&server).await;
    assert!(
        braintree.asked("/r1_ann") <= asked + 1,
        "what is decided is not asked for"
    );
}

#[tokio::test]
async fn many_refunds_come_page_by_page_and_a_page_that_fails_loses_nothing() {
    let (server, connection, braintree) = polled_shop().await;
    let people: Vec<Subscriber> = (0..7)
        .map(|number| Subscriber::new(&format!("p{number}")))
        .collect();
    let mut credits = Vec::new();
    for one in &people {
        let sale = one.sale("t1", 0).by("sarah");
        credits.push(sale.credit(&one.id("r1"), "24.50", now()));
        assert_eq!(
            outcome(&server, &connection, &one.charged(1, &[sale])).await,
            "recorded"
        );
    }
    {
        let mut account = braintree.account();
        account.page = 3;
        account.breaks_at_pages = true;
        account.transactions = credits;
    }
    let error = eventually("the failure is told", async || {
        let shown = server.only_connection().await;
        shown["reconcileError"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(error, "Braintree answers 500");
    assert_eq!(stands(&server, "t1_p0").await, pending(0, 980));
    braintree.account().breaks_at_pages = false;
    for one in &people {
        stands_at_last(&server, &one.id("t1"), pending(2450, 490)).await;
    }
    eventually("it is well again", async || {
        let shown = server.only_connection().await;
        shown["reconcileError"].is_null().then_some(())
    })
    .await;
}

#[tokio::test]
async fn wrong_keys_and_unreadable_answers_are_told_and_keys_are_not() {
    let loud = [("RUST_LOG", "trace,sqlx=warn")];
    let (server, connection, braintree) = polled_shop_with(&loud).await;
    let told = async |part: &str| {
        eventually("the failure is told", async || {
            let shown = server.only_connection().await;
            let error = shown["reconcileError"].as_str()?;
            error.contains(part).then_some(())
        })
        .await;
    };
    let deep = "<a>".repeat(1000);
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><search-results/>";
    let large = "x".repeat(5 * 1024 * 1024);
    for (status, body, part) in [
        (403, "hush", "refuses the key pair (403)"),
        (200, "{}", "can't be read"),
        (404, "", "knows no merchant of this id"),
        (429, "", "answers 429"),
        (200, deep.as_str(), "can't be read"),
        (503, "<a/>", "answers 503"),
        (200, bomb, "can't be read"),
        (200, large.as_str(), "larger than 4 MiB"),
    ] {
        braintree.account().instead = Some((status, body.to_owned()));
        told(part).await;
    }
    braintree.account().instead = None;
    let path = format!("/api/v1/connections/{}", connection.id);
    let wrong = json!({"publicKey": "wrong_public_key", "privateKey": "hush_wrong_private"});
    server.patch(&path, wrong).await.expect(200);
    told("refuses the key pair (401)").await;
    let right = json!({"publicKey": "test_public_key_1", "privateKey": PRIVATE});
    server.patch(&path, right).await.expect(200);
    eventually("it is well again", async || {
        let shown = server.only_connection().await;
        shown["reconcileError"].is_null().then_some(())
    })
    .await;
    assert!(!server.log().contains("hush"), "a key is in the log");
}

#[tokio::test]
async fn a_refund_that_cannot_be_read_keeps_no_other_away() {
    let (server, connection, braintree) = polled_shop().await;
    let ann = Subscriber::new("ann");
    let sale = ann.sale("t1", 0).by("sarah");
    assert_eq!(
        outcome(
            &server,
            &connection,
            &ann.charged(1, std::slice::from_ref(&sale))
        )
        .await,
        "recorded"
    );
    let good = sale.credit("r1_ann", "24.50", now());
    let bad = sale.credit("r0_ann", "lots", now());
    let broken = sale.credit("r2_ann", "1.00", now()).is("", now());
    braintree.account().transactions = vec![bad, broken, good];
    stands_at_last(&server, "t1_ann", pending(2450, 490)).await;
    let failed = "select outcome || ' ' || detail from event where external_id like 'transaction_search:r0%'";
    let failed = server.database().text(failed).await;
    assert!(failed.starts_with("failed transaction.amount"), "{failed}");
    let problem = "a refund of the list can't be read: r2_ann: transaction.status is missing";
    eventually("it is told", async || {
        let shown = server.only_connection().await;
        (shown["reconcileError"] == problem && shown["lastReconciledAt"].is_string()).then_some(())
    })
    .await;
}

/// A sale of 50 days ago whose renewal tells that these refunds were made of it.
async fn announced(server: &TestServer, connection: &Connection, ids: &[&str]) -> Transaction {
    let ann = Subscriber::paid_at("ann", now() - 50 * DAY);
    let first = ann.sale("t1", 0).by("sarah");
    let list = [ann.sale("t2", 45 * DAY), first.refunded_by(ids)];
    let renewal = ann.charged(45 * DAY, &list);
    assert_eq!(outcome(server, connection, &renewal).await, "recorded");
    assert_eq!(stands(server, "t1_ann").await, held());
    first
}

async fn told_at_last(server: &TestServer, problem: &str) {
    eventually("it is told", async || {
        let shown = server.only_connection().await;
        let error = shown["reconcileError"].as_str()?;
        error.contains(problem).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_refund_told_through_a_removed_connection_is_asked_for_through_another() {
    let (server, connection, braintree) = polled_shop().await;
    read_again(&server).await;
    let first = announced(&server, &connection, &["r1_ann"]).await;
    let path = format!("/api/v1/connections/{}", connection.id);
    server.delete(&path).await.expect(200);
    let credit = first.credit("r1_ann", "24.50", first.created + DAY);
    braintree.account().transactions = vec![credit];
    server.connect_braintree().await;
    eventually("the refund is found", async || {
        let (_, back, due, is_held) = stands(&server, "t1_ann").await;
        ((back, due, is_held) == (2450, 490, false)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_cannot_be_asked_for_keeps_no_other_away_and_is_told() {
    let (server, connection, braintree) = polled_shop().await;
    read_again(&server).await;
    braintree.account().breaks_at = Some("r1_ann".to_owned());
    let first = announced(&server, &connection, &["r1_ann", "r2_ann", "r3_ann"]).await;
    // It is known of which sale it is, though it does not say so itself.
    let nameless = Transaction {
        refunds: None,
        ..first.credit("r3_ann", "24.50", first.created + DAY)
    };
    braintree.account().transactions = vec![nameless];
    eventually("the last one is found", async || {
        (stands(&server, "t1_ann").await.1 == 2450).then_some(())
    })
    .await;
    told_at_last(&server, "refund r1_ann: Braintree answers 500").await;
    told_at_last(&server, "Braintree has no refund r2_ann").await;
    read_again(&server).await;
}

#[tokio::test]
async fn that_a_refund_is_not_asked_for_any_more_is_told() {
    let (server, connection, braintree) = polled_shop().await;
    announced(&server, &connection, &["r1_ann"]).await;
    told_at_last(&server, "Braintree has no refund r1_ann").await;
    let older = "update refund set created_at = created_at - interval '30 days'";
    server.database().change(older).await;
    told_at_last(
        &server,
        "refund r1_ann: in 30 days its amount did not become known",
    )
    .await;
    let asked = braintree.asked("/r1_ann");
    read_again(&server).await;
    assert_eq!(braintree.asked("/r1_ann"), asked, "it is not asked for");
    assert_eq!(stands(&server, "t1_ann").await, held());
}

#[tokio::test]
async fn refunds_of_the_time_when_the_server_was_down_are_found_at_its_start() {
    let hourly = [("TRIBUTARY_RECONCILE_SECONDS", "3600")];
    let (mut server, connection, braintree) = polled_shop_with(&hourly).await;
    let ann = Subscriber::new("ann");
    let sale = ann.sale("t1", 0).by("sarah");
    assert_eq!(
        outcome(
            &server,
            &connection,
            &ann.charged(1, std::slice::from_ref(&sale))
        )
        .await,
        "recorded"
    );
    server.stop().await;
    braintree.account().transactions = vec![sale.credit("r1_ann", "49.00", now())];
    server.restart().await;
    let taken = ("refunded".to_owned(), 4900, 0, false);
    stands_at_last(&server, "t1_ann", taken).await;
    // A notification that comes later says nothing else.
    let failed = sale.credit("r1_ann", "49.00", now()).is("failed", now());
    let told = notification("refund_failed", now() + 60, &failed.xml());
    assert_eq!(outcome(&server, &connection, &told).await, "recorded");
    assert_eq!(stands(&server, "t1_ann").await, pending(0, 980));
}
