//! `/api/v1/api-keys`: keys to this API. The key itself is in the answer to its creation and nowhere
//! else.

use std::collections::BTreeSet;

use axum::{extract::State, response::Response};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::{id::ApiKeyId, scope::Scope, text::Name};
use serde::{Deserialize, Serialize};
use store::api_key::KeyView;
use utoipa::ToSchema;

use super::{
    Removed, Reply,
    field::{Id, instant},
    page::Page,
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// A key as it is listed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
struct KeyRow<'a> {
    id: ApiKeyId,
    name: &'a str,
    hint: &'a str,
    scopes: &'a [Scope],
    /// Only in the answer to its creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "ak_live_4Zt8...")]
    key: Option<&'a str>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl<'a> From<&'a KeyView> for KeyRow<'a> {
    fn from(view: &'a KeyView) -> Self {
        Self {
            id: view.id,
            name: &view.name,
            hint: &view.hint,
            scopes: &view.scopes,
            key: None,
            created_at: view.created_at,
            last_used_at: view.last_used_at,
            expires_at: view.expires_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewApiKey)]
pub(crate) struct NewBody {
    name: Name,
    #[schema(value_type = Vec<Scope>, min_items = 1)]
    scopes: Vec<String>,
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<String>,
}

impl NewBody {
    fn scopes(&self) -> Result<Vec<Scope>, Problem> {
        let read = |word: &String| {
            let unknown = || Problem::invalid("scopes", format!("there is no scope {word}"));
            Scope::parse(word).ok_or_else(unknown)
        };
        let scopes: BTreeSet<Scope> = self.scopes.iter().map(read).collect::<Result<_, _>>()?;
        if scopes.is_empty() {
            return Err(Problem::invalid("scopes", "at least one scope is needed"));
        }
        Ok(scopes.into_iter().collect())
    }

    /// When the new key ends: not before now, and not after the key that makes it.
    fn expires_at(
        &self,
        now: DateTime<Utc>,
        latest: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, Problem> {
        let end = instant("expiresAt", self.expires_at.as_deref())?;
        if end.is_some_and(|end| end <= now) {
            return Err(Problem::invalid(
                "expiresAt",
                "a time in the future is needed",
            ));
        }
        if let Some(latest) = latest
            && end.is_none_or(|end| end > latest)
        {
            let latest = latest.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            let needs = format!(
                "this key ends at {latest} and can't make one that lives longer: name that time or an earlier one"
            );
            return Err(Problem::invalid("expiresAt", needs));
        }
        Ok(end)
    }
}

/// Lists API keys.
///
/// Oldest first: those that were not revoked.
#[utoipa::path(
    get, path = "/api-keys", tag = "API keys",
    params(Page),
    responses((status = 200, body = Vec<KeyRow>)),
    security(("key" = ["merchant:manage"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let page = Page::take(&mut query)?;
    query.done()?;
    let (total, views) = page.cut(state.store.api_keys(organization_id).await?);
    let rows: Vec<_> = views.iter().map(KeyRow::from).collect();
    Ok(reply.list(&page, total, &rows))
}

/// Makes an API key.
///
/// The key itself is in this answer and nowhere else. It grants only what the calling key may do itself, and
/// only for as long as that one lives.
#[utoipa::path(
    post, path = "/api-keys", tag = "API keys",
    request_body = NewBody,
    responses((status = 201, body = KeyRow)),
    security(("key" = ["merchant:manage"]))
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let scopes = body.scopes()?;
    for scope in &scopes {
        caller.with(*scope)?;
    }
    let (actor, latest) = (caller.actor(), caller.holder().expires_at);
    let expires_at = body.expires_at(state.store.now(), latest)?;
    let made = state
        .store
        .add_api_key(actor, organization_id, &body.name, &scopes, expires_at);
    let (view, key) = made.await?;
    Ok(reply.created(KeyRow {
        key: Some(&key),
        ..KeyRow::from(&view)
    }))
}

/// Revokes an API key.
#[utoipa::path(
    delete, path = "/api-keys/{id}", tag = "API keys",
    params(("id" = ApiKeyId, Path)),
    responses((status = 200, body = Removed)),
    security(("key" = ["merchant:manage"]))
)]
pub(super) async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ApiKeyId>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    if state
        .store
        .revoke_api_key(caller.actor(), organization_id, id)
        .await?
    {
        Ok(reply.removed())
    } else {
        Err(Problem::not_found("API key"))
    }
}
