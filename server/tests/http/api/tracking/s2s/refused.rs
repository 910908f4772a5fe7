//! What a server-to-server call is refused for. Nothing that is refused leaves anything behind.

use reqwest::Method;
use serde_json::{Value, json};

use super::at;
use crate::support::{Answer, Client, TestServer, now, padded, send};

const PATH: &str = "/api/tracking/s2s";
/// 10^15 and one more.
const TOO_MUCH: i64 = 1_000_000_000_000_001;

async fn server() -> TestServer {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server
}

async fn assert_nothing_is_stored(server: &TestServer) {
    for table in [
        "conversion",
        "ledger_entry",
        "conversion_day",
        "unattributed_payment",
        "event",
    ] {
        assert_eq!(server.database().count(table).await, 0, "{table}");
    }
}

fn good() -> Value {
    json!({"externalEventId": "e", "amountCents": 4900, "currency": "USD", "affiliateSlug": "sarah"})
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn a_field_that_does_not_fit_is_refused_by_name() {
    let server = server().await;
    let long = "x".repeat(256);
    let cases: Vec<(&str, Vec<Value>)> = vec![
        (
            "externalEventId",
            vec![
                Value::Null,
                json!(""),
                json!("  "),
                json!(long),
                json!(7),
                json!("a\u{0}b"),
                json!("a\nb"),
                json!(["e"]),
            ],
        ),
        (
            "amountCents",
            vec![
                Value::Null,
                json!("4900"),
                json!(49.5),
                json!(4900.0),
                json!(-1),
                json!(0),
                json!(TOO_MUCH),
                json!(i64::MAX),
                json!(u64::MAX),
                json!(1e30),
                json!(true),
                json!([4900]),
                json!({"amount": 1}),
            ],
        ),
        (
            "currency",
            vec![
                Value::Null,
                json!(""),
                json!("US"),
                json!("DOLLAR"),
                json!("ABC"),
                json!("XXX"),
                json!("XTS"),
                json!("XAU"),
                json!("U$D"),
                json!(840),
                json!(["USD"]),
            ],
        ),
        (
            "affiliateSlug",
            vec![
                Value::Null,
                json!(""),
                json!("ab"),
                json!("no blanks"),
                json!("x".repeat(65)),
                json!(5),
            ],
        ),
        (
            "clickId",
            vec![json!(""), json!("  "), json!(long), json!(5)],
        ),
        (
            "couponCode",
            vec![json!(""), json!("A B"), json!("X".repeat(65)), json!(20)],
        ),
        (
            "customerExternalId",
            vec![json!(""), json!(long), json!(5), json!("a\u{7f}b")],
        ),
        (
            "customerEmail",
            vec![
                json!(""),
                json!("ann"),
                json!("a b@x.com"),
                json!("@x.com"),
                json!(5),
                json!(format!("{}@x.com", "a".repeat(250))),
            ],
        ),
        (
            "customerName",
            vec![json!(""), json!("n".repeat(121)), json!("a\nb"), json!(5)],
        ),
        (
            "type",
            vec![json!(""), json!("refund"), json!("Sale"), json!(1)],
        ),
        ("campaignId", vec![json!(""), json!("default"), json!(5)]),
        (
            "taxCents",
            vec![
                json!(-1),
                json!(4900),
                json!(4901),
                json!("400"),
                json!(4.5),
            ],
        ),
        (
            "occurredAt",
            vec![
                json!(at(now() + 3600)),
                json!(at(now() + 90)),
                json!(at(now() - 401 * 86_400)),
                json!(""),
                json!("yesterday"),
                json!("2026-11-19"),
                json!("2026-11-19T10:00:00"),
                json!("2026-02-30T10:00:00Z"),
                json!(1_763_600_000),
            ],
        ),
        ("subscriptionId", vec![json!(""), json!(long), json!(5)]),
        (
            "metadata",
            vec![
                json!("x"),
                json!(["x"]),
                json!({"nested": {"a": 1}}),
                json!({"list": [1]}),
                json!({"k": "v".repeat(4096)}),
                json!({"k": "\u{0}"}),
            ],
        ),
    ];
    for (field, values) in cases {
        for value in values {
            let mut body = good();
            if value.is_null() {
                body.as_object_mut().expect("an object").remove(field);
            } else {
                body[field] = value.clone();
            }
            let answer = server.post(PATH, body).await;
            let shown = value.to_string().chars().take(60).collect::<String>();
            assert_eq!(answer.status, 400, "{field} = {shown}: {}", answer.text);
            let named = answer.field().split(['.', '[']).next().unwrap_or_default();
            assert_eq!(
                (answer.error(), named),
                ("validation_failed", field),
                "{shown}: {}",
                answer.text
            );
        }
    }
    assert_nothing_is_stored(&server).await;
}

#[tokio::test]
async fn what_a_lead_says_of_money_is_checked_too() {
    let server = server().await;
    for (field, value) in [
        ("currency", json!("ABC")),
        ("currency", json!(5)),
        ("amountCents", json!(1)),
        ("taxCents", json!(1)),
        ("taxCents", json!(-1)),
        ("taxCents", json!("0")),
    ] {
        let mut body = good();
        body["type"] = json!("lead");
        body["amountCents"] = json!(0);
        body[field] = value.clone();
        let answer = server.post(PATH, body).await.expect(400);
        let said = (answer.error(), answer.field());
        assert_eq!(said, ("validation_failed", field), "{value}");
    }
    assert_nothing_is_stored(&server).await;
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    let server = server().await;
    for unknown in [
        "amuontCents",
        "amount_cents",
        "organizationId",
        "commissionCents",
        "",
    ] {
        let mut body = good();
        body[unknown] = json!(1);
        let answer = server.post(PATH, body).await.expect(400);
        assert_eq!(
            (answer.error(), answer.field()),
            ("validation_failed", unknown),
            "{}",
            answer.text
        );
    }
    assert_nothing_is_stored(&server).await;
}

#[tokio::test]
async fn one_handle_for_somebody_is_needed() {
    let server = server().await;
    let none = json!({"affiliateSlug": null});
    let subscription = json!({"affiliateSlug": null, "subscriptionId": "sub_1"});
    let lead =
        json!({"affiliateSlug": null, "subscriptionId": "sub_1", "type": "lead", "amountCents": 0});
    server.sale("e", "sarah", subscription).await.expect(400);
    server.sale("e", "sarah", lead).await.expect(400);
    let answer = server.sale("e", "sarah", none).await.expect(400);
    assert_eq!(answer.error(), "validation_failed");
    for handle in [
        "affiliateSlug",
        "clickId",
        "couponCode",
        "customerExternalId",
        "customerEmail",
    ] {
        assert!(answer.word("message").contains(handle), "{}", answer.text);
    }
    assert_nothing_is_stored(&server).await;
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let server = server().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let twice = r#"{"externalEventId":"e","amountCents":1,"amountCents":2,"currency":"USD","affiliateSlug":"sarah"}"#;
    let trailing = format!("{} x", good());
    let cases: [&[u8]; 12] = [
        b"",
        b" ",
        b"{",
        b"nonsense",
        b"null",
        b"[]",
        b"\"text\"",
        b"4900",
        trailing.as_bytes(),
        deep.as_bytes(),
        twice.as_bytes(),
        b"{\"externalEventId\":\"\xff\xfe\"}",
    ];
    for body in cases {
        let answer = server.post_bytes(PATH, body.to_vec()).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
        assert_eq!(answer.status, 400, "{shown}: {}", answer.text);
        assert!(
            !answer.word("message").is_empty() && !answer.error().is_empty(),
            "{shown}"
        );
    }
    assert_nothing_is_stored(&server).await;
}

#[tokio::test]
async fn only_json_is_taken() {
    let server = server().await;
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonp"),
        Some("multipart/form-data"),
    ] {
        let mut request = server.request(Method::POST, PATH).body(good().to_string());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let answer = send(request).await.expect(415);
        assert_eq!(answer.error(), "unsupported_media_type", "{kind:?}");
    }
    assert_nothing_is_stored(&server).await;
}

#[tokio::test]
async fn more_than_a_megabyte_is_refused() {
    let server = server().await;
    let just_over = padded(&good().to_string(), 1024 * 1024 + 1);
    let answer = server.post_bytes(PATH, just_over).await.expect(413);
    assert_eq!(answer.error(), "payload_too_large");
    let far_over = vec![b' '; 20 * 1024 * 1024];
    server.post_bytes(PATH, far_over).await.expect(413);
    // Without a length in advance, as a stream does it.
    let pieces = (0..20).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 * 1024]));
    let endless = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let answer = server.post_bytes(PATH, endless).await.expect(413);
    assert_eq!(answer.error(), "payload_too_large");
    assert_nothing_is_stored(&server).await;
}

async fn told_with(client: &Client, header: &str) -> Answer {
    let request = client
        .without_key()
        .request(Method::POST, PATH)
        .header("authorization", header);
    send(request.json(&good())).await
}

#[tokio::test]
async fn a_known_key_is_needed() {
    let server = server().await;
    let answer = server.without_key().post(PATH, good()).await.expect(401);
    assert_eq!(answer.error(), "unauthorized");
    let key = server.api_key.clone();
    let almost = format!("Bearer {}x", &key[..key.len() - 1]);
    let cases = [
        almost.as_str(),
        "Bearer ",
        "Bearer",
        "Bearer ak_live_unknownunknownunknownunknown",
        "Basic YWxhZGRpbjpvcGVu",
        &format!("Basic {key}"),
        &key,
        &format!("Bearer {}", key.to_uppercase()),
    ];
    for header in cases {
        let answer = told_with(&server, header).await;
        assert_eq!(
            (answer.status, answer.error()),
            (401, "unauthorized"),
            "{header}"
        );
    }
    assert_nothing_is_stored(&server).await;
    assert_eq!(
        told_with(&server, &format!("bearer {key}")).await.status,
        201,
        "the scheme has no case"
    );
}

#[tokio::test]
async fn a_revoked_or_expired_key_is_unknown() {
    let server = server().await;
    let made = server
        .post(
            "/api/v1/api-keys",
            json!({"name": "short", "scopes": ["conversions:write"]}),
        )
        .await
        .expect(201);
    let short = server.with_key(made.data()["key"].as_str().expect("a key"));
    assert_eq!(short.sale("a", "sarah", json!({})).await.status, 201);
    let id = made.data()["id"].as_str().expect("an id");
    server
        .delete(&format!("/api/v1/api-keys/{id}"))
        .await
        .expect(200);
    assert_eq!(short.sale("b", "sarah", json!({})).await.status, 401);
    let soon =
        json!({"name": "brief", "scopes": ["conversions:write"], "expiresAt": at(now() + 3600)});
    let made = server.post("/api/v1/api-keys", soon).await.expect(201);
    server
        .database()
        .change("update api_key set expires_at = now() - interval '1 s' where name = 'brief'")
        .await;
    let brief = server.with_key(made.data()["key"].as_str().expect("a key"));
    assert_eq!(brief.sale("c", "sarah", json!({})).await.status, 401);
    assert_eq!(server.sales("").await.len(), 1);
}

#[tokio::test]
async fn the_key_needs_its_scope() {
    let server = server().await;
    let every_other = [
        "conversions:read",
        "stats:read",
        "programs:read",
        "programs:write",
        "affiliates:read",
        "affiliates:manage",
        "payouts:read",
        "payouts:write",
        "flags:read",
        "flags:write",
        "webhooks:read",
        "webhooks:write",
        "merchant:read",
        "merchant:manage",
        "events:read",
        "events:write",
    ];
    let limited = server.with_scopes(&every_other).await;
    let answer = limited.post(PATH, good()).await.expect(403);
    assert_eq!(answer.error(), "insufficient_scope");
    assert!(
        answer.word("message").contains("conversions:write"),
        "{}",
        answer.text
    );
    assert_nothing_is_stored(&server).await;
    let enough = server.with_scopes(&["conversions:write"]).await;
    enough.post(PATH, good()).await.expect(201);
}

#[tokio::test]
async fn nobody_to_credit_is_told_apart() {
    let server = server().await;
    let other = server.second_organization().await;
    other.affiliate("stranger").await;
    other
        .sale(
            "theirs",
            "stranger",
            json!({"customerEmail": "ann@example.com", "customerExternalId": "cus_1"}),
        )
        .await
        .expect(201);
    let handles = [
        json!({"affiliateSlug": "nobody"}),
        json!({"affiliateSlug": "stranger"}),
        json!({"affiliateSlug": null, "couponCode": "NOPE"}),
        json!({"affiliateSlug": null, "clickId": "01890000-0000-7000-8000-000000000000"}),
        json!({"affiliateSlug": null, "customerEmail": "ann@example.com"}),
        json!({"affiliateSlug": null, "customerExternalId": "cus_1"}),
    ];
    for handle in handles {
        let answer = server.sale("e", "sarah", handle.clone()).await;
        assert_eq!(
            (answer.status, answer.error()),
            (404, "affiliate_not_found"),
            "{handle}: {}",
            answer.text
        );
    }
    assert_eq!(server.sales("").await.len(), 0);
    let theirs = other.default_campaign().await;
    for nothing in [theirs.as_str(), "01890000-0000-7000-8000-000000000000"] {
        let answer = server
            .sale("e", "sarah", json!({"campaignId": nothing}))
            .await
            .expect(404);
        assert_eq!(
            (answer.error(), answer.field()),
            ("not_found", "campaignId"),
            "another organization's campaign is no campaign"
        );
    }
    assert_eq!(server.sales("").await.len(), 0);
}

#[tokio::test]
async fn only_post_is_answered() {
    let server = server().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = send(server.request(method.clone(), PATH)).await;
        assert_eq!(
            (answer.status, answer.error()),
            (405, "method_not_allowed"),
            "{method}"
        );
    }
}
