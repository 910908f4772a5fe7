//! Did Stripe send these bytes? `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>...]`.
//!
//! Owns the check and the words that help a person to repair it. It must not know what is in the body.
//! A secret being rolled makes several `v1`, and a connection may hold several secrets: any of one
//! against any of the other will do.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

/// How far the time stamp may be from this server's clock, both ways, in seconds.
const TOLERANCE: u64 = 300;

/// Why a request is not taken for Stripe's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SignatureError {
    /// No header.
    #[error("no Stripe-Signature header")]
    NoHeader,
    /// A header without `t`.
    #[error("the Stripe-Signature header has no time stamp (t=...)")]
    NoTimestamp,
    /// A header without `v1`.
    #[error("the Stripe-Signature header has no v1 signature")]
    NoSignature,
    /// Nothing to check with.
    #[error("no signing secret is set: copy the endpoint's (whsec_...) from Stripe")]
    NoSecret,
    /// Signed with another secret, or not these bytes.
    #[error(
        "the signature {}: copy the endpoint's signing secret (whsec_...) from Stripe again",
        mismatch(*.0)
    )]
    NoMatch(usize),
    /// Signed too long ago: a replay, or a clock that is wrong.
    #[error(
        "the time stamp is {0} s old; at most {TOLERANCE} s are accepted: check this server's clock"
    )]
    TooOld(u64),
    /// Signed in the future: a clock that is wrong.
    #[error(
        "the time stamp is {0} s ahead; at most {TOLERANCE} s are accepted: check this server's clock"
    )]
    TooNew(u64),
}

fn mismatch(secrets: usize) -> String {
    match secrets {
        1 => "does not match the one secret that is set".to_owned(),
        many => format!("matches none of {many} secrets"),
    }
}

/// Accepts `body` when `header` signs it with one of `secrets`, at most 300 s before or after `now`.
/// Secrets are used whole, `whsec_` included; blank ones never match.
pub(crate) fn verify(
    header: Option<&str>,
    body: &[u8],
    secrets: &[String],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let header = Header::parse(header.ok_or(SignatureError::NoHeader)?)?;
    let secrets: Vec<&String> = secrets.iter().filter(|s| !s.trim().is_empty()).collect();
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    // Every pair is compared, so that the time taken does not tell which one came close.
    let matched = secrets.iter().fold(Choice::from(0), |matched, secret| {
        matched | header.is_signed_with(secret, body)
    });
    if !bool::from(matched) {
        return Err(SignatureError::NoMatch(secrets.len()));
    }
    header.check_time(now.timestamp())
}

struct Header<'a> {
    /// As it stands in the header, because that is what was signed.
    timestamp: &'a str,
    unix: i64,
    signatures: Vec<Vec<u8>>,
}

impl<'a> Header<'a> {
    fn parse(text: &'a str) -> Result<Self, SignatureError> {
        let pairs = || {
            text.split(',')
                .filter_map(|part| part.trim().split_once('='))
        };
        let timestamp = pairs().find(|(scheme, _)| *scheme == "t").map(|(_, t)| t);
        let timestamp = timestamp.ok_or(SignatureError::NoTimestamp)?;
        let unix = timestamp.parse().map_err(|_| SignatureError::NoTimestamp)?;
        let signatures: Vec<Vec<u8>> = pairs()
            .filter(|(scheme, _)| *scheme == "v1")
            .filter_map(|(_, signature)| hex::decode(signature).ok())
            .collect();
        if signatures.is_empty() {
            return Err(SignatureError::NoSignature);
        }
        Ok(Self {
            timestamp,
            unix,
            signatures,
        })
    }

    fn is_signed_with(&self, secret: &str, body: &[u8]) -> Choice {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
            return Choice::from(0);
        };
        mac.update(self.timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        let expected = mac.finalize().into_bytes();
        let signatures = self.signatures.iter();
        signatures.fold(Choice::from(0), |matched, signature| {
            matched | expected.as_slice().ct_eq(signature)
        })
    }

    fn check_time(&self, now: i64) -> Result<(), SignatureError> {
        let distance = now.abs_diff(self.unix);
        match distance {
            0..=TOLERANCE => Ok(()),
            _ if self.unix < now => Err(SignatureError::TooOld(distance)),
            _ => Err(SignatureError::TooNew(distance)),
        }
    }
}
