//! Pages: one file per route. A page reads the address, loads, and composes parts.

pub mod account;
pub mod affiliate;
pub mod affiliates;
pub mod api_keys;
pub mod audit;
pub mod campaign;
pub mod campaigns;
pub mod connections;
pub mod coupons;
pub mod dashboard;
pub mod event;
pub mod events;
pub mod flags;
pub mod import;
pub mod imports;
pub mod invite;
pub mod members;
pub mod not_found;
pub mod reports;
pub mod sale;
pub mod sales;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod webhook;
pub mod webhooks;
mod written;
