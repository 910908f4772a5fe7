//! Passwords and the first run can't be tried without end, wherever the attempts come from.

use reqwest::{Method, RequestBuilder};

use crate::support::{Answer, OWNER_EMAIL, OWNER_PASSWORD, TestServer, send};

const PAGE: &str = "application/json";
const BROWSER: &str = "text/html,application/xhtml+xml";
/// More than are allowed at once.
const MANY: usize = 40;

fn attempt(server: &TestServer, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let request = server.without_key().request(Method::POST, path);
    request
        .header("origin", server.base_url.clone())
        .header("referer", format!("{}/sign-in", server.base_url))
        .form(fields)
}

fn sign_in(server: &TestServer, email: &str, password: &str) -> RequestBuilder {
    let fields = [
        ("form[email]", email),
        ("form[password]", password),
        ("form[next]", "/dashboard/affiliates"),
    ];
    attempt(server, "/rpc/sign_in", &fields)
}

/// Sends attempts until one is turned away; how many were heard, and the refusal.
async fn until_refused(request: impl Fn(usize) -> RequestBuilder) -> (usize, Answer) {
    for number in 0..MANY {
        let answer = send(request(number).header("accept", PAGE)).await;
        assert!(
            !answer.headers.contains_key("set-cookie"),
            "{}",
            answer.text
        );
        if answer.status == 429 {
            return (number, answer);
        }
    }
    panic!("{MANY} attempts were heard");
}

#[track_caller]
fn seconds(answer: &Answer) -> u64 {
    let seconds = answer.header("retry-after").parse().expect("seconds");
    assert!(
        (1..=6).contains(&seconds),
        "one attempt every 6 s: {seconds}"
    );
    seconds
}

#[tokio::test]
async fn one_address_can_not_try_without_end() {
    let server = TestServer::start().await;
    let wrong = |number| sign_in(&server, OWNER_EMAIL, &format!("wrong password {number}"));
    let (heard, refused) = until_refused(wrong).await;
    assert!((5..=20).contains(&heard), "{heard} were heard");
    seconds(&refused);
    for email in [OWNER_EMAIL, "other@example.com"] {
        let right = sign_in(&server, email, OWNER_PASSWORD).header("accept", PAGE);
        let answer = send(right).await.expect(429);
        assert!(!answer.headers.contains_key("set-cookie"), "{email}");
    }
    let elsewhere = sign_in(&server, "other@example.com", OWNER_PASSWORD)
        .header("accept", PAGE)
        .header("x-forwarded-for", "203.0.113.9");
    send(elsewhere).await.expect(400);
}

#[tokio::test]
async fn one_account_can_not_be_tried_from_many_addresses() {
    let spoofs: [&[(&str, &str)]; 3] = [
        &[],
        &[("xemail", "#")],
        &[("form[xemail]", "#"), ("email", "#")],
    ];
    for spoof in spoofs {
        let server = TestServer::start().await;
        let (heard, refused) = until_refused(|number| {
            let other = format!("someone{number}@example.com");
            let mut fields: Vec<(&str, &str)> = spoof
                .iter()
                .map(|(name, _)| (*name, other.as_str()))
                .collect();
            let spelling = if number % 2 == 0 {
                OWNER_EMAIL
            } else {
                " Owner@Example.COM "
            };
            fields.extend([
                ("form[email]", spelling),
                ("form[password]", "wrong password"),
            ]);
            attempt(&server, "/rpc/sign_in", &fields)
                .header("x-forwarded-for", format!("203.0.113.{number}"))
        })
        .await;
        assert!((5..=20).contains(&heard), "{spoof:?}: {heard} were heard");
        seconds(&refused);
    }
}

#[tokio::test]
async fn an_e_mail_given_twice_is_refused() {
    let server = TestServer::start().await;
    for fields in [
        [
            ("form[email]", "x@example.com"),
            ("form[email]", OWNER_EMAIL),
        ],
        [
            ("form[email]", OWNER_EMAIL),
            ("form[email]", "x@example.com"),
        ],
        [
            ("form[email][]", "x@example.com"),
            ("form[email]", OWNER_EMAIL),
        ],
    ] {
        let fields = [&fields[..], &[("form[password]", OWNER_PASSWORD)]].concat();
        let answer = send(attempt(&server, "/rpc/sign_in", &fields).header("accept", PAGE)).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn a_browser_without_scripts_is_sent_back_to_the_form_with_the_wait() {
    let server = TestServer::start().await;
    let wrong = |_| sign_in(&server, OWNER_EMAIL, "wrong password");
    until_refused(wrong).await;
    let answer = send(wrong(0).header("accept", BROWSER)).await.expect(302);
    let location = answer.header("location");
    let path = location
        .strip_prefix(&server.base_url)
        .expect("our own page");
    assert!(path.starts_with("/sign-in?"), "{path}");
    let page = server.without_key().request(Method::GET, path);
    let page = send(page.header("accept", BROWSER)).await.expect(200).text;
    assert!(page.contains("Too many attempts. Wait "), "{page}");
    for kept in [OWNER_EMAIL, "/dashboard/affiliates"] {
        assert!(
            page.contains(&format!("value=\"{kept}\"")),
            "{kept} in {page}"
        );
    }
    assert!(!page.contains("wrong password"));
}

#[tokio::test]
async fn the_first_run_can_not_be_tried_without_end() {
    let server = TestServer::start().await;
    let fields = [
        ("form[organization]", "Shop"),
        ("form[email]", "eve@example.com"),
        ("form[password]", OWNER_PASSWORD),
    ];
    let (heard, refused) = until_refused(|_| attempt(&server, "/rpc/set_up", &fields)).await;
    assert!((5..=20).contains(&heard), "{heard} were heard");
    seconds(&refused);
    assert_eq!(server.database().count("organization").await, 1);
    let signed_in = sign_in(&server, OWNER_EMAIL, OWNER_PASSWORD).header("accept", PAGE);
    let signed_in = send(signed_in).await;
    assert!(
        signed_in.headers.contains_key("set-cookie"),
        "another limit"
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_for_anybody() {
    let server = TestServer::start().await;
    let long = "x".repeat(1024 * 1024);
    let answer = sign_in(&server, OWNER_EMAIL, &long).header("accept", PAGE);
    assert_eq!(send(answer).await.status, 413);
}
