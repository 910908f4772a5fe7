//! Addresses under `/api`.

mod conversions;
mod document;
mod live;
mod schemathesis;
mod tracking;
mod v1;
mod webhooks;
