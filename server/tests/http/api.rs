//! Addresses under `/api`.

mod conversions;
mod live;
mod tracking;
mod webhooks;
