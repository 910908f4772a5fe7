//! Signed server-to-server calls: `X-Tributary-Signature: t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

use crate::stamped::{self, Flaw, Scheme, TOLERANCE};

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
    stamped::verify(Scheme::STRIPE, header, body, secrets, now).map_err(words)
}

fn words(flaw: Flaw) -> String {
    let off = |seconds: u64, way: &str| {
        format!(
            "the time stamp is {seconds} s {way}; at most {TOLERANCE} s either way are accepted: check the clocks"
        )
    };
    match flaw {
        Flaw::NoTimestamp | Flaw::NoSignature => {
            "X-Tributary-Signature must be t=<unix time in seconds>,v1=<hex>".to_owned()
        }
        Flaw::NoMatch => "the signature does not match: sign t + \".\" + body with the secret of POST /api/v1/merchant/s2s-secret".to_owned(),
        Flaw::TooOld(seconds) => off(seconds, "old"),
        Flaw::TooNew(seconds) => off(seconds, "ahead"),
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, Mac};
    use sha2::Sha256;

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
