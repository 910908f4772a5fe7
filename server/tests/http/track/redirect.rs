//! `GET /r/{slug}`: where a link leads, and what is kept of the visit.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{SHOP, TestServer, Visitor, eventually, send};

async fn shop() -> TestServer {
    let server = TestServer::start().await;
    server.open_shop(json!({})).await;
    server.affiliate("sarah").await;
    server
}

async fn clicks(server: &TestServer) -> i64 {
    server.database().count("click").await
}

#[tokio::test]
async fn a_link_is_followed_and_the_click_is_kept() {
    let server = shop().await;
    let request = Visitor::new(&server, 1).request(Method::GET, "/r/Sarah?fbclid=1&utm_source=x");
    let sent = send(request.header("referer", "https://blog.example/best?reader=ann#x"))
        .await
        .expect(302);
    assert_eq!(
        sent.landing().as_str(),
        "https://shop.example/start?utm_source=x&via=sarah",
        "and nothing else of the link's parameters"
    );
    assert_eq!(sent.header("cache-control"), "no-store");
    assert_eq!(sent.header("referrer-policy"), "no-referrer-when-downgrade");
    let cookie = sent.header("set-cookie");
    let (pair, attributes) = cookie.split_once("; ").expect("a cookie");
    assert_eq!(
        attributes,
        "Path=/; Max-Age=5184000; HttpOnly; SameSite=Lax"
    );
    let value = pair.strip_prefix("tributary_visitor=").expect("ours");
    assert_eq!(value.len(), 32);
    let kept = server
        .database()
        .text("select page_url || ' ' || referrer from click")
        .await;
    assert_eq!(
        kept,
        "https://shop.example/start?utm_source=x&via=sarah https://blog.example/best"
    );
    let kept = server
        .database()
        .text("select click::text from click")
        .await;
    assert!(
        !kept.contains("198.51.100.1") && !kept.contains(value),
        "only hashes: {kept}"
    );
}

#[tokio::test]
async fn the_cookie_is_secure_where_the_outside_comes_by_https() {
    let server = shop().await;
    let request = Visitor::new(&server, 1).request(Method::GET, "/r/sarah");
    let sent = send(request.header("x-forwarded-proto", "https"))
        .await
        .expect(302);
    assert!(
        sent.header("set-cookie").ends_with("; Secure"),
        "{}",
        sent.header("set-cookie")
    );
}

#[tokio::test]
async fn one_visitor_is_one_click_by_his_cookie_or_his_network() {
    let server = shop().await;
    server.affiliate("mia").await;
    let mut ann = Visitor::new(&server, 1);
    ann.follow("/r/sarah").await.expect(302);
    let cookie = ann.cookie.clone();
    let again = ann.follow("/r/sarah").await.expect(302);
    assert!(
        !again.header("set-cookie").is_empty(),
        "the cookie lives on"
    );
    assert_eq!(ann.cookie, cookie);
    ann.moved(2).follow("/r/sarah").await.expect(302);
    assert_eq!(
        clicks(&server).await,
        1,
        "known by the cookie in any network"
    );
    let mut bare = Visitor::new(&server, 1);
    let answer = bare.follow("/r/sarah").await.expect(302);
    assert_eq!(
        (clicks(&server).await, answer.header("set-cookie")),
        (1, ""),
        "known by his network"
    );
    ann.follow("/r/mia").await.expect(302);
    assert_eq!(clicks(&server).await, 2, "another link is another click");
    Visitor::new(&server, 3)
        .follow("/r/sarah")
        .await
        .expect(302);
    assert_eq!(clicks(&server).await, 3);
    let mut forger = Visitor::new(&server, 4);
    forger.cookie = Some("tributary_visitor=' or 1=1".to_owned());
    forger.follow("/r/sarah").await.expect(302);
    assert_eq!(clicks(&server).await, 4);
    assert_eq!(
        server
            .database()
            .number("select sum(clicks)::bigint from click_day")
            .await,
        4
    );
    let affiliates = server.get("/api/v1/affiliates").await.expect(200);
    let total = |code: &str| {
        let rows = affiliates.data().as_array().expect("a list");
        rows.iter()
            .find(|row| row["code"] == code)
            .map(|row| row["totalClicks"].clone())
    };
    assert_eq!(
        (total("sarah"), total("mia")),
        (Some(json!(3)), Some(json!(1)))
    );
}

#[tokio::test]
async fn links_lead_to_the_campaigns_sites_and_nowhere_else() {
    let server = TestServer::start().await;
    server.open_shop(json!({"website": "https://www.main.example", "sites": ["pay.other.example", "localhost:5173"]})).await;
    server.affiliate("sarah").await;
    let mut ann = Visitor::new(&server, 1);
    for (to, target) in [
        (
            "/pricing?plan=a%26b#top",
            "https://shop.example/pricing?plan=a%26b&via=sarah#top",
        ),
        ("/a?via=mia", "https://shop.example/a?via=sarah"),
        (
            "https://app.shop.example/x",
            "https://app.shop.example/x?via=sarah",
        ),
        ("https://main.example/", "https://main.example/?via=sarah"),
        (
            "https://pay.other.example/",
            "https://pay.other.example/?via=sarah",
        ),
        ("http://localhost:5173/", "http://localhost:5173/?via=sarah"),
    ] {
        let path: String = url(to);
        assert_eq!(
            ann.follow(&path).await.expect(302).landing().as_str(),
            target,
            "{to}"
        );
    }
    for to in [
        "",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "https://evil.example",
        "https://shop.example@evil.example",
        "https://ann:pw@shop.example/",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "https://other.example",
        "https://shop.example:8443/",
        "http://localhost:5174/",
        "javascript:alert(1)",
        "JaVaScRiPt://shop.example/%0aalert(1)",
        "data:text/html,x",
        "https:evil.example",
        "\r\nset-cookie: a=b",
        "https://evil.example\u{0}.shop.example",
    ] {
        let sent = ann.follow(&url(to)).await.expect(302);
        assert_eq!(
            sent.landing().as_str(),
            "https://shop.example/start?via=sarah",
            "{to:?}"
        );
    }
    for path in [
        "/r/sarah?to=%ff%fe//evil.example",
        "/r/sarah?to=%2F%2Fevil.example",
        "/r/sarah?to=/a&to=//evil.example",
        "/r/sarah?to",
    ] {
        let sent = ann.follow(path).await.expect(302);
        assert!(
            sent.landing().starts_with("https://shop.example/"),
            "{path}: {}",
            sent.landing().as_str()
        );
    }
}

fn url(to: &str) -> String {
    let pair = reqwest::Url::parse_with_params("http://x/", [("to", to)]).expect("an address");
    format!("/r/sarah?{}", pair.query().expect("a query"))
}

#[tokio::test]
async fn codes_of_nobody_lead_to_the_shop_and_are_not_counted() {
    let server = shop().await;
    let mut ann = Visitor::new(&server, 1);
    for path in [
        "/r/nobody",
        "/r/x",
        "/r/%ff%fe",
        "/r/a%20b%0d%0a",
        &format!("/r/{}", "x".repeat(3000)),
        "/r/'%20or%201=1",
    ] {
        let sent = ann.follow(path).await.expect(302);
        assert_eq!(
            (sent.landing().as_str(), sent.header("set-cookie")),
            ("https://shop.example/start", ""),
            "{path}"
        );
    }
    assert_eq!(clicks(&server).await, 0);
    ann.follow("/r/").await.expect(404);
    let unset = TestServer::start().await;
    unset.affiliate("sarah").await;
    for path in [
        "/r/sarah",
        "/r/nobody",
        "/r/sarah?o=nonsense",
        "/r/sarah?o=01890000-0000-7000-8000-000000000000",
    ] {
        let lost = Visitor::new(&unset, 1).follow(path).await.expect(404);
        assert_eq!(lost.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(lost.text, "there is no such link: check its spelling\n");
    }
    assert_eq!(clicks(&unset).await, 0);
}

#[tokio::test]
async fn who_may_not_be_credited_gets_no_click() {
    let server = shop().await;
    let other = server.campaign(json!({"name": "Other", "commissionType": "recurring", "commissionPercent": 20, "website": "https://other.example"})).await;
    let mia = server.affiliate("mia").await;
    server
        .affiliate_named("Zoe", "zoe", json!({"programId": other}))
        .await;
    let mut ann = Visitor::new(&server, 1);
    for status in ["paused", "blocked", "removed"] {
        server
            .patch(
                &format!("/api/v1/affiliates/{}", mia.id),
                json!({"status": status}),
            )
            .await
            .expect(200);
        let sent = ann.follow("/r/mia").await.expect(302);
        assert_eq!(
            sent.landing().as_str(),
            "https://shop.example/start",
            "{status}"
        );
    }
    let sent = ann.follow("/r/sarah?c=other").await.expect(302);
    assert_eq!(
        sent.landing().as_str(),
        "https://other.example/",
        "not in that campaign"
    );
    assert_eq!(clicks(&server).await, 0);
    assert_eq!(
        ann.follow("/r/zoe").await.landing().as_str(),
        "https://other.example/?via=zoe"
    );
    assert_eq!(
        ann.follow("/r/zoe?c=OTHER&to=/a").await.landing().as_str(),
        "https://other.example/a?via=zoe"
    );
    assert_eq!(
        ann.follow("/r/sarah?c=nothing").await.landing().as_str(),
        "https://shop.example/start?via=sarah"
    );
    assert_eq!(clicks(&server).await, 2);
    server
        .patch(
            &format!("/api/v1/programs/{other}"),
            json!({"slug": "moved"}),
        )
        .await
        .expect(200);
    let sent = ann.follow("/r/sarah?c=moved").await.expect(302);
    assert_eq!(sent.landing().as_str(), "https://other.example/");
    let sent = ann.follow("/r/sarah?c=other").await.expect(302);
    assert_eq!(
        sent.landing().as_str(),
        "https://shop.example/start?via=sarah",
        "the old slug names no campaign"
    );
    assert_eq!(clicks(&server).await, 2, "within half an hour");
    server
        .delete(&format!("/api/v1/programs/{other}"))
        .await
        .expect(200);
    let sent = ann.follow("/r/zoe").await.expect(302);
    assert_eq!(
        sent.landing().as_str(),
        "https://other.example/",
        "an archived campaign"
    );
    assert_eq!(clicks(&server).await, 2);
    let renamed = server
        .patch(
            &format!("/api/v1/affiliates/{}", mia.id),
            json!({"status": "approved", "code": "mimi"}),
        )
        .await;
    renamed.expect(200);
    assert_eq!(
        ann.follow("/r/mimi").await.landing().as_str(),
        "https://shop.example/start?via=mimi"
    );
    assert_eq!(
        ann.follow("/r/mia").await.landing().as_str(),
        "https://shop.example/start",
        "the old code stops"
    );
}

#[tokio::test]
async fn nobody_who_is_not_looking_is_counted() {
    let server = shop().await;
    let ann = Visitor::new(&server, 1);
    let link = |method| ann.request(method, "/r/sarah");
    let head = send(link(Method::HEAD)).await.expect(302);
    assert_eq!(
        (head.landing().as_str(), head.header("set-cookie")),
        ("https://shop.example/start?via=sarah", "")
    );
    let bare = server.without_key().request(Method::GET, "/r/sarah");
    let googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    for request in [
        bare.try_clone().expect("cloned"),
        bare.try_clone().expect("cloned").header("user-agent", ""),
        bare.try_clone()
            .expect("cloned")
            .header("user-agent", b"\xff\xfe".as_slice()),
        bare.try_clone()
            .expect("cloned")
            .header("user-agent", "curl/8.5.0"),
        bare.header("user-agent", googlebot),
        link(Method::GET).header("sec-purpose", "prefetch;prerender"),
        link(Method::GET).header("purpose", "prefetch"),
        link(Method::GET).header("x-moz", "prefetch"),
    ] {
        let sent = send(request).await.expect(302);
        assert_eq!(
            (sent.landing().as_str(), sent.header("set-cookie")),
            ("https://shop.example/start?via=sarah", "")
        );
    }
    send(link(Method::POST).header("origin", &server.base_url))
        .await
        .expect(405);
    assert_eq!(clicks(&server).await, 0);
    assert_eq!(server.database().count("click_day").await, 0);
}

#[tokio::test]
async fn a_campaign_that_asks_first_keeps_nothing_at_the_link() {
    let server = TestServer::start().await;
    server
        .open_shop(json!({"trackingRequiresConsent": true}))
        .await;
    server.affiliate("sarah").await;
    let sent = Visitor::new(&server, 1)
        .follow("/r/sarah")
        .await
        .expect(302);
    assert_eq!(
        (sent.landing().as_str(), sent.header("set-cookie")),
        ("https://shop.example/start?via=sarah", "")
    );
    assert_eq!(clicks(&server).await, 0);
}

#[tokio::test]
async fn of_several_organizations_the_one_with_the_code_is_meant() {
    let server = shop().await;
    let other = server.second_organization().await;
    other
        .open_shop(json!({"landingPageUrl": "https://elsewhere.example"}))
        .await;
    other.affiliate("zoe").await;
    other.affiliate("both").await;
    server.affiliate("both").await;
    let mut ann = Visitor::new(&server, 1);
    let mut leads = async |path: &str| {
        let answer = ann.follow(path).await;
        (answer.status, answer.landing())
    };
    // The other organization was made by another process: a minute old at most is what this one knows.
    eventually("the server knows of both", async || {
        (leads("/r/unheard-of").await.0 == 404).then_some(())
    })
    .await;
    let to = |target: &str| (302, target.to_owned());
    assert_eq!(
        leads("/r/sarah").await,
        to("https://shop.example/start?via=sarah")
    );
    assert_eq!(
        leads("/r/zoe").await,
        to("https://elsewhere.example/?via=zoe")
    );
    assert_eq!(leads("/r/both").await.0, 404);
    let named = |id: &str, code: &str| format!("/r/{code}?o={id}");
    assert_eq!(
        leads(&named(&other.organization_id, "both")).await,
        to("https://elsewhere.example/?via=both")
    );
    assert_eq!(
        leads(&named(&server.organization_id, "both")).await,
        to("https://shop.example/start?via=both")
    );
    assert_eq!(
        leads(&named(&server.organization_id, "zoe")).await,
        to(&format!("{SHOP}/start"))
    );
    assert_eq!(clicks(&server).await, 4);
}

#[tokio::test]
async fn sites_of_a_program_are_read_and_refused_by_name() {
    let server = TestServer::start().await;
    let id = server
        .open_shop(json!({"sites": ["https://Pay.Example/x", "a.example:8443", "a.example:8443"]}))
        .await;
    let path = format!("/api/v1/programs/{id}");
    let program = server.get(&path).await.expect(200);
    assert_eq!(
        program.data()["sites"],
        json!(["a.example:8443", "pay.example"])
    );
    for sites in [
        json!(["a b"]),
        json!([""]),
        json!(["javascript://x"]),
        json!([7]),
        json!("shop.example"),
        json!((0..21).map(|n| format!("s{n}.example")).collect::<Vec<_>>()),
    ] {
        let refused = server
            .patch(&path, json!({"sites": sites}))
            .await
            .expect(400);
        assert!(
            refused.field().starts_with("sites"),
            "{sites}: {}",
            refused.text
        );
    }
    let renamed = server
        .patch(&path, json!({"name": "Renamed"}))
        .await
        .expect(200);
    assert_eq!(
        renamed.data()["sites"],
        json!(["a.example:8443", "pay.example"])
    );
    let emptied = server
        .patch(&path, json!({"sites": [], "landingPageUrl": Value::Null}))
        .await
        .expect(200);
    assert_eq!(emptied.data()["sites"], json!([]));
    assert_eq!(server.database().count("campaign_site").await, 0);
}
