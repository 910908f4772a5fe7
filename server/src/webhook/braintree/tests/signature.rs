//! Signatures, with the vectors of the official SDK and of a real notification.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use store::connection::{BraintreeKeys, KeyPair};
use url::form_urlencoded::Serializer;

use super::super::signature::{Flaw, check, prove};

fn pair(public: &str, private: &str) -> KeyPair {
    KeyPair {
        public: public.to_owned(),
        private: private.to_owned(),
    }
}

fn keys(pairs: Vec<KeyPair>) -> BraintreeKeys {
    BraintreeKeys {
        merchant_id: "integration_merchant_id".to_owned(),
        pairs,
    }
}

fn integration() -> BraintreeKeys {
    keys(vec![pair(
        "integration_public_key",
        "integration_private_key",
    )])
}

/// A payload that the braintree package 3.40.0 signed for the key pair above.
const PAYLOAD: &str = "PG5vdGlmaWNhdGlvbj48a2luZD5jaGVjazwva2luZD48dGltZXN0YW1wIHR5\ncGU9ImRhdGV0aW1lIj4yMDI2LTExLTIwVDAwOjAwOjAwWjwvdGltZXN0YW1w\nPjxzdWJqZWN0PjxjaGVjayB0eXBlPSJib29sZWFuIj50cnVlPC9jaGVjaz48\nL3N1YmplY3Q+PC9ub3RpZmljYXRpb24+\n";
const SIGNATURE: &str = "4b75c81c768a86d706b9c2e6724351530ca72c53";

fn form(signature: &str, payload: &str) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("bt_signature", signature);
    form.append_pair("bt_payload", payload);
    form.finish()
}

fn checked(signature: &str, payload: &str, keys: &BraintreeKeys) -> Result<(), Flaw> {
    check(form(signature, payload).as_bytes(), Some(keys))
}

fn signed() -> String {
    format!("integration_public_key|{SIGNATURE}")
}

#[test]
fn the_sdks_own_signature_counts() {
    assert_eq!(checked(&signed(), PAYLOAD, &integration()), Ok(()));
    let upper = format!("integration_public_key|{}", SIGNATURE.to_uppercase());
    assert_eq!(checked(&upper, PAYLOAD, &integration()), Ok(()));
    let bare = PAYLOAD.trim_end();
    assert_ne!(bare, PAYLOAD);
    assert_eq!(
        checked(&signed(), bare, &integration()),
        Ok(()),
        "stripped on the way"
    );
    let no_match = Err(Flaw::NoMatch("integration_public_key".to_owned()));
    let (longer, unwrapped) = (format!("{PAYLOAD}\n"), PAYLOAD.replace('\n', ""));
    for payload in [&longer, &unwrapped, &format!("A{PAYLOAD}"), ""] {
        let found = checked(&signed(), payload, &integration());
        assert_eq!(found, no_match, "{payload:?}");
    }
}

#[test]
fn any_of_our_pairs_against_any_of_the_signatures() {
    let real: Value = serde_json::from_str(include_str!(
        "../../../../tests/fixtures/braintree/real__subscription_charged_successfully__form.json"
    ))
    .expect("JSON");
    let field = |name: &str| real[name].as_str().expect("text").to_owned();
    // Two key pairs of others: their private keys are not known.
    let foreign = checked(&field("bt_signature"), &field("bt_payload"), &integration());
    assert_eq!(foreign, Err(Flaw::Foreign("5r59rrxhn89npc9n".to_owned())));
    let theirs = keys(vec![
        pair("htz4dd5m2syd6r7w", "not their key"),
        pair("5r59rrxhn89npc9n", "nor this one"),
    ]);
    let none = checked(&field("bt_signature"), &field("bt_payload"), &theirs);
    assert_eq!(none, Err(Flaw::NoneMatch(2)));
    let among = format!("{}&{}", field("bt_signature"), signed());
    assert_eq!(checked(&among, PAYLOAD, &integration()), Ok(()));
    let rolled = keys(vec![
        pair("new_public_key", "new_private_key"),
        pair("integration_public_key", "integration_private_key"),
    ]);
    assert_eq!(checked(&signed(), PAYLOAD, &rolled), Ok(()));
    // The right signature under another key's name.
    let swapped = format!("new_public_key|{SIGNATURE}");
    assert_eq!(
        checked(&swapped, PAYLOAD, &rolled),
        Err(Flaw::NoMatch("new_public_key".to_owned()))
    );
}

#[test]
fn what_is_not_signed_says_why() {
    let keys = integration();
    let refused = |body: &str| {
        check(body.as_bytes(), Some(&keys))
            .expect_err("refused")
            .to_string()
    };
    for (body, why) in [
        ("", "the form has no bt_signature"),
        ("{\"bt_signature\": 1}", "the form has no bt_signature"),
        ("bt_payload=YQ%3D%3D", "the form has no bt_signature"),
        ("bt_signature=a%7Cb", "the form has no bt_payload"),
        (
            "<notification/>&bt_signature=a%7Cb&bt_payload=YQ",
            "the body is no form with bt_signature and bt_payload",
        ),
        (
            "bt_signature=a%7Cb&bt_payload=%00",
            "bt_payload has characters that are not base64: plus signs and line breaks must be percent-encoded",
        ),
        (
            "bt_signature=a%7Cb&bt_payload=a+b",
            "bt_payload has characters that are not base64: plus signs and line breaks must be percent-encoded",
        ),
        (
            "bt_signature=a%7Cb&bt_payload=a%0D%0A",
            "bt_payload has characters that are not base64: plus signs and line breaks must be percent-encoded",
        ),
        (
            "bt_signature=nobar&bt_payload=YQ%3D%3D",
            "bt_signature names no public key: public_key|signature is needed",
        ),
        (
            "bt_signature=&bt_payload=YQ%3D%3D",
            "bt_signature names no public key: public_key|signature is needed",
        ),
        (
            "bt_signature=other%7Cab&bt_payload=YQ%3D%3D",
            "signed with public key other, which is not one of this connection's: add that key pair to it",
        ),
        (
            "bt_signature=integration_public_key%7Cab&bt_payload=YQ%3D%3D",
            "the signature does not match the private key of integration_public_key: copy it from Braintree again",
        ),
        (
            "bt_signature=integration_public_key%7C&bt_payload=YQ%3D%3D",
            "the signature does not match the private key of integration_public_key: copy it from Braintree again",
        ),
    ] {
        assert_eq!(refused(body), why, "{body}");
    }
    let long = refused(&format!(
        "bt_signature={}%7Cab&bt_payload=YQ",
        "x\n".repeat(10_000)
    ));
    assert!(long.len() < 200 && !long.contains('\n'), "{long}");
    let body = form(&signed(), PAYLOAD);
    assert_eq!(check(body.as_bytes(), None), Err(Flaw::NoKeys));
    let none = self::keys(Vec::new());
    assert_eq!(check(body.as_bytes(), Some(&none)), Err(Flaw::NoKeys));
    // Nobody signs with a key he does not have.
    let blank = form("|", PAYLOAD);
    assert!(check(blank.as_bytes(), Some(&keys)).is_err());
}

#[test]
fn every_changed_byte_is_noticed() {
    let decoded = STANDARD.decode(PAYLOAD.replace('\n', "")).expect("base64");
    assert!(decoded.starts_with(b"<notification>"));
    for place in 0..PAYLOAD.len() {
        let mut changed = PAYLOAD.as_bytes().to_vec();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("text");
        assert!(
            checked(&signed(), &changed, &integration()).is_err(),
            "{place}"
        );
    }
}

#[test]
fn a_challenge_is_answered_with_the_newest_pair() {
    let keys = integration();
    let answer = prove("bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", &keys);
    let expected = "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4";
    assert_eq!(answer.as_deref(), Some(expected));
    let among = prove("x=1&bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", &keys);
    assert_eq!(among.as_deref(), Some(expected));
    for query in [
        "",
        "bt_challenge=",
        "bt_challenge=20f9f8ed05f77439fe9",
        "bt_challenge=20f9f8ed05f77439fe955c977e4c8a53a",
        "bt_challenge=20F9F8ED05F77439FE955C977E4C8A53",
        "bt_challenge=20f9f8ed05f77439fe955c977e4c8a5g",
        "bt_challenge=20f9f8ed05f77439fe955c977e4c8a5%0A",
        "challenge=20f9f8ed05f77439fe955c977e4c8a53",
    ] {
        assert_eq!(prove(query, &keys), None, "{query}");
    }
}
