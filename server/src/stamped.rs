//! Signatures with a time stamp: `t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + body)>[,v1=...]`, and
//! those that only differ in punctuation.
//!
//! Owns the check. Who signs, under which header, and what a person should do about a flaw is known to
//! the callers. A secret being rolled makes several signatures, and there may be several secrets: any of one
//! against any of the other will do.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// How far the time stamp may be from this server's clock, both ways, in seconds.
pub(crate) const TOLERANCE: u64 = 300;

/// How a header is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme {
    /// Between two parts of the header.
    between: char,
    /// The name of the time stamp.
    pub(crate) time: &'static str,
    /// The name of a signature.
    pub(crate) signature: &'static str,
    /// Between time stamp and body in what is signed.
    joint: &'static [u8],
}

impl Scheme {
    /// Stripe's, and that of our own server-to-server calls.
    pub(crate) const STRIPE: Self = Self {
        between: ',',
        time: "t",
        signature: "v1",
        joint: b".",
    };
    /// Paddle's.
    pub(crate) const PADDLE: Self = Self {
        between: ';',
        time: "ts",
        signature: "h1",
        joint: b":",
    };
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// No time stamp, or none that is a number.
    NoTimestamp,
    /// No signature in hexadecimal.
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
    scheme: Scheme,
    header: &str,
    body: &[u8],
    secrets: &[impl AsRef<str>],
    now: DateTime<Utc>,
) -> Result<(), Flaw> {
    let header = Header::parse(scheme, header)?;
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
    scheme: Scheme,
    /// As it stands in the header, because that is what was signed.
    timestamp: &'a str,
    unix: i64,
    signatures: Vec<Vec<u8>>,
}

impl<'a> Header<'a> {
    fn parse(scheme: Scheme, text: &'a str) -> Result<Self, Flaw> {
        let pairs = || {
            text.split(scheme.between)
                .filter_map(|part| part.trim().split_once('='))
        };
        let timestamp = pairs()
            .find(|(name, _)| *name == scheme.time)
            .map(|(_, t)| t);
        let timestamp = timestamp.ok_or(Flaw::NoTimestamp)?;
        let unix = timestamp.parse().map_err(|_| Flaw::NoTimestamp)?;
        let signatures: Vec<Vec<u8>> = pairs()
            .filter(|(name, _)| *name == scheme.signature)
            .filter_map(|(_, signature)| hex::decode(signature).ok())
            .collect();
        if signatures.is_empty() {
            return Err(Flaw::NoSignature);
        }
        Ok(Self {
            scheme,
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
        mac.update(self.scheme.joint);
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
