//! Schemas in words, as a table of fields, and as an example.

use std::fmt::{self, Write};

use serde_json::{Map, Value, json};

use super::{Plain, Text};

/// How deep examples and tables go into what refers to itself or is simply deep.
const DEPTH: usize = 6;

/// What a reference leads to; anything else is itself.
pub(super) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let place = schema["$ref"]
        .as_str()
        .and_then(|place| place.strip_prefix('#'));
    place
        .and_then(|place| document.pointer(place))
        .unwrap_or(schema)
}

/// The schema without the null that it may also be.
fn something<'a>(document: &'a Value, schema: &'a Value) -> (&'a Value, bool) {
    let schema = resolved(document, schema);
    let ways: Vec<&Value> = schema["oneOf"].as_array().into_iter().flatten().collect();
    let is_null = |way: &&&Value| way["type"] == "null";
    match (
        ways.iter().find(|way| !is_null(way)),
        ways.iter().any(|way| way["type"] == "null"),
    ) {
        (Some(way), true) => (resolved(document, way), true),
        _ => (schema, types(schema).contains(&"null")),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `text`, `whole number, 1 to 365`, `one of active, archived`, `list of ids`.
pub(super) fn words(document: &Value, schema: &Value) -> String {
    let (schema, can_be_null) = something(document, schema);
    let mut text = kind(document, schema);
    if can_be_null {
        text.push_str(", or null");
    }
    text
}

fn kind(document: &Value, schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return words.join(" | ");
    }
    let first = types(schema).into_iter().find(|one| *one != "null");
    let size = |least: &str, most: &str| range(&schema[least], &schema[most]);
    match first {
        Some("array") => format!("list of {}", words(document, &schema["items"])),
        Some("string") => match schema["format"].as_str() {
            Some("uuid") => "id".to_owned(),
            Some("date-time") => "time".to_owned(),
            Some(format) => format.to_owned(),
            None => format!("text{}", size("minLength", "maxLength")),
        },
        Some("integer") => format!("whole number{}", size("minimum", "maximum")),
        Some("number") => format!("number{}", size("minimum", "maximum")),
        Some("boolean") => "true or false".to_owned(),
        Some(_) => "object".to_owned(),
        None if schema["allOf"].is_array() || schema["oneOf"].is_array() => "object".to_owned(),
        None => "anything".to_owned(),
    }
}

fn range(least: &Value, most: &Value) -> String {
    match (least.as_f64(), most.as_f64()) {
        (Some(_), Some(_)) => format!(", {least} to {most}"),
        (Some(_), None) => format!(", from {least}"),
        (None, Some(_)) => format!(", up to {most}"),
        (None, None) => String::new(),
    }
}

/// The fields of an object, those of what it is put together from too.
fn fields<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a str, &'a Value, bool)> {
    let (schema, _) = something(document, schema);
    let mut all = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        all.extend(fields(document, part));
    }
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|list| list.contains(&json!(name)))
    };
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        all.push((name.as_str(), field, required(name)));
    }
    all
}

/// A row for each field, `items[].name` for what is inside.
pub(super) fn write_fields(
    out: &mut String,
    document: &Value,
    schema: &Value,
    is_asked: bool,
) -> fmt::Result {
    out.write_str("<table><thead><tr><th scope=\"col\">Field</th><th scope=\"col\">What it is</th></tr></thead><tbody>")?;
    write_rows(out, document, schema, ("", is_asked, 0))?;
    out.write_str("</tbody></table>")
}

fn write_rows(
    out: &mut String,
    document: &Value,
    schema: &Value,
    (prefix, is_asked, depth): (&str, bool, usize),
) -> fmt::Result {
    for (name, field, is_required) in fields(document, schema) {
        let path = format!("{prefix}{name}");
        let described = if field["description"].is_string() {
            field
        } else {
            something(document, field).0
        };
        write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code>{}</th><td><span class=\"kind\">{}</span> {}</td></tr>",
            Plain(&path),
            if is_asked && is_required {
                " <small class=\"needed\">needed</small>"
            } else {
                ""
            },
            Plain(&words(document, field)),
            Text(&described["description"]),
        )?;
        if depth < DEPTH {
            let (inner, _) = something(document, field);
            let is_list = types(inner).contains(&"array");
            let inner = if is_list { &inner["items"] } else { inner };
            let prefix = format!("{path}{}.", if is_list { "[]" } else { "" });
            write_rows(out, document, inner, (&prefix, is_asked, depth + 1))?;
        }
    }
    Ok(())
}

/// A value that the schema lets through: its own example, or one made up.
pub(super) fn example(document: &Value, schema: &Value) -> Value {
    made_up(document, schema, 0)
}

fn made_up(document: &Value, schema: &Value, depth: usize) -> Value {
    for told in [
        &schema["example"],
        &schema["examples"][0],
        &schema["default"],
    ] {
        if !told.is_null() {
            return told.clone();
        }
    }
    let (inner, _) = something(document, schema);
    if inner != schema {
        return made_up(document, inner, depth + 1);
    }
    if let Some(word) = schema["enum"].as_array().and_then(|words| words.first()) {
        return word.clone();
    }
    if schema["oneOf"].is_array() {
        return made_up(document, &schema["oneOf"][0], depth + 1);
    }
    let first = types(schema).into_iter().find(|one| *one != "null");
    match first {
        _ if depth > DEPTH => Value::Null,
        Some("array") => json!([made_up(document, &schema["items"], depth + 1)]),
        Some("string") => json!(text(schema)),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        _ => {
            let fields = fields(document, schema).into_iter();
            let made = fields
                .map(|(name, field, _)| (name.to_owned(), made_up(document, field, depth + 1)));
            Value::Object(made.collect::<Map<String, Value>>())
        }
    }
}

fn text(schema: &Value) -> &'static str {
    match schema["format"].as_str() {
        Some("uuid") => "019a2f4e-7c31-7d52-9b0a-3f6d1c8e4a70",
        Some("date-time") => "2026-11-20T10:32:06Z",
        Some("date") => "2026-11-20",
        Some("email") => "ann@example.com",
        _ => "...",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({"components": {"schemas": {
            "Word": {"type": "string", "enum": ["live", "test"]},
            "Whole": {"allOf": [{"$ref": "#/components/schemas/Part"}, {
                "type": "object",
                "required": ["mode"],
                "properties": {"mode": {"$ref": "#/components/schemas/Word"}},
            }]},
            "Part": {"type": "object", "properties": {
                "days": {"type": ["integer", "null"], "minimum": 1, "maximum": 365},
                "again": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Word"}]},
            }},
        }}})
    }

    #[test]
    fn schemas_are_told_in_words() {
        let document = document();
        let part = &document["components"]["schemas"]["Part"]["properties"];
        assert_eq!(
            words(&document, &part["days"]),
            "whole number, 1 to 365, or null"
        );
        assert_eq!(words(&document, &part["again"]), "live | test, or null");
        let list = json!({"type": "array", "items": {"type": "string", "format": "uuid"}});
        assert_eq!(words(&document, &list), "list of id");
    }

    #[test]
    fn an_example_has_every_field() {
        let document = document();
        let whole = json!({"$ref": "#/components/schemas/Whole"});
        let made = example(&document, &whole);
        assert_eq!(made, json!({"days": 1, "again": "live", "mode": "live"}));
        let mut out = String::new();
        write_fields(&mut out, &document, &whole, true).expect("written");
        assert_eq!(out.matches("<tr>").count(), 4, "{out}");
        assert_eq!(out.matches("needed</small>").count(), 1, "{out}");
    }
}
