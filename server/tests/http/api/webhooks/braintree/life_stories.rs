//! Braintree's stories from the first charge to the last, in hundreds of orders with repeats: always the same
//! sales and the same ledger.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::{DAY, shop};
use crate::support::{
    Connection, TestServer,
    braintree::{Subscriber, Transaction, dispute, notification},
    eventually, now,
};

/// In how many orders each story is told.
const ORDERS: usize = 120;
/// How many stories are under way at a time.
const AT_A_TIME: usize = 64;

/// How a sale ends: which, its type, status, refunded, commission.
type End = (&'static str, &'static str, &'static str, i64, i64);

struct Story {
    name: &'static str,
    tell: fn(&mut Teller),
    ends: &'static [End],
}

/// Notes down what is told, in the order in which it happened, ten seconds apart.
struct Teller {
    person: Subscriber,
    told: Vec<String>,
}

impl Teller {
    fn second(&self) -> i64 {
        10 * i64::try_from(self.told.len()).expect("few")
    }

    fn sale(&self, prefix: &str) -> Transaction {
        self.person.sale(prefix, self.second())
    }

    fn charged(&mut self, list: &[Transaction]) {
        let xml = self.person.charged(self.second(), list);
        self.told.push(xml);
    }

    fn about(&mut self, kind: &str, list: &[Transaction]) {
        let xml = self.person.told(kind, self.second(), list);
        self.told.push(xml);
    }

    fn of(&mut self, kind: &str, transaction: &Transaction) {
        let at = self.person.at + self.second();
        self.told.push(notification(kind, at, &transaction.xml()));
    }

    /// As it is found in the list of transactions: told when it came to stand so.
    fn found(&mut self, transaction: &Transaction) {
        let xml = notification("transaction_search", transaction.since, &transaction.xml());
        self.told.push(xml);
    }

    fn disputed(&mut self, kind: &str, step: &str, prefix: &str, sale: &str) {
        let subject = dispute(&self.person.id(prefix), kind, "open", &self.person.id(sale));
        let at = self.person.at + self.second();
        self.told
            .push(notification(&format!("dispute_{step}"), at, &subject));
    }

    /// The first charge, by which the affiliate is known.
    fn begins(&mut self) -> Transaction {
        let first = self.sale("t1").by("sarah");
        self.charged(std::slice::from_ref(&first));
        first
    }

    fn now(&self) -> i64 {
        self.person.at + self.second()
    }
}

const STORIES: [Story; 10] = [
    Story {
        name: "whole",
        tell: whole_life,
        ends: &[
            ("t1", "sale", "pending", 2450, 490),
            ("t2", "recurring", "refunded", 4900, 0),
            ("t3", "recurring", "pending", 0, 980),
        ],
    },
    Story {
        name: "lost",
        tell: lost,
        ends: &[
            ("t1", "sale", "refunded", 4900, 0),
            ("t2", "recurring", "pending", 0, 980),
        ],
    },
    Story {
        name: "second",
        tell: second_round,
        ends: &[("t1", "sale", "refunded", 4900, 0)],
    },
    Story {
        name: "asked",
        tell: asked,
        ends: &[("t1", "sale", "pending", 0, 980)],
    },
    Story {
        name: "failed",
        tell: failed_refund,
        ends: &[("t1", "sale", "pending", 2450, 490)],
    },
    Story {
        name: "voided",
        tell: voided,
        ends: &[
            ("t1", "sale", "pending", 0, 980),
            ("t2", "recurring", "refunded", 4900, 0),
        ],
    },
    Story {
        name: "debit",
        tell: declined_debit,
        ends: &[("t1", "sale", "refunded", 4900, 0)],
    },
    Story {
        name: "credit",
        tell: debit_refunded,
        ends: &[("t1", "sale", "pending", 2450, 490)],
    },
    Story {
        name: "ended",
        tell: canceled,
        ends: &[
            ("t1", "sale", "refunded", 0, 0),
            ("t2", "recurring", "refunded", 0, 0),
        ],
    },
    Story {
        name: "missed",
        tell: missed,
        ends: &[
            ("t1", "sale", "pending", 0, 980),
            ("t2", "recurring", "pending", 0, 980),
            ("t3", "recurring", "pending", 0, 980),
        ],
    },
];

/// First sale, renewals, half of the first refunded in two parts, all of the second, a chargeback of the third
/// that is reversed.
fn whole_life(tale: &mut Teller) {
    let first = tale.begins();
    let under_way = first.credit(&tale.person.id("r1"), "12.25", tale.now());
    tale.found(&under_way.is("submitted_for_settlement", under_way.created));
    let first = first.refunded_by(&[&under_way.id]);
    let second = tale.sale("t2");
    tale.charged(&[second.clone(), first.clone()]);
    tale.found(&under_way.is("settled", tale.now()));
    let more = first.credit(&tale.person.id("r2"), "12.25", tale.now());
    tale.found(&more);
    let all = second.credit(&tale.person.id("r3"), "49.00", tale.now());
    let second = second.refunded_by(&[&all.id]);
    let first = first.refunded_by(&[&under_way.id, &more.id]);
    let third = tale.sale("t3");
    tale.charged(&[third.clone(), second.clone(), first.clone()]);
    tale.found(&all);
    tale.disputed("chargeback", "opened", "d1", "t3");
    tale.disputed("chargeback", "under_review", "d1", "t3");
    tale.disputed("chargeback", "lost", "d1", "t3");
    tale.disputed("chargeback", "won", "d1", "t3");
    tale.about("charged_unsuccessfully", &[third, second, first]);
}

fn lost(tale: &mut Teller) {
    let first = tale.begins();
    tale.disputed("chargeback", "opened", "d1", "t1");
    let second = tale.sale("t2");
    tale.charged(&[second, first]);
    tale.disputed("chargeback", "disputed", "d1", "t1");
    tale.disputed("chargeback", "lost", "d1", "t1");
}

/// A chargeback is won; its second round, a dispute of its own, is given up.
fn second_round(tale: &mut Teller) {
    tale.begins();
    for step in ["opened", "won"] {
        tale.disputed("chargeback", step, "d1", "t1");
    }
    for step in ["opened", "accepted"] {
        tale.disputed("pre_arbitration", step, "d2", "t1");
    }
}

fn asked(tale: &mut Teller) {
    tale.begins();
    for step in ["opened", "under_review", "expired"] {
        tale.disputed("retrieval", step, "d1", "t1");
    }
}

/// A half goes back; a refund of the rest fails.
fn failed_refund(tale: &mut Teller) {
    let first = tale.begins();
    let half = first.credit(&tale.person.id("r1"), "24.50", tale.now());
    tale.found(&half);
    let rest = first.credit(&tale.person.id("r2"), "24.50", tale.now());
    tale.found(&rest.is("submitted_for_settlement", rest.created));
    tale.about("went_past_due", &[first.refunded_by(&[&half.id, &rest.id])]);
    let failed = rest.is("failed", tale.now());
    tale.of("refund_failed", &failed);
    tale.found(&failed);
}

fn voided(tale: &mut Teller) {
    let first = tale.begins();
    let second = tale.sale("t2").is("submitted_for_settlement", tale.now());
    tale.charged(&[second.clone(), first.clone()]);
    let second = second.is("voided", tale.now());
    tale.about("went_past_due", &[second.clone(), first.clone()]);
    tale.about("billing_skipped", &[second, first]);
}

fn declined_debit(tale: &mut Teller) {
    let first = tale.begins();
    tale.of("transaction_settled", &first.is("settled", tale.now()));
    let declined = first.is("settlement_declined", tale.now());
    tale.of("transaction_settlement_declined", &declined);
    tale.about("charged_unsuccessfully", &[declined]);
}

fn debit_refunded(tale: &mut Teller) {
    let sale = tale.sale("t1").by("sarah");
    tale.of("transaction_settled", &sale);
    let half = sale.credit(&tale.person.id("r1"), "24.50", tale.now());
    tale.of("transaction_settled", &half);
    tale.found(&half);
    let rest = sale.credit(&tale.person.id("r2"), "24.50", tale.now());
    tale.of("transaction_settled", &rest);
    let declined = rest.is("settlement_declined", tale.now());
    tale.of("transaction_settlement_declined", &declined);
}

fn canceled(tale: &mut Teller) {
    let first = tale.begins();
    let second = tale.sale("t2");
    tale.charged(&[second.clone(), first.clone()]);
    tale.about("canceled", &[second, first]);
}

/// The delivery of the second charge never came.
fn missed(tale: &mut Teller) {
    let first = tale.begins();
    let second = tale.person.sale("t2", 5);
    let third = tale.sale("t3");
    tale.charged(&[third.clone(), second.clone(), first.clone()]);
    tale.about("expired", &[third, second, first]);
}

struct Telling {
    story: &'static Story,
    person: Subscriber,
    told: Vec<String>,
}

fn telling(story: &'static Story, number: usize, runner: &mut TestRunner) -> Telling {
    let person = Subscriber::paid_at(&format!("{}{number}", story.name), now() - DAY);
    let mut teller = Teller {
        person: person.clone(),
        told: Vec::new(),
    };
    (story.tell)(&mut teller);
    let again = proptest::sample::subsequence(teller.told.clone(), 0..=2);
    let order = again
        .prop_flat_map(move |again| Just([teller.told.clone(), again].concat()).prop_shuffle());
    Telling {
        story,
        person,
        told: order.new_tree(runner).expect("an order").current(),
    }
}

async fn tell(server: &TestServer, connection: &Connection, telling: &Telling) {
    for xml in &telling.told {
        let answer = server.notify(connection, xml).await.expect(200);
        let outcome = answer.word("outcome");
        assert!(
            !["failed", "ignored"].contains(&outcome),
            "{outcome}: {xml}"
        );
    }
}

/// Every sale by its external id: type, status, refunded, commission, what its ledger adds up to, and whether
/// something holds it.
type Found = BTreeMap<String, (String, String, i64, i64, i64, bool)>;

async fn sales(server: &TestServer) -> Found {
    let rows: Vec<(String, String, String, i64, i64, i64, bool)> = sqlx::query_as(
        "select c.external_event_id, c.kind, c.status, c.refunded_minor, c.commission_minor,
             coalesce(sum(e.amount_minor), 0)::bigint, c.held_by is not null
         from conversion c left join ledger_entry e using (organization_id, conversion_id)
         group by c.organization_id, c.conversion_id",
    )
    .fetch_all(&server.database().pool)
    .await
    .expect("the sales");
    let count = rows.len();
    let found: Found = rows
        .into_iter()
        .map(|(id, kind, status, back, due, ledger, held)| {
            (id, (kind, status, back, due, ledger, held))
        })
        .collect();
    assert_eq!(found.len(), count, "a payment makes one sale");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_story_ends_the_same_in_every_order() {
    let (server, connection) = shop().await;
    let mut runner = TestRunner::deterministic();
    let mut tellings = Vec::new();
    for story in &STORIES {
        tellings.extend((0..ORDERS).map(|number| telling(story, number, &mut runner)));
    }
    stream::iter(&tellings)
        .for_each_concurrent(AT_A_TIME, |telling| tell(&server, &connection, telling))
        .await;
    let mut expected = Found::new();
    for Telling { story, person, .. } in &tellings {
        for (prefix, kind, status, back, due) in story.ends {
            let end = (
                (*kind).to_owned(),
                (*status).to_owned(),
                *back,
                *due,
                *due,
                false,
            );
            expected.insert(person.id(prefix), end);
        }
    }
    let found = eventually("all is written", async || Some(sales(&server).await)).await;
    for telling in &tellings {
        for (prefix, ..) in telling.story.ends {
            let id = telling.person.id(prefix);
            assert_eq!(
                found.get(&id),
                expected.get(&id),
                "{id}: {:#?}",
                telling.told
            );
        }
    }
    assert_eq!(found.len(), expected.len(), "nothing else was sold");
    let check = server.command(&["check"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stdout);
}
