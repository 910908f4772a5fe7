//! Later payments, trials and one-off checkouts.

use serde_json::{Value, json};

use super::{credit, orders, outcome, shop, tell};
use crate::support::{
    Connection, TestServer,
    stripe::{Purchase, SHAPES, Shape, discount, with},
};

#[tokio::test]
async fn a_renewal_stays_with_the_subscriptions_affiliate() {
    let (server, _, connection) = shop().await;
    let mia = server.affiliate("mia").await;
    server.coupon(&mia, "MIA20", Some("promo_mia")).await;
    for shape in SHAPES {
        let purchase = Purchase::new(&format!("p{shape:?}"));
        let about = json!({"tributary_ref": "sarah"});
        let renewal = |number| purchase.renewal(shape, number);
        let by_coupon = with(renewal(2), json!({"discounts": [discount("promo_mia")]}));
        let by_link = with(renewal(3), json!({"metadata": {"tributary_ref": "mia"}}));
        let events = [
            purchase.event("invoice.paid", 1, purchase.invoice_about(shape, about)),
            purchase.event("invoice.paid", 2, renewal(1)),
            purchase.event("invoice.paid", 3, by_coupon),
            purchase.event("invoice.paid", 4, by_link),
        ];
        assert_eq!(tell(&server, &connection, &events).await, ["recorded"; 4]);
        let first = server.sale_of(&purchase.id("in")).await.expect("the first");
        assert_eq!(credit(&first), ("sarah", "Link", "Sale"));
        for number in 1..=3 {
            let later = server
                .sale_of(&format!("{}_{number}", purchase.id("in")))
                .await
                .expect("a renewal");
            assert_eq!(
                credit(&later),
                ("sarah", "Customer match", "Recurring"),
                "{shape:?} {number}"
            );
            assert_eq!(
                (&later["couponCode"], &later["commissionCents"]),
                (&Value::Null, &json!(800))
            );
        }
    }
}

/// A checkout, its first invoice and a renewal, told in this order: the first and the later payment.
async fn two_payments(
    (server, connection): (&TestServer, &Connection),
    slug: &str,
    order: &[usize],
) -> (Option<Value>, Option<Value>) {
    let purchase = Purchase::new(&format!("p{order:?}").replace(['[', ']', ',', ' '], ""));
    let events = [
        purchase.event("checkout.session.completed", 0, purchase.session(slug)),
        purchase.event("invoice.paid", 1, purchase.invoice(Shape::Basil)),
        purchase.event("invoice.paid", 2, purchase.renewal(Shape::Basil, 1)),
    ];
    for step in order {
        outcome(server, connection, &events[*step]).await;
    }
    let first = server.sale_of(&purchase.id("in")).await;
    let later = format!("{}_1", purchase.id("in"));
    (first, server.sale_of(&later).await)
}

fn word(row: Option<&Value>, name: &str) -> Value {
    row.map_or(Value::Null, |row| row[name].clone())
}

#[tokio::test]
async fn the_first_payment_is_the_sale_and_the_renewal_recurring_in_every_order() {
    let (server, _, connection) = shop().await;
    for order in orders(3) {
        let (first, later) = two_payments((&server, &connection), "sarah", &order).await;
        for (row, kind) in [(first, "Sale"), (later, "Recurring")] {
            let row = row.as_ref();
            assert_eq!(
                (word(row, "affiliateSlug"), word(row, "type")),
                (json!("sarah"), json!(kind)),
                "{order:?}"
            );
        }
    }
}

async fn pays_once() -> (TestServer, Connection) {
    let (server, ..) = shop().await;
    let terms = json!({"name": "Once", "commissionType": "one_time", "commissionPercent": 20});
    let campaign = server.campaign(terms).await;
    let primary = json!({"programId": campaign});
    server.affiliate_named("Mia", "mia", primary).await;
    let connection = server.connect_stripe("whsec_of_once").await;
    (server, connection)
}

/// What is due for the first and for the later payment; nothing where there is no row.
async fn dues(server: &TestServer, connection: &Connection, order: &[usize]) -> (Value, Value) {
    let (first, later) = two_payments((server, connection), "mia", order).await;
    let due = |row: Option<Value>| row.map_or(json!(0), |row| row["commissionCents"].clone());
    (due(first), due(later))
}

#[tokio::test]
async fn a_one_time_plan_pays_the_first_payment_in_every_order() {
    let (server, connection) = pays_once().await;
    for order in orders(3) {
        let dues = dues(&server, &connection, &order).await;
        assert_eq!(dues, (json!(800), json!(0)), "{order:?}");
    }
}

#[tokio::test]
async fn nobody_else_gets_the_subscription_of_a_paused_affiliate() {
    let (server, sarah, connection) = shop().await;
    server.affiliate("mia").await;
    let purchase = Purchase::new("ann");
    let first = purchase.invoice_about(Shape::Basil, json!({"tributary_ref": "sarah"}));
    tell(
        &server,
        &connection,
        &[purchase.event("invoice.paid", 1, first)],
    )
    .await;
    server
        .patch(
            &format!("/api/v1/affiliates/{}", sarah.id),
            json!({"status": "paused"}),
        )
        .await
        .expect(200);
    let renewal = with(
        purchase.renewal(Shape::Basil, 1),
        json!({"metadata": {"tributary_ref": "mia"}}),
    );
    assert_eq!(
        outcome(
            &server,
            &connection,
            &purchase.event("invoice.paid", 2, renewal)
        )
        .await,
        "unattributed"
    );
    assert_eq!(server.sales("").await.len(), 1);
}

#[tokio::test]
async fn a_one_off_checkout_without_invoice_is_a_sale_by_its_payment_intent() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let completed = purchase.event("checkout.session.completed", 1, purchase.one_off("sarah"));
    assert_eq!(outcome(&server, &connection, &completed).await, "recorded");
    let sale = server.sale_of("pi_ann").await.expect("a sale");
    assert_eq!(credit(&sale), ("sarah", "Link", "Sale"));
    assert_eq!(
        (
            &sale["amountCents"],
            &sale["commissionCents"],
            &sale["invoiceId"]
        ),
        (&json!(4400), &json!(800), &Value::Null)
    );
    let twice = purchase.event(
        "checkout.session.async_payment_succeeded",
        2,
        purchase.one_off("sarah"),
    );
    assert_eq!(outcome(&server, &connection, &twice).await, "deduped");
    let bare = with(
        purchase.one_off("sarah"),
        json!({"id": "cs_bare", "payment_intent": null}),
    );
    assert_eq!(
        outcome(
            &server,
            &connection,
            &purchase.event("checkout.session.completed", 3, bare)
        )
        .await,
        "recorded"
    );
    assert!(
        server.sale_of("cs_bare").await.is_some(),
        "else by its session"
    );
    assert_eq!(server.sales("").await.len(), 2);
}

#[tokio::test]
async fn a_one_off_checkout_with_an_invoice_is_the_invoices_sale_in_every_order() {
    let (server, _, connection) = shop().await;
    let orders = [(true, true), (true, false), (false, true), (false, false)];
    for (session_first, is_named) in orders {
        let purchase = Purchase::new(&format!("p{session_first}{is_named}"));
        let invoice_of_session = if is_named {
            json!({"invoice": purchase.id("in")})
        } else {
            json!({"invoice": null, "invoice_creation": {"enabled": true}})
        };
        let session = with(purchase.one_off("sarah"), invoice_of_session);
        let invoice = with(
            purchase.invoice(Shape::Acacia),
            json!({"subscription": null, "payment_intent": purchase.id("pi"), "lines": {"data": []}, "billing_reason": "manual"}),
        );
        let session = purchase.event("checkout.session.completed", 1, session);
        let paid = purchase.event("invoice.paid", 2, invoice);
        tell(
            &server,
            &connection,
            &if session_first {
                [session, paid]
            } else {
                [paid, session]
            },
        )
        .await;
        let sale = server.sale_of(&purchase.id("in")).await.expect("a sale");
        assert_eq!(credit(&sale), ("sarah", "Link", "Sale"));
    }
    assert_eq!(server.sales("").await.len(), orders.len());
}

#[tokio::test]
async fn a_slow_payment_is_a_sale_when_it_has_arrived() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let unpaid = with(
        purchase.one_off("sarah"),
        json!({"payment_status": "unpaid"}),
    );
    let said = outcome(
        &server,
        &connection,
        &purchase.event("checkout.session.completed", 1, unpaid.clone()),
    )
    .await;
    assert_eq!(said, "stored");
    assert_eq!(server.sales("").await.len(), 0, "nothing was paid yet");
    let paid = purchase.event(
        "checkout.session.async_payment_succeeded",
        2,
        purchase.one_off("sarah"),
    );
    assert_eq!(outcome(&server, &connection, &paid).await, "recorded");
    outcome(
        &server,
        &connection,
        &purchase.event("checkout.session.completed", 3, unpaid),
    )
    .await;
    let sales = server.sales("").await;
    assert_eq!(
        (sales.len(), &sales[0]["externalEventId"]),
        (1, &json!("pi_ann"))
    );
}

#[tokio::test]
async fn a_trial_is_a_lead_and_its_first_payment_a_sale_of_the_same_affiliate() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let trial = with(
        purchase.session("sarah"),
        json!({"payment_status": "no_payment_required", "amount_total": 0, "invoice": "in_trial"}),
    );
    assert_eq!(
        outcome(
            &server,
            &connection,
            &purchase.event("checkout.session.completed", 1, trial)
        )
        .await,
        "recorded"
    );
    let lead = server.sales("").await.remove(0);
    assert_eq!(
        (credit(&lead), &lead["status"]),
        (("sarah", "Lead", "Lead"), &json!("Approved"))
    );
    let first = with(purchase.renewal(Shape::Basil, 1), json!({}));
    assert_eq!(
        outcome(
            &server,
            &connection,
            &purchase.event("invoice.paid", 2, first)
        )
        .await,
        "recorded"
    );
    let sale = server.sale_of("in_ann_1").await.expect("a sale");
    assert_eq!(
        (&sale["affiliateSlug"], &sale["type"]),
        (&json!("sarah"), &json!("Sale")),
        "the first paid one, whatever its billing_reason"
    );
}

#[tokio::test]
async fn a_lead_from_the_site_is_credited_when_the_customer_pays() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let lead = json!({"email": purchase.email().to_uppercase(), "affiliateSlug": "sarah"});
    server.post("/api/tracking/lead", lead).await.expect(201);
    assert_eq!(
        outcome(
            &server,
            &connection,
            &purchase.event("invoice.paid", 1, purchase.invoice(Shape::Acacia))
        )
        .await,
        "recorded"
    );
    let sale = server.sale_of("in_ann").await.expect("a sale");
    assert_eq!(credit(&sale), ("sarah", "Customer match", "Sale"));
}

#[tokio::test]
async fn a_customer_credited_before_is_matched_by_his_id_then_by_his_email() {
    let (server, _, connection) = shop().await;
    let ann = Purchase::new("ann");
    tell(
        &server,
        &connection,
        &[ann.event("checkout.session.completed", 1, ann.one_off("sarah"))],
    )
    .await;
    let other = Purchase::new("other");
    let by_id = with(
        other.invoice(Shape::Basil),
        json!({"customer": "cus_ann", "customer_email": null}),
    );
    let by_email = with(
        other.invoice(Shape::Basil),
        json!({"id": "in_mail", "customer": "cus_9", "customer_email": " Ann@Customers.example"}),
    );
    let by_email = with(by_email, json!({"parent": null, "lines": {"data": []}}));
    let by_id = with(by_id, json!({"parent": null, "lines": {"data": []}}));
    let events = [
        ann.event("invoice.paid", 2, by_id),
        ann.event("invoice.paid", 3, by_email),
    ];
    assert_eq!(tell(&server, &connection, &events).await, ["recorded"; 2]);
    for id in ["in_other", "in_mail"] {
        assert_eq!(
            credit(&server.sale_of(id).await.expect("a sale")),
            ("sarah", "Customer match", "Sale"),
            "{id}"
        );
    }
}
