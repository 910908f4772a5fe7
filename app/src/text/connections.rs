//! Connections to processors.

pub mod about;

pub const TITLE: &str = "Connections";
pub const EMPTY: &str = "No processor connected";
pub const EMPTY_HINT: &str = "Connect the Stripe, Paddle or Braintree account your customers pay through. Its payments are credited to your affiliates as they happen.";
pub const NAME: &str = "Name";
pub const NAME_HINT: &str = "To tell accounts apart, for example “Stripe EU”.";
pub const MODE: &str = "Mode";
pub const API_KEY: &str = "API key";
pub const API_KEY_HINT: &str = "A restricted key that may read events, invoices and charges: with it, events that never came are fetched, and refunds that name no sale are looked up.";
pub const MERCHANT_ID: &str = "Merchant ID";
pub const MERCHANT_ID_HINT: &str = "In Braintree's control panel under Business, Merchant ID.";
pub const PUBLIC_KEY: &str = "Public key";
pub const PUBLIC_KEY_HINT: &str = "Of a key pair under API, Keys.";
pub const PRIVATE_KEY: &str = "Private key";
pub const PRIVATE_KEY_HINT: &str = "Of the same pair; better one of its own for Tributary. Stored encrypted and never shown again.";
pub const NEEDED: &str = "this is needed";
pub const WEBHOOK_URL: &str = "Webhook address";
pub const EVENTS: &str = "Events to tick";
pub const LAST_EVENT: &str = "Last event";
pub const NO_EVENT: &str = "None yet";
pub const RECONCILED: &str = "Last asked";
pub const RECONCILED_HINT: &str =
    "What the processor has and never sent is fetched with the key given here.";
pub const NOT_RECONCILED: &str = "Not yet";
pub const ROLL: &str = "Add a further secret";
pub const ROLL_HINT: &str = "While you roll it at the processor, both are accepted.";
pub const ADD_SECRET: &str = "Add secret";
pub const NEW_API_KEY_HINT: &str = "Replaces the one before; leave it blank to keep that.";
pub const REFERRAL: &str = "Who is credited";
pub const OLD: &str = "Those before";
pub const OLD_HINT: &str =
    "Drop them once the processor signs with the new one only, or at once when one has leaked.";
pub const KEEP_OLD: &str = "Accept them too";
pub const DROP_OLD: &str = "Drop them";
pub const NEXT: &str = "What happens next";
pub const REMOVE: &str = "Remove";
pub const REMOVE_HINT: &str = "Its address answers “not found” from then on. What it has brought stays, with all commissions.";
pub const REMOVE_NOW: &str = "Remove this connection";

/// A delivery that was turned away, and why: when, then this.
pub fn turned_away(why: &str) -> String {
    format!(": a delivery was turned away, because {why}")
}

pub fn broke_off(why: &str) -> String {
    format!("It broke off: {why}. It is tried again by itself.")
}

pub fn events(count: usize) -> String {
    format!("{count} events")
}
