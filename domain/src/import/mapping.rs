//! Which column holds what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Field, ImportKind, LineError, MAX_CELL, Platform};

/// The names of the columns, by what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(BTreeMap<Field, String>);

/// Why a file can't be read by a mapping.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAMapping {
    /// The file has no column of that name.
    #[error("the file has no column {0:?}: name one of its columns")]
    NoColumn(String),
    /// This kind of import has no such field.
    #[error("{} is nothing that is imported here", .0.as_str())]
    NoField(Field),
    /// Something is missing without which no row can be read.
    #[error("{0}")]
    Missing(&'static str),
}

impl Mapping {
    /// Sets the column that holds something; an empty name takes it out.
    pub fn set(&mut self, field: Field, column: &str) {
        if column.is_empty() {
            self.0.remove(&field);
        } else {
            self.0.insert(field, column.to_owned());
        }
    }

    /// The column that holds something.
    pub fn column(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// What of a file's columns a platform's names tell, and for the rest what columns are commonly called.
    pub fn guess(kind: ImportKind, platform: Platform, header: &[String]) -> Self {
        let mut mapping = Self::default();
        let mut taken: Vec<&String> = Vec::new();
        for names in [platform.names(kind), Platform::Other.names(kind)] {
            for (field, spellings) in names {
                let is_known = mapping.0.contains_key(field) || mapping.has_twin(*field);
                let found = spellings.iter().find_map(|spelling| {
                    let mut free = header.iter().filter(|name| !taken.contains(name));
                    free.find(|name| plain(name) == *spelling)
                });
                if let (false, Some(name)) = (is_known, found) {
                    taken.push(name);
                    mapping.set(*field, name);
                }
            }
        }
        mapping
    }

    /// Is the same amount told in the other unit?
    fn has_twin(&self, field: Field) -> bool {
        let twin = match field {
            Field::Amount => Field::AmountMinor,
            Field::AmountMinor => Field::Amount,
            Field::Commission => Field::CommissionMinor,
            Field::CommissionMinor => Field::Commission,
            Field::Refunded => Field::RefundedMinor,
            Field::RefundedMinor => Field::Refunded,
            _ => return false,
        };
        self.0.contains_key(&twin)
    }

    /// What no row can be read without, in words; nothing when it is all there.
    pub fn missing(&self, kind: ImportKind) -> Vec<&'static str> {
        let has = |field| self.0.contains_key(&field);
        let mut missing = Vec::new();
        let mut need = |is_there: bool, words| {
            if !is_there {
                missing.push(words);
            }
        };
        match kind {
            ImportKind::Affiliates => {
                need(has(Field::Email), "the column with the affiliate's e-mail");
            }
            ImportKind::Sales => {
                need(
                    has(Field::ExternalEventId),
                    "the column with the id of the sale, which keeps it from being counted twice",
                );
                need(
                    has(Field::AffiliateSlug) || has(Field::AffiliateEmail),
                    "the column with the affiliate's referral code or e-mail",
                );
                need(
                    has(Field::Amount) || has(Field::AmountMinor),
                    "the column with the amount",
                );
                need(
                    has(Field::OccurredAt),
                    "the column with the date of the sale",
                );
            }
        }
        missing
    }

    /// Where in a row of a file with this header everything stands.
    ///
    /// # Errors
    /// [`NotAMapping`] for columns that are not there and for what is missing.
    pub fn columns(&self, kind: ImportKind, header: &[String]) -> Result<Columns, NotAMapping> {
        let mut places = BTreeMap::new();
        for (field, name) in &self.0 {
            if !Field::of(kind).contains(field) {
                return Err(NotAMapping::NoField(*field));
            }
            let place = header.iter().position(|column| column == name);
            let place = place.ok_or_else(|| NotAMapping::NoColumn(name.clone()))?;
            places.insert(*field, (place, name.clone()));
        }
        match self.missing(kind).first() {
            Some(words) => Err(NotAMapping::Missing(words)),
            None => Ok(Columns(places)),
        }
    }
}

/// Where in a row everything stands.
#[derive(Clone, Debug)]
pub struct Columns(BTreeMap<Field, (usize, String)>);

impl Columns {
    /// The text of a cell without blanks around it; `None` when it is empty or has no column.
    ///
    /// # Errors
    /// A [`LineError`] when it is too long.
    pub(super) fn text<'a, C: AsRef<str>>(
        &self,
        cells: &'a [C],
        field: Field,
    ) -> Result<Option<&'a str>, LineError> {
        let Some((place, _)) = self.0.get(&field) else {
            return Ok(None);
        };
        let text = cells.get(*place).map_or("", |cell| cell.as_ref().trim());
        if text.len() > MAX_CELL {
            return Err(self.error(field, format!("longer than {MAX_CELL} bytes: shorten it")));
        }
        Ok((!text.is_empty()).then_some(text))
    }

    /// The same, read by `read`, whose error is told with the column.
    pub(super) fn read<C: AsRef<str>, T, E: std::fmt::Display>(
        &self,
        cells: &[C],
        field: Field,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, LineError> {
        let Some(text) = self.text(cells, field)? else {
            return Ok(None);
        };
        let told = |error| self.error(field, format!("{:?}: {error}", short(text)));
        read(text).map(Some).map_err(told)
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.0.contains_key(&field)
    }

    /// An error about a column, as the file calls it.
    pub fn error(&self, field: Field, message: impl Into<String>) -> LineError {
        let column = self.0.get(&field);
        LineError {
            column: column.map_or_else(|| field.label().to_owned(), |(_, name)| name.clone()),
            message: message.into(),
        }
    }
}

/// As much of a cell as fits a message.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A column's name without case and everything but letters and digits: `Affiliate E-mail`, `affiliate_email`
/// and `affiliate.email` are one.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
