//! `/api/v1/connections`: accounts at processors. Secrets come in and never go out.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    connection::{Mode, Processor},
    id::{CampaignId, ConnectionId, OrganizationId},
    scope::Scope,
    text::Name,
};
use serde::{Deserialize, Serialize};
use store::connection::{
    BraintreeKeys, ConnectionChange, ConnectionError, ConnectionView, KeyPair, NewConnection,
    Secrets,
};
use utoipa::ToSchema;

use super::{
    Removed, Reply,
    field::{Change, Id, external_id, needed, secret, secrets},
    page::Page,
};
use crate::{
    caller::Caller,
    input::{Json, Query},
    problem::Problem,
    state::AppState,
};

/// A connection as the API shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Connection)]
struct ConnectionRow<'a> {
    id: ConnectionId,
    processor: Processor,
    mode: Mode,
    name: &'a str,
    program_id: Option<CampaignId>,
    /// Where the processor must send its events.
    webhook_url: String,
    signing_secret_count: usize,
    last_event_at: Option<DateTime<Utc>>,
    /// The last delivery that was turned away, when no event was accepted since.
    last_refused_at: Option<DateTime<Utc>>,
    /// What was wrong with its signature.
    last_refusal: Option<&'a str>,
    /// When its events were last read at the processor to the end; only with a key of its API.
    last_reconciled_at: Option<DateTime<Utc>>,
    /// Why the last such reading broke off.
    reconcile_error: Option<&'a str>,
    created_at: DateTime<Utc>,
}

impl<'a> ConnectionRow<'a> {
    fn new(state: &AppState, view: &'a ConnectionView) -> Self {
        let (public_url, processor) = (&state.public_url, view.processor.as_str());
        Self {
            id: view.id,
            processor: view.processor,
            mode: view.mode,
            name: view.name.as_str(),
            program_id: view.campaign_id,
            webhook_url: format!("{public_url}/api/webhooks/{processor}/{}", view.id),
            signing_secret_count: view.secrets,
            last_event_at: view.last_event_at,
            last_refused_at: view.refused.as_ref().map(|refused| refused.at),
            last_refusal: view.refused.as_ref().map(|refused| refused.reason.as_str()),
            last_reconciled_at: view.last_reconciled_at,
            reconcile_error: view.reconcile_error.as_deref(),
            created_at: view.created_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewConnection)]
pub(crate) struct NewBody {
    #[schema(pattern = "^(stripe|paddle|braintree)$")]
    processor: String,
    mode: Option<Mode>,
    name: Name,
    program_id: Option<CampaignId>,
    #[serde(default, deserialize_with = "secrets")]
    signing_secrets: Option<Vec<String>>,
    #[serde(default, deserialize_with = "secret")]
    api_key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    public_key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    private_key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    merchant_id: Option<String>,
    environment: Option<Environment>,
}

/// Braintree's words for the mode.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BraintreeEnvironment)]
enum Environment {
    Production,
    Sandbox,
}

impl Environment {
    fn mode(self) -> Mode {
        match self {
            Self::Production => Mode::Live,
            Self::Sandbox => Mode::Test,
        }
    }
}

/// The mode, in our word or in Braintree's; both only when they agree.
fn mode(mode: Option<Mode>, environment: Option<Environment>) -> Result<Option<Mode>, Problem> {
    let named = environment.map(Environment::mode);
    match (mode, named) {
        (Some(mode), Some(named)) if mode != named => {
            let problem = "production is live, sandbox is test; mode says otherwise";
            Err(Problem::invalid("environment", problem))
        }
        (mode, named) => Ok(mode.or(named)),
    }
}

impl NewBody {
    fn read(self) -> Result<NewConnection, Problem> {
        let known = Processor::parse(&self.processor).filter(|known| *known != Processor::Server);
        let unknown = || Problem::invalid("processor", "stripe, paddle or braintree is needed");
        let processor = known.ok_or_else(unknown)?;
        let mode = mode(self.mode, self.environment)?;
        let signing = match processor {
            Processor::Braintree => self.signing_secrets.unwrap_or_default(),
            _ => needed("signingSecrets", self.signing_secrets)?,
        };
        let is_braintree = processor == Processor::Braintree;
        let keys = (self.public_key, self.private_key, self.merchant_id);
        let braintree = match keys {
            (None, None, None) if !is_braintree => None,
            (public, private, merchant_id) => Some(BraintreeKeys {
                pairs: vec![pair(public, private)?],
                merchant_id: needed("merchantId", merchant_id)?,
            }),
        };
        Ok(NewConnection {
            processor,
            mode: needed("mode", mode)?,
            name: self.name,
            campaign_id: self.program_id,
            secrets: Secrets {
                signing,
                api_key: read_key(self.api_key)?,
                braintree,
            },
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ConnectionChange)]
pub(crate) struct ChangeBody {
    mode: Option<Mode>,
    name: Option<Name>,
    #[serde(default)]
    #[schema(value_type = Option<CampaignId>)]
    program_id: Change<CampaignId>,
    #[serde(default, deserialize_with = "secrets")]
    signing_secrets: Option<Vec<String>>,
    #[serde(default, deserialize_with = "secret")]
    api_key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    public_key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    private_key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    merchant_id: Option<String>,
    key_pairs: Option<Vec<PairBody>>,
    environment: Option<Environment>,
}

fn pair(public: Option<String>, private: Option<String>) -> Result<KeyPair, Problem> {
    Ok(KeyPair {
        public: needed("publicKey", public)?,
        private: needed("privateKey", private)?,
    })
}

/// A key pair of Braintree.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = KeyPair)]
struct PairBody {
    #[serde(default, deserialize_with = "secret")]
    public_key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    private_key: Option<String>,
}

impl PairBody {
    fn read(self) -> Result<KeyPair, Problem> {
        pair(self.public_key, self.private_key)
    }
}

impl ChangeBody {
    /// A key pair joins those before, for notifications under way are signed with them; `keyPairs` replaces
    /// them all.
    fn read(self) -> Result<ConnectionChange, Problem> {
        let further_pair = match (self.public_key, self.private_key) {
            (None, None) => None,
            (public, private) => Some(pair(public, private)?),
        };
        let pairs = self
            .key_pairs
            .map(|pairs| pairs.into_iter().map(PairBody::read).collect());
        Ok(ConnectionChange {
            key_pairs: pairs.transpose()?,
            name: self.name,
            mode: mode(self.mode, self.environment)?,
            campaign_id: self.program_id.given(),
            signing: self.signing_secrets,
            api_key: read_key(self.api_key)?,
            merchant_id: self.merchant_id,
            further_pair,
            ..ConnectionChange::default()
        })
    }
}

fn read_key(key: Option<String>) -> Result<Option<String>, Problem> {
    key.map(|key| external_id("apiKey", &key)).transpose()
}

impl From<ConnectionError> for Problem {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::BadSecret => Self::invalid("signingSecrets", error.to_string()),
            ConnectionError::BadKeys => Self::invalid("privateKey", error.to_string()),
            ConnectionError::BadMerchant => Self::invalid("merchantId", error.to_string()),
            ConnectionError::Foreign(_) => Self::invalid("processor", error.to_string()),
            ConnectionError::NoCampaign => Self::not_found_in("programId", "program"),
            ConnectionError::NotFound => Self::not_found("connection"),
            ConnectionError::Store(error) => error.into(),
        }
    }
}

/// Lists connections.
///
/// Oldest first. Secrets are never shown.
#[utoipa::path(
    get, path = "/connections", tag = "Connections",
    params(Page),
    responses((status = 200, body = Vec<ConnectionRow>)),
    security(("key" = ["merchant:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    mut query: Query,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantRead)?;
    let page = Page::take(&mut query)?;
    query.done()?;
    let (total, views) = page.cut(state.store.connections(organization_id).await?);
    let rows: Vec<_> = views
        .iter()
        .map(|view| ConnectionRow::new(&state, view))
        .collect();
    Ok(reply.list(&page, total, &rows))
}

/// Connects an account at a processor.
///
/// Stripe and Paddle take `signingSecrets`; Braintree takes `publicKey`, `privateKey` and `merchantId`. The
/// answer says where the processor must send its events.
#[utoipa::path(
    post, path = "/connections", tag = "Connections",
    request_body = NewBody,
    responses((status = 201, body = ConnectionRow), (status = 404)),
    security(("key" = ["merchant:manage"]))
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let new = body.read()?;
    let view = state
        .store
        .add_connection(caller.actor(), organization_id, new)
        .await?;
    Ok(reply.created(ConnectionRow::new(&state, &view)))
}

/// Changes a connection.
///
/// Signing secrets replace those before. A key pair joins those before; `keyPairs` replaces them all.
#[utoipa::path(
    patch, path = "/connections/{id}", tag = "Connections",
    params(("id" = ConnectionId, Path)),
    request_body = ChangeBody,
    responses((status = 200, body = ConnectionRow)),
    security(("key" = ["merchant:manage"]))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ConnectionId>,
    Json(body): Json<ChangeBody>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    let change = body.read()?;
    state
        .store
        .change_connection(caller.actor(), organization_id, id, change)
        .await?;
    let view = find(&state, organization_id, id).await?;
    Ok(reply.ok(ConnectionRow::new(&state, &view)))
}

/// Removes a connection.
///
/// Its events and sales stay.
#[utoipa::path(
    delete, path = "/connections/{id}", tag = "Connections",
    params(("id" = ConnectionId, Path)),
    responses((status = 200, body = Removed)),
    security(("key" = ["merchant:manage"]))
)]
pub(super) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    reply: Reply,
    Id(id): Id<ConnectionId>,
) -> Result<Response, Problem> {
    let organization_id = caller.with(Scope::MerchantManage)?;
    state
        .store
        .remove_connection(caller.actor(), organization_id, id)
        .await?;
    Ok(reply.removed())
}

async fn find(
    state: &AppState,
    organization_id: OrganizationId,
    id: ConnectionId,
) -> Result<ConnectionView, Problem> {
    let views = state.store.connections(organization_id).await?;
    let view = views.into_iter().find(|view| view.id == id);
    view.ok_or_else(|| Problem::not_found("connection"))
}
