//! Addresses under `/api/v1`: dialect B and management.

mod affiliates;
mod api_keys;
mod at_once;
mod connections;
mod conversions;
mod coupons;
mod envelope;
mod events;
mod flags;
mod fx_rates;
mod imports;
mod merchant;
mod paging;
mod parameters;
mod payouts;
mod programs;
mod refusal;
mod sdk;
mod stats;
mod webhooks;
