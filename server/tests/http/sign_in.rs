//! People sign in with the dashboard's forms; the browser holds a cookie and nothing else.

use std::collections::BTreeSet;

use futures::future::join;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Answer, Client, OWNER_EMAIL, OWNER_PASSWORD, TestServer, send};

const HTML: &str = "text/html,application/xhtml+xml";
const FIELDS: [(&str, &str); 3] = [
    ("form[email]", OWNER_EMAIL),
    ("form[password]", OWNER_PASSWORD),
    ("form[next]", ""),
];

/// What a browser without JavaScript sends.
fn form(client: &Client, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    form_for(client, path, HTML, fields)
}

fn form_for(client: &Client, path: &str, accept: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let request = client
        .without_key()
        .request(Method::POST, path)
        .header("accept", accept);
    request
        .header("origin", client.base_url.clone())
        .header("referer", format!("{}/sign-in", client.base_url))
        .form(fields)
}

pub(super) async fn sign_in(client: &Client, email: &str, password: &str) -> Answer {
    send(form(
        client,
        "/rpc/sign_in",
        &[
            ("form[email]", email),
            ("form[password]", password),
            ("form[next]", ""),
        ],
    ))
    .await
}

/// The session cookie that an answer hands over, if it does.
pub(super) fn session(answer: &Answer) -> Option<String> {
    let cookies = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut sessions =
        cookies.filter_map(|cookie| cookie.split(';').next()?.strip_prefix("tributary_session="));
    sessions
        .next()
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
}

pub(super) async fn with_cookie(
    client: &Client,
    method: Method,
    path: &str,
    token: &str,
) -> Answer {
    let cookie = format!("a=b; tributary_session={token}; c=d");
    send(
        client
            .without_key()
            .request(method, path)
            .header("accept", HTML)
            .header("cookie", cookie),
    )
    .await
}

#[tokio::test]
async fn a_member_signs_in_reads_and_signs_out() {
    let server = TestServer::start().await;
    let signed_in = sign_in(&server, " Owner@Example.com ", OWNER_PASSWORD)
        .await
        .expect(302);
    assert_eq!(signed_in.header("location"), "/dashboard/sales");
    let token = session(&signed_in).expect("a session");
    with_cookie(&server, Method::GET, "/api/conversions", &token)
        .await
        .expect(200);
    with_cookie(&server, Method::GET, "/api/conversions/export", &token)
        .await
        .expect(200);
    with_cookie(&server, Method::GET, "/dashboard/sales", &token)
        .await
        .expect(200);
    let out = with_cookie(&server, Method::POST, "/rpc/sign_out", &token).await;
    assert!(
        out.header("set-cookie").contains("Max-Age=0"),
        "{:?}",
        out.headers
    );
    assert_eq!(
        with_cookie(&server, Method::GET, "/api/conversions", &token)
            .await
            .status,
        401,
        "the session is over"
    );
    assert_eq!(server.database().count("session").await, 0);
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before() {
    let server = TestServer::start().await;
    let first = session(&sign_in(&server, OWNER_EMAIL, OWNER_PASSWORD).await).expect("a session");
    let again = async |password: &str| {
        let fields = [
            ("form[email]", OWNER_EMAIL),
            ("form[password]", password),
            ("form[next]", ""),
        ];
        let cookie = format!("tributary_session={first}");
        send(form(&server, "/rpc/sign_in", &fields).header("cookie", cookie)).await
    };
    again("a wrong password").await;
    let sales = "/api/conversions";
    with_cookie(&server, Method::GET, sales, &first)
        .await
        .expect(200);
    let second = session(&again(OWNER_PASSWORD).await).expect("a session");
    with_cookie(&server, Method::GET, sales, &second)
        .await
        .expect(200);
    with_cookie(&server, Method::GET, sales, &first)
        .await
        .expect(401);
}

#[tokio::test]
async fn a_session_is_no_key_for_writing_calls() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    let token = session(&sign_in(&server, OWNER_EMAIL, OWNER_PASSWORD).await).expect("a session");
    let body = json!({"externalEventId": "e", "amountCents": 1, "currency": "USD", "affiliateSlug": "sarah"});
    let call = server
        .without_key()
        .request(Method::POST, "/api/tracking/s2s")
        .json(&body);
    send(call.header("cookie", format!("tributary_session={token}")))
        .await
        .expect(401);
    assert_eq!(
        with_cookie(&server, Method::GET, "/api/v1/me", &token)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    for (public_url, secure) in [
        ("http://127.0.0.1:9", false),
        ("https://sales.example.com", true),
    ] {
        let server = TestServer::start_with(&[("TRIBUTARY_PUBLIC_URL", public_url)]).await;
        let answer = sign_in(&server, OWNER_EMAIL, OWNER_PASSWORD)
            .await
            .expect(302);
        let cookie = answer.header("set-cookie");
        let flags: BTreeSet<&str> = cookie.split(';').skip(1).map(str::trim).collect();
        for flag in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(flags.contains(flag), "{flag} in {cookie}");
        }
        assert!(
            flags.iter().any(|flag| flag.starts_with("Max-Age=")),
            "{cookie}"
        );
        assert_eq!(flags.contains("Secure"), secure, "{public_url}: {cookie}");
        let behind = form(&server, "/rpc/sign_in", &FIELDS).header("x-forwarded-proto", "https");
        let cookie = send(behind).await.header("set-cookie").to_owned();
        assert!(
            cookie.contains("; Secure"),
            "behind a trusted proxy: {cookie}"
        );
        assert!(
            !flags.iter().any(|flag| flag.starts_with("Domain")),
            "{cookie}"
        );
        assert!(
            session(&answer).is_some_and(|token| token.len() >= 64),
            "256 bits: {cookie}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_person_get_the_same_answer() {
    let server = TestServer::start().await;
    for accept in [HTML, "application/json", "*/*"] {
        let mut answers = Vec::new();
        for (email, password) in [
            (OWNER_EMAIL, "wrong horse battery"),
            ("nobody@example.com", OWNER_PASSWORD),
        ] {
            let fields = [
                ("form[email]", email),
                ("form[password]", password),
                ("form[next]", ""),
            ];
            let answer = send(form_for(&server, "/rpc/sign_in", accept, &fields)).await;
            assert_eq!(session(&answer), None, "{email}");
            let location = answer.header("location").to_owned();
            answers.push((answer.status, answer.text, location, email));
        }
        let same = |text: &str, email: &str| {
            let encoded: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
            text.replace(email, "[email]").replace(&encoded, "[email]")
        };
        let [wrong, unknown] = answers.try_into().expect("two");
        assert_eq!(
            (wrong.0, same(&wrong.1, wrong.3)),
            (unknown.0, same(&unknown.1, unknown.3)),
            "{accept}"
        );
        if accept != HTML {
            assert!((400..500).contains(&wrong.0), "{accept}: {}", wrong.0);
        }
        // A redirect carries the error in an encoding of its own: what differs is the address alone.
        assert_eq!(wrong.2.is_empty(), unknown.2.is_empty());
        assert!(
            !wrong.2.contains("horse") && !unknown.2.contains("correct"),
            "no password in an address"
        );
    }
    assert_eq!(server.database().count("session").await, 0);
}

#[tokio::test]
async fn a_form_from_another_sites_page_is_refused() {
    let server = TestServer::start().await;
    let fields = [
        ("form[email]", OWNER_EMAIL),
        ("form[password]", OWNER_PASSWORD),
        ("form[next]", ""),
    ];
    let cases: [&[(&str, &str)]; 5] = [
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "http://127.0.0.1")],
    ];
    for headers in cases {
        let mut request = server
            .without_key()
            .request(Method::POST, "/rpc/sign_in")
            .header("accept", HTML)
            .form(&fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = send(request).await;
        assert_eq!(
            (answer.status, session(&answer)),
            (403, None),
            "{headers:?}"
        );
    }
    assert_eq!(server.database().count("session").await, 0);
    sign_in(&server, OWNER_EMAIL, OWNER_PASSWORD)
        .await
        .expect(302);
}

#[tokio::test]
async fn one_only_goes_on_to_pages_of_ours() {
    let server = TestServer::start().await;
    for (next, location) in [
        (
            "/dashboard/affiliates?page=2",
            "/dashboard/affiliates?page=2",
        ),
        ("//evil.example", "/dashboard/sales"),
        ("https://evil.example", "/dashboard/sales"),
        ("/dashboard/\\evil", "/dashboard/sales"),
    ] {
        let fields = [
            ("form[email]", OWNER_EMAIL),
            ("form[password]", OWNER_PASSWORD),
            ("form[next]", next),
        ];
        let answer = send(form(&server, "/rpc/sign_in", &fields))
            .await
            .expect(302);
        assert_eq!(answer.header("location"), location, "{next}");
    }
}

#[tokio::test]
async fn a_session_is_new_at_every_sign_in_stored_hashed_and_ends() {
    let server = TestServer::start().await;
    let planted = "0".repeat(64);
    let fields = [
        ("form[email]", OWNER_EMAIL),
        ("form[password]", OWNER_PASSWORD),
        ("form[next]", ""),
    ];
    let request = form(&server, "/rpc/sign_in", &fields)
        .header("cookie", format!("tributary_session={planted}"));
    let first = session(&send(request).await).expect("a session");
    let second = session(&sign_in(&server, OWNER_EMAIL, OWNER_PASSWORD).await).expect("a session");
    assert!(first != second && first != planted);
    let stored = server.database().text("select string_agg(encode(token_hash, 'hex') || encode(token_hash, 'escape'), ' ') from session").await;
    assert!(
        !stored.contains(&first) && !stored.contains(&second),
        "{stored}"
    );
    let status = async |token: &str| {
        with_cookie(&server, Method::GET, "/api/conversions", token)
            .await
            .status
    };
    assert_eq!((status(&first).await, status(&planted).await), (200, 401));
    server
        .database()
        .change("update session set last_seen_at = now() - interval '15 days'")
        .await;
    assert_eq!(status(&first).await, 401, "not used for long");
    server
        .database()
        .change("update session set last_seen_at = now(), created_at = now() - interval '91 days'")
        .await;
    assert_eq!(status(&first).await, 401, "too old, used or not");
}

#[tokio::test]
async fn pages_send_strangers_to_sign_in_and_back() {
    let server = TestServer::start().await;
    let request = server
        .without_key()
        .request(Method::GET, "/dashboard/sales?type=leads")
        .header("accept", HTML);
    let answer = send(request).await.expect(302);
    assert_eq!(
        answer.header("location"),
        "/sign-in?next=%2Fdashboard%2Fsales%3Ftype%3Dleads"
    );
    let stranger = with_cookie(&server, Method::GET, "/dashboard/sales", "nonsense").await;
    assert_eq!(stranger.status, 302);
}

#[tokio::test]
async fn the_first_run_makes_one_organization_and_signs_its_owner_in() {
    let nobody = [
        "TRIBUTARY_OWNER_EMAIL",
        "TRIBUTARY_OWNER_PASSWORD",
        "TRIBUTARY_ORGANIZATION",
        "TRIBUTARY_API_KEY",
    ]
    .map(|name| (name, ""));
    let server = TestServer::start_with(&nobody).await;
    let door = send(
        server
            .without_key()
            .request(Method::GET, "/sign-in")
            .header("accept", HTML),
    )
    .await
    .expect(302);
    assert_eq!(door.header("location"), "/setup");
    let short = [
        ("form[organization]", "Shop"),
        ("form[email]", "ann@example.com"),
        ("form[password]", "short"),
    ];
    assert_eq!(
        session(&send(form(&server, "/rpc/set_up", &short)).await),
        None,
        "too short a password"
    );
    let fields = |email| {
        [
            ("form[organization]", "Shop"),
            ("form[email]", email),
            ("form[password]", OWNER_PASSWORD),
        ]
    };
    let (one, two) = join(
        send(form(&server, "/rpc/set_up", &fields("ann@example.com"))),
        send(form(&server, "/rpc/set_up", &fields("ben@example.com"))),
    )
    .await;
    let sessions: Vec<String> = [&one, &two].into_iter().filter_map(session).collect();
    assert_eq!(sessions.len(), 1, "two at once: one is first");
    assert_eq!(server.database().count("organization").await, 1);
    with_cookie(&server, Method::GET, "/api/conversions", &sessions[0])
        .await
        .expect(200);
    let late = send(form(&server, "/rpc/set_up", &fields("eve@example.com"))).await;
    assert_eq!(
        (
            session(&late),
            server.database().count("organization").await
        ),
        (None, 1)
    );
    let door = send(
        server
            .without_key()
            .request(Method::GET, "/setup")
            .header("accept", HTML),
    )
    .await
    .expect(302);
    assert_eq!(door.header("location"), "/sign-in");
}
