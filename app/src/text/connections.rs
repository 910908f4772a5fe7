//! Connections to processors.

pub mod about;

pub const TITLE: &str = "Connections";
pub const EMPTY: &str = "No processor connected";
pub const EMPTY_HINT: &str = "Connect the Stripe, Paddle or Braintree account your customers pay through. Its payments are credited to your affiliates as they happen.";
pub const NAME: &str = "Name";
pub const NAME_HINT: &str = "To tell accounts apart, for example “Stripe EU”.";
pub const MODE: &str = "Mode";
pub const MODE_HINT: &str = "Events of the other mode are ignored.";
pub const SECRET: &str = "Signing secret";
pub const SECRET_HINT: &str = "From the endpoint's page in Stripe; it begins with whsec_. Stored encrypted and never shown again.";
pub const NOT_A_SECRET: &str = "a signing secret of Stripe is needed; it begins with whsec_";
pub const API_KEY: &str = "API key";
pub const API_KEY_HINT: &str = "A restricted key that may read events, invoices and charges: with it, events that never came are fetched, and refunds that name no sale are looked up.";
pub const PADDLE_SECRET: &str = "Secret key";
pub const PADDLE_SECRET_HINT: &str = "Of the destination, not an API key; it begins with pdl_ntfset_. Stored encrypted and never shown again.";
pub const NOT_A_PADDLE_SECRET: &str =
    "a destination's secret key of Paddle is needed; it begins with pdl_ntfset_";
pub const MERCHANT_ID: &str = "Merchant ID";
pub const MERCHANT_ID_HINT: &str = "In Braintree's control panel under Business, Merchant ID.";
pub const PUBLIC_KEY: &str = "Public key";
pub const PUBLIC_KEY_HINT: &str = "Of a key pair under API, Keys.";
pub const PRIVATE_KEY: &str = "Private key";
pub const PRIVATE_KEY_HINT: &str = "Of the same pair; better one of its own for Tributary. Stored encrypted and never shown again.";
pub const NEEDED: &str = "this is needed";
pub const PRODUCTION: &str = "Production";
pub const SANDBOX: &str = "Sandbox";
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
pub const NEXT: &str = "What happens next";
pub const LISTENING: &str = "Payments are credited the moment they come in.";
pub const LISTENING_TO_TESTS: &str =
    "Test payments are credited the moment they come in; live ones are ignored here.";
pub const REMOVE: &str = "Remove";
pub const REMOVE_HINT: &str = "Its address answers “not found” from then on. What it has brought stays, with all commissions.";
pub const REMOVE_NOW: &str = "Remove this connection";
pub const LIVE: &str = "Live";
pub const TEST: &str = "Test";

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
