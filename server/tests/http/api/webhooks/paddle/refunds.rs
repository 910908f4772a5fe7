//! Money that goes back, asked for, approved, rejected, reversed; before the sale and after it.

use serde_json::{Value, json};

use super::{orders, shop, tell};
use crate::support::{
    TestServer, eventually, now,
    paddle::{Purchase, TOTAL},
    stripe::with,
};

const SALE: &str = "transaction.completed";
const DAY: i64 = 86_400;

fn sold(purchase: &Purchase) -> Value {
    let sale = purchase.transaction(0, json!({"tributary_ref": "sarah"}));
    purchase.event(SALE, 1, sale)
}

/// Status, refunded, commission.
async fn stands(server: &TestServer, purchase: &Purchase) -> (String, i64, i64) {
    let sale = server.sale_of(&purchase.transaction_id(0)).await;
    let sale = sale.expect("a sale");
    let number = |name: &str| sale[name].as_i64().expect("a number");
    let status = sale["status"].as_str().expect("text").to_owned();
    (status, number("refundedCents"), number("commissionCents"))
}

#[tokio::test]
async fn a_refund_meets_its_sale_in_every_order_and_counts_once_approved() {
    let (server, _, connection) = shop().await;
    for (number, order) in orders(3).into_iter().enumerate() {
        let purchase = Purchase::new(&format!("p{number}"));
        let asked = purchase.adjustment("a", ("refund", "pending_approval"), 1100);
        let approved = purchase.adjustment("a", ("refund", "approved"), 1100);
        let events = [
            sold(&purchase),
            purchase.event("adjustment.created", 10, asked),
            purchase.event("adjustment.updated", 20, approved),
        ];
        let told: Vec<Value> = order.iter().map(|step| events[*step].clone()).collect();
        tell(&server, &connection, &told).await;
        let expected = ("Pending".to_owned(), 1100, 600);
        assert_eq!(stands(&server, &purchase).await, expected, "{order:?}");
    }
    let parked = "select count(*) from event where outcome = 'parked'";
    assert_eq!(server.database().number(parked).await, 0);
}

#[tokio::test]
async fn a_refund_that_waits_for_approval_holds_the_sale_and_takes_nothing() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::paid_at("ann", now() - 40 * DAY);
    let asked = purchase.adjustment("a", ("refund", "pending_approval"), TOTAL);
    let events = [
        purchase.event("adjustment.created", 10, asked),
        sold(&purchase),
    ];
    tell(&server, &connection, &events).await;
    // Another one, whose hold has passed as well, is approved meanwhile.
    let other = Purchase::paid_at("other", now() - 40 * DAY);
    tell(&server, &connection, &[sold(&other)]).await;
    eventually("the other is approved", async || {
        (stands(&server, &other).await.0 == "Approved").then_some(())
    })
    .await;
    let held = ("Pending".to_owned(), 0, 800);
    assert_eq!(stands(&server, &purchase).await, held);
    let rejected = purchase.adjustment("a", ("refund", "rejected"), TOTAL);
    let event = purchase.event("adjustment.updated", 20, rejected);
    tell(&server, &connection, &[event]).await;
    eventually("the rejected refund lets it go", async || {
        (stands(&server, &purchase).await == ("Approved".to_owned(), 0, 800)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_adjustment_of_tax_alone_and_a_credit_change_nothing() {
    let (server, _, connection) = shop().await;
    let purchase = Purchase::new("ann");
    let tax = json!([{"type": "tax", "totals": {"subtotal": "0", "tax": "400", "total": "400"}}]);
    let tax = with(
        purchase.adjustment("tax", ("refund", "approved"), 400),
        json!({"items": tax}),
    );
    let credit = purchase.adjustment("credit", ("credit", "approved"), 1100);
    let unknown = purchase.adjustment("new", ("something_new", "approved"), 1100);
    let events = [
        sold(&purchase),
        purchase.event("adjustment.created", 2, tax),
        purchase.event("adjustment.created", 3, credit),
        purchase.event("adjustment.created", 4, unknown),
    ];
    let outcomes = tell(&server, &connection, &events).await;
    assert_eq!(outcomes, ["recorded", "ignored", "ignored", "ignored"]);
    let whole = ("Pending".to_owned(), 0, 800);
    assert_eq!(stands(&server, &purchase).await, whole);
    assert_eq!(server.database().count("refund").await, 0);
}

#[tokio::test]
async fn tax_that_goes_back_and_then_the_rest_leave_nothing_in_any_order() {
    let (server, _, connection) = shop().await;
    let totals = |net: i64, tax: i64| json!({"subtotal": net.to_string(), "tax": tax.to_string(), "total": (net + tax).to_string()});
    for (number, order) in orders(3).into_iter().enumerate() {
        let purchase = Purchase::new(&format!("t{number}"));
        let of = |word, kind: &str, totals: Value| {
            let items = json!([{"type": kind, "totals": totals}]);
            let adjustment = purchase.adjustment(word, ("refund", "approved"), TOTAL);
            with(
                adjustment,
                json!({"type": kind, "items": items, "totals": totals}),
            )
        };
        let events = [
            sold(&purchase),
            purchase.event("adjustment.created", 10, of("tax", "tax", totals(0, 400))),
            purchase.event(
                "adjustment.created",
                20,
                of("rest", "partial", totals(4000, 0)),
            ),
        ];
        let told: Vec<Value> = order.iter().map(|step| events[*step].clone()).collect();
        tell(&server, &connection, &told).await;
        let expected = ("Refunded".to_owned(), TOTAL, 0);
        assert_eq!(stands(&server, &purchase).await, expected, "{order:?}");
    }
}
