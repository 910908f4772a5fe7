//! What every answer carries, whatever was asked: an id, headers that protect browsers, a shape.

use reqwest::Method;
use serde_json::json;

use crate::support::{TestServer, send};

const ANYWHERE: [(&str, u16); 16] = [
    ("/healthz", 200),
    ("/readyz", 200),
    ("/metrics", 200),
    ("/api/conversions", 200),
    ("/api/conversions/export", 200),
    ("/api/v1/me", 200),
    ("/api/v1/programs", 200),
    ("/api/conversions?x=1", 400),
    ("/api/tracking/s2s", 405),
    ("/api/nonsense", 404),
    ("/api/", 404),
    ("/api/v1/nonsense", 404),
    ("/api/v1/", 404),
    ("/sign-in", 200),
    ("/no-such-page", 404),
    ("/pkg/no-such-file.js", 404),
];

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let server = TestServer::start().await;
    let mut ids = Vec::new();
    for (path, status) in ANYWHERE {
        let answer = server.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        ids.push(answer.header("x-request-id").to_owned());
    }
    ids.push(
        server
            .without_key()
            .get("/api/conversions")
            .await
            .expect(401)
            .header("x-request-id")
            .to_owned(),
    );
    ids.push(
        server
            .sale("e", "nobody", json!({}))
            .await
            .expect(404)
            .header("x-request-id")
            .to_owned(),
    );
    assert!(ids.iter().all(|id| id.len() >= 16), "{ids:?}");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "no id twice");
}

#[tokio::test]
async fn the_answers_body_names_the_same_id_where_it_has_one() {
    let server = TestServer::start().await;
    for path in ["/api/v1/me", "/api/v1/nonsense", "/api/v1/programs?x=1"] {
        let answer = server.get(path).await;
        assert_eq!(
            answer.json["meta"]["requestId"],
            answer.header("x-request-id"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_answer_protects_the_browser() {
    let server = TestServer::start().await;
    for (path, _) in ANYWHERE {
        let answer = server.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(!answer.header("referrer-policy").is_empty(), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
            "{path}: {policy}"
        );
        assert_eq!(
            answer.header("strict-transport-security"),
            "",
            "{path}: not behind HTTPS"
        );
    }
    let request = server
        .request(Method::GET, "/healthz")
        .header("x-forwarded-proto", "https");
    assert!(
        send(request)
            .await
            .header("strict-transport-security")
            .contains("max-age=")
    );
    let public = [("TRIBUTARY_PUBLIC_URL", "https://sales.example.com")];
    let stranger = [("TRIBUTARY_TRUSTED_PROXIES", "none")];
    for (variables, by_https) in [(public, true), (stranger, false)] {
        let server = TestServer::start_with(&variables).await;
        let request = server.request(Method::GET, "/healthz");
        let scheme = if by_https { "http" } else { "https" };
        let answer = send(request.header("x-forwarded-proto", scheme)).await;
        let told = answer.headers.contains_key("strict-transport-security");
        assert_eq!(told, by_https, "{variables:?}");
    }
}

#[tokio::test]
async fn only_files_whose_names_carry_a_hash_are_kept_for_ever() {
    let site = tempfile::tempdir().expect("a folder");
    for (folder, file) in [("pkg", "tributary.js"), ("fonts", "inter-4.1.woff2")] {
        let folder = site.path().join(folder);
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join(file), "x").expect("a file");
    }
    let folder = site.path().display().to_string();
    let server = TestServer::start_with(&[("TRIBUTARY_SITE_DIR", &folder)]).await;
    let built = server.get("/pkg/tributary.js").await.expect(200);
    assert_eq!(built.header("cache-control"), "no-cache");
    let font = server.get("/fonts/inter-4.1.woff2").await.expect(200);
    assert!(font.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn an_address_that_is_not_there_is_refused_in_the_shape_of_its_dialect() {
    let server = TestServer::start().await;
    for path in [
        "/api/nonsense",
        "/api/conversions/nonsense",
        "/api/live",
        "/api/",
    ] {
        let answer = server.get(path).await.expect(404);
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert_eq!(answer.word("error"), "not_found", "{path}");
        assert!(!answer.word("message").is_empty());
    }
    let answer = server.get("/api/v1/nonsense").await.expect(404);
    assert_eq!(
        (answer.header("content-type"), &answer.json["error"]["code"]),
        ("application/json", &json!("NOT_FOUND"))
    );
    let wrong = send(server.request(Method::DELETE, "/api/conversions"))
        .await
        .expect(405);
    assert_eq!(wrong.word("error"), "method_not_allowed");
    assert!(!wrong.header("allow").is_empty(), "what is allowed is told");
}

#[tokio::test]
async fn a_writing_call_from_another_sites_page_is_refused() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let body = json!({"externalEventId": "e", "amountCents": 1, "currency": "USD", "affiliateSlug": "sarah"});
    let call = || {
        server
            .request(Method::POST, "/api/tracking/s2s")
            .json(&body)
    };
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = send(call().header(name, value)).await.expect(403);
        assert_eq!(answer.error(), "forbidden", "{name}: {value}");
    }
    assert_eq!(server.sales("").await.len(), 0);
    send(call().header("origin", server.base_url.clone()))
        .await
        .expect(201);
}
