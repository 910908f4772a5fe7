//! Did Stripe send these bytes? `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>...]`.
//!
//! Owns the words that help a person to repair it. It must not know what is in the body.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::stamped::{self, Flaw, TOLERANCE};

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
    let header = header.ok_or(SignatureError::NoHeader)?;
    let secrets: Vec<&String> = secrets.iter().filter(|s| !s.trim().is_empty()).collect();
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    stamped::verify(header, body, &secrets, now).map_err(|flaw| match flaw {
        Flaw::NoTimestamp => SignatureError::NoTimestamp,
        Flaw::NoSignature => SignatureError::NoSignature,
        Flaw::NoMatch => SignatureError::NoMatch(secrets.len()),
        Flaw::TooOld(seconds) => SignatureError::TooOld(seconds),
        Flaw::TooNew(seconds) => SignatureError::TooNew(seconds),
    })
}
