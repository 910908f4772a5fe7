//! Signed server-to-server calls: `X-Tributary-Signature: t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How far the time stamp may be off, in seconds, both ways.
const TOLERANCE: i64 = 300;

pub(crate) const SIGNATURE_HEADER: &str = "x-tributary-signature";
pub(crate) const ORGANIZATION_HEADER: &str = "x-tributary-organization";

/// Checks the signature of a body; the error says in words what is wrong.
pub(crate) fn verify(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[String],
    now: DateTime<Utc>,
) -> Result<(), String> {
    let header = headers
        .get(SIGNATURE_HEADER)
        .and_then(|value| value.to_str().ok());
    let header = header.ok_or("the header X-Tributary-Signature is missing")?;
    let mut stamp = None;
    let mut candidates = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => stamp = Some(value),
            Some(("v1", value)) => candidates.extend(hex::decode(value).ok()),
            _ => {}
        }
    }
    let stamp = stamp.ok_or("X-Tributary-Signature must be t=<unix time>,v1=<hex>")?;
    let seconds: i64 = stamp
        .parse()
        .map_err(|_| "t is not a unix time in seconds")?;
    if !candidates
        .iter()
        .any(|mac| secrets.iter().any(|secret| fits(secret, stamp, body, mac)))
    {
        return Err("the signature does not match: sign t + \".\" + body with the secret of POST /api/v1/merchant/s2s-secret".to_owned());
    }
    let age = now.timestamp().saturating_sub(seconds);
    if age.saturating_abs() > TOLERANCE {
        return Err(format!(
            "the time stamp is {age} s old; at most {TOLERANCE} s either way are accepted: check the clocks"
        ));
    }
    Ok(())
}

fn fits(secret: &str, stamp: &str, body: &[u8], candidate: &[u8]) -> bool {
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(stamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(candidate).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(secret: &str, stamp: i64, body: &[u8]) -> HeaderMap {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(format!("{stamp}.").as_bytes());
        mac.update(body);
        let value = format!("t={stamp},v1={}", hex::encode(mac.finalize().into_bytes()));
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE_HEADER, value.parse().expect("a header"));
        headers
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("in range")
    }

    #[test]
    fn a_signature_fits_its_secret_body_and_time() {
        let secrets = ["old".to_owned(), "new".to_owned()];
        let headers = signed("new", 1000, b"{}");
        assert_eq!(verify(&headers, b"{}", &secrets, at(1000)), Ok(()));
        assert_eq!(verify(&headers, b"{}", &secrets, at(1300)), Ok(()));
        assert!(verify(&headers, b"{}", &secrets, at(1301)).is_err());
        assert!(verify(&headers, b"{}", &secrets, at(699)).is_err());
        assert!(verify(&headers, b"{} ", &secrets, at(1000)).is_err());
        assert!(verify(&headers, b"{}", &secrets[..1], at(1000)).is_err());
        assert!(verify(&headers, b"{}", &[], at(1000)).is_err());
        assert!(verify(&HeaderMap::new(), b"{}", &secrets, at(1000)).is_err());
    }
}
