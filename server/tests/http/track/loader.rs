//! `GET /t.js`: the script itself; what it does is tested in a browser.

use reqwest::Method;

use crate::support::{TestServer, send};

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
