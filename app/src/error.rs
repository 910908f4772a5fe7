//! What can go wrong between a page and the server, as far as a page may know it.
//!
//! One type for all server functions. Internals are logged on the server (see `request`) and never
//! travel; a page gets an id to ask about.

use serde::{Deserialize, Serialize};
use server_fn::{
    Bytes,
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

use crate::{text, wire::wire};

/// Why a page or a form did not get what it asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppError {
    /// Nobody is signed in, or the session ran out.
    NotSignedIn,
    /// The member's role does not allow it.
    Forbidden,
    /// What was typed or asked for can't be used.
    Invalid(Invalid),
    /// It is not there, or belongs to another organization.
    NotFound,
    /// It was tried too often.
    TooMany {
        /// How long to wait before trying again.
        seconds: u64,
        /// What was typed, as in [`Invalid`].
        kept: Vec<(String, String)>,
    },
    /// The server or its database is away; trying again later may help.
    Unavailable,
    /// Something broke; the log has more under this id.
    Internal {
        /// The request's id, empty when there was none.
        request_id: String,
    },
}

wire! {
    /// One field that can't be used.
    #[derive(Default)]
    Invalid {
        /// The field's name; empty when it is about the form as a whole.
        field: String,
        /// What is wrong and what would be right.
        message: String,
        /// What was typed, so that a reload without JavaScript keeps it. Never a secret.
        kept: Vec<(String, String)>,
    }
}

impl AppError {
    /// A field that can't be used, with what is wrong about it.
    pub fn invalid(field: &str, message: impl ToString) -> Self {
        Self::Invalid(Invalid {
            field: field.to_owned(),
            message: message.to_string(),
            kept: Vec::new(),
        })
    }

    /// What can't happen did, on this side of the wire.
    pub fn broken() -> Self {
        Self::Internal {
            request_id: String::new(),
        }
    }

    /// The same error with what was typed.
    #[must_use]
    pub fn keeping(self, kept: Vec<(String, String)>) -> Self {
        match self {
            Self::Invalid(invalid) => Self::Invalid(Invalid { kept, ..invalid }),
            Self::TooMany { seconds, .. } => Self::TooMany { seconds, kept },
            other => other,
        }
    }

    /// What was typed.
    pub fn kept(self) -> Vec<(String, String)> {
        match self {
            Self::Invalid(Invalid { kept, .. }) | Self::TooMany { kept, .. } => kept,
            _ => Vec::new(),
        }
    }

    /// The HTTP status that tells programs the same.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotSignedIn => 401,
            Self::Forbidden => 403,
            Self::Invalid(_) => 400,
            Self::NotFound => 404,
            Self::TooMany { .. } => 429,
            Self::Unavailable => 503,
            Self::Internal { .. } => 500,
        }
    }

    /// What a person reads.
    pub fn message(&self) -> String {
        match self {
            Self::NotSignedIn => text::error::NOT_SIGNED_IN.to_owned(),
            Self::Forbidden => text::error::FORBIDDEN.to_owned(),
            Self::Invalid(invalid) => text::sentence(&invalid.message),
            Self::NotFound => text::error::NOT_FOUND.to_owned(),
            Self::TooMany { seconds, .. } => text::error::too_many(*seconds),
            Self::Unavailable => text::error::UNAVAILABLE.to_owned(),
            Self::Internal { request_id } => text::error::internal(request_id),
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// As the encoding has it, but from text: so are answers read, and one way to read is enough.
    fn de(data: Bytes) -> Self {
        let text = std::str::from_utf8(&data).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_else(|_| Self::broken())
    }

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Request(_) => Self::Unavailable,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                let error = Self::invalid("", text::error::NOT_UNDERSTOOD);
                #[cfg(feature = "ssr")]
                let error = crate::request::refuse(error);
                error
            }
            _ => Self::broken(),
        }
    }
}
