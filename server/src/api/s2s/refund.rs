//! Refunds told by the merchant's server.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::money::MAX_MINOR;
use serde::{Deserialize, Serialize};
use store::intake::{Refunded, ServerRefund};
use utoipa::ToSchema;

use super::{
    Answer, authenticated,
    body::{external_id, missing},
};
use crate::{api::conversions::Sale, input::parse, problem::Problem, state::AppState};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ServerRefund)]
struct RefundBody {
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "order-1001")]
    external_event_id: Option<String>,
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "refund-1")]
    refund_id: Option<String>,
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000i64)]
    amount_cents: Option<i64>,
}

/// The answer while nobody has told of the sale.
#[derive(Serialize, ToSchema)]
#[schema(as = ParkedRefund)]
struct Parked {
    #[schema(pattern = "^(parked)$")]
    status: &'static str,
    message: &'static str,
    deduped: bool,
}

/// Tells of a refund.
///
/// All that is left of the sale when no amount is named. The same `refundId` again changes nothing. A refund of
/// a sale that nobody has told of yet waits for it: 202.
#[utoipa::path(
    post, path = "/api/tracking/s2s/refund", tag = "Server to server",
    request_body = RefundBody,
    responses((status = 200, body = Answer), (status = 202, body = Parked)),
    security(("key" = ["conversions:write"]), ("signature" = [], "organization" = []))
)]
pub(crate) async fn refund(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let (organization_id, body) = authenticated(&state, request).await?;
    let body: RefundBody = parse(&body)?;
    let refund = body.refund(state.store.now())?;
    let refunded = state.store.refund_sale(organization_id, refund).await?;
    Ok(answer(&refunded))
}

impl RefundBody {
    fn refund(&self, at: DateTime<Utc>) -> Result<ServerRefund, Problem> {
        let needed =
            |field, value: Option<&str>| external_id(field, value)?.ok_or_else(|| missing(field));
        if let Some(minor) = self.amount_cents
            && !(1..=MAX_MINOR).contains(&minor)
        {
            let needs = "an amount from 1 to 10^15 in the currency's minor unit is needed";
            return Err(Problem::invalid("amountCents", needs));
        }
        Ok(ServerRefund {
            sale: needed("externalEventId", self.external_event_id.as_deref())?,
            refund_id: needed("refundId", self.refund_id.as_deref())?,
            amount_minor: self.amount_cents,
            at,
        })
    }
}

fn answer(refunded: &Refunded) -> Response {
    let deduped = refunded.is_known;
    if let Some(row) = &refunded.row {
        let answer = Answer {
            sale: Sale::from(row.as_ref()),
            deduped,
        };
        return axum::Json(answer).into_response();
    }
    let parked = Parked {
        status: "parked",
        message: "no sale has this externalEventId yet: the refund waits for it",
        deduped,
    };
    (StatusCode::ACCEPTED, axum::Json(parked)).into_response()
}
