//! One operation: how it is called and what it answers.

use std::fmt::{self, Write};

use serde_json::Value;

use super::{
    Plain, Text, anchor,
    schema::{example, resolved, words, write_fields},
};

/// An operation of the document.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    document: &'a Value,
    path: &'a str,
    method: &'a str,
    said: &'a Value,
}

impl<'a> Operation<'a> {
    /// All of them, by path.
    pub(super) fn all(document: &'a Value) -> impl Iterator<Item = Self> {
        let paths = document["paths"].as_object().into_iter().flatten();
        paths.flat_map(move |(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, said)| Self {
                document,
                path,
                method,
                said,
            })
        })
    }

    pub(super) fn is_of(&self, group: &str) -> bool {
        self.said["tags"][0] == group
    }

    fn id(&self) -> String {
        anchor(self.said["operationId"].as_str().unwrap_or_default())
    }

    /// Its place in the list of all.
    pub(super) fn write_link(&self, out: &mut String) -> fmt::Result {
        let (id, summary) = (self.id(), Text(&self.said["summary"]));
        write!(
            out,
            "<li data-text=\"{} {}\"><a href=\"#{id}\">{} <span>{summary}</span></a></li>",
            self.method,
            Plain(self.path),
            Method(self.method),
        )
    }

    /// All about it.
    pub(super) fn write(&self, out: &mut String) -> fmt::Result {
        let (id, summary) = (self.id(), Text(&self.said["summary"]));
        write!(
            out,
            "<article id=\"{id}\" aria-labelledby=\"{id}-name\"><h3 id=\"{id}-name\"><a href=\"#{id}\">{summary}</a></h3>\
             <p class=\"address\">{} <code>{}</code></p>",
            Method(self.method),
            Plain(self.path),
        )?;
        if self.said["description"].is_string() {
            write!(out, "<p>{}</p>", Text(&self.said["description"]))?;
        }
        self.write_callers(out)?;
        self.write_parameters(out)?;
        self.write_body(out)?;
        self.write_call(out)?;
        self.write_answers(out)?;
        out.write_str("</article>")
    }

    fn write_callers(&self, out: &mut String) -> fmt::Result {
        out.write_str("<p class=\"callers\">")?;
        for way in self.said["security"].as_array().into_iter().flatten() {
            let names: Vec<&String> = way
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
                .collect();
            match way["key"].as_array().map(|scopes| scopes.first()) {
                Some(Some(scope)) => {
                    write!(out, "<span>key with <code>{}</code></span>", Text(scope))?
                }
                Some(None) => out.write_str("<span>key</span>")?,
                None if names.is_empty() => out.write_str("<span>no key</span>")?,
                None if names.iter().any(|name| *name == "session") => {
                    out.write_str("<span>signed-in member</span>")?
                }
                None => out.write_str("<span>signed body</span>")?,
            }
        }
        out.write_str("</p>")
    }

    fn parameters(&self) -> impl Iterator<Item = &'a Value> {
        let document = self.document;
        let parameters = self.said["parameters"].as_array().into_iter().flatten();
        parameters.map(move |one| resolved(document, one))
    }

    /// An address that can be called: with examples where the path has places.
    fn address(&self) -> String {
        let places = self.parameters().filter(|one| one["in"] == "path");
        places.fold(self.path.to_owned(), |path, one| {
            let place = format!("{{{}}}", one["name"].as_str().unwrap_or_default());
            let example = example(self.document, &one["schema"]);
            path.replace(&place, example.as_str().unwrap_or("..."))
        })
    }

    fn write_parameters(&self, out: &mut String) -> fmt::Result {
        if self.parameters().next().is_none() {
            return Ok(());
        }
        out.write_str("<h4>Parameters</h4><table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">What it is</th></tr></thead><tbody>")?;
        for one in self.parameters() {
            let is_needed = one["required"] == true && one["in"] != "path";
            write!(
                out,
                "<tr><th scope=\"row\"><code>{}</code> <small>{}</small>{}</th><td><span class=\"kind\">{}</span> {}</td></tr>",
                Text(&one["name"]),
                Text(&one["in"]),
                if is_needed {
                    " <small class=\"needed\">needed</small>"
                } else {
                    ""
                },
                Plain(&words(self.document, &one["schema"])),
                Text(&one["description"]),
            )?;
        }
        out.write_str("</tbody></table>")
    }

    fn body(&self) -> Option<(&'a str, &'a Value)> {
        let content = self.said["requestBody"]["content"].as_object()?;
        let (kind, content) = content.iter().next()?;
        Some((kind, &content["schema"]))
    }

    fn write_body(&self, out: &mut String) -> fmt::Result {
        let Some((kind, schema)) = self.body() else {
            return Ok(());
        };
        write!(out, "<h4>Body <small>{}</small></h4>", Plain(kind))?;
        if kind == "application/json" {
            write_fields(out, self.document, schema, true)?;
        }
        Ok(())
    }

    fn write_call(&self, out: &mut String) -> fmt::Result {
        let server = Text(&self.document["servers"][0]["url"]);
        let method = self.method.to_uppercase();
        write!(out, "<h4>Call</h4><pre tabindex=\"0\"><code>curl")?;
        if method != "GET" {
            write!(out, " -X {method}")?;
        }
        write!(out, " '{server}{}'", Plain(&self.address()))?;
        if !self.said["security"][0]["key"].is_null() {
            out.write_str(" \\\n  -H 'Authorization: Bearer ak_live_...'")?;
        }
        if let Some((kind, schema)) = self.body() {
            write!(out, " \\\n  -H 'Content-Type: {}'", Plain(kind))?;
            if kind == "application/json" {
                let body = json_text(&example(self.document, schema));
                write!(out, " \\\n  -d '{}'", Plain(&body))?;
            } else {
                out.write_str(" \\\n  --data-binary @file")?;
            }
        }
        out.write_str("</code></pre>")
    }

    fn write_answers(&self, out: &mut String) -> fmt::Result {
        out.write_str("<h4>Answers</h4><ul class=\"answers\">")?;
        for (status, answer) in self.said["responses"].as_object().into_iter().flatten() {
            let is_refusal = answer["$ref"].is_string();
            if is_refusal {
                write!(
                    out,
                    "<li class=\"refusal\"><a href=\"#refusal-{status}\">{status}</a></li>"
                )?;
            } else {
                self.write_answer(out, status, answer)?;
            }
        }
        out.write_str("</ul>")
    }

    fn write_answer(&self, out: &mut String, status: &str, answer: &Value) -> fmt::Result {
        let content = answer["content"]
            .as_object()
            .and_then(|content| content.iter().next());
        let Some((kind, content)) = content else {
            return write!(out, "<li>{status}</li>");
        };
        if kind != "application/json" {
            return write!(out, "<li><b>{status}</b> {}</li>", Plain(kind));
        }
        let body = json_text(&example(self.document, &content["schema"]));
        write!(
            out,
            "<li><details><summary><b>{status}</b> {}</summary><pre tabindex=\"0\"><code>{}</code></pre>",
            Plain(kind),
            Plain(&body),
        )?;
        write_fields(out, self.document, &content["schema"], false)?;
        out.write_str("</details></li>")
    }
}

fn json_text(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The method, as a badge.
struct Method<'a>(&'a str);

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<b class=\"method {}\">{}</b>",
            self.0,
            self.0.to_uppercase()
        )
    }
}
