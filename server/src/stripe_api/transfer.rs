//! Transfers: a payout's money to the connected account of its affiliate.
//!
//! A transfer is asked for under the payout's id. Stripe makes one of all the calls with the same
//! `Idempotency-Key` and forgets the key after a day, so who asks again first looks for what was made:
//! every transfer carries the payout in its `transfer_group` and metadata. What is not an answer of
//! Stripe's own that none was made leaves it open.

use domain::{
    id::{OrganizationId, PayoutId},
    money::Money,
    transfer::TransferSeen,
};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use url::form_urlencoded;

use super::{MAX_CODE, StripeApi, StripeApiError, VERSION, unreachable, whole};
use crate::webhook::stripe;

/// The longest of Stripe's own words that is repeated, in characters.
const MAX_MESSAGE: usize = 200;

/// A transfer to be made.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    /// Of which payout; also the idempotency key.
    pub(crate) payout_id: PayoutId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) amount: Money,
    /// The affiliate's connected account (`acct_...`).
    pub(crate) destination: String,
}

/// Why there is no transfer, as far as is known.
#[derive(Debug, Error)]
pub(crate) enum TransferError {
    /// Stripe says that it has made none and will make none: why, for people.
    #[error("{0}")]
    Refused(String),
    /// It may have been made, or may yet be: asked again later.
    #[error("{0}")]
    Later(String),
}

#[derive(Deserialize)]
struct Refusal {
    error: Cause,
}

#[derive(Deserialize)]
struct Cause {
    code: Option<String>,
    r#type: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Value>,
}

impl StripeApi {
    /// Makes the transfer, once however often it is asked for within a day.
    ///
    /// # Errors
    /// [`TransferError`], which tells what is final from what is not.
    pub(crate) async fn transfer(
        &self,
        key: &str,
        transfer: &Transfer,
    ) -> Result<TransferSeen, TransferError> {
        let url = self.url(&["transfers"]).map_err(later)?;
        let request = self.http.post(url).bearer_auth(key);
        let request = request
            .header("stripe-version", VERSION)
            .header("idempotency-key", transfer.payout_id.to_string())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body(transfer)?);
        let answer = request
            .send()
            .await
            .map_err(|error| later(unreachable(error)))?;
        let status = answer.status();
        let body = whole(answer).await.map_err(later)?;
        if status != StatusCode::OK {
            return Err(refused(status, &body));
        }
        let made: Value = serde_json::from_slice(&body).map_err(unreadable)?;
        read(&made)
    }

    /// The transfer of a payout, if one was made.
    ///
    /// # Errors
    /// Always [`TransferError::Later`]: nothing is known then.
    pub(crate) async fn transfer_made(
        &self,
        key: &str,
        payout_id: PayoutId,
    ) -> Result<Option<TransferSeen>, TransferError> {
        let query = [
            ("transfer_group", group(payout_id)),
            ("limit", "100".to_owned()),
        ];
        let list: List = self
            .get(key, VERSION, &["transfers"], &query)
            .await
            .map_err(later)?;
        let seen: Result<Vec<TransferSeen>, _> = list.data.iter().map(read).collect();
        let mut seen = seen?.into_iter();
        Ok(seen.find(|one| one.payout_id == Some(payout_id)))
    }
}

/// What a payout's transfers are found by.
fn group(payout_id: PayoutId) -> String {
    format!("tributary_{payout_id}")
}

fn body(transfer: &Transfer) -> Result<String, TransferError> {
    let amount = transfer.amount;
    let units = stripe::units(amount).ok_or_else(|| {
        TransferError::Refused(format!(
            "Stripe can't transfer {amount}: it has no such fraction of the currency"
        ))
    })?;
    let (payout, organization) = (transfer.payout_id, transfer.organization_id);
    Ok(form_urlencoded::Serializer::new(String::new())
        .append_pair("amount", &units.to_string())
        .append_pair("currency", &amount.currency.code().to_ascii_lowercase())
        .append_pair("destination", &transfer.destination)
        .append_pair("transfer_group", &group(payout))
        .append_pair("description", &format!("Payout {payout}"))
        .append_pair(
            &format!("metadata[{}]", stripe::PAYOUT),
            &payout.to_string(),
        )
        .append_pair(
            "metadata[tributary_organization]",
            &organization.to_string(),
        )
        .finish())
}

/// What a transfer says, as its events would tell.
fn read(transfer: &Value) -> Result<TransferSeen, TransferError> {
    match stripe::transfer(transfer) {
        Ok(seen) => Ok(seen),
        Err(why) => Err(TransferError::Later(format!(
            "Stripe's answer can't be read: {why}"
        ))),
    }
}

fn later(error: StripeApiError) -> TransferError {
    TransferError::Later(match error {
        StripeApiError::Key(status) => {
            format!("Stripe refuses the API key ({status}): it needs the right to write transfers")
        }
        other => other.to_string(),
    })
}

fn unreadable(_: serde_json::Error) -> TransferError {
    later(StripeApiError::Unreadable)
}

/// Final is only what Stripe itself answers about this very transfer. An answer about the key, about how
/// many calls there are, or about another call with the same idempotency key says nothing of it, and
/// after a failure of Stripe's own nobody knows.
fn refused(status: StatusCode, body: &[u8]) -> TransferError {
    let about_it = [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYMENT_REQUIRED,
        StatusCode::NOT_FOUND,
    ];
    let cause = serde_json::from_slice::<Refusal>(body).ok();
    let cause = cause.map(|refusal| refusal.error);
    match cause {
        Some(cause) if about_it.contains(&status) && cause.is_final() => {
            TransferError::Refused(cause.in_words())
        }
        _ => later(super::refused(status, body)),
    }
}

impl Cause {
    fn is_final(&self) -> bool {
        const OF_NOW: [&str; 4] = [
            "idempotency_key_in_use",
            "lock_timeout",
            "rate_limit",
            "api_key_expired",
        ];
        let kind = self.r#type.as_deref().unwrap_or_default();
        let code = self.code.as_deref().unwrap_or_default();
        // Another kind is about the call, or unknown to us.
        let about_it = ["invalid_request_error", "card_error"].contains(&kind);
        about_it && !OF_NOW.contains(&code)
    }

    /// For people who have to do something about it; the commonest ones say what.
    fn in_words(&self) -> String {
        let code = self.code.as_deref().unwrap_or_default();
        let known = match code {
            "balance_insufficient" => {
                "the Stripe account's available balance does not cover it: add funds, then run the payouts again"
            }
            "account_invalid" | "resource_missing" => {
                "Stripe knows no such connected account: check the affiliate's Stripe account id"
            }
            "insufficient_capabilities_for_transfer" | "transfers_not_allowed" => {
                "the affiliate's Stripe account can't receive transfers: it has to be completed at Stripe"
            }
            _ => "",
        };
        if !known.is_empty() {
            return known.to_owned();
        }
        let message = self.message.as_deref().unwrap_or("without a reason");
        let message: String = message.chars().filter(|c| !c.is_control()).collect();
        let message: String = message.chars().take(MAX_MESSAGE).collect();
        match code {
            "" => format!("Stripe refused the transfer: {message}"),
            code => {
                let code: String = code.chars().take(MAX_CODE).collect();
                format!("Stripe refused the transfer ({code}): {message}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn transfer(minor: i64, code: &str) -> Transfer {
        Transfer {
            payout_id: PayoutId(Uuid::from_u128(1)),
            organization_id: OrganizationId(Uuid::from_u128(2)),
            amount: Money::new(minor, Currency::parse(code).expect("a currency")),
            destination: "acct_1".to_owned(),
        }
    }

    #[test]
    fn a_transfer_says_what_it_is_of_in_stripes_units() {
        let written = body(&transfer(1580, "ISK")).expect("whole");
        let pairs: Vec<(String, String)> = form_urlencoded::parse(written.as_bytes())
            .into_owned()
            .collect();
        let value = |name: &str| {
            let found = pairs.iter().find(|(own, _)| own == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        assert_eq!(value("amount"), "158000");
        assert_eq!(value("currency"), "isk");
        assert_eq!(value("destination"), "acct_1");
        let payout = "00000000-0000-0000-0000-000000000001";
        assert_eq!(value("transfer_group"), format!("tributary_{payout}"));
        assert_eq!(value("metadata[tributary_payout]"), payout);
        assert_eq!(
            value("metadata[tributary_organization]"),
            "00000000-0000-0000-0000-000000000002"
        );
    }

    #[test]
    fn what_stripe_has_no_unit_for_is_refused_before_anybody_is_asked() {
        // ISO counts Libyan dinars in thousandths, Stripe in hundredths.
        assert!(body(&transfer(1230, "LYD")).is_ok());
        let refused = body(&transfer(1234, "LYD")).expect_err("a fraction");
        assert!(matches!(refused, TransferError::Refused(_)), "{refused}");
    }

    #[test]
    fn only_an_answer_about_the_transfer_is_final() {
        let answer = |status: u16, kind: &str, code: &str| {
            let body = json!({"error": {"type": kind, "code": code, "message": "No."}}).to_string();
            let status = StatusCode::from_u16(status).expect("a status");
            refused(status, body.as_bytes())
        };
        let invalid = "invalid_request_error";
        for (status, code) in [
            (400, "balance_insufficient"),
            (404, "resource_missing"),
            (402, "amount_too_small"),
        ] {
            let error = answer(status, invalid, code);
            assert!(matches!(error, TransferError::Refused(_)), "{error}");
        }
        for (status, kind, code) in [
            (400, "idempotency_error", ""),
            (401, invalid, "api_key_expired"),
            (403, invalid, "more_permissions_required"),
            (409, invalid, "idempotency_key_in_use"),
            (429, invalid, "rate_limit"),
            (429, invalid, "lock_timeout"),
            (400, "api_error", ""),
            (500, "api_error", ""),
            (503, invalid, "balance_insufficient"),
        ] {
            let error = answer(status, kind, code);
            assert!(matches!(error, TransferError::Later(_)), "{status} {error}");
        }
        let page = refused(StatusCode::NOT_FOUND, b"<html>a proxy's own page</html>");
        assert!(matches!(page, TransferError::Later(_)), "{page}");
    }

    #[test]
    fn the_reason_is_told_without_what_nobody_can_read() {
        let cause = |code: Option<&str>, message: &str| Cause {
            code: code.map(str::to_owned),
            r#type: None,
            message: Some(message.to_owned()),
        };
        let told = cause(None, "Must be\u{0} at least 1.").in_words();
        assert_eq!(told, "Stripe refused the transfer: Must be at least 1.");
        let told = cause(Some("amount_too_small"), &"x".repeat(9000)).in_words();
        assert!(told.starts_with("Stripe refused the transfer (amount_too_small): xxx"));
        assert!(told.chars().count() < 300);
        let told = cause(Some("balance_insufficient"), "secret").in_words();
        assert!(told.contains("add funds") && !told.contains("secret"));
    }
}
