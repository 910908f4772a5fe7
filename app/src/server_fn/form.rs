//! What forms hold: text as it was typed, read into domain types by the server.

/// Defines the fields of a form, all text as typed. `kept` gives them back for a page that is loaded
/// again, secrets excepted.
macro_rules! form {
    ($(#[$doc:meta])* $name:ident { $($field:ident),+ $(,)? } $(secret { $($secret:ident),+ })?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $(#[serde(default)] pub $field: String,)+
            $($(#[serde(default)] pub $secret: String,)+)?
        }

        impl $name {
            /// What was typed.
            #[cfg(feature = "ssr")]
            pub(crate) fn kept(&self) -> Vec<(String, String)> {
                vec![$((stringify!($field).to_owned(), self.$field.clone())),+]
            }
        }
    };
}

pub(crate) use form;

#[cfg(feature = "ssr")]
pub(crate) use reading::{end_of, end_of_day, field, number, optional};

#[cfg(feature = "ssr")]
mod reading {
    use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

    use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

    use crate::{error::AppError, query::parse_day, text};

    /// The parsed value, or what is wrong with the field.
    pub(crate) fn field<T, E: Display>(name: &str, parsed: Result<T, E>) -> Result<T, AppError> {
        parsed.map_err(|error| AppError::invalid(name, error))
    }

    /// A whole number inside a range.
    pub(crate) fn number<T: FromStr + PartialOrd + Display>(
        name: &str,
        typed: &str,
        range: RangeInclusive<T>,
    ) -> Result<T, AppError> {
        let parsed = typed
            .trim()
            .parse()
            .ok()
            .filter(|number| range.contains(number));
        parsed
            .ok_or_else(|| AppError::invalid(name, text::form::number(range.start(), range.end())))
    }

    /// The parsed value, nothing when nothing was typed, or what is wrong with the field.
    pub(crate) fn optional<T, E: Display>(
        name: &str,
        typed: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, AppError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        field(name, parse(typed)).map(Some)
    }
    /// The end of a day that was typed (UTC).
    pub(crate) fn end_of(typed: &str) -> Result<DateTime<Utc>, &'static str> {
        let end = parse_day(typed).and_then(end_of_day);
        end.ok_or(text::form::NEED_DAY)
    }

    pub(crate) fn end_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
        let next = day.checked_add_days(Days::new(1))?;
        Some(next.and_time(NaiveTime::MIN).and_utc())
    }
}
