//! Which hosts are a campaign's, and which can't be.

use reqwest::Method;
use serde_json::json;

use super::{HTML, JSON, change, path, says};
use crate::{
    http::dashboard::{get, token},
    support::{OWNER_EMAIL, TestServer, send},
};

#[tokio::test]
async fn what_belongs_to_everybody_is_no_site_of_a_campaign() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    let program = format!("/api/v1/programs/{id}");
    let ours = token(&server, OWNER_EMAIL).await;
    for host in [
        "com",
        "co.uk",
        "www.co.uk",
        "vercel.app",
        "xn--55qx5d.cn",
        "intranet",
        "com:8443",
    ] {
        let page = format!("https://{host}/x");
        for (field, body) in [
            ("website", json!({"website": page})),
            ("landingPageUrl", json!({"landingPageUrl": page})),
            ("sites", json!({"sites": ["shop.example", host]})),
        ] {
            let refused = server.patch(&program, body).await.expect(400);
            assert_eq!(refused.field(), field, "{host}: {}", refused.text);
        }
        for (field, typed) in [("website", &*page), ("landing", &page), ("sites", host)] {
            let refused = change(&server, (&ours, JSON), &id, &[(field, typed)]).await;
            assert_eq!(refused.expect(400).json["Invalid"][0], field, "{host}");
        }
    }
    let refused = server
        .patch(&program, json!({"website": "https://co.uk"}))
        .await;
    let told = "anybody can have a site under co.uk: name a host of your own, such as shop.co.uk";
    assert!(refused.text.contains(told), "{}", refused.text);
    let new = json!({"name": "Wide", "commissionType": "one_time", "commissionPercent": 5, "sites": ["com"]});
    let refused = server.post("/api/v1/programs", new).await.expect(400);
    assert_eq!(refused.field(), "sites");
    assert_eq!(server.database().count("campaign_site").await, 0);

    let own = json!([
        "127.0.0.1:8099",
        "[::1]:3000",
        "localhost:8099",
        "shop.co.uk",
        "shop.vercel.app"
    ]);
    server
        .patch(&program, json!({"sites": own}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_landing_page_elsewhere_is_told_to_add_its_site() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let told = "This adds elsewhere.example to your sites.</p>";
    for (landing, sites, times) in [
        ("https://www.elsewhere.example/start", "", 2),
        ("https://go.shop.example/start", "", 0),
        (
            "https://www.elsewhere.example/start",
            "elsewhere.example",
            0,
        ),
    ] {
        let fields = [
            ("website", "https://shop.example"),
            ("landing", landing),
            ("sites", sites),
        ];
        let saved = change(&server, (&ours, HTML), &id, &fields)
            .await
            .expect(302);
        let page = get(&server, &ours, saved.header("location"))
            .await
            .expect(200);
        assert_eq!(
            page.text.matches(told).count(),
            times,
            "{landing} {sites}: {}",
            page.text
        );
    }
    change(
        &server,
        (&ours, HTML),
        &id,
        &[("landing", "https://elsewhere.example")],
    )
    .await
    .expect(302);
    let page = get(&server, &ours, &path(&id)).await.expect(200);
    assert!(!page.text.contains("This adds"), "it is the only one");
}

#[tokio::test]
async fn of_two_campaigns_on_a_site_the_one_that_the_snippet_names_is_seen() {
    let server = TestServer::start().await;
    let id = server.default_campaign().await;
    let site = json!({"website": "https://shop.example"});
    server
        .patch(&format!("/api/v1/programs/{id}"), site)
        .await
        .expect(200);
    let other = json!({"name": "Other", "commissionType": "one_time", "commissionPercent": 5, "website": "https://shop.example"});
    let other = server.campaign(other).await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = get(&server, &ours, &path(&id)).await.expect(200);
    let script = format!("/t.js?program={id}");
    assert!(page.text.contains(&script), "{}", page.text);
    let load = async |script: &str| {
        let request = server.without_key().request(Method::GET, script);
        let page = request.header("referer", "https://shop.example/");
        send(page).await.expect(200);
    };
    load(&script).await;
    load("/t.js?program=nonsense").await;
    says(&server, &ours, &path(&id), "<b>shop.example</b>").await;
    let elsewhere = get(&server, &ours, &path(&other)).await.expect(200);
    assert!(
        elsewhere.text.contains("Not seen yet"),
        "{}",
        elsewhere.text
    );
    load("/t.js").await;
    says(&server, &ours, &path(&other), "<b>shop.example</b>").await;
}
