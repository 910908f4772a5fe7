//! The signature, against values computed with Python's `hmac`.

use chrono::{DateTime, Utc};

use super::super::SIGNED;
use crate::webhook::signature::{SignatureFlaw, Words};

const BODY: &[u8] = br#"{"event_id":"evt_1","event_type":"ping"}"#;
const SIGNED_AT: i64 = 1_700_000_000;
const BY_ONE: &str = "h1=f749e3698b0d8c7cdbd79e128db76a05484069f1c15de390aa815a919f7982ff";
const BY_TWO: &str = "h1=888ff5ad0158eec3ed11b7efce85f2c2d60681a5d299502b9b3f7fd98cc0fa33";
const ONE: &str = "pdl_ntfset_one";
const TWO: &str = "pdl_ntfset_two";

fn at(unix: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix, 0).expect("in range")
}

fn check(header: &str, secrets: &[&str], now: i64) -> Result<(), SignatureFlaw> {
    let secrets: Vec<String> = secrets.iter().map(|&secret| secret.to_owned()).collect();
    SIGNED.check(Some(header), BODY, &secrets, at(now))
}

fn signed(signatures: &str) -> String {
    format!("ts={SIGNED_AT};{signatures}")
}

#[test]
fn any_of_several_signatures_may_match_any_secret() {
    assert_eq!(check(&signed(BY_ONE), &[ONE], SIGNED_AT), Ok(()));
    for header in [
        signed(&format!("{BY_TWO};{BY_ONE}")),
        signed(&format!("h1=00ff;{BY_ONE};{BY_TWO};h2=abcd")),
        format!("{BY_ONE};{BY_TWO};ts={SIGNED_AT}"),
    ] {
        for secrets in [&[ONE][..], &[TWO], &["pdl_ntfset_x", TWO]] {
            assert_eq!(check(&header, secrets, SIGNED_AT), Ok(()), "{header}");
        }
    }
}

#[test]
fn another_secret_body_time_or_scheme_is_refused() {
    let refused = check(&signed(BY_ONE), &["pdl_ntfset_x", TWO], SIGNED_AT);
    assert_eq!(refused, Err(SignatureFlaw::NoMatch(2)));
    let body = [BODY, b"\n"].concat();
    let refused = SIGNED.check(
        Some(&signed(BY_ONE)),
        &body,
        &[ONE.to_owned()],
        at(SIGNED_AT),
    );
    assert_eq!(refused, Err(SignatureFlaw::NoMatch(1)));
    let moved = format!("ts={};{BY_ONE}", SIGNED_AT + 1);
    assert_eq!(
        check(&moved, &[ONE], SIGNED_AT),
        Err(SignatureFlaw::NoMatch(1))
    );
    // Stripe's punctuation over the same values.
    let commas = format!("t={SIGNED_AT},{}", BY_ONE.replace("h1", "v1"));
    assert_eq!(
        check(&commas, &[ONE], SIGNED_AT),
        Err(SignatureFlaw::NoTimestamp)
    );
    let refused = check(&signed("h2=00"), &[ONE], SIGNED_AT);
    assert_eq!(refused, Err(SignatureFlaw::NoSignature));
    assert_eq!(
        check(BY_ONE, &[ONE], SIGNED_AT),
        Err(SignatureFlaw::NoTimestamp)
    );
    assert_eq!(
        check(&signed(BY_ONE), &[" "], SIGNED_AT),
        Err(SignatureFlaw::NoSecret)
    );
}

#[test]
fn the_time_may_be_300_seconds_off_both_ways() {
    // The SDK's 5 s would turn away whatever waited in a queue.
    for now in [SIGNED_AT - 300, SIGNED_AT + 6, SIGNED_AT + 300] {
        assert_eq!(check(&signed(BY_ONE), &[ONE], now), Ok(()), "{now}");
    }
    let old = check(&signed(BY_ONE), &[ONE], SIGNED_AT + 301);
    assert_eq!(old, Err(SignatureFlaw::TooOld(301)));
    let new = check(&signed(BY_ONE), &[ONE], SIGNED_AT - 301);
    assert_eq!(new, Err(SignatureFlaw::TooNew(301)));
}

#[test]
fn the_errors_tell_a_person_what_to_do() {
    let words = |flaw| Words(&SIGNED, flaw).to_string();
    assert_eq!(words(SignatureFlaw::NoHeader), "no Paddle-Signature header");
    assert_eq!(
        words(SignatureFlaw::NoTimestamp),
        "the Paddle-Signature header has no time stamp (ts=...)"
    );
    let copy = "copy the destination's secret key (pdl_ntfset_...) from Paddle again";
    assert!(words(SignatureFlaw::NoMatch(1)).ends_with(copy));
}
