//! The page of coupons, as one sees it without JavaScript.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, get, token};
use crate::support::{Answer, OWNER_EMAIL, TestServer, send};

const HERE: &str = "/dashboard/coupons";
const HTML: &str = "text/html";
const JSON: &str = "application/json";

/// Sends a form from the page of coupons.
async fn post(
    server: &TestServer,
    (token, accept): (&str, &str),
    (path, from): (&str, &str),
    fields: &[(&str, &str)],
) -> Answer {
    let request = server
        .without_key()
        .request(Method::POST, &format!("/rpc/{path}"))
        .header("accept", accept)
        .header("referer", format!("{}{from}", server.base_url))
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(fields)).await
}

async fn coupons(server: &TestServer) -> Vec<Value> {
    let path = format!(
        "/api/v1/programs/{}/coupons",
        server.default_campaign().await
    );
    let list = server.get(&path).await.expect(200);
    list.data().as_array().expect("a list").clone()
}

#[tokio::test]
async fn coupons_are_added_changed_and_removed_by_forms() {
    let server = TestServer::start().await;
    let sarah = server
        .affiliate_named("Sarah <b>Lind", "sarah", json!({}))
        .await;
    let campaign = server.default_campaign().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let empty = get(&server, &ours, HERE).await.expect(200);
    assert!(empty.text.contains("No coupons yet"));
    let from = format!("{HERE}?add=coupon");
    let form = get(&server, &ours, &format!("{from}&affiliate=sarah"))
        .await
        .expect(200);
    assert!(form.text.contains("value=\"sarah\""), "{}", form.text);
    let typed = |code: &'static str, affiliate: &'static str| {
        [
            ("form[code]", code),
            ("form[affiliate]", affiliate),
            ("form[discount]", "promo_1"),
            ("form[last_day]", "2099-12-31"),
        ]
    };
    let fields = [
        &typed(" Sarah20 ", "SARAH")[..],
        &[("form[campaign]", &campaign)],
    ]
    .concat();
    let added = post(&server, (&ours, HTML), ("add_coupon", &from), &fields).await;
    let added = added.expect(302).header("location").to_owned();
    assert_eq!(added, format!("{HERE}?added=Sarah20"));
    let page = get(&server, &ours, &added).await.expect(200);
    for text in [
        "<tr role=\"row\" class=\"added\">",
        "data-copy=\"Sarah20\"",
        "Sarah &lt;b&gt;Lind",
        "data-copy=\"promo_1\"",
        "Dec 31, 2099",
        "Active</span>",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let made = coupons(&server).await.remove(0);
    assert_eq!(
        made["expiresAt"], "2100-01-01T00:00:00Z",
        "the day is within"
    );
    assert_eq!(made["affiliateId"], json!(sarah.id));

    let id = made["id"].as_str().expect("an id");
    let from = format!("{HERE}?edit={id}");
    let form = get(&server, &ours, &from).await.expect(200);
    assert!(form.text.contains("value=\"2099-12-31\"") && form.text.contains("value=\"promo_1\""));
    let fields = [
        ("form[coupon]", id),
        ("form[discount]", ""),
        ("form[last_day]", "2026-01-01"),
    ];
    let changed = post(&server, (&ours, HTML), ("change_coupon", &from), &fields).await;
    let page = get(&server, &ours, changed.expect(302).header("location")).await;
    assert!(page.text.contains("Saved.") && page.text.contains("Expired</span>"));
    let now = coupons(&server).await.remove(0);
    assert_eq!(now["processorDiscountId"], Value::Null);

    let fields = [("coupon", id)];
    let removed = post(&server, (&ours, HTML), ("remove_coupon", &from), &fields).await;
    let page = get(&server, &ours, removed.expect(302).header("location")).await;
    assert!(page.text.contains("No coupons yet"), "{}", page.text);
    let page = get(&server, &ours, &format!("{HERE}?state=removed"))
        .await
        .expect(200);
    assert!(page.text.contains("Removed</span>") && !page.text.contains("?edit="));
    get(&server, &ours, &from).await.expect(404);
    let again = post(&server, (&ours, JSON), ("remove_coupon", &from), &fields).await;
    again.expect(404);
}

#[tokio::test]
async fn what_does_not_fit_is_told_at_its_field_and_stays_typed() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    server.coupon(&sarah, "TAKEN", Some("promo_1")).await;
    let program = json!({"name": "Other", "commissionType": "one_time", "commissionPercent": 5});
    let program = server.campaign(program).await;
    let campaign = server.default_campaign().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let from = format!("{HERE}?add=coupon");
    for (name, typed, told) in [
        ("code", " ", "1 to 64 characters"),
        ("code", "A B", "1 to 64 characters"),
        ("code", "taken", "Another coupon already has the code taken"),
        (
            "affiliate",
            "",
            "There is no affiliate with this referral code",
        ),
        (
            "affiliate",
            "nobody",
            "There is no affiliate with this referral code",
        ),
        (
            "campaign",
            &program,
            "The affiliate is not in that campaign",
        ),
        ("campaign", "", "Choose one of the list"),
        (
            "discount",
            "promo_1",
            "Another coupon already stands for that",
        ),
        ("discount", "promo 2", "An id of at most 255 bytes"),
        ("last_day", "tomorrow", "A day such as 2026-12-31"),
        ("last_day", "2020-01-01", "That day is over"),
    ] {
        let fields = [
            ("code", "FRESH"),
            ("affiliate", "sarah"),
            ("campaign", &campaign),
            ("discount", ""),
            ("last_day", ""),
        ];
        let names = fields.map(|(field, _)| format!("form[{field}]"));
        let value = |field: &str, value| if field == name { typed } else { value };
        let all = names.iter().zip(fields);
        let all: Vec<_> = all
            .map(|(full, (field, other))| (full.as_str(), value(field, other)))
            .collect();
        let refused = post(&server, (&ours, HTML), ("add_coupon", &from), &all).await;
        let back = refused.expect(302).header("location").to_owned();
        let (_, back) = back.split_once("/dashboard").expect("a page of ours");
        let shown = get(&server, &ours, &format!("/dashboard{back}")).await;
        let (_, error) = shown
            .text
            .split_once(&format!("id=\"{name}-error\" class=\"error\">"))
            .expect("the field is there");
        assert!(error.starts_with(told), "{name} {typed:?}: {error:.90}");
        let kept = if name == "code" {
            "value=\"sarah\""
        } else {
            "value=\"FRESH\""
        };
        assert!(shown.text.contains(kept), "{}", shown.text);
    }
    assert_eq!(coupons(&server).await.len(), 1);
}

#[tokio::test]
async fn the_list_is_searched_narrowed_and_paged() {
    let server = TestServer::start().await;
    let sarah = server
        .affiliate_named("Sarah Lind", "sarah", json!({}))
        .await;
    let bob = server.affiliate_named("Bob", "bob", json!({})).await;
    server.coupon(&bob, "BOB10", None).await;
    for number in 0..52 {
        server.coupon(&sarah, &format!("S{number:02}"), None).await;
    }
    let ours = token(&server, OWNER_EMAIL).await;
    let first = get(&server, &ours, HERE).await.expect(200);
    assert!(first.text.contains(">S51<") && !first.text.contains(">BOB10<"));
    let (before, _) = first
        .text
        .split_once("\">Older</a>")
        .expect("there are older ones");
    let (_, older) = before.rsplit_once("href=\"").expect("a link");
    let older = older.split('"').next().expect("a path");
    let second = get(&server, &ours, older).await.expect(200);
    assert!(second.text.contains(">BOB10<") && !second.text.contains(">S51<"));
    for (query, found) in [
        ("q=bob", true),
        ("q=%20Bob1", true),
        ("q=lind", false),
        ("q=b&state=expired", false),
    ] {
        let page = get(&server, &ours, &format!("{HERE}?{query}"))
            .await
            .expect(200);
        assert_eq!(page.text.contains(">BOB10<"), found, "{query}");
    }
    let nothing = get(&server, &ours, &format!("{HERE}?q=zzz"))
        .await
        .expect(200);
    assert!(nothing.text.contains("No coupon fits"));
    for bad in ["state=open", "campaign=7", "cursor=x"] {
        get(&server, &ours, &format!("{HERE}?{bad}"))
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn only_who_may_changes_coupons_of_his_own() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    server.coupon(&sarah, "SARAH20", None).await;
    let made = coupons(&server).await.remove(0);
    let id = made["id"].as_str().expect("an id");
    let ours = token(&server, OWNER_EMAIL).await;
    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    let page = get(&server, &theirs, HERE).await.expect(200);
    assert!(!page.text.contains("SARAH20"));
    ask(&server, &theirs, &format!("/rpc/coupons?open={id}"))
        .await
        .expect(404);
    let change = [
        ("form[coupon]", id),
        ("form[discount]", "promo_9"),
        ("form[last_day]", ""),
    ];
    let campaign = server.default_campaign().await;
    let add = [
        ("form[code]", "MINE"),
        ("form[affiliate]", "sarah"),
        ("form[campaign]", &campaign),
    ];
    let of = |who, path| post(&server, (who, JSON), (path, HERE), &change);
    of(&theirs, "change_coupon").await.expect(404);
    of("nobody", "change_coupon").await.expect(401);
    let remove = [("coupon", id)];
    let removed = post(&server, (&theirs, JSON), ("remove_coupon", HERE), &remove).await;
    removed.expect(404);
    let added = post(&server, (&theirs, JSON), ("add_coupon", HERE), &add).await;
    added.expect(400);

    server
        .database()
        .change("update member set role = 'viewer'")
        .await;
    of(&ours, "change_coupon").await.expect(403);
    for (path, fields) in [("add_coupon", &add[..]), ("remove_coupon", &remove[..])] {
        let answer = post(&server, (&ours, JSON), (path, HERE), fields).await;
        answer.expect(403);
    }
    let page = get(&server, &ours, &format!("{HERE}?add=coupon"))
        .await
        .expect(200);
    assert!(!page.text.contains("form[code]") && !page.text.contains("?edit="));
    assert_eq!(coupons(&server).await, [made]);
}
