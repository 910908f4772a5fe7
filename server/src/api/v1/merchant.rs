//! `/api/v1/me` and `/api/v1/merchant`: the organization behind the key.

use axum::{extract::State, response::Response};
use domain::{
    id::{ApiKeyId, OrganizationId},
    scope::Scope,
};
use serde::Serialize;

use super::{Reply, field::NoBody};
use crate::{caller::Caller, input::Query, problem::Problem, state::AppState};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me<'a> {
    organization_id: OrganizationId,
    organization_name: String,
    key: MyKey<'a>,
}

#[derive(Serialize)]
struct MyKey<'a> {
    id: ApiKeyId,
    name: &'a str,
    scopes: &'a [Scope],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct S2sSecret {
    organization_id: OrganizationId,
    secret: String,
}

/// `GET /me`, for any key.
pub(super) async fn me(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    query: Query,
) -> Result<Response, Problem> {
    query.done()?;
    let holder = caller.holder();
    Ok(reply.ok(Me {
        organization_id: holder.organization_id,
        organization_name: state
            .store
            .organization_name(holder.organization_id)
            .await?,
        key: MyKey {
            id: holder.id,
            name: &holder.name,
            scopes: &holder.scopes,
        },
    }))
}

/// `POST /merchant/s2s-secret`: shown here and never again; the one before stays valid for a day.
pub(super) async fn rotate_s2s_secret(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    _: NoBody,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let secret = state
        .store
        .rotate_s2s_secret(caller.actor(), organization_id)
        .await?;
    Ok(reply.created(S2sSecret {
        organization_id,
        secret,
    }))
}
