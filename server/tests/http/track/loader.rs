//! `GET /t.js`: the script itself; what it does is tested in a browser.

use reqwest::Method;
use serde_json::json;

use crate::support::{TestServer, eventually, send};

#[tokio::test]
async fn the_loader_is_a_script_that_browsers_keep() {
    let server = TestServer::start().await;
    let anybody = server.without_key();
    let script = anybody.get("/t.js").await.expect(200);
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert!(
        script
            .header("cache-control")
            .starts_with("public, max-age=")
    );
    assert_eq!(script.header("x-content-type-options"), "nosniff");
    assert!(script.text.contains("tributary_click"));
    let tag = script.header("etag");
    assert!(tag.len() > 10, "{tag}");
    let again = anybody
        .request(Method::GET, "/t.js")
        .header("if-none-match", tag);
    let again = send(again).await.expect(304);
    assert_eq!((again.text.as_str(), again.header("etag")), ("", tag));
    let other = anybody
        .request(Method::GET, "/t.js")
        .header("if-none-match", "\"x\"");
    send(other).await.expect(200);
    let packed = anybody
        .request(Method::GET, "/t.js")
        .header("accept-encoding", "gzip");
    assert_eq!(
        send(packed).await.expect(200).header("content-encoding"),
        "gzip"
    );
}

/// A load of the script by a page, as a proxy tells of it.
async fn load(server: &TestServer, page: &str, from: &str) {
    let request = server.without_key().request(Method::GET, "/t.js");
    let request = request
        .header("referer", page)
        .header("x-forwarded-for", from);
    send(request).await.expect(200);
}

#[tokio::test]
async fn who_tells_of_ever_new_pages_has_the_script_and_is_not_believed() {
    let limit = ("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "600");
    let server = TestServer::start_with(&[limit]).await;
    for (name, site) in [
        ("Flooded", "https://flooded.example"),
        ("Quiet", "https://quiet.example"),
    ] {
        let program = json!({"name": name, "commissionType": "one_time", "commissionPercent": 5, "website": site});
        server.campaign(program).await;
    }
    for number in 0..60 {
        load(
            &server,
            &format!("https://{number}.example/"),
            "198.51.100.1",
        )
        .await;
    }
    load(&server, "https://www.flooded.example/", "198.51.100.1").await;
    eventually("the other page is noted", async || {
        load(&server, "https://www.quiet.example/", "198.51.100.2").await;
        let noted = server.database().count("campaign_seen").await;
        (noted > 0).then_some(())
    })
    .await;
    let sites = "select string_agg(site, ' ') from campaign_seen";
    assert_eq!(server.database().text(sites).await, "quiet.example");
}
