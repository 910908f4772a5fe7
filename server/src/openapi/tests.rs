//! What can be seen without a database: that the document is whole, and that it is the router's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use leptos::config::LeptosOptions;
use serde_json::Value;
use store::{Clock, Random, Store, Vault};
use tokio::sync::{Semaphore, watch};

use super::{TAGS, complete::complete};
use crate::{
    api::conversions::first_page::FirstPages, proxy::Proxies, rate_limit::Limits, router,
    state::AppState,
};

/// A state behind which there is no database: nothing is asked of it.
fn state() -> AppState {
    let options = Store::connect_options("postgres://localhost/none".parse().expect("options"));
    let pool = Store::pool_options().connect_lazy_with(options);
    let vault = Vault::new(&[1; 32]);
    AppState {
        store: Store::new(pool, Clock::System, Random::seeded(7), vault),
        limits: Arc::new(Limits::new(0)),
        seats: Arc::default(),
        first_pages: Arc::new(FirstPages::new()),
        looking: Arc::new(Semaphore::new(1)),
        proxies: Arc::new(Proxies::default()),
        public_url: "https://t.example".into(),
        leptos: LeptosOptions::builder().output_name("t").build(),
        stopping: watch::channel(false).1,
    }
}

fn document() -> Value {
    let (_, document) = router::api(&state());
    complete(&document, "https://t.example")
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            all.push((path.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    all
}

/// The methods of every route, as axum tells them to who debugs a router: `RouteId(0): MethodRouter(.. allow_header:
/// Bytes(b"GET,HEAD"))` of each, and their paths as `RouteId(0): "/api/conversions"`.
fn routed(debugged: &str) -> BTreeSet<(String, String)> {
    let mut methods = BTreeMap::new();
    let mut routed = BTreeSet::new();
    for piece in debugged.split("RouteId(").skip(1) {
        let Some((id, what)) = piece.split_once("): ") else {
            continue;
        };
        if let Some((_, allowed)) = what.split_once("allow_header: Bytes(b\"") {
            methods.insert(id, allowed.split('"').next().expect("methods"));
        } else if let Some(path) = what
            .strip_prefix('"')
            .and_then(|rest| rest.split('"').next())
        {
            let allowed = methods.get(id).copied().unwrap_or_default().split(',');
            let allowed = allowed.filter(|method| path.starts_with("/api/") && *method != "HEAD");
            routed.extend(allowed.map(|method| (path.to_owned(), method.to_owned())));
        }
    }
    routed
}

#[tokio::test]
async fn every_route_is_documented() {
    let (router, document) = router::api(&state());
    let debugged = format!("{router:?}");
    let routed = routed(&debugged);
    let document = complete(&document, "");
    let documented = operations(&document)
        .into_iter()
        .map(|(path, method, _)| (path, method))
        .collect();
    assert!(
        routed.len() > 40,
        "axum tells its routes differently: {debugged}"
    );
    assert_eq!(routed, documented);
}

#[tokio::test]
async fn every_operation_says_what_it_is() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        let name = operation["operationId"].as_str().unwrap_or_default();
        assert!(
            names.insert(name.to_owned()),
            "{place}: {name} is another one's name"
        );
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        assert!(
            TAGS.iter().any(|(known, _)| *known == tag),
            "{place}: {tag:?} is none of the groups"
        );
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(
            !summary.is_empty() && !summary.contains('`'),
            "{place}: {summary:?}"
        );
        assert!(
            operation["security"].is_array(),
            "{place}: who may call it?"
        );
        let mut statuses = operation["responses"]
            .as_object()
            .expect("responses")
            .keys();
        assert!(
            statuses.any(|status| status.starts_with('2')),
            "{place}: what does a success answer?"
        );
        for place_in_path in path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
        {
            let mut parameters = operation["parameters"]
                .as_array()
                .expect("parameters")
                .iter();
            assert!(
                parameters.any(|one| one["name"] == place_in_path && one["in"] == "path"),
                "{place}: {place_in_path}"
            );
        }
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert!(
            body.is_null() || refuses_unknown(&document, body),
            "{place}: a body must refuse unknown fields"
        );
    }
}

/// Is it an object that takes no other fields, or such an object or nothing? Processors send what they like.
fn refuses_unknown(document: &Value, schema: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return refuses_unknown(document, &document["components"]["schemas"][name]);
    }
    let mut ways = schema["oneOf"].as_array().into_iter().flatten();
    let is_any = schema
        .as_object()
        .is_some_and(|members| members.get("type").is_none());
    schema["additionalProperties"] == false
        || ways.any(|way| refuses_unknown(document, way))
        || (is_any && schema["oneOf"].is_null())
}

#[tokio::test]
async fn what_is_referred_to_is_there() {
    let document = document();
    let text = document.to_string();
    let mut count = 0;
    for place in text
        .split("\"$ref\":\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(document.pointer(place).is_some(), "{place}");
        count += 1;
    }
    assert!(count > 300, "{count}");
}
