//! Did Braintree send this? A form signed with a key pair that the merchant shares with us.
//!
//! Owns the words that help a person to repair it. It must not know what is in the document. No time is
//! signed, so an old form can be sent again by whoever saw it: it is known by then.

use hmac::{Hmac, Mac};
use sha1::{Digest, Sha1};
use store::connection::{BraintreeKeys, KeyPair};
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;
use url::form_urlencoded;

use super::{amount::short, form};

/// Why a form is not taken for Braintree's.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum Flaw {
    #[error("the body is no form with bt_signature and bt_payload")]
    NotAForm,
    #[error("the form has no {0}")]
    Missing(&'static str),
    #[error(
        "bt_payload has characters that are not base64: plus signs and line breaks must be percent-encoded"
    )]
    NotBase64,
    #[error("bt_signature names no public key: public_key|signature is needed")]
    NotSigned,
    #[error("no key pair is set: copy the public and the private key from Braintree")]
    NoKeys,
    #[error(
        "signed with public key {0}, which is not one of this connection's: add that key pair to it"
    )]
    Foreign(String),
    #[error("the signature does not match the private key of {0}: copy it from Braintree again")]
    NoMatch(String),
    #[error(
        "the signature matches none of {0} key pairs: copy the private keys from Braintree again"
    )]
    NoneMatch(usize),
}

/// Accepts a form that is signed with one of these key pairs; else says why not.
pub(super) fn verify(body: &[u8], keys: Option<&BraintreeKeys>) -> Result<(), String> {
    check(body, keys).map_err(|flaw| flaw.to_string())
}

pub(super) fn check(body: &[u8], keys: Option<&BraintreeKeys>) -> Result<(), Flaw> {
    if form::is_document(body) {
        return Err(Flaw::NotAForm);
    }
    let needed = |name| form::field(body, name).ok_or(Flaw::Missing(name));
    let (signed, payload) = (needed("bt_signature")?, needed("bt_payload")?);
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\n".contains(&byte);
    if !payload.bytes().all(is_base64) {
        return Err(Flaw::NotBase64);
    }
    let pairs = keys.map_or(&[][..], |keys| &keys.pairs);
    if pairs.is_empty() {
        return Err(Flaw::NoKeys);
    }
    let signatures = Signatures::of(&signed);
    let named = |pair: &&KeyPair| {
        signatures
            .0
            .iter()
            .any(|(public, _)| *public == pair.public)
    };
    let named: Vec<&KeyPair> = pairs.iter().filter(named).collect();
    // All are compared, whatever the first of them comes to.
    let matches = named.iter().fold(Choice::from(0), |matches, pair| {
        matches | signatures.match_one_of(pair, &payload)
    });
    match (&named[..], bool::from(matches)) {
        (_, true) => Ok(()),
        ([], _) => Err(signatures.foreign()),
        ([pair], _) => Err(Flaw::NoMatch(pair.public.clone())),
        (many, _) => Err(Flaw::NoneMatch(many.len())),
    }
}

/// `public_key|signature` with `&` between them: one for every key pair that is active at Braintree.
struct Signatures<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Signatures<'a> {
    fn of(text: &'a str) -> Self {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('|'));
        Self(pairs.collect())
    }

    /// Some frameworks take the line break at the end away.
    fn match_one_of(&self, pair: &KeyPair, payload: &str) -> Choice {
        let as_is = sign(pair, &[payload.as_bytes()]);
        let with_break = sign(pair, &[payload.as_bytes(), b"\n"]);
        let given = self.0.iter().filter(|(public, _)| *public == pair.public);
        given.fold(Choice::from(0), |matches, (_, given)| {
            let given = given.to_ascii_lowercase();
            let equals = |own: &str| own.as_bytes().ct_eq(given.as_bytes());
            matches | equals(&as_is) | equals(&with_break)
        })
    }

    fn foreign(&self) -> Flaw {
        match &self.0[..] {
            [] => Flaw::NotSigned,
            [(public, _), ..] => Flaw::Foreign(short(public)),
        }
    }
}

/// Answers `?bt_challenge=...`, which Braintree asks before it takes an address; `None`: it does not.
pub(super) fn prove(query: &str, keys: &BraintreeKeys) -> Option<String> {
    let mut asked = form_urlencoded::parse(query.as_bytes());
    let (_, challenge) = asked.find(|(name, _)| name == "bt_challenge")?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !(20..=32).contains(&challenge.len()) || !challenge.bytes().all(is_hex) {
        return None;
    }
    let pair = keys.pairs.first()?;
    let signature = sign(pair, &[challenge.as_bytes()]);
    Some(format!("{}|{signature}", pair.public))
}

/// HMAC-SHA1, in hexadecimal, with the SHA-1 of the private key as key.
fn sign(pair: &KeyPair, message: &[&[u8]]) -> String {
    let key = Sha1::digest(&pair.private);
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&key) else {
        return String::new();
    };
    for part in message {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}
