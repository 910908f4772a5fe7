//! Addresses under `/api`.

mod conversions;
mod live;
mod tracking;
mod v1;
mod webhooks;
