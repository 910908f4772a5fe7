//! A tolerant look into a processor's JSON.
//!
//! Owns the difference between "not said" and "said wrongly", and keeps out what Postgres can't hold.
//! It must not know whose JSON it is, nor what any field means. Every field is optional and `null` counts as missing; what
//! is there but unreadable is an error that names the field.

use chrono::{DateTime, SubsecRound, Utc};
use domain::text::{MAX_EXTERNAL_ID, MAX_METADATA};
use serde_json::{Map, Value};

use super::event::{Content, Malformed};

/// The longest name or e-mail kept, in characters; the processors' own limits are of that order.
const MAX_TEXT: usize = 512;
/// The last second of the year 9999: later ones have no RFC 3339 text, and sums with them overflow.
pub(super) const LAST_SECOND: i64 = 253_402_300_799;

/// How some processors write that something has not happened: Go's zero time.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Turns the object of an event, and when the event happened, into facts.
pub(super) type Reader = fn(Object<'_>, DateTime<Utc>) -> Result<Content, Malformed>;

/// A processor's events in use: what their object is called in error messages, and who reads it.
pub(super) type Readers = [(&'static str, &'static str, Reader)];

/// Reads the object at `path` of an event of this kind; `None`: the kind is not used.
pub(super) fn read_object(
    readers: &Readers,
    kind: &str,
    (event, path): (Object<'_>, &str),
    at: &Result<DateTime<Utc>, Malformed>,
) -> Option<Content> {
    let (_, name, read) = readers.iter().find(|(known, ..)| *known == kind)?;
    let facts = match (event.at(path), at) {
        (Some(object), Ok(at)) => read(Object::new(name, object), *at),
        (None, _) => Err(event.missing(path)),
        (_, Err(why)) => Err(why.clone()),
    };
    Some(facts.unwrap_or_else(|why| Content::Failed(why.to_string())))
}

/// A JSON value and what a person calls it. Paths are keys with dots between them.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    name: &'static str,
    json: &'a Value,
}

impl<'a> Object<'a> {
    pub(super) fn new(name: &'static str, json: &'a Value) -> Self {
        Self { name, json }
    }

    /// What is at `path`, unless it is `null`.
    pub(super) fn at(self, path: &str) -> Option<&'a Value> {
        let found = path
            .split('.')
            .try_fold(self.json, |value, key| value.get(key));
        found.filter(|value| !value.is_null())
    }

    /// The members of the list at `path`; none when there is no list.
    pub(super) fn items(self, path: &'static str) -> impl Iterator<Item = Object<'a>> {
        let list = self.at(path).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .map(move |json| Object::new(path, json))
    }

    /// Free text for people: cleaned, cut, `None` when nothing is left.
    pub(super) fn text(self, path: &str) -> Option<String> {
        let text = clean(self.at(path)?.as_str()?);
        let cut: String = text.trim().chars().take(MAX_TEXT).collect();
        Some(cut).filter(|text| !text.is_empty())
    }

    /// Text that is compared and must therefore be whole: 1 to 255 bytes without NUL.
    pub(super) fn needed_word(self, path: &str) -> Result<String, Malformed> {
        let value = self.at(path).ok_or_else(|| self.missing(path))?;
        word(value).ok_or_else(|| self.malformed(path, "is not text of 1 to 255 bytes"))
    }

    /// The id at the first of `paths` that has something: a string, or an expanded object's `id`.
    pub(super) fn id(self, paths: &[&str]) -> Result<Option<String>, Malformed> {
        let mut found = paths.iter().filter_map(|path| Some((path, self.at(path)?)));
        let Some((path, value)) = found.find(|(_, value)| value.as_str() != Some("")) else {
            return Ok(None);
        };
        match word(value.get("id").unwrap_or(value)) {
            Some(id) => Ok(Some(id)),
            None => Err(self.malformed(path, "is not an id")),
        }
    }

    /// The same for an id that can't be done without.
    pub(super) fn needed_id(self, path: &str) -> Result<String, Malformed> {
        self.id(&[path])?.ok_or_else(|| self.missing(path))
    }

    /// The first id found at `paths` of the members of a list.
    pub(super) fn id_of_items(
        self,
        list: &'static str,
        paths: &[&str],
    ) -> Result<Option<String>, Malformed> {
        let mut ids = self.items(list).map(|item| item.id(paths));
        ids.find_map(Result::transpose).transpose()
    }

    /// A whole number.
    pub(super) fn number(self, path: &str) -> Result<Option<i64>, Malformed> {
        let number = |value: &Value| {
            let wrong = || self.malformed(path, "is not a whole number");
            value.as_i64().ok_or_else(wrong)
        };
        self.at(path).map(number).transpose()
    }

    /// The same for a number that can't be done without.
    pub(super) fn needed_number(self, path: &str) -> Result<i64, Malformed> {
        self.number(path)?.ok_or_else(|| self.missing(path))
    }

    /// A whole number, also one written as text; never one with a decimal point.
    pub(super) fn written_number(self, path: &str) -> Result<Option<i64>, Malformed> {
        let Some(value) = self.at(path) else {
            return Ok(None);
        };
        let written = value.as_str().and_then(|text| text.parse().ok());
        match value.as_i64().or(written) {
            Some(number) => Ok(Some(number)),
            None => Err(self.malformed(path, "is not a whole number")),
        }
    }

    /// An instant as RFC 3339 text, from 1970 to 9999, to the microsecond, which is what can be kept. The
    /// zero time counts as not said.
    pub(super) fn instant(self, path: &str) -> Result<Option<DateTime<Utc>>, Malformed> {
        let Some(value) = self.at(path).filter(|value| *value != NEVER) else {
            return Ok(None);
        };
        let written = value.as_str().map(DateTime::parse_from_rfc3339);
        let at = written.and_then(Result::ok).map(|at| at.to_utc());
        match at.filter(|at| (0..=LAST_SECOND).contains(&at.timestamp())) {
            Some(at) => Ok(Some(at.trunc_subsecs(6))),
            None => Err(self.malformed(path, "is not a time in RFC 3339")),
        }
    }

    /// An instant in Unix seconds, from 1970 to 9999.
    pub(super) fn time(self, path: &str) -> Result<Option<DateTime<Utc>>, Malformed> {
        let Some(value) = self.at(path) else {
            return Ok(None);
        };
        let seconds = value.as_i64().filter(|at| (0..=LAST_SECOND).contains(at));
        match seconds.and_then(|at| DateTime::from_timestamp(at, 0)) {
            Some(at) => Ok(Some(at)),
            None => Err(self.malformed(path, "is not a time in Unix seconds")),
        }
    }

    /// The same for a time that can't be done without.
    pub(super) fn needed_time(self, path: &str) -> Result<DateTime<Utc>, Malformed> {
        self.time(path)?.ok_or_else(|| self.missing(path))
    }

    /// What the merchant attached at `path`, as a JSON object of text to text; anything else is left out,
    /// and so is all of it when it is too long to keep.
    pub(super) fn attached(self, path: &str) -> String {
        let entries = self.at(path).and_then(Value::as_object);
        let texts = entries.into_iter().flatten().filter_map(|(key, value)| {
            let value = clean(value.as_str()?);
            Some((clean(key), Value::String(value)))
        });
        let json = Value::Object(texts.collect::<Map<_, _>>()).to_string();
        if json.len() > MAX_METADATA {
            return "{}".to_owned();
        }
        json
    }

    pub(super) fn missing(self, path: &str) -> Malformed {
        self.malformed(path, "is missing")
    }

    pub(super) fn malformed(self, path: &str, problem: &str) -> Malformed {
        Malformed::new(format!("{}.{path} {problem}", self.name))
    }
}

/// Without NUL, which is legal in JSON and can't be stored.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "")
}

fn word(value: &Value) -> Option<String> {
    let word = value.as_str()?;
    let fits = (1..=MAX_EXTERNAL_ID).contains(&word.len()) && !word.contains('\0');
    fits.then(|| word.to_owned())
}
