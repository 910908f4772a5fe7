//! Signatures, written a second time: HMAC from its definition (RFC 2104).

use sha1::Sha1;
use sha2::{Digest, Sha256};

const BLOCK: usize = 64;

/// HMAC-SHA256 in hexadecimal.
pub(crate) fn hmac_sha256(secret: &[u8], message: &[u8]) -> String {
    hmac::<Sha256>(secret, message)
}

/// HMAC with a hash of blocks of 64 bytes, in hexadecimal.
fn hmac<H: Digest>(secret: &[u8], message: &[u8]) -> String {
    let mut key = [0; BLOCK];
    if secret.len() > BLOCK {
        let short = H::digest(secret);
        key[..short.len()].copy_from_slice(&short);
    } else {
        key[..secret.len()].copy_from_slice(secret);
    }
    let padded = |byte: u8| key.map(|own| own ^ byte);
    let inner = H::digest([&padded(0x36)[..], message].concat());
    hex::encode(H::digest([&padded(0x5c)[..], &inner[..]].concat()))
}

/// `public_key|hex`: what Braintree signs payloads and answers challenges with.
pub(crate) fn braintree_signature(public: &str, private: &str, message: &str) -> String {
    let key = Sha1::digest(private);
    format!("{public}|{}", hmac::<Sha1>(&key, message.as_bytes()))
}

/// `t=<unix>,v1=<hex>`: what Stripe sends in `Stripe-Signature`, and S2S callers in `X-Tributary-Signature`.
pub(crate) fn signature(secret: &str, time: i64, body: &[u8]) -> String {
    format!("t={time},v1={}", mac(secret, time, body))
}

/// The signature of a server-to-server call, made now.
pub(crate) fn s2s_signature(secret: &str, body: &[u8]) -> String {
    signature(secret, super::now(), body)
}

fn mac(secret: &str, time: i64, body: &[u8]) -> String {
    hmac_sha256(
        secret.as_bytes(),
        &[format!("{time}.").as_bytes(), body].concat(),
    )
}

#[test]
fn the_second_implementation_agrees_with_rfc_4231() {
    let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(
        mac,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn the_second_implementation_agrees_with_braintrees_own_test() {
    let challenge = "20f9f8ed05f77439fe955c977e4c8a53";
    let answer = braintree_signature(
        "integration_public_key",
        "integration_private_key",
        challenge,
    );
    let expected = "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4";
    assert_eq!(answer, expected);
}
