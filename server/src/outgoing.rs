//! The one HTTP client for calls that Tributary makes itself.

use std::time::Duration;

use reqwest::{Client, redirect::Policy};

/// How long another server may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How long it may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How many redirects are followed.
const MAX_REDIRECTS: usize = 3;

/// A client with limits on everything. Cheap to clone.
pub(crate) fn client() -> Client {
    // Refused when another part of the program was first with the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::limited(MAX_REDIRECTS))
        .user_agent(concat!("Tributary/", env!("CARGO_PKG_VERSION")))
        .build()
        .unwrap_or_default()
}

/// Why another server could not be reached, without its address, which may hold what is nobody's business.
pub(crate) fn in_words(error: reqwest::Error) -> String {
    let error = error.without_url();
    match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
