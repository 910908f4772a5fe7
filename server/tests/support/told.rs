//! Stories told in many orders, and what became of them.

use std::collections::BTreeMap;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;

use super::TestServer;

/// Every sale by its external id: type, status, refunded, commission, and what its ledger adds up to.
pub(crate) type Sold = BTreeMap<String, (String, String, i64, i64, i64)>;

/// What was sold.
pub(crate) async fn sold(server: &TestServer) -> Sold {
    let rows: Vec<(String, String, String, i64, i64, i64)> = sqlx::query_as(
        "select c.external_event_id, c.kind, c.status, c.refunded_minor, c.commission_minor,
             coalesce(sum(e.amount_minor), 0)::bigint
         from conversion c left join ledger_entry e using (organization_id, conversion_id)
         where c.kind <> 'lead' group by c.organization_id, c.conversion_id",
    )
    .fetch_all(&server.database().pool)
    .await
    .expect("the sales");
    let count = rows.len();
    let by_id = rows
        .into_iter()
        .map(|(id, kind, status, refunded, due, ledger)| {
            (id, (kind, status, refunded, due, ledger))
        });
    let found: Sold = by_id.collect();
    assert_eq!(found.len(), count, "a payment makes one sale");
    found
}

/// These events in some order, some of them twice: the same event, or `again`, another that says the same.
pub(crate) fn in_some_order(
    told: Vec<Value>,
    again: fn(&Value) -> Value,
    runner: &mut TestRunner,
) -> Vec<Value> {
    let repeats = proptest::sample::subsequence(told.clone(), 0..=2);
    let events = (repeats, any::<bool>()).prop_flat_map(move |(repeats, same)| {
        let repeats = repeats
            .iter()
            .map(|told| if same { told.clone() } else { again(told) });
        Just([told.clone(), repeats.collect()].concat()).prop_shuffle()
    });
    events.new_tree(runner).expect("an order").current()
}
