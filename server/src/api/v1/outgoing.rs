//! What merchants' own programs are told, as bytes: the rows of this dialect in an envelope. Written from what was kept
//! when it happened, so every attempt says the same.

use chrono::{DateTime, Utc};
use domain::{
    id::{CampaignId, OrganizationId},
    target::Surroundings,
    webhook::Topic,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{
    sales::Row,
    webhook::{Message, Snapshot},
};

use super::{
    affiliates::AffiliateFacts, conversions::ConversionRow, flags::FlagRow, payouts::PayoutRow,
    programs::Program,
};

/// The version of the dialect's messages that this is.
pub(super) const SCHEMA_VERSION: u8 = 2;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    topic: Topic,
    schema_version: u8,
    created_at: DateTime<Utc>,
    merchant_id: OrganizationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    program_id: Option<CampaignId>,
    environment: &'static str,
    data: Value,
}

/// The body of a message.
pub(crate) fn body(
    organization_id: OrganizationId,
    message: &Message,
    surroundings: Surroundings,
) -> Vec<u8> {
    let envelope = Envelope {
        id: message.public_id(),
        topic: message.topic,
        schema_version: SCHEMA_VERSION,
        created_at: message.created_at,
        merchant_id: organization_id,
        program_id: message.campaign_id,
        environment: match surroundings {
            Surroundings::Production => "production",
            Surroundings::Development => "development",
        },
        data: data(organization_id, message),
    };
    serde_json::to_vec(&envelope).unwrap_or_else(|_| unreachable!("an envelope is plain data"))
}

fn data(organization_id: OrganizationId, message: &Message) -> Value {
    match &message.snapshot {
        Snapshot::Sale { row, before } => {
            let before = before.as_ref().map(|before| Row {
                conversion: before.as_ref().clone(),
                ..row.as_ref().clone()
            });
            let before = before.as_ref().map(|row| value(ConversionRow::from(row)));
            compared(value(ConversionRow::from(row.as_ref())), before)
        }
        Snapshot::Affiliate { affiliate, before } => {
            let program = message.campaign_id;
            let before = before.as_ref();
            let before = before.map(|before| value(AffiliateFacts::new(before, program)));
            compared(value(AffiliateFacts::new(affiliate, program)), before)
        }
        Snapshot::Campaign { campaign, before } => {
            let before = before.as_ref();
            let before = before.map(|before| value(Program::new(organization_id, before)));
            compared(value(Program::new(organization_id, campaign)), before)
        }
        Snapshot::Flag { flag } => value(FlagRow::from(flag.as_ref())),
        Snapshot::Payout { payout } => value(PayoutRow::from(payout.as_ref())),
        Snapshot::Test => json!({"message": "This is a test: nothing happened."}),
    }
}

fn value(row: impl Serialize) -> Value {
    // By its text: rows hold pieces of JSON as they were given.
    let text = serde_json::to_string(&row).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// A row with which of its fields changed, and what they were.
fn compared(row: Value, before: Option<Value>) -> Value {
    let (Value::Object(mut row), Some(Value::Object(before))) = (row.clone(), before) else {
        return row;
    };
    let changed = before
        .into_iter()
        .filter(|(name, old)| row.get(name) != Some(old));
    let previous: Map<String, Value> = changed.collect();
    let names = previous.keys().cloned().map(Value::from).collect();
    row.insert("updatedFields".to_owned(), Value::Array(names));
    row.insert("previous".to_owned(), Value::Object(previous));
    Value::Object(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_carries_old_and_new_values() {
        let now = json!({"id": 1, "status": "approved", "approvedAt": "x", "same": null});
        let before = json!({"id": 1, "status": "pending", "approvedAt": null, "same": null});
        let told = compared(now.clone(), Some(before));
        assert_eq!(told["status"], "approved");
        assert_eq!(
            told["previous"],
            json!({"status": "pending", "approvedAt": null})
        );
        assert_eq!(told["updatedFields"], json!(["approvedAt", "status"]));
        assert_eq!(compared(now.clone(), None), now);
    }
}
