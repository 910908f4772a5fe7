//! Free text from outside, cut to what a column and a screen can hold.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Text that does not fit its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("1 to {MAX_NAME} characters without control characters are needed")]
pub struct NotAName;

/// The longest name in characters.
pub const MAX_NAME: usize = 120;

/// The longest reason or note in characters.
pub const MAX_REASON: usize = 500;

/// The longest description in characters.
pub const MAX_DESCRIPTION: usize = 500;

/// The longest id given by a caller or a processor, in bytes (Stripe promises at most 255).
pub const MAX_EXTERNAL_ID: usize = 255;

/// The longest metadata of a sale that is kept, in bytes of JSON.
pub const MAX_METADATA: usize = 4096;

/// A reason that does not fit its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("1 to {MAX_REASON} characters without control characters are needed")]
pub struct NotAReason;

/// Why a person did something, in his words: trimmed, not empty, at most [`MAX_REASON`] characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Reads a reason.
    pub fn parse(text: &str) -> Result<Self, NotAReason> {
        let reason = text.trim();
        let fits = (1..=MAX_REASON).contains(&reason.chars().count());
        if !fits || reason.chars().any(char::is_control) {
            return Err(NotAReason);
        }
        Ok(Self(reason.to_owned()))
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

/// A description that does not fit its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("1 to {MAX_DESCRIPTION} characters without control characters are needed")]
pub struct NotADescription;

/// What something is for, in a person's words and lines: trimmed, not empty, at most [`MAX_DESCRIPTION`] characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

impl Description {
    /// Reads a description.
    pub fn parse(text: &str) -> Result<Self, NotADescription> {
        let text = text.trim().replace("\r\n", "\n");
        let fits = (1..=MAX_DESCRIPTION).contains(&text.chars().count());
        if fits
            && !text
                .chars()
                .any(|letter| letter.is_control() && letter != '\n')
        {
            Ok(Self(text))
        } else {
            Err(NotADescription)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Description {
    type Error = NotADescription;
    fn try_from(text: String) -> Result<Self, NotADescription> {
        Self::parse(&text)
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

/// A name a person gave to something: trimmed, not empty, at most [`MAX_NAME`] characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let name = text.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control)
        {
            return Err(NotAName);
        }
        Ok(Self(name.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_lines() {
        let text = Description::parse(" For friends\r\nof the house ");
        assert_eq!(
            text.map(String::from),
            Ok("For friends\nof the house".into())
        );
        for text in ["", " \n ", "a\0b", &"x".repeat(501)] {
            assert_eq!(Description::parse(text), Err(NotADescription), "{text:?}");
        }
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(
            Name::parse("  Sarah Lind ").map(|n| n.to_string()),
            Ok("Sarah Lind".into())
        );
        for text in ["", "   ", "a\0b", "a\nb", &"x".repeat(121)] {
            assert_eq!(Name::parse(text), Err(NotAName), "{text:?}");
        }
    }
}
