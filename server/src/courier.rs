//! Sends messages to merchants' own programs: signed, to the open internet only, never twice at the same time.
//!
//! It must not know what happened, only which bytes say so. What is due it gets from the store
//! (`job::deliver`).

mod names;
mod signature;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::target::{Surroundings, Target};
use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use store::webhook::{Attempt, DueDelivery};
use tokio::time::Instant;

use self::names::{Closed, Names};

/// How long an endpoint may take to answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an answer's body is read, in bytes.
const MOST_READ: usize = 2 * 1024;
/// How much of it is kept, and of an error, in characters.
const MOST_KEPT: usize = 1_000;

/// The way out. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Courier {
    http: Client,
    surroundings: Surroundings,
}

impl Courier {
    /// A client that reaches only what webhooks may go to.
    ///
    /// # Errors
    /// What keeps it from being made.
    pub(crate) fn new(surroundings: Surroundings) -> Result<Self, reqwest::Error> {
        // Refused when another part of the program was first with the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            // A proxy would look names up by itself.
            .no_proxy()
            .dns_resolver(Arc::new(Names(surroundings)))
            .referer(false)
            .user_agent(concat!("Tributary/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, surroundings })
    }

    /// One attempt to deliver `body`.
    pub(crate) async fn send(&self, due: &DueDelivery, body: Bytes, now: DateTime<Utc>) -> Attempt {
        let started = Instant::now();
        let attempt = match self.post(due, body, now).await {
            Ok(response) => read(response).await,
            Err(error) => Attempt {
                error: Some(cut(&error)),
                ..Attempt::default()
            },
        };
        let duration = i64::try_from(started.elapsed().as_millis());
        Attempt {
            duration_ms: duration.unwrap_or(i64::MAX),
            ..attempt
        }
    }

    async fn post(
        &self,
        due: &DueDelivery,
        body: Bytes,
        now: DateTime<Utc>,
    ) -> Result<Response, String> {
        // Again, as the server may have moved since the address was kept.
        let target =
            Target::parse(&due.url, self.surroundings).map_err(|error| error.to_string())?;
        // What a receiver knows the message by, the first time and again.
        let (id, time) = (due.message.public_id(), now.timestamp());
        let signature = signature::sign(&due.secrets, &id, time, &body);
        let mut request = self
            .http
            .post(target.as_str())
            .header(header::CONTENT_TYPE, "application/json");
        for family in ["webhook", "svix"] {
            request = request
                .header(format!("{family}-id"), &id)
                .header(format!("{family}-timestamp"), time.to_string())
                .header(format!("{family}-signature"), &signature);
        }
        request
            .body(body)
            .send()
            .await
            .map_err(|error| in_words(&error))
    }
}

/// What the answer says, and the beginning of its body.
async fn read(mut response: Response) -> Attempt {
    let status = response.status();
    let mut body = Vec::new();
    while body.len() < MOST_READ
        && let Ok(Some(piece)) = response.chunk().await
    {
        body.extend_from_slice(&piece);
    }
    body.truncate(MOST_READ);
    let text = cut(&String::from_utf8_lossy(&body));
    Attempt {
        status: Some(status.as_u16()),
        error: refusal(status),
        answer: (!text.is_empty()).then_some(text),
        duration_ms: 0,
    }
}

/// Why an answer does not count, if so.
fn refusal(status: StatusCode) -> Option<String> {
    if status.is_success() {
        return None;
    }
    let code = status.as_u16();
    if status.is_redirection() {
        return Some(format!(
            "it answered {code}: redirects are not followed, give the address they lead to"
        ));
    }
    let reason = status.canonical_reason().unwrap_or_default();
    Some(format!("it answered {code} {reason}").trim_end().to_owned())
}

/// Why there was no answer, without the address.
fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        let seconds = TIMEOUT.as_secs();
        return format!("it did not answer within {seconds} seconds");
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
        if cause.is::<Closed>() {
            return cause.to_string();
        }
    }
    format!("it can't be reached: {cause}")
}

/// What of a text is kept: neither too much nor what no column holds.
fn cut(text: &str) -> String {
    let plain = |letter: char| {
        if letter.is_control() && letter != '\n' {
            ' '
        } else {
            letter
        }
    };
    let text: String = text.chars().map(plain).take(MOST_KEPT).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_success_counts() {
        for (code, begins) in [
            (200, None),
            (204, None),
            (299, None),
            (301, Some("it answered 301: redirects are not followed")),
            (304, Some("it answered 304")),
            (400, Some("it answered 400 Bad Request")),
            (410, Some("it answered 410 Gone")),
            (500, Some("it answered 500 Internal Server Error")),
            (599, Some("it answered 599")),
        ] {
            let status = StatusCode::from_u16(code).expect("a status");
            let error = refusal(status);
            let fits = match (&error, begins) {
                (None, None) => true,
                (Some(error), Some(begins)) => error.starts_with(begins),
                _ => false,
            };
            assert!(fits, "{code}: {error:?}");
        }
    }

    #[test]
    fn no_text_is_kept_that_a_column_can_not_hold() {
        assert_eq!(cut(" a\0b\nc\u{7} "), "a b\nc");
        assert_eq!(cut(&"\u{fc}".repeat(5_000)).chars().count(), MOST_KEPT);
    }
}
