//! What connections keep secret: which processor needs what, and how it is sealed.

use domain::connection::{MAX_SIGNING_SECRETS, Processor};
use serde::{Deserialize, Serialize};

use super::{ConnectionChange, ConnectionError};
use crate::{Store, StoreError};

const PURPOSE: &str = "connection";

/// What a connection keeps secret. Sealed in the database, never shown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Any of them may have signed an event; several while one is rolled.
    pub signing: Vec<String>,
    /// For looking things up at the processor.
    pub api_key: Option<String>,
    /// What Braintree signs with, and is asked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub braintree: Option<BraintreeKeys>,
}

impl Secrets {
    /// How many an event may have been signed with.
    pub(super) fn count(&self) -> usize {
        let pairs = self.braintree.as_ref().map_or(0, |keys| keys.pairs.len());
        self.signing.len() + pairs
    }

    /// Can the processor be asked with it?
    pub(crate) fn can_ask(&self) -> bool {
        self.api_key.is_some() || self.braintree.is_some()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} signing)", self.count())
    }
}

/// The keys of a Braintree account. Whether it is the sandbox's is its connection's mode.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BraintreeKeys {
    /// Which merchant its API is asked for.
    pub merchant_id: String,
    /// Any of them may have signed a notification; newest first.
    pub pairs: Vec<KeyPair>,
}

/// A key pair of Braintree.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Stands beside the signatures made with the private one.
    pub public: String,
    /// A full credential of the API.
    pub private: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({})", self.public)
    }
}

/// A blank secret would sign anything.
fn is_secret(text: &str) -> bool {
    (8..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Trims; refuses blank, short, long and unprintable secrets.
fn check_signing(secrets: &[String]) -> Result<Vec<String>, ConnectionError> {
    let secrets: Vec<String> = secrets
        .iter()
        .map(|secret| secret.trim().to_owned())
        .collect();
    let fine = secrets.iter().all(|secret| is_secret(secret));
    if secrets.is_empty() || secrets.len() > MAX_SIGNING_SECRETS || !fine {
        return Err(ConnectionError::BadSecret);
    }
    Ok(secrets)
}

/// The same for key pairs.
fn check_keys(keys: BraintreeKeys) -> Result<BraintreeKeys, ConnectionError> {
    let trimmed = |pair: KeyPair| KeyPair {
        public: pair.public.trim().to_owned(),
        private: pair.private.trim().to_owned(),
    };
    let keys = BraintreeKeys {
        merchant_id: keys.merchant_id.trim().to_owned(),
        pairs: keys.pairs.into_iter().map(trimmed).collect(),
    };
    let is_pair = |pair: &KeyPair| is_secret(&pair.public) && is_secret(&pair.private);
    let is_many = keys.pairs.is_empty() || keys.pairs.len() > MAX_SIGNING_SECRETS;
    if is_many || !keys.pairs.iter().all(is_pair) {
        return Err(ConnectionError::BadKeys);
    }
    if !is_secret(&keys.merchant_id) {
        return Err(ConnectionError::BadMerchant);
    }
    Ok(keys)
}

/// What this processor needs, and nothing else.
pub(super) fn check(processor: Processor, secrets: Secrets) -> Result<Secrets, ConnectionError> {
    let Secrets {
        signing,
        api_key,
        braintree,
    } = secrets;
    match (processor, braintree, api_key) {
        (Processor::Braintree, Some(keys), None) if signing.is_empty() => Ok(Secrets {
            braintree: Some(check_keys(keys)?),
            ..Secrets::default()
        }),
        (Processor::Braintree, None, None) => Err(ConnectionError::BadKeys),
        (Processor::Stripe, None, api_key) => Ok(Secrets {
            signing: check_signing(&signing)?,
            api_key,
            braintree: None,
        }),
        (Processor::Paddle, None, None) => Ok(Secrets {
            signing: check_signing(&signing)?,
            ..Secrets::default()
        }),
        (other, ..) => Err(ConnectionError::Foreign(other)),
    }
}

impl ConnectionChange {
    /// The secrets after the change.
    pub(super) fn secrets(
        self,
        processor: Processor,
        before: Secrets,
    ) -> Result<Secrets, ConnectionError> {
        let mut after = before;
        after.api_key = self.api_key.or(after.api_key);
        after.signing = self.signing.unwrap_or(after.signing);
        if let Some(further) = self.further_secret {
            after
                .signing
                .retain(|one| !self.drops_others && *one != further);
            after.signing.insert(0, further);
            after.signing.truncate(MAX_SIGNING_SECRETS);
        }
        let keys = (self.key_pairs, self.further_pair, self.merchant_id);
        if let (None, None, None) = keys {
            return check(processor, after);
        }
        let known = after.braintree.as_mut();
        let held = known.ok_or(ConnectionError::Foreign(processor))?;
        let (pairs, further, merchant_id) = keys;
        held.merchant_id = merchant_id.unwrap_or_else(|| held.merchant_id.clone());
        held.pairs = pairs.unwrap_or_else(|| held.pairs.clone());
        if let Some(further) = further {
            let stays = |pair: &KeyPair| !self.drops_others && pair.public != further.public;
            held.pairs.retain(stays);
            held.pairs.insert(0, further);
            held.pairs.truncate(MAX_SIGNING_SECRETS);
        }
        check(processor, after)
    }
}

impl Store {
    pub(super) fn seal_secrets(&self, secrets: &Secrets) -> Result<Vec<u8>, StoreError> {
        let text = serde_json::to_vec(secrets).map_err(|_| StoreError::Sealed)?;
        self.vault.seal(&self.random, PURPOSE, &text)
    }

    pub(super) fn open_secrets(&self, sealed: &[u8]) -> Result<Secrets, StoreError> {
        let text = self.vault.open(PURPOSE, sealed)?;
        serde_json::from_slice(&text).map_err(|_| StoreError::Sealed)
    }
}
