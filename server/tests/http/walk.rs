//! Every address, every server function and every page, walked by those whom it does not belong to: a stranger with
//! every scope, a member who may only look, and nobody. What there is is read from the sources, so that what is new
//! fails here until `calls` says how it is called.

mod calls;
mod house;
mod sources;

use std::collections::BTreeSet;

use reqwest::Method;

use self::{
    calls::{CALLS, Call, FUNCTIONS, Function, PAGES},
    house::{House, shown},
    sources::{addresses, functions, pages},
};
use crate::support::{Answer, Client, TestServer, send};

/// What anybody may ask, without a key or a session.
const PUBLIC: [&str; 13] = [
    "GET /api/docs",
    "GET /api/docs/page.css",
    "GET /api/docs/page.js",
    "GET /api/v1/openapi.json",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /r/{slug}",
    "GET /t.js",
    "POST /api/tracking/click",
    "POST /api/tracking/click/lead",
    "GET /api/webhooks/{processor}/{connection}",
    "POST /api/webhooks/{processor}/{connection}",
];

/// The server functions that need no session.
const PUBLIC_FUNCTIONS: [&str; 7] = [
    "invitation",
    "join",
    "setup_page",
    "set_up",
    "sign_in_page",
    "sign_in",
    "sign_out",
];

/// The pages that need no session, or lead on to one that does.
const PUBLIC_PAGES: [&str; 5] = ["/", "/setup", "/sign-in", "/invite/:token", "/dashboard"];

/// What members of every role may do to themselves.
const OF_EVERYBODY: [&str; 5] = [
    "change_email",
    "change_password",
    "end_session",
    "end_other_sessions",
    "switch_organization",
];

/// It never ends by itself.
const STREAM: &str = "GET /api/live/sales";

/// How a call proves who calls.
#[derive(Clone, Copy)]
enum Proof<'a> {
    Key(&'a Client),
    Session(&'a str),
    None,
}

/// Is it asked with a session rather than with a key?
fn is_of_members(route: &str) -> bool {
    route.contains(" /dashboard/")
}

async fn call(server: &TestServer, call: &Call, house: &House, proof: Proof<'_>) -> Answer {
    let (method, route) = call.route.split_once(' ').expect("a method and a path");
    let path = match call.path {
        "" => route,
        path => path,
    };
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let body = house.fill(call.body);
    let path = house.fill(path);
    let request = match proof {
        Proof::Key(client) => client.request(method, &path),
        Proof::Session(token) => {
            let request = server.without_key().request(method, &path);
            request.header("cookie", format!("tributary_session={token}"))
        }
        Proof::None => server.without_key().request(method, &path),
    };
    let kind = match body.as_bytes().first() {
        None => "",
        Some(b'{') => "application/json",
        Some(b'-') => "multipart/form-data; boundary=edge",
        Some(_) if route.ends_with("/imports") => "text/csv",
        Some(_) => "application/x-www-form-urlencoded",
    };
    let request = match kind {
        "" => request,
        kind => request.header("content-type", kind).body(body),
    };
    if call.route == STREAM {
        return opened(request).await;
    }
    send(request).await
}

/// The head of an answer whose body goes on, or all of a refusal.
async fn opened(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    if response.status() != 200 {
        return Answer::read(response).await.expect("it arrives whole");
    }
    Answer {
        status: 200,
        headers: response.headers().clone(),
        text: String::new(),
        json: serde_json::Value::Null,
    }
}

/// Calls a server function as the hydrated page does.
async fn ask(
    server: &TestServer,
    function: &Function,
    house: &House,
    session: Option<&str>,
) -> Answer {
    let fields = house.fill(function.fields);
    let path = format!("/rpc/{}", function.name);
    let is_read = functions()[function.name];
    let request = if is_read {
        let request = server.without_key();
        request.request(Method::GET, &format!("{path}?{fields}"))
    } else {
        let kind = "application/x-www-form-urlencoded";
        let request = server.without_key().request(Method::POST, &path);
        request.header("content-type", kind).body(fields)
    };
    let request = request.header("accept", "application/json");
    send(match session {
        Some(token) => request.header("cookie", format!("tributary_session={token}")),
        None => request,
    })
    .await
}

async fn open(server: &TestServer, path: &str, session: Option<&str>) -> Answer {
    let request = server.without_key().request(Method::GET, path);
    let request = request.header("accept", "text/html");
    send(match session {
        Some(token) => request.header("cookie", format!("tributary_session={token}")),
        None => request,
    })
    .await
}

#[test]
fn whatever_is_there_is_walked() {
    let told: BTreeSet<String> = CALLS.iter().map(|call| call.route.to_owned()).collect();
    assert_eq!(told, addresses(), "`CALLS` are those of the router");
    let told: BTreeSet<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    let there = functions();
    let there: BTreeSet<&str> = there.keys().map(String::as_str).collect();
    assert_eq!(told, there, "`FUNCTIONS` are those of the app");
    let told: BTreeSet<String> = PAGES.iter().map(|(page, ..)| (*page).to_owned()).collect();
    assert_eq!(told, pages(), "`PAGES` are those of the app");
}

#[tokio::test]
async fn a_stranger_finds_nothing_and_changes_nothing() {
    let server = TestServer::start().await;
    let house = House::build(&server).await;
    let before = house.state(&server).await;
    let mut wrong = Vec::new();
    let (key, session) = (&house.stranger, house.strangers_session(&server).await);
    for one in CALLS {
        let proofs = match one.route {
            route if is_of_members(route) => vec![Proof::Session(&session)],
            // Members read sales by the API too.
            route if route.starts_with("GET /api/conversions") || route == STREAM => {
                vec![Proof::Key(key), Proof::Session(&session)]
            }
            _ => vec![Proof::Key(key)],
        };
        for proof in proofs {
            let answer = call(&server, one, &house, proof).await;
            let what = format!("{} {} {}", one.route, one.path, one.body);
            wrong.extend(house.complaint(&what, one.status, &answer));
        }
    }
    for (_, path, status) in PAGES {
        let path = house.fill(path);
        let answer = open(&server, &path, Some(&session)).await;
        wrong.extend(house.complaint(&path, *status, &answer));
    }
    for function in FUNCTIONS {
        let answer = ask(&server, function, &house, Some(&session)).await;
        let what = format!("{} {}", function.name, function.fields);
        wrong.extend(house.complaint(&what, function.status, &answer));
    }
    is_all_right(&wrong);
    house.is_as_before(&server, &before).await;
    let checked = server.command(&["check"]).await;
    assert_eq!(checked.code, Some(0), "{}", checked.stdout);
}

#[tokio::test]
async fn who_may_only_look_changes_nothing() {
    let server = TestServer::start().await;
    let house = House::build(&server).await;
    let session = house.viewer(&server).await;
    let before = house.state(&server).await;
    let mut wrong = Vec::new();
    for one in CALLS.iter().filter(|one| is_of_members(one.route)) {
        let answer = call(&server, one, &house, Proof::Session(&session)).await;
        let is_read = one.route.starts_with("GET ") || one.route.ends_with("/export");
        if !is_read && answer.status != 403 {
            wrong.push(format!("{}: {}", one.route, shown(&answer)));
        }
    }
    let there = functions();
    for function in FUNCTIONS {
        let is_his = OF_EVERYBODY.contains(&function.name);
        if there[function.name] || PUBLIC_FUNCTIONS.contains(&function.name) || is_his {
            continue;
        }
        let answer = ask(&server, function, &house, Some(&session)).await;
        if answer.status != 403 {
            wrong.push(format!(
                "{} {}: {}",
                function.name,
                function.fields,
                shown(&answer)
            ));
        }
    }
    is_all_right(&wrong);
    house.is_as_before(&server, &before).await;
}

#[tokio::test]
async fn nobody_gets_further_than_the_door() {
    let server = TestServer::start().await;
    let house = House::build(&server).await;
    let before = house.state(&server).await;
    let mut wrong = Vec::new();
    for one in CALLS {
        let answer = call(&server, one, &house, Proof::None).await;
        let is_right = match one.route {
            route if PUBLIC.contains(&route) => answer.status != 401,
            route if is_of_members(route) => answer.status == 401 || is_sent_to_sign_in(&answer),
            _ => answer.status == 401,
        };
        if !is_right {
            wrong.push(format!("{} {}: {}", one.route, one.path, shown(&answer)));
        }
    }
    for (page, path, _) in PAGES {
        let answer = open(&server, &house.fill(path), None).await;
        if !PUBLIC_PAGES.contains(page) && !is_sent_to_sign_in(&answer) {
            wrong.push(format!("{page}: {}", shown(&answer)));
        }
    }
    for function in FUNCTIONS {
        let answer = ask(&server, function, &house, None).await;
        if (answer.status == 401) == PUBLIC_FUNCTIONS.contains(&function.name) {
            wrong.push(format!("{}: {}", function.name, shown(&answer)));
        }
    }
    is_all_right(&wrong);
    house.is_as_before(&server, &before).await;
}

fn is_sent_to_sign_in(answer: &Answer) -> bool {
    matches!(answer.status, 302 | 303) && answer.header("location").contains("/sign-in")
}

#[track_caller]
fn is_all_right(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
