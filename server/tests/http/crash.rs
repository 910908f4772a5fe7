//! Power cuts under load. What was answered 2xx is there exactly once, what was not can be told
//! again, and the ledger says what the events say.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use futures::{StreamExt, future::join_all, stream};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Connection, TestServer, eventually,
    stripe::{Purchase, SHAPES, TAX, TOTAL},
};

/// Callers who call at the same time, again and again until the server is gone.
const CALLERS: usize = 200;

/// When purchases are paid: told again, an event must be the same to the byte.
const PAID_AT: i64 = 1_790_000_000;

/// What one call was told: the external id, and the answer if one came.
type Told = (String, Option<Answer>);

/// All callers call `call` with ids of their own until nobody answers. `killer` runs beside them.
async fn storm(
    prefix: &str,
    answered: &AtomicUsize,
    call: impl AsyncFn(String) -> Option<Answer>,
    killer: impl Future<Output = ()>,
) -> Vec<Told> {
    let caller = async |number: usize| {
        let mut told = Vec::new();
        for round in 0.. {
            let id = format!("{prefix}-{number}-{round}");
            let answer = call(id.clone()).await;
            let over = answer.is_none();
            answered.fetch_add(usize::from(!over), Ordering::Relaxed);
            told.push((id, answer));
            if over {
                break;
            }
        }
        told
    };
    let callers = join_all((0..CALLERS).map(caller));
    futures::future::join(callers, killer)
        .await
        .0
        .into_iter()
        .flatten()
        .collect()
}

/// Returns when so many calls have been answered.
async fn after(answered: &AtomicUsize, count: usize) {
    eventually("calls are answered", async || {
        (answered.load(Ordering::Relaxed) >= count).then_some(())
    })
    .await;
}

async fn sale(client: &Client, id: &str) -> Option<Answer> {
    let body = json!({"externalEventId": id, "amountCents": 4900, "currency": "USD", "affiliateSlug": "sarah", "taxCents": 100});
    let response = client
        .request(reqwest::Method::POST, "/api/tracking/s2s")
        .json(&body)
        .send()
        .await
        .ok()?;
    Answer::read(response).await.ok()
}

/// Every sale by its external id, from the rows themselves.
async fn sales(server: &TestServer) -> BTreeMap<String, String> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("select external_event_id, conversion_id::text from conversion")
            .fetch_all(&server.database().pool)
            .await
            .expect("rows");
    let count = rows.len();
    let by_id: BTreeMap<String, String> = rows.into_iter().collect();
    assert_eq!(by_id.len(), count, "no external id twice");
    by_id
}

/// Everything that is kept twice says the same.
async fn assert_books_balance(server: &TestServer) {
    let database = server.database();
    for (what, sql) in [
        ("the ledger and the commissions of every sale", "select count(*) from conversion c
            left join (select organization_id, conversion_id, sum(amount_minor) as held, count(*) as entries from ledger_entry group by 1, 2) l
                using (organization_id, conversion_id)
            where c.commission_minor <> coalesce(l.held, 0) or coalesce(l.entries, 0) <> 1"),
        ("entries without a sale", "select count(*) from ledger_entry l left join conversion c using (organization_id, conversion_id) where c.conversion_id is null"),
        ("sums per day", "select coalesce(sum(conversions), 0)::bigint - (select count(*) from conversion) from conversion_day"),
        ("amounts per day", "select (coalesce(sum(amount_minor), 0) - (select coalesce(sum(amount_minor), 0) from conversion))::bigint from conversion_day"),
        ("commissions per day", "select (coalesce(sum(commission_minor), 0) - (select coalesce(sum(amount_minor), 0) from ledger_entry))::bigint from conversion_day"),
        ("sums per affiliate and day", "select count(*) from (
            select campaign_id, kind, source, status, sum(conversions), sum(amount_minor), sum(commission_minor)
            from affiliate_day group by 1, 2, 3, 4
            except select campaign_id, kind, source, status, sum(conversions), sum(amount_minor), sum(commission_minor)
            from conversion_day group by 1, 2, 3, 4) d"),
        ("positions", "select (select position from organization_position) - coalesce(sum(revision), 0)::bigint from conversion"),
    ] {
        assert_eq!(database.number(sql).await, 0, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sales_that_were_answered_survive_the_server() {
    let mut server = TestServer::start().await;
    server.affiliate("sarah").await;
    let mut told = BTreeSet::new();
    for (round, kill_after) in [1, 60, 300, 700].into_iter().enumerate() {
        let answered = AtomicUsize::new(0);
        let client = server.at(&server.base_url);
        let killer = async {
            after(&answered, kill_after).await;
            server.kill_9().await;
        };
        let calls = storm(
            &format!("r{round}"),
            &answered,
            async |id| sale(&client, &id).await,
            killer,
        )
        .await;
        server.restart().await;
        let there = sales(&server).await;
        let mut unanswered = Vec::new();
        for (id, answer) in calls {
            told.insert(id.clone());
            match answer {
                Some(answer) => {
                    assert_eq!(answer.status, 201, "{id}: {}", answer.text);
                    assert_eq!(
                        there.get(&id).map(String::as_str),
                        Some(answer.id()),
                        "{id} was answered"
                    );
                }
                None => unanswered.push(id),
            }
        }
        assert_eq!(
            unanswered.len(),
            CALLERS,
            "every caller had a call under way"
        );
        assert_books_balance(&server).await;
        for again in join_all(unanswered.iter().map(|id| sale(&server, id))).await {
            let again = again.expect("the server is back");
            let known = there.contains_key(again.word("externalEventId"));
            assert_eq!(
                again.status,
                if known { 200 } else { 201 },
                "{}",
                again.text
            );
        }
    }
    let there: BTreeSet<String> = sales(&server).await.into_keys().collect();
    assert_eq!(
        there, told,
        "everything that was told is there, and nothing else"
    );
    assert_books_balance(&server).await;
    let commission = "select sum(amount_minor)::bigint from ledger_entry";
    assert_eq!(
        server.database().number(commission).await,
        960 * i64::try_from(told.len()).expect("few")
    );
}

/// The events of one purchase, in one of several orders and shapes.
fn events(name: &str) -> [Value; 3] {
    let turn = name.bytes().map(usize::from).sum::<usize>();
    let purchase = Purchase::paid_at(name, PAID_AT);
    let shape = SHAPES[turn % SHAPES.len()];
    let mut events = [
        purchase.event("invoice.paid", 1, purchase.invoice(shape)),
        purchase.event("checkout.session.completed", 2, purchase.session("sarah")),
        purchase.event("invoice.payment_succeeded", 3, purchase.invoice(shape)),
    ];
    events.rotate_left(turn % 3);
    events
}

async fn delivered(client: &Client, connection: &Connection, event: &Value) -> Option<Answer> {
    let body = event.to_string();
    let header =
        crate::support::signature(&connection.secret, crate::support::now(), body.as_bytes());
    let response = client
        .delivery(connection, body, Some(&header))
        .send()
        .await
        .ok()?;
    Answer::read(response).await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_were_answered_survive_the_server() {
    let mut server = TestServer::start().await;
    server.affiliate("sarah").await;
    let connection = server.connect_stripe("whsec_0123456789").await;
    let mut purchases = BTreeSet::new();
    for (round, kill_after) in [1, 60, 250].into_iter().enumerate() {
        let answered = AtomicUsize::new(0);
        let client = server.at(&server.base_url);
        let killer = async {
            after(&answered, kill_after).await;
            server.kill_9().await;
        };
        // A purchase of three events counts as one call: its last answer, if all of them came.
        let kept = std::sync::Mutex::new(Vec::new());
        let call = async |name: String| {
            let mut last = None;
            for event in events(&name) {
                let answer = delivered(&client, &connection, &event).await?;
                assert_eq!(answer.status, 200, "{}", answer.text);
                let id = event["id"].as_str().expect("an id").to_owned();
                kept.lock()
                    .expect("no panic")
                    .push((id, answer.word("eventId").to_owned()));
                last = Some(answer);
            }
            last
        };
        let calls = storm(&format!("r{round}"), &answered, call, killer).await;
        assert!(
            calls.iter().filter(|(_, answer)| answer.is_none()).count() == CALLERS,
            "every caller was at it"
        );
        server.restart().await;
        let rows: Vec<(String, String)> =
            sqlx::query_as("select external_id, event_id::text from event")
                .fetch_all(&server.database().pool)
                .await
                .expect("rows");
        let count = rows.len();
        let stored: BTreeMap<String, String> = rows.into_iter().collect();
        assert_eq!(stored.len(), count, "no event twice");
        for (id, event_id) in kept.into_inner().expect("no panic") {
            assert_eq!(stored.get(&id), Some(&event_id), "{id} was answered");
        }
        assert_books_balance(&server).await;
        // Stripe sends everything again, whether it was answered or not.
        let again: Vec<Value> = calls.iter().flat_map(|(name, _)| events(name)).collect();
        let deliveries = stream::iter(&again).map(|event| server.deliver(&connection, event));
        let answers: Vec<Answer> = deliveries.buffer_unordered(CALLERS).collect().await;
        assert!(answers.iter().all(|answer| answer.status == 200));
        purchases.extend(calls.into_iter().map(|(name, _)| name));
        let there: BTreeSet<String> = sales(&server).await.into_keys().collect();
        let expected: BTreeSet<String> =
            purchases.iter().map(|name| format!("in_{name}")).collect();
        assert_eq!(there, expected);
        assert_eq!(
            server.database().count("event").await,
            3 * i64::try_from(purchases.len()).expect("few")
        );
        assert_eq!(server.database().count("unattributed_payment").await, 0);
        assert_books_balance(&server).await;
    }
    let commission = (TOTAL - TAX) / 5 * i64::try_from(purchases.len()).expect("few");
    assert_eq!(
        server
            .database()
            .number("select sum(amount_minor)::bigint from ledger_entry")
            .await,
        commission
    );
    let others = "select count(*) from conversion where source <> 'link' or kind <> 'sale'";
    assert_eq!(server.database().number(others).await, 0);
}

/// The process that the private Postgres began with.
fn postmaster(data_dir: &Path) -> Option<i32> {
    let text = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sales_that_were_answered_survive_the_private_database() {
    let mut server = TestServer::start_embedded().await;
    server.affiliate("sarah").await;
    let client = server.at(&server.base_url);
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    for (round, kill_after) in [20, 150].into_iter().enumerate() {
        let (answered, killed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let killer = async {
            after(&answered, kill_after).await;
            let pid = postmaster(&server.data_dir()).expect("a private Postgres");
            kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it is there");
            killed.store(true, Ordering::Relaxed);
        };
        // A caller ends when he is told to come again, or with the call that was under way.
        let call = async |id: String| {
            if killed.load(Ordering::Relaxed) {
                return None;
            }
            sale(&client, &id)
                .await
                .filter(|answer| answer.status < 300)
        };
        let calls = storm(&format!("r{round}"), &answered, call, killer).await;
        kept.extend(
            calls
                .into_iter()
                .filter_map(|(id, answer)| Some((id, answer?.id().to_owned()))),
        );
        eventually("the private Postgres is started again", async || {
            (server.without_key().get("/readyz").await.status == 200).then_some(())
        })
        .await;
        let csv = server.get("/api/conversions/export").await.expect(200);
        let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        let column = |name: &str| {
            header
                .iter()
                .position(|column| column == name)
                .expect("a column")
        };
        let (id, external) = (column("id"), column("external_event_id"));
        let rows: Vec<(String, String)> = reader
            .records()
            .map(|row| {
                let row = row.expect("a record");
                (row[external].to_owned(), row[id].to_owned())
            })
            .collect();
        let there: BTreeMap<String, String> = rows.iter().cloned().collect();
        assert_eq!(there.len(), rows.len(), "no external id twice");
        for (external_id, id) in &kept {
            assert_eq!(
                there.get(external_id),
                Some(id),
                "{external_id} was answered"
            );
        }
    }
    // Killed with the test, it would leave its Postgres behind.
    server.stop().await;
}
