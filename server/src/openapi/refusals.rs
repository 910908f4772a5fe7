//! Which refusals an operation can answer, and their shapes in both dialects.

use serde_json::{Map, Value, json};

/// A refusal: its status, the name of its description in the document, and what it says.
pub(super) const ALL: [(&str, &str, &str); 11] = [
    (
        "400",
        "BadRequest",
        "The call is malformed, or something in it is not acceptable: `field` names what. Unknown parameters and \
         fields are refused by name.",
    ),
    (
        "401",
        "Unauthorized",
        "There is no key, or none that is known.",
    ),
    (
        "403",
        "Forbidden",
        "The caller may not do this: the key lacks the scope, or the page is on another site.",
    ),
    ("404", "NotFound", "It is not there, or not yours."),
    (
        "405",
        "MethodNotAllowed",
        "This address does not take that method.",
    ),
    (
        "409",
        "Conflict",
        "It contradicts what is there; under `/api/v1` also: the Idempotency-Key was used for another call, or the \
         first call with it is still running.",
    ),
    ("413", "TooLarge", "The body is too large."),
    (
        "415",
        "UnsupportedMediaType",
        "The body is not of the kind that is asked for.",
    ),
    (
        "429",
        "RateLimited",
        "Too many calls: wait as long as `Retry-After` says.",
    ),
    (
        "500",
        "InternalError",
        "Something went wrong here; the request id helps to find out what.",
    ),
    (
        "503",
        "ServiceUnavailable",
        "The ledger can't be read or written right now: try again after `Retry-After`.",
    ),
];

/// Statuses that any operation can answer.
const ALWAYS: [&str; 4] = ["400", "429", "500", "503"];

/// Writes the shapes of all refusals into the document.
pub(super) fn describe(components: &mut Value) {
    components["schemas"]["Error"] = json!({
        "type": "object",
        "description": "A refusal of `/api`.",
        "required": ["error", "message"],
        "properties": {
            "error": {"type": "string", "description": "Stable; for programs.", "examples": ["validation_failed"]},
            "message": {"type": "string", "description": "For people: what is wrong, and what to do."},
            "field": {"type": "string", "description": "The field or parameter that is not acceptable."},
            "requestId": {"type": "string", "description": "Of a failure that is ours."},
        },
    });
    components["schemas"]["ErrorV1"] = json!({
        "type": "object",
        "description": "A refusal of `/api/v1`.",
        "required": ["error", "meta"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string", "enum": [
                        "BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "INSUFFICIENT_SCOPE", "NOT_FOUND", "CONFLICT",
                        "IDEMPOTENCY_KEY_REUSED", "VALIDATION_ERROR", "RATE_LIMITED", "INTERNAL_ERROR",
                        "SERVICE_UNAVAILABLE",
                    ]},
                    "message": {"type": "string", "description": "For people: what is wrong, and what to do."},
                    "details": {
                        "type": "object",
                        "properties": {
                            "field": {"type": "string", "description": "The field or parameter that is not acceptable."},
                            "refused": {
                                "type": "array",
                                "description": "What of a selection is in the way.",
                                "items": {
                                    "type": "object",
                                    "required": ["id", "reason"],
                                    "properties": {
                                        "id": {"type": "string", "format": "uuid"},
                                        "reason": {"type": "string"},
                                    },
                                },
                            },
                        },
                    },
                },
            },
            "meta": {"$ref": "#/components/schemas/Meta"},
        },
    });
    for (status, name, description) in ALL {
        for (prefix, schema) in [("", "Error"), ("V1", "ErrorV1")] {
            components["responses"][format!("{prefix}{name}")] = json!({
                "description": description,
                "headers": headers(status),
                "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}},
            });
        }
    }
}

fn headers(status: &str) -> Value {
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/RequestId"}});
    if matches!(status, "429" | "503") {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/RetryAfter"});
    }
    headers
}

/// Adds to an operation the refusals that follow from what it says of itself, and writes out those that it names.
pub(super) fn add(path: &str, method: &str, operation: &mut Value) {
    let mut statuses: Vec<&str> = ALWAYS.to_vec();
    let (is_keyed, is_scoped) = keys(operation);
    let is_v1 = path.starts_with("/api/v1/");
    let has_body = operation.get("requestBody").is_some();
    let follow = [
        ("401", is_keyed),
        ("403", is_scoped),
        ("404", path.contains('{')),
        ("409", is_v1 && method == "post"),
        ("413", has_body),
        ("415", has_body),
    ];
    statuses.extend(
        follow
            .iter()
            .filter(|(_, does)| *does)
            .map(|(status, _)| status),
    );
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    let named: Vec<String> = named(responses);
    for (status, name, _) in ALL {
        if statuses.contains(&status) || named.iter().any(|one| one == status) {
            let prefix = if is_v1 { "V1" } else { "" };
            let answer = json!({"$ref": format!("#/components/responses/{prefix}{name}")});
            responses.insert(status.to_owned(), answer);
        }
    }
}

/// Refusals that the handler names: without a body, because all look alike.
fn named(responses: &Map<String, Value>) -> Vec<String> {
    let bare = responses
        .iter()
        .filter(|(_, answer)| answer.get("content").is_none());
    bare.map(|(status, _)| status.clone()).collect()
}

/// Does it take a key, and one with a certain scope?
fn keys(operation: &Value) -> (bool, bool) {
    let Some(ways) = operation["security"].as_array() else {
        return (false, false);
    };
    let scopes: Vec<&Value> = ways.iter().filter_map(|way| way.get("key")).collect();
    let is_scoped = scopes
        .iter()
        .any(|scopes| scopes.as_array().is_some_and(|list| !list.is_empty()));
    (!scopes.is_empty(), is_scoped)
}
