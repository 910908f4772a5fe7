//! From what the handlers say to the whole document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, openapi::OpenApi};

use super::{TAGS, refusals};
use crate::api::v1::{ListMeta, Meta};

/// Where schemas stand.
const SCHEMAS: &str = "#/components/schemas/";

const ABOUT: &str = "The ledger of affiliate sales. `Authorization: Bearer ak_live_...` opens all of it, as far as the \
    key's scopes go. Money is in minor units, times are RFC 3339 in UTC, ids are UUIDs. Every answer carries \
    `X-Request-Id`; calls are counted per key, as `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` \
    say.";

/// Completes the document.
pub(super) fn complete(document: &OpenApi, public_url: &str) -> Value {
    let mut document = json!(document);
    document["info"] = json!({
        "title": "Tributary",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ABOUT,
        "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
    });
    document["servers"] = json!([{"url": public_url}]);
    describe_what_is_shared(&mut document["components"]);
    let mut used = BTreeSet::new();
    for (path, methods) in members(&mut document["paths"]) {
        for (method, operation) in members(methods) {
            used.extend(operation["tags"][0].as_str().map(str::to_owned));
            complete_operation(path, method, operation);
        }
    }
    let tags = TAGS.iter().filter(|(name, _)| used.contains(*name));
    let tags: Vec<Value> = tags
        .map(|(name, description)| json!({"name": name, "description": description}))
        .collect();
    document["tags"] = json!(tags);
    require_what_is_answered(&mut document);
    write_out_words(&mut document);
    document
}

/// The members of an object; none, when it is something else.
fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

fn describe_what_is_shared(components: &mut Value) {
    components["schemas"]["Meta"] = json!(Meta::schema());
    components["schemas"]["ListMeta"] = json!(ListMeta::schema());
    refusals::describe(components);
    components["securitySchemes"] = json!({
        "key": {"type": "http", "scheme": "bearer", "description": "A key, `ak_live_...`; the scopes are what it must be allowed."},
        "session": {"type": "apiKey", "in": "cookie", "name": app::request::SESSION_COOKIE, "description": "A signed-in member."},
        "signature": {
            "type": "apiKey", "in": "header", "name": "X-Tributary-Signature",
            "description": "`t=<unix>,v1=<hex HMAC-SHA256(secret, t + \".\" + body)>`, at most 300 seconds old.",
        },
        "organization": {"type": "apiKey", "in": "header", "name": "X-Tributary-Organization", "description": "The id of the organization that signed."},
    });
    let whole = json!({"type": "integer", "minimum": 0});
    components["headers"] = json!({
        "RequestId": {"required": true, "description": "Of this call, for its log.", "schema": {"type": "string"}},
        "RetryAfter": {"required": true, "description": "Seconds to wait.", "schema": whole},
        "RateLimit": {"description": "Calls per minute of this key.", "schema": whole},
        "RateRemaining": {"description": "Calls that are left of them.", "schema": whole},
        "RateReset": {"description": "Seconds until all of them are back.", "schema": whole},
    });
    components["parameters"] = json!({"IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "The same key and body within 24 hours get the first answer, with `Idempotency-Replayed: true`.",
        "schema": {"type": "string", "pattern": "^[\\t -~]{1,255}$", "examples": ["0f6c4c9e"]},
    }});
}

fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    name(operation);
    let is_v1 = path.starts_with("/api/v1/");
    refusals::add(path, method, operation);
    let is_paged = parameters(operation).any(|one| one["name"] == "pageSize");
    let is_keyed = operation["security"][0].get("key").is_some();
    for (_, answer) in members(&mut operation["responses"]) {
        complete_answer(answer, is_v1, is_paged, is_keyed);
    }
    if is_v1 && method == "post" {
        let key = json!({"$ref": "#/components/parameters/IdempotencyKey"});
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(key),
            None => operation["parameters"] = json!([key]),
        }
    }
}

fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten()
}

/// `conversions_list` where the handler is `list` of the group Conversions; a summary is no sentence.
fn name(operation: &mut Value) {
    let group = operation["tags"][0].as_str().unwrap_or_default();
    let group = group.to_lowercase().replace('\'', "").replace(' ', "_");
    let function = operation["operationId"].as_str().unwrap_or_default();
    operation["operationId"] = json!(format!("{group}_{function}"));
    let summary = operation["summary"].as_str().unwrap_or_default();
    operation["summary"] = json!(summary.trim_end_matches('.'));
}

/// Puts the envelope around what a handler of `/api/v1` answers, and the headers beside it.
fn complete_answer(answer: &mut Value, is_v1: bool, is_paged: bool, is_keyed: bool) {
    if answer.get("content").is_none() {
        return;
    }
    if let Some(json) = answer["content"]
        .get_mut("application/json")
        .filter(|_| is_v1)
    {
        let meta = if is_paged { "ListMeta" } else { "Meta" };
        json["schema"] = json!({
            "type": "object",
            "required": ["data", "meta"],
            "properties": {"data": json["schema"], "meta": {"$ref": format!("{SCHEMAS}{meta}")}},
        });
    }
    if answer["description"].as_str().is_none_or(str::is_empty) {
        answer["description"] = json!("Done.");
    }
    answer["headers"]["X-Request-Id"] = json!({"$ref": "#/components/headers/RequestId"});
    let counted = [
        ("Limit", "RateLimit"),
        ("Remaining", "RateRemaining"),
        ("Reset", "RateReset"),
    ];
    for (header, name) in counted.into_iter().filter(|_| is_keyed) {
        answer["headers"][format!("X-RateLimit-{header}")] =
            json!({"$ref": format!("#/components/headers/{name}")});
    }
}

/// An answer leaves nothing out: what can be null is there as null.
fn require_what_is_answered(document: &mut Value) {
    let mut asked = BTreeSet::new();
    let mut answered = BTreeSet::new();
    for (_, methods) in members(&mut document["paths"].clone()) {
        for (_, operation) in members(methods) {
            reach(document, &operation["requestBody"], &mut asked);
            reach(document, &operation["responses"], &mut answered);
        }
    }
    for name in answered.difference(&asked) {
        require(&mut document["components"]["schemas"][name]);
    }
}

/// All the schemas that something refers to, directly or through others.
fn reach(document: &Value, from: &Value, found: &mut BTreeSet<String>) {
    match from {
        Value::Array(items) => items.iter().for_each(|item| reach(document, item, found)),
        Value::Object(members) => {
            for member in members.values() {
                reach(document, member, found);
            }
            let name = members.get("$ref").and_then(Value::as_str);
            if let Some(name) = name.and_then(|name| name.strip_prefix(SCHEMAS))
                && found.insert(name.to_owned())
            {
                reach(document, &document["components"]["schemas"][name], found);
            }
        }
        _ => {}
    }
}

fn require(schema: &mut Value) {
    for (_, inner) in members(schema) {
        match inner {
            Value::Array(parts) => parts.iter_mut().for_each(require),
            inner => require(inner),
        }
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required: Vec<Value> = needed(properties, &schema["required"]);
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
}

fn needed(properties: &Map<String, Value>, required: &Value) -> Vec<Value> {
    let is_required = |name: &String| {
        required
            .as_array()
            .is_some_and(|list| list.contains(&json!(name)))
    };
    let kept = properties
        .iter()
        .filter(|(name, schema)| is_required(name) || can_be_null(schema));
    kept.map(|(name, _)| json!(name)).collect()
}

fn can_be_null(schema: &Value) -> bool {
    let is_null = |one: &Value| one == "null" || one["type"] == "null";
    let lists = [&schema["type"], &schema["oneOf"]];
    lists
        .iter()
        .any(|list| list.as_array().is_some_and(|list| list.iter().any(is_null)))
}

/// A pattern that lists words, `^(live|test)$`, says so as an enum.
fn write_out_words(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(write_out_words),
        Value::Object(members) => {
            members.values_mut().for_each(write_out_words);
            let pattern = members.get("pattern").and_then(Value::as_str);
            let Some(words) = pattern.and_then(words_of) else {
                return;
            };
            let mut words: Vec<Value> = words;
            if members.get("type").is_some_and(Value::is_array) {
                words.push(Value::Null);
            }
            members.remove("pattern");
            members.insert("enum".to_owned(), Value::Array(words));
        }
        _ => {}
    }
}

fn words_of(pattern: &str) -> Option<Vec<Value>> {
    let words = pattern.strip_prefix("^(")?.strip_suffix(")$")?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '|');
    words
        .chars()
        .all(is_plain)
        .then(|| words.split('|').map(Value::from).collect())
}
