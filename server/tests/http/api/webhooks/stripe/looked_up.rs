//! Refunds and disputes that no event ties to a sale are looked up at Stripe.

use serde_json::{Value, json};

use super::{keyed_shop, outcome, read_again, shown};
use crate::support::{
    Connection, TestServer, eventually,
    stripe::{Purchase, Shape},
};

/// A sale of 44.00 of which 40.00 earn, as the newest versions tell it: nothing names its payment.
async fn sale(server: &TestServer, connection: &Connection, purchase: &Purchase) {
    let about = json!({"tributary_ref": "sarah"});
    let invoice = purchase.invoice_about(Shape::Basil, about);
    let paid = purchase.event("invoice.paid", 1, invoice);
    assert_eq!(outcome(server, connection, &paid).await, "recorded");
}

/// Half of it, given back.
fn refund(purchase: &Purchase, payment: &Value) -> Value {
    let mut refund = json!({
        "id": purchase.id("re"), "object": "refund", "amount": 2200, "currency": "usd",
        "status": "succeeded", "created": purchase.at + 2,
    });
    let fields = refund.as_object_mut().expect("an object");
    fields.extend(payment.as_object().expect("an object").clone());
    purchase.event("refund.created", 2, refund)
}

async fn halved(server: &TestServer, purchase: &Purchase) -> Value {
    let id = purchase.id("in");
    eventually("the refund meets its sale", async || {
        let sale = server.sale_of(&id).await?;
        (sale["commissionCents"] == 400).then_some(sale)
    })
    .await
}

#[tokio::test]
async fn a_refund_nobody_can_match_is_looked_up_by_its_payment_intent() {
    let (server, connection, stripe) = keyed_shop().await;
    let purchase = Purchase::new("ann");
    let (intent, invoice) = (purchase.id("pi"), purchase.id("in"));
    stripe.account().invoices.insert(intent.clone(), invoice);
    sale(&server, &connection, &purchase).await;
    let refund = refund(
        &purchase,
        &json!({"payment_intent": intent, "charge": purchase.id("ch")}),
    );
    assert_eq!(outcome(&server, &connection, &refund).await, "parked");
    halved(&server, &purchase).await;
    let why = "select string_agg(detail, '; ') from audit_entry where detail like '%looked up at Stripe%'";
    let why = server.database().text(why).await;
    assert!(
        why.contains("the payment of re_ann was looked up at Stripe"),
        "{why}"
    );
    let event = "select outcome from event where external_id = 'evt_ann_2'";
    assert_eq!(server.database().text(event).await, "recorded");
    assert_eq!(stripe.asked("/v1/charges/ch_ann"), 0);
    // The payment is known now: nobody asks again for what follows.
    read_again(&stripe).await;
    assert_eq!(stripe.asked("/v1/invoice_payments"), 1);
    assert!(!server.log().contains("hush"));
}

#[tokio::test]
async fn a_refund_that_names_a_charge_alone_is_looked_up_by_it() {
    let (server, connection, stripe) = keyed_shop().await;
    let [old, new] = ["old", "new"].map(Purchase::new);
    // An account's own old version names the invoice, a new one the payment intent at least.
    {
        let mut account = stripe.account();
        for (purchase, charge) in [
            (
                &old,
                json!({"id": "ch_old", "payment_intent": null, "invoice": "in_old"}),
            ),
            (
                &new,
                json!({"id": "ch_new", "payment_intent": "pi_new", "invoice": null}),
            ),
        ] {
            account.charges.insert(purchase.id("ch"), charge);
        }
        account
            .invoices
            .insert("pi_new".to_owned(), "in_new".to_owned());
    }
    for purchase in [&old, &new] {
        sale(&server, &connection, purchase).await;
        let refund = refund(purchase, &json!({"charge": purchase.id("ch")}));
        assert_eq!(outcome(&server, &connection, &refund).await, "parked");
    }
    for purchase in [&old, &new] {
        halved(&server, purchase).await;
    }
}

#[tokio::test]
async fn a_refund_of_nobodys_sale_is_asked_for_once() {
    let (server, connection, stripe) = keyed_shop().await;
    let purchase = Purchase::new("ann");
    let payment = json!({"payment_intent": purchase.id("pi"), "charge": purchase.id("ch")});
    let refund = refund(&purchase, &payment);
    assert_eq!(outcome(&server, &connection, &refund).await, "parked");
    let open = "select count(*) from refund where next_lookup_at is not null";
    eventually("it is settled", async || {
        (server.database().number(open).await == 0).then_some(())
    })
    .await;
    read_again(&stripe).await;
    assert_eq!(stripe.asked("/v1/invoice_payments"), 1);
    assert_eq!(stripe.asked("/v1/charges/ch_ann"), 1);
    assert_eq!(
        server.database().count("refund").await,
        1,
        "it stays parked"
    );
}

#[tokio::test]
async fn a_stripe_that_is_down_keeps_the_refund_for_later() {
    let (server, connection, stripe) = keyed_shop().await;
    stripe.account().is_down = true;
    let purchase = Purchase::new("ann");
    let (intent, invoice) = (purchase.id("pi"), purchase.id("in"));
    stripe.account().invoices.insert(intent.clone(), invoice);
    sale(&server, &connection, &purchase).await;
    let refund = refund(&purchase, &json!({"payment_intent": intent}));
    assert_eq!(outcome(&server, &connection, &refund).await, "parked");
    let said = "could not be looked up at Stripe";
    eventually("it is told", async || {
        server.log().contains(said).then_some(())
    })
    .await;
    let late = "select count(*) from refund where next_lookup_at > now() + interval '50 minutes'";
    assert_eq!(server.database().number(late).await, 1);
    assert!(shown(&server).await["reconcileError"].is_string());
    stripe.account().is_down = false;
    server
        .database()
        .change("update refund set next_lookup_at = now()")
        .await;
    halved(&server, &purchase).await;
}
