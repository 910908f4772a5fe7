//! `Idempotency-Key` on any POST under `/api/v1`: the same call again is answered again, not run again.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer, eventually, send};

const PATH: &str = "/api/v1/affiliates";

async fn post(client: &Client, key: &str, path: &str, body: &Value) -> Answer {
    send(
        client
            .request(Method::POST, path)
            .header("idempotency-key", key)
            .json(body),
    )
    .await
}

fn affiliate(code: &str) -> Value {
    json!({"name": "Sarah", "email": format!("{code}@example.com"), "code": code})
}

#[tokio::test]
async fn the_same_call_again_gets_the_stored_answer() {
    let mut server = TestServer::start().await;
    let first = post(&server, "key-1", PATH, &affiliate("sarah"))
        .await
        .expect(201);
    for _ in 0..3 {
        let again = post(&server, "key-1", PATH, &affiliate("sarah"))
            .await
            .expect(201);
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("content-type"), "application/json");
        assert_ne!(
            again.header("x-request-id"),
            first.header("x-request-id"),
            "it is another call"
        );
    }
    server.stop().await;
    server.restart().await;
    assert_eq!(
        post(&server, "key-1", PATH, &affiliate("sarah"))
            .await
            .expect(201)
            .text,
        first.text
    );
    assert_eq!(server.database().count("affiliate").await, 1);
    let without = server.post(PATH, affiliate("sarah")).await.expect(409);
    assert_eq!(
        without.error(),
        "CONFLICT",
        "without a key it is a second call"
    );
}

#[tokio::test]
async fn two_at_once_run_once() {
    let server = TestServer::start().await;
    let body = affiliate("sarah");
    let answers = join_all((0..20).map(|_| post(&server, "key-1", PATH, &body))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 201),
        "{:?}",
        answers
            .iter()
            .map(|answer| answer.status)
            .collect::<Vec<_>>()
    );
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    assert_eq!(server.database().count("affiliate").await, 1);
}

#[tokio::test]
async fn a_key_is_for_one_call_only() {
    let server = TestServer::start().await;
    post(&server, "key-1", PATH, &affiliate("sarah"))
        .await
        .expect(201);
    let campaign = server.default_campaign().await;
    let reuses = [
        (PATH.to_owned(), affiliate("mia")),
        (PATH.to_owned(), json!({})),
        (
            format!("/api/v1/programs/{campaign}/coupons"),
            affiliate("sarah"),
        ),
        ("/api/v1/merchant/s2s-secret".to_owned(), json!({})),
    ];
    for (path, body) in reuses {
        let answer = post(&server, "key-1", &path, &body).await.expect(409);
        assert_eq!(answer.error(), "IDEMPOTENCY_KEY_REUSED", "{path} {body}");
    }
    assert_eq!(server.database().count("affiliate").await, 1);
    assert_eq!(server.database().count("s2s_secret").await, 0);
}

#[tokio::test]
async fn a_call_that_failed_gives_its_key_back() {
    let server = TestServer::start().await;
    let wrong = json!({"name": "Sarah", "email": "nobody", "code": "sarah"});
    post(&server, "key-1", PATH, &wrong).await.expect(400);
    post(&server, "key-1", PATH, &affiliate("sarah"))
        .await
        .expect(201);
    let limited = server.with_scopes(&["affiliates:read"]).await;
    assert_eq!(
        post(&limited, "key-2", PATH, &affiliate("mia"))
            .await
            .status,
        403
    );
    post(&server, "key-2", PATH, &affiliate("mia"))
        .await
        .expect(201);
}

#[tokio::test]
async fn another_key_of_the_api_never_sees_the_answer() {
    let server = TestServer::start().await;
    let other = server.second_organization().await;
    let made = post(&server, "key-1", "/api/v1/merchant/s2s-secret", &json!({}))
        .await
        .expect(201);
    let secret = made.data()["secret"].as_str().expect("a secret").to_owned();
    let limited = server.with_scopes(&["affiliates:read"]).await;
    let strangers = [
        (limited, 403),
        (server.without_key(), 401),
        ((*other).clone(), 201),
    ];
    for (stranger, status) in strangers {
        let answer = post(
            &stranger,
            "key-1",
            "/api/v1/merchant/s2s-secret",
            &json!({}),
        )
        .await
        .expect(status);
        assert!(!answer.text.contains(&secret), "{}", answer.text);
    }
    let stored = server
        .database()
        .text("select string_agg(encode(body_sealed, 'escape'), ' ') from idempotent_call")
        .await;
    assert!(!stored.contains(&secret), "it is kept sealed");
}

#[tokio::test]
async fn a_key_that_does_not_fit_is_refused() {
    let server = TestServer::start().await;
    let long = "k".repeat(256);
    for key in ["", long.as_str()] {
        let answer = post(&server, key, PATH, &affiliate("sarah"))
            .await
            .expect(400);
        assert_eq!(
            (answer.error(), answer.field()),
            ("VALIDATION_ERROR", "Idempotency-Key")
        );
    }
    assert_eq!(server.database().count("affiliate").await, 0);
    post(&server, &"k".repeat(255), PATH, &affiliate("sarah"))
        .await
        .expect(201);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    let server = TestServer::start().await;
    let first = post(&server, "key-1", "/api/v1/merchant/s2s-secret", &json!({}))
        .await
        .expect(201);
    let age = async |hours: i64| {
        server
            .database()
            .change(&format!(
                "update idempotent_call set started_at = now() - interval '{hours} hours'"
            ))
            .await;
        post(&server, "key-1", "/api/v1/merchant/s2s-secret", &json!({}))
            .await
            .expect(201)
            .text
    };
    assert_eq!(age(23).await, first.text);
    assert_ne!(age(25).await, first.text);
}

#[tokio::test]
async fn a_caller_who_hangs_up_finds_the_answer_later() {
    let server = TestServer::start().await;
    let database = server.database();
    let mut held = database.pool.begin().await.expect("a transaction");
    sqlx::query("lock table affiliate in exclusive mode")
        .execute(&mut *held)
        .await
        .expect("locked");
    let client = server.at(&server.base_url);
    let body = affiliate("sarah");
    let caller = tokio::spawn({
        let body = body.clone();
        async move { post(&client, "key-1", PATH, &body).await }
    });
    eventually("the call waits for the table", async || {
        let waiting = "select count(*) from pg_locks where not granted and database =
             (select oid from pg_database where datname = current_database())";
        (database.number(waiting).await > 0).then_some(())
    })
    .await;
    caller.abort();
    assert!(caller.await.is_err_and(|error| error.is_cancelled()));
    held.rollback().await.expect("released");
    eventually("the answer is kept", async || {
        let kept = "select count(status) from idempotent_call";
        (database.number(kept).await == 1).then_some(())
    })
    .await;
    let again = post(&server, "key-1", PATH, &body).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(database.count("affiliate").await, 1);
}

#[tokio::test]
async fn what_a_killed_server_left_unanswered_is_not_run_again() {
    let server = TestServer::start().await;
    let body = json!({});
    let path = "/api/v1/merchant/s2s-secret";
    post(&server, "key-1", path, &body).await.expect(201);
    server
        .database()
        .change("update idempotent_call set status = null, body_sealed = null, started_at = now() - interval '2 minutes'")
        .await;
    let answer = post(&server, "key-1", path, &body).await.expect(409);
    assert_eq!(answer.error(), "CONFLICT");
    assert!(
        answer.text.contains("may have been carried out"),
        "{}",
        answer.text
    );
    assert_eq!(server.database().count("s2s_secret").await, 1);
    post(&server, "key-2", path, &body).await.expect(201);
}

#[tokio::test]
async fn reading_calls_take_no_notice_of_a_key() {
    let server = TestServer::start().await;
    for _ in 0..2 {
        let request = server
            .request(Method::GET, PATH)
            .header("idempotency-key", "key-1");
        let before = send(request)
            .await
            .expect(200)
            .data()
            .as_array()
            .map(Vec::len);
        server
            .affiliate(&format!("aff{}", before.unwrap_or(0)))
            .await;
    }
    let after = server
        .request(Method::GET, PATH)
        .header("idempotency-key", "key-1");
    assert_eq!(
        send(after)
            .await
            .expect(200)
            .data()
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}
