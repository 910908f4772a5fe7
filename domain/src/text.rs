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
