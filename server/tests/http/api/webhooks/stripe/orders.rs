//! The events of one checkout come in any order, more than once and in any version's shape: they are
//! one sale, of the same affiliate, by the same rule.

use serde_json::{Value, json};

use super::{credit, orders, outcome, shop, tell};
use crate::support::stripe::{Purchase, SHAPES, Shape, discount, event, promotion_code, with};

#[test]
fn four_things_have_24_orders() {
    let mut all = orders(4);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 24);
}

#[tokio::test]
async fn every_order_and_shape_of_a_checkouts_events_is_one_sale() {
    let (server, _, connection) = shop().await;
    for shape in SHAPES {
        for order in orders(3) {
            let name = format!("{shape:?}{order:?}")
                .replace(['[', ']', ',', ' '], "")
                .to_lowercase();
            let purchase = Purchase::new(&name);
            let events = [
                purchase.event("invoice.paid", 1, purchase.invoice(shape)),
                purchase.event("invoice.payment_succeeded", 2, purchase.invoice(shape)),
                purchase.event("checkout.session.completed", 3, purchase.session("sarah")),
            ];
            for step in &order {
                tell(&server, &connection, &events[*step..=*step]).await;
            }
            let sale = server
                .sale_of(&purchase.id("in"))
                .await
                .unwrap_or_else(|| panic!("no sale: {name}"));
            assert_eq!(credit(&sale), ("sarah", "Link", "Sale"), "{name}");
            assert_eq!(
                (&sale["amountCents"], &sale["commissionCents"]),
                (&json!(4400), &json!(800)),
                "{name}"
            );
            // And once more, all of them.
            tell(&server, &connection, &events).await;
        }
    }
    assert_eq!(server.sales("").await.len(), 18);
    assert_eq!(server.database().count("ledger_entry").await, 18);
    assert_eq!(server.database().count("unattributed_payment").await, 0);
}

#[tokio::test]
async fn every_event_of_a_payment_that_waited_says_what_came_of_it() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let events = [
        purchase.event("invoice.paid", 1, purchase.invoice(Shape::Basil)),
        purchase.event(
            "invoice.payment_succeeded",
            2,
            purchase.invoice(Shape::Basil),
        ),
        purchase.event("checkout.session.completed", 3, purchase.session("sarah")),
    ];
    tell(&server, &connection, &events).await;
    assert_eq!(server.sales("").await.len(), 1);
    let open = "select count(*) from event where outcome = 'unattributed'";
    assert_eq!(server.database().number(open).await, 0);
}

#[tokio::test]
async fn old_and_new_shapes_of_one_invoice_are_one_sale() {
    let (server, _, connection) = shop().await;
    for (number, (first, second)) in [
        (Shape::Acacia, Shape::Basil),
        (Shape::Basil, Shape::Of2020),
        (Shape::Of2020, Shape::Acacia),
    ]
    .into_iter()
    .enumerate()
    {
        let purchase = Purchase::new(&format!("p{number}"));
        let about = json!({"tributary_ref": "sarah"});
        let events = [
            purchase.event(
                "invoice.payment_succeeded",
                1,
                purchase.invoice_about(first, about.clone()),
            ),
            purchase.event("invoice.paid", 2, purchase.invoice_about(second, about)),
        ];
        assert_eq!(
            tell(&server, &connection, &events).await,
            ["recorded", "deduped"]
        );
    }
    assert_eq!(server.sales("").await.len(), 3);
}

#[tokio::test]
async fn an_invoice_alone_waits_until_its_session_says_who_brought_the_customer() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let paid = purchase.event("invoice.paid", 1, purchase.invoice(Shape::Basil));
    assert_eq!(outcome(&server, &connection, &paid).await, "unattributed");
    assert_eq!(
        (
            server.sales("").await.len(),
            server.database().count("unattributed_payment").await
        ),
        (0, 1)
    );
    let nobody = purchase.event("checkout.session.completed", 2, purchase.session("nobody"));
    outcome(&server, &connection, &nobody).await;
    assert_eq!(server.sales("").await.len(), 0, "that was nobody's code");
    let session = with(purchase.session("sarah"), json!({"id": "cs_again"}));
    assert_eq!(
        outcome(
            &server,
            &connection,
            &purchase.event("checkout.session.completed", 3, session)
        )
        .await,
        "recorded"
    );
    let sale = server.sales("").await.remove(0);
    assert_eq!(credit(&sale), ("sarah", "Link", "Sale"));
    assert_eq!(server.database().count("unattributed_payment").await, 0);
    let settled = server
        .database()
        .text("select outcome from event where external_id = 'evt_ann_1'")
        .await;
    assert_eq!(settled, "recorded", "the event that waited says so");
}

#[tokio::test]
async fn every_place_that_stripe_offers_may_name_the_affiliate() {
    let (server, _, connection) = shop().await;
    let keys = [
        "tributary_ref",
        "rekomi_ref",
        "agentref_cid",
        "referral",
        "via",
        "ref",
    ];
    let mut cases: Vec<(String, Value)> = keys
        .iter()
        .map(|key| {
            (
                (*key).to_owned(),
                json!({"client_reference_id": null, "metadata": {*key: "Sarah"}}),
            )
        })
        .collect();
    cases.push(("reference".into(), json!({"client_reference_id": "SARAH"})));
    let field = json!([{"key": "referral", "label": {"type": "custom", "custom": "Who sent you?"}, "type": "text", "text": {"value": " sarah "}}]);
    cases.push((
        "custom-field".into(),
        json!({"client_reference_id": null, "custom_fields": field}),
    ));
    for (name, changes) in cases {
        let purchase = Purchase::new(&name);
        let session = with(purchase.session("x"), changes);
        let events = [
            purchase.event("invoice.paid", 1, purchase.invoice(Shape::Basil)),
            purchase.event("checkout.session.completed", 2, session),
        ];
        assert_eq!(
            tell(&server, &connection, &events).await,
            ["unattributed", "recorded"],
            "{name}"
        );
        let sale = server.sale_of(&purchase.id("in")).await.expect("a sale");
        assert_eq!(credit(&sale), ("sarah", "Link", "Sale"), "{name}");
    }
}

#[tokio::test]
async fn metadata_of_the_customer_names_the_affiliate_in_every_order() {
    let (server, _, connection) = shop().await;
    for (number, kind) in ["customer.created", "customer.updated"]
        .into_iter()
        .enumerate()
    {
        for first in [true, false] {
            let purchase = Purchase::new(&format!("p{number}{first}"));
            let customer = purchase.event(
                kind,
                1,
                purchase.customer(json!({"tributary_ref": "sarah"})),
            );
            let paid = purchase.event("invoice.paid", 2, purchase.invoice(Shape::Basil));
            let events = if first {
                [customer, paid]
            } else {
                [paid, customer]
            };
            tell(&server, &connection, &events).await;
            let sale = server
                .sale_of(&purchase.id("in"))
                .await
                .unwrap_or_else(|| panic!("no sale: {kind} first: {first}"));
            assert_eq!(
                credit(&sale),
                ("sarah", "Link", "Sale"),
                "{kind} first: {first}"
            );
        }
    }
    let leads = server.sales("type=Lead").await;
    assert_eq!(
        leads.len(),
        2,
        "a new customer is a lead, a changed one is not"
    );
}

#[tokio::test]
async fn a_promotion_code_of_an_affiliates_coupon_names_him_in_every_order() {
    let (server, sarah, connection) = shop().await;
    server.coupon(&sarah, "BYID", Some("promo_by_id")).await;
    server.coupon(&sarah, "BYCODE", None).await;
    for (number, order) in orders(3).into_iter().enumerate() {
        for (promotion, code) in [
            ("promo_by_id".to_owned(), "BYID"),
            (format!("promo_{number}"), "BYCODE"),
        ] {
            let purchase = Purchase::new(&format!("{}{number}", code.to_lowercase()));
            let changes = json!({"client_reference_id": null, "discounts": [{"coupon": null, "promotion_code": promotion}]});
            let words = promotion_code(&promotion, &code.to_lowercase());
            let events = [
                event(
                    &format!("evt_{promotion}_{code}_{number}"),
                    "promotion_code.created",
                    purchase.at,
                    words,
                ),
                purchase.event(
                    "checkout.session.completed",
                    2,
                    with(purchase.session("x"), changes),
                ),
                purchase.event("invoice.paid", 3, purchase.invoice(Shape::Basil)),
            ];
            for step in &order {
                outcome(&server, &connection, &events[*step]).await;
            }
            let sale = server
                .sale_of(&purchase.id("in"))
                .await
                .unwrap_or_else(|| panic!("no sale: {code} {order:?}"));
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
async fn an_expanded_discount_on_the_invoice_or_its_line_names_the_affiliate() {
    let (server, sarah, connection) = shop().await;
    server.affiliate("mia").await;
    server.coupon(&sarah, "SARAH20", Some("promo_1")).await;
    let on_line = |invoice: Value| {
        let mut invoice = invoice;
        invoice["lines"]["data"][0]["discounts"] = json!([discount("promo_1")]);
        invoice
    };
    for shape in SHAPES {
        for (place, changed) in [
            (
                "invoice",
                Box::new(|invoice| with(invoice, json!({"discounts": [discount("promo_1")]})))
                    as Box<dyn Fn(Value) -> Value>,
            ),
            (
                "old",
                Box::new(|invoice| with(invoice, json!({"discount": discount("promo_1")}))),
            ),
            ("line", Box::new(on_line)),
        ] {
            let purchase = Purchase::new(&format!("{place}{shape:?}"));
            let invoice = changed(purchase.invoice_about(shape, json!({"tributary_ref": "mia"})));
            assert_eq!(
                outcome(
                    &server,
                    &connection,
                    &purchase.event("invoice.paid", 1, invoice)
                )
                .await,
                "recorded"
            );
            let sale = server.sale_of(&purchase.id("in")).await.expect("a sale");
            assert_eq!(
                (credit(&sale), &sale["couponCode"]),
                (("sarah", "Coupon", "Sale"), &json!("SARAH20")),
                "{place} {shape:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_connections_campaign_is_used_in_every_order() {
    let (server, sarah, _) = shop().await;
    let campaign = server
        .campaign(json!({"name": "Shop", "commissionType": "recurring", "commissionPercent": 50}))
        .await;
    server
        .patch(
            &format!("/api/v1/affiliates/{}", sarah.id),
            json!({"programId": campaign}),
        )
        .await
        .expect(200);
    let connection = server
        .connect_stripe_with("whsec_of_the_shop", json!({"programId": campaign}))
        .await;
    for session_first in [true, false] {
        let purchase = Purchase::new(&format!("p{session_first}"));
        let session = purchase.event("checkout.session.completed", 1, purchase.session("sarah"));
        let paid = purchase.event("invoice.paid", 2, purchase.invoice(Shape::Basil));
        let events = if session_first {
            [session, paid]
        } else {
            [paid, session]
        };
        tell(&server, &connection, &events).await;
        let sale = server.sale_of(&purchase.id("in")).await.expect("a sale");
        assert_eq!(
            (&sale["campaignName"], &sale["commissionCents"]),
            (&json!("Shop"), &json!(2000)),
            "session first: {session_first}"
        );
    }
}
