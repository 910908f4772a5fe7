//! Stripe's stories from the first event to the last, in the shapes of its old and new versions, in
//! hundreds of orders with repeats: always the same sales and the same ledger.

mod story;

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use self::story::{STORIES, Story, Teller};
use super::SECRET;
use crate::support::{
    Connection, Sold, TestServer, eventually, in_some_order, now, sold,
    stripe::{Purchase, Shape, again},
};

/// In how many orders each story is told, in each shape.
const ORDERS: usize = 200;
/// How many purchases are under way at a time; the events of one come one after the other.
const AT_A_TIME: usize = 64;
const DAY: i64 = 86_400;

const SHAPES: [(Shape, &str); 2] = [(Shape::Acacia, "old"), (Shape::Basil, "new")];

/// A story told of one customer, in this order.
struct Telling {
    story: &'static Story,
    purchase: Purchase,
    events: Vec<Value>,
}

fn telling(
    story: &'static Story,
    (shape, affiliate): (Shape, &str),
    number: usize,
    runner: &mut TestRunner,
) -> Telling {
    let name = format!("{}{affiliate}{number}", story.name);
    let purchase = Purchase::paid_at(&name, now() - story.days_ago * DAY);
    let mut teller = Teller {
        purchase: purchase.clone(),
        shape,
        affiliate: affiliate.to_owned(),
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
        let answer = server.deliver(connection, event).await.expect(200);
        assert_ne!(answer.word("outcome"), "failed", "{event}: {}", answer.text);
    }
}

fn expected(tellings: &[Telling]) -> Sold {
    let mut expected = Sold::new();
    for Telling {
        story, purchase, ..
    } in tellings
    {
        for (prefix, number, kind, status, refunded, due) in story.ends {
            let end = (
                (*kind).to_owned(),
                (*status).to_owned(),
                *refunded,
                *due,
                *due,
            );
            expected.insert(purchase.id_of(prefix, *number), end);
        }
    }
    expected
}

/// What the ledger holds for each affiliate.
async fn balances(server: &TestServer) -> BTreeMap<String, i64> {
    let sums: Vec<(String, i64)> = sqlx::query_as(
        "select a.slug, sum(e.amount_minor)::bigint from ledger_entry e
         join affiliate a using (organization_id, affiliate_id) group by a.slug",
    )
    .fetch_all(&server.database().pool)
    .await
    .expect("the ledger");
    sums.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_story_ends_the_same_in_every_order_and_shape() {
    let server = TestServer::start().await;
    let connection = server.connect_stripe(SECRET).await;
    let mut runner = TestRunner::deterministic();
    let mut tellings = Vec::new();
    for shape in SHAPES {
        server.affiliate(shape.1).await;
        for story in &STORIES {
            tellings.extend((0..ORDERS).map(|number| telling(story, shape, number, &mut runner)));
        }
    }
    stream::iter(&tellings)
        .for_each_concurrent(AT_A_TIME, |telling| deliver(&server, &connection, telling))
        .await;
    let due = "select count(*) from conversion where status = 'pending' and hold_until < now()";
    eventually("what has passed its hold is approved", async || {
        (server.database().number(due).await == 0).then_some(())
    })
    .await;
    let found = sold(&server).await;
    let expected = expected(&tellings);
    for telling in &tellings {
        for (prefix, number, ..) in telling.story.ends {
            let id = telling.purchase.id_of(prefix, *number);
            assert_eq!(
                found.get(&id),
                expected.get(&id),
                "{id}: {:#?}",
                order(telling)
            );
        }
    }
    let more: Vec<_> = found
        .keys()
        .filter(|id| !expected.contains_key(*id))
        .collect();
    assert_eq!(more, Vec::<&String>::new(), "nothing else was sold");
    let leads: i64 = STORIES.iter().map(|story| story.leads).sum();
    let told = i64::try_from(ORDERS * SHAPES.len()).expect("few");
    let lead = "select count(*) from conversion where kind = 'lead' and status = 'approved' and commission_minor = 0";
    assert_eq!(server.database().number(lead).await, leads * told);
    let due: i64 = STORIES
        .iter()
        .flat_map(|story| story.ends)
        .map(|end| end.5)
        .sum();
    let each = due * i64::try_from(ORDERS).expect("few");
    assert_eq!(
        balances(&server).await,
        SHAPES
            .map(|(_, affiliate)| (affiliate.to_owned(), each))
            .into()
    );
    let check = server.command(&["check"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
}

/// The types of its events, as they were told.
fn order(telling: &Telling) -> Vec<String> {
    let word = |event: &Value| format!("{} {}", event["id"], event["type"]);
    telling.events.iter().map(word).collect()
}
