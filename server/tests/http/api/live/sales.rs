//! `GET /api/live/sales`: changes as they happen, as server-sent events.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Answer, Client, EventStream, OWNER_EMAIL, OWNER_PASSWORD, Sent, TestServer, eventually, send,
    stripe::Purchase,
};

/// How soon a change must be told. Far more than it takes, far less than the server's own safety net.
const SOON: Duration = Duration::from_secs(2);
/// How long a stream is listened to for something that must not come, after something that must.
const QUIET: Duration = Duration::from_millis(300);

async fn shop() -> TestServer {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server
}

async fn sale(client: &Client, id: &str) -> String {
    client
        .sale(id, "sarah", json!({}))
        .await
        .expect(201)
        .id()
        .to_owned()
}

/// The next event, which must tell of this sale.
async fn told(stream: &mut EventStream, id: &str, change: &str) -> Sent {
    let sent = stream
        .next(SOON)
        .await
        .unwrap_or_else(|| panic!("{id} {change} is told within {SOON:?}"));
    assert_eq!(
        (sent.event.as_str(), sent.json()),
        ("sale", json!({"id": id, "change": change}))
    );
    assert!(!sent.id.is_empty(), "every event has an id");
    sent
}

#[tokio::test]
async fn a_sale_is_told_at_once() {
    let server = shop().await;
    let mut stream = EventStream::open(&server, None).await;
    let first = sale(&server, "a").await;
    let one = told(&mut stream, &first, "created").await;
    let second = sale(&server, "b").await;
    let two = told(&mut stream, &second, "created").await;
    assert_ne!(one.id, two.id);
    server.sale("a", "sarah", json!({})).await.expect(200);
    assert_eq!(stream.next(QUIET).await, None, "a replay changes nothing");
}

#[tokio::test]
async fn a_processors_event_is_told_too() {
    let server = shop().await;
    let connection = server.connect_stripe("whsec_0123456789").await;
    let mut stream = EventStream::open(&server, None).await;
    let purchase = Purchase::new("ann");
    let event = purchase.event("checkout.session.completed", 1, purchase.one_off("sarah"));
    server.deliver(&connection, &event).await.expect(200);
    let id = server.sales("").await[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    told(&mut stream, &id, "created").await;
}

#[tokio::test]
async fn everybody_who_listens_is_told_and_no_other_organization() {
    let server = shop().await;
    let other = server.second_organization().await;
    other.affiliate("sarah").await;
    let mut streams = join_all((0..20).map(|_| EventStream::open(&server, None))).await;
    let mut theirs = EventStream::open(&other, None).await;
    let ours = sale(&server, "a").await;
    for told_to in join_all(
        streams
            .iter_mut()
            .map(|stream| told(stream, &ours, "created")),
    )
    .await
    {
        assert_eq!(told_to.event, "sale");
    }
    let own = sale(&other, "b").await;
    told(&mut theirs, &own, "created").await;
    for stream in &mut streams[..2] {
        assert_eq!(stream.next(QUIET).await, None);
    }
}

#[tokio::test]
async fn a_burst_is_told_completely_and_once() {
    let server = shop().await;
    let mut stream = EventStream::open(&server, None).await;
    let names: Vec<String> = (0..150).map(|number| format!("e{number}")).collect();
    let mut made = join_all(names.iter().map(|name| sale(&server, name))).await;
    let mut heard = Vec::new();
    while heard.len() < made.len() {
        let sent = stream.next(SOON).await.expect("all of them are told");
        assert_eq!(sent.event, "sale");
        heard.push(sent.json()["id"].as_str().expect("an id").to_owned());
    }
    heard.sort();
    made.sort();
    assert_eq!(heard, made);
    assert_eq!(stream.next(QUIET).await, None);
}

#[tokio::test]
async fn what_was_missed_is_told_after_the_last_event_that_was_seen() {
    let server = shop().await;
    let mut stream = EventStream::open(&server, None).await;
    let seen = sale(&server, "a").await;
    let last = told(&mut stream, &seen, "created").await.id;
    drop(stream);
    let (one, two) = (sale(&server, "b").await, sale(&server, "c").await);
    let mut stream = EventStream::open(&server, Some(&last)).await;
    told(&mut stream, &one, "created").await;
    let newest = told(&mut stream, &two, "created").await.id;
    let three = sale(&server, "d").await;
    told(&mut stream, &three, "created").await;
    let mut stream = EventStream::open(&server, Some(&newest)).await;
    told(&mut stream, &three, "created").await;
    assert_eq!(stream.next(QUIET).await, None);
}

#[tokio::test]
async fn a_change_is_told_as_a_change() {
    let server = shop().await;
    let mut stream = EventStream::open(&server, None).await;
    let id = sale(&server, "a").await;
    let last = told(&mut stream, &id, "created").await.id;
    // As a later version's refund or approval does it, by another process.
    server.database().change(
        "begin; update organization_position set position = position + 1;
         update conversion set revision = 2, status = 'denied', change_position = (select position from organization_position);
         commit",
    ).await;
    let mut again = EventStream::open(&server, Some(&last)).await;
    told(&mut again, &id, "updated").await;
    let late = Duration::from_secs(10);
    let sent = stream
        .next(late)
        .await
        .expect("an open stream hears of it by comparing positions");
    assert_eq!(sent.json(), json!({"id": id, "change": "updated"}));
}

#[tokio::test]
async fn a_position_that_was_never_reached_is_a_resync() {
    let server = shop().await;
    sale(&server, "a").await;
    let mut ahead = EventStream::open(&server, Some("999999")).await;
    let sent = ahead.next(SOON).await.expect("an answer");
    assert_eq!((sent.event.as_str(), sent.id.is_empty()), ("resync", false));
    let next = sale(&server, "b").await;
    told(&mut ahead, &next, "created").await;
}

#[tokio::test]
async fn more_than_can_be_listed_is_a_resync() {
    let server = shop().await;
    sale(&server, "a").await;
    server.database().change(
        "begin; insert into conversion select (json_populate_record(c, json_build_object('conversion_id', gen_random_uuid(),
             'external_event_id', 'copy-' || n, 'change_position', 1 + n))).* from conversion c, generate_series(1, 600) n;
         update organization_position set position = position + 600; commit",
    ).await;
    let mut behind = EventStream::open(&server, Some("0")).await;
    let sent = behind.next(SOON).await.expect("an answer");
    assert_eq!((sent.event.as_str(), sent.id.as_str()), ("resync", "601"));
    let next = sale(&server, "b").await;
    assert_eq!(told(&mut behind, &next, "created").await.id, "602");
}

#[tokio::test]
async fn an_id_that_is_none_of_ours_is_a_resync() {
    let server = shop().await;
    for last in ["", "garbage", "1; drop", "99999999999999999999999"] {
        let mut stream = EventStream::open(&server, Some(last)).await;
        let sent = stream.next(SOON).await.expect("an answer");
        assert_eq!(sent.event, "resync", "{last}");
        let id = sale(&server, &format!("after-{last}")).await;
        told(&mut stream, &id, "created").await;
    }
    let mut stream = EventStream::open(&server, Some("-5")).await;
    let sent = stream.next(SOON).await.expect("an answer");
    assert!(
        ["sale", "resync"].contains(&sent.event.as_str()),
        "everything was missed: {sent:?}"
    );
}

#[tokio::test]
async fn every_process_tells_of_changes_made_through_any_other() {
    let server = shop().await;
    let beside = server.start_beside().await;
    let (mut here, mut there) = (
        EventStream::open(&server, None).await,
        EventStream::open(&beside, None).await,
    );
    let one = sale(&beside, "a").await;
    let first = told(&mut here, &one, "created").await;
    assert_eq!(
        told(&mut there, &one, "created").await.id,
        first.id,
        "positions are the same everywhere"
    );
    let two = sale(&server, "b").await;
    told(&mut there, &two, "created").await;
    let mut moved = EventStream::open(&beside, Some(&first.id)).await;
    told(&mut moved, &two, "created").await;
}

#[tokio::test]
async fn a_stream_is_for_those_who_may_read_sales() {
    let server = shop().await;
    let path = "/api/live/sales";
    assert_eq!(server.without_key().get(path).await.error(), "unauthorized");
    assert_eq!(
        server
            .with_key("ak_live_unknownunknownunknownunknown")
            .get(path)
            .await
            .status,
        401
    );
    let refused = server
        .with_scopes(&["conversions:write"])
        .await
        .get(path)
        .await
        .expect(403);
    assert_eq!(refused.error(), "insufficient_scope");
    let mut stream =
        EventStream::open(&server.with_scopes(&["conversions:read"]).await, None).await;
    let id = sale(&server, "a").await;
    told(&mut stream, &id, "created").await;
    assert_eq!(send(server.request(Method::POST, path)).await.status, 405);
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_by_name() {
    let server = shop().await;
    for name in ["affiliateId", "lastEventId", "x"] {
        let path = format!("/api/live/sales?{name}=1");
        let answer = server.get(&path).await.expect(400);
        assert_eq!(
            (answer.error(), answer.field()),
            ("validation_failed", name)
        );
    }
}

/// The cookie of a member who signs in.
async fn signed_in(server: &TestServer) -> String {
    let form = [
        ("form[email]", OWNER_EMAIL),
        ("form[password]", OWNER_PASSWORD),
    ];
    let signed_in = send(
        server
            .without_key()
            .request(Method::POST, "/rpc/sign_in")
            .form(&form),
    )
    .await;
    signed_in
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned()
}

async fn listening(server: &TestServer, cookie: &str) -> reqwest::Response {
    let request = server.without_key().request(Method::GET, "/api/live/sales");
    let answer = request.header("cookie", cookie).send().await;
    answer.expect("an answer")
}

#[tokio::test]
async fn a_signed_in_browser_may_listen() {
    let server = shop().await;
    let cookie = signed_in(&server).await;
    let mut stream = EventStream::of(listening(&server, &cookie).await);
    let id = sale(&server, "a").await;
    told(&mut stream, &id, "created").await;
}

#[tokio::test]
async fn one_member_has_so_many_streams_and_no_more() {
    let server = shop().await;
    let cookie = signed_in(&server).await;
    let mut open = join_all((0..100).map(|_| listening(&server, &cookie))).await;
    assert!(open.iter().all(|stream| stream.status() == 200));
    let refused = Answer::read(listening(&server, &cookie).await).await;
    let refused = refused.expect("an answer").expect(429);
    assert_eq!(refused.error(), "rate_limited");
    assert!(
        refused.word("message").contains("close one"),
        "{}",
        refused.text
    );
    assert_ne!(refused.header("retry-after"), "");
    EventStream::open(&server, None).await;
    drop(open.pop());
    eventually("the closed one's place is free", async || {
        (listening(&server, &cookie).await.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_with_the_right_to_read() {
    let server = shop().await;
    let cookie = signed_in(&server).await;
    let revoked = json!({"name": "revoked", "scopes": ["conversions:read"]});
    let revoked = server.post("/api/v1/api-keys", revoked).await.expect(201);
    let expired = json!({"name": "expired", "scopes": ["conversions:read"], "expiresAt": "2999-01-01T00:00:00Z"});
    let expired = server.post("/api/v1/api-keys", expired).await.expect(201);
    let with = |made: &Answer| server.with_key(made.data()["key"].as_str().expect("a key"));
    let mut ending = [
        EventStream::of(listening(&server, &cookie).await),
        EventStream::open(&with(&revoked), None).await,
        EventStream::open(&with(&expired), None).await,
    ];
    let mut going_on = EventStream::open(&server, None).await;
    let out = server.without_key().request(Method::POST, "/rpc/sign_out");
    send(out.header("cookie", &cookie)).await;
    let id = revoked.data()["id"].as_str().expect("an id");
    server
        .delete(&format!("/api/v1/api-keys/{id}"))
        .await
        .expect(200);
    let past = "update api_key set expires_at = now() - interval '1 s' where name = 'expired'";
    server.database().change(past).await;
    // Revoking the other one made the server forget what it knew about keys.
    for stream in &mut ending {
        assert!(stream.ends(Duration::from_secs(25)).await);
    }
    let id = sale(&server, "a").await;
    told(&mut going_on, &id, "created").await;
}

#[tokio::test]
async fn a_silent_stream_is_kept_open_by_comments() {
    let server = shop().await;
    let mut stream = EventStream::open(&server, None).await;
    let sent = stream
        .next_or_comment(Duration::from_secs(25))
        .await
        .expect("a comment every 15 s");
    assert!(sent.comment, "{sent:?}");
    let id = sale(&server, "a").await;
    told(&mut stream, &id, "created").await;
}

#[tokio::test]
async fn a_stream_must_not_be_kept_by_caches_or_squeezed() {
    let server = shop().await;
    let request = server
        .request(Method::GET, "/api/live/sales")
        .header("accept-encoding", "gzip, br");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.headers().get("content-encoding"), None);
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let mut stream = EventStream::of(response);
    let id = sale(&server, "a").await;
    told(&mut stream, &id, "created").await;
}
