//! Calls that carry a signature instead of a key.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer, now, s2s_signature, send, signature};

const PATH: &str = "/api/tracking/s2s";

async fn new_secret(client: &Client) -> String {
    let made = client
        .post("/api/v1/merchant/s2s-secret", json!({}))
        .await
        .expect(201);
    made.data()["secret"]
        .as_str()
        .expect("the secret is shown once")
        .to_owned()
}

fn body(id: &str) -> String {
    json!({"externalEventId": id, "amountCents": 4900, "currency": "USD", "affiliateSlug": "sarah"})
        .to_string()
}

async fn told(
    client: &Client,
    organization: Option<&str>,
    header: Option<&str>,
    body: &str,
) -> Answer {
    let mut request = client
        .without_key()
        .request(Method::POST, PATH)
        .header("content-type", "application/json");
    if let Some(organization) = organization {
        request = request.header("x-tributary-organization", organization);
    }
    if let Some(header) = header {
        request = request.header("x-tributary-signature", header);
    }
    send(request.body(body.to_owned())).await
}

#[tokio::test]
async fn a_signed_call_needs_no_key() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let secret = new_secret(&server).await;
    let organization = server.organization_id.clone();
    let header = s2s_signature(&secret, body("a").as_bytes());
    let made = told(&server, Some(&organization), Some(&header), &body("a"))
        .await
        .expect(201);
    assert_eq!(made.word("source"), "Server");
    let again = told(&server, Some(&organization), Some(&header), &body("a"))
        .await
        .expect(200);
    assert_eq!(
        (again.id(), &again.json["deduped"]),
        (made.id(), &json!(true))
    );
    for (id, age) in [("old", 290), ("new", -290)] {
        let header = signature(&secret, now() - age, body(id).as_bytes());
        told(&server, Some(&organization), Some(&header), &body(id))
            .await
            .expect(201);
    }
    let right = s2s_signature(&secret, body("several").as_bytes());
    let (stamp, mac) = right.split_once(',').expect("two parts");
    let several = format!("{stamp}, v1={}, v0=ff, {mac}", "0".repeat(64));
    told(
        &server,
        Some(&organization),
        Some(&several),
        &body("several"),
    )
    .await
    .expect(201);
}

#[tokio::test]
async fn leads_are_signed_the_same_way() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let secret = new_secret(&server).await;
    let lead = json!({"email": "ann@example.com", "affiliateSlug": "sarah"}).to_string();
    let request = server
        .without_key()
        .request(Method::POST, "/api/tracking/lead");
    let request = request
        .header("content-type", "application/json")
        .header("x-tributary-organization", &server.organization_id)
        .header(
            "x-tributary-signature",
            s2s_signature(&secret, lead.as_bytes()),
        );
    send(request.body(lead)).await.expect(201);
}

#[tokio::test]
async fn a_bad_or_stale_signature_stores_nothing() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let secret = new_secret(&server).await;
    let other = server.second_organization().await;
    other.affiliate("sarah").await;
    let theirs = new_secret(&other).await;
    let (us, them) = (
        server.organization_id.as_str(),
        other.organization_id.as_str(),
    );
    let (body, time) = (body("e"), now());
    let bytes = body.as_bytes();
    let good = signature(&secret, time, bytes);
    let mac = good.split_once("v1=").expect("a mac").1.to_owned();
    let refused: Vec<(&str, Option<&str>, String)> = vec![
        (
            "other secret",
            Some(us),
            signature("s2s_wrong", time, bytes),
        ),
        (
            "other organization's secret",
            Some(us),
            signature(&theirs, time, bytes),
        ),
        (
            "our secret for another organization",
            Some(them),
            good.clone(),
        ),
        ("other body", Some(us), signature(&secret, time, b"{}")),
        ("stale", Some(us), signature(&secret, time - 310, bytes)),
        (
            "from the future",
            Some(us),
            signature(&secret, time + 310, bytes),
        ),
        (
            "time not the signed one",
            Some(us),
            format!("t={},v1={mac}", time + 1),
        ),
        ("no time", Some(us), format!("v1={mac}")),
        ("no signature", Some(us), format!("t={time}")),
        (
            "half a signature",
            Some(us),
            format!("t={time},v1={}", &mac[..32]),
        ),
        ("not hexadecimal", Some(us), format!("t={time},v1=zz")),
        ("time no number", Some(us), format!("t=now,v1={mac}")),
        ("empty", Some(us), String::new()),
        ("empty secret", Some(us), signature("", time, bytes)),
        ("no organization", None, good.clone()),
        (
            "no such organization",
            Some("01890000-0000-7000-8000-000000000000"),
            good.clone(),
        ),
        ("no id", Some("us"), good.clone()),
    ];
    for (what, organization, header) in refused {
        let answer = told(&server, organization, Some(&header), &body).await;
        assert_eq!(
            (answer.status, answer.error()),
            (401, "unauthorized"),
            "{what}: {}",
            answer.text
        );
        assert!(!answer.text.contains(&secret), "{what}");
    }
    let answer = told(&server, Some(us), None, &body).await;
    assert_eq!(answer.status, 401, "an organization alone proves nothing");
    assert_eq!(server.database().count("conversion").await, 0);
    told(&server, Some(us), Some(&good), &body)
        .await
        .expect(201);
}

#[tokio::test]
async fn a_wrong_signature_is_not_helped_by_a_key() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    new_secret(&server).await;
    let request = server
        .request(Method::POST, PATH)
        .header("content-type", "application/json");
    let request = request
        .header("x-tributary-organization", &server.organization_id)
        .header(
            "x-tributary-signature",
            signature("s2s_wrong", now(), body("e").as_bytes()),
        );
    send(request.body(body("e"))).await.expect(401);
    assert_eq!(server.sales("").await.len(), 0);
}

#[tokio::test]
async fn a_replaced_secret_stays_valid_for_a_day() {
    let mut server = TestServer::start().await;
    server.affiliate("sarah").await;
    let old = new_secret(&server).await;
    let new = new_secret(&server).await;
    assert_ne!(old, new);
    let organization = server.organization_id.clone();
    for (id, secret) in [("a", &old), ("b", &new)] {
        let header = s2s_signature(secret, body(id).as_bytes());
        told(&server, Some(&organization), Some(&header), &body(id))
            .await
            .expect(201);
    }
    let left = "select round(extract(epoch from valid_until - now()) / 3600)::bigint from s2s_secret where valid_until is not null";
    assert_eq!(server.database().number(left).await, 24, "hours");
    server
        .database()
        .change("update s2s_secret set valid_until = now() where valid_until is not null")
        .await;
    server.stop().await;
    server.restart().await;
    let header = s2s_signature(&old, body("c").as_bytes());
    told(&server, Some(&organization), Some(&header), &body("c"))
        .await
        .expect(401);
    let header = s2s_signature(&new, body("c").as_bytes());
    told(&server, Some(&organization), Some(&header), &body("c"))
        .await
        .expect(201);
}

#[tokio::test]
async fn secrets_are_stored_sealed_and_shown_once() {
    let server = TestServer::start().await;
    let made = server
        .post("/api/v1/merchant/s2s-secret", json!({}))
        .await
        .expect(201);
    assert_eq!(made.data()["organizationId"], json!(server.organization_id));
    let secret = made.data()["secret"].as_str().expect("text").to_owned();
    let stored = server
        .database()
        .text("select encode(secret_sealed, 'escape') from s2s_secret")
        .await;
    assert!(!stored.contains(&secret) && !server.log().contains(&secret));
    let merchant: Value = server.get("/api/v1/me").await.expect(200).json;
    assert!(!merchant.to_string().contains(&secret));
}
