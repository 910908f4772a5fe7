//! Every official sample, posted once.

use serde_json::{Value, json};

use super::{shop, tell};

macro_rules! sample {
    ($name:literal, $outcome:literal) => {
        (
            $name,
            include_str!(concat!("../../../../fixtures/paddle/", $name, ".json")),
            $outcome,
        )
    };
}

const SAMPLES: [(&str, &str, &str); 29] = [
    sample!("adjustment.created", "parked"),
    sample!("adjustment.updated", "parked"),
    sample!("customer.created", "stored"),
    sample!("customer.imported", "stored"),
    sample!("customer.updated", "stored"),
    sample!("discount.created", "stored"),
    sample!("discount.imported", "stored"),
    sample!("discount.updated", "stored"),
    sample!("discount_group.created", "ignored"),
    sample!("discount_group.updated", "ignored"),
    sample!("subscription.activated", "ignored"),
    sample!("subscription.canceled", "stored"),
    sample!("subscription.created", "ignored"),
    sample!("subscription.imported", "ignored"),
    sample!("subscription.past_due", "ignored"),
    sample!("subscription.paused", "ignored"),
    sample!("subscription.resumed", "ignored"),
    sample!("subscription.trialing", "stored"),
    sample!("subscription.updated", "ignored"),
    sample!("transaction.billed", "ignored"),
    sample!("transaction.canceled", "ignored"),
    sample!("transaction.completed", "unattributed"),
    sample!("transaction.created", "ignored"),
    sample!("transaction.paid", "ignored"),
    sample!("transaction.past_due", "ignored"),
    sample!("transaction.payment_failed", "ignored"),
    sample!("transaction.ready", "ignored"),
    sample!("transaction.revised", "ignored"),
    sample!("transaction.updated", "ignored"),
];

#[tokio::test]
async fn every_sample_has_its_outcome() {
    let (server, _, connection) = shop().await;
    for (number, (name, sample, outcome)) in SAMPLES.into_iter().enumerate() {
        let mut event: Value = serde_json::from_str(sample).expect("JSON");
        assert_eq!(event["event_type"], name);
        // Some samples share an id.
        event["event_id"] = json!(format!("evt_{number}"));
        assert_eq!(
            tell(&server, &connection, &[event]).await,
            [outcome],
            "{name}"
        );
    }
    let database = server.database();
    assert_eq!(database.count("event").await, 29);
    assert_eq!(database.count("conversion").await, 0);
    assert_eq!(database.count("unattributed_payment").await, 1);
    let silent = "select count(*) from event where detail = ''";
    assert_eq!(database.number(silent).await, 0, "each says why");
}

#[tokio::test]
async fn a_sample_that_names_an_affiliate_is_his_sale() {
    let (server, _, connection) = shop().await;
    let sample = include_str!("../../../../fixtures/paddle/transaction.completed.json");
    let mut event: Value = serde_json::from_str(sample).expect("JSON");
    event["data"]["custom_data"] = json!({"tributary_ref": "sarah"});
    event["data"]["subscription_id"] = json!("sub_1");
    assert_eq!(tell(&server, &connection, &[event]).await, ["recorded"]);
    let row = server.sales("").await.remove(0);
    for (field, value) in [
        ("type", json!("Sale")),
        ("source", json!("Link")),
        ("amountCents", json!(65_215)),
        ("commissionCents", json!(11_980)),
        ("currency", json!("USD")),
        ("externalEventId", json!("txn_01h8dzxgkvdwemdhbpcapj2tbj")),
        ("processor", json!("paddle")),
        ("subscriptionId", json!("sub_1")),
        ("customerId", json!("ctm_01h8e18bxp9hby49dnm8ewf0m0")),
        ("occurredAt", json!("2023-08-22T07:15:43.792Z")),
        ("metadata", json!({"tributary_ref": "sarah"})),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
}
