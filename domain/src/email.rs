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

    /// The mailbox it leads to, as far as is known without asking: what follows a `+` is a tag, and Gmail
    /// overlooks dots and has two names. Equal mailboxes are one person's; addresses that are not may be, too.
    pub fn mailbox(&self) -> String {
        let (local, host) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let untagged = match local.split_once('+') {
            Some((untagged, _)) if !untagged.is_empty() => untagged,
            _ => local,
        };
        if matches!(host, "gmail.com" | "googlemail.com") {
            return format!("{}@gmail.com", untagged.replace('.', ""));
        }
        format!("{untagged}@{host}")
    }

    /// The part after the `@`.
    pub fn host(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, host)| host)
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
    use proptest::prelude::*;

    use super::*;

    fn mailbox(text: &str) -> String {
        Email::parse(text).expect("an address").mailbox()
    }

    #[test]
    fn tags_and_gmails_dots_lead_to_one_mailbox() {
        let ann = mailbox("ann.lee@gmail.com");
        for text in [
            "AnnLee@gmail.com",
            "a.n.n.l.e.e@googlemail.com",
            "ann.lee+shop@gmail.com",
            "annlee+a+b@googlemail.com",
        ] {
            assert_eq!(mailbox(text), ann, "{text}");
        }
        assert_eq!(mailbox("ann+shop@example.com"), mailbox("ann@example.com"));
        // Elsewhere dots tell people apart, and a tag alone is a name.
        assert_ne!(
            mailbox("ann.lee@example.com"),
            mailbox("annlee@example.com")
        );
        assert_ne!(mailbox("+ann@example.com"), mailbox("+bea@example.com"));
        assert_ne!(mailbox("ann@gmail.com"), mailbox("ann@example.com"));
    }

    proptest! {
        #[test]
        fn however_gmail_is_dotted_and_tagged_the_mailbox_stays(
            name in "[a-z0-9]{1,12}", dots in any::<u16>(), tag in "[a-z0-9.+]{0,8}", other_host in any::<bool>(),
        ) {
            let dotted = name.chars().enumerate().flat_map(|(place, letter)| {
                let is_dotted = place > 0 && dots & (1 << place) != 0;
                is_dotted.then_some('.').into_iter().chain([letter])
            });
            let dotted: String = dotted.collect();
            let host = if other_host { "googlemail.com" } else { "gmail.com" };
            prop_assert_eq!(mailbox(&format!("{dotted}+{tag}@{host}")), format!("{name}@gmail.com"));
        }

        #[test]
        fn a_mailbox_is_an_address_and_its_own_mailbox(local in "[a-z0-9+._-]{1,20}", host in "[a-z]{1,8}\\.(com|de)") {
            let address = Email::parse(&format!("{local}@{host}")).expect("an address");
            let again = Email::parse(&address.mailbox());
            // Dots alone before a tag leave Gmail nothing, which is nobody's address.
            if let Ok(again) = again {
                prop_assert_eq!(again.mailbox(), address.mailbox());
                prop_assert_eq!(again.host(), if host == "googlemail.com" { "gmail.com" } else { address.host() });
            }
        }
    }

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
