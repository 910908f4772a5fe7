//! Tributary's HTTP host, as a library for the `tributary` program and for what tries its parsers.
//!
//! This crate translates between HTTP and the store. Rules live in `domain`, data in `store`, pages
//! in `app`.

// A page is one type, as deep as its markup.
#![recursion_limit = "512"]

mod api;
mod braintree_api;
mod caller;
pub mod cli;
pub mod config;
mod courier;
mod dashboard;
mod database;
mod embedded;
mod health;
mod idempotency;
mod imports;
mod input;
mod job;
pub mod log;
mod openapi;
mod outgoing;
mod payouts;
mod problem;
mod proxy;
mod rate_limit;
mod rates;
mod reports;
mod router;
mod security;
pub mod serve;
mod stamped;
mod state;
mod stripe_api;
mod track;
mod webhook;

#[cfg(fuzzing)]
pub mod fuzzing;
