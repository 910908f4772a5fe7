//! `/api/v1/me` and `/api/v1/merchant`: the organization behind the key.

mod body;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    id::{ApiKeyId, OrganizationId, PersonId},
    organization::TimeZone,
    scope::Scope,
    text::Name,
};
use serde::Serialize;
use store::organization::{Organization, SettingsError};
use utoipa::ToSchema;

use self::body::MerchantBody;
use super::{
    Reply,
    field::{NoBody, Nothing},
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// An organization as this dialect shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Merchant<'a> {
    id: OrganizationId,
    /// Its owner.
    user_id: PersonId,
    company_name: &'a Name,
    timezone: &'a TimeZone,
    default_commission_hold_days: u16,
    default_cookie_duration: u16,
    /// In hundredths of the unit of whatever currency a program has.
    default_payout_threshold: i64,
    tracking_requires_consent: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(flatten)]
    constants: Constants,
}

impl<'a> From<&'a Organization> for Merchant<'a> {
    fn from(organization: &'a Organization) -> Self {
        let settings = &organization.settings;
        Self {
            id: organization.id,
            user_id: organization.owner_id,
            company_name: &settings.name,
            timezone: &settings.time_zone,
            default_commission_hold_days: settings.defaults.hold_days,
            default_cookie_duration: settings.defaults.cookie_days,
            default_payout_threshold: settings.defaults.payout_threshold_hundredths,
            tracking_requires_consent: settings.defaults.requires_consent,
            created_at: organization.created_at,
            updated_at: organization.changed_at,
            constants: Constants::default(),
        }
    }
}

/// What the dialect's merchants have and ours do not: nobody is billed here, and the first run is over
/// when there is an organization.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MerchantConstants)]
struct Constants {
    logo_url: Option<&'static str>,
    billing_tier: &'static str,
    billing_requirement_status: &'static str,
    payment_status: &'static str,
    last_payment_failed_at: Option<&'static str>,
    tracking_param_aliases: [&'static str; 0],
    tracking_legacy_metadata_fallback_enabled: bool,
    notification_preferences: Option<&'static str>,
    onboarding_completed: bool,
    onboarding_step: u8,
}

impl Default for Constants {
    fn default() -> Self {
        Self {
            logo_url: None,
            billing_tier: "free",
            billing_requirement_status: "not_required",
            payment_status: "none",
            last_payment_failed_at: None,
            tracking_param_aliases: [],
            tracking_legacy_metadata_fallback_enabled: false,
            notification_preferences: None,
            onboarding_completed: true,
            onboarding_step: 0,
        }
    }
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::NoTimeZone(_) => Self::invalid("timezone", error.to_string()),
            SettingsError::Store(error) => error.into(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Me<'a> {
    organization_id: OrganizationId,
    organization_name: &'a str,
    key: MyKey<'a>,
    owner: MyOwner<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MyKey<'a> {
    id: ApiKeyId,
    name: &'a str,
    scopes: &'a [Scope],
    /// All keys here are a merchant's.
    owner_type: &'static str,
}

/// Whose key it is, as the dialect's clients ask for it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MyOwner<'a> {
    id: OrganizationId,
    company_name: &'a str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct S2sSecret {
    organization_id: OrganizationId,
    secret: String,
}

/// Tells whose key this is.
///
/// Any key may ask.
#[utoipa::path(
    get, path = "/me", tag = "Merchant",
    responses((status = 200, body = Me)),
    security(("key" = []))
)]
pub(super) async fn me(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    query: Query,
) -> Result<Response, Problem> {
    query.done()?;
    let holder = caller.holder();
    let organization_id = holder.organization_id;
    let name = state.store.organization_name(organization_id).await?;
    Ok(reply.ok(Me {
        organization_id,
        organization_name: &name,
        key: MyKey {
            id: holder.id,
            name: &holder.name,
            scopes: &holder.scopes,
            owner_type: "merchant",
        },
        owner: MyOwner {
            id: organization_id,
            company_name: &name,
        },
    }))
}

/// Shows the organization.
///
/// With what new programs start with.
#[utoipa::path(
    get, path = "/merchant", tag = "Merchant",
    responses((status = 200, body = Merchant)),
    security(("key" = ["merchant:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantRead)?;
    query.done()?;
    let organization = state.store.organization(organization_id).await?;
    Ok(reply.ok(Merchant::from(&organization)))
}

/// Changes the organization.
///
/// What is left out stays as it is.
#[utoipa::path(
    patch, path = "/merchant", tag = "Merchant",
    request_body = MerchantBody,
    responses((status = 200, body = Merchant)),
    security(("key" = ["merchant:manage"]))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<MerchantBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let organization = state
        .store
        .change_settings(caller.actor(), organization_id, |old| body.change(old))
        .await?;
    Ok(reply.ok(Merchant::from(&organization)))
}

/// Makes a new secret for signed server-to-server calls.
///
/// It is shown here and never again; the one before stays valid for a day.
#[utoipa::path(
    post, path = "/merchant/s2s-secret", tag = "Merchant",
    request_body = Option<Nothing>,
    responses((status = 201, body = S2sSecret)),
    security(("key" = ["merchant:manage"]))
)]
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
