//! Outgoing webhooks: their list, and one with what was sent to it.

use domain::webhook::{DeliveryStatus, EndpointStatus};

pub const TITLE: &str = "Webhooks";
pub const ONE: &str = "Webhook";
pub const ALL: &str = "All webhooks";
pub const ABOUT: &str = "Your own program is told what happens here, signed, within seconds. What it does not take is sent again for a day.";
pub const ADD: &str = "Add webhook";
pub const SAVE: &str = "Save";
pub const CAPTION: &str = "Webhooks, oldest first";
pub const EMPTY: &str = "No webhooks yet";
pub const EMPTY_HINT: &str =
    "Add the address of a program of yours, and tick what it wants to be told.";

pub const NAME: &str = "Name";
pub const NAME_HINT: &str = "What takes the messages: Bookkeeping, Slack bot.";
pub const URL: &str = "Address";
pub const URL_HINT: &str =
    "Begins with https:// and is open to the internet. Redirects are not followed.";
pub const CAMPAIGN: &str = "Campaign";
pub const CAMPAIGN_HINT: &str = "Told of this one only.";
pub const ALL_CAMPAIGNS: &str = "All campaigns";
pub const EVENTS: &str = "Events";
pub const EVENTS_HINT: &str = "Tick at least one.";
pub const SALES: &str = "Sales";
pub const PAYOUTS: &str = "Payouts";
pub const AFFILIATES: &str = "Affiliates";
pub const CAMPAIGNS: &str = "Campaigns";
pub const FLAGS: &str = "Flags";
pub const STATUS: &str = "Status";
pub const FAILING: &str = "Failing";
pub const FAILING_HINT: &str = "Nothing sent to it has arrived since then.";

pub const TEST: &str = "Send a test";
pub const TESTED: &str = "A test is on its way. What became of it stands below.";
pub const SAVED: &str = "Saved.";
pub const ENABLED: &str = "Enabled: it is told everything from now on.";
pub const DISABLED: &str = "Disabled: it is told nothing.";
pub const REPLAYED: &str = "It is sent again. What became of it stands below.";

pub const SECRET: &str = "Signing secret";
pub const SECRET_ONCE: &str =
    "Copy it into your program now: it is kept sealed and not shown again.";
pub const SECRET_HINT: &str = "Messages are signed by the Standard Webhooks specification: check the headers webhook-id, webhook-timestamp and webhook-signature with one of its libraries.";
pub const ROTATE: &str = "Make a new secret";
pub const ROTATE_HINT: &str =
    "The one before signs beside it for 24 hours, so that your program can change over.";

pub const CHANGE: &str = "What it is told";
pub const CHANGE_HINT: &str = "What is on its way already goes to the new address too.";
pub const STATE: &str = "On and off";
pub const STATE_HINT: &str = "A disabled webhook is told nothing, and what waits is given up. Each delivery can be sent again later.";
pub const ENABLE: &str = "Enable";
pub const DISABLE: &str = "Disable";
pub const REMOVE: &str = "Remove this webhook";
pub const REMOVE_HINT: &str = "It is told nothing any more, and what was sent to it is not shown.";
pub const REMOVE_NOW: &str = "Remove for good";

pub const DELIVERIES: &str = "Deliveries";
pub const DELIVERIES_CAPTION: &str = "Deliveries, newest first";
pub const NO_DELIVERIES: &str = "Nothing was sent yet";
pub const NO_DELIVERIES_HINT: &str = "Send a test to see whether your program takes it.";
pub const NOTHING_FITS: &str = "No delivery stands so";
pub const NOTHING_FITS_HINT: &str = "Look at all of them to see more.";
pub const SHOW_ALL: &str = "Show all";
pub const FILTERS: &str = "Filters";
pub const ANY_STATUS: &str = "All";
pub const EVENT: &str = "Event";
pub const ANSWER: &str = "Answer";
pub const BODY: &str = "What it answered";
pub const ATTEMPTS: &str = "Attempts";
pub const WHEN: &str = "Happened";
pub const NEXT: &str = "again";
pub const REPLAY: &str = "Send again";
pub const ON_ITS_WAY: &str = "On its way";

/// How many events an endpoint asks for.
pub fn events(count: usize) -> String {
    match count {
        1 => "1 event".to_owned(),
        more => format!("{more} events"),
    }
}

/// What a status means, in one sentence.
pub fn status(status: EndpointStatus) -> &'static str {
    match status {
        EndpointStatus::Active => "It is told what it asks for.",
        EndpointStatus::Disabled => "It is told nothing.",
    }
}

/// What a delivery's status means, in one sentence.
pub fn delivery(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Pending => "Not there yet: it is tried again.",
        DeliveryStatus::Delivered => "It was taken.",
        DeliveryStatus::Failed => "Given up; it can be sent again.",
    }
}

/// Why the server sends nothing any more.
pub fn disabled(reason: &str) -> String {
    format!("Disabled: {reason}. Mend it, then enable the webhook again.")
}

/// `ends in Ab12`.
pub fn hint(end: &str) -> String {
    format!("The one that signs ends in {end}.")
}

/// What was answered, and how fast: `200 in 34 ms`.
pub fn answered(status: i32, milliseconds: i64) -> String {
    format!("{status} in {milliseconds} ms")
}
