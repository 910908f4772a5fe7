//! What must not be stored, and who must arrive all the same: floods, bombs, and a database that is away.

use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::json;

use crate::support::{Database, Proxy, TestServer, Visitor, eventually, send};

/// What one address may have kept in a minute.
const LIMIT: i64 = 120;
/// Calls that are under way at the same time.
const AT_ONCE: usize = 50;

async fn shop(variables: &[(&str, &str)]) -> TestServer {
    let server = TestServer::start_with(variables).await;
    server.open_shop(json!({})).await;
    server.affiliate("sarah").await;
    server
}

#[tokio::test]
async fn a_flood_from_one_address_is_sent_on_and_not_stored() {
    let server = shop(&[("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "600")]).await;
    let ann = Visitor::new(&server, 1);
    let calls = (0..1000).map(|number| {
        // Somebody else every time, as far as cookies tell.
        let link = ann.request(Method::GET, "/r/sarah");
        send(link.header("cookie", format!("tributary_visitor={number:032x}")))
    });
    let answers: Vec<_> = stream::iter(calls)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    assert!(answers.iter().all(|answer| answer.status == 302));
    let kept = server.database().count("click").await;
    // Two a second come back to the address while the flood goes on, however long that takes.
    assert!((LIMIT..700).contains(&kept), "{kept}");
    let mut refused = ann.arrives("sarah").await;
    for _ in 0..LIMIT {
        if refused.status == 200 {
            refused = ann.arrives("sarah").await;
        }
    }
    let refused = refused.expect(429);
    assert_eq!(refused.error(), "rate_limited");
    assert_eq!(
        refused.header("access-control-allow-origin"),
        "https://shop.example"
    );
    assert!(
        refused
            .header("retry-after")
            .parse::<u64>()
            .is_ok_and(|seconds| (1..=60).contains(&seconds))
    );
    let lead =
        json!({"clickToken": "01890000-0000-7000-8000-000000000000", "email": "a@example.com"});
    send(ann.telling("/api/tracking/click/lead", &lead))
        .await
        .expect(429);
    let told = Visitor::new(&server, 2).arrives("sarah").await.expect(200);
    assert_eq!(told.json["status"], "ok", "others are not held up");
}

#[tokio::test]
async fn header_bombs_leave_nothing_behind() {
    let server = shop(&[]).await;
    let ann = Visitor::new(&server, 1);
    let link = || ann.request(Method::GET, "/r/sarah");
    let mut many = link();
    for number in 0..300 {
        many = many.header(format!("x-bomb-{number}"), "x");
    }
    assert_eq!(send(many).await.status, 431);
    let long = link()
        .header("x-bomb", "x".repeat(1024 * 1024))
        .send()
        .await;
    assert!(long.is_err() || long.is_ok_and(|answer| answer.status() == 431));
    assert_eq!(server.database().count("click").await, 0);
    for (number, referrer) in [
        b"\xff\xfe\xfd".to_vec(),
        format!("https://blog.example/{}", "x".repeat(50_000)).into_bytes(),
        b"javascript:alert(1)".to_vec(),
        b"nonsense".to_vec(),
    ]
    .into_iter()
    .enumerate()
    {
        let visitor = ann.moved(10 + u8::try_from(number).expect("few"));
        send(
            visitor
                .request(Method::GET, "/r/sarah")
                .header("referer", referrer),
        )
        .await
        .expect(302);
    }
    assert_eq!(
        server
            .database()
            .number("select count(*) from click where referrer is null")
            .await,
        4
    );
    assert!(!server.log().contains("panicked"));
}

#[tokio::test]
async fn what_is_no_text_is_led_somewhere_or_refused_and_breaks_nothing() {
    let server = shop(&[]).await;
    let ann = Visitor::new(&server, 1);
    for path in [
        "/r/%ff%fe",
        "/r/%00",
        "/r/sarah%0d%0aset-cookie:a=b",
        "/r/..%2f..%2fetc",
        "/r/sarah%ff",
        "/r/sarah?o=%ff",
        "/r/sarah?o=00000000-0000-7000-8000-000000000000",
    ] {
        let answer = send(ann.request(Method::GET, path)).await;
        assert!(
            [302, 400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert_eq!(answer.header("set-cookie"), "", "{path}");
    }
    assert_eq!(server.database().count("click").await, 0);
    let bytes =
        |name: &str, value: Vec<u8>| ann.request(Method::GET, "/r/sarah").header(name, value);
    // A browser that can't be read is none; a cookie that can't be is as good as none.
    let answer = send(ann.request(Method::GET, "/r/sarah?c=%ff&to=%ff")).await;
    assert_eq!(
        answer.landing().as_str(),
        "https://shop.example/start?via=sarah"
    );
    for request in [
        bytes("cookie", b"tributary_visitor=\xff\xfe".to_vec()),
        bytes("cookie", vec![b'x'; 60_000]),
        bytes("user-agent", b"Mozilla/5.0 \xff\xfe".to_vec()),
        bytes(
            "user-agent",
            [b"Mozilla/5.0 ".to_vec(), vec![b'x'; 60_000]].concat(),
        ),
        bytes("x-forwarded-for", b"\xff, 198.51.100.1".to_vec()),
    ] {
        let answer = send(request).await;
        assert!([302, 431].contains(&answer.status), "{}", answer.status);
    }
    assert!(!server.log().contains("panicked"));
}

/// A shop whose database is at the other end of a wire.
async fn wired() -> (TestServer, Proxy) {
    let database = Database::create().await;
    let proxy = Proxy::start(database.address()).await;
    let url = database.url_by_way_of(proxy.port);
    let server = TestServer::start_on(database, &[("DATABASE_URL", &url)]).await;
    server.open_shop(json!({})).await;
    server.affiliate("sarah").await;
    (server, proxy)
}

async fn lost(server: &TestServer) -> bool {
    let metrics = server.without_key().get("/metrics").await.expect(200);
    metrics
        .text
        .contains("tributary_visits_total{outcome=\"lost\"}")
}

#[tokio::test]
async fn visitors_arrive_while_the_database_is_away() {
    let (server, proxy) = wired().await;
    Visitor::new(&server, 1)
        .follow("/r/sarah")
        .await
        .expect(302);
    // Nothing that was found before this change is taken for new.
    server.affiliate("mia").await;
    proxy.cut();
    let mut ben = Visitor::new(&server, 2);
    let sent = ben.follow("/r/sarah").await.expect(302);
    assert_eq!(
        (sent.landing().as_str(), sent.header("set-cookie")),
        ("https://shop.example/start?via=sarah", "")
    );
    assert!(lost(&server).await);
    let away = ben.follow("/r/unheard-of").await.expect(503);
    assert!(away.header("retry-after").parse::<u64>().is_ok());
    assert!(
        away.header("content-type").starts_with("text/plain"),
        "{}",
        away.text
    );
    let told = ben.arrives("sarah").await.expect(503);
    assert_eq!(told.error(), "service_unavailable");
    proxy.mend();
    eventually("clicks are kept again", async || {
        let told = ben.arrives("sarah").await;
        (told.status == 200).then_some(())
    })
    .await;
    assert_eq!(server.database().count("click").await, 2);
}

#[tokio::test]
async fn a_database_that_hangs_holds_no_visitor_for_long() {
    let (server, proxy) = wired().await;
    Visitor::new(&server, 1)
        .follow("/r/sarah")
        .await
        .expect(302);
    proxy.hang();
    let mut ben = Visitor::new(&server, 2);
    let sent =
        tokio::time::timeout(std::time::Duration::from_secs(10), ben.follow("/r/sarah")).await;
    assert_eq!(
        sent.expect("he is sent on").expect(302).landing().as_str(),
        "https://shop.example/start?via=sarah"
    );
    assert!(lost(&server).await);
    proxy.mend();
}
