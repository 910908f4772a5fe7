//! Flags: the page of them, resolving one, and having a sale looked at, as one has them without JavaScript.

use reqwest::Method;
use serde_json::{Value, json};

use super::{get, token};
use crate::support::{Answer, OWNER_EMAIL, TestServer, send};

const PAGE: &str = "/dashboard/flags";

/// Sends a form from the page at `from`.
async fn post(
    server: &TestServer,
    token: &str,
    (path, from): (&str, &str),
    fields: &[(&str, &str)],
) -> Answer {
    let request = server
        .without_key()
        .request(Method::POST, path)
        .header("accept", "text/html")
        .header("referer", format!("{}{from}", server.base_url))
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(fields)).await
}

async fn resolve(
    server: &TestServer,
    token: &str,
    flag: &str,
    resolution: &str,
    more: &[(&str, &str)],
) -> Answer {
    let mut fields = vec![("form[flag]", flag), ("form[resolution]", resolution)];
    fields.extend(more);
    post(server, token, ("/rpc/resolve_flag", PAGE), &fields).await
}

/// The page that an answer leads to.
async fn followed(server: &TestServer, token: &str, answer: Answer) -> String {
    let location = answer.expect(302).header("location").to_owned();
    let from = location.find("/dashboard").expect("a page of ours");
    get(server, token, &location[from..]).await.expect(200).text
}

/// Sarah buys through her own link; the flag and the sale.
async fn own_sale(server: &TestServer, id: &str) -> (String, String) {
    let own = json!({"customerEmail": "sarah+2@affiliates.example"});
    let sale = server.sale(id, "sarah", own).await.expect(201);
    let flags = server.get("/api/v1/flags?status=open").await.expect(200);
    let flag = flags.data()[0]["id"].as_str().expect("a flag").to_owned();
    (flag, sale.id().to_owned())
}

async fn story(server: &TestServer, sale: &str) -> Value {
    let one = server.get(&format!("/api/v1/conversions/{sale}")).await;
    one.expect(200).data().clone()
}

#[tokio::test]
async fn open_flags_tell_their_evidence_and_are_resolved_in_one_action() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let empty = get(&server, &ours, PAGE).await.expect(200).text;
    assert!(empty.contains("Nothing to look at"), "{empty}");
    assert!(!empty.contains("open</b>"), "{empty}");
    let sarah = server.affiliate("sarah").await;
    let (first, sale) = own_sale(&server, "order-1").await;
    let (second, _) = own_sale(&server, "order-2").await;
    let page = get(&server, &ours, PAGE).await.expect(200).text;
    for text in [
        "<title>Flags",
        "2 open</b>",
        "Self-referral",
        "Sarah+2@affiliates.example paid, which leads to the affiliate's mailbox",
        "$49.00 by sarah+2@affiliates.example",
        "$9.80",
        &format!("href=\"/dashboard/sales/{sale}\""),
        &format!("href=\"/dashboard/affiliates/{}\"", sarah.id),
        "If confirmed, also block Affiliate sarah",
        "Dismiss</button>",
        "Mark reviewed</button>",
        "Confirm and deny</button>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let block = [("form[note]", "a friend"), ("form[block]", "1")];
    let page = resolve(&server, &ours, &first, "dismissed", &block).await;
    let page = followed(&server, &ours, page).await;
    assert!(
        page.contains("Resolved.") && page.contains("1 open</b>"),
        "{page}"
    );
    let affiliate = format!("/api/v1/affiliates/{}", sarah.id);
    let status = server.get(&affiliate).await.data()["status"].clone();
    assert_eq!(status, "approved", "only a confirmed flag blocks");

    let again = resolve(&server, &ours, &first, "confirmed", &[]).await;
    let again = followed(&server, &ours, again).await;
    assert!(
        again.contains("This flag is resolved already: it is dismissed."),
        "{again}"
    );
    let page = resolve(&server, &ours, &second, "confirmed", &block).await;
    followed(&server, &ours, page).await;
    let status = server.get(&affiliate).await.data()["status"].clone();
    assert_eq!(status, "blocked");

    let resolved = get(&server, &ours, &format!("{PAGE}?status=resolved"))
        .await
        .text;
    for text in ["Dismissed", "Confirmed", "a friend"] {
        assert!(resolved.contains(text), "{text}: {resolved}");
    }
    assert!(!resolved.contains("Mark reviewed"), "{resolved}");
    let confirmed = format!("{PAGE}?status=confirmed&type=self_referral");
    let confirmed = get(&server, &ours, &confirmed).await.text;
    assert_eq!(confirmed.matches("<article").count(), 1, "{confirmed}");
    let none = get(&server, &ours, &format!("{PAGE}?type=manual_review"))
        .await
        .text;
    assert!(none.contains("No flag fits these filters"), "{none}");
    let bad = get(&server, &ours, &format!("{PAGE}?status=shut"))
        .await
        .text;
    assert!(bad.contains("is not understood"), "{bad}");
}

#[tokio::test]
async fn a_note_that_does_not_fit_is_told_and_kept() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let (flag, _) = own_sale(&server, "order-1").await;
    let ours = token(&server, OWNER_EMAIL).await;
    let note = "x".repeat(501);
    let more = [("form[note]", note.as_str()), ("form[block]", "1")];
    let page = resolve(&server, &ours, &flag, "confirmed", &more).await;
    let page = followed(&server, &ours, page).await;
    assert!(page.contains("1 to 500 characters"), "{page}");
    assert!(
        page.contains(&format!("value=\"{note}\"")) && page.contains("checked"),
        "{page}"
    );
    let page = resolve(&server, &ours, &flag, "shut", &[]).await;
    let page = followed(&server, &ours, page).await;
    assert!(page.contains("The form was not understood"), "{page}");
}

#[tokio::test]
async fn a_sale_is_flagged_from_its_story_and_says_so() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let sale = server.sale("order-1", "sarah", json!({})).await.expect(201);
    let path = format!("/dashboard/sales/{}", sale.id());
    let ours = token(&server, OWNER_EMAIL).await;
    let before = get(&server, &ours, &path).await.expect(200).text;
    assert!(before.contains("Flag for review</summary>"), "{before}");
    let fields = [("form[sale]", sale.id()), ("form[note]", "an odd name")];
    let flagged = post(&server, &ours, ("/rpc/flag_sale", &path), &fields).await;
    let page = followed(&server, &ours, flagged).await;
    for text in [
        "Flagged</span>",
        "Manual review",
        "A member asks for a review: an odd name.",
        "flagged, manual review: a member asks for a review: an odd name",
        "owner@example.com",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let told = story(&server, sale.id()).await;
    assert_eq!(told["flags"][0]["type"], "manual_review");
    let twice = post(&server, &ours, ("/rpc/flag_sale", &path), &fields).await;
    let twice = followed(&server, &ours, twice).await;
    assert!(
        twice.contains("This sale is flagged for review already."),
        "{twice}"
    );
}

#[tokio::test]
async fn a_viewer_sees_flags_and_changes_nothing() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let (flag, sale) = own_sale(&server, "order-1").await;
    let ours = token(&server, OWNER_EMAIL).await;
    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    let other = get(&server, &theirs, PAGE).await.expect(200).text;
    assert!(other.contains("Nothing to look at"), "{other}");
    let stranger = resolve(&server, &theirs, &flag, "dismissed", &[]).await;
    followed(&server, &theirs, stranger).await;
    server
        .database()
        .change("update member set role = 'viewer'")
        .await;
    let page = get(&server, &ours, PAGE).await.expect(200).text;
    assert!(page.contains("Self-referral"), "{page}");
    assert!(!page.contains("form[resolution]"), "{page}");
    let path = format!("/dashboard/sales/{sale}");
    let drawer = get(&server, &ours, &path).await.expect(200).text;
    assert!(!drawer.contains("Flag for review"), "{drawer}");
    resolve(&server, &ours, &flag, "dismissed", &[]).await;
    let fields = [("form[sale]", sale.as_str()), ("form[note]", "odd")];
    post(&server, &ours, ("/rpc/flag_sale", &path), &fields).await;
    let told = story(&server, &sale).await;
    assert_eq!(told["flags"].as_array().map(Vec::len), Some(1));
    assert_eq!(told["flags"][0]["status"], "open");
}

#[tokio::test]
async fn a_story_leads_to_its_flag_however_many_there_are_and_resolving_leads_back() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let (first, sale) = own_sale(&server, "order-0").await;
    for number in 1..=25 {
        own_sale(&server, &format!("order-{number}")).await;
    }
    let ours = token(&server, OWNER_EMAIL).await;
    let story = get(&server, &ours, &format!("/dashboard/sales/{sale}")).await;
    let query = format!("sale={sale}&amp;status=all");
    let link = format!("href=\"{PAGE}?{query}#flag-{first}\"");
    assert!(story.text.contains(&link), "{link}: {}", story.text);
    let page = format!("{PAGE}?sale={sale}&status=all");
    let page = get(&server, &ours, &page).await.expect(200).text;
    let place = format!("id=\"flag-{first}\"");
    assert!(page.contains(&place), "{page}");
    assert_eq!(page.matches("<article").count(), 1, "{page}");
    let back = format!("status=all&sale={sale}");
    let field = format!(
        "name=\"form[back]\" value=\"{}\"",
        back.replace('&', "&amp;")
    );
    assert!(page.contains(&field), "{page}");
    assert!(page.contains("All sales</option>"), "{page}");
    let answer = resolve(&server, &ours, &first, "reviewed", &[("form[back]", &back)]).await;
    let leads_to = format!("{PAGE}?{back}&resolved=1");
    assert!(
        answer.header("location").ends_with(&leads_to),
        "{}",
        answer.header("location")
    );
    let page = followed(&server, &ours, answer).await;
    assert!(
        page.contains("Resolved.") && page.contains("Reviewed"),
        "{page}"
    );
    let odd = get(&server, &ours, &format!("{PAGE}?sale=1")).await.text;
    assert!(odd.contains("is not understood"), "{odd}");
}

/// What a page of open flags links to behind its newest ones.
fn older(page: &str) -> String {
    let from = page.find("cursor=").expect("there are older ones");
    let cursor = page[from..].split(['"', '&']).next();
    cursor.expect("a cursor").to_owned()
}

#[tokio::test]
async fn the_place_in_the_list_is_kept_and_nobody_is_led_elsewhere() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let mut flags = Vec::new();
    for number in 1..=27 {
        flags.push(own_sale(&server, &format!("order-{number}")).await.0);
    }
    let ours = token(&server, OWNER_EMAIL).await;
    let top = get(&server, &ours, PAGE).await.expect(200).text;
    let cursor = older(&top);
    let second = get(&server, &ours, &format!("{PAGE}?{cursor}")).await.text;
    assert_eq!(second.matches("<article").count(), 2, "{second}");
    assert!(second.contains(&format!("value=\"{cursor}\"")), "{second}");
    let here = [("form[back]", cursor.as_str())];
    let answer = resolve(&server, &ours, &flags[0], "dismissed", &here).await;
    let page = followed(&server, &ours, answer).await;
    assert_eq!(
        page.matches("<article").count(),
        1,
        "the same place: {page}"
    );
    let answer = resolve(&server, &ours, &flags[1], "dismissed", &here).await;
    let page = followed(&server, &ours, answer).await;
    assert_eq!(
        page.matches("<article").count(),
        25,
        "none is left there: {page}"
    );
    for (back, leads_to) in [
        ("https://evil.example/?status=all", "?resolved=1"),
        ("//evil.example", "?resolved=1"),
        ("status=shut", "?resolved=1"),
        ("status=all&cursor=//evil.example", "?status=all&resolved=1"),
        (
            "type=self_referral&next=//evil.example",
            "?type=self_referral&resolved=1",
        ),
        ("", "?resolved=1"),
    ] {
        let flag = flags.pop().expect("more");
        let answer = resolve(&server, &ours, &flag, "reviewed", &[("form[back]", back)]).await;
        let location = answer.expect(302).header("location").to_owned();
        let expected = format!("{PAGE}{leads_to}");
        assert!(location.ends_with(&expected), "{back}: {location}");
        assert!(!location.contains("evil"), "{back}: {location}");
    }
}
