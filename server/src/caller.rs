//! Who is calling: a program with a key, or a member with a session.

use std::{net::IpAddr, sync::Arc};

use app::request::session_token;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use domain::{
    id::{ApiKeyId, OrganizationId, PersonId},
    scope::Scope,
};
use store::{api_key::KeyHolder, audit::Actor, session::Viewer};

use crate::{problem::Problem, rate_limit::Slot, state::AppState};

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
    pub(crate) holder: Holder,
    proof: Proof,
}

/// Who reads, whatever he proves it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    Member(PersonId),
    Key(ApiKeyId),
}

/// What a reader showed, to be looked at again while he reads on.
enum Proof {
    Session(String),
    Key(String),
}

impl Reader {
    /// May he read on? Not when he signed out, or his key was revoked or ran out. A database that does
    /// not answer ends nothing.
    pub(crate) async fn may_go_on(&self, state: &AppState) -> bool {
        match &self.proof {
            Proof::Session(token) => !matches!(state.store.viewer(token).await, Ok(None)),
            Proof::Key(key) => !matches!(state.store.key_holder(key).await, Ok(None)),
        }
    }
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let key = bearer(&parts.headers).map(str::to_owned);
        let token = session_token(&parts.headers).filter(|_| key.is_none());
        if let Some(token) = token
            && let Some(viewer) = state.store.viewer(token).await?
        {
            return Ok(Self {
                organization_id: viewer.organization_id,
                holder: Holder::Member(viewer.person_id),
                proof: Proof::Session(token.to_owned()),
            });
        }
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self {
            organization_id: caller.with(Scope::ConversionsRead)?,
            holder: Holder::Key(caller.holder.id),
            proof: Proof::Key(key.unwrap_or_default()),
        })
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

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// The caller's address, as far as it is known.
pub(crate) fn address(parts: &Parts, state: &AppState) -> IpAddr {
    state.proxies.caller(&parts.headers, &parts.extensions)
}
