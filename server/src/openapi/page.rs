//! The page at `/api/docs`: the document as people read it. Markup that is written when the server starts, a style sheet
//! made of the dashboard's own, and a few lines of script without which everything is there too.

mod operation;
mod schema;

use std::fmt::{self, Write};

use serde_json::Value;

use self::operation::Operation;

/// The tokens and elements of the dashboard, and what is only here.
pub(super) const STYLE: &str = concat!(
    include_str!("../../../style/tokens.css"),
    include_str!("../../../style/base.css"),
    include_str!("page/page.css"),
);
pub(super) const SCRIPT: &str = include_str!("page/page.js");

/// The whole page.
pub(super) fn page(document: &Value) -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write_page(&mut out, document);
    out
}

fn write_page(out: &mut String, document: &Value) -> fmt::Result {
    let about = Text(&document["info"]["description"]);
    let version = Text(&document["info"]["version"]);
    let groups = groups(document);
    write!(
        out,
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>API · Tributary</title>\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\">\
         <link rel=\"stylesheet\" href=\"/api/docs/page.css\">\
         <script src=\"/api/docs/page.js\" defer></script></head><body>\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\
         <header><a href=\"/\" class=\"brand\">Tributary</a><span class=\"muted\">API {version}</span>\
         <a class=\"raw\" href=\"/api/v1/openapi.json\">OpenAPI 3.1</a></header>\
         <nav aria-label=\"Operations\"><label class=\"visually-hidden\" for=\"filter\">Filter operations</label>\
         <input id=\"filter\" type=\"search\" placeholder=\"Filter\" autocomplete=\"off\" hidden>"
    )?;
    for (name, _, operations) in &groups {
        write!(out, "<details open><summary>{}</summary><ul>", Plain(name))?;
        for operation in operations {
            operation.write_link(out)?;
        }
        out.write_str("</ul></details>")?;
    }
    write!(
        out,
        "</nav><main id=\"main\"><h1>API</h1><p class=\"lead\">{about}</p>"
    )?;
    write_start(out, document)?;
    for (name, description, operations) in &groups {
        let (anchor, name, description) = (anchor(name), Plain(name), Plain(description));
        write!(
            out,
            "<section id=\"{anchor}\" aria-labelledby=\"{anchor}-name\"><h2 id=\"{anchor}-name\">{name}</h2>\
             <p class=\"muted\">{description}</p>"
        )?;
        for operation in operations {
            operation.write(out)?;
        }
        out.write_str("</section>")?;
    }
    out.write_str("<p id=\"nothing\" class=\"muted\" role=\"status\" hidden>No operation is called so.</p></main></body></html>")
}

/// The first call, and what refusals look like.
fn write_start(out: &mut String, document: &Value) -> fmt::Result {
    let server = Text(&document["servers"][0]["url"]);
    write!(
        out,
        "<section id=\"start\" aria-labelledby=\"start-name\"><h2 id=\"start-name\">The first call</h2>\
         <p>Make a key in the settings; <code>GET /api/v1/me</code> says whose it is.</p>\
         <pre tabindex=\"0\"><code>curl {server}/api/v1/me \\\n  -H 'Authorization: Bearer ak_live_...'</code></pre>\
         <h2 id=\"refusals\">Refusals</h2>\
         <p>Under <code>/api/v1</code> as <code>{{\"error\": {{\"code\", \"message\", \"details\"}}, \"meta\"}}</code>, \
         elsewhere as <code>{{\"error\", \"message\", \"field\"}}</code>.</p><table><thead><tr><th scope=\"col\">Status</th>\
         <th scope=\"col\">What it says</th></tr></thead><tbody>"
    )?;
    for (status, name, _) in super::refusals::ALL {
        let text = Text(&document["components"]["responses"][name]["description"]);
        write!(
            out,
            "<tr id=\"refusal-{status}\"><th scope=\"row\"><code>{status}</code></th><td>{text}</td></tr>"
        )?;
    }
    out.write_str("</tbody></table></section>")
}

type Group<'a> = (&'a str, &'a str, Vec<Operation<'a>>);

fn groups(document: &Value) -> Vec<Group<'_>> {
    let all: Vec<Operation<'_>> = Operation::all(document).collect();
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.map(|tag| {
        let name = tag["name"].as_str().unwrap_or_default();
        let description = tag["description"].as_str().unwrap_or_default();
        let own = all.iter().filter(|operation| operation.is_of(name));
        (name, description, own.copied().collect())
    })
    .collect()
}

fn anchor(name: &str) -> String {
    name.to_lowercase().replace('\'', "").replace(' ', "-")
}

/// A text of the document, escaped; what stands between backticks is code.
struct Text<'a>(&'a Value);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_str().unwrap_or_default();
        for (place, part) in text.split('`').enumerate() {
            if place % 2 == 1 {
                write!(f, "<code>{}</code>", Plain(part))?;
            } else {
                Plain(part).fmt(f)?;
            }
        }
        Ok(())
    }
}

/// A text, escaped.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_escaped_and_code_is_marked() {
        let text = json!("`a<b` & \"c\"");
        assert_eq!(
            Text(&text).to_string(),
            "<code>a&lt;b</code> &amp; &quot;c&quot;"
        );
        assert_eq!(anchor("Processors' webhooks"), "processors-webhooks");
    }
}
