//! Addresses under `/api/webhooks`.

mod braintree;
mod paddle;
mod stripe;
