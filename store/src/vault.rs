//! Secrets at rest (XChaCha20-Poly1305) and the keys derived for cursors and hashes.

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;

use crate::{Random, StoreError};

/// Length of the secret key in bytes.
pub const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;

/// Seals and opens secrets with one key.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    mac_key: [u8; KEY_LENGTH],
}

/// Not 32 bytes of base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("32 bytes in base64 are needed; `openssl rand -base64 32` makes some")]
pub struct NotAKey;

impl Vault {
    /// A vault with this key.
    pub fn new(key: &[u8; KEY_LENGTH]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(Key::from_slice(key)),
            mac_key: tag(key, "mac", b""),
        }
    }

    /// Reads the key from base64 text.
    pub fn from_base64(text: &str) -> Result<Self, NotAKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| NotAKey)?;
        let key: [u8; KEY_LENGTH] = bytes.try_into().map_err(|_| NotAKey)?;
        Ok(Self::new(&key))
    }

    /// A new key as base64 text.
    pub fn new_key(random: &Random) -> String {
        STANDARD.encode(random.bytes::<KEY_LENGTH>())
    }

    /// Seals a secret so that it opens only for the same `purpose`.
    pub(crate) fn seal(
        &self,
        random: &Random,
        purpose: &str,
        secret: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let nonce = random.bytes::<NONCE_LENGTH>();
        let payload = Payload {
            msg: secret,
            aad: purpose.as_bytes(),
        };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        let mut out = nonce.to_vec();
        out.extend(sealed.map_err(|_| StoreError::Sealed)?);
        Ok(out)
    }

    /// Opens what [`Vault::seal`] made for the same `purpose`.
    pub(crate) fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (nonce, cipher_text) = sealed
            .split_at_checked(NONCE_LENGTH)
            .ok_or(StoreError::Sealed)?;
        let payload = Payload {
            msg: cipher_text,
            aad: purpose.as_bytes(),
        };
        self.cipher
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| StoreError::Sealed)
    }

    /// A keyed tag over `text`, for a purpose: signs cursors, hashes addresses.
    pub fn tag(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        tag(&self.mac_key, purpose, text)
    }
}

fn tag(key: &[u8; KEY_LENGTH], purpose: &str, text: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_with_its_key_and_purpose() {
        let random = Random::seeded(1);
        let vault = Vault::new(&[7; KEY_LENGTH]);
        let sealed = vault
            .seal(&random, "connection", b"whsec_x")
            .expect("seals");
        assert_eq!(
            vault.open("connection", &sealed).ok().as_deref(),
            Some(&b"whsec_x"[..])
        );
        assert!(vault.open("s2s", &sealed).is_err());
        assert!(
            Vault::new(&[8; KEY_LENGTH])
                .open("connection", &sealed)
                .is_err()
        );
        assert!(vault.open("connection", b"short").is_err());
    }

    #[test]
    fn a_key_is_32_bytes_of_base64() {
        assert!(Vault::from_base64(&Vault::new_key(&Random::seeded(1))).is_ok());
        assert!(Vault::from_base64("c2hvcnQ=").is_err());
        assert!(Vault::from_base64("not base64!").is_err());
    }
}
