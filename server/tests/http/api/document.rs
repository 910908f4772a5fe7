//! The document of the API, its page, and whether the server keeps to it.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn the_document_is_there_for_everybody() {
    let server = TestServer::start().await;
    let document = server
        .without_key()
        .get("/api/v1/openapi.json")
        .await
        .expect(200);
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.json["openapi"], "3.1.0");
    assert_eq!(document.json["servers"][0]["url"], json!(server.base_url));
}

#[tokio::test]
async fn the_page_shows_every_operation_and_reaches_nothing_else() {
    let running = TestServer::start().await;
    let server = running.without_key();
    let document = server.get("/api/v1/openapi.json").await.json;
    let page = server.get("/api/docs").await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let ids: Vec<&str> = page
        .text
        .split("<article id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let operations = document["paths"].as_object().expect("paths").values();
    let operations: usize = operations
        .map(|methods| methods.as_object().expect("methods").len())
        .sum();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), operations);
    for (before, kind) in [("href=\"", "text/css"), ("src=\"", "text/javascript")] {
        let files = page
            .text
            .split(before)
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        for file in files.filter(|file| file.starts_with("/api/docs/")) {
            let answer = server.get(file).await.expect(200);
            assert!(answer.header("content-type").starts_with(kind), "{file}");
        }
    }
    for forbidden in ["<style", " style=", " onclick", "src=\"http", "<script>"] {
        assert!(!page.text.contains(forbidden), "{forbidden}");
    }
}
