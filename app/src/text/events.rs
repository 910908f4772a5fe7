//! The inbox of events, and one event.

use domain::event::{MAX_FAILED_COUNT, Outcome};

pub const TITLE: &str = "Events";
pub const ONE: &str = "Event";
pub const ALL: &str = "All events";
pub const CAPTION: &str = "Events, newest first";
pub const FILTERS: &str = "Filters";
pub const APPLY: &str = "Apply";
pub const CLEAR_FILTERS: &str = "Clear filters";
pub const OUTCOME: &str = "Outcome";
pub const TYPE: &str = "Type";
pub const DETAIL: &str = "What it did";
pub const CONNECTION: &str = "Connection";
pub const RECEIVED: &str = "Received";
pub const SINCE: &str = "Received from";
pub const TO: &str = "Received to";
pub const OCCURRED: &str = "Happened";
pub const EXTERNAL_ID: &str = "Id at the processor";
pub const ATTEMPTS: &str = "Attempts";
pub const NEXT_ATTEMPT: &str = "Next attempt";
pub const SOON: &str = "Within a minute";
pub const PAYLOAD: &str = "Payload";
pub const CUT: &str = "The rest is left out here; the API has all of it.";
pub const REPLAY: &str = "Replay";
pub const REPLAYED: &str = "Replayed. What came of it this time is below.";
pub const OPEN_SALE: &str = "Open sale";
pub const TEST: &str = "Test";
pub const FAILED: &str = " failed";
pub const ALL_OUTCOMES: &str = "All outcomes";
pub const ALL_TYPES: &str = "All types";
pub const ALL_CONNECTIONS: &str = "All connections";
pub const EMPTY: &str = "No events yet";
pub const EMPTY_HINT: &str =
    "Everything a connected processor tells is kept here as it came in, with what became of it.";
pub const TO_CONNECTIONS: &str = "Go to connections";
pub const NOTHING_FITS: &str = "No event fits these filters";
pub const NOTHING_FITS_HINT: &str = "Loosen or clear them to see more.";

pub fn count(failed: i64) -> String {
    if failed < MAX_FAILED_COUNT {
        failed.to_string()
    } else {
        format!("{}+", MAX_FAILED_COUNT - 1)
    }
}

pub fn bad_filter(name: &str) -> String {
    let name = name.to_lowercase();
    format!("The filter “{name}” in this address is not understood.")
}

/// What an outcome means, in one sentence.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Recorded => "It made or changed a sale.",
        Outcome::Deduped => "What it says was known already.",
        Outcome::Unattributed => "A payment that nobody is credited for, yet.",
        Outcome::Parked => "It waits for the sale it belongs to.",
        Outcome::Ignored => "Of no concern here.",
        Outcome::Failed => {
            "It could not be processed. It is tried again by itself for a day and a half; you can replay it."
        }
        Outcome::Stored => "Kept for what it says; there is nothing to credit in it.",
    }
}
