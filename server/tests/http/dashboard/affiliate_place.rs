//! An affiliate's place in the program, changed by forms as one sends them without JavaScript.

use reqwest::Method;
use serde_json::json;

use super::{get, token};
use crate::support::{Answer, OWNER_EMAIL, TestServer, send};

fn path(id: &str) -> String {
    format!("/dashboard/affiliates/{id}")
}

async fn post(server: &TestServer, token: &str, form: &str, fields: &[(&str, &str)]) -> Answer {
    let request = server
        .without_key()
        .request(Method::POST, &format!("/rpc/{form}"))
        .header("accept", "text/html")
        .header(
            "referer",
            format!("{}/dashboard/affiliates", server.base_url),
        )
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(&fields)).await
}

async fn set(server: &TestServer, token: &str, id: &str, status: &str) -> Answer {
    let fields = [("form[affiliate]", id), ("form[status]", status)];
    post(server, token, "set_affiliate_status", &fields).await
}

async fn status(server: &TestServer, id: &str) -> String {
    let known = server.get(&format!("/api/v1/affiliates/{id}")).await;
    let known = known.expect(200);
    known.data()["status"]
        .as_str()
        .expect("a status")
        .to_owned()
}

/// Did a plain form not lead to what was saved?
fn is_refused(answer: &Answer) -> bool {
    answer.status != 302 || !answer.header("location").contains("saved=1")
}

#[tokio::test]
async fn a_status_changes_after_a_sentence_about_it() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = path(&sarah.id);
    for (asked, sentence, word, api) in [
        (
            "paused",
            "No new credit until this is resumed",
            ">Paused<",
            "paused",
        ),
        ("active", "are credited again", "ask=paused", "approved"),
        (
            "blocked",
            "pending sales can be denied",
            ">Blocked<",
            "blocked",
        ),
        ("removed", "this can be restored", ">Removed<", "removed"),
        ("active", "are credited again", "ask=blocked", "approved"),
    ] {
        let form = get(&server, &ours, &format!("{page}?ask={asked}")).await;
        let form = form.expect(200);
        assert!(form.text.contains(sentence), "{asked}: {}", form.text);
        let field = format!("name=\"form[status]\" value=\"{asked}\"");
        assert!(form.text.contains(&field), "{asked}");
        let changed = set(&server, &ours, &sarah.id, asked).await.expect(302);
        assert_eq!(changed.header("location"), format!("{page}?saved=1"));
        let shown = get(&server, &ours, &page).await.expect(200);
        assert!(shown.text.contains(word), "{asked}: {}", shown.text);
        assert_eq!(status(&server, &sarah.id).await, api);
    }
    let audited = server
        .database()
        .text(
            "select string_agg(detail, '; ' order by audit_entry_id) from audit_entry
             where subject_kind = 'affiliate' and action = 'changed'",
        )
        .await;
    for text in ["sarah: Active to Paused", "sarah: Blocked to Removed"] {
        assert!(audited.contains(text), "{audited}");
    }
    // What can't be asked for opens nothing.
    for ask in ["active", "gone", ""] {
        let shown = get(&server, &ours, &format!("{page}?ask={ask}")).await;
        assert!(!shown.expect(200).text.contains("class=\"panel\""), "{ask}");
    }
    assert!(is_refused(&set(&server, &ours, &sarah.id, "gone").await));
}

#[tokio::test]
async fn a_further_campaign_is_joined_with_a_link_of_its_own() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let program =
        |name| json!({"name": name, "commissionType": "recurring", "commissionPercent": 10});
    let partners = server.campaign(program("Partners")).await;
    let closed = server.campaign(program("Closed")).await;
    let archive = format!("/api/v1/programs/{closed}");
    server.delete(&archive).await.expect(200);
    let ours = token(&server, OWNER_EMAIL).await;
    let page = path(&sarah.id);
    let form = get(&server, &ours, &format!("{page}?ask=join")).await;
    let form = form.expect(200);
    assert!(form.text.contains(">Partners</option>"), "{}", form.text);
    assert!(!form.text.contains(">Closed</option>") && !form.text.contains(">Default</option>"));
    let join = async |campaign: &str, percent: &str| {
        let fields = [
            ("form[affiliate]", sarah.id.as_str()),
            ("form[campaign]", campaign),
            ("form[percent]", percent),
        ];
        post(&server, &ours, "join_campaign", &fields).await
    };
    for (campaign, percent) in [
        (closed.as_str(), ""),
        ("nonsense", ""),
        (partners.as_str(), "101"),
    ] {
        assert!(is_refused(&join(campaign, percent).await), "{campaign}");
    }
    let joined = join(&partners, "12.5").await.expect(302);
    assert_eq!(joined.header("location"), format!("{page}?saved=1"));
    let shown = get(&server, &ours, &page).await.expect(200);
    for text in [
        "/r/sarah</code>",
        "/r/sarah?c=partners</code>",
        "12.5\u{a0}% of every payment",
        ">primary</span>",
    ] {
        assert!(shown.text.contains(text), "{text}: {}", shown.text);
    }
    let none_left = get(&server, &ours, &format!("{page}?ask=join")).await;
    let none_left = none_left.expect(200);
    assert!(
        none_left
            .text
            .contains("Every open campaign has been joined")
    );
}

#[tokio::test]
async fn only_who_may_changes_a_place() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let ours = token(&server, OWNER_EMAIL).await;
    let stranger = server.second_organization().await;
    let strange_campaign = stranger.default_campaign().await;
    let theirs = token(&server, "owner@other.example").await;
    let join = [
        ("form[affiliate]", sarah.id.as_str()),
        ("form[campaign]", strange_campaign.as_str()),
    ];
    assert!(is_refused(
        &set(&server, &theirs, &sarah.id, "blocked").await
    ));
    assert!(is_refused(
        &set(&server, "nobody", &sarah.id, "blocked").await
    ));
    assert!(is_refused(
        &post(&server, &theirs, "join_campaign", &join).await
    ));
    assert!(is_refused(
        &post(&server, &ours, "join_campaign", &join).await
    ));
    server
        .database()
        .change("update member set role = 'viewer'")
        .await;
    assert!(is_refused(&set(&server, &ours, &sarah.id, "blocked").await));
    let page = format!("{}?ask=blocked", path(&sarah.id));
    let shown = get(&server, &ours, &page).await.expect(200);
    assert!(!shown.text.contains("form[status]") && !shown.text.contains("?ask="));
    assert_eq!(status(&server, &sarah.id).await, "approved");
}
