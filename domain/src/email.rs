//! E-mail addresses, as far as a ledger needs them: to recognise a payer, and to sign a person in.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An address, trimmed and in lower case: two spellings of one address are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an e-mail address such as ann@example.com is needed (at most 254 characters)")]
pub struct NotAnEmail;

impl Email {
    /// Trims, lowers, and asks for one `@` with something on both sides and no blank or control
    /// character. Whether the mailbox exists only a mail can tell.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let address = text.trim().to_lowercase();
        let (local, host) = address.rsplit_once('@').ok_or(NotAnEmail)?;
        let clean = |c: char| !c.is_whitespace() && !c.is_control();
        let fits = !local.is_empty() && host.len() >= 3 && host.contains('.');
        if !fits || address.len() > 254 || local.contains('@') || !address.chars().all(clean) {
            return Err(NotAnEmail);
        }
        Ok(Self(address))
    }

    /// The address in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = NotAnEmail;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_equal() {
        assert_eq!(
            Email::parse(" Ann@Example.COM "),
            Email::parse("ann@example.com")
        );
        for text in [
            "",
            "ann",
            "@x.com",
            "a@b",
            "a b@x.com",
            "a@b@x.com",
            "a@x.com\n.evil",
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }
}
