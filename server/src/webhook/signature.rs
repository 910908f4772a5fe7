//! Did a processor send these bytes? For those that sign with a secret and a time stamp in a header.
//!
//! Owns the words that help a person to repair it. It must not know what is in the body.

use std::fmt;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

use crate::stamped::{self, Flaw, Scheme, TOLERANCE};

/// How a processor signs, and what its signing secret is called.
#[derive(Debug)]
pub(super) struct Signed {
    /// The header's name as the processor writes it.
    pub(super) header: &'static str,
    /// How it is written.
    pub(super) scheme: Scheme,
    /// What to copy from where: "the endpoint's signing secret (whsec_...) from Stripe".
    pub(super) secret: &'static str,
}

/// Why a request is not taken for the processor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureFlaw {
    /// No header.
    NoHeader,
    /// A header without a time stamp.
    NoTimestamp,
    /// A header without a signature.
    NoSignature,
    /// Nothing to check with.
    NoSecret,
    /// Signed with none of so many secrets, or not these bytes.
    NoMatch(usize),
    /// Signed so many seconds ago: a replay, or a clock that is wrong.
    TooOld(u64),
    /// Signed so many seconds in the future: a clock that is wrong.
    TooNew(u64),
}

impl Signed {
    /// Accepts `body` when a header signs it with one of `secrets`, at most 300 s before or after `now`;
    /// else says why not. Secrets are used whole, prefixes included; blank ones never match.
    pub(super) fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[String],
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let header = headers.get(self.header);
        let header = header.and_then(|value| value.to_str().ok());
        let verified = self.check(header, body, secrets, now);
        verified.map_err(|flaw| Words(self, flaw).to_string())
    }

    pub(super) fn check(
        &self,
        header: Option<&str>,
        body: &[u8],
        secrets: &[String],
        now: DateTime<Utc>,
    ) -> Result<(), SignatureFlaw> {
        let header = header.ok_or(SignatureFlaw::NoHeader)?;
        let secrets: Vec<&String> = secrets.iter().filter(|s| !s.trim().is_empty()).collect();
        if secrets.is_empty() {
            return Err(SignatureFlaw::NoSecret);
        }
        stamped::verify(self.scheme, header, body, &secrets, now).map_err(|flaw| match flaw {
            Flaw::NoTimestamp => SignatureFlaw::NoTimestamp,
            Flaw::NoSignature => SignatureFlaw::NoSignature,
            Flaw::NoMatch => SignatureFlaw::NoMatch(secrets.len()),
            Flaw::TooOld(seconds) => SignatureFlaw::TooOld(seconds),
            Flaw::TooNew(seconds) => SignatureFlaw::TooNew(seconds),
        })
    }
}

/// A flaw in words.
pub(super) struct Words<'a>(pub(super) &'a Signed, pub(super) SignatureFlaw);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(signed, flaw) = self;
        let (header, secret) = (signed.header, signed.secret);
        let (time, signature) = (signed.scheme.time, signed.scheme.signature);
        match flaw {
            SignatureFlaw::NoHeader => write!(f, "no {header} header"),
            SignatureFlaw::NoTimestamp => {
                write!(f, "the {header} header has no time stamp ({time}=...)")
            }
            SignatureFlaw::NoSignature => {
                write!(f, "the {header} header has no {signature} signature")
            }
            SignatureFlaw::NoSecret => write!(f, "no signing secret is set: copy {secret}"),
            SignatureFlaw::NoMatch(1) => write!(
                f,
                "the signature does not match the one secret that is set: copy {secret} again"
            ),
            SignatureFlaw::NoMatch(many) => write!(
                f,
                "the signature matches none of {many} secrets: copy {secret} again"
            ),
            SignatureFlaw::TooOld(seconds) => off(f, *seconds, "old"),
            SignatureFlaw::TooNew(seconds) => off(f, *seconds, "ahead"),
        }
    }
}

fn off(f: &mut fmt::Formatter<'_>, seconds: u64, way: &str) -> fmt::Result {
    write!(
        f,
        "the time stamp is {seconds} s {way}; at most {TOLERANCE} s are accepted: check this server's clock"
    )
}
