//! Connections to processors.

pub const TITLE: &str = "Connections";
pub const ADD: &str = "Connect Stripe";
pub const EMPTY: &str = "No processor connected";
pub const EMPTY_HINT: &str = "Connect the Stripe account your customers pay through. Its payments are credited to your affiliates as they happen.";
pub const NAME: &str = "Name";
pub const NAME_HINT: &str = "To tell accounts apart, for example “Stripe EU”.";
pub const MODE: &str = "Mode";
pub const MODE_HINT: &str = "Events of the other mode are ignored.";
pub const SECRET: &str = "Signing secret";
pub const SECRET_HINT: &str = "From the endpoint's page in Stripe; it begins with whsec_. Stored encrypted and never shown again.";
pub const NOT_A_SECRET: &str = "a signing secret of Stripe is needed; it begins with whsec_";
pub const WEBHOOK_URL: &str = "Webhook address";
pub const WEBHOOK_HINT: &str =
    "In Stripe under Developers, Webhooks: add an endpoint with this address.";
pub const EVENTS: &str = "Events to tick";
pub const SECRETS: &str = "Signing secrets";
pub const LAST_EVENT: &str = "Last event";
pub const NO_EVENT: &str = "None yet";
pub const RECONCILED: &str = "Compared with Stripe";
pub const RECONCILED_HINT: &str =
    "Events that Stripe has and that never came in are fetched with the API key.";
pub const NOT_RECONCILED: &str = "Not yet";
pub const ROLL: &str = "Add a further secret";
pub const ROLL_HINT: &str = "While you roll the secret in Stripe, both are accepted.";
pub const ADD_SECRET: &str = "Add secret";
pub const LIVE: &str = "Live";
pub const TEST: &str = "Test";

pub fn broke_off(why: &str) -> String {
    format!("The last comparison broke off: {why}. It is tried again by itself.")
}

pub fn events(count: usize) -> String {
    format!("{count} events")
}

/// What the connection needs to hear of.
pub const STRIPE_EVENTS: &[&str] = &[
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "customer.created",
    "customer.updated",
    "customer.discount.created",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.voided",
    "invoice_payment.paid",
    "promotion_code.created",
    "promotion_code.updated",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "credit_note.created",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
];
