//! What the page says is to be ticked in Paddle.

use std::collections::BTreeSet;

use app::text::connections::about::about;
use domain::connection::Processor;

use super::super::READERS;

#[test]
fn every_event_that_is_read_is_to_be_ticked_and_no_other() {
    let listed: BTreeSet<&str> = about(Processor::Paddle).events.iter().copied().collect();
    let read: BTreeSet<&str> = READERS.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(listed, read);
}
