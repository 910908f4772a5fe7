//! `POST /api/webhooks/stripe/{connection}`: events of Stripe accounts.

mod orders;
mod outcomes;
mod received;
mod signature;
mod subscriptions;

use serde_json::Value;

use crate::support::{Affiliate, Answer, Client, Connection, TestServer};

const SECRET: &str = "whsec_0123456789abcdef";

/// A server with an affiliate `sarah` and a connected account in test mode.
async fn shop() -> (TestServer, Affiliate, Connection) {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let connection = server.connect_stripe(SECRET).await;
    (server, sarah, connection)
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
async fn assert_untouched(server: &TestServer, answer: &Answer) {
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
fn credit(row: &Value) -> (&str, &str, &str) {
    let word = |name: &str| row[name].as_str().expect("text");
    (word("affiliateSlug"), word("source"), word("type"))
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
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
