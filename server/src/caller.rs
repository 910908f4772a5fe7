//! Who is calling: a program with a key, or a member with a session.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use domain::{id::OrganizationId, scope::Scope};
use store::{api_key::KeyHolder, audit::Actor, session::Viewer};

use crate::{problem::Problem, rate_limit::Slot, state::AppState};

/// The browser's proof of a session.
pub(crate) const SESSION_COOKIE: &str = "tributary_session";

/// A program whose key is known, counted against its limit.
#[derive(Clone)]
pub(crate) struct Caller {
    holder: Arc<KeyHolder>,
}

impl Caller {
    /// The organization, if the key has the scope.
    pub(crate) fn with(&self, scope: Scope) -> Result<OrganizationId, Problem> {
        if self.holder.may(scope) {
            Ok(self.holder.organization_id)
        } else {
            Err(Problem::insufficient_scope(scope))
        }
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor::Key(self.holder.id)
    }

    pub(crate) fn holder(&self) -> &KeyHolder {
        &self.holder
    }

    /// The program, not counted against its key's limit: for calls that have a limit of their own.
    pub(crate) async fn uncounted(parts: &Parts, state: &AppState) -> Result<Self, Problem> {
        let holder = match bearer(&parts.headers) {
            Some(key) => state.store.key_holder(key).await?,
            None => None,
        };
        if let Some(holder) = holder {
            return Ok(Self { holder });
        }
        state.limits.keyless(address(parts, state))?;
        Err(Problem::unauthorized(
            "send a valid API key: Authorization: Bearer ak_live_...",
        ))
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        // A layer may have asked before; a call counts once.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let caller = Self::uncounted(parts, state).await?;
        state
            .limits
            .key(caller.holder.id, parts.extensions.get::<Slot>())?;
        Ok(caller)
    }
}

/// Someone who may read sales: a key with that scope, or a signed-in member.
pub(crate) struct Reader {
    pub(crate) organization_id: OrganizationId,
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        if bearer(&parts.headers).is_none()
            && let Some(viewer) = viewer(&parts.headers, state).await?
        {
            return Ok(Self {
                organization_id: viewer.organization_id,
            });
        }
        let caller = Caller::from_request_parts(parts, state).await?;
        let organization_id = caller.with(Scope::ConversionsRead)?;
        Ok(Self { organization_id })
    }
}

/// The member behind the request's session cookie.
pub(crate) async fn viewer(
    headers: &HeaderMap,
    state: &AppState,
) -> Result<Option<Viewer>, Problem> {
    match session_token(headers) {
        Some(token) => Ok(state.store.viewer(token).await?),
        None => Ok(None),
    }
}

/// The session token in the cookie header.
pub(crate) fn session_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, token)| token)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// The caller's address, as far as it is known.
pub(crate) fn address(parts: &Parts, state: &AppState) -> IpAddr {
    state.proxies.caller(&parts.headers, &parts.extensions)
}
