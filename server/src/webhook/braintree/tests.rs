//! What is made of Braintree's notifications.

mod amounts;
mod fixtures;
mod garbage;
mod lists;
mod page;
mod refunds;
mod signature;
mod subscriptions;

use chrono::{DateTime, Utc};
use domain::{
    fact::{Fact, Payment},
    refund::MoneyBack,
};

use super::{Content, Event, read};

/// When every connection of these tests was made.
const CONNECTED: &str = "2026-01-01T00:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// A notification of the first of November.
fn notification(kind: &str, subject: &str) -> String {
    let at = "2026-11-01T12:00:00Z";
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<notification>\n <kind>{kind}</kind>\n \
         <timestamp type=\"datetime\">{at}</timestamp>\n <subject>{subject}</subject>\n</notification>\n"
    )
}

fn event(xml: &str) -> Event {
    read(xml.as_bytes(), at(CONNECTED)).expect("readable")
}

fn content(kind: &str, subject: &str) -> Content {
    event(&notification(kind, subject)).content
}

fn facts(kind: &str, subject: &str) -> Vec<Fact> {
    match content(kind, subject) {
        Content::Facts(facts) => facts,
        other => panic!("no facts: {other:?}"),
    }
}

fn ignored(kind: &str, subject: &str) -> String {
    match content(kind, subject) {
        Content::Ignored(why) => why,
        other => panic!("not ignored: {other:?}"),
    }
}

fn failed(kind: &str, subject: &str) -> String {
    match content(kind, subject) {
        Content::Failed(why) => why,
        other => panic!("not failed: {other:?}"),
    }
}

fn payments(facts: &[Fact]) -> Vec<&Payment> {
    let payments = facts.iter().filter_map(|fact| match fact {
        Fact::Payment(payment) => Some(payment),
        _ => None,
    });
    payments.collect()
}

fn backs(facts: &[Fact]) -> Vec<&MoneyBack> {
    let backs = facts.iter().filter_map(|fact| match fact {
        Fact::Back(back) => Some(back),
        _ => None,
    });
    backs.collect()
}

/// A settled sale over 49.00 dollars of October; `more` comes first and so counts instead.
fn sale(id: &str, more: &str) -> String {
    format!(
        "<transaction>{more}<id>{id}</id><status>settled</status><type>sale</type>\
         <currency-iso-code>USD</currency-iso-code><amount>49.00</amount>\
         <created-at type=\"datetime\">2026-10-01T10:00:00Z</created-at>\
         <customer><id>108</id><first-name>Ann</first-name><last-name>Lee</last-name>\
         <email>ann@example.com</email></customer><custom-fields/><order-id nil=\"true\"/>\
         <refund-id nil=\"true\"/><refund-ids type=\"array\"/><tax-amount nil=\"true\"/></transaction>"
    )
}

/// A settled refund over 10.00 dollars of the sale `t1`.
fn credit(id: &str, more: &str) -> String {
    format!(
        "<transaction>{more}<id>{id}</id><status>settled</status><type>credit</type>\
         <currency-iso-code>USD</currency-iso-code><amount>10.00</amount>\
         <refunded-transaction-id>t1</refunded-transaction-id>\
         <created-at type=\"datetime\">2026-10-05T10:00:00Z</created-at></transaction>"
    )
}

fn subscription(more: &str, transactions: &[String]) -> String {
    format!(
        "<subscription>{more}<id>s1</id><status>Active</status><discounts type=\"array\"/>\
         <transactions type=\"array\">{}</transactions></subscription>",
        transactions.concat()
    )
}
