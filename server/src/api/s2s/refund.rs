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

use super::{Answer, authenticated, external_id, missing};
use crate::{api::conversions::Sale, input::parse, problem::Problem, state::AppState};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RefundBody {
    external_event_id: Option<String>,
    refund_id: Option<String>,
    amount_cents: Option<i64>,
}

/// The answer while nobody has told of the sale.
#[derive(Serialize)]
struct Parked {
    status: &'static str,
    message: &'static str,
    deduped: bool,
}

/// `POST /api/tracking/s2s/refund`
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
