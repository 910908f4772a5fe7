//! Paddle's stories from the first event to the last, in hundreds of orders with repeats: always the same
//! sales and the same ledger.

mod story;

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;

use self::story::{STORIES, Story, Teller};
use super::shop;
use crate::support::{
    Connection, TestServer, eventually, now,
    paddle::{Purchase, again},
};

/// In how many orders each story is told.
const ORDERS: usize = 150;
/// How many purchases are under way at a time; the events of one come one after the other.
const AT_A_TIME: usize = 64;
const DAY: i64 = 86_400;

/// A story told of one customer, in this order.
struct Telling {
    story: &'static Story,
    purchase: Purchase,
    events: Vec<Value>,
}

fn telling(story: &'static Story, number: usize, runner: &mut TestRunner) -> Telling {
    let name = format!("{}{number}", story.name);
    let purchase = Purchase::paid_at(&name, now() - story.days_ago * DAY);
    let mut teller = Teller {
        purchase: purchase.clone(),
        told: Vec::new(),
    };
    (story.tell)(&mut teller);
    // Some come twice: the same event, or another that says the same.
    let repeats = proptest::sample::subsequence(teller.told.clone(), 0..=2);
    let events = (repeats, any::<bool>()).prop_flat_map(move |(repeats, same)| {
        let repeats = repeats
            .iter()
            .map(|told| if same { told.clone() } else { again(told) });
        Just([teller.told.clone(), repeats.collect()].concat()).prop_shuffle()
    });
    Telling {
        story,
        purchase,
        events: events.new_tree(runner).expect("an order").current(),
    }
}

async fn deliver(server: &TestServer, connection: &Connection, telling: &Telling) {
    for event in &telling.events {
        let answer = server.deliver_paddle(connection, event).await.expect(200);
        assert_ne!(answer.word("outcome"), "failed", "{event}: {}", answer.text);
    }
}

/// Every sale by its external id: type, status, refunded, commission, and what its ledger adds up to.
type Found = BTreeMap<String, (String, String, i64, i64, i64)>;

async fn sales(server: &TestServer) -> Found {
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
    let found: Found = by_id.collect();
    assert_eq!(found.len(), count, "a payment makes one sale");
    found
}

fn expected(tellings: &[Telling]) -> Found {
    let mut expected = Found::new();
    for Telling {
        story, purchase, ..
    } in tellings
    {
        for (number, kind, status, refunded, due) in story.ends {
            let end = (
                (*kind).to_owned(),
                (*status).to_owned(),
                *refunded,
                *due,
                *due,
            );
            expected.insert(purchase.transaction_id(*number), end);
        }
    }
    expected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_story_ends_the_same_in_every_order() {
    let (server, sarah, connection) = shop().await;
    server.coupon(&sarah, "SARAH20", None).await;
    let mut runner = TestRunner::deterministic();
    let mut tellings = Vec::new();
    for story in &STORIES {
        tellings.extend((0..ORDERS).map(|number| telling(story, number, &mut runner)));
    }
    stream::iter(&tellings)
        .for_each_concurrent(AT_A_TIME, |telling| deliver(&server, &connection, telling))
        .await;
    let due = "select count(*) from conversion where status = 'pending' and hold_until < now()";
    eventually("what has passed its hold is approved", async || {
        (server.database().number(due).await == 0).then_some(())
    })
    .await;
    let (found, expected) = (sales(&server).await, expected(&tellings));
    for telling in &tellings {
        for (number, ..) in telling.story.ends {
            let id = telling.purchase.transaction_id(*number);
            let order = || order(telling);
            assert_eq!(found.get(&id), expected.get(&id), "{id}: {:#?}", order());
        }
    }
    let more: Vec<_> = found
        .keys()
        .filter(|id| !expected.contains_key(*id))
        .collect();
    assert_eq!(more, Vec::<&String>::new(), "nothing else was sold");
    let told = i64::try_from(ORDERS).expect("few");
    let leads: i64 = STORIES.iter().map(|story| story.leads).sum();
    let lead = "select count(*) from conversion where kind = 'lead' and status = 'approved'";
    assert_eq!(server.database().number(lead).await, leads * told);
    let held = STORIES.iter().filter(|story| story.is_held).count() * ORDERS;
    let disputed = "select count(*) from conversion where held_by is not null";
    let disputed = server.database().number(disputed).await;
    assert_eq!(usize::try_from(disputed), Ok(held));
    let unsettled = "select count(*) from event where outcome in ('parked', 'unattributed')";
    assert_eq!(server.database().number(unsettled).await, 0);
    let check = server.command(&["check"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
}

/// The types of its events, as they were told.
fn order(telling: &Telling) -> Vec<String> {
    let word = |event: &Value| {
        let status = &event["data"]["status"];
        format!("{} {} {status}", event["event_id"], event["event_type"])
    };
    telling.events.iter().map(word).collect()
}
