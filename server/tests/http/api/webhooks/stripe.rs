//! `POST /api/webhooks/stripe/{connection}`: events of Stripe accounts.

mod life_stories;
mod localstripe;
mod looked_up;
mod orders;
mod outcomes;
mod received;
mod reconciled;
mod signature;
mod subscriptions;

use serde_json::{Value, json};

use crate::support::{Affiliate, Answer, Client, Connection, StandIn, TestServer, eventually};

const SECRET: &str = "whsec_0123456789abcdef";

/// A server with an affiliate `sarah` and a connected account in test mode.
async fn shop() -> (TestServer, Affiliate, Connection) {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let connection = server.connect_stripe(SECRET).await;
    (server, sarah, connection)
}

/// The API key of [`keyed_shop`].
const API_KEY: &str = "rk_test_hush_hush_hush";

/// The same with a connection that holds an API key and was made a day ago, and the Stripe that it is
/// of, which is asked every second.
async fn keyed_shop() -> (TestServer, Connection, StandIn) {
    keyed_shop_with(&[], API_KEY).await
}

/// The same with other variables, and perhaps a wrong key.
async fn keyed_shop_with(
    variables: &[(&str, &str)],
    key: &str,
) -> (TestServer, Connection, StandIn) {
    let stripe = StandIn::start(API_KEY).await;
    let base_url = stripe.base_url.clone();
    let mut all = vec![
        ("TRIBUTARY_STRIPE_API", base_url.as_str()),
        ("TRIBUTARY_RECONCILE_SECONDS", "1"),
    ];
    all.extend(variables);
    let server = TestServer::start_with(&all).await;
    server.affiliate("sarah").await;
    let connection = server
        .connect_stripe_with(SECRET, json!({"apiKey": key}))
        .await;
    let earlier = "update connection set created_at = created_at - interval '1 day'";
    server.database().change(earlier).await;
    (server, connection, stripe)
}

/// The connection as the API shows it.
async fn shown(server: &TestServer) -> Value {
    let list = server.get("/api/v1/connections").await.expect(200);
    assert!(!list.text.contains("hush"), "{}", list.text);
    list.data()[0].clone()
}

/// Waits until the account was read once more from beginning to end.
async fn read_again(stripe: &StandIn) {
    let before = stripe.asked("/v1/events");
    // Two lists a reading; the first of them may have begun before.
    eventually("events are read again", async || {
        (stripe.asked("/v1/events") >= before + 5).then_some(())
    })
    .await;
}

/// Delivers an event that must be kept, and tells its outcome.
async fn outcome(client: &Client, connection: &Connection, event: &Value) -> String {
    let answer = client.deliver(connection, event).await.expect(200);
    assert_eq!(answer.json["received"], true, "{}", answer.text);
    assert_eq!(answer.word("eventId").len(), 36);
    answer.word("outcome").to_owned()
}

/// Delivers events that must be kept.
async fn tell(client: &Client, connection: &Connection, events: &[Value]) -> Vec<String> {
    let mut outcomes = Vec::new();
    for event in events {
        outcomes.push(outcome(client, connection, event).await);
    }
    outcomes
}

/// Nothing at all was stored.
pub(super) async fn assert_untouched(server: &TestServer, answer: &Answer) {
    for table in [
        "event",
        "conversion",
        "customer",
        "referral_clue",
        "unattributed_payment",
        "ledger_entry",
    ] {
        assert_eq!(
            server.database().count(table).await,
            0,
            "{table} after {} {}",
            answer.status,
            answer.text
        );
    }
}

/// The sale's affiliate, source and type.
pub(super) fn credit(row: &Value) -> (&str, &str, &str) {
    let word = |name: &str| row[name].as_str().expect("text");
    (word("affiliateSlug"), word("source"), word("type"))
}

/// All orders of so many things.
pub(super) fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in orders(count - 1) {
        for place in 0..count {
            let mut order = shorter.clone();
            order.insert(place, count - 1);
            all.push(order);
        }
    }
    all
}
