//! What becomes of an event: always 200 once it is kept, and an outcome that says what happened.

use serde_json::{Value, json};

use super::{outcome, shop};
use crate::support::{
    TestServer, now,
    stripe::{Purchase, SHAPES, Shape, event, with},
};

async fn stored(server: &TestServer, external_id: &str) -> (String, String) {
    let row: (String, String) =
        sqlx::query_as("select outcome, detail from event where external_id = $1")
            .bind(external_id)
            .fetch_one(&server.database().pool)
            .await
            .expect("the event is kept");
    row
}

#[tokio::test]
async fn an_event_of_the_other_mode_is_kept_and_ignored() {
    let (server, _, connection) = shop().await;
    let live = server
        .connect_stripe_with("whsec_live_secret", json!({"mode": "live"}))
        .await;
    let purchase = Purchase::new("ann");
    let invoice = purchase.invoice_about(Shape::Basil, json!({"tributary_ref": "sarah"}));
    let in_test = purchase.event("invoice.paid", 1, invoice.clone());
    let in_live = with(
        purchase.event("invoice.paid", 2, invoice),
        json!({"livemode": true}),
    );
    assert_eq!(outcome(&server, &live, &in_test).await, "ignored");
    assert_eq!(outcome(&server, &connection, &in_live).await, "ignored");
    assert_eq!(
        (
            server.sales("").await.len(),
            server.database().count("event").await
        ),
        (0, 2)
    );
    assert_eq!(server.database().count("unattributed_payment").await, 0);
    let (_, why) = stored(&server, "evt_ann_1").await;
    assert!(why.contains("test") && why.contains("live"), "{why}");
    assert_eq!(
        outcome(&server, &live, &with(in_live, json!({"id": "evt_real"}))).await,
        "recorded"
    );
}

#[tokio::test]
async fn what_is_not_used_is_kept_and_ignored() {
    let (server, _, connection) = shop().await;
    let at = now();
    let kinds = [
        "invoice.created",
        "payment_intent.created",
        "v9.new.thing",
        "invoice.paid.extra",
        "INVOICE.PAID",
        "x",
    ];
    for (number, kind) in kinds.into_iter().enumerate() {
        let unknown = event(
            &format!("evt_{number}"),
            kind,
            at,
            json!({"id": "x_1", "object": "x"}),
        );
        assert_eq!(
            outcome(&server, &connection, &unknown).await,
            "ignored",
            "{kind}"
        );
        let (outcome, why) = stored(&server, &format!("evt_{number}")).await;
        assert!(outcome == "ignored" && why.contains(kind), "{why}");
    }
    let future = with(
        event("evt_v", "invoice.created", at, json!({})),
        json!({"api_version": "2099-01-01.tulip"}),
    );
    assert_eq!(outcome(&server, &connection, &future).await, "ignored");
    let thin = json!({"id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.error", "created": "2026-11-20T10:00:00.000Z", "livemode": false});
    assert_eq!(outcome(&server, &connection, &thin).await, "ignored");
    assert_eq!(server.database().count("conversion").await, 0);
}

#[tokio::test]
async fn nothing_paid_and_modes_that_sell_nothing_are_ignored_or_kept() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let free = with(
        purchase.invoice_about(Shape::Acacia, json!({"via": "sarah"})),
        json!({"amount_paid": 0, "amount_due": 0, "total": 0, "tax": 0, "total_excluding_tax": 0}),
    );
    let all_tax = with(
        purchase.invoice_about(Shape::Acacia, json!({"via": "sarah"})),
        json!({"id": "in_tax", "total_excluding_tax": 0}),
    );
    let setup = with(
        purchase.session("sarah"),
        json!({"mode": "setup", "payment_status": "no_payment_required"}),
    );
    for (number, (kind, object)) in (0_i64..).zip([
        ("invoice.paid", free),
        ("invoice.paid", all_tax),
        ("checkout.session.completed", setup),
    ]) {
        let said = outcome(&server, &connection, &purchase.event(kind, number, object)).await;
        assert!(
            ["ignored", "stored"].contains(&said.as_str()),
            "{kind}: {said}"
        );
    }
    assert_eq!(server.database().count("conversion").await, 0);
}

#[tokio::test]
async fn a_known_event_that_can_not_be_read_is_kept_as_failed_and_tried_again() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let invoice = purchase.invoice_about(Shape::Acacia, json!({"tributary_ref": "sarah"}));
    let session = purchase.one_off("sarah");
    let broken: Vec<(&str, Value)> = vec![
        (
            "invoice.paid",
            with(invoice.clone(), json!({"amount_paid": null})),
        ),
        (
            "invoice.paid",
            with(invoice.clone(), json!({"amount_paid": "4400"})),
        ),
        (
            "invoice.paid",
            with(invoice.clone(), json!({"amount_paid": 44.5})),
        ),
        (
            "invoice.paid",
            with(
                invoice.clone(),
                json!({"amount_paid": -4400, "total": 4400}),
            ),
        ),
        (
            "invoice.paid",
            with(invoice.clone(), json!({"currency": "doubloons"})),
        ),
        ("invoice.paid", with(invoice.clone(), json!({"id": null}))),
        (
            "invoice.paid",
            with(invoice.clone(), json!({"id": "x".repeat(300)})),
        ),
        (
            "invoice.paid",
            with(invoice.clone(), json!({"customer": 7})),
        ),
        (
            "invoice.paid",
            with(
                invoice.clone(),
                json!({"status_transitions": {"paid_at": "yesterday"}}),
            ),
        ),
        (
            "invoice.paid",
            with(
                invoice.clone(),
                json!({"amount_paid": i64::MAX, "total": i64::MAX, "total_excluding_tax": i64::MAX}),
            ),
        ),
        ("invoice.payment_succeeded", json!({})),
        ("invoice.payment_succeeded", json!([])),
        (
            "checkout.session.completed",
            with(session.clone(), json!({"mode": null})),
        ),
        (
            "checkout.session.completed",
            with(session, json!({"amount_total": "4400"})),
        ),
        ("customer.created", json!({"object": "customer"})),
        ("promotion_code.created", json!({"id": "promo_1"})),
    ];
    let count = i64::try_from(broken.len()).expect("few");
    for (number, (kind, object)) in (0_i64..).zip(broken) {
        let shown = object.to_string();
        let id = format!("evt_ann_{number}");
        assert_eq!(
            outcome(&server, &connection, &purchase.event(kind, number, object)).await,
            "failed",
            "{kind} {shown}"
        );
        let (outcome, why) = stored(&server, &id).await;
        assert!(outcome == "failed" && !why.is_empty(), "{why}");
    }
    let mut headless = purchase.event("invoice.paid", 99, invoice);
    headless.as_object_mut().expect("an object").remove("data");
    assert_eq!(outcome(&server, &connection, &headless).await, "failed");
    let due =
        "select count(*) from event where outcome = 'failed' and next_attempt_at > received_at";
    assert_eq!(
        server.database().number(due).await,
        count + 1,
        "all of them are tried again"
    );
    assert_eq!(server.database().count("conversion").await, 0);
}

#[tokio::test]
async fn a_row_tells_what_the_invoice_said() {
    for shape in SHAPES {
        let (server, _, connection) = shop().await;
        let purchase = Purchase::new("ann");
        let about = json!({"tributary_ref": "sarah"});
        let mut invoice = purchase.invoice_about(shape, about);
        invoice["metadata"] = json!({"order": "7"});
        assert_eq!(
            outcome(
                &server,
                &connection,
                &purchase.event("invoice.paid", 5, invoice)
            )
            .await,
            "recorded"
        );
        let row = server.sales("").await.remove(0);
        for (field, value) in [
            ("type", json!("Sale")),
            ("source", json!("Link")),
            ("attributionMethod", json!("link")),
            ("status", json!("Pending")),
            ("amountCents", json!(4400)),
            ("commissionCents", json!(800)),
            ("currency", json!("USD")),
            ("externalEventId", json!("in_ann")),
            ("processor", json!("stripe")),
            ("subscriptionId", json!("sub_ann")),
            ("customerId", json!("cus_ann")),
            ("invoiceId", json!("in_ann")),
            ("customerEmail", json!("ann@customers.example")),
            ("couponCode", Value::Null),
            ("metadata", json!({"order": "7"})),
            ("refundedCents", json!(0)),
        ] {
            assert_eq!(row[field], value, "{field}, {shape:?}");
        }
        let paid: chrono::DateTime<chrono::Utc> = row["occurredAt"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time");
        assert_eq!(
            paid.timestamp(),
            purchase.at,
            "when it was paid, not when the event came"
        );
    }
}

#[tokio::test]
async fn amounts_that_stripe_counts_differently_become_minor_units_of_iso() {
    let (server, _, connection) = shop().await;
    for (currency, stripe, iso) in [
        ("jpy", 4400, 4400),
        ("kwd", 4400, 4400),
        ("isk", 4400, 44),
        ("usd", 4400, 4400),
        ("krw", 4400, 4400),
    ] {
        let purchase = Purchase::new(currency);
        let changes = json!({"currency": currency, "amount_paid": stripe, "amount_due": stripe, "total": stripe, "tax": 0, "total_excluding_tax": stripe});
        let invoice = with(
            purchase.invoice_about(Shape::Acacia, json!({"ref": "sarah"})),
            changes,
        );
        assert_eq!(
            outcome(
                &server,
                &connection,
                &purchase.event("invoice.paid", 1, invoice)
            )
            .await,
            "recorded"
        );
        let row = server
            .sale_of(&format!("in_{currency}"))
            .await
            .expect("a sale");
        assert_eq!(
            (&row["amountCents"], &row["currency"]),
            (&json!(iso), &json!(currency.to_uppercase()))
        );
        let expected = if currency == "usd" { 880 } else { 0 };
        assert_eq!(
            row["commissionCents"], expected,
            "{currency}: another currency waits for its rate"
        );
    }
}
