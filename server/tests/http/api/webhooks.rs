//! Addresses under `/api/webhooks`.

mod paddle;
mod stripe;
