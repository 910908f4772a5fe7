//! Addresses under `/api/webhooks`.

mod stripe;
