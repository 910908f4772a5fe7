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
    /// The secret that it signs with; `None`: it signs with key pairs.
    pub secret: Option<Secret>,
    /// Can things be looked up there with an API key?
    pub takes_api_key: bool,
    /// Its words for the modes, live first, and what to know about them.
    pub modes: [&'static str; 2],
    pub mode_hint: &'static str,
    /// How a payment tells who brought it.
    pub referral: &'static str,
    /// What to do while nothing has come.
    pub first: &'static str,
    /// What to expect of live payments, and of test payments.
    pub listening: [&'static str; 2],
}

/// A signing secret: what it is called, where it is found, and what tells it from other keys.
pub struct Secret {
    pub label: &'static str,
    pub hint: &'static str,
    /// What it begins with.
    pub begins: &'static str,
    /// What is said to another.
    pub wrong: &'static str,
}

const CREDITED: &str = "Payments are credited the moment they come in.";
const SANDBOX: &str =
    "Sandbox payments are credited the moment they come in, and shown with the word Test.";
const SANDBOX_HINT: &str =
    "Events do not tell which it is: give a sandbox account a connection of its own.";

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
        "transfer.created",
        "transfer.reversed",
    ],
    secrets: "Signing secrets",
    secret: Some(Secret {
        label: "Signing secret",
        hint: "From the endpoint's page in Stripe; it begins with whsec_. Stored encrypted and never shown again.",
        begins: "whsec_",
        wrong: "a signing secret of Stripe is needed; it begins with whsec_",
    }),
    takes_api_key: true,
    modes: ["Live", "Test"],
    mode_hint: "Events of the other mode are ignored.",
    referral: "The affiliate's promotion code; or the referral code as client_reference_id or in the metadata key tributary_ref of the checkout, customer or subscription.",
    listening: [
        CREDITED,
        "Test payments are credited the moment they come in; live ones are ignored here.",
    ],
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
        "customer.imported",
        "discount.created",
        "discount.updated",
        "discount.imported",
        "subscription.created",
        "subscription.trialing",
        "subscription.canceled",
    ],
    secrets: "Secret keys",
    secret: Some(Secret {
        label: "Secret key",
        hint: "Of the destination, not an API key; it begins with pdl_ntfset_. Stored encrypted and never shown again.",
        begins: "pdl_ntfset_",
        wrong: "a destination's secret key of Paddle is needed; it begins with pdl_ntfset_",
    }),
    takes_api_key: false,
    modes: ["Live", "Sandbox"],
    mode_hint: SANDBOX_HINT,
    referral: "The affiliate's discount code; or the referral code as tributary_ref in the checkout's customData, which renewals carry on.",
    listening: [CREDITED, SANDBOX],
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
        "Subscription Charged Unsuccessfully",
        "Subscription Went Past Due",
        "Subscription Billing Skipped",
        "Subscription Expired",
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
    secret: None,
    takes_api_key: false,
    modes: ["Production", "Sandbox"],
    mode_hint: SANDBOX_HINT,
    referral: "A discount whose id is the affiliate's coupon code; the referral code in the custom field tributary_ref of the transaction; or a lead told from your site before. Of one-off card sales Braintree sends nothing: tell them server to server, under the transaction's id.",
    listening: [CREDITED, SANDBOX],
    first: "Nothing has come yet. Create the webhook in Braintree and press “Check URL”: it shows up under Events. Card refunds, of which Braintree sends nothing, are asked for every hour.",
};
