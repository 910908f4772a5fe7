//! `POST /api/tracking/click/lead`: a shop's page tells that a visitor has signed up.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use domain::{
    conversion::ProcessorIds,
    email::Email,
    fact::{Clue, ClueKind, Signup},
    id::{ClickId, OrganizationId},
    text::Name,
};
use serde::{Deserialize, Serialize};
use store::{
    intake::{IntakeError, ServerLead},
    link::OnSite,
};
use utoipa::ToSchema;

use super::{site::campaigns, token, told, visitor};
use crate::{problem::Problem, state::AppState};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PageLead)]
struct Body {
    click_token: String,
    email: Email,
    name: Option<Name>,
}

/// The answer, whatever came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = PageLeadAnswer)]
struct Told {
    #[schema(pattern = "^(ok)$")]
    status: &'static str,
}

/// Tells that a visitor has signed up.
///
/// The answer is the same whoever signs up and whatever is known of him.
#[utoipa::path(
    post, path = "/api/tracking/click/lead", operation_id = "record_lead", tag = "Browser tracking",
    request_body = Body,
    responses((status = 200, body = Told), (status = 403), (status = 404)),
    security(())
)]
pub(crate) async fn record(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body): (_, Body) = told(&state, request).await?;
    let on_page = campaigns(&state, &parts, None).await?;
    let unknown = || Problem::not_found_in("clickToken", "click");
    let token = token(&body.click_token).ok_or_else(unknown)?;
    let organization_id = find(&state, &on_page, token).await?.ok_or_else(unknown)?;
    if visitor::is_person(&parts.headers) {
        let lead = body.lead(token, state.store.now());
        match state.store.record_lead(organization_id, lead).await {
            Ok(_) | Err(IntakeError::NobodyToCredit(_) | IntakeError::NotDue(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(Told { status: "ok" }).into_response())
}

/// Whose click it is, of the organizations that the page belongs to.
async fn find(
    state: &AppState,
    on_page: &[OnSite],
    token: ClickId,
) -> Result<Option<OrganizationId>, Problem> {
    let mut organizations: Vec<OrganizationId> =
        on_page.iter().map(|one| one.organization_id).collect();
    organizations.dedup();
    for id in organizations {
        if state.store.click(id, token).await?.is_some() {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

impl Body {
    fn lead(self, token: ClickId, now: chrono::DateTime<chrono::Utc>) -> ServerLead {
        let clue = Clue {
            kind: ClueKind::Click,
            value: token.to_string(),
            place: "click of the page".to_owned(),
        };
        let signup = Signup {
            external_event_id: None,
            occurred_at: now,
            ids: ProcessorIds::default(),
            email: Some(self.email.into()),
            name: self.name.map(String::from),
            clues: vec![clue],
            metadata: "{}".to_owned(),
        };
        ServerLead {
            signup,
            campaign_id: None,
        }
    }
}
