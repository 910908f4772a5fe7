//! Events that Stripe never delivered are read at its API, once each and with nothing lost.

use serde_json::{Value, json};

use super::{API_KEY, SECRET, keyed_shop, keyed_shop_with, outcome, read_again, shown, tell};
use crate::support::{
    Client, TestServer, eventually, now,
    stripe::{Purchase, Shape, event, with},
};

/// A paid invoice that says who brought the customer.
fn paid(purchase: &Purchase) -> Value {
    let about = json!({"tributary_ref": "sarah"});
    purchase.event(
        "invoice.paid",
        1,
        purchase.invoice_about(Shape::Basil, about),
    )
}

async fn sale_of(server: &Client, purchase: &Purchase) -> Value {
    let id = purchase.id("in");
    eventually("the sale comes", async || server.sale_of(&id).await).await
}

async fn events(server: &TestServer) -> i64 {
    server.database().count("event").await
}

#[tokio::test]
async fn an_event_that_was_never_delivered_becomes_a_sale_and_delivered_ones_are_not_doubled() {
    let (server, connection, stripe) = keyed_shop().await;
    let [delivered, missed] = ["delivered", "missed"].map(Purchase::new);
    let told = outcome(&server, &connection, &paid(&delivered)).await;
    assert_eq!(told, "recorded");
    let of_no_use = event("evt_x", "invoice.created", missed.at, json!({"id": "in_x"}));
    stripe.account().events = vec![paid(&delivered), paid(&missed), of_no_use];
    let sale = sale_of(&server, &missed).await;
    assert_eq!(sale["affiliateSlug"], "sarah");
    assert_eq!(sale["commissionCents"], 800);
    // The late delivery finds what was read.
    assert_eq!(
        outcome(&server, &connection, &paid(&missed)).await,
        "recorded"
    );
    read_again(&stripe).await;
    assert_eq!(server.sales("").await.len(), 2);
    assert_eq!(events(&server).await, 2, "kinds without use are not read");
    let connection = shown(&server).await;
    assert!(connection["lastReconciledAt"].is_string(), "{connection}");
    assert_eq!(connection["reconcileError"], Value::Null);
    let same = "select count(*) from event where convert_from(payload, 'utf8')::jsonb ->> 'id' = external_id";
    assert_eq!(server.database().number(same).await, 2, "payloads are kept");
    let calls = stripe.account().calls.clone();
    let lists = calls.iter().filter(|call| call.path == "/v1/events");
    for list in lists {
        assert_eq!(list.version, "2025-03-31.basil");
        assert_eq!(list.values("limit"), ["100"]);
        assert!((1..=20).contains(&list.values("types[]").len()), "{list:?}");
    }
    assert!(!server.log().contains("hush"), "{}", server.log());
}

#[tokio::test]
async fn more_than_fits_a_reading_is_taken_in_whole_and_oldest_first() {
    let (server, _, stripe) = keyed_shop().await;
    let start = now() - 30 * 600;
    let paid_at = |number: i64| Purchase::paid_at(&format!("p{number}"), start + number * 600);
    let purchases: Vec<Purchase> = (0..30).map(paid_at).collect();
    {
        let mut account = stripe.account();
        // More pages than one span of time is read in.
        account.page = 1;
        account.events = purchases.iter().map(paid).collect();
    }
    for purchase in &purchases {
        sale_of(&server, purchase).await;
    }
    let sql = "select string_agg(external_id, ' ' order by event_id) from event";
    let expected: Vec<String> = (0..30).map(|number| format!("evt_p{number}_1")).collect();
    assert_eq!(server.database().text(sql).await, expected.join(" "));
    assert_eq!(shown(&server).await["reconcileError"], Value::Null);
}

#[tokio::test]
async fn a_page_that_fails_loses_nothing_and_is_told() {
    let (server, _, stripe) = keyed_shop().await;
    let purchases = ["a", "b", "c"].map(Purchase::new);
    {
        let mut account = stripe.account();
        account.page = 1;
        account.breaks_at_second_page = true;
        account.events = purchases.iter().map(paid).collect();
    }
    let error = eventually("the failure is told", async || {
        let connection = shown(&server).await;
        connection["reconcileError"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(error, "Stripe answers 500 (api_error)");
    assert!(server.log().contains(&error), "{}", server.log());
    assert_eq!(
        server.sales("").await.len(),
        0,
        "a span is taken in when all of it is there"
    );
    stripe.account().breaks_at_second_page = false;
    for purchase in &purchases {
        sale_of(&server, purchase).await;
    }
    eventually("it is well again", async || {
        let connection = shown(&server).await;
        connection["reconcileError"].is_null().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_wrong_key_is_told_and_never_repeated_and_the_right_one_makes_up_for_it() {
    // Whatever is logged, the key is not.
    let loud = [("RUST_LOG", "trace,sqlx=warn")];
    let (server, connection, stripe) = keyed_shop_with(&loud, "rk_test_wrong_hush").await;
    let purchase = Purchase::new("ann");
    stripe.account().events = vec![paid(&purchase)];
    let told = eventually("the failure is told", async || {
        let connection = shown(&server).await;
        connection["reconcileError"]
            .is_string()
            .then_some(connection)
    })
    .await;
    let error = told["reconcileError"].as_str().expect("text");
    assert!(error.contains("API key (401)"), "{error}");
    assert_eq!(told["lastReconciledAt"], Value::Null);
    assert!(server.log().contains(error));
    // Deliveries go on.
    let other = Purchase::new("ben");
    assert_eq!(
        outcome(&server, &connection, &paid(&other)).await,
        "recorded"
    );
    let path = format!("/api/v1/connections/{}", connection.id);
    server
        .patch(&path, json!({"apiKey": API_KEY}))
        .await
        .expect(200);
    sale_of(&server, &purchase).await;
    assert!(!server.log().contains("hush"), "the key is in the log");
}

#[tokio::test]
async fn the_other_mode_and_what_was_before_the_connection_stay_out() {
    let (server, _, stripe) = keyed_shop().await;
    let day = 24 * 60 * 60;
    let [live, early, good] = ["live", "early", "good"].map(Purchase::new);
    let early = Purchase::paid_at("early", early.at - 2 * day);
    let in_live = with(paid(&live), json!({"livemode": true}));
    stripe.account().events = vec![in_live, paid(&early), paid(&good)];
    sale_of(&server, &good).await;
    read_again(&stripe).await;
    assert_eq!(server.sales("").await.len(), 1);
    let outcomes =
        "select string_agg(external_id || ' ' || outcome, ', ' order by external_id) from event";
    let outcomes = server.database().text(outcomes).await;
    assert_eq!(outcomes, "evt_good_1 recorded, evt_live_1 ignored");
}

#[tokio::test]
async fn connections_without_a_key_ask_nobody_and_a_removed_one_no_more() {
    let (server, connection, stripe) = keyed_shop().await;
    let without = server.connect_stripe(SECRET).await;
    tell(&server, &without, &[paid(&Purchase::new("ann"))]).await;
    read_again(&stripe).await;
    let known = "select count(*) from reconciliation";
    assert_eq!(server.database().number(known).await, 1);
    let path = format!("/api/v1/connections/{}", connection.id);
    server.delete(&path).await.expect(200);
    stripe.account().events = vec![paid(&Purchase::new("late"))];
    stripe.account().calls.clear();
    // Another connection of the same account shows that the job goes on.
    server
        .connect_stripe_with("whsec_another_secret", json!({"apiKey": API_KEY}))
        .await;
    read_again(&stripe).await;
    let of_removed = "select count(*) from event e join connection c using (organization_id, connection_id) where c.removed_at is not null";
    assert_eq!(server.database().number(of_removed).await, 0);
}

#[tokio::test]
async fn what_happened_while_the_server_was_down_is_there_after_its_start() {
    let hourly = [("TRIBUTARY_RECONCILE_SECONDS", "3600")];
    let (mut server, _, stripe) = keyed_shop_with(&hourly, API_KEY).await;
    server.stop().await;
    let purchase = Purchase::new("ann");
    stripe.account().events = vec![paid(&purchase)];
    server.restart().await;
    sale_of(&server, &purchase).await;
}
