//! What a form made and its member sees once: a key, a link, a secret. A plain form is answered with a redirect,
//! so the browser carries it to the page behind it, sealed, in a cookie that this page takes away again.

use axum::http::{HeaderValue, header};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{Caller, cookie, parts, set_cookie};
use crate::error::AppError;

/// How long the way from the form to the page may take, in seconds.
const ON_ITS_WAY: i64 = 60;

/// The pages that show something once are all below this path.
const PATH: &str = "/dashboard";

impl Caller {
    /// Gives `secret` to the page that the form leads to. `what` it is, in a word of lower case.
    pub(crate) fn show_once(&self, what: &'static str, secret: &str) -> Result<(), AppError> {
        let sealed = self.store.seal_once(&self.viewer, what, secret)?;
        set_cookie(&name(what), &sealed, ON_ITS_WAY, PATH);
        Ok(())
    }

    /// What a form has just made, if it has; it is gone then.
    pub(crate) fn shown_once(&self, what: &'static str) -> Option<String> {
        let parts = parts()?;
        let sealed = cookie(&parts.headers, &name(what))?;
        set_cookie(&name(what), "", 0, PATH);
        if let Some(response) = use_context::<ResponseOptions>() {
            response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        self.store.open_once(&self.viewer, what, sealed)
    }
}

fn name(what: &str) -> String {
    format!("tributary_once_{what}")
}
