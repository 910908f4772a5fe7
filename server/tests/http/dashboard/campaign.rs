//! One campaign with its terms, snippet and links, as one sees it without JavaScript.

mod sites;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, get, token};
use crate::support::{Answer, OWNER_EMAIL, TestServer, send};

const HTML: &str = "text/html";
const JSON: &str = "application/json";

fn path(id: &str) -> String {
    format!("/dashboard/campaigns/{id}")
}

/// What stands in the form of a new campaign.
const TYPED: [(&str, &str); 28] = [
    ("name", "Default"),
    ("slug", "default"),
    ("unit", "percent"),
    ("amount", "20"),
    ("duration", "recurring"),
    ("months", ""),
    ("hold_days", "30"),
    ("threshold", "50.00"),
    ("lead", "0"),
    ("lead_day", ""),
    ("lead_month", ""),
    ("click", "0"),
    ("click_day", ""),
    ("click_month", ""),
    ("override_percent", "0"),
    ("refund_on_cancel", "yes"),
    ("cookie_days", "60"),
    ("model", "last_touch"),
    ("coupons", "yes"),
    ("website", ""),
    ("landing", ""),
    ("sites", ""),
    ("consent", "no"),
    ("self_referral", "yes"),
    ("disposable", "yes"),
    ("clicks_per_day", "10000"),
    ("conversion", "50"),
    ("review", ""),
];

/// Sends the form of a campaign's terms with these fields changed.
async fn change(
    server: &TestServer,
    (token, accept): (&str, &str),
    id: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let typed = |(name, value): &(&'static str, &'static str)| {
        let given = fields.iter().find(|(other, _)| other == name);
        (
            format!("form[{name}]"),
            given.map_or(*value, |(_, given)| given),
        )
    };
    let mut all: Vec<_> = TYPED.iter().map(typed).collect();
    all.push(("form[campaign]".to_owned(), id));
    let request = server
        .without_key()
        .request(Method::POST, "/rpc/change_campaign")
        .header("accept", accept)
        .header("referer", format!("{}{}", server.base_url, path(id)))
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(&all)).await
}

/// Opens or closes a campaign.
async fn set_status(server: &TestServer, token: &str, id: &str, status: &str) -> Answer {
    let request = server
        .without_key()
        .request(Method::POST, "/rpc/set_campaign_status")
        .header("accept", JSON)
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(&[("campaign", id), ("status", status)])).await
}

/// What the API tells of a campaign.
async fn known(server: &TestServer, id: &str) -> Value {
    let answer = server.get(&format!("/api/v1/programs/{id}")).await;
    answer.expect(200).data().clone()
}

#[tokio::test]
async fn a_campaign_has_a_page_with_its_snippet_and_links() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let empty = get(&server, &ours, &path(&id)).await.expect(200);
    for text in [
        "<title>Campaign · Tributary</title>",
        "Nobody is in this campaign yet.",
        "Not seen yet",
        "Name your website in the terms first",
        "Changing terms changes nothing that was credited before",
        "id=\"funnel\"",
    ] {
        assert!(empty.text.contains(text), "{text}: {}", empty.text);
    }

    let sarah = server
        .affiliate_named("Sarah <b>Lind", "sarah", json!({"commissionPercent": 12.5}))
        .await;
    let site = json!({"website": "https://shop.example/start", "trackingRequiresConsent": true});
    server
        .patch(&format!("/api/v1/programs/{id}"), site)
        .await
        .expect(200);
    let page = get(&server, &ours, &path(&id)).await.expect(200);
    let link = format!("{}/r/sarah?c=default", server.base_url);
    let script = format!("&lt;script src=\"{}/t.js?program={id}\"", server.base_url);
    let program = format!("data-program-id=\"{id}\"\n        data-require-consent defer&gt;");
    for text in [
        &format!("data-copy=\"{link}\""),
        &script,
        &program,
        "data-organization=\"",
        "Tributary.setConsent(true)",
        "Paddle.Checkout.open",
        "open a page of it with ?via=sarah in its address",
        "href=\"https://shop.example/start?via=sarah\"",
        "12.5\u{a0}% of every payment",
        "Sarah &lt;b&gt;Lind",
        &format!("href=\"/dashboard/affiliates/{}\"", sarah.id),
        &format!("href=\"/dashboard/coupons?campaign={id}\""),
        &format!("href=\"/dashboard/sales?campaign={id}\""),
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let list = get(&server, &ours, "/dashboard/campaigns")
        .await
        .expect(200);
    assert!(list.text.contains(&format!("href=\"{}\"", path(&id))));

    server.second_organization().await;
    let page = get(&server, &ours, &path(&id)).await.expect(200);
    assert!(
        page.text.contains("/r/sarah?c=default&amp;o="),
        "{}",
        page.text
    );
    let theirs = token(&server, "owner@other.example").await;
    let page = get(&server, &theirs, &path(&id)).await.expect(404);
    assert!(!page.text.contains("sarah"));
    get(&server, &ours, &path("nonsense")).await.expect(404);
    for bad in ["cursor=nonsense", "days=31"] {
        let bad = format!("{}?{bad}", path(&id));
        get(&server, &ours, &bad).await.expect(400);
    }
}

#[tokio::test]
async fn a_long_list_of_affiliates_is_paged_by_links() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    for number in 0..27 {
        server.affiliate(&format!("partner-{number:02}")).await;
    }
    let ours = token(&server, OWNER_EMAIL).await;
    let first = get(&server, &ours, &path(&id)).await.expect(200);
    assert!(first.text.contains("/r/partner-26?") && !first.text.contains("/r/partner-01?"));
    let (before, _) = first
        .text
        .split_once("\">Older</a>")
        .expect("there are older ones");
    let (_, older) = before.rsplit_once("href=\"").expect("a link");
    let older = older.split('#').next().expect("a path");
    let second = get(&server, &ours, older).await.expect(200);
    assert!(second.text.contains("/r/partner-01?") && !second.text.contains("/r/partner-02?"));
    assert!(second.text.contains(">Newest</a>"));
}

#[tokio::test]
async fn all_terms_are_changed_by_a_form() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let as_it_was = known(&server, &id).await;
    let unchanged = change(&server, (&ours, HTML), &id, &[]).await.expect(302);
    assert_eq!(
        unchanged.header("location"),
        format!("{}?done=saved", path(&id))
    );
    assert_eq!(
        known(&server, &id).await,
        as_it_was,
        "what is shown is what is so"
    );

    let fields = [
        ("name", "Partners"),
        ("slug", "partners"),
        ("unit", "fixed"),
        ("amount", "7.50"),
        ("duration", "recurring_limited"),
        ("months", "12"),
        ("hold_days", "14"),
        ("threshold", "100"),
        ("lead", "2.5"),
        ("lead_day", "10"),
        ("lead_month", "100"),
        ("click", "0.05"),
        ("click_day", "1000"),
        ("click_month", "20000"),
        ("override_percent", "7.5"),
        ("refund_on_cancel", "no"),
        ("cookie_days", "90"),
        ("model", "first_touch"),
        ("coupons", "no"),
        ("website", " https://shop.example "),
        ("landing", "https://shop.example/start"),
        (
            "sites",
            "pay.example\r\nhttps://other.example/x, pay.example",
        ),
        ("consent", "yes"),
        ("self_referral", "no"),
        ("disposable", "no"),
        ("clicks_per_day", "500"),
        ("conversion", ""),
        ("review", "1000"),
    ];
    let changed = change(&server, (&ours, HTML), &id, &fields)
        .await
        .expect(302);
    let shown = get(&server, &ours, changed.header("location"))
        .await
        .expect(200);
    assert!(shown.text.contains("Saved.") && shown.text.contains("<h1>Partners</h1>"));
    assert!(
        shown.text.contains("other.example\npay.example</textarea>"),
        "{}",
        shown.text
    );
    let now = known(&server, &id).await;
    for (name, value) in [
        ("name", json!("Partners")),
        ("slug", json!("partners")),
        ("currency", json!("USD")),
        ("commissionModel", json!("fixed")),
        ("commissionAmountCents", json!(750)),
        ("commissionType", json!("recurring_limited")),
        ("commissionLimitMonths", json!(12)),
        ("commissionHoldDays", json!(14)),
        ("payoutThreshold", json!(10_000)),
        ("leadCommissionCents", json!(250)),
        ("leadCapPerDay", json!(10)),
        ("leadCapPerMonth", json!(100)),
        ("clickCommissionCents", json!(5)),
        ("clickCapPerDay", json!(1000)),
        ("clickCapPerMonth", json!(20_000)),
        ("overridePercent", json!(7.5)),
        ("refundOnCancel", json!(false)),
        ("cookieDuration", json!(90)),
        ("attributionModel", json!("first_touch")),
        ("couponsOverrideClicks", json!(false)),
        ("website", json!("https://shop.example")),
        ("landingPageUrl", json!("https://shop.example/start")),
        ("sites", json!(["other.example", "pay.example"])),
        ("trackingRequiresConsent", json!(true)),
        ("flagSelfReferral", json!(false)),
        ("flagSuspiciousActivity", json!(false)),
        ("flagClicksPerDay", json!(500)),
        ("flagConversionPercent", Value::Null),
        ("flagReviewFromCents", json!(100_000)),
    ] {
        assert_eq!(now[name], value, "{name}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_told_at_its_field_and_stays_typed() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let before = known(&server, &id).await;
    for (name, typed) in [
        ("name", " "),
        ("amount", "101"),
        ("duration", "sometimes"),
        ("hold_days", "366"),
        ("threshold", "-1"),
        ("lead", "1.234"),
        ("lead_day", "0"),
        ("lead_month", "x"),
        ("click", "a lot"),
        ("click_day", "1000001"),
        ("click_month", "-5"),
        ("override_percent", "100.01"),
        ("cookie_days", "0"),
        ("model", "middle"),
        ("website", "shop.example"),
        ("landing", "javascript:alert(1)"),
        ("sites", "pay.example\nno site"),
        ("clicks_per_day", "0"),
        ("conversion", "1001"),
        ("review", "-3"),
    ] {
        let refused = change(
            &server,
            (&ours, HTML),
            &id,
            &[(name, typed), ("name", "New")],
        )
        .await;
        let back = refused.expect(302).header("location").to_owned();
        let (_, back) = back.split_once("/dashboard").expect("a page of ours");
        let shown = get(&server, &ours, &format!("/dashboard{back}")).await;
        let (_, told) = shown
            .text
            .split_once(&format!("id=\"{name}-error\" class=\"error\">"))
            .expect("the field is there");
        assert!(!told.starts_with('<'), "{name}: {told:.80}");
        let kept = match name {
            "duration" | "model" => "value=\"New\"".to_owned(),
            "sites" => "pay.example\nno site</textarea>".to_owned(),
            _ => format!("value=\"{typed}\""),
        };
        assert!(shown.text.contains(&kept), "{name}: {}", shown.text);
        let wrong = shown.text.matches("class=\"field wrong\"").count();
        assert_eq!(wrong, 1, "{name}");
    }
    let months = [("duration", "recurring_limited"), ("months", "0")];
    let refused = change(&server, (&ours, JSON), &id, &months)
        .await
        .expect(400);
    assert!(refused.text.contains("months"), "{}", refused.text);
    assert_eq!(
        known(&server, &id).await,
        before,
        "what was refused changed nothing"
    );
}

#[tokio::test]
async fn only_who_may_changes_a_campaign_of_his_own() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    let ours = token(&server, OWNER_EMAIL).await;
    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    let before = known(&server, &id).await;
    change(&server, (&theirs, JSON), &id, &[]).await.expect(404);
    set_status(&server, &theirs, &id, "archived")
        .await
        .expect(404);
    change(&server, ("nobody", JSON), &id, &[])
        .await
        .expect(401);
    let rpc = format!("/rpc/campaign?id={id}");
    ask(&server, &theirs, &rpc).await.expect(404);
    server
        .database()
        .change("update member set role = 'viewer'")
        .await;
    change(&server, (&ours, JSON), &id, &[]).await.expect(403);
    set_status(&server, &ours, &id, "archived")
        .await
        .expect(403);
    let page = get(&server, &ours, &path(&id)).await.expect(200);
    assert!(page.text.contains("Your role may look at the terms"));
    assert!(!page.text.contains("Save terms") && !page.text.contains("Archive this campaign"));
    assert_eq!(known(&server, &id).await, before);
}

#[tokio::test]
async fn an_archived_campaign_gives_no_new_credit_until_it_is_restored() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    server.affiliate("sarah").await;
    let ours = token(&server, OWNER_EMAIL).await;
    set_status(&server, &ours, &id, "gone").await.expect(400);
    set_status(&server, &ours, &id, "archived")
        .await
        .expect(200);
    let page = get(&server, &ours, &path(&id)).await.expect(200);
    for text in [">Archived</span>", "Restore this campaign"] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    server.sale("order-1", "sarah", json!({})).await.expect(404);
    set_status(&server, &ours, &id, "active").await.expect(200);
    server.sale("order-1", "sarah", json!({})).await.expect(201);
}

#[tokio::test]
async fn a_campaign_that_is_added_leads_to_its_page() {
    let server = TestServer::start().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let form = [
        ("form[name]", "Annual plans"),
        ("form[currency]", "eur"),
        ("form[amount]", "12.5"),
        ("form[unit]", "percent"),
        ("form[duration]", "one_time"),
        ("form[hold_days]", "14"),
        ("form[cookie_days]", "30"),
    ];
    let request = server
        .without_key()
        .request(Method::POST, "/rpc/add_campaign")
        .header("accept", HTML)
        .header("cookie", format!("tributary_session={ours}"));
    let added = send(request.form(&form)).await.expect(302);
    let page = get(&server, &ours, added.header("location"))
        .await
        .expect(200);
    for text in [
        "<h1>Annual plans</h1>",
        "The campaign is there.",
        "value=\"EUR\" readonly",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
}

/// The page, once it says this.
async fn says(server: &TestServer, token: &str, path: &str, text: &str) -> Answer {
    for _ in 0..200 {
        let page = get(server, token, path).await.expect(200);
        if page.text.contains(text) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} never says {text}")
}

#[tokio::test]
async fn the_page_tells_where_the_snippet_was_seen() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    let other = json!({"name": "Other", "commissionType": "one_time", "commissionPercent": 5, "website": "https://other.example"});
    let other = server.campaign(other).await;
    let sites = json!({"website": "https://shop.example", "sites": ["pay.example"]});
    server
        .patch(&format!("/api/v1/programs/{id}"), sites)
        .await
        .expect(200);
    let ours = token(&server, OWNER_EMAIL).await;
    let steps = get(&server, &ours, "/dashboard/sales").await.expect(200);
    assert!(steps.text.contains("Install the snippet") && !steps.text.contains("class=\"done\""));

    let load = async |referer: &str| {
        let request = server.without_key().request(Method::GET, "/t.js");
        send(request.header("referer", referer)).await.expect(200)
    };
    // A stranger's page is nobody's, and a subdomain is the listed site's.
    load("https://evil.example/").await;
    load("https://www.shop.example/a?b").await;
    let page = says(&server, &ours, &path(&id), "<b>shop.example</b>").await;
    assert!(!page.text.contains("Not seen yet") && !page.text.contains("evil.example"));
    let elsewhere = get(&server, &ours, &path(&other)).await.expect(200);
    assert!(elsewhere.text.contains("Not seen yet"));
    says(&server, &ours, "/dashboard/sales", "class=\"done\"").await;

    let told = json!({"pageUrl": "https://pay.example/x", "referralCode": "nobody"});
    let request = server
        .without_key()
        .request(Method::POST, "/api/tracking/click")
        .header("origin", "https://pay.example");
    send(request.json(&told)).await.expect(200);
    says(&server, &ours, &path(&id), "<b>pay.example</b>").await;
    let fewer = json!({"sites": []});
    let program = format!("/api/v1/programs/{id}");
    server.patch(&program, fewer).await.expect(200);
    let page = get(&server, &ours, &path(&id)).await.expect(200);
    assert!(
        !page.text.contains("<b>pay.example</b>"),
        "it is not the campaign's any more"
    );
}
