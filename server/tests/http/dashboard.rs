//! What the pages ask: as a browser with JavaScript asks it, and as one without sees it.

mod affiliate;
mod affiliate_place;
mod campaign;
mod coupons;
mod events;
mod flags;
mod imports;
mod payouts;
mod reports;
mod sale;
mod settings;
mod webhooks;

use reqwest::Method;
use serde_json::json;

use super::sign_in::{session, sign_in, with_cookie};
use crate::support::{Answer, OWNER_EMAIL, OWNER_PASSWORD, TestServer, send};

/// Newer affiliates than all others, more than a filter lists.
const MANY: &str = "insert into affiliate
    select organization_id, ('ffffffff-ffff-7fff-8000-' || lpad(n::text, 12, '0'))::uuid, 'Affiliate ' || n,
        n || '@example.com', 'affiliate-' || n, status, null, null, created_at
    from affiliate cross join generate_series(1, 200) n";

async fn token(server: &TestServer, email: &str) -> String {
    session(&sign_in(server, email, OWNER_PASSWORD).await).expect("a session")
}

async fn get(server: &TestServer, token: &str, path: &str) -> Answer {
    with_cookie(server, Method::GET, path, token).await
}

/// What the hydrated page asks.
async fn ask(server: &TestServer, token: &str, path: &str) -> Answer {
    let request = server.without_key().request(Method::GET, path);
    let cookie = format!("tributary_session={token}");
    send(
        request
            .header("accept", "application/json")
            .header("cookie", cookie),
    )
    .await
}

#[tokio::test]
async fn an_affiliate_beyond_the_filters_list_is_found_and_named() {
    let server = TestServer::start().await;
    let zelda = server
        .affiliate_named("Zelda Fitz", "zelda", json!({}))
        .await;
    server.database().change(MANY).await;
    let ours = token(&server, OWNER_EMAIL).await;

    let page = get(&server, &ours, "/dashboard/sales").await.expect(200);
    assert!(page.text.contains("Affiliate 200") && !page.text.contains("Zelda"));
    let filtered = format!("/dashboard/sales?affiliate={}", zelda.id);
    let page = get(&server, &ours, &filtered).await.expect(200);
    let radio = format!("value=\"{}\" checked", zelda.id);
    assert!(page.text.contains(&radio), "{}", page.text);
    assert!(page.text.contains("<b>Zelda Fitz</b>"), "{}", page.text);

    let found = json!([[zelda.id, "Zelda Fitz"]]);
    for typed in ["ZEL", "a%20Fitz", "zelda"] {
        let path = format!("/rpc/find_affiliates?typed={typed}");
        let answer = ask(&server, &ours, &path).await.expect(200);
        assert_eq!(answer.json, found, "{typed}");
    }
    let all = ask(&server, &ours, "/rpc/find_affiliates?typed=affiliate").await;
    assert_eq!(all.json.as_array().map(Vec::len), Some(20));

    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    let path = "/rpc/find_affiliates?typed=zelda";
    let answer = ask(&server, &theirs, path).await.expect(200);
    assert_eq!(answer.json, json!([]));
    let page = get(&server, &theirs, &filtered).await.expect(200);
    assert!(!page.text.contains("Zelda"));
    ask(&server, "nobody", path).await.expect(401);
}

/// What a reading of the processor's list of events leaves behind: how far it came, or why it broke off.
const RECONCILED: &str =
    "insert into reconciliation (organization_id, connection_id, due_at, reconciled_at, error)
    select organization_id, connection_id, now(), '2026-11-20 08:30:05+00', null from connection";

#[tokio::test]
async fn a_connection_says_when_it_was_compared_with_the_processor_and_why_not() {
    let server = TestServer::start().await;
    let body = json!({"processor": "stripe", "mode": "live", "name": "Stripe EU", "signingSecrets": ["whsec_0123456789"]});
    server.post("/api/v1/connections", body).await.expect(201);
    let ours = token(&server, OWNER_EMAIL).await;
    let page = async || {
        get(&server, &ours, "/dashboard/connections")
            .await
            .expect(200)
            .text
    };
    let without = page().await;
    assert!(without.contains("None yet") && !without.contains("Last asked"));

    server.database().change(RECONCILED).await;
    let compared = page().await;
    for text in ["Last asked", "20 Nov 2026, 08:30:05"] {
        assert!(compared.contains(text), "{text}: {compared}");
    }
    assert!(!compared.contains("broke off"), "{compared}");

    let broken = "update reconciliation set error = 'Stripe has no such object'";
    server.database().change(broken).await;
    let told = "It broke off: Stripe has no such object. It is tried again by itself.";
    assert!(page().await.contains(told));
}

#[tokio::test]
async fn a_page_that_is_elsewhere_says_so_to_every_program() {
    let server = TestServer::start().await;
    let anybody = server.without_key();
    for (path, location) in [("/", "/dashboard/sales"), ("/setup", "/sign-in")] {
        for accept in ["*/*", "application/json", "text/html"] {
            let request = anybody.request(Method::GET, path).header("accept", accept);
            let led = send(request).await.expect(302);
            assert_eq!(led.header("location"), location, "{accept}");
        }
        let bare = send(anybody.request(Method::HEAD, path)).await.expect(302);
        assert_eq!(bare.header("location"), location);
    }
}
