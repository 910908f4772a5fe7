//! The signature, against values computed with Python's `hmac`.

use super::{super::SIGNED, at};
use crate::webhook::signature::{SignatureFlaw, Words};

const BODY: &[u8] = br#"{"id":"evt_1","type":"ping"}"#;
const SIGNED_AT: i64 = 1_700_000_000;
const BY_ONE: &str = "v1=872839e82c4ab28cba7bcc355465587fed914f094c0745a95e0c5cf2b7586e7d";
const BY_TWO: &str = "v1=17660cd7224ea747742cd02ab9da5e615cd2c38dbbc5a1f31093cbbe575445f1";

fn check(header: &str, secrets: &[&str], now: i64) -> Result<(), SignatureFlaw> {
    let secrets: Vec<String> = secrets.iter().map(|&secret| secret.to_owned()).collect();
    SIGNED.check(Some(header), BODY, &secrets, at(now))
}

fn signed(signatures: &str) -> String {
    format!("t={SIGNED_AT},{signatures}")
}

#[test]
fn the_right_secret_is_accepted() {
    assert_eq!(check(&signed(BY_ONE), &["whsec_one"], SIGNED_AT), Ok(()));
}

#[test]
fn any_signature_may_match_any_secret() {
    let rolled = signed(&format!("v1=00ff,{BY_TWO},{BY_ONE},v0=abcd"));
    for secrets in [["whsec_one", "whsec_x"], ["whsec_x", "whsec_two"]] {
        assert_eq!(check(&rolled, &secrets, SIGNED_AT), Ok(()), "{secrets:?}");
    }
    assert_eq!(
        check(
            &format!("{BY_ONE}, t={SIGNED_AT}"),
            &["whsec_one"],
            SIGNED_AT
        ),
        Ok(())
    );
}

#[test]
fn another_secret_or_body_is_refused() {
    let refused = check(&signed(BY_ONE), &["whsec_x", "whsec_two"], SIGNED_AT);
    assert_eq!(refused, Err(SignatureFlaw::NoMatch(2)));
    let mut body = BODY.to_vec();
    body.push(b' ');
    let secrets = ["whsec_one".to_owned()];
    let refused = SIGNED.check(Some(&signed(BY_ONE)), &body, &secrets, at(SIGNED_AT));
    assert_eq!(refused, Err(SignatureFlaw::NoMatch(1)));
    let moved = format!("t={},{BY_ONE}", SIGNED_AT + 1);
    assert_eq!(
        check(&moved, &["whsec_one"], SIGNED_AT),
        Err(SignatureFlaw::NoMatch(1))
    );
    let cut = signed(&BY_ONE[..BY_ONE.len() - 2]);
    assert_eq!(
        check(&cut, &["whsec_one"], SIGNED_AT),
        Err(SignatureFlaw::NoMatch(1))
    );
}

#[test]
fn the_time_may_be_300_seconds_off_both_ways() {
    let header = signed(BY_ONE);
    for now in [SIGNED_AT - 300, SIGNED_AT + 300] {
        assert_eq!(check(&header, &["whsec_one"], now), Ok(()), "{now}");
    }
    let old = check(&header, &["whsec_one"], SIGNED_AT + 301);
    assert_eq!(old, Err(SignatureFlaw::TooOld(301)));
    let new = check(&header, &["whsec_one"], SIGNED_AT - 301);
    assert_eq!(new, Err(SignatureFlaw::TooNew(301)));
}

#[test]
fn blank_secrets_never_match() {
    // v1 made with the empty secret, which an empty setting would accept.
    let by_blank = signed("v1=8d95e8cfe5afcbd435204478e7409b11fd4f8a7bccb3ad64cae6f1e403fb219f");
    for secrets in [&[][..], &[""], &["  ", "\n"]] {
        let refused = check(&by_blank, secrets, SIGNED_AT);
        assert_eq!(refused, Err(SignatureFlaw::NoSecret), "{secrets:?}");
    }
    let refused = check(&by_blank, &["", "whsec_one"], SIGNED_AT);
    assert_eq!(refused, Err(SignatureFlaw::NoMatch(1)));
}

#[test]
fn headers_without_time_or_v1_are_refused() {
    let v0 = BY_ONE.replace("v1", "v0");
    for header in [signed(&v0), signed(""), signed("v1=not-hex"), signed("v1")] {
        let refused = check(&header, &["whsec_one"], SIGNED_AT);
        assert_eq!(refused, Err(SignatureFlaw::NoSignature), "{header}");
    }
    for header in [
        "",
        ",,,",
        "junk",
        "t",
        BY_ONE,
        "t=,v1=00",
        "t=soon,v1=00",
        "t=99999999999999999999,v1=00",
    ] {
        let refused = check(header, &["whsec_one"], SIGNED_AT);
        assert_eq!(refused, Err(SignatureFlaw::NoTimestamp), "{header}");
    }
    let refused = SIGNED.check(None, BODY, &["whsec_one".to_owned()], at(SIGNED_AT));
    assert_eq!(refused, Err(SignatureFlaw::NoHeader));
}

#[test]
fn times_at_the_ends_of_the_calendar_do_no_harm() {
    for time in [i64::MIN, i64::MAX, -1] {
        let refused = check(&format!("t={time},{BY_ONE}"), &["whsec_one"], SIGNED_AT);
        assert_eq!(refused, Err(SignatureFlaw::NoMatch(1)));
    }
}

#[test]
fn the_errors_tell_a_person_what_to_do() {
    let texts = [
        (SignatureFlaw::NoHeader, "no Stripe-Signature header"),
        (
            SignatureFlaw::NoMatch(2),
            "the signature matches none of 2 secrets: copy",
        ),
        (
            SignatureFlaw::NoMatch(1),
            "the signature does not match the one secret that is set: copy",
        ),
        (
            SignatureFlaw::TooOld(412),
            "the time stamp is 412 s old; at most 300 s are accepted: check this server's clock",
        ),
        (
            SignatureFlaw::TooNew(412),
            "the time stamp is 412 s ahead; at most 300 s",
        ),
    ];
    for (flaw, text) in texts {
        let words = Words(&SIGNED, flaw).to_string();
        assert!(words.starts_with(text), "{words}");
    }
}
