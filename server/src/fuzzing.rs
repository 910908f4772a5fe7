//! What `fuzz/` feeds with bytes of nobody's making: each must come to an end and say what it made of them.

use axum::http::{HeaderMap, HeaderValue};
use chrono::{DateTime, Utc};
use store::connection::{BraintreeKeys, KeyPair, Secrets};

use crate::{rates, webhook::intake};

/// A processor whose events are read.
pub use domain::connection::Processor;

/// Reads a body as this processor's event, as if it had been verified, and once more: the same comes of it.
pub fn read_event(processor: Processor, body: &[u8]) {
    assert_eq!(
        intake::read_for_fuzzing(processor, body),
        intake::read_for_fuzzing(processor, body)
    );
}

/// Verifies a body under a header of the same making: what is not signed never passes.
pub fn verify(processor: Processor, header: &[u8], body: &[u8]) {
    let secret = "whsec_0123456789abcdef".to_owned();
    let pair = KeyPair {
        public: "public_key".to_owned(),
        private: secret.clone(),
    };
    let secrets = Secrets {
        signing: vec![secret],
        api_key: None,
        braintree: Some(BraintreeKeys {
            merchant_id: "merchant".to_owned(),
            pairs: vec![pair],
        }),
    };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(header) {
        headers.insert("stripe-signature", value.clone());
        headers.insert("paddle-signature", value);
    }
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH;
    assert!(intake::verify_for_fuzzing(processor, &headers, body, &secrets, now).is_err());
}

/// Reads exchange rates in either format.
pub fn read_rates(text: &str) {
    let _ = rates::parse(text);
}

/// Reads a file of an import, whole and in slices.
pub fn read_import(file: &[u8]) {
    store::import::read_for_fuzzing(file);
}
