//! Paddle's stories from the first event to the last, in hundreds of orders with repeats: always the same
//! sales and the same ledger.

mod story;

use futures::{StreamExt, stream};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use self::story::{STORIES, Story, Teller};
use super::shop;
use crate::support::{
    Connection, Sold, TestServer, eventually, in_some_order, now,
    paddle::{Purchase, again},
    sold,
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
    Telling {
        story,
        purchase,
        events: in_some_order(teller.told, again, runner),
    }
}

async fn deliver(server: &TestServer, connection: &Connection, telling: &Telling) {
    for event in &telling.events {
        let answer = server.deliver_paddle(connection, event).await.expect(200);
        assert_ne!(answer.word("outcome"), "failed", "{event}: {}", answer.text);
    }
}

fn expected(tellings: &[Telling]) -> Sold {
    let mut expected = Sold::new();
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
    let (found, expected) = (sold(&server).await, expected(&tellings));
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
