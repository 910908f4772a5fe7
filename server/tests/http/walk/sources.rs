//! What there is to be called, read from the sources as they are written.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn root() -> PathBuf {
    let server = Path::new(env!("CARGO_MANIFEST_DIR"));
    server.parent().expect("the workspace").to_owned()
}

/// All Rust files below a folder, with their text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a text");
            found.push((path, text));
        }
    }
    found
}

/// What stands in the round brackets that begin a text.
fn in_brackets(text: &str) -> &str {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(1..at).unwrap_or_default();
        }
    }
    panic!("a bracket is not closed: {text:.80}");
}

/// The first text in quotation marks, and what follows.
fn literal(text: &str) -> (&str, &str) {
    let mut parts = text.splitn(3, '"');
    let (_, literal, rest) = (parts.next(), parts.next(), parts.next());
    (literal.expect("a literal"), rest.expect("its end"))
}

/// The methods whose names are called in a text.
fn methods(text: &str) -> Vec<&'static str> {
    let is_called = |method: &&str| {
        let call = format!("{method}(");
        let mut places = text.match_indices(&call);
        places.any(|(at, _)| {
            let before = text[..at].chars().next_back();
            !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':')
        })
    };
    METHODS.into_iter().filter(is_called).collect()
}

/// Every address of the router with its method: `GET /api/v1/me`.
pub(super) fn addresses() -> BTreeSet<String> {
    let folder = root().join("server/src");
    let mut nested = 0;
    let mut found = BTreeSet::new();
    for (path, text) in sources(&folder) {
        let is_v1 = path.starts_with(folder.join("api/v1")) || path.ends_with("api/v1.rs");
        let prefix = if is_v1 { "/api/v1" } else { "" };
        nested += text.matches(".nest(").count();
        // Handlers that are documented say themselves where they are.
        let documented = "#[utoipa::path(";
        for (at, attribute) in text.match_indices(documented) {
            let inside = in_brackets(&text[at + attribute.len() - 1..]);
            let method = inside.split(',').next().unwrap_or_default().trim();
            assert!(METHODS.contains(&method), "no method: {inside:.80}");
            let (path, _) = literal(inside);
            found.insert(format!("{} {prefix}{path}", method.to_uppercase()));
        }
        for (at, route) in text.match_indices(".route(") {
            let inside = in_brackets(&text[at + route.len() - 1..]);
            if !inside.trim_start().starts_with('"') {
                // Where a link leads, for one.
                assert_eq!(
                    methods(inside),
                    [""; 0],
                    "an address is a literal: {inside}"
                );
                continue;
            }
            let (path, handlers) = literal(inside);
            let mut called = methods(handlers);
            if called.is_empty() {
                // Handlers that are made elsewhere in the file: by a function, or under a name of their own.
                let name = handlers.trim_matches([',', ' ', '\n']);
                let name = name.split('(').next().unwrap_or_default();
                let made = text.split_once(&format!("fn {name}("));
                let named = text.split_once(&format!("let {name} = "));
                let told = match (made, named) {
                    (Some((_, made)), _) => made.split("\n}").next(),
                    (None, Some((_, named))) => named.split(';').next(),
                    (None, None) => None,
                };
                called = methods(told.unwrap_or_default());
            }
            assert!(!called.is_empty(), "no method of {path} is known");
            let called = called.into_iter();
            found.extend(called.map(|method| format!("{} {prefix}{path}", method.to_uppercase())));
        }
    }
    assert_eq!(nested, 1, "only /api/v1 is nested");
    found
}

/// Every server function by its endpoint; does it only read?
pub(super) fn functions() -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    for (_, text) in sources(&root().join("app/src")) {
        for (at, _) in text.match_indices("#[server(prefix") {
            let inside = in_brackets(&text[at + "#[server".len()..]);
            let (prefix, rest) = literal(inside);
            assert_eq!(prefix, "/rpc");
            let (endpoint, rest) = literal(rest);
            found.insert(endpoint.to_owned(), rest.contains("GetUrl"));
        }
    }
    found
}

/// Every page, with `:id` where an id stands.
pub(super) fn pages() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("app/src/routes.rs")).expect("the routes");
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("path!(") {
        let (path, _) = literal(&text[at..]);
        let path = match path {
            "" => "/dashboard".to_owned(),
            path if path.starts_with('/') => path.to_owned(),
            path => format!("/dashboard/{path}"),
        };
        let plain = path.strip_suffix("/:id?");
        found.extend(plain.map(str::to_owned));
        found.insert(path.trim_end_matches('?').to_owned());
    }
    found
}
