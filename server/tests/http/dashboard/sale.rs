//! One sale, decisions about sales, and a sale entered by hand, as one has them without JavaScript.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, get, token};
use crate::support::{
    Answer, OWNER_EMAIL, SHOP, TestServer, Visitor, send,
    stripe::{Purchase, Shape, with},
};

const HTML: &str = "text/html";
const JSON: &str = "application/json";

/// Sends a form from a page of ours.
async fn post(
    server: &TestServer,
    token: &str,
    path: &str,
    accept: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let request = server
        .without_key()
        .request(Method::POST, path)
        .header("accept", accept)
        .header(
            "referer",
            format!("{}/dashboard/sales?type=sales", server.base_url),
        )
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(fields)).await
}

async fn decide(
    server: &TestServer,
    token: &str,
    accept: &str,
    (ids, action, reason): (&[&str], &str, &str),
) -> Answer {
    let mut fields: Vec<(&str, &str)> = ids.iter().map(|id| ("form[ids][]", *id)).collect();
    fields.extend([("form[action]", action), ("form[reason]", reason)]);
    post(server, token, "/rpc/decide_sales", accept, &fields).await
}

async fn sale(server: &TestServer, id: &str, more: Value) -> String {
    let made = server.sale(id, "sarah", more).await.expect(201);
    made.id().to_owned()
}

async fn status(server: &TestServer, id: &str) -> String {
    let one = server.get(&format!("/api/v1/conversions/{id}")).await;
    one.data()["lifecycle"]
        .as_str()
        .expect("a status")
        .to_owned()
}

#[tokio::test]
async fn a_sale_has_a_page_that_tells_its_story() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let more = json!({"taxCents": 400, "customerEmail": "<i>ann@example.com"});
    let id = sale(&server, "order-1", more).await;
    let half = json!({"externalEventId": "order-1", "refundId": "r-1", "amountCents": 2450});
    server
        .post("/api/tracking/s2s/refund", half)
        .await
        .expect(200);
    let ours = token(&server, OWNER_EMAIL).await;
    let path = format!("/dashboard/sales/{id}");
    let page = get(&server, &ours, &path).await.expect(200);
    for text in [
        "<title>Sale",
        "$4.50 to Affiliate sarah",
        "Paid by the customer",
        "-$4.00",
        "Went back: $24.50 of $49.00",
        "20 % of every payment",
        "order-1",
        "data-copy=\"order-1\"",
        "r-1",
        "Recorded, $9.00 accrued",
        "$9.00 to $4.50: refund r-1",
        "Clawback",
        "&lt;i&gt;ann@example.com",
        "Approve early",
        "Deny",
        "href=\"/dashboard/sales\"",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(!page.text.contains("Restore</button>"));
    assert!(
        !page.text.contains("Sales, newest first"),
        "it is a page of its own"
    );
    let filtered = get(&server, &ours, &format!("{path}?type=sales&take=25")).await;
    assert!(
        filtered
            .text
            .contains("href=\"/dashboard/sales?type=sales&amp;take=25\"")
    );
    let list = get(&server, &ours, "/dashboard/sales?type=sales").await;
    assert!(
        list.text.contains(&format!("href=\"{path}?type=sales\"")),
        "{}",
        list.text
    );

    for nothing in [
        "/dashboard/sales/nonsense",
        "/dashboard/sales/01900000-0000-7000-8000-000000000000",
    ] {
        get(&server, &ours, nothing).await.expect(404);
    }
    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    get(&server, &theirs, &path).await.expect(404);
    ask(&server, &theirs, &format!("/rpc/sale?id={id}"))
        .await
        .expect(404);
    ask(&server, "nobody", &format!("/rpc/sale?id={id}"))
        .await
        .expect(401);
}

#[tokio::test]
async fn a_refund_in_another_currency_is_marked_as_not_counted() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let connection = server.connect_stripe("whsec_0123456789abcdef").await;
    let purchase = Purchase::new("ann");
    let paid = with(
        purchase.invoice_about(Shape::Acacia, json!({"via": "sarah"})),
        json!({"payment_intent": "pi_ann"}),
    );
    let refund = json!({
        "id": "re_ann", "object": "refund", "amount": 500, "currency": "eur", "status": "succeeded",
        "payment_intent": "pi_ann",
    });
    let told = [("invoice.paid", paid), ("refund.created", refund)];
    for (number, (kind, object)) in (1..).zip(told) {
        let event = purchase.event(kind, number, object);
        server.deliver(&connection, &event).await.expect(200);
    }
    let sale = server.sale_of("in_ann").await.expect("a sale");
    let ours = token(&server, OWNER_EMAIL).await;
    let path = format!("/dashboard/sales/{}", sale["id"].as_str().expect("an id"));
    let page = get(&server, &ours, &path).await.expect(200);
    assert!(page.text.contains("not counted: it is in another currency"));
}

#[tokio::test]
async fn a_decision_is_a_form_that_leads_back_to_where_it_was_made() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let id = sale(&server, "order-1", json!({})).await;
    let ours = token(&server, OWNER_EMAIL).await;
    let denied = decide(&server, &ours, HTML, (&[&id], "deny", "a test order")).await;
    let denied = denied.expect(302);
    assert!(
        denied
            .header("location")
            .ends_with("/dashboard/sales?type=sales"),
        "{}",
        denied.header("location")
    );
    assert_eq!(status(&server, &id).await, "denied");
    let page = get(&server, &ours, &format!("/dashboard/sales/{id}")).await;
    for text in [
        "Denied: nothing is due",
        "denied: a test order",
        "owner@example.com",
        "Restore</button>",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let without = decide(&server, &ours, JSON, (&[&id], "deny", "")).await;
    assert!(without.expect(400).text.contains("a reason is needed"));
    let again = decide(&server, &ours, HTML, (&[&id], "deny", "again")).await;
    let again = again.expect(302);
    let told = again.header("location");
    let page = get(
        &server,
        &ours,
        &told[told.find("/dashboard").expect("ours")..],
    )
    .await;
    assert!(page.text.contains("It is denied already."), "{}", page.text);
    decide(&server, &ours, JSON, (&[&id], "restore", ""))
        .await
        .expect(200);
    let early = decide(&server, &ours, JSON, (&[&id], "approve", "")).await;
    assert!(early.expect(400).text.contains("before its hold ends"));
    assert_eq!(status(&server, &id).await, "pending");
    decide(&server, &ours, JSON, (&[&id], "approve", "known"))
        .await
        .expect(200);
    assert_eq!(status(&server, &id).await, "approved");
}

#[tokio::test]
async fn a_selection_is_decided_about_as_a_whole_and_by_managers_only() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let one = sale(&server, "order-1", json!({})).await;
    let two = sale(&server, "order-2", json!({})).await;
    let both = [one.as_str(), two.as_str()];
    let ours = token(&server, OWNER_EMAIL).await;
    let list = get(&server, &ours, "/dashboard/sales").await;
    for id in both {
        let pick = format!("form=\"selection\" name=\"form[ids][]\" value=\"{id}\"");
        assert!(list.text.contains(&pick), "{}", list.text);
    }
    decide(&server, &ours, JSON, (&both[..1], "deny", "no"))
        .await
        .expect(200);
    let refused = decide(&server, &ours, JSON, (&both, "deny", "no")).await;
    let told = "because of 1 of these 2 sales: it is denied already";
    assert!(refused.expect(400).text.contains(told));
    assert_eq!(status(&server, &two).await, "pending");
    // Without JavaScript the list is loaded again: with why, and with what was picked and typed.
    let refused = decide(&server, &ours, HTML, (&both, "deny", "no")).await;
    let back = refused.expect(302).header("location").to_owned();
    let back = &back[back.find("/dashboard").expect("ours")..];
    let page = get(&server, &ours, back).await.expect(200).text;
    assert!(page.contains(told), "{page}");
    assert_eq!(
        page.matches("checked form=\"selection\"").count(),
        2,
        "{page}"
    );
    assert!(page.contains("autocomplete=\"off\" value=\"no\""), "{page}");
    for (ids, action) in [(&[][..], "deny"), (&["x"][..], "deny"), (&both[..], "pay")] {
        decide(&server, &ours, JSON, (ids, action, "no"))
            .await
            .expect(400);
    }
    decide(&server, &ours, JSON, (&both[1..], "deny", "no"))
        .await
        .expect(200);
    decide(&server, &ours, JSON, (&both, "restore", ""))
        .await
        .expect(200);
    assert_eq!(status(&server, &one).await, "pending");

    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    decide(&server, &theirs, JSON, (&both, "deny", "no"))
        .await
        .expect(404);
    server
        .database()
        .change("update member set role = 'viewer'")
        .await;
    decide(&server, &ours, JSON, (&both, "deny", "no"))
        .await
        .expect(403);
    assert_eq!(status(&server, &one).await, "pending");
    let page = get(&server, &ours, &format!("/dashboard/sales/{one}")).await;
    assert!(!page.text.contains("Deny"), "{}", page.text);
    let list = get(&server, &ours, "/dashboard/sales").await;
    assert!(!list.text.contains("form[ids][]") && !list.text.contains("Add a sale"));
    get(&server, &ours, "/dashboard/sales/new")
        .await
        .expect(403);
}

#[tokio::test]
async fn a_sale_is_entered_by_a_form_that_keeps_what_was_typed() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.affiliate("sarah-two").await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = get(&server, &ours, "/dashboard/sales/new")
        .await
        .expect(200);
    assert!(
        page.text
            .contains("<option value=\"sarah\">Affiliate sarah</option>")
    );
    let fields = |changed: &[(&'static str, &'static str)]| {
        let mut all = vec![
            ("form[affiliate]", "sarah"),
            ("form[campaign]", ""),
            ("form[amount]", "100.00"),
            ("form[currency]", "usd"),
            ("form[email]", "Ann@example.com"),
            ("form[external_id]", "wire-1"),
            ("form[paid_on]", "2026-01-31"),
            ("form[note]", "paid by wire"),
        ];
        for (name, value) in changed {
            all.retain(|(known, _)| known != name);
            all.push((name, value));
        }
        all
    };
    let enter = async |accept: &str, changed: &[(&'static str, &'static str)]| {
        post(&server, &ours, "/rpc/enter_sale", accept, &fields(changed)).await
    };
    for (name, value, field) in [
        ("form[affiliate]", "nobody", "affiliate"),
        ("form[affiliate]", "", "affiliate"),
        ("form[campaign]", "x", "campaign"),
        ("form[amount]", "0", "amount"),
        ("form[amount]", "-1", "amount"),
        ("form[amount]", "1.234", "amount"),
        ("form[currency]", "XXX", "currency"),
        ("form[email]", "ann", "email"),
        ("form[paid_on]", "2999-01-01", "paid_on"),
        ("form[paid_on]", "yesterday", "paid_on"),
        ("form[note]", " ", "note"),
    ] {
        let refused = enter(JSON, &[(name, value)]).await.expect(400);
        let named = &refused.json["Invalid"][0];
        assert_eq!(named, field, "{name}={value}: {}", refused.text);
    }
    let refused = enter(HTML, &[("form[amount]", "a lot")]).await.expect(302);
    let told = refused.header("location");
    let (_, error) = told.split_once("&__path").expect("an error");
    let path = format!("/dashboard/sales/new?__path{error}");
    let page = get(&server, &ours, &path).await.expect(200);
    for text in [
        "An amount of USD such as 5.00 is needed.",
        "value=\"a lot\"",
        "value=\"paid by wire\"",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert_eq!(server.sales("").await, Vec::<Value>::new());

    let entered = enter(HTML, &[]).await.expect(302);
    let made = server.sale_of("wire-1").await.expect("entered");
    let id = made["id"].as_str().expect("an id");
    assert_eq!(entered.header("location"), format!("/dashboard/sales/{id}"));
    assert_eq!(
        (
            &made["source"],
            &made["commissionCents"],
            &made["affiliateSlug"],
            &made["occurredAt"]
        ),
        (
            &json!("Manual"),
            &json!(2000),
            &json!("sarah"),
            &json!("2026-01-31T00:00:00.000Z")
        )
    );
    let story = get(&server, &ours, &format!("/dashboard/sales/{id}")).await;
    let line =
        format!("Pending, $20.00: Entered by hand: paid by wire<small>{OWNER_EMAIL}</small>");
    let told = story.text.replace("<!>", "").replace("<!---->", "");
    assert!(told.contains(&line), "{line}: {told}");
    enter(JSON, &[]).await.expect(400);
    assert_eq!(server.sales("").await.len(), 1);
}

#[tokio::test]
async fn a_sale_that_is_there_and_who_gets_no_new_credit_are_told_of() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    sale(&server, "wire-1", json!({})).await;
    let mia = server.affiliate("mia").await;
    let paused = json!({"status": "paused"});
    server
        .patch(&format!("/api/v1/affiliates/{}", mia.id), paused)
        .await
        .expect(200);
    let ours = token(&server, OWNER_EMAIL).await;
    for (affiliate, external_id, field, told) in [
        (
            "sarah",
            "wire-1",
            "external_id",
            "this id is already the sale of Affiliate sarah; nothing was added",
        ),
        (
            "mia",
            "wire-2",
            "affiliate",
            "this affiliate is paused: set the affiliate to active first",
        ),
    ] {
        let fields = [
            ("form[affiliate]", affiliate),
            ("form[amount]", "100.00"),
            ("form[currency]", "USD"),
            ("form[external_id]", external_id),
            ("form[note]", "paid by wire"),
        ];
        let refused = post(&server, &ours, "/rpc/enter_sale", JSON, &fields).await;
        let refused = refused.expect(400);
        let named = &refused.json["Invalid"];
        assert_eq!((&named[0], &named[1]), (&json!(field), &json!(told)));
    }
    assert_eq!(server.sales("").await.len(), 1);
}

#[tokio::test]
async fn picked_sales_come_as_the_lines_that_the_export_has_of_them() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(sale(&server, &format!("order-{number}"), json!({})).await);
    }
    let ours = token(&server, OWNER_EMAIL).await;
    let picked = async |ids: &[&str]| {
        let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("form[ids][]", *id)).collect();
        let all = [&fields[..], &[("form[reason]", "")]].concat();
        post(&server, &ours, "/dashboard/sales/export", HTML, &all).await
    };
    let whole = server.get("/api/conversions/export").await.expect(200);
    let lines: Vec<&str> = whole.text.lines().collect();
    // Newest first, whatever the order they were picked in; of strangers' sales there is nothing.
    let some = picked(&[&ids[0], "01900000-0000-7000-8000-000000000000", &ids[2]]).await;
    let some = some.expect(200);
    assert_eq!(some.header("content-type"), "text/csv; charset=utf-8");
    assert!(
        some.header("content-disposition")
            .starts_with("attachment; filename=\"sales-")
    );
    let expected = [lines[0], lines[1], lines[3]];
    assert_eq!(some.text.lines().collect::<Vec<_>>(), expected);

    let most = vec![ids[1].as_str(); 200];
    assert_eq!(picked(&most).await.expect(200).text.lines().count(), 2);
    let too_many = vec![ids[1].as_str(); 201];
    for refused in [&[][..], &["nonsense"], &too_many] {
        let told = picked(refused).await.expect(400);
        assert!(
            told.text.contains("1 to 200 ids are needed"),
            "{}",
            told.text
        );
    }
    let stranger = server.without_key();
    let request = stranger.request(Method::POST, "/dashboard/sales/export");
    let refused = send(request.form(&[("form[ids][]", &ids[0])])).await;
    refused.expect(401);
}

#[tokio::test]
async fn a_sale_tells_of_the_visit_that_brought_its_customer() {
    let server = TestServer::start().await;
    server.open_shop(json!({})).await;
    server.affiliate("sarah").await;
    let ann = Visitor::new(&server, 1);
    let visit = json!({
        "pageUrl": format!("{SHOP}/pricing?via=sarah"), "referralCode": "sarah",
        "referrer": "https://blog.example/best?reader=ann",
    });
    let told = ann.tells(visit).await.expect(200);
    let lead = json!({"clickToken": told.json["clickToken"], "email": "ann@example.com"});
    let lead = send(ann.telling("/api/tracking/click/lead", &lead)).await;
    assert!(lead.status < 300, "{}", lead.text);
    let paid = json!({"affiliateSlug": null, "customerEmail": "ann@example.com"});
    let sale = server.sale("order-1", "", paid).await.expect(201);
    let ours = token(&server, OWNER_EMAIL).await;
    let page = get(&server, &ours, &format!("/dashboard/sales/{}", sale.id())).await;
    for text in [
        "The same e-mail was credited to Affiliate sarah before (lead)",
        "link to https://shop.example/pricing?via=sarah, from https://blog.example/best",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
}
