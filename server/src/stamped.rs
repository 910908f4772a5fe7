//! Signatures with a time stamp: `t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + body)>[,v1=...]`.
//!
//! Owns the check. Who signs, under which header, and what a person should do about a flaw is known to
//! the callers. A secret being rolled makes several `v1`, and there may be several secrets: any of one
//! against any of the other will do.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// How far the time stamp may be from this server's clock, both ways, in seconds.
pub(crate) const TOLERANCE: u64 = 300;

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// No `t`, or none that is a number.
    NoTimestamp,
    /// No `v1` in hexadecimal.
    NoSignature,
    /// Signed with another secret, or not these bytes.
    NoMatch,
    /// Signed so many seconds ago: a replay, or a clock that is wrong.
    TooOld(u64),
    /// Signed so many seconds ahead: a clock that is wrong.
    TooNew(u64),
}

/// Accepts `body` when `header` signs it with one of `secrets`, at most [`TOLERANCE`] before or after
/// `now`.
pub(crate) fn verify(
    header: &str,
    body: &[u8],
    secrets: &[impl AsRef<str>],
    now: DateTime<Utc>,
) -> Result<(), Flaw> {
    let header = Header::parse(header)?;
    // Every pair is compared, so that the time taken does not tell which one came close.
    let matched = secrets.iter().fold(Choice::from(0), |matched, secret| {
        matched | header.is_signed_with(secret.as_ref(), body)
    });
    if !bool::from(matched) {
        return Err(Flaw::NoMatch);
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
    fn parse(text: &'a str) -> Result<Self, Flaw> {
        let pairs = || {
            text.split(',')
                .filter_map(|part| part.trim().split_once('='))
        };
        let timestamp = pairs().find(|(scheme, _)| *scheme == "t").map(|(_, t)| t);
        let timestamp = timestamp.ok_or(Flaw::NoTimestamp)?;
        let unix = timestamp.parse().map_err(|_| Flaw::NoTimestamp)?;
        let signatures: Vec<Vec<u8>> = pairs()
            .filter(|(scheme, _)| *scheme == "v1")
            .filter_map(|(_, signature)| hex::decode(signature).ok())
            .collect();
        if signatures.is_empty() {
            return Err(Flaw::NoSignature);
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

    fn check_time(&self, now: i64) -> Result<(), Flaw> {
        let distance = now.abs_diff(self.unix);
        match distance {
            0..=TOLERANCE => Ok(()),
            _ if self.unix < now => Err(Flaw::TooOld(distance)),
            _ => Err(Flaw::TooNew(distance)),
        }
    }
}
