//! Reading the single values of a call: ids in addresses, and the fields of bodies that have a rule
//! beyond their type. Every refusal names the field.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use chrono::{DateTime, Utc};
use domain::{rate::BasisPoints, sales::parse_instant};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Number, Value};
use url::Url;
use utoipa::ToSchema;

use crate::{
    input::{self, MAX_BODY, parse, read_body},
    problem::Problem,
};

/// The longest web address, in bytes.
const MAX_ADDRESS: usize = 2048;

/// The id in the address. What is no id names nothing: 404.
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::not_found("address");
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        text.parse().map(Self).map_err(|_| nothing())
    }
}

/// The ids of a thing and of what it holds, in this order.
pub(super) struct Ids<T, U>(pub(super) T, pub(super) U);

impl<T: FromStr, U: FromStr, S: Send + Sync> FromRequestParts<S> for Ids<T, U> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::not_found("address");
        let Path((outer, inner)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        let outer = outer.parse().map_err(|_| nothing())?;
        Ok(Self(outer, inner.parse().map_err(|_| nothing())?))
    }
}

/// The body of a call that says everything by its address: none, or an empty object.
pub(super) struct NoBody;

/// No more than `{}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let body = read_body(request.into_body(), MAX_BODY).await?;
        if !body.is_empty() {
            parse::<Nothing>(&body)?;
        }
        Ok(Self)
    }
}

/// What a change says about a field that can be empty. Goes with `#[serde(default)]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Change<T> {
    /// Left out: it stays as it is.
    #[default]
    Keep,
    /// A value, or `null`.
    To(Option<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::To)
    }
}

impl<T> Change<T> {
    /// The value after the change.
    pub(super) fn applied_to(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::To(new) => new,
        }
    }

    /// As the store's changes say it: `None` keeps, `Some(None)` empties.
    #[expect(clippy::option_option, reason = "it is what the store's changes hold")]
    pub(super) fn given(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::To(new) => Some(new),
        }
    }

    /// The same with its value read.
    pub(super) fn read<U>(
        self,
        read: impl FnOnce(T) -> Result<U, Problem>,
    ) -> Result<Change<U>, Problem> {
        Ok(match self {
            Self::Keep => Change::Keep,
            Self::To(new) => Change::To(new.map(read).transpose()?),
        })
    }
}

/// A secret, or none. Its refusal does not repeat what was sent.
pub(super) fn secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    serde_json::from_value(value).map_err(|_| Error::custom("a text is needed"))
}

/// A list of secrets, or none. Its refusal does not repeat what was sent.
pub(super) fn secrets<'de, D>(deserializer: D) -> Result<Option<Vec<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    let value = Value::deserialize(deserializer)?;
    serde_json::from_value(value).map_err(|_| Error::custom("a list of texts is needed"))
}

/// The value of a field that can't be left out.
pub(super) fn needed<T>(name: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::invalid(name, format!("{name} is needed")))
}

/// A whole number inside a range.
pub(super) fn whole<T: TryFrom<i64> + PartialOrd + Display>(
    name: &str,
    value: Option<i64>,
    range: RangeInclusive<T>,
) -> Result<Option<T>, Problem> {
    let Some(number) = value else { return Ok(None) };
    let fits = T::try_from(number)
        .ok()
        .filter(|number| range.contains(number));
    let refused = || {
        let (least, most) = (range.start(), range.end());
        Problem::invalid(
            name,
            format!("a whole number from {least} to {most} is needed"),
        )
    };
    fits.ok_or_else(refused).map(Some)
}

/// A percentage, read from its text: no arithmetic is done on the JSON number.
pub(super) fn percent(name: &str, value: Option<&Number>) -> Result<Option<BasisPoints>, Problem> {
    let read = |number: &Number| {
        BasisPoints::from_percent(&number.to_string())
            .map_err(|error| Problem::invalid(name, error.to_string()))
    };
    value.map(read).transpose()
}

/// A percentage as a JSON number.
pub(super) fn percent_number(share: BasisPoints) -> Number {
    let Ok(number) = share.to_percent().parse() else {
        unreachable!("digits with at most one point are a number")
    };
    number
}

/// A day or an RFC 3339 time.
pub(super) fn instant(name: &str, value: Option<&str>) -> Result<Option<DateTime<Utc>>, Problem> {
    let refused = || {
        Problem::invalid(
            name,
            "an RFC 3339 time such as 2026-11-20T10:32:06Z is needed",
        )
    };
    value
        .map(|text| parse_instant(text).ok_or_else(refused))
        .transpose()
}

/// The address of a page on the merchant's site.
pub(super) fn web_address(name: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let reachable = |url: Url| {
        let open = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && open
    };
    let plain = text.len() <= MAX_ADDRESS && text.chars().all(visible);
    if plain && Url::parse(text).is_ok_and(reachable) {
        Ok(text.to_owned())
    } else {
        Err(Problem::invalid(
            name,
            "a web address such as https://example.com is needed",
        ))
    }
}

/// An id that a processor gave and a person pasted: without the blanks around it, and with none inside.
pub(super) fn external_id(name: &str, text: &str) -> Result<String, Problem> {
    let id = input::external_id(name, text.trim())?;
    if id.contains(char::is_whitespace) {
        return Err(Problem::invalid(name, "an id without blanks is needed"));
    }
    Ok(id.to_owned())
}

fn visible(letter: char) -> bool {
    !letter.is_whitespace() && !letter.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq, Eq)]
    struct Body {
        #[serde(default)]
        website: Change<String>,
        #[serde(default, deserialize_with = "secrets")]
        signing: Option<Vec<String>>,
        #[serde(default, deserialize_with = "secret")]
        key: Option<String>,
    }

    fn read(json: &str) -> Body {
        parse(json.as_bytes()).expect("a body")
    }

    #[test]
    fn null_is_told_from_missing() {
        let old = || Some("old".to_owned());
        assert_eq!(read("{}").website.applied_to(old()), old());
        assert_eq!(read(r#"{"website": null}"#).website.applied_to(old()), None);
        assert_eq!(
            read(r#"{"website": "new"}"#)
                .website
                .applied_to(old())
                .as_deref(),
            Some("new")
        );
    }

    #[test]
    fn a_refused_secret_is_not_repeated() {
        assert_eq!(read(r#"{"key": null}"#).key, None);
        assert_eq!(
            read(r#"{"signing": ["a"]}"#).signing,
            Some(vec!["a".to_owned()])
        );
        for json in [
            r#"{"signing": "whsec_hush"}"#,
            r#"{"signing": [{"s": "whsec_hush"}]}"#,
            r#"{"key": ["whsec_hush"]}"#,
        ] {
            let refusal = format!("{:?}", parse::<Body>(json.as_bytes()).expect_err("refused"));
            assert!(
                !refusal.contains("hush") && refusal.contains("field: Some("),
                "{refusal}"
            );
        }
    }

    #[test]
    fn percentages_keep_their_digits() {
        for (json, points) in [
            ("20", 2000),
            ("20.0", 2000),
            ("7.5", 750),
            ("0", 0),
            ("99.99", 9999),
        ] {
            let number: Number = json.parse().expect("a number");
            let share = percent("p", Some(&number))
                .expect("a share")
                .expect("given");
            assert_eq!(share.get(), points, "{json}");
        }
        for json in ["100.01", "-1", "1.234", "1e30"] {
            let number: Number = json.parse().expect("a number");
            assert!(percent("p", Some(&number)).is_err(), "{json}");
        }
        let share = |points| BasisPoints::new(points).expect("a share");
        assert_eq!(percent_number(share(750)).to_string(), "7.5");
        assert_eq!(percent_number(share(2000)).to_string(), "20");
    }

    #[test]
    fn whole_numbers_stay_in_their_range() {
        assert!(matches!(whole("n", Some(365), 1..=365_u16), Ok(Some(365))));
        assert!(matches!(whole::<u16>("n", None, 1..=365), Ok(None)));
        for number in [0, 366, -1, i64::MAX] {
            assert!(whole("n", Some(number), 1..=365_u16).is_err(), "{number}");
        }
    }

    #[test]
    fn web_addresses_are_pages_that_anyone_can_open() {
        assert!(web_address("w", " https://shop.example.com/a?b=c ").is_ok());
        for text in [
            "",
            "shop.example.com",
            "javascript:alert(1)",
            "ftp://example.com",
            "https://",
            "https://user@example.com",
            "https://exa mple.com",
            "https://example.com/\nx",
        ] {
            assert!(web_address("w", text).is_err(), "{text:?}");
        }
        assert!(web_address("w", &format!("https://example.com/{}", "x".repeat(2048))).is_err());
    }
}
