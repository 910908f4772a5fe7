//! The request behind a page or server function: who calls, what is answered. Only on the server.
//!
//! The host provides as context: [`store::Store`], `Option<Viewer>`, [`PublicUrl`],
//! [`ByHttps`], [`Attempts`], [`ReadAgain`] and [`Opened`].

mod once;

use std::{borrow::Cow, sync::Arc};

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use domain::{email::Email, id::OrganizationId};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::location::Url;
use store::{
    Store, StoreError,
    audit::Actor,
    event::{Reading, StoredEvent},
    session::{ABSOLUTE_LIMIT, Viewer},
};

use crate::{error::AppError, part::links::Links};

/// The cookie that holds the session token.
pub const SESSION_COOKIE: &str = "tributary_session";

/// How the outside reaches this server, without a slash at the end.
#[derive(Clone, Debug)]
pub struct PublicUrl(pub String);

/// Does the outside come by HTTPS?
#[derive(Clone, Copy, Debug)]
pub struct ByHttps(pub bool);

/// What strangers may try only so often.
#[derive(Clone, Copy, Debug)]
pub enum Attempt<'a> {
    /// Signing in to an account.
    SignIn(&'a Email),
    /// The first run.
    SetUp,
}

/// How a stored event is read again.
#[derive(Clone, Copy, Debug)]
pub struct ReadAgain(pub Reading);

/// How a stored event's body is turned into what people read.
#[derive(Clone, Copy, Debug)]
pub struct Opened(pub fn(&StoredEvent) -> Cow<'_, [u8]>);

type Count = dyn Fn(Attempt<'_>) -> Result<(), u64> + Send + Sync;

/// Counts the attempts of whoever calls. The error is how many seconds to wait.
#[derive(Clone)]
pub struct Attempts(pub Arc<Count>);

/// The signed-in member who calls, and the store to answer from.
pub(crate) struct Caller {
    pub(crate) store: Store,
    pub(crate) viewer: Viewer,
}

impl Caller {
    pub(crate) fn organization(&self) -> OrganizationId {
        self.viewer.organization_id
    }

    pub(crate) fn actor(&self) -> Actor {
        let (id, role) = (self.viewer.person_id, self.viewer.role);
        Actor::Person { id, role }
    }

    /// How this organization's links are written.
    pub(crate) async fn links(&self) -> Result<Links, AppError> {
        let organization = self.organization();
        let is_only_one = self.store.is_only_one(organization).await?;
        Ok(Links {
            public_url: public_url(),
            owner: (!is_only_one).then_some(organization),
        })
    }
}

/// Anyone who is signed in; everybody else is sent to sign in and comes back here.
pub(crate) fn reader() -> Result<Caller, AppError> {
    let viewer = use_context::<Option<Viewer>>().flatten();
    let Some(viewer) = viewer else {
        let error = refuse(AppError::NotSignedIn);
        redirect(&format!("/sign-in?next={}", Url::escape(&current_page())));
        return Err(error);
    };
    Ok(Caller {
        store: store(),
        viewer,
    })
}

/// A member who may change affiliates, campaigns and sales. The store asks again: here others are
/// turned away before their form is read.
pub(crate) fn manager() -> Result<Caller, AppError> {
    let caller = reader()?;
    if !caller.viewer.role.may_manage() {
        return Err(refuse(AppError::Forbidden));
    }
    Ok(caller)
}

/// A member who may change connections, keys and secrets; as above.
pub(crate) fn administrator() -> Result<Caller, AppError> {
    let caller = reader()?;
    if !caller.viewer.role.may_administer() {
        return Err(refuse(AppError::Forbidden));
    }
    Ok(caller)
}

/// The store, for what works without being signed in.
pub(crate) fn store() -> Store {
    expect_context::<Store>()
}

/// Counts an attempt before anything is done about it.
pub(crate) fn attempt(what: Attempt<'_>) -> Result<(), AppError> {
    let Attempts(count) = expect_context();
    count(what).map_err(|seconds| AppError::TooMany {
        seconds,
        kept: Vec::new(),
    })
}

/// How the outside reaches this server.
pub(crate) fn public_url() -> String {
    use_context::<PublicUrl>().map_or_else(String::new, |url| url.0)
}

/// The one place where an error gets its status. A plain form post is answered with a redirect that
/// carries the error, so its status stays.
pub(crate) fn refuse(error: impl Into<AppError>) -> AppError {
    let error = error.into();
    if !is_plain_form()
        && let Ok(status) = StatusCode::from_u16(error.status())
        && let Some(response) = use_context::<ResponseOptions>()
    {
        response.set_status(status);
        if let AppError::TooMany { seconds, .. } = error {
            response.insert_header(header::RETRY_AFTER, seconds.into());
        }
    }
    error
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => return Self::Unavailable,
            StoreError::Forbidden => return Self::Forbidden,
            _ => {}
        }
        let request_id = header_of(parts().as_ref(), "x-request-id").unwrap_or_default();
        tracing::error!(%request_id, error = ?error, "a dashboard request failed");
        Self::Internal { request_id }
    }
}

/// Sends the browser to another page: a real redirect for page loads and plain forms, a hint that
/// the router follows for calls from the hydrated page.
pub(crate) fn redirect(path: &str) {
    leptos_axum::redirect(path);
    let is_page = parts().is_some_and(|parts| !is_call(&parts));
    if is_page && let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(StatusCode::FOUND);
    }
}

/// Hands the session token to the browser.
pub(crate) fn start_session(token: &str) {
    set_cookie(SESSION_COOKIE, token, ABSOLUTE_LIMIT.num_seconds(), "/");
}

/// Takes the session token back from the browser; returns it.
pub(crate) fn end_session() -> Option<String> {
    set_cookie(SESSION_COOKIE, "", 0, "/");
    presented_session()
}

/// The session token that the browser sent.
pub(crate) fn presented_session() -> Option<String> {
    parts().and_then(|parts| session_token(&parts.headers).map(str::to_owned))
}

/// The session token a request carries.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_COOKIE)
}

/// What a request carries in the cookie of this name, unless that is nothing.
fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == wanted && !value.is_empty()).then_some(value))
}

/// What the browser says it is.
pub(crate) fn user_agent() -> String {
    header_of(parts().as_ref(), header::USER_AGENT.as_str()).unwrap_or_default()
}

/// A path of ours to go back to after signing in; anything else would be an open redirect.
pub(crate) fn safe_next(next: &str) -> &str {
    let ours = next.starts_with("/dashboard/")
        && next
            .bytes()
            .all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\');
    if ours { next } else { "/dashboard/sales" }
}

/// A cookie that scripts and other sites don't reach; `max_age` in seconds, 0 takes it away.
fn set_cookie(name: &str, value: &str, max_age: i64, path: &str) {
    let secure = match use_context() {
        Some(ByHttps(false)) => "",
        _ => "; Secure",
    };
    let cookie =
        format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
    if let (Ok(cookie), Some(response)) = (
        HeaderValue::from_str(&cookie),
        use_context::<ResponseOptions>(),
    ) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}

/// The page the caller is on: of a page load its own address, of a call the one in `Referer`.
fn current_page() -> String {
    let Some(parts) = parts() else {
        return String::new();
    };
    if parts.method == Method::GET && !is_call(&parts) {
        return parts
            .uri
            .path_and_query()
            .map_or_else(String::new, ToString::to_string);
    }
    let referer = header_of(Some(&parts), header::REFERER.as_str()).unwrap_or_default();
    let path = referer
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
    path.unwrap_or_default()
}

fn parts() -> Option<Parts> {
    use_context::<Parts>()
}

fn header_of(parts: Option<&Parts>, name: &str) -> Option<String> {
    let value = parts?.headers.get(name)?;
    value.to_str().ok().map(str::to_owned)
}

fn accepts_html(parts: &Parts) -> bool {
    let accept = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Is it a call of a server function by the hydrated page?
fn is_call(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/rpc/") && !accepts_html(parts)
}

/// Is it a form sent without JavaScript?
fn is_plain_form() -> bool {
    parts().is_some_and(|parts| parts.method == Method::POST && accepts_html(&parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_back_to() {
        assert_eq!(
            safe_next("/dashboard/sales?type=leads"),
            "/dashboard/sales?type=leads"
        );
        for next in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/dashboard/\r\nx: y",
            "/api/x",
        ] {
            assert_eq!(safe_next(next), "/dashboard/sales", "{next:?}");
        }
    }

    #[test]
    fn the_session_token_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("a=b; tributary_session=abc; c=d"),
        );
        assert_eq!(session_token(&headers), Some("abc"));
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("tributary_session=; x_tributary_session=1"),
        );
        assert_eq!(session_token(&headers), None);
    }
}
