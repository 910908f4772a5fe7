//! What the page of connections says of each processor: its section of the page.

use domain::connection::Processor;

/// A processor's section.
pub struct About {
    /// Which processor.
    pub processor: Processor,
    /// What connecting it is called.
    pub connect: &'static str,
    /// Where its address goes and what to do there.
    pub webhook_hint: &'static str,
    /// What to tick there.
    pub events: &'static [&'static str],
    /// What its secrets are called.
    pub secrets: &'static str,
    /// What to do while nothing has come.
    pub first: &'static str,
}

/// Every processor that can be connected, in the order people read them.
pub const ALL: [&About; 3] = [&STRIPE, &PADDLE, &BRAINTREE];

/// The section of a processor; that of Stripe for what can't be connected.
pub fn about(processor: Processor) -> &'static About {
    let mut known = ALL.into_iter();
    known
        .find(|about| about.processor == processor)
        .unwrap_or(&STRIPE)
}

const STRIPE: About = About {
    processor: Processor::Stripe,
    connect: "Connect Stripe",
    webhook_hint: "In Stripe under Developers, Webhooks: add an endpoint with this address.",
    events: &[
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
    ],
    secrets: "Signing secrets",
    first: "Nothing has come yet. Paste the address into Stripe, tick the events and press “Send test event”: it shows up under Events.",
};

const PADDLE: About = About {
    processor: Processor::Paddle,
    connect: "Connect Paddle",
    webhook_hint: "In Paddle under Developer tools, Notifications: add a destination of type webhook with this address.",
    events: &[
        "transaction.completed",
        "adjustment.created",
        "adjustment.updated",
        "customer.created",
        "customer.updated",
        "discount.created",
        "discount.updated",
        "subscription.created",
        "subscription.trialing",
        "subscription.canceled",
    ],
    secrets: "Secret keys",
    first: "Nothing has come yet. Add the destination in Paddle, tick the events and run a simulation: it shows up under Events.",
};

const BRAINTREE: About = About {
    processor: Processor::Braintree,
    connect: "Connect Braintree",
    webhook_hint: "In Braintree's control panel under API, Webhooks: create one with this address. Braintree asks the address at once whether it is yours, and gets the answer made with the keys given here.",
    events: &[
        "Subscription Charged Successfully",
        "Subscription Canceled",
        "Subscription Trial Ended",
        "Subscription Went Active",
        "Transaction Settled",
        "Transaction Settlement Declined",
        "Refund Failed",
        "Dispute Opened",
        "Dispute Under Review",
        "Dispute Disputed",
        "Dispute Accepted",
        "Dispute Auto Accepted",
        "Dispute Expired",
        "Dispute Lost",
        "Dispute Won",
    ],
    secrets: "Key pairs",
    first: "Nothing has come yet. Create the webhook in Braintree and press “Check URL”: it shows up under Events. Card refunds, of which Braintree sends nothing, are asked for every hour.",
};
