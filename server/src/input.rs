//! Reading what callers send: JSON bodies and query strings, refused by name when they do not fit.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use domain::text::MAX_EXTERNAL_ID;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::timeout;

use crate::problem::Problem;

/// The largest body of an API call.
pub(crate) const MAX_BODY: usize = 1024 * 1024;
/// How much of a body that is too large is read and thrown away, in bytes, and for how long.
const MOST_HEARD: usize = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest value of a query parameter, in bytes.
const MAX_PARAMETER: usize = 2048;

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read_body(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    match Limited::new(&mut body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            hear_out(body).await;
            Err(Problem::too_large(limit))
        }
        Err(_) => Err(Problem::bad_request(
            "bad_request",
            "the body did not arrive whole",
        )),
    }
}

/// Most callers send all they have before they listen; cut off in the middle, they would never learn
/// why. So some more is read, and thrown away.
async fn hear_out(mut body: Body) {
    let rest = async {
        let mut heard = 0;
        while heard < MOST_HEARD
            && let Some(Ok(piece)) = body.frame().await
        {
            heard += piece.data_ref().map_or(0, Bytes::len);
        }
    };
    // Who is slow is cut off.
    let _ = timeout(PATIENCE, rest).await;
}

/// A JSON body: `T` refuses unknown fields, and the answer names the field that does not fit.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        require_json(&parts.headers)?;
        parse(&read_body(body, MAX_BODY).await?).map(Self)
    }
}

/// The body of a call that may come without one: then nothing is said in it.
pub(crate) async fn optional<T: DeserializeOwned + Default>(
    request: Request,
) -> Result<T, Problem> {
    let (parts, body) = request.into_parts();
    let body = read_body(body, MAX_BODY).await?;
    if body.is_empty() && !parts.headers.contains_key(header::CONTENT_TYPE) {
        return Ok(T::default());
    }
    require_json(&parts.headers)?;
    if body.is_empty() {
        return Ok(T::default());
    }
    parse(&body)
}

/// Refuses a body that does not call itself JSON.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    match kind {
        Some(kind) if kind.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Problem::not_json()),
    }
}

/// Parses JSON into `T`.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        refusal(body, error.inner(), &path)
    })?;
    reader.end().map_err(|error| {
        Problem::bad_request("bad_request", format!("the body is not JSON: {error}"))
    })?;
    Ok(value)
}

fn refusal(body: &[u8], error: &serde_json::Error, path: &str) -> Problem {
    // serde_json says "syntax" of a number where it wants one of a few words.
    let is_json = error.is_data() || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    if !is_json {
        return Problem::bad_request("bad_request", format!("the body is not JSON: {error}"));
    }
    let text = if error.is_data() {
        error.to_string()
    } else {
        "a text is needed".to_owned()
    };
    let text = text.split(" at line ").next().unwrap_or_default();
    // serde names a missing or unknown field between the first backticks.
    let named = text
        .split('`')
        .nth(1)
        .filter(|_| text.starts_with("missing") || text.starts_with("unknown field"));
    let field = match (named, path) {
        (Some(name), _) => name.to_owned(),
        (None, "." | "") => {
            return Problem::bad_request("bad_request", format!("the body does not fit: {text}"));
        }
        (None, path) => path.to_owned(),
    };
    let needs = needs(&field, text);
    Problem::invalid(field, needs)
}

/// What a field needs, in words for people who don't know how it is read here.
fn needs(field: &str, text: &str) -> String {
    let is_id = text.starts_with("UUID parsing failed") || text.ends_with("UUID string");
    let whole = ["i64", "u64", "i32", "u32", "u16", "u8"];
    let is_whole = text.starts_with("invalid")
        && text
            .rsplit_once(", expected ")
            .is_some_and(|(_, kind)| whole.contains(&kind));
    if is_id {
        "an id (a UUID) is needed".to_owned()
    } else if is_whole && is_money(field) {
        "a whole number of cents is needed".to_owned()
    } else if is_whole {
        "a whole number is needed".to_owned()
    } else {
        text.to_owned()
    }
}

/// Is it an amount of money, by its name on the wire?
fn is_money(field: &str) -> bool {
    let name = field.rsplit('.').next().unwrap_or_default();
    name.ends_with("Cents") || ["amount", "payoutThreshold"].contains(&name)
}

/// An id that a caller or a processor gave: any text that can be seen.
pub(crate) fn external_id<'a>(field: &str, id: &'a str) -> Result<&'a str, Problem> {
    if id.trim().is_empty() || id.len() > MAX_EXTERNAL_ID || id.chars().any(char::is_control) {
        let needs = format!("1 to {MAX_EXTERNAL_ID} bytes without control characters are needed");
        return Err(Problem::invalid(field, needs));
    }
    Ok(id)
}

/// A query string, each parameter at most once; what nobody asked for is refused by name.
pub(crate) struct Query {
    values: BTreeMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

impl Query {
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        let mut values = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if value.len() > MAX_PARAMETER || name.len() > MAX_PARAMETER {
                return Err(Problem::invalid(
                    "query",
                    format!("a parameter is longer than {MAX_PARAMETER} bytes"),
                ));
            }
            if values
                .insert(name.to_string(), value.into_owned())
                .is_some()
            {
                return Err(Problem::invalid(
                    name,
                    "this parameter is given twice: give it once",
                ));
            }
        }
        Ok(Self { values })
    }

    /// Takes a parameter out. One that is empty was given: a filter that was lost on its way must not
    /// return everything.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }

    /// Takes a parameter out and reads it.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        needs: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        let fits =
            read(&text).ok_or_else(|| Problem::invalid(name, format!("{needs} is needed")))?;
        Ok(Some(fits))
    }

    /// Takes a comma list out and reads each word.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        needs: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Problem> {
        let all = |text: &str| text.split(',').map(|word| read(word.trim())).collect();
        Ok(self.parsed(name, needs, all)?.unwrap_or_default())
    }

    /// Refuses what is left: a misspelt filter must never return everything.
    pub(crate) fn done(self) -> Result<(), Problem> {
        match self.values.into_keys().next() {
            Some(name) => {
                let message = format!("there is no parameter {name}: check its spelling");
                Err(Problem::invalid(name, message))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Body {
        #[expect(dead_code, reason = "only its parsing is looked at")]
        amount_cents: i64,
    }

    fn problem_of(body: &str) -> String {
        format!("{:?}", parse::<Body>(body.as_bytes()).expect_err("refused"))
    }

    #[test]
    fn a_refusal_names_the_field() {
        for body in [
            r#"{"amountCents": "49"}"#,
            r#"{"amountCents": 4.9}"#,
            "{}",
            r#"{"amountCents": 1e30}"#,
        ] {
            assert!(
                problem_of(body).contains(r#"field: Some("amountCents")"#),
                "{body}: {}",
                problem_of(body)
            );
        }
        let unknown = problem_of(r#"{"amountCents": 1, "amuont": 2}"#);
        assert!(unknown.contains(r#"field: Some("amuont")"#), "{unknown}");
        for body in ["", "{", "nonsense", r#"{"amountCents": 1} x"#] {
            assert!(problem_of(body).contains("BadRequest"), "{body}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_needed() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(rename_all = "camelCase", default)]
        #[derive(Default)]
        struct Sale {
            amount_cents: i64,
            hold_days: Option<i64>,
            affiliate_id: uuid::Uuid,
        }
        for (body, needs) in [
            (
                r#"{"amountCents": 1e20}"#,
                "a whole number of cents is needed",
            ),
            (
                r#"{"amountCents": "49"}"#,
                "a whole number of cents is needed",
            ),
            (
                r#"{"amountCents": null}"#,
                "a whole number of cents is needed",
            ),
            (r#"{"holdDays": 1.5}"#, "a whole number is needed"),
            (r#"{"affiliateId": "sarah"}"#, "an id (a UUID) is needed"),
            (r#"{"affiliateId": 7}"#, "an id (a UUID) is needed"),
        ] {
            let refused = parse::<Sale>(body.as_bytes()).expect_err("refused");
            let refused = format!("{refused:?}");
            assert!(
                refused.contains(&format!("\"{needs}\"")),
                "{body}: {refused}"
            );
        }
    }

    #[test]
    fn a_word_of_another_kind_is_named_too() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(rename_all = "camelCase")]
        enum Color {
            Red,
        }
        #[derive(serde::Deserialize, Debug)]
        #[serde(rename_all = "camelCase")]
        struct Paint {
            #[expect(dead_code, reason = "only its parsing is looked at")]
            first_color: Color,
        }
        for value in ["1", "null", "true", "[]", "{}", r#""blue""#] {
            let body = format!(r#"{{"firstColor": {value}}}"#);
            let refused = parse::<Paint>(body.as_bytes()).expect_err("refused");
            let refused = format!("{refused:?}");
            assert!(
                refused.contains(r#"field: Some("firstColor")"#) && refused.contains("Invalid"),
                "{value}: {refused}"
            );
        }
        let cut = parse::<Paint>(br#"{"firstColor": 1"#).expect_err("refused");
        assert!(format!("{cut:?}").contains("BadRequest"));
    }

    #[test]
    fn parameters_are_given_once_and_all_of_them_are_known() {
        assert!(Query::read("a=1&a=2").is_err());
        let mut query = Query::read("take=5&cursro=x").expect("reads");
        assert_eq!(query.take("take").as_deref(), Some("5"));
        assert!(query.done().is_err());
        assert!(Query::read("").expect("reads").done().is_ok());
    }

    proptest! {
        #[test]
        fn no_body_and_no_query_panics(text in ".{0,200}") {
            let _ = parse::<Body>(text.as_bytes());
            let _ = Query::read(&text).and_then(Query::done);
        }
    }
}
