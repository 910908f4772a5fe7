//! `/api/v1/affiliates`

use reqwest::Method;
use serde_json::{Value, json};

use super::refusal::{NOBODY, invalid, missing, refused};
use crate::support::{TestServer, send};

const PATH: &str = "/api/v1/affiliates";

fn sarah() -> Value {
    json!({"name": "Sarah Lind", "email": "Sarah@Example.com", "code": "Sarah"})
}

#[tokio::test]
async fn a_new_affiliate_is_approved_and_in_the_default_program() {
    let server = TestServer::start().await;
    let made = server.post(PATH, sarah()).await.expect(201);
    let affiliate = made.data();
    let program = server.default_campaign().await;
    for (name, value) in [
        ("userId", affiliate["id"].clone()),
        ("programId", json!(program)),
        ("programIds", json!([program])),
        ("name", json!("Sarah Lind")),
        ("email", json!("sarah@example.com")),
        ("code", json!("sarah")),
        ("status", json!("approved")),
        ("recruiterId", Value::Null),
        ("commissionPercent", Value::Null),
        ("stripeAccountId", Value::Null),
        ("totalClicks", json!(0)),
        ("totalConversions", json!(0)),
        ("totalEarnings", json!(0)),
        ("balances", json!([])),
    ] {
        assert_eq!(affiliate.get(name), Some(&value), "{name}");
    }
    assert!(affiliate["createdAt"].is_string());
    let path = format!("{PATH}/{}", affiliate["id"].as_str().expect("an id"));
    assert_eq!(server.get(&path).await.expect(200).data(), affiliate);
    assert_eq!(
        server
            .get(&format!("{path}?include=stats"))
            .await
            .expect(200)
            .data(),
        affiliate
    );
    invalid(
        &server.get(&format!("{path}?include=everything")).await,
        "include",
    );
}

#[tokio::test]
async fn everything_about_an_affiliate_is_kept_and_can_change() {
    let server = TestServer::start().await;
    let recruiter = server.affiliate("recruiter").await;
    let program = json!({"name": "Other", "commissionType": "one_time", "commissionPercent": 5});
    let program = server.campaign(program).await;
    let mut body = sarah();
    body["programId"] = json!(program);
    body["recruiterId"] = json!(recruiter.id);
    body["commissionPercent"] = json!(33.3);
    body["stripeAccountId"] = json!("acct_1A2b3C");
    let made = server.post(PATH, body).await.expect(201);
    let affiliate = made.data().clone();
    for (name, value) in [
        ("programId", json!(program)),
        ("recruiterId", json!(recruiter.id)),
        ("commissionPercent", json!(33.3)),
        ("stripeAccountId", json!("acct_1A2b3C")),
    ] {
        assert_eq!(affiliate.get(name), Some(&value), "{name}");
    }

    let path = format!("{PATH}/{}", affiliate["id"].as_str().expect("an id"));
    assert_eq!(
        server.patch(&path, json!({})).await.expect(200).data(),
        &affiliate
    );
    let change = json!({
        "name": "Sarah L", "email": "s@example.com", "code": "sarah-2", "status": "paused",
        "recruiterId": null, "commissionPercent": null, "stripeAccountId": null,
    });
    let changed = server.patch(&path, change).await.expect(200);
    for (name, value) in [
        ("name", json!("Sarah L")),
        ("email", json!("s@example.com")),
        ("code", json!("sarah-2")),
        ("status", json!("paused")),
        ("recruiterId", Value::Null),
        ("commissionPercent", Value::Null),
        ("stripeAccountId", Value::Null),
    ] {
        assert_eq!(changed.data().get(name), Some(&value), "{name}");
    }
    assert_eq!(server.get(&path).await.expect(200).data(), changed.data());
}

#[tokio::test]
async fn a_change_can_join_a_program_with_a_commission_of_ones_own() {
    let server = TestServer::start().await;
    let affiliate = server.affiliate("sarah").await;
    let default = server.default_campaign().await;
    let program = json!({"name": "Other", "commissionType": "one_time", "commissionPercent": 5});
    let program = server.campaign(program).await;
    let path = format!("{PATH}/{}", affiliate.id);
    let change = json!({"programId": program, "commissionPercent": 50});
    let changed = server.patch(&path, change).await.expect(200);
    assert_eq!(changed.data()["programId"], program.as_str());
    assert_eq!(changed.data()["commissionPercent"], 50);
    let shown = server.get(&path).await.expect(200);
    assert_eq!(
        shown.data()["programId"],
        default.as_str(),
        "the first one joined stays the primary one"
    );
    assert_eq!(shown.data()["programIds"], json!([default, program]));
    assert_eq!(shown.data()["commissionPercent"], Value::Null);
}

#[tokio::test]
async fn totals_are_what_the_affiliate_earned_in_that_program() {
    let server = TestServer::start().await;
    let affiliate = server.affiliate("sarah").await;
    server.sale("order-1", "sarah", json!({})).await.expect(201);
    server
        .sale("order-2", "sarah", json!({"amountCents": 1000}))
        .await
        .expect(201);
    let one = server
        .get(&format!("{PATH}/{}?include=stats", affiliate.id))
        .await
        .expect(200);
    assert_eq!(
        (
            &one.data()["totalConversions"],
            &one.data()["totalEarnings"]
        ),
        (&json!(2), &json!(1180))
    );
    let list = server.get(PATH).await.expect(200);
    assert_eq!(list.data()[0], *one.data());
}

#[tokio::test]
async fn balances_are_told_by_currency_over_all_programs() {
    let server = TestServer::start().await;
    let program = json!({"name": "EU", "commissionType": "recurring", "commissionPercent": 10, "currency": "EUR"});
    let program = server.campaign(program).await;
    let sarah = server.affiliate("sarah").await;
    server.affiliate("jonas").await;
    let path = format!("{PATH}/{}", sarah.id);
    let also = json!({"programId": program});
    server.patch(&path, also).await.expect(200);
    let euro = json!({"currency": "EUR", "campaignId": program});
    server.sale("order-1", "sarah", euro).await.expect(201);
    server.sale("order-2", "sarah", json!({})).await.expect(201);
    let second = server.sale("order-3", "sarah", json!({})).await.expect(201);
    let approve = format!("/api/v1/conversions/{}/approve", second.word("id"));
    let early = json!({"reason": "a friend of the house"});
    server.post(&approve, early).await.expect(200);

    let balances = json!([
        {"currency": "EUR", "pending": 490, "approved": 0, "paid": 0, "debt": 0},
        {"currency": "USD", "pending": 980, "approved": 980, "paid": 0, "debt": 0},
    ]);
    let one = server.get(&path).await.expect(200);
    assert_eq!(one.data()["balances"], balances);
    let list = server.get(PATH).await.expect(200);
    let told = |index: usize| list.data()[index]["balances"].clone();
    assert_eq!((told(0), told(1)), (json!([]), balances));
}

#[tokio::test]
async fn a_list_has_everybodys_totals_each_in_the_program_shown() {
    let server = TestServer::start().await;
    let program = json!({"name": "Other", "commissionType": "recurring", "commissionPercent": 5});
    let program = server.campaign(program).await;
    let sarah = server.affiliate("sarah").await;
    let also = json!({"programId": program});
    server
        .patch(&format!("{PATH}/{}", sarah.id), also.clone())
        .await
        .expect(200);
    server.affiliate_named("Tom", "tom", also.clone()).await;
    server.affiliate("nobody-bought").await;
    for (order, code, campaign) in [
        ("1", "sarah", json!(null)),
        ("2", "sarah", json!(program)),
        ("3", "sarah", json!(program)),
        ("4", "tom", json!(null)),
    ] {
        let more = json!({"amountCents": 1000, "campaignId": campaign});
        server.sale(order, code, more).await.expect(201);
    }
    let totals = async |query: &str| -> Vec<(String, i64, i64)> {
        let list = server.get(&format!("{PATH}{query}")).await.expect(200);
        let rows = list.data().as_array().expect("a list").clone();
        let number = |row: &Value, name: &str| row[name].as_i64().expect("a number");
        let told = |row: &Value| {
            let code = row["code"].as_str().expect("a code").to_owned();
            (
                code,
                number(row, "totalConversions"),
                number(row, "totalEarnings"),
            )
        };
        rows.iter().map(told).collect()
    };
    let row = |code: &str, sales, earned| (code.to_owned(), sales, earned);
    assert_eq!(
        totals("").await,
        [
            row("nobody-bought", 0, 0),
            row("tom", 1, 50),
            row("sarah", 1, 200)
        ],
        "each in his primary program"
    );
    assert_eq!(
        totals(&format!("?programId={program}")).await,
        [row("tom", 1, 50), row("sarah", 2, 100)]
    );
}

#[tokio::test]
async fn the_list_is_filtered_by_program_and_status() {
    let server = TestServer::start().await;
    let program = json!({"name": "Other", "commissionType": "one_time", "commissionPercent": 5});
    let program = server.campaign(program).await;
    server
        .affiliate_named("Other", "other", json!({"programId": program}))
        .await;
    for (code, status) in [
        ("aaa", "approved"),
        ("bbb", "blocked"),
        ("ppp", "paused"),
        ("rrr", "removed"),
    ] {
        let affiliate = server.affiliate(code).await;
        server
            .patch(
                &format!("{PATH}/{}", affiliate.id),
                json!({"status": status}),
            )
            .await
            .expect(200);
    }
    for (query, codes) in [
        (String::new(), vec!["aaa", "bbb", "other", "ppp", "rrr"]),
        (format!("programId={program}"), vec!["other"]),
        ("status=approved".to_owned(), vec!["aaa", "other"]),
        ("status=active".to_owned(), vec!["aaa", "other"]),
        ("status=blocked".to_owned(), vec!["bbb"]),
        ("status=paused".to_owned(), vec!["ppp"]),
        ("status=removed".to_owned(), vec!["rrr"]),
        ("status=pending".to_owned(), vec![]),
        ("includeBlocked=false".to_owned(), vec!["aaa", "other"]),
        (
            format!("includeBlocked=true&programId={program}"),
            vec!["other"],
        ),
        (format!("programId={NOBODY}"), vec![]),
    ] {
        let list = server.get(&format!("{PATH}?{query}")).await.expect(200);
        let rows = list.data().as_array().expect("a list");
        let mut found: Vec<_> = rows.iter().filter_map(|row| row["code"].as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, codes, "{query}");
    }
    for query in ["status=gone", "programId=x", "includeBlocked=maybe"] {
        let name = query.split('=').next().expect("a name");
        invalid(&server.get(&format!("{PATH}?{query}")).await, name);
    }
}

#[tokio::test]
async fn a_code_is_taken_once_in_an_organization() {
    let server = TestServer::start().await;
    server.post(PATH, sarah()).await.expect(201);
    refused(&server.post(PATH, sarah()).await, 409, "CONFLICT");
    let other = server.affiliate("other").await;
    let change = json!({"code": "SARAH"});
    refused(
        &server.patch(&format!("{PATH}/{}", other.id), change).await,
        409,
        "CONFLICT",
    );
    server
        .second_organization()
        .await
        .post(PATH, sarah())
        .await
        .expect(201);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let server = TestServer::start().await;
    let stranger = server.second_organization().await;
    let strange_program = stranger.default_campaign().await;
    let strange_affiliate = stranger.affiliate("stranger").await.id;
    let path = format!("{PATH}/{}", server.affiliate("someone").await.id);
    for (name, values) in [
        ("name", vec![json!(""), json!("a\nb"), json!(5)]),
        ("email", vec![json!("nobody"), json!("a@b")]),
        ("code", vec![json!("ab"), json!("a b c"), json!("é-clair")]),
        ("programId", vec![json!("x")]),
        ("recruiterId", vec![json!("x")]),
        (
            "commissionPercent",
            vec![json!(101), json!(-1), json!(0.001), json!("20")],
        ),
        (
            "stripeAccountId",
            vec![json!(""), json!("cus_1"), json!("acct_ 1")],
        ),
    ] {
        for value in values {
            let mut body = sarah();
            body[name] = value.clone();
            invalid(&server.post(PATH, body).await, name);
            invalid(&server.patch(&path, json!({name: value})).await, name);
        }
    }
    for (name, id) in [
        ("programId", NOBODY),
        ("programId", &strange_program),
        ("recruiterId", NOBODY),
        ("recruiterId", &strange_affiliate),
    ] {
        let mut body = sarah();
        body[name] = json!(id);
        missing(&server.post(PATH, body).await, name);
        missing(&server.patch(&path, json!({name: id})).await, name);
    }
    for name in ["name", "email", "code"] {
        let mut body = sarah();
        body.as_object_mut().expect("an object").remove(name);
        invalid(&server.post(PATH, body).await, name);
    }
    invalid(
        &server.patch(&path, json!({"status": "pending"})).await,
        "status",
    );
    let own = json!({"recruiterId": path.rsplit('/').next()});
    invalid(&server.patch(&path, own.clone()).await, "recruiterId");
    let other = format!("{PATH}/{}", server.affiliate("recruited").await.id);
    server.patch(&other, own).await.expect(200);
    let each_other = json!({"recruiterId": other.rsplit('/').next()});
    invalid(&server.patch(&path, each_other).await, "recruiterId");
}

#[tokio::test]
async fn an_affiliate_is_blocked_and_let_in_again() {
    let server = TestServer::start().await;
    let affiliate = server.affiliate("sarah").await;
    let path = format!("{PATH}/{}", affiliate.id);
    let (block, unblock) = (format!("{path}/block"), format!("{path}/unblock"));
    let cases = [
        (&block, "blocked"),
        (&block, "blocked"),
        (&unblock, "approved"),
        (&unblock, "approved"),
    ];
    for (verb, status) in cases {
        let answer = server.post(verb, json!({"reason": "spam"})).await;
        assert_eq!(answer.expect(200).data()["status"], status, "{verb}");
        assert_eq!(server.get(&path).await.data()["status"], status, "{verb}");
    }
    let told = "select string_agg(detail, '; ' order by audit_entry_id) from audit_entry
        where detail like '%Blocked%'";
    let told = server.database().text(told).await;
    assert!(told.contains("Active to Blocked (spam); "), "{told}");
    let bare = server.request(Method::POST, &block);
    send(bare).await.expect(200);
    for status in ["paused", "removed"] {
        let change = json!({"status": status});
        server.patch(&path, change).await.expect(200);
        let answer = server.post(&unblock, json!({})).await;
        refused(&answer, 409, "CONFLICT");
    }
    refused(&server.post(&block, json!({})).await, 409, "CONFLICT");
    invalid(&server.post(&block, json!({"reason": " "})).await, "reason");
}
