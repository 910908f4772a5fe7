//! The life of a subscription at localstripe, whose events nobody here has written, ends like the same
//! life told by hand.

use serde_json::{Value, json};

use super::{SECRET, tell};
use crate::support::{
    LocalStripe, TestServer, eventually, now,
    stripe::{Purchase, Shape, event, with},
};

fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// A customer whom Sarah brought subscribes to a plan of 40.00 with 10 % tax, and moves to one of 400.00.
async fn subscribe(stripe: &LocalStripe) -> (String, String) {
    let customer = [
        ("email", "ann@stripe.example"),
        ("metadata[tributary_ref]", "sarah"),
    ];
    let customer = id(&stripe.post("customers", &customer).await);
    for (plan, amount, interval) in [("monthly", "4000", "month"), ("yearly", "40000", "year")] {
        let plan = [
            ("id", plan),
            ("amount", amount),
            ("currency", "usd"),
            ("interval", interval),
            ("product[name]", plan),
        ];
        stripe.post("plans", &plan).await;
    }
    let tax = [
        ("display_name", "VAT"),
        ("percentage", "10"),
        ("inclusive", "false"),
    ];
    let tax = id(&stripe.post("tax_rates", &tax).await);
    let card = [
        ("type", "card"),
        ("card[number]", "4242424242424242"),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "2040"),
        ("card[cvc]", "123"),
    ];
    let card = id(&stripe.post("payment_methods", &card).await);
    let attach = format!("payment_methods/{card}/attach");
    stripe.post(&attach, &[("customer", &customer)]).await;
    let default = [("invoice_settings[default_payment_method]", card.as_str())];
    stripe
        .post(&format!("customers/{customer}"), &default)
        .await;
    let monthly = [
        ("customer", customer.as_str()),
        ("items[0][plan]", "monthly"),
        ("items[0][tax_rates][0]", &tax),
    ];
    let subscription = id(&stripe.post("subscriptions", &monthly).await);
    // Which of two payments of the same second was the first is not known.
    let paid = now();
    eventually("the next second", async || (now() > paid).then_some(())).await;
    let yearly = [
        ("items[0][plan]", "yearly"),
        ("items[0][tax_rates][0]", tax.as_str()),
    ];
    let change = format!("subscriptions/{subscription}");
    stripe.post(&change, &yearly).await;
    (customer, subscription)
}

/// The same life, told by hand.
fn by_hand(purchase: &Purchase) -> Vec<Value> {
    let shape = Shape::Acacia;
    let upgrade = purchase.invoice_over(shape, 1, 39_600, 36_000, 39_600);
    vec![
        purchase.event(
            "customer.created",
            0,
            purchase.customer(json!({"tributary_ref": "sarah"})),
        ),
        purchase.event(
            "invoice.payment_succeeded",
            1,
            purchase.invoice_of(shape, 0),
        ),
        purchase.event(
            "invoice.payment_succeeded",
            2,
            with(upgrade, json!({"billing_reason": "subscription_update"})),
        ),
    ]
}

/// Type, status, paid, refunded and due of a customer's sales, the smaller first.
async fn sales_of(server: &TestServer, email: &str) -> Vec<Value> {
    let mut sales = server.sales("").await;
    sales.retain(|sale| sale["customerEmail"] == email);
    sales.sort_by_key(|sale| sale["amountCents"].as_i64());
    let names = [
        "type",
        "status",
        "affiliateSlug",
        "amountCents",
        "refundedCents",
        "commissionCents",
    ];
    let told = |sale: &Value| names.map(|name| sale[name].clone()).into();
    sales.iter().map(told).collect()
}

async fn are_alike(server: &TestServer, what: &str, expected: Value) {
    let by_hand = sales_of(server, "ann@customers.example").await;
    assert_eq!(json!(by_hand), expected, "{what}, by hand");
    eventually(what, async || {
        (sales_of(server, "ann@stripe.example").await == by_hand).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_life_at_localstripe_ends_like_the_same_life_told_by_hand() {
    let Some(stripe) = LocalStripe::start().await else {
        println!("left out: LOCALSTRIPE=none");
        return;
    };
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let connection = server.connect_stripe(SECRET).await;
    stripe.tells(&server.base_url, &connection).await;

    let (customer, subscription) = subscribe(&stripe).await;
    let purchase = Purchase::new("ann");
    tell(&server, &connection, &by_hand(&purchase)).await;
    let paid = json!([
        ["Lead", "Approved", "sarah", 0, 0, 0],
        ["Sale", "Pending", "sarah", 4400, 0, 800],
        ["Recurring", "Pending", "sarah", 39_600, 0, 7200],
    ]);
    are_alike(&server, "both payments", paid).await;

    // localstripe refunds, and has no event for it: its charge is told as Stripe would.
    let charges = stripe.get(&format!("charges?customer={customer}")).await;
    let charges = charges["data"].as_array().expect("charges").iter();
    let first = charges.clone().find(|charge| charge["amount"] == 4400);
    let charge = id(first.expect("the first payment"));
    stripe
        .post("refunds", &[("charge", &charge), ("amount", "2200")])
        .await;
    let charge = stripe.get(&format!("charges/{charge}")).await;
    let refunded = event("evt_refunded", "charge.refunded", now(), charge);
    let refund = purchase.refund("a", 0, 2200, "succeeded", 60);
    let refund = purchase.event("refund.created", 60, refund);
    tell(&server, &connection, &[refunded, refund]).await;
    let halved = json!([
        ["Lead", "Approved", "sarah", 0, 0, 0],
        ["Sale", "Pending", "sarah", 4400, 2200, 400],
        ["Recurring", "Pending", "sarah", 39_600, 0, 7200],
    ]);
    are_alike(&server, "half of the first payment back", halved).await;

    stripe
        .delete(&format!("subscriptions/{subscription}"))
        .await;
    let ended = purchase.event(
        "customer.subscription.deleted",
        61,
        purchase.ended(Shape::Acacia, 61),
    );
    tell(&server, &connection, &[ended]).await;
    let taken_back = json!([
        ["Lead", "Approved", "sarah", 0, 0, 0],
        ["Sale", "Refunded", "sarah", 4400, 2200, 0],
        ["Recurring", "Refunded", "sarah", 39_600, 0, 0],
    ]);
    are_alike(&server, "the end inside the hold", taken_back).await;
    let check = server.command(&["check"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
}
