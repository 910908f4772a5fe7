//! Processor accounts: which processors there are and in which mode.

use crate::words::words;

words! {
    /// A payment processor, or our own server-to-server calls.
    Processor {
        /// Stripe.
        Stripe = "stripe" / "Stripe",
        /// Paddle Billing.
        Paddle = "paddle" / "Paddle",
        /// Braintree.
        Braintree = "braintree" / "Braintree",
        /// Server-to-server calls of the merchant.
        Server = "server" / "Server",
    }
}

words! {
    /// Whether a connection carries real money.
    Mode {
        /// Real money.
        Live = "live" / "Live",
        /// The processor's sandbox.
        Test = "test" / "Test",
    }
}

/// The most signing secrets, or key pairs, one connection can hold at a time: rolling needs two.
pub const MAX_SIGNING_SECRETS: usize = 5;
