//! Paging, the same for every list of `/api/v1`: by `page` and `pageSize`, by `page` or `offset` and
//! `limit`, or by `cursor` and `limit`. Short lists are cut out of what is all there; a list that grows
//! long has cursors of its own, which name the last row that was seen.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use utoipa::{
    IntoParams,
    openapi::{
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};

use crate::{input::Query, problem::Problem};

/// Rows of a page when none are asked for.
const DEFAULT_SIZE: i64 = 20;
/// The largest page.
const MAX_SIZE: i64 = 100;
/// What every cursor says before its number: anything else is no cursor of ours.
const CURSOR_MARK: &str = "row:";

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    start: i64,
    size: i64,
}

impl Page {
    /// Takes the paging parameters out of a query; the first page when there are none.
    pub(super) fn take(query: &mut Query) -> Result<Self, Problem> {
        Ok(Self::asked(query)?.unwrap_or(Self {
            start: 0,
            size: DEFAULT_SIZE,
        }))
    }

    /// Takes the paging parameters out of a query; `None` when there are none.
    ///
    /// `limit` wins over `pageSize`, `cursor` over `offset`, `offset` over `page`.
    pub(super) fn asked(query: &mut Query) -> Result<Option<Self>, Problem> {
        let limit = number(query, "limit", 1, MAX_SIZE)?;
        let page_size = number(query, "pageSize", 1, MAX_SIZE)?;
        let page = number(query, "page", 1, i64::MAX)?;
        let offset = number(query, "offset", 0, i64::MAX)?;
        let cursor = query.take("cursor").map(|text| open(&text)).transpose()?;
        if limit.or(page_size).or(page).or(offset).or(cursor).is_none() {
            return Ok(None);
        }
        let size = limit.or(page_size).unwrap_or(DEFAULT_SIZE);
        let by_page = (page.unwrap_or(1) - 1).saturating_mul(size);
        Ok(Some(Self {
            start: cursor.or(offset).unwrap_or(by_page),
            size,
        }))
    }

    /// A page that holds a whole list of `rows` rows.
    pub(super) fn holding(rows: usize) -> Self {
        Self {
            start: 0,
            size: count(rows).max(1),
        }
    }

    /// The page of that size before which so many rows come.
    pub(super) fn from(self, start: i64) -> Self {
        Self { start, ..self }
    }

    /// How many rows of the list come before it.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// How many rows it has room for.
    pub(super) fn size(&self) -> i64 {
        self.size
    }

    /// The same for lists that count in small numbers.
    pub(super) fn take_size(&self) -> u16 {
        u16::try_from(self.size).unwrap_or(u16::MAX)
    }

    /// The number of the page, from 1 on; where an offset falls between two, the earlier.
    pub(super) fn number(&self) -> i64 {
        (self.start / self.size).saturating_add(1)
    }

    /// How many rows of the list come before its end when it holds `rows`.
    pub(super) fn end(&self, rows: usize) -> i64 {
        self.start.saturating_add(count(rows))
    }

    /// Cuts it out of a list that is all there: how many rows the list has, and the page's.
    pub(super) fn cut<T>(&self, rows: Vec<T>) -> (i64, Vec<T>) {
        let total = count(rows.len());
        let (start, size) = (places(self.start), places(self.size));
        (total, rows.into_iter().skip(start).take(size).collect())
    }
}

/// For the document.
impl IntoParams for Page {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let whole = |least: i64, most: Option<i64>| {
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(least))
                .maximum(most)
        };
        let size = || whole(1, Some(MAX_SIZE));
        let text = ObjectBuilder::new().schema_type(Type::String);
        let parameter = |name, schema: ObjectBuilder, text| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .schema(Some(schema))
                .description(Some(text))
                .build()
        };
        vec![
            parameter("page", whole(1, None), "Which page, from 1 on."),
            parameter("pageSize", size(), "Rows of a page; 20 when left out."),
            parameter(
                "limit",
                size(),
                "Another name of `pageSize`, which it wins over.",
            ),
            parameter(
                "offset",
                whole(0, None),
                "How many rows to pass over; wins over `page`.",
            ),
            parameter(
                "cursor",
                text,
                "The `nextCursor` of the page before; wins over `offset`.",
            ),
        ]
    }
}

/// The cursor of the row that `start` others come before.
pub(super) fn cursor(start: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{CURSOR_MARK}{start}"))
}

fn open(text: &str) -> Result<i64, Problem> {
    let read = |text: &str| {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let start = plain.strip_prefix(CURSOR_MARK)?.parse::<i64>().ok()?;
        Some(start).filter(|start| *start >= 0)
    };
    read(text).ok_or_else(not_ours)
}

/// The refusal of a cursor.
pub(super) fn not_ours() -> Problem {
    let message = "this cursor is not one of this list's: start without a cursor";
    Problem::bad_request("invalid_cursor", message)
}

fn number(query: &mut Query, name: &str, least: i64, most: i64) -> Result<Option<i64>, Problem> {
    let needs = match most {
        i64::MAX => format!("a whole number from {least} on"),
        most => format!("a whole number from {least} to {most}"),
    };
    let fits = |number: &i64| (least..=most).contains(number);
    query.parsed(name, &needs, |text| text.parse().ok().filter(fits))
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn places(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Option<(i64, i64)> {
        let mut query = Query::read(query).expect("a query");
        let page = Page::take(&mut query).ok()?;
        query.done().expect("nothing is left");
        Some((page.start, page.size))
    }

    #[test]
    fn every_way_to_page_is_read() {
        let third = cursor(60);
        let by_cursor = format!("cursor={third}&limit=30");
        for (query, wanted) in [
            ("", (0, 20)),
            ("page=3", (40, 20)),
            ("page=3&pageSize=10", (20, 10)),
            ("page=2&limit=100", (100, 100)),
            ("offset=7&limit=5", (7, 5)),
            ("offset=7&page=4&limit=5", (7, 5)),
            (by_cursor.as_str(), (60, 30)),
        ] {
            assert_eq!(asked(query), Some(wanted), "{query}");
        }
    }

    #[test]
    fn sizes_and_places_outside_are_refused() {
        for query in [
            "limit=0",
            "limit=101",
            "limit=ten",
            "pageSize=0",
            "pageSize=101",
            "page=0",
            "offset=-1",
            "limit=",
            "page=",
            "cursor=",
            "cursor=nonsense",
            "cursor=cm93Oi0x",
        ] {
            assert_eq!(asked(query), None, "{query}");
        }
    }

    #[test]
    fn a_page_knows_its_number_and_where_the_list_goes_on() {
        let page = Page {
            start: 45,
            size: 20,
        };
        assert_eq!((page.number(), page.end(20)), (3, 65));
        assert_eq!(page.cut((0..50).collect()), (50, vec![45, 46, 47, 48, 49]));
        let beyond = Page {
            start: i64::MAX,
            size: 20,
        };
        assert_eq!(beyond.cut(vec![1, 2, 3]), (3, Vec::new()));
    }
}
