//! Every payload that Braintree made, posted once to a connection that is older than all of them.

use super::{connected_earlier, shop};
use crate::support::TestServer;

macro_rules! fixture {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../../fixtures/braintree/", $name, ".xml")),
        )
    };
}

const PAYLOADS: [((&str, &str), &str, &str); 28] = [
    (
        fixture!("real__subscription_charged_successfully"),
        "unattributed",
        "nothing on the payment names an affiliate",
    ),
    (
        fixture!("real__subscription_cancelled"),
        "unattributed",
        "nothing on the payment names an affiliate",
    ),
    (
        fixture!("real__subscription_trial_ended"),
        "ignored",
        "nothing on the subscription names an affiliate",
    ),
    (
        fixture!("sdk_sample__check"),
        "ignored",
        "Braintree's check of this address: it works",
    ),
    (
        fixture!("sdk_sample__dispute_accepted"),
        "parked",
        "dispute my_id of $250.00 (lost): waits for the sale it is of",
    ),
    (
        fixture!("sdk_sample__dispute_auto_accepted"),
        "parked",
        "dispute my_id of $250.00 (lost)",
    ),
    (
        fixture!("sdk_sample__dispute_disputed"),
        "parked",
        "dispute my_id of $250.00 (open)",
    ),
    (
        fixture!("sdk_sample__dispute_expired"),
        "parked",
        "dispute my_id of $250.00 (lost)",
    ),
    (
        fixture!("sdk_sample__dispute_lost"),
        "parked",
        "dispute my_id of $250.00 (lost)",
    ),
    (
        fixture!("sdk_sample__dispute_opened"),
        "parked",
        "dispute my_id of $250.00 (open)",
    ),
    (
        fixture!("sdk_sample__dispute_under_review"),
        "parked",
        "dispute my_id of $250.00 (open)",
    ),
    (
        fixture!("sdk_sample__dispute_won"),
        "parked",
        "dispute my_id of $5.00 (lost)",
    ),
    (
        fixture!("sdk_sample__local_payment_completed"),
        "ignored",
        "local_payment_completed is not used",
    ),
    (
        fixture!("sdk_sample__local_payment_reversed"),
        "ignored",
        "local_payment_reversed is not used",
    ),
    (
        fixture!("sdk_sample__refund_failed"),
        "parked",
        "refund my_id (failed): waits for the sale it is of",
    ),
    (
        fixture!("sdk_sample__subscription_billing_skipped"),
        "ignored",
        "nothing was billed",
    ),
    (
        fixture!("sdk_sample__subscription_canceled"),
        "stored",
        "no pending sale of the subscription was inside its hold",
    ),
    // The samples' transactions say neither type nor currency, which real ones always do.
    (
        fixture!("sdk_sample__subscription_charged_successfully"),
        "failed",
        "transaction.type is missing",
    ),
    (
        fixture!("sdk_sample__subscription_charged_unsuccessfully"),
        "failed",
        "transaction.type is missing",
    ),
    (
        fixture!("sdk_sample__subscription_expired"),
        "ignored",
        "it has run its course: what was paid stays",
    ),
    (
        fixture!("sdk_sample__subscription_trial_ended"),
        "ignored",
        "nothing on the subscription names an affiliate",
    ),
    (
        fixture!("sdk_sample__subscription_went_active"),
        "ignored",
        "nothing on the subscription names an affiliate",
    ),
    (
        fixture!("sdk_sample__subscription_went_past_due"),
        "ignored",
        "a payment is overdue: nothing was paid",
    ),
    (
        fixture!("sdk_sample__transaction_disbursed"),
        "ignored",
        "transaction_disbursed is not used",
    ),
    (
        fixture!("sdk_sample__transaction_retried"),
        "ignored",
        "transaction_retried is not used",
    ),
    (
        fixture!("sdk_sample__transaction_reviewed"),
        "ignored",
        "transaction_reviewed is not used",
    ),
    (
        fixture!("sdk_sample__transaction_settled"),
        "unattributed",
        "nothing on the payment names an affiliate",
    ),
    (
        fixture!("sdk_sample__transaction_settlement_declined"),
        "stored",
        "no sale was recorded of it: there is nothing to take back",
    ),
];

/// Outcome and detail of the only event.
async fn only_event(server: &TestServer) -> (String, String) {
    sqlx::query_as("select outcome, detail from event")
        .fetch_one(&server.database().pool)
        .await
        .expect("one event")
}

#[tokio::test]
async fn every_payload_is_kept_with_the_expected_outcome() {
    let (server, connection) = shop().await;
    connected_earlier(&server, &connection, "20 years").await;
    let forget = "truncate event, refund, payment_link, unattributed_payment, subscription_end, customer cascade";
    for ((name, xml), outcome, detail) in PAYLOADS {
        let answer = server.notify(&connection, xml).await.expect(200);
        assert_eq!(answer.word("outcome"), outcome, "{name}");
        let (kept, why) = only_event(&server).await;
        assert_eq!(kept, outcome, "{name}");
        assert!(why.contains(detail), "{name}: {why}");
        server.database().change(forget).await;
    }
    let fixtures = std::fs::read_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/braintree"
    ));
    let names = fixtures
        .expect("a folder")
        .map(|file| file.expect("a file").file_name());
    let documents = names.filter(|name| name.to_string_lossy().ends_with(".xml"));
    assert_eq!(documents.count(), PAYLOADS.len(), "every payload is here");
}

/// Real payload; re-signed.
#[tokio::test]
async fn of_ten_real_transactions_those_since_the_connection_are_sales() {
    let (server, connection) = shop().await;
    let xml = PAYLOADS[0].0.1.replace(
        "<custom-fields/>",
        "<custom-fields><via>sarah</via></custom-fields>",
    );
    let answer = server.notify(&connection, &xml).await.expect(200);
    assert_eq!(answer.word("outcome"), "ignored");
    let (_, why) = only_event(&server).await;
    assert_eq!(why, "paid before this connection was made");
    server.database().change("truncate event cascade").await;
    let connected = "update connection set created_at = '2019-07-01T00:00:00Z'";
    server.database().change(connected).await;
    let path = format!("/api/v1/connections/{}", connection.id);
    server
        .patch(&path, serde_json::json!({"name": "Of 2019"}))
        .await
        .expect(200);
    let answer = server.notify(&connection, &xml).await.expect(200);
    assert_eq!(answer.word("outcome"), "recorded");
    let sales = "select string_agg(external_event_id || ' ' || kind || ' ' || amount_minor, ', ' order by occurred_at)
                 from conversion";
    let sales = server.database().text(sales).await;
    assert_eq!(
        sales,
        "c17z77f0 sale 1000, k4hzyc3t recurring 1000, 17jt85d2 recurring 1000"
    );
}
