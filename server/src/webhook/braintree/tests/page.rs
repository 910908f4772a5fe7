//! What the page says is to be ticked in Braintree.

use std::collections::BTreeSet;

use app::text::connections::about::about;
use domain::{connection::Processor, event::FOUND_IN_A_LIST};

use super::super::READERS;

#[test]
fn every_notification_that_is_read_is_to_be_ticked_and_no_other() {
    // The control panel writes titles: "Subscription Charged Successfully".
    let titles = about(Processor::Braintree).events.iter();
    let listed: BTreeSet<String> = titles
        .map(|title| title.to_lowercase().replace(' ', "_"))
        .collect();
    // What the search finds is no notification.
    let read = READERS.iter().map(|(kind, ..)| (*kind).to_owned());
    let read: BTreeSet<String> = read.filter(|kind| kind != FOUND_IN_A_LIST).collect();
    assert_eq!(listed, read);
}
