//! `POST /api/tracking/click`: what the loader tells from a shop's page.

mod handed;
mod lead;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{SHOP, TestServer, Visitor, send};

const PATH: &str = "/api/tracking/click";

async fn shop(terms: Value) -> TestServer {
    let server = TestServer::start().await;
    server.open_shop(terms).await;
    server.affiliate("sarah").await;
    server.affiliate("mia").await;
    server
}

async fn clicks(server: &TestServer) -> i64 {
    server.database().count("click").await
}

/// Makes a click older than it is.
async fn age(server: &TestServer, token: &str, days: u32) {
    let older = format!(
        "update click set clicked_at = clicked_at - interval '{days} days' where click_id = '{token}'"
    );
    server.database().change(&older).await;
}

#[tokio::test]
async fn a_visit_is_answered_with_its_token() {
    let server = shop(json!({"cookieDuration": 45})).await;
    let program = server.default_campaign().await;
    let ann = Visitor::new(&server, 1);
    let body = json!({
        "programId": program, "pageUrl": "https://www.shop.example/a?via=Sarah#b", "referralCode": " Sarah ",
        "referrer": "https://blog.example/x?reader=ann", "consentGranted": true,
    });
    let told = ann.tells(body).await.expect(200);
    let token = told.word("clickToken");
    assert_eq!(
        told.json,
        json!({"status": "ok", "affiliateCode": "sarah", "programId": program, "clickToken": token, "cookieDays": 45})
    );
    assert_eq!(told.header("access-control-allow-origin"), SHOP);
    assert_eq!(told.header("access-control-allow-credentials"), "");
    assert_eq!(told.header("set-cookie"), "");
    let kept = server
        .database()
        .text("select click_id || ' ' || page_url || ' ' || referrer from click")
        .await;
    assert_eq!(
        kept,
        format!("{token} https://www.shop.example/a?via=Sarah https://blog.example/x")
    );
    let again = ann.arrives("sarah").await.expect(200);
    assert_eq!(
        again.word("clickToken"),
        token,
        "the same visitor within half an hour"
    );
    let by_link = ann.clone().follow("/r/sarah").await.expect(302);
    assert_eq!(by_link.header("set-cookie"), "");
    assert_eq!(clicks(&server).await, 1);
    let other = ann.arrives("mia").await.expect(200);
    assert_ne!(other.word("clickToken"), token);
    assert_eq!(clicks(&server).await, 2);
}

#[tokio::test]
async fn the_link_and_the_loader_are_one_visit() {
    let server = shop(json!({})).await;
    let mut ann = Visitor::new(&server, 1);
    ann.follow("/r/sarah").await.expect(302);
    // The shop's page is another site: the link's cookie stays at home.
    ann.cookie = None;
    let told = ann.arrives("sarah").await.expect(200);
    let kept = server
        .database()
        .text("select click_id::text from click")
        .await;
    assert_eq!(told.word("clickToken"), kept);
}

#[tokio::test]
async fn codes_of_nobody_are_ignored_in_words() {
    let server = shop(json!({})).await;
    let zoe = server.affiliate("zoe").await;
    server
        .patch(
            &format!("/api/v1/affiliates/{}", zoe.id),
            json!({"status": "paused"}),
        )
        .await
        .expect(200);
    let ann = Visitor::new(&server, 1);
    for code in [
        "nobody",
        "x",
        "",
        "producthunt newsletter",
        "zoe",
        "' or 1=1",
    ] {
        let told = ann.arrives(code).await.expect(200);
        let ignored = json!({"status": "ignored", "reason": "unknown_code", "affiliateCode": null, "programId": null, "clickToken": null, "cookieDays": null});
        assert_eq!(told.json, ignored, "{code}");
    }
    let body = json!({"pageUrl": SHOP, "referralCode": "sarah"});
    let bot = ann.telling(PATH, &body).header("sec-purpose", "prefetch");
    assert_eq!(send(bot).await.expect(200).json["reason"], "bot");
    let program = server.without_key().request(Method::POST, PATH).json(&body);
    assert_eq!(send(program).await.expect(200).json["status"], "ignored");
    assert_eq!(clicks(&server).await, 0);
}

#[tokio::test]
async fn consent_comes_first_where_the_campaign_asks() {
    let server = shop(json!({"trackingRequiresConsent": true})).await;
    let ann = Visitor::new(&server, 1);
    let told = |consent: Value| {
        let body = json!({"pageUrl": SHOP, "referralCode": "sarah", "consentGranted": consent});
        ann.tells(body)
    };
    for consent in [Value::Null, json!(false)] {
        let answer = told(consent).await.expect(200);
        assert_eq!(
            (&answer.json["status"], &answer.json["clickToken"]),
            (&json!("consent_required"), &Value::Null)
        );
        assert_eq!(answer.json["affiliateCode"], "sarah");
    }
    assert_eq!(clicks(&server).await, 0);
    assert_eq!(told(json!(true)).await.expect(200).json["status"], "ok");
    assert_eq!(clicks(&server).await, 1);
    let free = shop(json!({})).await;
    let body = json!({"pageUrl": SHOP, "referralCode": "sarah", "consentGranted": false});
    let answer = Visitor::new(&free, 1).tells(body).await.expect(200);
    assert_eq!(
        answer.json["status"], "consent_required",
        "nobody's no is passed over"
    );
    assert_eq!(clicks(&free).await, 0);
}

#[tokio::test]
async fn first_touch_keeps_the_first_click_while_it_counts() {
    let server = shop(json!({"attributionModel": "first_touch", "cookieDuration": 30})).await;
    let ann = Visitor::new(&server, 1);
    let first = ann.arrives("sarah").await.expect(200);
    let first = first.word("clickToken");
    let told = async |previous: &str| {
        let body = json!({"pageUrl": SHOP, "referralCode": "mia", "previousToken": previous});
        let answer = ann.tells(body).await.expect(200);
        (
            answer.word("affiliateCode").to_owned(),
            answer.word("clickToken").to_owned(),
        )
    };
    assert_eq!(told(first).await, ("sarah".to_owned(), first.to_owned()));
    assert_eq!(clicks(&server).await, 2, "the visit is kept all the same");
    let forged = ["", "nonsense", "01890000-0000-7000-8000-000000000000"];
    for token in forged {
        assert_eq!(told(token).await.0, "mia", "{token}");
    }
    age(&server, first, 31).await;
    let (code, second) = told(first).await;
    assert_eq!(code, "mia", "its window is over");
    assert_ne!(second, first);
    let last = shop(json!({})).await;
    let ann = Visitor::new(&last, 1);
    let first = ann.arrives("sarah").await.expect(200);
    let body =
        json!({"pageUrl": SHOP, "referralCode": "mia", "previousToken": first.word("clickToken")});
    assert_eq!(
        ann.tells(body).await.expect(200).word("affiliateCode"),
        "mia",
        "last touch"
    );
}

#[tokio::test]
async fn only_pages_of_the_campaign_may_tell() {
    let server = shop(json!({"sites": ["pay.example:8443"]})).await;
    let ann = Visitor::new(&server, 1);
    let program = server.default_campaign().await;
    let told = |page: &str, origin: Option<&str>, program: Option<&str>| {
        let mut body = json!({"pageUrl": page, "referralCode": "sarah"});
        if let Some(program) = program {
            body["programId"] = json!(program);
        }
        let request = ann.request(Method::POST, PATH).json(&body);
        send(match origin {
            Some(origin) => request
                .header("origin", origin)
                .header("sec-fetch-site", "cross-site"),
            None => request,
        })
    };
    let nothing = "01890000-0000-7000-8000-000000000000";
    for (page, origin, named) in [
        ("https://evil.example/", Some("https://evil.example"), None),
        ("https://shop.example/", Some("https://evil.example"), None),
        ("https://evil.example/", Some(SHOP), None),
        ("https://shop.example.evil.example/", None, None),
        ("https://evilshop.example/", None, None),
        ("https://shop.example:8443/", None, None),
        ("https://pay.example/", None, None),
        (SHOP, Some("null"), None),
        (SHOP, Some("nonsense"), None),
        (SHOP, Some("https://shop.example:8443"), None),
        (SHOP, Some(SHOP), Some(nothing)),
        ("https://evil.example/", None, Some(program.as_str())),
    ] {
        let refused = told(page, origin, named).await.expect(403);
        assert_eq!(
            refused.error(),
            "origin_not_allowed",
            "{page} {origin:?} {named:?}"
        );
        let readable = origin == Some(SHOP);
        assert_eq!(
            refused.header("access-control-allow-origin"),
            if readable { SHOP } else { "" },
            "{page} {origin:?}"
        );
    }
    assert_eq!(clicks(&server).await, 0);
    for (page, origin) in [
        (SHOP, None),
        ("https://app.shop.example/", Some(SHOP)),
        ("http://shop.example/", Some("http://shop.example")),
        (
            "https://pay.example:8443/",
            Some("https://pay.example:8443"),
        ),
    ] {
        told(page, origin, None).await.expect(200);
    }
}

#[tokio::test]
async fn browsers_are_told_whether_a_page_may_call() {
    let server = shop(json!({})).await;
    for path in [PATH, "/api/tracking/click/lead"] {
        let ask = |origin: Option<&str>| {
            let request = server.without_key().request(Method::OPTIONS, path);
            let request = request.header("access-control-request-method", "POST");
            send(match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            })
        };
        for origin in [SHOP, "https://www.shop.example", "http://shop.example"] {
            let may = ask(Some(origin)).await.expect(204);
            assert_eq!(may.header("access-control-allow-origin"), origin);
            assert_eq!(may.header("access-control-allow-methods"), "POST");
            assert_eq!(may.header("access-control-allow-headers"), "content-type");
            assert_eq!(may.header("access-control-allow-credentials"), "");
            assert!(may.header("vary").to_lowercase().contains("origin"));
        }
        for origin in [
            None,
            Some("https://evil.example"),
            Some("null"),
            Some("https://shop.example:1"),
            Some("nonsense"),
        ] {
            let may_not = ask(origin).await.expect(403);
            assert_eq!(
                may_not.header("access-control-allow-origin"),
                "",
                "{origin:?}"
            );
        }
    }
    let other = server
        .without_key()
        .request(Method::OPTIONS, "/api/tracking/s2s")
        .header("origin", SHOP);
    assert_eq!(send(other).await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name_and_not_stored() {
    let server = shop(json!({})).await;
    let ann = Visitor::new(&server, 1);
    let long = format!("{SHOP}/{}", "x".repeat(8200));
    for (field, value) in [
        ("pageUrl", Value::Null),
        ("pageUrl", json!("")),
        ("pageUrl", json!("/relative")),
        ("pageUrl", json!(7)),
        ("pageUrl", json!("javascript:alert(1)")),
        ("pageUrl", json!("https://u:p@shop.example/")),
        ("pageUrl", json!(long)),
        ("referralCode", Value::Null),
        ("referralCode", json!(7)),
        ("referralCode", json!("x".repeat(256))),
        ("programId", json!("nonsense")),
        ("consentGranted", json!("yes")),
        ("referrer", json!(7)),
        ("previousToken", json!(7)),
        ("refferer", json!("https://blog.example")),
    ] {
        let mut body = json!({"pageUrl": SHOP, "referralCode": "sarah"});
        if value.is_null() {
            body.as_object_mut().expect("an object").remove(field);
        } else {
            body[field] = value.clone();
        }
        let refused = ann.tells(body).await.expect(400);
        assert_eq!(
            (refused.error(), refused.field()),
            ("validation_failed", field),
            "{value}"
        );
    }
    let body = json!({"pageUrl": SHOP, "referralCode": "sarah"});
    let named = ann.telling(&format!("{PATH}?o=nonsense"), &body);
    assert_eq!(send(named).await.expect(400).field(), "o");
    let bytes = |body: &[u8]| {
        let request = ann
            .request(Method::POST, PATH)
            .header("content-type", "application/json")
            .header("origin", SHOP);
        send(request.body(body.to_vec()))
    };
    for broken in [
        &b""[..],
        b"{",
        b"\xff\xfe",
        b"{\"pageUrl\": \"https://shop.example/\xff\", \"referralCode\": \"sarah\"}",
        b"[]",
    ] {
        bytes(broken).await.expect(400);
    }
    bytes(&vec![b' '; 17 * 1024]).await.expect(413);
    let text = ann
        .request(Method::POST, PATH)
        .header("content-type", "text/plain")
        .body("{}");
    send(text).await.expect(415);
    assert_eq!(server.get(PATH).await.status, 405);
    assert_eq!(clicks(&server).await, 0);
    for (number, referrer) in [
        "android-app://x",
        "nonsense",
        "javascript:1",
        &format!("https://b.example/{}", "x".repeat(9000)),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"pageUrl": SHOP, "referralCode": "sarah", "referrer": referrer});
        ann.moved(20 + u8::try_from(number).expect("few"))
            .tells(body)
            .await
            .expect(200);
    }
    assert_eq!(
        server
            .database()
            .number("select count(*) from click where referrer is null")
            .await,
        4
    );
}

#[tokio::test]
async fn pages_of_several_organizations_are_told_apart_by_the_code() {
    let server = shop(json!({})).await;
    let other = server.second_organization().await;
    let program = other.open_shop(json!({})).await;
    other.affiliate("zoe").await;
    other.affiliate("sarah").await;
    let ann = Visitor::new(&server, 1);
    assert_eq!(
        ann.arrives("zoe").await.expect(200).word("programId"),
        program
    );
    assert_eq!(
        ann.arrives("mia").await.expect(200).word("programId"),
        server.default_campaign().await
    );
    let unclear = ann.arrives("sarah").await.expect(400);
    assert_eq!(unclear.field(), "programId");
    let body = json!({"pageUrl": SHOP, "referralCode": "sarah"});
    let named = ann.telling(&format!("{PATH}?o={}", other.organization_id), &body);
    assert_eq!(send(named).await.expect(200).word("programId"), program);
    let mut body = body;
    body["programId"] = json!(program);
    assert_eq!(
        ann.tells(body.clone()).await.expect(200).word("programId"),
        program
    );
    let stranger = ann.telling(&format!("{PATH}?o={}", server.organization_id), &body);
    assert_eq!(
        send(stranger).await.expect(403).error(),
        "origin_not_allowed"
    );
}

#[tokio::test]
async fn of_several_campaigns_on_a_page_the_affiliates_own_counts() {
    let server = shop(json!({})).await;
    let second = server.campaign(json!({"name": "Two", "commissionType": "recurring", "commissionPercent": 20, "website": SHOP})).await;
    server
        .affiliate_named("Zoe", "zoe", json!({"programId": second}))
        .await;
    let ann = Visitor::new(&server, 1);
    assert_eq!(
        ann.arrives("zoe").await.expect(200).word("programId"),
        second
    );
    let body = json!({"programId": second, "pageUrl": SHOP, "referralCode": "sarah"});
    assert_eq!(
        ann.tells(body).await.expect(200).json["status"],
        "ignored",
        "she is not in it"
    );
}
