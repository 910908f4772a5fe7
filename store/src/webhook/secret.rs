//! What signs messages to an endpoint: one secret, and the one before it while receivers are given the new one.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Random, Store, StoreError};

const PURPOSE: &str = "webhook";

/// Random bytes of a secret.
const LENGTH: usize = 24;

/// What every secret begins with.
const PREFIX: &str = "whsec_";

/// How many characters of a secret are shown.
const HINT: usize = 4;

/// Sealed in the database, newest first.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    pub(super) current: String,
    pub(super) previous: Option<String>,
}

impl Secrets {
    /// Those that sign now, newest first.
    pub(super) fn signing(
        self,
        overlap_until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Vec<String> {
        let is_overlap = overlap_until.is_some_and(|until| now < until);
        let previous = self.previous.filter(|_| is_overlap);
        std::iter::once(self.current).chain(previous).collect()
    }
}

/// A new secret. It reads the same as base64 of either alphabet, for receivers differ in which they take.
pub(super) fn make(random: &Random) -> String {
    loop {
        let text = STANDARD.encode(random.bytes::<LENGTH>());
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return format!("{PREFIX}{text}");
        }
    }
}

/// The end of a secret, to tell it from others.
pub(super) fn hint(secret: &str) -> String {
    let start = secret.len().saturating_sub(HINT);
    secret.get(start..).unwrap_or_default().to_owned()
}

impl Store {
    pub(super) fn seal_webhook_secrets(&self, secrets: &Secrets) -> Result<Vec<u8>, StoreError> {
        let text = serde_json::to_vec(secrets).map_err(|_| StoreError::Sealed)?;
        self.vault.seal(&self.random, PURPOSE, &text)
    }

    pub(super) fn open_webhook_secrets(&self, sealed: &[u8]) -> Result<Secrets, StoreError> {
        let text = self.vault.open(PURPOSE, sealed)?;
        serde_json::from_slice(&text).map_err(|_| StoreError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE;

    #[test]
    fn a_secret_reads_the_same_in_both_alphabets() {
        let random = Random::seeded(1);
        for _ in 0..50 {
            let secret = make(&random);
            let text = secret.strip_prefix(PREFIX).expect("a prefix");
            let bytes = STANDARD.decode(text).expect("base64");
            assert_eq!(bytes.len(), LENGTH);
            assert_eq!(URL_SAFE.decode(text), Ok(bytes));
            assert!(secret.ends_with(&hint(&secret)) && hint(&secret).len() == HINT);
        }
    }
}
