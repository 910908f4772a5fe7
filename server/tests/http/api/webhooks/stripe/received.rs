//! What is kept of an event, and that the same event again changes nothing.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;

use super::{SECRET, outcome, shop, tell};
use crate::support::{
    now, signature,
    stripe::{Purchase, Shape, with},
};

#[tokio::test]
async fn an_event_is_stored_as_it_was_received() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let event = purchase.event("invoice.paid", 1, purchase.invoice(Shape::Acacia));
    // Blanks, order and escapes are Stripe's own.
    let body = format!(
        "{}\n ",
        serde_json::to_string_pretty(&event)
            .expect("JSON")
            .replace("Ann", "\\u0041nn \u{1f4b6}")
    );
    let header = signature(SECRET, now(), body.as_bytes());
    let answer = server
        .deliver_bytes(&connection, body.clone(), Some(&header))
        .await
        .expect(200);
    let database = server.database();
    assert_eq!(
        database
            .text("select convert_from(payload, 'UTF8') from event")
            .await,
        body
    );
    assert_eq!(
        database.text("select event_id::text from event").await,
        answer.word("eventId")
    );
    assert_eq!(
        database
            .text("select external_id || ' ' || kind from event")
            .await,
        "evt_ann_1 invoice.paid"
    );
    assert_eq!(
        database
            .number("select extract(epoch from occurred_at)::bigint from event")
            .await,
        purchase.at + 1
    );
}

#[tokio::test]
async fn the_same_event_again_is_answered_with_the_first_and_changes_nothing() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let about = json!({"tributary_ref": "sarah"});
    let event = purchase.event(
        "invoice.paid",
        1,
        purchase.invoice_about(Shape::Basil, about),
    );
    let first = server.deliver(&connection, &event).await.expect(200);
    assert_eq!(first.word("outcome"), "recorded");
    let row = server.sales("").await;
    for _ in 0..3 {
        let again = server.deliver(&connection, &event).await.expect(200);
        assert_eq!(
            (again.word("eventId"), again.word("outcome")),
            (first.word("eventId"), first.word("outcome"))
        );
    }
    // Its body is not looked at again either: the id decides.
    let mut forged = event.clone();
    forged["data"]["object"]["id"] = json!("in_other");
    let again = server.deliver(&connection, &forged).await.expect(200);
    assert_eq!(again.word("eventId"), first.word("eventId"));
    assert_eq!(server.sales("").await, row);
    for (table, rows) in [
        ("event", 1),
        ("conversion", 1),
        ("ledger_entry", 1),
        ("customer", 1),
    ] {
        assert_eq!(server.database().count(table).await, rows, "{table}");
    }
    assert_eq!(
        server
            .database()
            .number("select sum(conversions)::bigint from conversion_day")
            .await,
        1
    );
}

#[tokio::test]
async fn parallel_deliveries_of_one_event_are_one_event() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let about = json!({"tributary_ref": "sarah"});
    let event = purchase.event(
        "invoice.paid",
        1,
        purchase.invoice_about(Shape::Basil, about),
    );
    let answers = join_all((0..30).map(|_| server.deliver(&connection, &event))).await;
    let ids: BTreeSet<&str> = answers
        .iter()
        .map(|answer| answer.word("eventId"))
        .collect();
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(
        (
            ids.len(),
            server.database().count("event").await,
            server.sales("").await.len()
        ),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn an_event_that_does_not_say_when_is_still_one_event() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let mut event = purchase.event("customer.subscription.paused", 1, json!({"id": "sub_1"}));
    event.as_object_mut().expect("an object").remove("created");
    let first = server.deliver(&connection, &event).await.expect(200);
    let again = server.deliver(&connection, &event).await.expect(200);
    assert_eq!(first.word("eventId"), again.word("eventId"));
    assert_eq!(server.database().count("event").await, 1);
}

#[tokio::test]
async fn the_same_event_at_two_connections_is_two_events_and_one_sale() {
    let (server, _, connection) = shop().await;
    let second = server.connect_stripe("whsec_second_endpoint").await;
    let purchase = Purchase::new("ann");
    let about = json!({"tributary_ref": "sarah"});
    let event = purchase.event(
        "invoice.paid",
        1,
        purchase.invoice_about(Shape::Basil, about),
    );
    assert_eq!(outcome(&server, &connection, &event).await, "recorded");
    assert_eq!(outcome(&server, &second, &event).await, "deduped");
    assert_eq!(
        (
            server.database().count("event").await,
            server.sales("").await.len()
        ),
        (2, 1)
    );
}

#[tokio::test]
async fn a_sale_told_by_the_merchants_server_is_not_recorded_again_by_stripe() {
    let (server, _, connection) = shop().await;
    server.affiliate("mia").await;
    let told = server.sale("in_ann", "mia", json!({})).await.expect(201);
    let purchase = Purchase::new("ann");
    let about = json!({"tributary_ref": "sarah"});
    let event = purchase.event(
        "invoice.paid",
        1,
        purchase.invoice_about(Shape::Basil, about),
    );
    assert_eq!(outcome(&server, &connection, &event).await, "deduped");
    let again = server.sale("in_ann", "sarah", json!({})).await.expect(200);
    assert_eq!(again.id(), told.id());
    let sales = server.sales("").await;
    assert_eq!(
        (sales.len(), &sales[0]["affiliateSlug"]),
        (1, &json!("mia"))
    );
}

#[tokio::test]
async fn organizations_do_not_share_what_stripe_calls_the_same() {
    let (server, _, connection) = shop().await;
    let other = server.second_organization().await;
    other.affiliate("mia").await;
    let theirs = other.connect_stripe(SECRET).await;
    let purchase = Purchase::new("ann");
    tell(
        &server,
        &connection,
        &[purchase.event("checkout.session.completed", 1, purchase.session("sarah"))],
    )
    .await;
    let paid = purchase.event("invoice.paid", 2, purchase.invoice(Shape::Basil));
    assert_eq!(
        outcome(&other, &theirs, &paid).await,
        "unattributed",
        "our session says nothing to them"
    );
    assert_eq!(outcome(&server, &connection, &paid).await, "recorded");
    let session = with(purchase.session("mia"), json!({"id": "cs_other"}));
    assert_eq!(
        outcome(
            &other,
            &theirs,
            &purchase.event("checkout.session.completed", 3, session)
        )
        .await,
        "recorded"
    );
    let (ours, theirs) = (server.sales("").await, other.sales("").await);
    assert_eq!((ours.len(), theirs.len()), (1, 1));
    assert_eq!(
        (&ours[0]["affiliateSlug"], &theirs[0]["affiliateSlug"]),
        (&json!("sarah"), &json!("mia"))
    );
}
