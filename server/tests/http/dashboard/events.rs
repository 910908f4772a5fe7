//! The inbox as one sees it without JavaScript.

use reqwest::Method;
use serde_json::{Value, json};

use super::{get, token};
use crate::support::{
    Answer, OWNER_EMAIL, TestServer, now, send,
    stripe::{Purchase, Shape, event},
};

/// A merchant with one recorded event, one that is not used and one that failed; their ids.
async fn shop() -> (TestServer, [String; 3]) {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let connection = server
        .connect_stripe_with("whsec_0123456789", json!({"name": "Acme US"}))
        .await;
    let purchase = Purchase::new("ann");
    let about = json!({"tributary_ref": "sarah"});
    let invoice = purchase.invoice_about(Shape::Basil, about);
    let paid = purchase.event("invoice.paid", 1, invoice.clone());
    let unused = json!({"name": "</pre><script>alert(1)</script>"});
    let unused = event("evt_unused", "invoice.created", now(), unused);
    let broken = event("evt_broken", "invoice.paid", now(), json!({}));
    let mut ids = [const { String::new() }; 3];
    for (id, event) in ids.iter_mut().zip([paid, unused, broken]) {
        let answer = server.deliver(&connection, &event).await.expect(200);
        answer.word("eventId").clone_into(id);
    }
    (server, ids)
}

/// Sends the Replay form as a browser without JavaScript does.
async fn replay(server: &TestServer, token: &str, id: &str, accept: &str) -> Answer {
    let request = server
        .without_key()
        .request(Method::POST, "/rpc/replay_event")
        .header("accept", accept)
        .header(
            "referer",
            format!("{}/dashboard/events/{id}", server.base_url),
        )
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(&[("form[event]", id)])).await
}

/// What became of an event, and how often it was taken in.
async fn outcome(server: &TestServer, id: &str) -> (Value, Value) {
    let event = server.get(&format!("/api/v1/events/{id}")).await;
    let told = event.expect(200).data().clone();
    (told["outcome"].clone(), told["attempts"].clone())
}

#[tokio::test]
async fn the_inbox_shows_what_became_of_each_and_counts_what_failed() {
    let (server, [recorded, unused, failed]) = shop().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = get(&server, &ours, "/dashboard/events").await.expect(200);
    let sale = server.sales("").await.remove(0);
    let sale = format!(
        "href=\"/dashboard/sales/{}\"",
        sale["id"].as_str().expect("an id")
    );
    for text in [
        "evt_unused",
        "evt_broken",
        "Recorded",
        "Ignored",
        "Failed",
        "Acme US",
        "All connections",
        &sale,
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    for id in [&recorded, &unused, &failed] {
        let link = format!("href=\"/dashboard/events/{id}\"");
        assert!(page.text.contains(&link), "{link}");
    }
    let count = "class=\"count\"";
    let elsewhere = get(&server, &ours, "/dashboard/affiliates")
        .await
        .expect(200);
    assert!(page.text.contains(count) && elsewhere.text.contains(count));

    let only = "/dashboard/events?outcome=failed&type=invoice.paid&connection=";
    let filtered = get(&server, &ours, only).await.expect(200);
    assert!(filtered.text.contains("evt_broken") && !filtered.text.contains("evt_unused"));
    let none = get(&server, &ours, "/dashboard/events?type=x.y")
        .await
        .expect(200);
    assert!(none.text.contains("No event fits these filters"));
    let clock = "update event set received_at = '2026-03-14T23:59:59.999Z' where external_id = 'evt_unused'";
    server.database().change(clock).await;
    let day = |range: &str| format!("/dashboard/events?{range}");
    for (range, is_in) in [
        ("since=2026-03-14&to=2026-03-14", true),
        ("to=2026-03-13", false),
        ("since=2026-03-15", false),
    ] {
        let page = get(&server, &ours, &day(range)).await.expect(200);
        assert_eq!(page.text.contains("evt_unused"), is_in, "{range}");
    }
    for bad in [
        "outcome=odd",
        "connection=1",
        "cursor=nonsense",
        "since=14.3.2026",
        "to=2026-02-30",
    ] {
        let path = format!("/dashboard/events?{bad}");
        let page = get(&server, &ours, &path).await.expect(400);
        assert!(page.text.contains("is not understood"), "{bad}");
        assert!(page.text.contains("Clear filters"), "{bad}");
    }
}

#[tokio::test]
async fn long_inboxes_are_paged_by_links() {
    let (server, _) = shop().await;
    let many = "insert into event (organization_id, event_id, connection_id, external_id, kind, occurred_at,
            received_at, payload, outcome, detail, attempts)
        select organization_id, gen_random_uuid(), connection_id, 'evt_' || n, 'many', occurred_at,
            received_at - n * interval '1 minute', payload, outcome, detail, 1
        from event, generate_series(1, 60) n where external_id = 'evt_unused'";
    server.database().change(many).await;
    let ours = token(&server, OWNER_EMAIL).await;
    let href = |page: &Answer, name: &str| {
        let (before, _) = page.text.split_once(&format!("\">{name}</a>"))?;
        let (_, href) = before.rsplit_once("href=\"")?;
        Some(href.split('"').next()?.replace("&amp;", "&"))
    };
    let first = get(&server, &ours, "/dashboard/events?type=many")
        .await
        .expect(200);
    assert!(first.text.contains(">evt_1<") && !first.text.contains(">evt_51<"));
    let older = href(&first, "Older").expect("there are older ones");
    assert!(
        older.starts_with("/dashboard/events?type=many&cursor="),
        "{older}"
    );
    let second = get(&server, &ours, &older).await.expect(200);
    assert!(second.text.contains(">evt_51<") && second.text.contains(">evt_60<"));
    let newer = href(&second, "Newer").expect("there are newer ones");
    let back = get(&server, &ours, &newer).await.expect(200);
    assert!(back.text.contains(">evt_1<") && back.text.contains(">evt_50<"));
}

#[tokio::test]
async fn an_event_shows_its_payload_as_text_and_is_replayed_by_a_form() {
    let (server, [recorded, unused, failed]) = shop().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = |id: &str| format!("/dashboard/events/{id}");
    let shown = get(&server, &ours, &page(&unused)).await.expect(200);
    assert!(
        !shown.text.contains("<script>alert"),
        "a payload is only text"
    );
    assert!(shown.text.contains("evt_unused") && shown.text.contains(">Replay</button>"));

    let readable = server.get(&format!("/api/v1/events/{recorded}")).await;
    let mut readable = readable.data()["payload"].clone();
    readable["data"]["object"]["id"] = json!("in_other");
    let sql = format!(
        "update event set payload = convert_to('{readable}', 'utf8') where event_id = '{failed}'"
    );
    server.database().change(&sql).await;
    let html = "text/html";
    let replayed = replay(&server, &ours, &failed, html).await.expect(302);
    assert_eq!(
        replayed.header("location"),
        format!("{}?replayed=1", page(&failed))
    );
    assert_eq!(
        outcome(&server, &failed).await,
        (json!("recorded"), json!(2))
    );
    let shown = get(&server, &ours, replayed.header("location"))
        .await
        .expect(200);
    assert!(shown.text.contains("Replayed."));
    assert!(
        !shown.text.contains("class=\"count\""),
        "nothing has failed any more"
    );

    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    get(&server, &theirs, &page(&failed)).await.expect(404);
    let json = "application/json";
    replay(&server, &theirs, &failed, json).await.expect(404);
    replay(&server, "nobody", &failed, json).await.expect(401);
    server
        .database()
        .change("update member set role = 'viewer'")
        .await;
    replay(&server, &ours, &failed, json).await.expect(403);
    let shown = get(&server, &ours, &page(&failed)).await.expect(200);
    assert!(!shown.text.contains(">Replay</button>"));
    assert_eq!(outcome(&server, &failed).await.1, 2);
    let nothing = get(&server, &ours, "/dashboard/events/nonsense").await;
    assert!(nothing.expect(404).text.contains("<h1>Event</h1>"));
}
