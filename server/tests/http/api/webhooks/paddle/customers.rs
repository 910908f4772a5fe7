//! Who is credited: by custom data, by a discount's code, by who the customer is; in every order.

use serde_json::{Value, json};

use super::{credit, orders, shop, tell};
use crate::support::{
    TestServer,
    paddle::{Purchase, discount, event},
    stripe::with,
};

const SALE: &str = "transaction.completed";

async fn sale(server: &TestServer, purchase: &Purchase, number: i64) -> Value {
    let id = purchase.transaction_id(number);
    let found = server.sale_of(&id).await;
    found.unwrap_or_else(|| panic!("no sale {id}"))
}

/// Told in this order, and then once more.
fn in_order(events: &[Value], order: &[usize]) -> Vec<Value> {
    let told = order.iter().map(|step| events[*step].clone());
    told.chain(events.iter().cloned()).collect()
}

#[tokio::test]
async fn an_e_mail_of_a_lead_matches_whenever_the_customer_is_told() {
    let (server, _, connection) = shop().await;
    for (number, order) in orders(2).into_iter().enumerate() {
        for lead_first in [true, false] {
            let purchase = Purchase::new(&format!("p{number}{lead_first}"));
            let lead = json!({"email": purchase.email().to_uppercase(), "affiliateSlug": "sarah"});
            let events = [
                purchase.event("customer.created", 1, purchase.customer(Value::Null)),
                purchase.event(SALE, 2, purchase.transaction(0, Value::Null)),
            ];
            if lead_first {
                server
                    .post("/api/tracking/lead", lead.clone())
                    .await
                    .expect(201);
            }
            tell(&server, &connection, &in_order(&events, &order)).await;
            if !lead_first {
                server.post("/api/tracking/lead", lead).await.expect(201);
            }
            let sale = sale(&server, &purchase, 0).await;
            let case = format!("{order:?}, lead first: {lead_first}");
            assert_eq!(credit(&sale), ("sarah", "Customer match", "Sale"), "{case}");
            assert_eq!(sale["customerEmail"], json!(purchase.email()), "{case}");
        }
    }
}

#[tokio::test]
async fn custom_data_of_the_customer_names_the_affiliate_in_every_order() {
    let (server, _, connection) = shop().await;
    for (number, order) in orders(2).into_iter().enumerate() {
        let purchase = Purchase::new(&format!("p{number}"));
        let named = purchase.customer(json!({"tributary_ref": "sarah"}));
        let events = [
            purchase.event("customer.created", 1, named),
            purchase.event(SALE, 2, purchase.transaction(0, Value::Null)),
        ];
        tell(&server, &connection, &in_order(&events, &order)).await;
        let sale = sale(&server, &purchase, 0).await;
        assert_eq!(credit(&sale), ("sarah", "Link", "Sale"), "{order:?}");
    }
    assert_eq!(server.sales("type=Lead").await.len(), 2);
}

#[tokio::test]
async fn a_sale_shows_an_e_mail_that_came_later() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let named = json!({"tributary_ref": "sarah"});
    let events = [
        purchase.event(SALE, 2, purchase.transaction(0, named)),
        purchase.event("customer.created", 1, purchase.customer(Value::Null)),
    ];
    tell(&server, &connection, &events).await;
    let first = sale(&server, &purchase, 0).await;
    assert_eq!(first["customerEmail"], json!("ann@customers.example"));
    // And the next purchase under another id with the same e-mail is matched by it.
    let other = Purchase::new("other");
    let same = with(
        other.customer(Value::Null),
        json!({"email": purchase.email()}),
    );
    let events = [
        other.event("customer.created", 1, same),
        other.event(SALE, 2, other.transaction(0, Value::Null)),
    ];
    tell(&server, &connection, &events).await;
    let second = sale(&server, &other, 0).await;
    assert_eq!(credit(&second), ("sarah", "Customer match", "Sale"));
}

#[tokio::test]
async fn a_discounts_code_names_the_affiliate_in_every_order() {
    let (server, sarah, connection) = shop().await;
    server.coupon(&sarah, "BYCODE", None).await;
    server.coupon(&sarah, "BYID", Some("dsc_by_id")).await;
    for (number, order) in orders(2).into_iter().enumerate() {
        for (id, code) in [
            (format!("dsc_{number}"), "BYCODE"),
            ("dsc_by_id".to_owned(), "BYID"),
        ] {
            let purchase = Purchase::new(&format!("{}{number}", code.to_lowercase()));
            let words = discount(&id, &code.to_lowercase());
            let named = json!({"discount_id": id});
            let sold = with(purchase.transaction(0, Value::Null), named);
            let told = format!("evt_{id}_{number}");
            let events = [
                event(&told, "discount.created", purchase.at, words),
                purchase.event(SALE, 2, sold),
            ];
            tell(&server, &connection, &in_order(&events, &order)).await;
            let sale = sale(&server, &purchase, 0).await;
            assert_eq!(
                credit(&sale),
                ("sarah", "Coupon", "Sale"),
                "{code} {order:?}"
            );
            assert_eq!(sale["couponCode"], code);
        }
    }
}

#[tokio::test]
async fn a_renewal_stays_with_the_affiliate_and_is_recurring_in_every_order() {
    let (server, _, connection) = shop().await;
    for (number, order) in orders(3).into_iter().enumerate() {
        let purchase = Purchase::new(&format!("p{number}"));
        let named = json!({"tributary_ref": "sarah"});
        let events = [
            purchase.event(
                "subscription.created",
                1,
                purchase.subscription("active", named),
            ),
            purchase.event(SALE, 2, purchase.transaction(0, Value::Null)),
            purchase.event(SALE, 3, purchase.transaction(1, Value::Null)),
        ];
        tell(&server, &connection, &in_order(&events, &order)).await;
        for (payment, kind) in [(0, "Sale"), (1, "Recurring")] {
            let sale = sale(&server, &purchase, payment).await;
            let (slug, _, found) = credit(&sale);
            assert_eq!((slug, found), ("sarah", kind), "{order:?}");
        }
    }
    assert_eq!(server.database().count("unattributed_payment").await, 0);
}

#[tokio::test]
async fn clues_of_a_subscription_reach_the_transaction_that_made_it() {
    let (server, _, connection) = shop().await;
    for (number, order) in orders(2).into_iter().enumerate() {
        let purchase = Purchase::new(&format!("p{number}"));
        let named = json!({"via": "sarah"});
        let alone = json!({"subscription_id": null});
        let sold = with(purchase.transaction(0, Value::Null), alone);
        let events = [
            purchase.event(
                "subscription.created",
                1,
                purchase.subscription("active", named),
            ),
            purchase.event(SALE, 2, sold),
        ];
        tell(&server, &connection, &in_order(&events, &order)).await;
        let sale = sale(&server, &purchase, 0).await;
        assert_eq!(credit(&sale), ("sarah", "Link", "Sale"), "{order:?}");
    }
}

#[tokio::test]
async fn trials_and_free_checkouts_are_one_lead_and_the_first_payment_the_sale() {
    let (server, _, connection) = shop().await;
    for (number, order) in orders(3).into_iter().enumerate() {
        let purchase = Purchase::new(&format!("p{number}"));
        let named = json!({"tributary_ref": "sarah"});
        let nothing = purchase.transaction_over(0, 0, 0, named.clone());
        let events = [
            purchase.event(
                "subscription.created",
                1,
                purchase.subscription("trialing", named),
            ),
            purchase.event(SALE, 2, nothing),
            purchase.event(
                "subscription.trialing",
                3,
                purchase.subscription("trialing", Value::Null),
            ),
        ];
        tell(&server, &connection, &in_order(&events, &order)).await;
        let paid = purchase.event(SALE, 60, purchase.transaction(1, Value::Null));
        assert_eq!(tell(&server, &connection, &[paid]).await, ["recorded"]);
        let sale = sale(&server, &purchase, 1).await;
        let (slug, _, kind) = credit(&sale);
        assert_eq!((slug, kind), ("sarah", "Sale"), "{order:?}");
        let leads = server.sales("type=Lead").await;
        assert_eq!(leads.len(), number + 1, "{order:?}");
        assert_eq!(leads[0]["status"], "Approved");
    }
}

#[tokio::test]
async fn what_was_imported_pays_nothing() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let named = json!({"tributary_ref": "sarah"});
    let import = json!({"import_meta": {"imported_from": "billing_platform"}});
    let events = [
        purchase.event(
            "customer.imported",
            1,
            with(purchase.customer(named.clone()), import.clone()),
        ),
        purchase.event(
            "subscription.imported",
            2,
            with(purchase.subscription("active", named.clone()), import),
        ),
        purchase.event(
            SALE,
            3,
            with(purchase.transaction(0, named), json!({"origin": "import"})),
        ),
    ];
    let outcomes = tell(&server, &connection, &events).await;
    assert_eq!(outcomes, ["stored", "ignored", "ignored"]);
    assert_eq!(server.database().count("conversion").await, 0);
}

#[tokio::test]
async fn what_can_not_be_read_is_kept_as_failed_and_tried_again() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let sold = purchase.transaction(0, json!({"via": "sarah"}));
    let broken = [
        (
            "transaction.completed",
            with(sold.clone(), json!({"details": null})),
        ),
        (
            "transaction.completed",
            with(sold.clone(), json!({"currency_code": "doubloons"})),
        ),
        (
            "transaction.completed",
            with(sold, json!({"id": "x".repeat(300)})),
        ),
        (
            "adjustment.created",
            with(
                purchase.adjustment("a", ("refund", "approved"), 1100),
                json!({"transaction_id": null}),
            ),
        ),
        (
            "customer.created",
            json!({"email": "ann@customers.example"}),
        ),
        ("discount.created", json!({"id": "dsc_1", "code": 5})),
        ("subscription.canceled", json!([])),
    ];
    for (number, (kind, data)) in (0..).zip(broken) {
        let event = purchase.event(kind, number, data);
        assert_eq!(
            tell(&server, &connection, &[event]).await,
            ["failed"],
            "{kind}"
        );
    }
    let due =
        "select count(*) from event where outcome = 'failed' and next_attempt_at > received_at";
    assert_eq!(server.database().number(due).await, 7);
    let named = "select count(*) from event where detail like '%.%is missing'";
    assert_eq!(server.database().number(named).await, 4);
}
