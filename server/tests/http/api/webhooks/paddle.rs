//! `POST /api/webhooks/paddle/{connection}`: events of Paddle accounts.

mod customers;
mod fixtures;
mod life_stories;
mod refunds;
mod sdk;
mod signature;

use serde_json::Value;

use super::stripe::{assert_untouched, credit, orders};
use crate::support::{Affiliate, Client, Connection, TestServer};

const SECRET: &str = "pdl_ntfset_01234567_89abcdef";

/// A server with an affiliate `sarah` and a connected account.
async fn shop() -> (TestServer, Affiliate, Connection) {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let connection = server.connect_paddle(&[SECRET]).await;
    (server, sarah, connection)
}

/// Delivers events that must be kept, and tells their outcomes.
async fn tell(client: &Client, connection: &Connection, events: &[Value]) -> Vec<String> {
    let mut outcomes = Vec::new();
    for event in events {
        let answer = client.deliver_paddle(connection, event).await.expect(200);
        assert_eq!(answer.json["received"], true, "{}", answer.text);
        outcomes.push(answer.word("outcome").to_owned());
    }
    outcomes
}
