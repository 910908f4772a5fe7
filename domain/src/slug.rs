//! The referral code of an affiliate, and the short name of a campaign.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// 3 to 64 of `[a-z0-9-]`. Matched without case: parsing lowers capital letters and trims blanks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Not a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("3 to 64 letters a-z, digits or hyphens are needed")]
pub struct NotASlug;

impl Slug {
    /// Reads a slug in any case, with blanks around it.
    pub fn parse(text: &str) -> Result<Self, NotASlug> {
        let slug = text.trim().to_ascii_lowercase();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(3..=64).contains(&slug.len()) || !slug.bytes().all(allowed) {
            return Err(NotASlug);
        }
        Ok(Self(slug))
    }

    /// A slug made from a name: `Ann & Co` becomes `ann-co`. Short names are filled up.
    pub fn from_name(name: &str) -> Self {
        let mut slug = String::new();
        for letter in name.chars() {
            if letter.is_ascii_alphanumeric() {
                slug.push(letter.to_ascii_lowercase());
            } else if !slug.ends_with('-') && !slug.is_empty() {
                slug.push('-');
            }
            if slug.len() == 48 {
                break;
            }
        }
        let slug = slug.trim_end_matches('-');
        Self(match slug.len() {
            0 => "affiliate".to_owned(),
            1 | 2 => format!("{slug}-aff"),
            _ => slug.to_owned(),
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = NotASlug;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Slug {
    type Error = NotASlug;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_ignore_case_and_blanks() {
        assert_eq!(
            Slug::parse(" Sarah-20 ").map(|s| s.to_string()),
            Ok("sarah-20".into())
        );
        for text in ["ab", "", "a b c", "é-clair", "under_score", &"x".repeat(65)] {
            assert_eq!(Slug::parse(text), Err(NotASlug), "{text}");
        }
    }

    #[test]
    fn a_name_always_gives_a_slug() {
        for name in ["Ann & Co", "", "!!", "Al", "Ünïcode", &"long ".repeat(40)] {
            let slug = Slug::from_name(name);
            assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
        }
    }
}
